"""Tables of keys in words, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.schema.kinds import Key, Kind


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a file."""

    path: str
    kind: str
    required: bool
    default: str
    """Empty where there is none."""
    choices: tuple[str, ...]
    meaning: str


def describe_keys(kind: Kind[Any], prefix: str, t: Callable[..., str]) -> tuple[KeyRow, ...]:
    """Every key that a file of this kind may have, in order.

    The meaning of a key is the text `PREFIX.key.PATH`.
    """
    return tuple(_walk(kind.keys, kind.defaults, "", prefix, t))


def _walk(
    keys: tuple[Key, ...],
    defaults: Mapping[str, object],
    above: str,
    prefix: str,
    t: Callable[..., str],
) -> Iterator[KeyRow]:
    for key in keys:
        kind = key.kind
        path = f"{above}.{key.name}" if above else key.name
        yield KeyRow(
            path=path,
            kind=_name_kind(kind, t),
            required=key.required,
            default=_show_default(kind, defaults.get(key.name, "")),
            choices=kind.choices,
            meaning=t(f"{prefix}.key.{path}"),
        )
        yield from _walk(kind.keys, kind.defaults, path, prefix, t)


def _name_kind(kind: Kind[Any], t: Callable[..., str]) -> str:
    name = t(f"schema.kind.{kind.name}")
    if kind.bounds is not None:
        name = t("schema.bounds", kind=name, low=kind.bounds[0], high=kind.bounds[1])
    return t("schema.or_null", kind=name) if kind.is_nullable else name


def _show_default(kind: Kind[Any], default: object) -> str:
    """Nothing for what is merely left out: an empty text, an empty mapping."""
    if default == "" or (isinstance(default, Mapping) and not default):
        return ""
    return "" if default is None and not kind.is_nullable else kind.show(default)
