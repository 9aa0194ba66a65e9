"""When thresholds are reached, against series whose future is known."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from analysis.crossing.made_up import HOURS, hourly, noise, sawtooth
from jipyo.analysis.crossing import CrossingOptions, CrossingState, Motion, predict_crossings
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS
from jipyo.catalogue import Direction
from support.timing import measure_cpu_s

UP, DOWN = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE


def hours_until(forecast, t_ms):
    return (t_ms - forecast.end_ms) / HOUR_MS


def predict(values, threshold, direction=UP, **options):
    forecast = predict_crossings(hourly(values), [threshold], direction, CrossingOptions(**options))
    return forecast, forecast.crossings[0]


@pytest.mark.parametrize("threshold", [50.0, 60.0, 75.0])
def test_a_line_is_followed_to_its_threshold(threshold):
    forecast, found = predict(20 + 0.04 * HOURS + noise(), threshold)
    truth = (threshold - 20) / 0.04 - HOURS[-1]
    assert found.state is CrossingState.EXPECTED
    assert hours_until(forecast, found.t_ms) == pytest.approx(truth, rel=0.05, abs=8)
    assert found.earliest_ms <= found.t_ms <= found.latest_ms
    assert forecast.reason.motion is Motion.STEADY
    assert forecast.reason.per_day == pytest.approx(0.96, rel=0.05)


def test_a_falling_line_reaches_a_lower_threshold_at_the_same_time():
    rising = 20 + 0.04 * HOURS + noise()
    up, above = predict(rising, 60.0)
    down, below = predict(100 - rising, 40.0, DOWN)
    assert below.t_ms == above.t_ms
    assert below.probability == above.probability
    assert down.reason.per_day == pytest.approx(-up.reason.per_day)


def test_what_goes_the_other_way_is_not_announced():
    _, found = predict(60 - 0.04 * HOURS + noise(), 70.0)
    assert found.state is CrossingState.NOT_EXPECTED
    assert found.probability < 0.02
    assert found.t_ms is None


def test_a_flat_series_is_not_announced():
    forecast, found = predict(40 + noise(), 60.0)
    assert found.state is CrossingState.NOT_EXPECTED
    assert forecast.reason.motion is Motion.FLAT


def test_a_sawtooth_that_resets_is_not_announced():
    forecast, found = predict(sawtooth() + noise(), 75.0)
    assert found.state is CrossingState.NOT_EXPECTED
    assert found.probability == 0
    assert forecast.reason.motion is Motion.SAWTOOTH
    assert forecast.reason.period_ms == pytest.approx(72 * HOUR_MS, rel=0.02)


def test_a_sawtooth_whose_reset_is_overdue_is_announced():
    forecast, found = predict(sawtooth(resets_until=540) + noise(), 140.0)
    assert forecast.reason.motion is Motion.SAWTOOTH_OVERDUE
    assert found.state is CrossingState.EXPECTED
    truth = (140 - 20) / (40 / 72) + 504 - HOURS[-1]
    assert hours_until(forecast, found.t_ms) == pytest.approx(truth, rel=0.1)


def test_each_threshold_has_its_own_date():
    values = 20 + 0.04 * HOURS + noise()
    forecast = predict_crossings(hourly(values), [40.0, 60.0, 70.0, 500.0], UP)
    reached, warning, critical, never = forecast.crossings
    assert reached.state is CrossingState.REACHED
    assert forecast.find_eta_seconds(reached) == 0
    assert forecast.find_eta_seconds(warning) < forecast.find_eta_seconds(critical) < np.inf
    assert never.t_ms is None
    assert forecast.find_eta_seconds(never) == np.inf


def test_a_threshold_beyond_the_metrics_bounds_is_never_reached():
    _, found = predict(20 + 0.1 * HOURS, 110.0, highest=100.0)
    assert found.state is CrossingState.NOT_EXPECTED
    assert found.probability == 0


def test_too_little_history_is_unknown_and_not_fine():
    forecast, found = predict(np.arange(10.0), 60.0)
    assert found.state is CrossingState.UNKNOWN
    assert np.isnan(found.probability)
    assert forecast.reason is None
    assert forecast.samples == 10


def test_a_disk_that_fills_in_minutes_has_its_time():
    values = np.linspace(20, 50, 120)
    series = hourly(values, step_ms=15_000)
    forecast = predict_crossings(series, [90.0], UP, CrossingOptions(horizon_ms=DAY_MS))
    truth_ms = 40 / (30 / 119) * 15_000
    eta_ms = 1000 * forecast.find_eta_seconds(forecast.crossings[0])
    assert eta_ms == pytest.approx(truth_ms, rel=0.05)


def test_gaps_move_the_date_little():
    values = 20 + 0.04 * HOURS + noise()
    whole, before = predict(values, 70.0)
    values[100:160] = values[400:410] = np.nan
    gaps, after = predict(values, 70.0)
    assert hours_until(gaps, after.t_ms) == pytest.approx(hours_until(whole, before.t_ms), rel=0.05)
    assert gaps.samples == len(values) - 70


def test_the_same_seed_has_the_same_dates():
    values = 20 + 0.04 * HOURS + noise()
    assert predict(values, 70.0) == predict(values, 70.0)
    assert predict(values, 70.0)[1].latest_ms != predict(values, 70.0, seed=1)[1].latest_ms


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 7.0])
def test_units_do_not_matter(scale, shift):
    values = 20 + 0.04 * HOURS + noise()
    plain, expected = predict(values, 70.0)
    moved, found = predict((values + shift) * scale, (70.0 + shift) * scale)
    assert hours_until(moved, found.t_ms) == pytest.approx(hours_until(plain, expected.t_ms), 0.01)


@pytest.mark.parametrize(
    ("values", "motion"),
    [
        (40 + noise(), Motion.FLAT),
        (20 + 0.04 * HOURS + noise(), Motion.STEADY),
        (20 + 3 * np.exp(HOURS / 300) + noise(), Motion.ACCELERATING),
        (20 + 40 * (1 - np.exp(-HOURS / 200)) + noise(), Motion.SATURATING),
        (20 + 5.0 * (HOURS // 96) + noise(), Motion.STEPS),
        (40 + 4 * np.abs(HOURS % 200 - 100) / 10 + noise(), Motion.WANDERING),
        (sawtooth() + noise(), Motion.SAWTOOTH),
        (sawtooth(resets_until=540) + noise(), Motion.SAWTOOTH_OVERDUE),
    ],
)
def test_the_reason_names_the_motion(values, motion):
    forecast, _ = predict(values, 200.0)
    assert forecast.reason.motion is motion


def test_steps_have_their_distance_and_the_last_of_them():
    forecast, _ = predict(20 + 5.0 * (HOURS // 96) + noise(), 200.0)
    assert forecast.reason.period_ms == pytest.approx(96 * HOUR_MS, abs=6 * HOUR_MS)
    assert forecast.reason.last_ms == pytest.approx(forecast.end_ms - 95 * HOUR_MS, abs=8 * HOUR_MS)
    assert forecast.reason.per_day == pytest.approx(5 / 4, rel=0.2)


@pytest.mark.parametrize("values", [20 + 0.01 * HOURS + noise(), sawtooth(period=12) + noise()])
def test_seconds_over_months_take_bounded_memory_and_time(values):
    options = CrossingOptions(horizon_ms=90 * DAY_MS)
    tracemalloc.start()

    def predict() -> None:
        predict_crossings(hourly(values, step_ms=15_000), [90.0, 200.0], UP, options)

    spent_s = measure_cpu_s(predict)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120e6
    assert spent_s < 5
