"""What every forecaster, detector and trend test promises, whatever it is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods import HIGH, LOW, METHODS, Figures, Method
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import HOUR_MS, RegularSeries, make_regular
from jipyo.i18n import LANGS, texts

SIZE = 24 * 30
START_MS = 1_780_272_000_000


def make_series(values: np.ndarray) -> RegularSeries:
    return make_regular(START_MS + HOUR_MS * np.arange(len(values)), values, HOUR_MS)


def make_values(seed: int = 7) -> np.ndarray:
    """A month between 0 and 100 with a daily rhythm, growth and noise."""
    rng = np.random.default_rng(seed)
    at = np.arange(SIZE)
    rhythm = 15 * np.sin(2 * np.pi * at / 24)
    return np.clip(45 + rhythm + at / 60 + rng.normal(0, 4, SIZE), 0, 100)


def with_gaps(values: np.ndarray) -> np.ndarray:
    holes = values.copy()
    holes[100:104] = np.nan
    holes[300:380] = np.nan
    holes[500::17] = np.nan
    return holes


def spiked(size: float) -> np.ndarray:
    values = make_values()
    values[200:203] = size
    return values


PECULIAR = {
    "nothing": np.empty(0),
    "NaN only": np.full(SIZE, np.nan),
    "infinity only": np.full(SIZE, np.inf),
    "one point": np.array([3.0]),
    "two points": np.array([3.0, 4.0]),
    "two points far apart": np.r_[3.0, np.full(SIZE, np.nan), 4.0],
    "constant": np.full(SIZE, 42.0),
    "zero": np.zeros(SIZE),
    "zero but once": np.r_[np.zeros(SIZE - 200), 1.0, np.zeros(199)],
    "a step": np.r_[np.zeros(SIZE - 100), np.ones(100)],
    "two values in turn": np.arange(SIZE) % 2.0,
    "a line": np.arange(SIZE) / 7,
    "the same day again": np.tile(np.arange(24.0), SIZE // 24),
    "gaps": with_gaps(make_values()),
    "every second absent": np.where(np.arange(SIZE) % 2, np.nan, make_values()),
    "nearly all absent": np.where(np.arange(SIZE) % 40, np.nan, make_values()),
    "a spike": spiked(1e12),
    "infinity within": spiked(np.inf),
    "minus infinity within": spiked(-np.inf),
    "huge": make_values() * 1e147,
    "beyond what squares hold": make_values() * 1e300,
    "tiny": make_values() * 1e-200,
    "denormal": make_values() * 1e-318,
    "negative": -make_values(),
    "a day and an hour": make_values()[:25],
    "three days": make_values()[:72],
    "nine days": make_values()[:217],
}


def numbers(figures: Figures) -> np.ndarray:
    return np.concatenate([figures.values.ravel(), figures.sizes.ravel(), figures.plain.ravel()])


def run(method: Method, values: np.ndarray) -> Figures:
    figures = method.run(make_series(values))
    assert isinstance(figures, Figures)
    return figures


every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


@every_method
@pytest.mark.parametrize("kind", PECULIAR)
def test_every_number_is_finite_or_there_is_a_reason(method: Method, kind: str) -> None:
    result = method.run(make_series(PECULIAR[kind]))
    if isinstance(result, NoResult):
        for lang in LANGS:
            assert texts(lang)(result.key, **result.values)
    else:
        assert np.isfinite(numbers(result)).all()


@every_method
def test_a_month_of_hours_is_enough(method: Method) -> None:
    assert numbers(run(method, make_values())).dtype == np.float64


@every_method
def test_the_same_input_has_the_same_result(method: Method) -> None:
    first, again = (numbers(run(method, make_values())) for _ in range(2))
    assert first.tolist() == again.tolist()


@every_method
def test_the_input_is_left_as_it_is(method: Method) -> None:
    series = make_series(make_values())
    series.values.flags.writeable = False
    series.measured.flags.writeable = False
    before = series.values.copy()
    method.run(series)
    assert series.values.tolist() == before.tolist()


@every_method
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("scale", "shift"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 500.0), (8.0, 64.0)])
def test_a_scaled_and_shifted_series_has_the_scaled_and_shifted_result(
    method: Method, seed: int, scale: float, shift: float
) -> None:
    values = make_values(seed) + 1000  # far from 0, below which nothing falls that never did
    plain, moved = (method.run(make_series(v)) for v in (values, values * scale + shift))
    if isinstance(plain, NoResult):
        assert isinstance(moved, NoResult)
        assert moved.key == plain.key
        return
    assert isinstance(moved, Figures)
    near = 1e-5 * scale
    np.testing.assert_allclose(moved.values, plain.values * scale + shift, rtol=1e-6, atol=near)
    np.testing.assert_allclose(moved.sizes, plain.sizes * scale, rtol=1e-5, atol=near)
    np.testing.assert_allclose(moved.plain, plain.plain, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", [m for m in METHODS if m.bounded], ids=lambda m: m.name)
@pytest.mark.parametrize("level", [0.0, 5.0, 50.0, 97.0, 100.0])
def test_a_bounded_metric_stays_within_its_bounds(method: Method, level: float) -> None:
    assert method.bounded is not None
    noise = np.random.default_rng(3).normal(0, 8, SIZE)
    result = method.bounded(make_series(np.clip(level + noise, LOW, HIGH)))
    assert isinstance(result, Figures)
    assert result.values.min() >= LOW
    assert result.values.max() <= HIGH


@every_method
@given(
    st.lists(st.floats(allow_subnormal=True), min_size=1, max_size=40),
    st.integers(200, 800),
)
@settings(max_examples=25, deadline=None)
def test_any_numbers_have_a_finite_result_or_a_reason(
    method: Method, numbers_given: list[float], size: int
) -> None:
    values = np.resize(np.array(numbers_given, np.float64), size)
    result = method.run(make_series(values))
    assert isinstance(result, NoResult) or np.isfinite(numbers(result)).all()
