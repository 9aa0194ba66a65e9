"""What differs between two reports: each figure, text and drawing by the place where it stands."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, get_args

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.i18n import texts
from jipyo.model.figure import Figure
from jipyo.model.plain import to_plain
from jipyo.reports.archive.content_hash import drop_hashes
from jipyo.reports.document import (
    Badge,
    Code,
    Cover,
    Day,
    Heading,
    Inline,
    ScoreResult,
    Table,
    phrase,
    walk_values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.reports.document import Report

SECTION = "changes"
"""The id of the heading below which an issue lists what has changed since the one before."""
_INLINE: tuple[type, ...] = get_args(Inline)
_NOT_CONTENT = frozenset({"blocks", "made_ms", "issue", "issuer", "look"})
"""Fields of a report that differ between two of the same content, and the blocks."""
_NOT_OF_COVER = frozenset({"issue", "made"})
_NAMES = ("subject", "name", "title")
"""Fields that tell an entry of a list better than its place."""
_PRINTED = ("value", "unit", "estimated")
"""Fields of a figure that a reader sees."""
_PROVENANCE = tuple(one.name for one in dataclasses.fields(Figure) if one.name not in _PRINTED)


@dataclass(frozen=True, slots=True)
class PlacedValue:
    """One value of a report, and the words for the place where it stands, the widest first."""

    place: tuple[Inline, ...]
    value: object
    owner: object
    """The row, tile or other part that it stands in: a figure in it is what it is about."""

    @property
    def expr(self) -> str:
        """The query behind the value, or behind what it stands beside; empty where none is."""
        values = (inner for _, inner in walk_values((self.value, self.owner)))
        return next((inner.expr for inner in values if isinstance(inner, Figure)), "")


@dataclass(frozen=True, slots=True)
class ReportChange:
    """A value that is not what it was; None on the side that lacks it."""

    place: tuple[Inline, ...]
    before: Inline
    after: Inline
    expr: str = ""
    """The query behind the value, where there is one."""


def list_values(report: Report) -> Mapping[str, PlacedValue]:
    """Every value of a report by a key that it has in any issue, in the order of the report."""
    walk = _Walk()
    for one in dataclasses.fields(report):
        if one.name not in _NOT_CONTENT:
            walk.add(f"report.{one.name}", (_name_field(one.name),), getattr(report, one.name))
    for block in list_content(report):
        walk.visit(block, walk.key, walk.place)
    return walk.cells


def list_content(report: Report) -> Iterator[object]:
    """The blocks of a report without the list of changes."""
    is_content = True
    for block in report.blocks:
        if isinstance(block, Heading) and block.level == 1:
            is_content = block.id != SECTION
        if is_content:
            yield drop_hashes(block) if isinstance(block, Cover) else block


def compare_reports(before: Report, after: Report) -> tuple[ReportChange, ...]:
    """What differs between two reports on the same period, in the order of the later.

    When they were made, which issue they are, who issued them, how they look and the hashes of an
    issue are not their content. Nothing else is left out: where no change is found, they are equal
    in every value.
    """
    old, new = list_values(before), list_values(after)
    changes: list[ReportChange] = []
    for key in dict.fromkeys((*new, *old)):
        cells = old.get(key), new.get(key)
        if None in cells or not _is_equal(*(cell.value for cell in cells if cell is not None)):
            changes.append(_describe_change(*cells))
    if not changes and list(old) != list(new):
        changes.append(ReportChange((phrase("archive.order"),), None, None))
    return tuple(changes)


def _is_equal(one: object, other: object) -> bool:
    """Whether they have the same plain form: NaN is as NaN, and true is not 1."""
    same = to_plain(one), to_plain(other)
    return same[0] == same[1] and repr(same[0]) == repr(same[1])


def _describe_change(before: PlacedValue | None, after: PlacedValue | None) -> ReportChange:
    shown = after or before
    assert shown is not None, "BUG: a change of nothing"
    place, expr = shown.place, shown.expr
    values = [None if cell is None else cell.value for cell in (before, after)]
    match values:
        case [Figure() as one, Figure() as other] if not _differ(one, other, _PRINTED):
            names = _differ(one, other, _PROVENANCE)
            words = [_show(getattr(figure, names[0])) for figure in (one, other)]
            return ReportChange((*place, Code(", ".join(names))), words[0], words[1], expr)
        case [np.ndarray() as one, np.ndarray() as other]:
            differing = _count_differing(one, other)
            words = [phrase("archive.values", n=differing, of=other.size)]
            return ReportChange(place, None, words[0], expr)
    return ReportChange(place, _show(values[0]), _show(values[1]), expr)


def _differ(one: Figure, other: Figure, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not _is_equal(getattr(one, name), getattr(other, name))]


def _count_differing(one: np.ndarray, other: np.ndarray) -> int:
    if one.shape != other.shape:
        return max(one.size, other.size)
    return int(np.sum(~((one == other) | (np.isnan(one) & np.isnan(other)))))


def _show(value: object) -> Inline:  # noqa: PLR0911 - one case per type
    """A value as something that a cell of a table can hold."""
    if isinstance(value, bool):
        return Code(str(value).lower())
    if isinstance(value, _INLINE):
        inline: Inline = value  # type: ignore[assignment]
        return inline
    match value:
        case State():
            return Badge(value)
        case float():
            return Code(f"{value:.12g}")
        case ScoreResult():
            return phrase(f"sla.result.{value.value}")
        case date():
            return Day(value)
        case Enum():
            return Code(str(value.value))
        case np.ndarray():
            return phrase("archive.values", n=value.size, of=value.size)
        case _:
            return Code(str(to_plain(value)))


@dataclass(slots=True)
class _Walk:
    """Goes through the blocks, and remembers below which heading it is."""

    cells: dict[str, PlacedValue] = field(default_factory=dict)
    key: str = ""
    place: tuple[Inline, ...] = (phrase("archive.front"),)
    seen: Counter[str] = field(default_factory=Counter)
    owner: object = None

    def add(self, key: str, place: tuple[Inline, ...], value: object) -> None:
        """Keep a value; one whose key is there already is the second of it."""
        self.seen[key] += 1
        unique = key if self.seen[key] == 1 else f"{key}#{self.seen[key]}"
        self.cells[unique] = PlacedValue(place, value, self.owner)

    def visit(self, value: object, key: str, place: tuple[Inline, ...]) -> None:
        """Keep every value inside a value."""
        if isinstance(value, Heading):
            self.key, self.place = value.id, (value.text,)
            self._visit_fields(value, value.id, self.place)
        elif isinstance(value, Table):
            self._visit_table(value, f"{key}/{value.id}", place)
        elif isinstance(value, tuple):
            self._visit_items(value, key, place)
        elif dataclasses.is_dataclass(value) and not isinstance(value, _INLINE):
            self._visit_fields(value, key, place)
        else:
            self.add(key, place, value)

    def _visit_table(self, table: Table, key: str, place: tuple[Inline, ...]) -> None:
        titles = tuple(column.title for column in table.columns)
        self.add(f"{key}/caption", place, table.caption)
        self.add(f"{key}/columns", place, Code(str(to_plain(table.columns))))
        self.add(f"{key}/wide", place, table.wide)
        for row in (*table.rows, *((table.totals,) if table.totals else ())):
            name, self.owner = str(to_plain(row[0])) if row else "", row
            for title, cell in zip(titles, row, strict=False):
                self.add(f"{key}/{name}/{title.key}", (*place, row[0], title), cell)
        self.owner = None

    def _visit_items(self, items: tuple[object, ...], key: str, place: tuple[Inline, ...]) -> None:
        if not items:
            self.add(key, place, None)
        for at, item in enumerate(items):
            name = _find_name(item)
            self.visit(item, f"{key}/{at if name is None else to_plain(name)}", place)

    def _visit_fields(self, value: object, key: str, place: tuple[Inline, ...]) -> None:
        name, kind = _find_words(value), type(value).__name__
        inner = place if name is None else (*place, name)
        before, self.owner = self.owner, value
        for one in dataclasses.fields(value):  # type: ignore[arg-type]
            if isinstance(value, Cover) and one.name in _NOT_OF_COVER:
                continue
            content = getattr(value, one.name)
            is_leaf = not isinstance(content, tuple) and not dataclasses.is_dataclass(content)
            words = (*inner, _name_field(one.name)) if is_leaf else inner
            self.visit(content, f"{key}/{kind}.{one.name}", words)
        self.owner = before


def _find_name(value: object) -> Inline:
    """By what an entry of a list is known; None where nothing says so."""
    own = getattr(value, "id", None)
    return Code(own) if isinstance(own, str) and own else _find_words(value)


def _find_words(value: object) -> Inline:
    """What an entry of a list is about, for people; None where nothing says so."""
    if isinstance(value, _INLINE):
        return None
    for name in _NAMES:
        inline: Inline = getattr(value, name, None)
        if isinstance(inline, str):
            return Code(inline) if inline else None
        if inline is not None and isinstance(inline, _INLINE):
            return inline
    return None


def _name_field(name: str) -> Inline:
    key = f"archive.field.{name}"
    return phrase(key) if key in texts("en") else Code(name)
