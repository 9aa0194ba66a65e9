"""The API: response times, error rates by day, and of how many requests."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jipyo.reports.document import Charts, Day, DayBars, Heading, Quantity
from jipyo.reports.sections.metric_charts import list_days
from jipyo.reports.sections.metric_rows import list_rows
from jipyo.reports.sections.service import (
    build_errors,
    build_response,
    count_requests,
    find_worst_day,
)
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry, build_inputs
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
    check_section(leaves, MONTH.period)


def test_requests_are_those_of_the_same_service() -> None:
    rates = build_entry(MONTH, ERRORS, {"a": RATE, "b": RATE / 3, "c": RATE / 9})
    load = build_entry(MONTH, REQUESTS, {"a": MONTH.line(10, 10), "b": MONTH.line(4, 4)})
    inputs = build_inputs(MONTH, rates, load)
    found = {row.series.name: count_requests(row, inputs.data) for row in list_rows(rates)}
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
