"""The charts of a section: a metric over the period, with what happened and the days off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.events.event import EventKind
from jipyo.alerts.incident.incident import join_stretches
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS
from jipyo.analysis.thresholds import State
from jipyo.reports.charts.build import build_chart, list_threshold_lines
from jipyo.reports.data import count_ghost_days
from jipyo.reports.document import Chart, ChartMark, DayBars, MarkKind, Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.model.sample import Values
    from jipyo.reports.data import ReportData, ReportMetric
    from jipyo.reports.document import Inline
    from jipyo.reports.inputs import ReportInputs
    from jipyo.reports.sections.metric_rows import SectionRow

MOST_MARKS = 3
"""Most moments of a kind that are marked on a chart of a whole period: the longest ones."""
_MARKED = {EventKind.DEPLOYMENT: MarkKind.DEPLOYMENT, EventKind.MODEL: MarkKind.CHANGE}
_MOST_CHARACTERS = 16


def build_period_chart(entry: ReportMetric, inputs: ReportInputs) -> Chart:
    """The metric's gravest series over the period; its finding says what it shows."""
    return replace(
        build_chart(entry),
        how=describe_drawn(entry),
        ghost_name=name_ghost(inputs),
        days_off=inputs.days_off,
        marks=tuple(list_marks(inputs)),
        caption=None,
    )


def name_ghost(inputs: ReportInputs) -> Phrase:
    """How many weeks before the period the one is that is drawn behind it."""
    return phrase("chapters.ghost", n=count_ghost_days(inputs.period) // 7)


def describe_drawn(entry: ReportMetric) -> Phrase | None:
    """Which value of each step is drawn; None of a day, where every minute is."""
    drawn_ms = entry.now.window.drawn_ms
    if drawn_ms < HOUR_MS:
        return None
    step = "day" if drawn_ms >= DAY_MS else "hour"
    side = "least" if entry.metric.direction.sign < 0 else "greatest"
    return phrase(f"chapters.drawn.{step}.{side}")


def list_marks(inputs: ReportInputs) -> Iterator[ChartMark]:
    """The longest critical incidents, where there are none the longest outages; deployments."""
    cut_ms = inputs.data.window.end_ms
    critical = select_apart(
        one for one, _ in inputs.incidents if one.severity.state is State.CRITICAL
    )
    gravest = sorted(critical, key=lambda one: -one.duration_ms(cut_ms))[:MOST_MARKS]
    for incident in sorted(gravest, key=lambda one: one.began_ms):
        text = phrase("chapters.mark.incident", n=incident.number)
        yield ChartMark(MarkKind.OUTAGE, incident.began_ms, text, incident.recovered_ms)
    if not critical:
        spans = join_stretches((one.start_ms, one.end_ms) for one in inputs.data.outages)
        longest = sorted(spans, key=lambda span: span[0] - (span[1] or cut_ms))[:MOST_MARKS]
        for start_ms, end_ms in sorted(longest, key=lambda span: span[0]):
            yield ChartMark(MarkKind.OUTAGE, start_ms, phrase("chapters.mark.outage"), end_ms)
    yield from mark_events(inputs.events[-MOST_MARKS:])


def select_apart(incidents: Iterable[Incident]) -> list[Incident]:
    """Of incidents that begin while another one lasts only that: their marks would be one."""
    chosen: list[Incident] = []
    for one in sorted(incidents, key=lambda incident: incident.began_ms):
        last = chosen[-1] if chosen else None
        if last is None or (last.recovered_ms is not None and last.recovered_ms < one.began_ms):
            chosen.append(one)
    return chosen


def mark_events(events: Iterable[Event]) -> Iterator[ChartMark]:
    """Deployments and models that were changed, in their own words as far as there is room."""
    for event in events:
        if event.kind in _MARKED:
            text = event.text
            if len(text) > _MOST_CHARACTERS:
                text = f"{text[: _MOST_CHARACTERS - 1]}…"
            yield ChartMark(_MARKED[event.kind], event.t_ms, text)


def build_day_bars(
    row: SectionRow,
    values: Values,
    inputs: ReportInputs,
    how: Inline,
    before: Values | None = None,
) -> DayBars:
    """A bar a day of one series; `values` and `before` have shape (days,), NaN where is none."""
    metric = row.entry.metric
    return DayBars(
        id=f"days-{metric.id.replace('.', '-')}",
        title=row.entry.subject(row.series),
        unit=metric.unit.value,
        days=list_days(inputs.data),
        values=values,
        before=before,
        before_name=name_ghost(inputs),
        thresholds=() if row.is_total else tuple(list_threshold_lines(metric)),
        worse=metric.direction.sign,
        days_off=inputs.days_off,
        how=how,
    )


def find_ghost_days(row: SectionRow) -> Values | None:
    """The worst of each day some weeks before, from the hours that are drawn behind the series."""
    ghost, window = row.entry.ghost.get(row.series.labels), row.entry.now.window
    if ghost is None or window.drawn_ms != HOUR_MS or len(ghost) != len(window.drawn_t_ms):
        return None
    ends = np.searchsorted(window.drawn_t_ms, np.array(window.day_ends_ms)) + 1
    fold = np.fmin if row.is_low_worse else np.fmax
    return np.array([fold.reduce(hours) for hours in np.split(ghost, ends[:-1])])


def list_days(data: ReportData) -> tuple[date, ...]:
    """The local days of the period, as far as it has come."""
    days = (day for day in data.period.days() if day.start_ms < data.window.end_ms)
    return tuple(day.first_day for day in days)
