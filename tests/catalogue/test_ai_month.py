"""Goodput and tokens are whole counts: hours add up to days, days to the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogue.ai_month import END_MS, HOURS, START_MS, list_blocks, make_engines
from jipyo.analysis.summary import MetricSummary, summarise_metric
from jipyo.analysis.window import Window
from jipyo.catalogue import Summary, load
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = load()
ENGINES = make_engines()
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    options = Options(durable=False)
    with Store.open(tmp_path_factory.mktemp("month"), options, now_ms=lambda: END_MS) as store:
        store.load(block for engine in ENGINES for block in list_blocks(engine))
        yield Embedded(store, Engine())


def summarise(source: Embedded, metric_id: str, start_ms: int, end_ms: int) -> MetricSummary:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    step_ms = 60_000 if end_ms - start_ms <= DAY_MS else 3_600_000
    return summarise_metric(source, metric, Window(start_ms, end_ms, step_ms))


def count_within(summary: MetricSummary) -> dict[str, tuple[float, float]]:
    """For each server its requests within the objective, and all of them."""
    counts: dict[str, tuple[float, float]] = {}
    for series in summary.series:
        figure = series.figures.get(Summary.RATIO_OF_SUMS)
        if figure is None:
            continue  # nothing was asked of this server in the window
        assert figure.value is not None
        assert figure.proportion is not None
        n = figure.proportion.n
        assert n is not None
        counts[series.labels["server"]] = figure.value / 100 * n, n
    return counts


def test_goodput_of_days_is_what_the_engines_counted_and_adds_up_to_the_month(
    source: Embedded,
) -> None:
    added = {engine.server: np.zeros(2) for engine in ENGINES}
    for start_ms in range(START_MS, END_MS, DAY_MS):
        counts = count_within(
            summarise(source, "ai.goodput.first_token", start_ms, start_ms + DAY_MS)
        )
        day = (start_ms - START_MS) // DAY_MS
        for engine in ENGINES:
            hours = slice(day * 24, day * 24 + 24)
            true = [engine.count_hours(field)[hours].sum() for field in ("within", "all")]
            assert counts[engine.server] == pytest.approx(true, abs=1e-6)
            added[engine.server] += counts[engine.server]
    month = count_within(summarise(source, "ai.goodput.first_token", START_MS, END_MS))
    for engine in ENGINES:
        assert month[engine.server] == pytest.approx(added[engine.server], abs=1e-4)
        assert month[engine.server] == pytest.approx(
            (engine.within.sum(), engine.all.sum()), abs=1e-4
        )


@pytest.mark.parametrize("hour", [5_003 // 60, 5_090 // 60, 17_777 // 60, 100, 0, HOURS - 1])
def test_an_hour_is_what_the_engines_counted_restarted_or_not(source: Embedded, hour: int) -> None:
    start_ms = START_MS + hour * 3_600_000
    window = start_ms, start_ms + 3_600_000
    counts = count_within(summarise(source, "ai.goodput.first_token", *window))
    tokens = summarise(source, "ai.tokens", *window)
    for engine in ENGINES:
        n = engine.count_hours("all")[hour]
        if n:
            expected = engine.count_hours("within")[hour], n
            assert counts[engine.server] == pytest.approx(expected, abs=1e-6)
        [series] = [one for one in tokens.series if one.labels["server"] == engine.server]
        assert series.figures[Summary.TOTAL].value == engine.count_hours("tokens")[hour]


def test_tokens_of_all_engines_of_days_add_up_to_the_month(source: Embedded) -> None:
    def total(start_ms: int, end_ms: int) -> float:
        figure = summarise(source, "ai.tokens", start_ms, end_ms).headline.figures[Summary.TOTAL]
        assert figure.value is not None
        return figure.value

    days = [total(start, start + DAY_MS) for start in range(START_MS, END_MS, DAY_MS)]
    assert sum(days) == sum(engine.tokens.sum() for engine in ENGINES)
    assert total(START_MS, END_MS) == sum(days)
