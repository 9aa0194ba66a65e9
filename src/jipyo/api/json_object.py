"""Results that are dicts as well, so that `json.dumps` takes them as they are."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

from jipyo.model.labels import Labels


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


def to_plain(value: object) -> object:
    """A value as JSON has it; numbers that JSON lacks as Prometheus writes them, NaN as null."""
    if isinstance(value, Labels):
        return dict(value.pairs)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value
