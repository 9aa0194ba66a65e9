"""Recomputation: a sheet as it was issued against the one that the same samples give now.

A sheet holds what each of its figures rests on: query, window, samples, thresholds, terms, and a
digest of the values. So one that is computed again from the samples, the catalogue and the terms
is equal in every field, and whatever was changed since, in the sheet or under it, differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("id", "metric", "day", "approval", "item")
"""Fields that name an entry of a list better than its place."""


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field that is not as it was issued; None on the side that lacks it."""

    path: str
    issued: object
    recomputed: object


def find_differences(issued: object, recomputed: object, path: str = "") -> Iterator[ChangedField]:
    """Every field that differs between two sheets as plain values (`model.plain.to_plain`)."""
    if isinstance(issued, dict) and isinstance(recomputed, dict):
        for name in {**issued, **recomputed}:
            inner = f"{path}.{name}" if path else name
            yield from find_differences(issued.get(name), recomputed.get(name), inner)
    elif isinstance(issued, list) and isinstance(recomputed, list):
        for place in range(max(len(issued), len(recomputed))):
            one, other = (
                items[place] if place < len(items) else None for items in (issued, recomputed)
            )
            inner = f"{path}[{_find_name(one) or _find_name(other) or place}]"
            yield from find_differences(one, other, inner)
    elif not _is_equal(issued, recomputed):
        yield ChangedField(path, issued, recomputed)


def _find_name(value: object) -> str:
    """The id of an entry, or that of what it is about."""
    if not isinstance(value, dict):
        return ""
    names = (value.get(key) for key in _NAMES)
    name = next((name for name in names if isinstance(name, str)), "")
    return name or next((_find_name(value[k]) for k in ("item", "indicator") if k in value), "")


def _is_equal(issued: object, recomputed: object) -> bool:
    """Whether they are the same value; JSON does not tell 1 from 1.0, but true from 1."""
    if isinstance(issued, bool) or isinstance(recomputed, bool):
        return issued is recomputed
    return issued == recomputed
