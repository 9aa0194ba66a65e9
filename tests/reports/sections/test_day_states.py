"""The state of each day is the worst that any metric came to on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.breach_fold import BeyondDays
from jipyo.analysis.summary import DayFigures
from jipyo.analysis.thresholds import Breach, Severity, State
from jipyo.model.calendar import PeriodKind, period_containing, range_between
from jipyo.reports.document import DayStrip, Table
from jipyo.reports.sections.day_states import build_day_states, judge_days
from jipyo.reports.wording import Localizer
from reports.summaries import build_data, build_entry, build_inputs, build_metric

if TYPE_CHECKING:
    from jipyo.analysis.summary import SeriesSummary
    from jipyo.reports.data import ReportMetric

SEOUL = ZoneInfo("Asia/Seoul")
WEEK = period_containing(PeriodKind.WEEK, date(2026, 11, 16), SEOUL)
DAYS = tuple(WEEK.days())
HOUR_MS = 3_600_000
LETTERS = {State.OK: "o", State.WARNING: "w", State.CRITICAL: "c", State.UNKNOWN: "-"}


def breach(start: int, end: int, *critical: tuple[int, int]) -> Breach:
    """From an hour of the week to another."""
    at = [WEEK.start_ms + hour * HOUR_MS for hour in (start, end)]
    stretches = tuple(
        (WEEK.start_ms + one * HOUR_MS, WEEK.start_ms + other * HOUR_MS) for one, other in critical
    )
    severity = Severity.CRITICAL if critical else Severity.WARNING
    return Breach(at[0], at[1], severity, False, 99.0, at[0], 0, 0, stretches)


def entry(*breaches: Breach) -> ReportMetric:
    known = build_entry(build_metric())
    series: SeriesSummary = replace(known.now.series[0], breaches=breaches)
    return replace(known, now=replace(known.now, series=(series,)))


@pytest.mark.parametrize(
    ("breaches", "states"),
    [
        ((), "-------"),
        ((breach(1, 2),), "w------"),
        ((breach(20, 30),), "ww-----"),
        ((breach(20, 24),), "w------"),
        ((breach(24, 25),), "-w-----"),
        ((breach(20, 50, (22, 23)),), "cww----"),
        ((breach(0, 168, (47, 49)),), "wccwwww"),
        ((breach(1, 2), breach(30, 31, (30, 31))), "wc-----"),
    ],
)
def test_a_breach_marks_every_day_that_it_touches(
    breaches: tuple[Breach, ...], states: str
) -> None:
    found = judge_days([entry(*breaches)], DAYS)
    assert "".join(LETTERS[one] for one in found if one is not None) == states


def test_days_to_come_have_no_state_and_a_day_has_no_strip() -> None:
    data = build_data(build_entry())
    week = replace(data, period=WEEK, window=replace(data.window, end_ms=DAYS[4].end_ms))
    (strip,) = (one for one in build_day_states(build_inputs(week)) if isinstance(one, DayStrip))
    assert [[state is None for state in row.states] for row in strip.rows] == [
        [False] * 5 + [True] * 2
    ] * len(strip.rows)
    assert list(build_day_states(build_inputs(data))) == []


@pytest.mark.parametrize(
    ("days", "rows", "first"),
    [
        (40, 6, ["Mon 16 Nov to Sun 22 Nov", "Warning on 1 day"]),
        (99, 4, ["November 2026", "Unknown on 14 days"]),
    ],
)
def test_a_long_period_has_a_row_for_each_week_or_month(
    days: int, rows: int, first: list[str]
) -> None:
    """The last week of the 40 days is not whole, and a breach touches one day of the first."""
    end_ms = WEEK.start_ms + days * 24 * HOUR_MS
    period = range_between(WEEK.start_ms, end_ms, SEOUL)
    found = entry(*([breach(1, 2)] if days < 50 else []))
    ones, coverage = np.ones(days), np.ones(days)
    if days > 50:
        coverage[:14] = 0.0
    headline = replace(
        found.now.series[0], days=DayFigures({}, ones, ones, ones, coverage, BeyondDays.make(days))
    )
    data = build_data(replace(found, now=replace(found.now, series=(headline,))))
    long = replace(data, period=period, window=replace(data.window, end_ms=end_ms))
    (table,) = (one for one in build_day_states(build_inputs(long)) if isinstance(one, Table))
    assert len(table.rows) == rows
    format_part = Localizer.for_period(period, "en").format
    assert [format_part(cell) for cell in (table.rows[0][0], table.rows[0][-1])] == first
