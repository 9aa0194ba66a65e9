"""Models: accuracy by day with its cases, and inference times."""

from __future__ import annotations

import numpy as np

from jipyo.reports.document import Chart, Charts, Quantity
from jipyo.reports.sections.metric_rows import list_rows
from jipyo.reports.sections.models import (
    build_accuracy,
    build_inference,
    draw_accuracy,
    show_cases,
    show_interval,
)
from jipyo.reports.wording import Localizer
from reports.chapter_data import CASES, build_entry, build_inputs
from reports.chapter_months import DAY, MONTH
from reports.quoting import check_section, find_findings, list_leaves, write_finding

ACCURACY = "ai.model.accuracy"
NOISE = np.random.default_rng(2).normal(0, 0.2, MONTH.window.steps)


def test_accuracy_is_drawn_by_day_a_line_for_each_model() -> None:
    models = {"llm": MONTH.line(95, 92) + NOISE, "rerank": MONTH.line(96, 96) + NOISE}
    entry = build_entry(MONTH, ACCURACY, models)
    leaves = list(list_leaves(build_accuracy(build_inputs(MONTH, entry))))
    charts = next(block for block in leaves if isinstance(block, Charts))
    chart = charts.items[0]
    assert isinstance(chart, Chart)
    assert sorted(line.name for line in chart.lines) == ["llm", "rerank"]
    assert {line.values.shape for line in chart.lines} == {(31,)}
    check_section(leaves, MONTH.period)


def test_a_day_of_accuracy_is_drawn_by_the_minute() -> None:
    entry = build_entry(DAY, ACCURACY, DAY.line(94, 93))
    chart = draw_accuracy(build_inputs(DAY, entry), list_rows(entry))
    assert chart.lines[0].values.size == DAY.window.steps


def test_a_drift_has_its_rate() -> None:
    entry = build_entry(MONTH, ACCURACY, MONTH.line(95, 92) + NOISE, MONTH.line(95, 95))
    finding = find_findings(build_accuracy(build_inputs(MONTH, entry)))[0]
    text = write_finding(finding, Localizer.for_period(MONTH.period, "ko"))
    assert "하루 0.096%p씩 낮아지는 추세입니다." in text
    assert "전월(기간 전체 95%) 대비 −1.5%p" in text


def test_a_share_has_its_cases_and_their_interval() -> None:
    row = list_rows(build_entry(MONTH, ACCURACY, MONTH.line(93, 93)))[0]
    assert show_cases(row) == Quantity(CASES, "count")
    interval = Localizer.for_period(MONTH.period, "en").format(show_interval(row))
    assert interval == "92.5% to 93.4%"
    other = list_rows(build_entry(MONTH, "ai.inference.time", MONTH.line(1, 1)))[0]
    assert (show_cases(other), show_interval(other)) == (None, None)


def test_inference_has_two_charts_side_by_side() -> None:
    entries = [
        build_entry(MONTH, name, MONTH.rhythm(0.2, 0.7))
        for name in ("ai.inference.time", "ai.inference.first_token", "ai.queue.length")
    ]
    leaves = list(list_leaves(build_inference(build_inputs(MONTH, *entries))))
    charts = next(block for block in leaves if isinstance(block, Charts))
    assert (len(charts.items), charts.columns) == (2, 2)
    check_section(leaves, MONTH.period)
