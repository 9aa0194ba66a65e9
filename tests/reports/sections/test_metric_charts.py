"""What stands on the charts of a period: its marks, days off, what lies behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.alerts.events.event import Event, EventKind
from jipyo.analysis.outage_history import PastOutage
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import Severity
from jipyo.analysis.window import Window
from jipyo.reports.document import MarkKind
from jipyo.reports.sections.metric_charts import (
    MOST_MARKS,
    build_day_bars,
    build_period_chart,
    describe_drawn,
    find_ghost_days,
    list_days,
    list_marks,
    mark_events,
)
from jipyo.reports.sections.metric_rows import list_rows
from jipyo.reports.wording import Localizer
from reports.chapter_data import DAY as DAY_MS
from reports.chapter_data import HOUR, MINUTE, build_entry, build_incident, build_inputs
from reports.chapter_months import DAY, MONTH, PERIODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.document import ChartMark
    from jipyo.reports.inputs import ReportInputs

CPU = "system.cpu.utilization"
START = MONTH.period.start_ms


def outage(start: int, minutes: int, name: str = "a") -> PastOutage:
    start_ms = START + start * HOUR
    return PastOutage(Outage("probe", name, None), start_ms, start_ms + minutes * MINUTE, False)


def with_outages(*outages: PastOutage) -> ReportInputs:
    inputs = build_inputs(MONTH)
    return replace(inputs, data=replace(inputs.data, outages=outages))


def write(marks: Iterable[ChartMark]) -> list[tuple[str, int, str]]:
    localizer = Localizer.for_period(MONTH.period, "ko")
    return [
        (mark.kind.value, (mark.t_ms - START) // HOUR, localizer.format(mark.text))
        for mark in marks
    ]


def test_outages_at_one_time_are_one_mark_and_of_many_the_longest_are_marked() -> None:
    inputs = with_outages(
        outage(5, 10), outage(5, 40, "b"), outage(30, 30), outage(50, 90), outage(70, 60)
    )
    assert write(list_marks(inputs)) == [
        ("outage", 5, "무응답"),
        ("outage", 50, "무응답"),
        ("outage", 70, "무응답"),
    ]


def test_critical_incidents_stand_for_the_outages_and_warnings_are_no_marks() -> None:
    ranked = [
        build_incident(number, [CPU], START + at * HOUR, START + (at + number) * HOUR, severity)
        for number, at, severity in (
            (1, 10, Severity.CRITICAL),
            (2, 100, Severity.WARNING),
            (3, 200, Severity.CRITICAL),
            (4, 300, Severity.CRITICAL),
            (5, 400, Severity.CRITICAL),
        )
    ]
    inputs = replace(with_outages(outage(5, 10)), incidents=tuple(ranked))
    marks = list(list_marks(inputs))
    assert write(marks) == [
        ("outage", 200, "장애 #3"),
        ("outage", 300, "장애 #4"),
        ("outage", 400, "장애 #5"),
    ]
    assert marks[0].end_ms == START + 203 * HOUR


def test_deployments_and_models_are_marked_with_as_many_words_as_fit() -> None:
    events = [
        Event(t_ms=START, kind=EventKind.DEPLOYMENT, text="v2.4.1"),
        Event(t_ms=START, kind=EventKind.MODEL, text="llama-3-70b -> llama-4-maverick"),
        Event(t_ms=START, kind=EventKind.RESTART, text="vllm"),
    ]
    marks = list(mark_events(events))
    assert [(mark.kind, mark.text) for mark in marks] == [
        (MarkKind.DEPLOYMENT, "v2.4.1"),
        (MarkKind.CHANGE, "llama-3-70b -> …"),
    ]
    inputs = build_inputs(MONTH, events=tuple(events[:1] * 9))
    assert len(list(list_marks(inputs))) == MOST_MARKS


def test_a_chart_has_days_off_and_what_lies_behind_it_by_its_weeks() -> None:
    values = MONTH.rhythm(10, 60)
    entry = build_entry(MONTH, CPU, values, values - 5)
    chart = build_period_chart(entry, build_inputs(MONTH, entry))
    localizer = Localizer.for_period(MONTH.period, "ko")
    assert chart.days_off[:2] == (date(2026, 10, 3), date(2026, 10, 4))
    assert localizer.format(chart.ghost_name) == "4주 전 같은 요일"
    assert localizer.format(chart.how) == "시간 최대"
    assert chart.caption is None
    assert chart.ghost is not None
    assert chart.step_ms == HOUR


@pytest.mark.parametrize(
    ("name", "metric_id", "how"),
    [
        ("day", CPU, None),
        ("month", CPU, "hourly maximum"),
        ("month", "db.cache_hit_ratio", "hourly minimum"),
        ("quarter", CPU, "daily maximum"),
        ("year", "db.cache_hit_ratio", "daily minimum"),
    ],
)
def test_a_chart_says_which_value_of_each_step_it_draws(
    name: str, metric_id: str, how: str | None
) -> None:
    month = PERIODS[name]
    text = describe_drawn(build_entry(month, metric_id, month.line(90, 99)))
    localizer = Localizer.for_period(month.period, "en")
    assert (None if text is None else localizer.format(text)) == how


def test_the_days_behind_bars_are_the_worst_hours_of_each() -> None:
    values = MONTH.rhythm(10, 60)
    before = MONTH.with_outage(values, 99.0, day=3)
    row = list_rows(build_entry(MONTH, "app.sessions.active", values, before))[0]
    found = find_ghost_days(row)
    assert found is not None
    hours = row.entry.ghost[row.series.labels]
    assert found.tolist() == [hours[at * 24 : at * 24 + 24].max() for at in range(31)]
    assert found[3] == 99.0
    assert (
        find_ghost_days(list_rows(build_entry(DAY, CPU, DAY.line(1, 2), DAY.line(1, 2)))[0]) is None
    )
    bars = build_day_bars(row, found, build_inputs(MONTH), None, found)
    assert bars.days == list_days(build_inputs(MONTH).data)
    assert len(bars.thresholds) == 0


def test_a_period_that_still_runs_has_its_days_so_far() -> None:
    data = build_inputs(MONTH).data
    cut = Window(START, START + 10 * DAY_MS + HOUR)
    assert len(list_days(replace(data, window=cut))) == 11
    assert np.array(list_days(data)).shape == (31,)
