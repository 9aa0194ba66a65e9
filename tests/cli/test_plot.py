"""The chart of characters loses no spike and survives any data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jipyo.cli import plot


def drawn(values: list[float], width: int = 10, height: int = 3) -> list[str]:
    line = np.array([values], np.float64)
    canvas = plot.draw(line, np.isfinite(line), width, height)
    return ["".join(character for character, _ in row) for row in canvas.list_rows()]


def test_a_spike_of_one_step_is_seen() -> None:
    values = [0.0] * 1000
    values[567] = 1.0
    assert drawn(values)[0].strip("⠀")


def test_a_gap_breaks_the_line() -> None:
    rows = drawn([1.0] * 8 + [float("nan")] * 8 + [1.0] * 8, width=12, height=1)
    assert "⠀" in rows[0].strip("⠀")


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e300])
def test_equal_values_lie_between_the_bounds(value: float) -> None:
    low, high = plot.find_bounds(np.array([[value]]), np.array([[True]]))
    assert low < high
    assert low <= value <= high


def test_no_value_has_bounds_all_the_same() -> None:
    assert plot.find_bounds(np.array([[np.nan]]), np.array([[True]])) == (0.0, 1.0)


@given(arrays(np.float64, (2, 30), elements=st.floats(width=32)))
def test_anything_can_be_drawn(values: np.ndarray) -> None:
    canvas = plot.draw(values, np.ones(values.shape, bool), 7, 4)
    assert canvas.bits.shape == (4, 7)
    assert canvas.bits.max() <= 0xFF
