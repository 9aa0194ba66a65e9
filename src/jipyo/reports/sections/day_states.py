"""The state of each day at a glance: what did not answer, and each group of metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import MetricGroup
from jipyo.reports.data import ENOUGH
from jipyo.reports.document import DayStrip, Heading, StripRow, phrase
from jipyo.reports.sections.outage_findings import is_planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.thresholds import Breach
    from jipyo.model.calendar import Period
    from jipyo.reports.data import ReportMetric
    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs

MOST_DAYS = 31
"""Of a longer period the strip would not fit on a page."""
States = tuple[State | None, ...]


def build_day_states(inputs: ReportInputs) -> Iterator[Block]:
    """A row for availability and for each group of metrics; none for a day or a long period.

    Of a group the metrics count that the specification requires, as far as there are any.
    """
    data = inputs.data
    days = [day for day in data.period.days() if day.start_ms < data.window.end_ms]
    every_day = [day.first_day for day in data.period.days()]
    if not 1 < len(every_day) <= MOST_DAYS or not data.entries:
        return
    later: States = (None,) * (len(every_day) - len(days))
    rows = [StripRow(phrase("summary.area.availability"), judge_outages(inputs, days) + later)]
    for group in MetricGroup:
        judged = [entry for entry in data.judged if entry.metric.group is group]
        entries = [entry for entry in judged if entry.metric.required] or judged
        if entries:
            name = phrase(f"reports.group.{group.value}")
            rows.append(StripRow(name, judge_days(entries, days) + later))
    yield Heading("day-states", phrase("summary.section.days"))
    yield DayStrip(
        id="day-states",
        caption=phrase("summary.days.caption"),
        days=tuple(every_day),
        days_off=inputs.days_off,
        rows=tuple(rows),
    )


def judge_days(entries: Sequence[ReportMetric], days: Sequence[Period]) -> States:
    """The worst that any metric came to on each day; unknown where too little was seen of all."""
    worst = [
        State.OK if is_enough else State.UNKNOWN for is_enough in _find_covered(entries, len(days))
    ]
    for entry in entries:
        for series in entry.now.series:
            for breach in series.firing_breaches:
                for place, state in _judge_breach(breach, days):
                    worst[place] = max(worst[place], state, key=lambda one: one.severity)
    return tuple(worst)


def _find_covered(entries: Sequence[ReportMetric], n: int) -> Sequence[bool]:
    """On which days any of the metrics has enough data."""
    known = [entry.now.headline.days for entry in entries]
    coverage = [one.coverage for one in known if one is not None]
    if not coverage:
        return [False] * n
    return [bool(one >= ENOUGH) for one in np.fmax.reduce(coverage)]


def _judge_breach(breach: Breach, days: Sequence[Period]) -> Iterator[tuple[int, State]]:
    """The days that a breach touches, and what it came to on each."""
    for place, day in enumerate(days):
        if breach.start_ms < day.end_ms and breach.end_ms > day.start_ms:
            is_critical = breach.severity is Severity.CRITICAL and any(
                start < day.end_ms and end > day.start_ms for start, end in breach.critical
            )
            yield place, State.CRITICAL if is_critical else State.WARNING


def judge_outages(inputs: ReportInputs, days: Sequence[Period]) -> States:
    """Critical on a day with an outage outside of planned work; unknown where nothing was seen."""
    data = inputs.data
    outages = [one for one in data.outages if not is_planned(one, inputs)]
    covered = _find_covered(data.entries, len(days))
    return tuple(
        State.CRITICAL
        if any(one.start_ms < day.end_ms and one.end_ms > day.start_ms for one in outages)
        else State.OK
        if is_enough
        else State.UNKNOWN
        for day, is_enough in zip(days, covered, strict=True)
    )
