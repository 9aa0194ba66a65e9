"""The ensemble: what it expects, how sure it is, when it says nothing; its components."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.made_series import MONDAY_MS, SEOUL, ar_noise, daily, hourly, wave
from jipyo.analysis.forecast import Component, Forecast, ValueBounds, forecast
from jipyo.analysis.forecast.components import COMPONENTS, find_profile, smooth
from jipyo.analysis.forecast.scale import choose_scale
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS, RegularSeries, make_regular

WEEKS = 6 * 7 * 24


def forecast_of(series: RegularSeries, steps: int, bounds: ValueBounds | None = None) -> Forecast:
    result = forecast(series, steps, bounds or ValueBounds())
    assert isinstance(result, Forecast), result
    return result


def load(hours: int, seed: int = 1, noise: float = 2.0) -> np.ndarray:
    """Requests: a day, a quiet weekend, noise with memory."""
    at = np.arange(hours)
    weekend = np.where(at // 24 % 7 >= 5, 0.5, 1.0)
    return (50 + wave(hours, 30)) * weekend + noise * ar_noise(
        hours, 0.7, np.random.default_rng(seed)
    )


@pytest.mark.parametrize("steps", [24, 168])
def test_a_weekly_rhythm_goes_on(steps: int) -> None:
    values = load(WEEKS + steps)
    result = forecast_of(hourly(values[:WEEKS]), steps)
    assert np.abs(result.median - values[WEEKS:]).mean() < 3.5
    assert result.backtest.mase < 0.6 * result.backtest.naive_mase
    assert result.t_ms.tolist() == [MONDAY_MS + HOUR_MS * (WEEKS + step) for step in range(steps)]


def test_quantiles_ascend_and_widen_with_the_horizon() -> None:
    noise = ar_noise(WEEKS, 0.95, np.random.default_rng(3)) * 10
    result = forecast_of(hourly(load(WEEKS) + noise), 168)
    assert (np.diff(result.quantiles, axis=0) >= 0).all()
    low, high = result.interval_95
    assert (np.diff(high - low) >= -1e-9).all()
    narrow_low, narrow_high = result.interval_80
    assert (low <= narrow_low).all()
    assert (narrow_high <= high).all()
    assert (result.quantiles[2] == result.median).all()


def test_intervals_cover_what_they_say() -> None:
    inside = []
    for seed in range(60):
        values = load(WEEKS + 24, seed, noise=8)
        result = forecast_of(hourly(values[:WEEKS]), 24)
        truth = values[WEEKS:]
        for low, high in (result.interval_80, result.interval_95):
            inside.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(inside[::2]) == pytest.approx(0.80, abs=0.06)
    assert np.mean(inside[1::2]) == pytest.approx(0.95, abs=0.04)


def test_steady_growth_goes_on() -> None:
    days = 200 + 3.0 * np.arange(120) + ar_noise(120, 0.5, np.random.default_rng(2)) * 5
    result = forecast_of(daily(days[:90]), 30)
    assert result.median[-1] == pytest.approx(200 + 3 * 119, rel=0.03)
    grows = (Component.TREND, Component.AUTOREGRESSION, Component.CHANGES)
    assert result.backtest.leading in grows


@pytest.mark.parametrize("times", [0.5, 1.8])
def test_after_a_shift_of_the_level_the_new_one_is_expected(times: float) -> None:
    values = load(WEEKS + 24)
    values[WEEKS - 24 * 12 :] *= times
    result = forecast_of(hourly(values[:WEEKS]), 24)
    assert np.abs(result.median - values[WEEKS:]).mean() < 5 * times
    assert result.backtest.mase < result.backtest.naive_mase


def test_gaps_are_filled_and_said() -> None:
    values = load(WEEKS)
    holes = values.copy()
    holes[300:340] = np.nan
    holes[::50] = np.nan
    result = forecast_of(hourly(holes), 24)
    whole = forecast_of(hourly(values), 24)
    assert result.filled_share == pytest.approx(np.isnan(holes[1:]).sum() / (WEEKS - 1), abs=1e-3)
    assert np.abs(result.median - whole.median).mean() < 2
    assert whole.filled_share == 0


def test_a_percentage_stays_between_its_bounds_and_what_was_never_negative_above_zero() -> None:
    busy = np.clip(load(WEEKS) + 30, 0, 100)
    result = forecast_of(hourly(busy), 48, ValueBounds(0, 100))
    assert 0 <= result.quantiles.min() <= result.quantiles.max() <= 100
    quiet = np.maximum(load(WEEKS, noise=10) - 40, 0)
    assert forecast_of(hourly(quiet), 48).quantiles.min() >= 0
    assert forecast_of(hourly(quiet - 40), 48).quantiles.min() < -20


def test_what_was_seen_beyond_the_bounds_widens_them() -> None:
    result = forecast_of(hourly(load(WEEKS) + 100), 24, ValueBounds(0, 100))
    assert result.median.max() > 110


def test_a_constant_series_stays() -> None:
    result = forecast_of(hourly(np.full(200, 42.0)), 24)
    assert (result.quantiles == 42).all()
    assert (result.backtest.mase, result.backtest.leading) == (0, Component.LAST_VALUE)


def test_the_same_day_again_is_exact() -> None:
    result = forecast_of(hourly(wave(WEEKS)), 24)
    assert result.median == pytest.approx(wave(24), abs=1e-9)
    assert result.backtest.mase < 0.01


def test_nine_o_clock_is_forecast_at_nine_when_the_clocks_are_set_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    last = datetime(2026, 3, 28, 22, tzinfo=UTC)
    times = [last + timedelta(hours=hour) for hour in range(1 - WEEKS, 1)]
    clock = np.array([time.astimezone(berlin).hour for time in times], np.float64)
    t_ms = np.array([round(time.timestamp() * 1000) for time in times])
    result = forecast_of(make_regular(t_ms, clock, HOUR_MS, berlin), 48)
    ahead = [datetime.fromtimestamp(t / 1000, berlin).hour for t in result.t_ms.tolist()]
    assert result.median == pytest.approx(ahead, abs=0.5)


def test_days_vary_in_proportion_to_their_level() -> None:
    """Counts of a day, doubling in ten weeks: the intervals widen upwards."""
    rng = np.random.default_rng(4)
    days = 1000 * 2 ** (np.arange(200) / 70) * np.exp(rng.normal(0, 0.2, 200))
    result = forecast_of(daily(days[:170]), 30)
    low, high = result.interval_80
    assert (high - result.median > result.median - low).all()
    assert result.median[-1] == pytest.approx(1000 * 2 ** (199 / 70), rel=0.25)
    assert result.quantiles.max() <= 3 * days.max()


@given(st.lists(st.floats(0, 1e9), min_size=21, max_size=60), st.sampled_from([DAY_MS, HOUR_MS]))
def test_a_scale_restores_what_it_reduced(numbers: list[float], step_ms: int) -> None:
    values = np.array(numbers)
    series = make_regular(step_ms * np.arange(len(values)), values, step_ms)
    if np.ptp(values) > 1e-3:
        scale = choose_scale(series)
        reduced = scale.reduce(series.values)
        assert np.ptp(reduced) == pytest.approx(1)
        near = 1e-9 * values.max()
        np.testing.assert_allclose(scale.restore(reduced), values, rtol=1e-6, atol=near)


@pytest.mark.parametrize(
    ("series", "steps", "key", "values"),
    [
        (hourly(load(71)), 24, "short", {"days": 2, "least": 3}),
        (daily(load(20)), 7, "short", {"days": 20, "least": 21}),
        (hourly(load(100)), 168, "far", {"days": 4, "ahead": 7}),
        (hourly(np.where(np.arange(200) % 3, np.nan, load(200))), 24, "gaps", {"percent": 66}),
        (make_regular(7 * HOUR_MS * np.arange(100), load(100), 7 * HOUR_MS), 9, "step", {}),
        (make_regular(2 * DAY_MS * np.arange(100), load(100), 2 * DAY_MS), 9, "step", {}),
        (hourly(np.empty(0)), 24, "short", {"days": 0, "least": 3}),
    ],
)
def test_there_is_a_reason_where_there_is_no_forecast(
    series: RegularSeries, steps: int, key: str, values: dict[str, object]
) -> None:
    assert forecast(series, steps) == NoResult(f"analysis.no_forecast.{key}", values)


def test_what_does_not_beat_the_last_day_is_not_shown() -> None:
    """A rhythm that is a new one every third day: nothing but yesterday is of use."""
    rng = np.random.default_rng(9)
    days = np.repeat(rng.normal(0, 10, (14, 24)), 3, axis=0)
    results = [forecast(hourly(days[skip:].ravel()), 24) for skip in range(6)]
    refused = [result for result in results if isinstance(result, NoResult)]
    assert {result.key for result in refused} == {"analysis.no_forecast.naive.day"}
    figures = [(result.values["mase"], result.values["naive"]) for result in refused]
    assert all(float(str(mase)) >= float(str(naive)) for mase, naive in figures)
    shown = [result for result in results if isinstance(result, Forecast)]
    assert all(result.backtest.mase < result.backtest.naive_mase for result in shown)


@given(st.integers(0, 10_000), st.sampled_from([72, 100, 200, 400]), st.sampled_from([1, 24, 60]))
@settings(max_examples=30, deadline=None)
def test_weights_add_up_and_shares_are_shares(seed: int, size: int, steps: int) -> None:
    result = forecast(hourly(load(size, seed, noise=10), SEOUL), steps)
    if isinstance(result, Forecast):
        backtest = result.backtest
        assert sum(weight for _, weight in backtest.weights) == pytest.approx(1)
        assert 0 <= backtest.coverage_80 <= backtest.coverage_95 <= 1
        assert backtest.steps <= max(steps, 6)
        assert backtest.mase < backtest.naive_mase


@pytest.mark.parametrize("component", Component)
@pytest.mark.parametrize("size", [75, 400, WEEKS])
def test_a_component_reads_nothing_at_or_after_its_origin(component: Component, size: int) -> None:
    values = load(size)
    periods = hourly(values).periods
    origins = np.array([size, size - 13, size - 20])
    least = COMPONENTS[component](values, origins, 10, periods)
    assert least.shape == (3, 10)
    changed = values.copy()
    changed[size - 13 :] += 1000
    after = COMPONENTS[component](changed, origins[1:], 10, periods)
    expected = COMPONENTS[component](values, origins[1:], 10, periods)
    np.testing.assert_allclose(after, expected)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.sampled_from([0.02, 0.3, 0.8]))
def test_smoothing_is_the_recursion(numbers: list[float], share: float) -> None:
    level, expected = numbers[0], []
    for number in numbers:
        level += share * (number - level)
        expected.append(level)
    assert smooth(np.array(numbers), share) == pytest.approx(expected, abs=3e-3)


def test_a_profile_is_the_weighted_mean_of_its_cycles() -> None:
    days = np.random.default_rng(5).normal(size=(3, 24))
    expected = (0.25 * days[0] + 0.5 * days[1] + days[2]) / 1.75
    assert find_profile(np.r_[[99.0], days.ravel()], 24, 0.5) == pytest.approx(expected)


def test_a_profile_is_not_moved_by_one_wild_day() -> None:
    rng = np.random.default_rng(6)
    days = wave(24) + rng.normal(0, 0.5, (8, 24))
    wild = days.copy()
    wild[4] += 500
    difference = find_profile(wild.ravel(), 24, 0.75) - find_profile(days.ravel(), 24, 0.75)
    assert np.abs(difference).max() < 1


def test_the_autoregression_finds_the_memory() -> None:
    values = 10 * ar_noise(WEEKS, 0.8, np.random.default_rng(7))
    origins = np.arange(WEEKS - 60, WEEKS - 3, 3)
    steps = COMPONENTS[Component.AUTOREGRESSION](values, origins, 3, (24, 168))
    last = values[origins - 1]
    assert np.corrcoef(steps[:, 0], 0.8 * last)[0, 1] > 0.97
    assert np.abs(steps[:, 0] - 0.8 * last).mean() < 1.5
