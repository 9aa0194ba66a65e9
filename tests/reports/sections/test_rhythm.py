"""Load by weekday and hour: against a plain count, with holidays left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.thresholds import State
from jipyo.reports.document import WeekHeatMap
from jipyo.reports.sections.rhythm import build_rhythm, build_week_heat_map, find_rhythm
from jipyo.reports.wording import Localizer
from reports.chapter_data import Month, build_entry, build_inputs
from reports.chapter_months import DAY, MONTH, PERIODS, WEEK
from reports.quoting import check_section, find_findings, list_leaves, write_finding

LOAD = "app.throughput"
SEOUL = ZoneInfo("Asia/Seoul")
HOLIDAY = date(2026, 10, 9)


def count_plainly(month: Month, values: np.ndarray, skipped: date) -> np.ndarray:
    cells: dict[tuple[int, int], list[float]] = {}
    hours = values.reshape(-1, 3_600_000 // month.step_ms).mean(axis=1)
    for at, value in enumerate(hours):
        begin = datetime.fromtimestamp(month.period.start_ms / 1000 + at * 3600, SEOUL)
        if begin.date() != skipped:
            cells.setdefault((begin.weekday(), begin.hour), []).append(value)
    return np.array([[np.mean(cells[day, hour]) for hour in range(24)] for day in range(7)])


def test_cells_are_the_means_of_their_hours_without_holidays() -> None:
    values = MONTH.rhythm(5, 30, 4)
    entry = build_entry(MONTH, LOAD, values)
    inputs = replace(build_inputs(MONTH, entry), days_off=(HOLIDAY,))
    rhythm = find_rhythm(entry, inputs)
    assert rhythm is not None
    assert rhythm.hours == 30 * 24
    assert rhythm.values == pytest.approx(count_plainly(MONTH, values, HOLIDAY))


def test_the_finding_names_the_busiest_and_the_quietest_hour() -> None:
    values = MONTH.rhythm(5, 30)
    steps = np.arange(len(values)) // 12
    values = np.where(steps % 168 == 4 * 24 + 15, 40.0, values)  # Mondays at 15: day 4 is 5 Oct
    values = np.where(steps % 168 == 3 * 24 + 3, 1.0, values)
    entry = build_entry(MONTH, LOAD, values)
    leaves = list(list_leaves(build_rhythm(build_inputs(MONTH, entry))))
    finding = find_findings(leaves)[0]
    assert write_finding(finding, Localizer.for_period(MONTH.period, "ko")) == (
        "초당 처리량(TPS)은 월요일 15시에 평균 40건/초로 가장 많고, "
        "일요일 03시에 평균 1건/초로 가장 적습니다."
    )
    assert finding.state is State.UNKNOWN
    check_section(leaves, MONTH.period)


def test_requests_and_cpu_have_a_heat_map_each_from_nothing_to_the_greatest() -> None:
    entries = [
        build_entry(MONTH, name, MONTH.rhythm(5, 30)) for name in (LOAD, "system.cpu.utilization")
    ]
    leaves = list(list_leaves(build_rhythm(build_inputs(MONTH, *entries))))
    maps = [block for block in leaves if isinstance(block, WeekHeatMap)]
    assert [one.low for one in maps] == [0.0, 0.0]
    assert [one.high for one in maps] == [float(one.values.max()) for one in maps]


def test_a_heat_map_of_nothing_but_zeros_has_a_scale() -> None:
    entry = build_entry(WEEK, LOAD, WEEK.line(0, 0))
    rhythm = find_rhythm(entry, build_inputs(WEEK, entry))
    assert rhythm is not None
    assert build_week_heat_map(rhythm).high == 1.0


@pytest.mark.parametrize("month", [DAY, PERIODS["year"]])
def test_a_day_and_a_year_without_hours_have_no_rhythm(month: Month) -> None:
    entry = build_entry(month, LOAD, month.line(1, 2))
    assert list(build_rhythm(build_inputs(month, entry))) == []


def test_half_a_week_is_too_little() -> None:
    values = np.where(np.arange(WEEK.window.steps) < 83 * 12, 5.0, np.nan)
    entry = build_entry(WEEK, LOAD, values)
    assert find_rhythm(entry, build_inputs(WEEK, entry)) is None
    more = build_entry(WEEK, LOAD, np.where(np.arange(WEEK.window.steps) < 84 * 12, 5.0, np.nan))
    assert find_rhythm(more, build_inputs(WEEK, more)) is not None
