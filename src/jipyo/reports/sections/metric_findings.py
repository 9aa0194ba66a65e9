"""The sentence that heads a section: what, how much, since when and against what, by rules.

Every number in it is one of the section's table, so that the two cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import Severity, State, find_threshold, list_levels
from jipyo.reports.document import (
    Duration,
    Finding,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Share,
    phrase,
)
from jipyo.reports.sections.metric_rows import find_gravest, show_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.calendar import PeriodKind
    from jipyo.model.figure import Figure
    from jipyo.reports.sections.metric_rows import SectionRow

_MOST_NAMES, _MOST_COURSES = 4, 2


def build_metric_finding(
    rows: Sequence[SectionRow], kind: PeriodKind, details: Iterable[Inline] = ()
) -> Finding:
    """The finding on the gravest of these rows; on the first where none is beyond.

    Args:
        rows: those of the section's table, the most important first.
        kind: that of the period, which names what it is compared with.
        details: further sentences.
    """
    row = find_gravest(rows)
    change = describe_change(row, kind)
    has_change = row.change is not None
    return Finding(
        find_section_state(rows),
        Joined((describe_row(row), change), " ") if has_change else describe_row(row),
        (
            *(() if has_change else (change,)),
            *_describe_courses(row, rows),
            *_describe_others(row, rows),
            *details,
        ),
        describe_basis(row),
        None if is_judged(rows) else phrase("chapters.not_judged"),
    )


def is_judged(rows: Sequence[SectionRow]) -> bool:
    """Whether any row has thresholds that it was judged by."""
    return any(row.entry.is_judged for row in rows)


def find_section_state(rows: Sequence[SectionRow]) -> State:
    """The gravest state of what is judged; unknown where nothing is."""
    judged = [row for row in rows if row.entry.is_judged and not row.is_total]
    states = (row.series.state for row in judged)
    return max(states, key=lambda state: state.severity, default=State.UNKNOWN)


def describe_row(row: SectionRow) -> Phrase:
    """What a series was, how much, and since when it was beyond its thresholds, if it was."""
    if row.is_beyond and row.series.firing_breaches:
        return _describe_breaches(row)
    return _describe_within(row)


def _describe_breaches(row: SectionRow) -> Phrase:
    series, metric = row.series, row.entry.metric
    firing = series.firing_breaches
    is_critical = series.state is State.CRITICAL
    span = series.critical_ms if is_critical else series.warning_ms + series.critical_ms
    values: dict[str, Inline] = {
        "subject": row.entry.subject(series),
        "start": Moment(firing[0].start_ms),
        "n": len(firing),
        "span": Duration(span),
    }
    if metric.outage or metric.loss:
        return phrase("chapters.finding.gone", **values)
    thresholds = row.entry.now.thresholds
    assert thresholds is not None, f"BUG: {metric.id} is beyond thresholds that it has not"
    severity = Severity.CRITICAL if is_critical else Severity.WARNING
    value = find_threshold(thresholds, severity)
    level = phrase(f"chapters.level.{series.state.value}", value=_quantity(row, value))
    times = "breach" if len(firing) == 1 else "breaches"
    return phrase(
        f"chapters.finding.{times}.{find_side(row)}",
        **values,
        level=level,
        peak=show_plain(series.worst),
        at=Moment(series.worst_ms),
    )


def _describe_within(row: SectionRow) -> Phrase:
    series, side = row.series, find_side(row)
    values: dict[str, Inline] = {
        "subject": row.entry.subject(series),
        "main": describe_figure(series.figure) if series.figure else None,
        "peak": show_plain(series.worst),
        "at": Moment(series.worst_ms),
    }
    only = ".peak" if series.figure is None or series.figure.fold is series.worst.fold else ""
    thresholds = row.entry.now.thresholds
    if thresholds is None or row.is_total:
        return phrase(f"chapters.finding.plain.{side}{only}", **values)
    first = next(list_levels(thresholds))
    level = phrase(
        f"chapters.level.{first.severity.state.value}", value=_quantity(row, first.threshold)
    )
    spent_ms = series.warning_ms + series.critical_ms
    how = "brief" if spent_ms else "within"
    return phrase(
        f"chapters.finding.{how}.{side}{only}", **values, level=level, span=Duration(spent_ms)
    )


def find_side(row: SectionRow) -> str:
    """On which side of its thresholds a metric is bad."""
    return "below" if row.is_low_worse else "above"


def describe_change(row: SectionRow, kind: PeriodKind) -> Phrase:
    """Its figure beside that of the period before; that there is nothing to compare with."""
    change = row.change
    name = phrase(f"reports.compared.{kind.value}")
    if change is None:
        return phrase("chapters.compare.none", name=name)
    before = describe_figure(change.before)
    return phrase("chapters.compare", name=name, before=before, delta=change.delta)


def describe_figure(figure: Figure) -> Phrase:
    """A figure and what it is: a mean, a percentile, a total."""
    return phrase(f"chapters.figure.{figure.fold.value}", value=show_plain(figure))


def _describe_courses(row: SectionRow, rows: Sequence[SectionRow]) -> Iterator[Phrase]:
    """How the row moved, and others, two at most."""
    moved = [one for one in (row, *rows) if one.course is not None]
    for one in list({id(each): each for each in moved}.values())[:_MOST_COURSES]:
        assert one.course is not None, "BUG: a row was chosen by a course that it has not"
        subject = one.entry.subject(one.series)
        yield phrase(f"{one.course.key}.sentence", subject=subject, **dict(one.course.values))


def _describe_others(row: SectionRow, rows: Sequence[SectionRow]) -> Iterator[Phrase]:
    """Which other metrics were beyond their thresholds; the table has their series."""
    beyond = [one.entry.metric.name for one in rows if one.is_beyond]
    names = [name for name in dict.fromkeys(beyond) if name != row.entry.metric.name]
    if names:
        listed: Inline = Joined(tuple(names[:_MOST_NAMES]), ", ")
        if len(names) > _MOST_NAMES:
            listed = phrase("chapters.and_others", names=listed)
        yield phrase("chapters.finding.also", names=listed)


def describe_basis(row: SectionRow) -> Phrase:
    """Where the row's values are from, how many they are and what share of all."""
    figure = row.series.worst
    return phrase(
        "reports.basis",
        exporter=figure.exporter,
        step=Duration(figure.step_ms or row.entry.now.window.step_ms),
        samples=figure.samples,
        coverage=Share(figure.coverage),
    )


def _quantity(row: SectionRow, value: float | None) -> Quantity:
    assert value is not None, f"BUG: {row.entry.metric.id} reached a threshold that it has not"
    return Quantity(value, row.entry.metric.unit.value)
