"""The API: response times, error rates by day, and of how many requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from jipyo.catalogue import Summary
from jipyo.reports.document import Charts, Day, DayBars, Heading, Quantity
from jipyo.reports.sections.metric_charts import list_days
from jipyo.reports.sections.metric_rows import list_rows
from jipyo.reports.sections.service import (
    build_errors,
    build_response,
    count_requests,
    describe_worst_day,
    find_worst_day,
)
from jipyo.reports.wording import Localizer
from reports.chapter_data import CASES, build_entry, build_inputs
from reports.chapter_months import DAY, MONTH
from reports.quoting import check_section, find_findings, find_tables, list_leaves, write_finding

ERRORS, REQUESTS = "app.error_rate", "app.throughput"
RATE = MONTH.with_outage(MONTH.line(0.02, 0.02), 66.0)


def test_the_error_rate_has_a_bar_a_day_and_the_worst_day_in_words() -> None:
    inputs = build_inputs(MONTH, build_entry(MONTH, ERRORS, RATE, RATE / 2))
    leaves = list(list_leaves(build_errors(inputs)))
    charts = next(block for block in leaves if isinstance(block, Charts))
    (bars,) = charts.items
    assert isinstance(bars, DayBars)
    assert len(bars.values) == 31
    assert int(np.argmax(bars.values)) == 13
    text = write_finding(find_findings(leaves)[0], Localizer.for_period(MONTH.period, "ko"))
    assert "에러율이 가장 높은 날은 10. 14. (수)(1.85%)입니다." in text
    assert "요청 12,614건 가운데 10건이 실패했습니다." in text
    table = find_tables(leaves)[0]
    localizer = Localizer.for_period(MONTH.period, "en")
    row = {
        localizer.format(h.title): localizer.format(c)
        for h, c in zip(table.columns, table.rows[0], strict=True)
    }
    assert (row["Requests"], row["Failed"]) == ("12,614", "10")
    check_section(leaves, MONTH.period)


def test_the_failed_requests_of_the_worst_day_stand_beside_its_rate() -> None:
    row = list_rows(build_entry(MONTH, ERRORS, RATE))[0]
    assert row.series.days is not None
    counts = np.where(np.arange(31) == 13, 1234.0, 2.0)
    days = replace(row.series.days, figures={Summary.PART: counts})
    row = replace(row, series=replace(row.series, days=days))
    (worst,) = describe_worst_day(row, list_days(build_inputs(MONTH).data))
    text = Localizer.for_period(MONTH.period, "en").format(worst)
    assert text == "The worst day was Wed 14 Oct (1.85%, 1,234 failed)."


def test_requests_are_those_of_the_same_service() -> None:
    rates = build_entry(MONTH, ERRORS, {"a": RATE, "b": RATE / 3, "c": RATE / 9})
    load = build_entry(MONTH, REQUESTS, {"a": MONTH.line(10, 10), "b": MONTH.line(4, 4)})
    inputs = build_inputs(MONTH, rates, load)
    rows = list_rows(rates)
    assert count_requests(rows[0], inputs.data) == Quantity(CASES, "count")
    # Where the rate's source counts no cases they are those of the throughput.
    rows = tuple(replace(row, series=replace(row.series, figures={})) for row in rows)
    found = {row.series.name: count_requests(row, inputs.data) for row in rows}
    assert found["a"] == Quantity(10.0, "count")
    assert found["b"] == Quantity(4.0, "count")
    assert found["c"] is None
    check_section(build_errors(inputs), MONTH.period)


def test_a_day_has_no_bars_and_no_worst_day() -> None:
    entry = build_entry(DAY, ERRORS, DAY.line(0.02, 0.03))
    inputs = build_inputs(DAY, entry)
    leaves = list(list_leaves(build_errors(inputs)))
    assert not any(isinstance(block, Charts) for block in leaves)
    assert find_worst_day(list_rows(entry)[0], list_days(inputs.data)) is None


def test_the_worst_day_skips_days_without_data() -> None:
    gap = np.where(np.arange(len(RATE)) < 20 * 288, np.nan, RATE)
    row = list_rows(build_entry(MONTH, ERRORS, gap))[0]
    worst = find_worst_day(row, list_days(build_inputs(MONTH).data))
    assert worst is not None
    assert worst[0] == Day(date(2026, 10, 21), short=True)
    assert worst[1].value == pytest.approx(0.02)


def test_several_services_have_a_row_each_and_throughput_has_its_total() -> None:
    entries = [
        build_entry(MONTH, "app.response_time", {"chat": MONTH.line(0.8, 0.9), "web": RATE * 0}),
        build_entry(MONTH, REQUESTS, {"chat": MONTH.line(10, 10), "web": MONTH.line(5, 5)}),
    ]
    leaves = list(list_leaves(build_response(build_inputs(MONTH, *entries))))
    localizer = Localizer.for_period(MONTH.period, "en")
    names = [localizer.format(row[0]) for row in find_tables(leaves)[0].rows]
    assert names == [
        "API response time (p95) chat",
        "API response time (p95) web",
        "Throughput (TPS)",
        "Throughput (TPS) chat",
        "Throughput (TPS) web",
    ]
    assert isinstance(leaves[0], Heading)
    check_section(leaves, MONTH.period)
