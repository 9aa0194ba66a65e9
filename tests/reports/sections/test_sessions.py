"""Sessions: by day, on working days and days off, and as the access logs have them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from jipyo.logs.evaluate import BatchLogSource
from jipyo.model.errors import LogSourceError
from jipyo.reports.document import Charts, DayBars, Note
from jipyo.reports.log_data import PeriodLogs, gather_logs
from jipyo.reports.sections.sessions import build_sessions, is_day_off, list_day_kinds
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry, build_inputs
from reports.chapter_months import DAY, MONTH
from reports.days import SEOUL
from reports.quoting import check_section, find_tables, list_leaves
from support.log_batches import SECOND, START_NS, make_batch

ACTIVE = "app.sessions.active"
AT = np.arange(MONTH.window.steps) // 288
OFF = np.array(
    [day.first_day.weekday() > 4 or day.first_day.day == 9 for day in MONTH.period.days()]
)
VALUES = (np.where(OFF[AT], 100.0, 400.0) + AT).astype(np.float64)
HOLIDAY = date(2026, 10, 9)


def test_working_days_and_days_off_are_apart_and_a_holiday_is_off() -> None:
    entry = build_entry(MONTH, ACTIVE, VALUES)
    inputs = build_inputs(MONTH, entry)
    inputs = replace(inputs, days_off=(*inputs.days_off, HOLIDAY))
    days = entry.now.series[0].days
    assert days is not None
    working, off = list_day_kinds(inputs, days)
    plain = [VALUES[at == AT].mean() for at in range(31)]
    assert (working.days, off.days) == (21, 10)
    assert working.mean == pytest.approx(np.mean([plain[at] for at in range(31) if not OFF[at]]))
    assert off.mean == pytest.approx(np.mean([plain[at] for at in range(31) if OFF[at]]))
    assert (working.on, working.greatest) == (date(2026, 10, 30), 429.0)
    assert (off.on, off.greatest) == (date(2026, 10, 31), 130.0)


def test_a_day_counts_by_how_much_of_it_was_seen() -> None:
    gaps = np.where((AT == 0) & (np.arange(len(AT)) % 288 > 28), np.nan, VALUES)
    entry = build_entry(MONTH, ACTIVE, np.where(AT > 1, np.nan, gaps))
    days = entry.now.series[0].days
    assert days is not None
    (working,) = list_day_kinds(build_inputs(MONTH, entry), days)
    assert working.days == 2
    assert working.mean == pytest.approx((29 * 400 + 288 * 401) / 317)


def test_the_month_has_bars_with_the_days_four_weeks_before_and_a_table_of_days() -> None:
    inputs = build_inputs(MONTH, build_entry(MONTH, ACTIVE, VALUES, VALUES - 20))
    leaves = list(list_leaves(build_sessions(inputs)))
    charts = next(block for block in leaves if isinstance(block, Charts))
    bars = charts.items[0]
    assert isinstance(bars, DayBars)
    assert bars.before is not None
    assert (bars.values - bars.before == 20).all()
    assert [table.id for table in find_tables(leaves)] == ["sessions", "session-days"]
    check_section(leaves, MONTH.period)


def test_a_day_has_neither_bars_nor_a_table_of_days() -> None:
    inputs = build_inputs(DAY, build_entry(DAY, ACTIVE, DAY.line(5, 9)))
    leaves = list(list_leaves(build_sessions(inputs)))
    assert [table.id for table in find_tables(leaves)] == ["sessions"]


def read_logs() -> PeriodLogs:
    """Of a day with forty requests of four visitors."""
    offset = MONTH.period.start_ms // 1000 - START_NS // SECOND
    rows: list[dict[str, object]] = [
        {"t": offset + n * 600, "message": "done", "client.ip": f"10.0.0.{n // 10}",
         "user_agent.original": "Mozilla", "url.route": "/"}
        for n in range(40)
    ]  # fmt: skip
    source = BatchLogSource([make_batch("web", rows)])
    found = gather_logs(source, MONTH.period, MONTH.period.end_ms, SEOUL)
    assert isinstance(found, PeriodLogs)
    return found


def test_without_metrics_the_access_logs_say_how_many_sessions_there_were() -> None:
    inputs = build_inputs(MONTH, logs=read_logs())
    notes = [block for block in build_sessions(inputs) if isinstance(block, Note)]
    localizer = Localizer.for_period(MONTH.period, "ko")
    assert [localizer.format(note.text) for note in notes] == [
        "접근 로그로 집계한 web의 세션은 4건, 방문자는 4명입니다."
    ]


def test_logs_that_cannot_be_read_are_no_sessions() -> None:
    error = LogSourceError("logs_elasticsearch.timed_out", source="main")
    notes = [
        block
        for block in build_sessions(build_inputs(MONTH, logs=error))
        if isinstance(block, Note)
    ]
    assert len(notes) == 1
    assert "app.sessions" not in str(notes[0])


def test_weekends_and_known_holidays_are_days_off() -> None:
    inputs = replace(build_inputs(MONTH), days_off=(HOLIDAY,))
    days = (date(2026, 10, 9), date(2026, 10, 10), date(2026, 10, 12))
    assert [is_day_off(day, inputs) for day in days] == [True, True, False]
