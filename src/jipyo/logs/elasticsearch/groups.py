"""How the server groups documents by a field, so that no group is left out; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jipyo.logs.elasticsearch.mapping import NUMBERS, FieldKind
from jipyo.logs.elasticsearch.translate import (
    EVERYTHING,
    NOTHING,
    Query,
    check_not_nested,
    find_unlisted,
    intersect,
    negate,
    unite,
)
from jipyo.logs.levels import list_level_words
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.logs.elasticsearch.server import KnownIndices

_GROUPED = frozenset({FieldKind.KEYWORD, FieldKind.TEXT, FieldKind.INTEGER, FieldKind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class FieldGroups:
    """Where the groups of a field are, in documents that have one of some fields first."""

    paths: tuple[tuple[str, Query], ...]
    """Paths with whole values, each with the documents that are to be grouped by it."""
    absent: Query
    """Documents without any of the fields."""
    readable: Query
    """Documents whose values the server has; all others must be read."""
    words: Mapping[str, Level] | None = None
    """What values mean, where they are levels."""

    def name_group(self, key: Any) -> str:
        """The group of a bucket's key."""
        text = ("false", "true")[key] if isinstance(key, bool) else str(key)
        if self.words is None:
            return text
        return self.words.get(text.lower(), Level.UNKNOWN).name.lower()

    @property
    def absent_group(self) -> str:
        """The group of documents without the fields, in histograms and percentiles."""
        return "" if self.words is None else Level.UNKNOWN.name.lower()


def find_grouping(known: KnownIndices, name: str) -> FieldGroups | None:
    """The groups of a field; None where the server cannot form them."""
    if name in (MESSAGE, TEMPLATE):
        return None
    names: tuple[str, ...] = (name,)
    words = None
    if name == SERVICE:
        names = known.options.service_fields
    if name == LEVEL:
        names = known.options.level_fields
        if len(names) > 1:  # numbers may mean other levels in each of them
            return None
        words = list_level_words(names[0]) if names else {}
    return _build_grouping(known, names, words)


def _build_grouping(
    known: KnownIndices, names: tuple[str, ...], words: Mapping[str, Level] | None
) -> FieldGroups | None:
    fields = [known.mappings.find(each) for each in names]
    check_not_nested(fields)
    fields = [each for each in fields if each.kind is not FieldKind.UNMAPPED]
    if known.mappings.has_unindexed and len(fields) < len(names):
        return None
    if not all(each.kind in _GROUPED and each.exact and each.is_aggregatable for each in fields):
        return None
    exists = [{"exists": {"field": each.exact}} for each in fields]
    unlisted = [find_unlisted(each) for each in fields if each.kind not in NUMBERS]
    paths = tuple(
        (each.exact, intersect([exists[n], *map(negate, exists[:n])]))
        for n, each in enumerate(fields)
    )
    absent = negate(unite(exists)) if exists else EVERYTHING
    readable = negate(unite(unlisted)) if unlisted else EVERYTHING
    assert readable != NOTHING, "BUG: no document is readable"
    return FieldGroups(paths, absent, readable, words)
