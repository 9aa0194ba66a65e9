"""The state of each day at a glance: what did not answer, and each group of metrics."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import MetricGroup
from jipyo.reports.data import ENOUGH
from jipyo.reports.document import (
    Badge,
    ColumnHead,
    Day,
    DayStrip,
    Heading,
    StripRow,
    Table,
    phrase,
)
from jipyo.reports.sections.contract_months import name_month
from jipyo.reports.sections.outage_findings import is_planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from jipyo.analysis.thresholds import Breach
    from jipyo.model.calendar import Period
    from jipyo.reports.data import ReportMetric
    from jipyo.reports.document import Block, Inline, Phrase
    from jipyo.reports.inputs import ReportInputs

MOST_DAYS = 31
"""Of a longer period the strip would not fit on a page: its days are counted by week or month."""
_WEEK, _MOST_WEEKS = 7, 14
States = tuple[State | None, ...]


def build_day_states(inputs: ReportInputs) -> Iterator[Block]:
    """A row for availability and for each group of metrics; none for a day.

    Of a group the metrics count that the specification requires, as far as there are any. Longer
    periods have a row for each week or month instead.
    """
    data = inputs.data
    days = [day for day in data.period.days() if day.start_ms < data.window.end_ms]
    every_day = [day.first_day for day in data.period.days()]
    if len(every_day) <= 1 or not data.entries:
        return
    later: States = (None,) * (len(every_day) - len(days))
    areas = [(phrase("summary.area.availability"), judge_outages(inputs, days) + later)]
    for group in MetricGroup:
        judged = [entry for entry in data.judged if entry.metric.group is group]
        entries = [entry for entry in judged if entry.metric.required] or judged
        if entries:
            name = phrase(f"reports.group.{group.value}")
            areas.append((name, judge_days(entries, days) + later))
    if len(every_day) > MOST_DAYS:
        yield from _fold(areas, [day.first_day for day in days])
        return
    yield Heading("day-states", phrase("summary.section.days"))
    yield DayStrip(
        id="day-states",
        caption=phrase("summary.days.caption"),
        days=tuple(every_day),
        days_off=inputs.days_off,
        rows=tuple(StripRow(*area) for area in areas),
    )


def _fold(areas: Sequence[tuple[Phrase, States]], days: Sequence[date]) -> Iterator[Block]:
    """A row for each week or month, with the worst state of each area and on how many days."""
    by_week = len(days) <= _MOST_WEEKS * _WEEK
    unit = "weeks" if by_week else "months"
    firsts = [
        day - timedelta(days=day.weekday()) if by_week else day.replace(day=1) for day in days
    ]
    parts = [list(part) for _, part in groupby(range(len(days)), key=firsts.__getitem__)]
    heads = (phrase("reports.strip.area"), *(name for name, _ in areas))
    yield Heading("day-states", phrase(f"summary.section.{unit}"))
    yield Table(
        id="day-states",
        caption=phrase(f"summary.{unit}.caption"),
        columns=tuple(ColumnHead(head, numeric=False) for head in heads),
        rows=tuple(
            (
                _name_days(days[part[0]], days[part[-1]]) if by_week else name_month(days[part[0]]),
                *(_describe_worst([states[at] for at in part]) for _, states in areas),
            )
            for part in parts
        ),
        wide=True,
    )


def _name_days(first: date, last: date) -> Inline:
    return phrase("summary.days.span", first=Day(first, short=True), last=Day(last, short=True))


def _describe_worst(states: Sequence[State | None]) -> Badge:
    """The worst state of some days, and on how many of them it was."""
    worst = max((one for one in states if one is not None), key=lambda one: one.severity)
    word = phrase(f"health.state.{worst.value}")
    if worst is State.OK:
        return Badge(worst, word)
    return Badge(worst, phrase("summary.days.count", state=word, n=states.count(worst)))


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
