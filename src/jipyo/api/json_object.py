"""Results that are dicts as well, so that `json.dumps` takes them as they are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.i18n import texts
from jipyo.logs.record import decode_text
from jipyo.model.errors import JipyoError
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NS, _NS_PER_MS = "_ns", 1_000_000


class JsonObject(dict[str, Any]):
    """A result with typed attributes, whose items are the same values in plain form.

    A subclass is a frozen dataclass without an equality of its own; `list_items` names its items.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        """Fill in the items."""
        self.update({name: to_plain(value) for name, value in self.list_items().items()})

    def list_items(self) -> dict[str, object]:
        """The items by name."""
        raise NotImplementedError

    def summary(self) -> str:
        """What the object is, in a few words, for `repr`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.summary()}>"


def to_plain(value: object) -> object:  # noqa: PLR0911 - one case per type
    """A value as JSON has it; numbers that JSON lacks as Prometheus writes them, NaN as null.

    A data class is an object of its fields, and nanoseconds are milliseconds, under that name.
    """
    match value:
        case Labels():
            return dict(value.pairs)
        case Enum():
            return value.value
        case float() if not math.isfinite(value):
            return None if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        case bytes():
            return decode_text(value)
        case JipyoError():
            return texts("en").error(value)
        case np.ndarray() | np.generic():
            return to_plain(value.tolist())
        case tuple() | list():
            return [to_plain(item) for item in value]
        case Mapping():
            return dict(_list_pairs(value.items()))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return dict(_list_pairs((name, getattr(value, name)) for name in names))
    return value


def _list_pairs(pairs: Iterable[tuple[Any, object]]) -> Iterator[tuple[str, object]]:
    for name, value in pairs:
        key = decode_text(name) if isinstance(name, bytes) else str(name)
        if not key.endswith(_NS) or value is None:
            yield key, to_plain(value)
        else:
            yield f"{key.removesuffix(_NS)}_ms", to_plain(_to_millis(value))


def _to_millis(value: Any) -> Any:
    return value // _NS_PER_MS
