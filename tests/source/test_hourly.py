"""Hourly means of a metric: what is asked, and what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.hourly import (
    HOUR_MS,
    average_over_hours,
    find_hour_extremes,
    read_hour_extremes,
    read_hourly,
)
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

END_MS = 1_795_132_800_000


@pytest.mark.parametrize(
    ("expr", "averaged"),
    [
        ("x", "avg_over_time(x[1h])"),
        ("100 * x / y", "100 * avg_over_time(x[1h]) / avg_over_time(y[1h])"),
        ("max by (a) (x offset 5m)", "max by (a) (avg_over_time(x[1h] offset 5m))"),
        ("x / (y > 0)", "avg_over_time(x[1h]) / (avg_over_time(y[1h]) > 0)"),
        ("rate(x[1h])", "rate(x[1h])"),
        ("max_over_time((x + y)[1h:5m])", "max_over_time((x + y)[1h:5m])"),
        ("x > 3", "x > 3"),
        ("time() - timestamp(x)", "time() - timestamp(x)"),
        ("histogram_quantile(0.9, x)", "histogram_quantile(0.9, x)"),
        ("-(x)", "-(avg_over_time(x[1h]))"),
        ("1 +", "1 +"),
    ],
)
def test_gauges_become_means_and_ranges_stay(expr: str, averaged: str) -> None:
    assert average_over_hours(expr) == averaged


def test_every_query_of_the_catalogue_can_be_averaged() -> None:
    for metric in load().metrics:
        for query in metric.queries:
            assert average_over_hours(query.expression("1h"))


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Embedded]:
    names = ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes")
    series = tuple(Labels.of({"__name__": name, "job": "node", "instance": "a"}) for name in names)
    with Store.open(
        tmp_path, replace(Options(), retention_ms=None), now_ms=lambda: END_MS
    ) as store:
        for step in range(6 * 60):
            t_ms = END_MS - 6 * HOUR_MS + (step + 1) * 60_000
            # Within each hour the free part falls from 100 to 41, so that no sample is the mean.
            free = 100.0 - step % 60
            store.append([Scrape(t_ms, series, np.array([200.0, free]))])
        yield Embedded(store, Engine())


def test_an_hour_has_the_mean_of_its_samples(source: Embedded) -> None:
    metric = load().get("system.memory.utilization")
    assert metric is not None
    data = read_hourly(source, metric, END_MS + 1_234_567, 8)
    assert data.matrix.t_ms[-1] == END_MS
    assert data.matrix.present.tolist() == [[False, False, *[True] * 6]]
    mean_free = np.mean([100.0 - minute for minute in range(60)])
    np.testing.assert_allclose(data.matrix.values[0, 2:], 100 * (1 - mean_free / 200))
    assert "avg_over_time" in data.expressions[0][1]


def test_only_the_wanted_series_are_read(source: Embedded) -> None:
    metric = load().get("system.memory.utilization")
    assert metric is not None
    other = Labels.of({"instance": "b"})
    assert read_hourly(source, metric, END_MS, 4, only=[other]).matrix.series == ()


@pytest.mark.parametrize(
    ("expr", "extremes"),
    [
        ("x", ("min_over_time(x[1h])", "max_over_time(x[1h])")),
        ("(x) * 100", ("(min_over_time(x[1h])) * 100", "(max_over_time(x[1h])) * 100")),
        ("1 - x", ("1 - max_over_time(x[1h])", "1 - min_over_time(x[1h])")),
        ("-x + 5", ("-max_over_time(x[1h]) + 5", "-min_over_time(x[1h]) + 5")),
        ("100 * x / y", None),
        ("5 / x", None),
        ("max by (a) (x)", None),
        ("rate(x[1h])", None),
        ("1 +", None),
    ],
)
def test_the_extremes_of_an_hour_are_known_of_one_gauge(
    expr: str, extremes: tuple[str, str] | None
) -> None:
    assert find_hour_extremes(expr) == extremes


def test_hours_are_read_with_their_extremes(tmp_path: Path) -> None:
    series = (Labels.of({"__name__": "jipyo_ai_queue_length", "instance": "a", "job": "api"}),)
    (metric,) = (one for one in load().metrics if one.id == "app.sessions.active")
    query = replace(metric.queries[0], promql="2 * jipyo_ai_queue_length")
    metric = replace(metric, queries=(query,))
    with Store.open(
        tmp_path, replace(Options(), retention_ms=None), now_ms=lambda: END_MS
    ) as store:
        store.append(
            [
                Scrape(END_MS - 2 * HOUR_MS + (step + 1) * 60_000, series, np.array([step % 60.0]))
                for step in range(120)
            ]
        )
        data = read_hour_extremes(Embedded(store, Engine()), metric, END_MS, 2)
    assert data is not None
    assert data.matrix.values.tolist() == [[0, 118, 0, 118]]
    assert data.matrix.t_ms.tolist()[-1] == END_MS
    assert data.metric == metric
