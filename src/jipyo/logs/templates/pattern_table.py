"""The templates of a window as a table: what changed against the time before, how, and the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.answer import LogHistogram, LogTemplate, LogTemplates
from jipyo.logs.comparison import ChangeKind
from jipyo.logs.query import TEMPLATE, All, AnyOf, HasTemplate
from jipyo.logs.record import Level
from jipyo.logs.templates.comparison import compare_templates
from jipyo.logs.templates.miner import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.logs.templates.comparison import TemplateComparison
    from jipyo.model.errors import JipyoError

_VANISHED_SHARE = 3
"""At most one row of so many is of a template that vanished."""


class PatternGrade(Enum):
    """How grave most records of a template are, the gravest first."""

    ERROR = "error"
    WARNING = "warning"
    OTHER = "other"


_LEVELS = {
    PatternGrade.ERROR: frozenset({Level.ERROR, Level.FATAL}),
    PatternGrade.WARNING: frozenset({Level.WARN}),
    PatternGrade.OTHER: frozenset(Level) - {Level.ERROR, Level.FATAL, Level.WARN},
}
_GRADES = tuple(PatternGrade)
_FIRST = (ChangeKind.NEW, ChangeKind.SURGING, ChangeKind.VANISHED)
"""Changes that stand before all other templates, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRow:
    """A template, in the window and before it."""

    template: LogTemplate
    """In the window; one that vanished, before it: services, first and last time."""
    n: int
    before_n: int
    change: ChangeKind | None
    """None where it does not differ, or nothing is known of the time before."""
    ratio: float | None
    """Records a second against the time before; None where one of them is zero."""
    grade: PatternGrade
    counts: NDArray[np.int64]
    """Records in the intervals of the course; shape (intervals,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTable:
    """Rows whose `n`, with `rest_n`, add up to `total`: the records of the window."""

    rows: tuple[PatternRow, ...]
    starts_ns: NDArray[np.int64]
    """Of the intervals of the courses; empty where there is no row."""
    rest_patterns: int
    """Templates with records in the window that have no row."""
    rest_n: int
    """Records of those, and of no template."""
    total: int
    before_total: int
    missing: tuple[JipyoError, ...]
    """Where there is any, what is new or vanished may be neither."""


@dataclass(frozen=True, slots=True)
class PatternWindows:
    """What is compared with what, and over which time courses are drawn."""

    window: LogQuery
    before: LogQuery
    course: LogQuery
    interval_ns: int | None
    """Of the course; None for days."""


def read_pattern_table(
    source: LogSource, windows: PatternWindows, zone: ZoneInfo, limit: int
) -> PatternTable:
    """The table: new templates first, then surging and vanished ones, then the most frequent.

    Raises:
        LogQueryError: the query was rejected or cancelled.
        LogSourceError: the source failed.
    """
    now = read_by_grade(source, windows.window)
    window = merge_templates(now.values())
    before = source.templates(windows.before)
    length, length_before = (
        max(each.end_ns - each.start_ns, 1) for each in (windows.window, windows.before)
    )
    share = length / length_before
    compared = compare_templates(window, before, share)
    chosen = choose_templates(window, compared, limit)
    courses = read_courses(source, windows, [one.id for one in chosen], zone)
    changes = _index_changes(compared)
    earlier = {one.id: one.n for one in before.templates}
    ns = {one.id: one.n for one in window.templates}
    rows = tuple(
        PatternRow(
            template=one,
            n=(n := ns.get(one.id, 0)),
            before_n=(n_before := earlier.get(one.id, 0)),
            change=changes.get(one.id),
            ratio=n / (n_before * share) if n and n_before else None,
            grade=find_grade(now if n else {PatternGrade.OTHER: before}, one.id),
            counts=courses.counts[one.id],
        )
        for one in chosen
    )
    shown = {one.id for one in chosen}
    return PatternTable(
        rows=rows,
        starts_ns=courses.starts_ns,
        rest_patterns=sum(one.id not in shown and one.id != OTHER for one in window.templates),
        rest_n=window.total - sum(row.n for row in rows),
        total=window.total,
        before_total=before.total,
        missing=tuple(dict.fromkeys((*window.missing, *before.missing, *courses.missing))),
    )


def read_by_grade(source: LogSource, query: LogQuery) -> Mapping[PatternGrade, LogTemplates]:
    """The templates of the records of each grade that the query wants."""
    levels = {grade: query.levels & each for grade, each in _LEVELS.items()}
    return {
        grade: source.templates(replace(query, levels=each))
        for grade, each in levels.items()
        if each
    }


def merge_templates(answers: Iterable[LogTemplates]) -> LogTemplates:
    """Answers over different records as one; the most frequent template first."""
    parts = tuple(answers)
    found: dict[str, LogTemplate] = {}
    for one in (each for part in parts for each in part.templates):
        known = found.get(one.id)
        found[one.id] = one if known is None else _add(known, one)
    return LogTemplates(
        templates=tuple(sorted(found.values(), key=lambda one: (-one.n, one.id))),
        total=sum(part.total for part in parts),
        resolution_ns=max((part.resolution_ns for part in parts), default=1),
        missing=tuple(dict.fromkeys(error for part in parts for error in part.missing)),
    )


def _add(a: LogTemplate, b: LogTemplate) -> LogTemplate:
    return LogTemplate(
        id=a.id,
        text=a.text,
        n=a.n + b.n,
        by_service=Counter(a.by_service) + Counter(b.by_service),
        first_ns=min(a.first_ns, b.first_ns),
        last_ns=max(a.last_ns, b.last_ns),
    )


def _index_changes(compared: TemplateComparison) -> Mapping[str, ChangeKind]:
    """The kind of every change; none where no record is known of the time before."""
    if not compared.baseline_total:
        return {}
    return {each.template.id: each.change.kind for each in compared.changes}


def choose_templates(
    window: LogTemplates, compared: TemplateComparison, limit: int
) -> list[LogTemplate]:
    """The rows: changes first, those that vanished never more than a third of them."""
    kinds = _index_changes(compared)
    by_kind: dict[ChangeKind, list[LogTemplate]] = {kind: [] for kind in _FIRST}
    for each in compared.changes:
        kind = kinds.get(each.template.id)
        if kind in by_kind:
            by_kind[kind].append(each.template)
    by_kind[ChangeKind.VANISHED] = by_kind[ChangeKind.VANISHED][: limit // _VANISHED_SHARE]
    first = [one for kind in _FIRST for one in by_kind[kind]]
    shown = {one.id for one in first}
    others = [one for one in window.templates if one.id not in shown and one.id != OTHER]
    return [*first, *others][:limit]


def find_grade(answers: Mapping[PatternGrade, LogTemplates], template_id: str) -> PatternGrade:
    """The grade with the most of a template's records; of equal ones the gravest."""
    ns = {
        grade: sum(one.n for one in answer.templates if one.id == template_id)
        for grade, answer in answers.items()
    }
    return min(ns, key=lambda grade: (-ns[grade], _GRADES.index(grade)))


def read_courses(
    source: LogSource, windows: PatternWindows, ids: Sequence[str], zone: ZoneInfo
) -> LogHistogram:
    """The records of each of these templates in the intervals of the course."""
    if not ids:
        return LogHistogram(starts_ns=np.zeros(0, np.int64), counts={})
    any_of = AnyOf(tuple(HasTemplate(each) for each in ids))
    own = replace(windows.course, where=All((windows.course.where, any_of)))
    found = source.histogram(own, windows.interval_ns, zone, TEMPLATE)
    none = np.zeros(len(found.starts_ns), np.int64)
    return replace(found, counts={each: found.counts.get(each, none) for each in ids})
