"""Headroom, work by GPU-hour and kWh, idle GPUs."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.analysis.efficiency import compute_efficiency, find_headroom, find_idle_gpus
from jipyo.catalogue import Direction

UP, DOWN = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE
MINUTE_MS = 60_000


def test_headroom_is_from_the_busy_end_to_the_limit():
    found = find_headroom(np.linspace(0, 50, 1001), 90.0, UP)
    assert found is not None
    assert (found.typical, found.busy, found.left) == (25.0, 49.5, 40.5)
    assert found.left_share == pytest.approx(0.45)
    assert found.samples == 1001


def test_headroom_of_a_falling_metric_is_above_its_limit():
    found = find_headroom(np.linspace(20, 70, 1001), 10.0, DOWN)
    assert found is not None
    assert found.left == pytest.approx(10.5)


def test_beyond_the_limit_headroom_is_negative():
    found = find_headroom(np.full(10, 95.0), 90.0, UP)
    assert found is not None
    assert found.left == -5


@pytest.mark.parametrize("values", [np.empty(0), np.full(5, np.nan)])
def test_no_data_has_no_headroom(values):
    assert find_headroom(values, 90.0, UP) is None


def test_a_limit_of_zero_has_no_share():
    found = find_headroom(np.full(3, 1.0), 0.0, UP)
    assert found is not None
    assert found.left_share is None


def test_work_by_gpu_hour_and_by_kwh():
    found = compute_efficiency(7200, 3.6e6, gpu_hours=4, joules=7.2e6)
    assert found.requests_per_gpu_hour == 1800
    assert found.tokens_per_gpu_hour == 900_000
    assert found.requests_per_kwh == 3600
    assert found.tokens_per_kwh == 1_800_000
    assert found.kwh_per_million_tokens == pytest.approx(2 / 3.6)


@pytest.mark.parametrize("joules", [None, 0.0, np.nan])
def test_without_a_measured_cost_there_is_no_figure(joules):
    found = compute_efficiency(7200, 0.0, gpu_hours=None, joules=joules)
    assert found.requests_per_gpu_hour is None
    assert found.requests_per_kwh is None
    assert found.kwh_per_million_tokens is None


def test_no_work_is_zero_and_not_unknown():
    assert compute_efficiency(0.0, None, gpu_hours=4, joules=None).requests_per_gpu_hour == 0


def test_idle_gpus_are_found_with_what_they_hold_and_consume():
    busy, idle = np.full(60, 0.8), np.full(60, 0.0)
    idle[10:15] = 0.9
    half = np.where(np.arange(60) < 30, 0.5, 0.0)
    found = find_idle_gpus(
        ["busy", "half", "idle"],
        np.stack((busy, half, idle)),
        MINUTE_MS,
        memory=np.full((3, 60), 0.7),
        watts=np.full((3, 60), 60.0),
    )
    assert [one.key for one in found] == ["idle", "half"]
    first = found[0]
    assert first.idle_share == pytest.approx(55 / 60)
    assert first.idle_ms == 55 * MINUTE_MS
    assert first.longest_ms == 45 * MINUTE_MS
    assert first.memory_share == pytest.approx(0.7)
    assert first.idle_kwh == pytest.approx(0.055)


def test_a_gpu_without_values_is_not_called_idle():
    assert find_idle_gpus(["a"], np.full((1, 5), np.nan), MINUTE_MS) == ()


def test_gaps_are_neither_idle_nor_busy():
    row = np.array([[0.0, np.nan, 0.0, 0.9]])
    assert find_idle_gpus(["a"], row, MINUTE_MS)[0].idle_share == pytest.approx(2 / 3)
