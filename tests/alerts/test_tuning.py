"""Tuning counts the alerts that a replay gives, and recommends only what the data carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jipyo.alerts.alert import AlertState
from jipyo.alerts.replay import replay
from jipyo.alerts.rule import MetricRule
from jipyo.alerts.tuning import (
    Advice,
    MetricHistory,
    choose_thresholds,
    count_firings,
    read_history,
    tune,
)
from jipyo.catalogue import Metric, Thresholds, load
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape, Values
from jipyo.promql import Engine, Options
from jipyo.source import Embedded
from support.memory import MemoryStore

STEP_MS = 15_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_795_186_800_000
STEPS = 500


def find_metric(name: str) -> Metric:
    metric = load().get(name)
    assert metric is not None
    return metric


TEMPERATURE = find_metric("system.gpu.temperature")


def make_source(seed: int) -> Embedded:
    """Two GPUs around 80 degrees, whose samples are missing at times."""
    rng = np.random.default_rng(seed)
    store = MemoryStore()
    series = [
        Labels.of({"__name__": "DCGM_FI_DEV_GPU_TEMP", "instance": "h", "gpu": gpu, "UUID": gpu})
        for gpu in "01"
    ]
    heat = np.round(72 + np.cumsum(rng.normal(0, 2, (2, STEPS)), axis=1) % 16)
    there = np.repeat(rng.random((2, STEPS // 25)) < 0.85, 25, axis=1)
    for at in range(STEPS):
        rows = np.flatnonzero(there[:, at])
        store.append(
            [Scrape(START_MS + at * STEP_MS, tuple(series[row] for row in rows), heat[rows, at])]
        )
    return Embedded(store, Engine(Options()))


@pytest.mark.parametrize("keep_firing_ms", [0, 60_000])
@pytest.mark.parametrize("seed", range(2))
def test_the_counts_are_those_of_a_replay(seed: int, keep_firing_ms: int) -> None:
    source = make_source(seed)
    span = (START_MS, START_MS + STEPS * STEP_MS)
    history = read_history(source, TEMPERATURE, *span, STEP_MS)
    counts = []
    for threshold in (75.0, 80.0, 85.0):
        for for_ms in (0, 60_000):
            thresholds = Thresholds(warning=threshold, for_ms=for_ms)
            metric = replace(TEMPERATURE, thresholds=thresholds)
            rule = MetricRule(metric=metric, interval_ms=STEP_MS, keep_firing_ms=keep_firing_ms)
            played = replay([rule], source, *span)
            fired = sum(
                one.alert.state is AlertState.FIRING and not one.before.is_open
                for one in played.transitions
            )
            counted = count_firings(history, threshold, for_ms, keep_firing_ms)
            assert counted.fired == fired, (threshold, for_ms)
            counts.append(fired)
    assert sum(counts) > 3


def make_history(
    values: Values, metric: Metric = TEMPERATURE, step_ms: int = HOUR_MS
) -> MetricHistory:
    t_ms = START_MS + np.arange(len(values), dtype=np.int64) * step_ms
    rows = values[np.newaxis]
    return MetricHistory(metric, t_ms, (Labels.of({"gpu": "0"}),), rows, rows > -1, HOUR_MS)


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (np.full(100, 95.0), Advice.TOO_LITTLE),
        (np.full(300, 60.0), Advice.NEVER),
        (np.where(np.arange(300) % 100 < 3, 95.0, 60.0), Advice.FINE),
        (np.where(np.arange(300) % 10 < 3, 86.0, 60.0), Advice.OFTEN),
        (np.where(np.arange(300) % 10 < 3, 200.0, 60.0), Advice.ALL_OFTEN),
    ],
)
def test_a_recommendation_needs_data_that_carry_it(values: Values, advice: Advice) -> None:
    thresholds = Thresholds(warning=85, critical=90, for_ms=300_000)
    tuning = tune(make_history(values, replace(TEMPERATURE, thresholds=thresholds)), 0)
    assert tuning.advice is advice
    assert tuning.current is not None
    assert tuning.worst == values.max()
    if tuning.better is not None:
        assert tuning.better.fired == 0
        assert tuning.better.threshold > 85


def test_the_grid_has_the_thresholds_in_force_and_those_around_them() -> None:
    thresholds = Thresholds(warning=85, critical=90)
    levels = choose_thresholds(
        make_history(np.linspace(40, 97, 200), replace(TEMPERATURE, thresholds=thresholds))
    )
    assert levels == sorted(levels)
    assert {85, 90, 97} <= set(levels)
    days = replace(find_metric("system.disk.days_to_full"), thresholds=Thresholds(warning=14))
    lower = choose_thresholds(make_history(np.linspace(1, 90, 200), days))
    assert lower == sorted(lower, reverse=True)
    assert lower[-1] == 1


def test_an_alert_that_goes_on_is_counted_up_to_the_end() -> None:
    count = count_firings(make_history(np.full(10, 95.0)), 90, 0, 0)
    assert (count.fired, count.firing_ms, count.series) == (1, 9 * HOUR_MS, 1)
