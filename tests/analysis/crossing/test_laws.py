"""What holds of crossings whatever the series is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.crossing.made_up import HOURS, hourly, noise, sawtooth
from jipyo.analysis.crossing import CrossingState, predict_crossings
from jipyo.catalogue import Direction

UP = Direction.HIGHER_IS_WORSE
SHAPES = {
    "growth": 20 + 0.03 * HOURS,
    "sawtooth": sawtooth(),
    "rising sawtooth": sawtooth(height=20) + 0.02 * HOURS,
    "steps": 20 + 4.0 * (HOURS // 80),
    "curve": 20 + 3 * np.exp(HOURS / 300),
    "days": 40 + 10 * np.sin(HOURS * 2 * np.pi / 24) + 0.02 * HOURS,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_higher_threshold_is_reached_later_and_less_probably(shape):
    values = SHAPES[shape] + noise(0.5)
    thresholds = (values.max() + np.arange(1, 40, 3.0)).tolist()
    found = predict_crossings(hourly(values), thresholds, UP).crossings
    for lower, higher in pairwise(found):
        assert lower.probability >= higher.probability
        for name in ("t_ms", "earliest_ms", "latest_ms"):
            first, second = getattr(lower, name), getattr(higher, name)
            assert second is None or (first is not None and first <= second)


@given(
    shape=st.sampled_from(sorted(SHAPES)),
    seed=st.integers(0, 1000),
    threshold=st.floats(-50, 300),
    gap=st.tuples(st.integers(0, 600), st.integers(0, 60)),
)
@settings(max_examples=40, deadline=None)
def test_an_answer_agrees_with_itself(shape, seed, threshold, gap):
    values = SHAPES[shape] + noise(0.5, seed)
    values[gap[0] : gap[0] + gap[1]] = np.nan
    forecast = predict_crossings(hourly(values), [threshold], UP)
    found = forecast.crossings[0]
    assert 0 <= found.probability <= 1
    assert (found.probability >= 0.5) == (
        found.state in (CrossingState.EXPECTED, CrossingState.REACHED)
    )
    known = [t for t in (found.earliest_ms, found.t_ms, found.latest_ms) if t is not None]
    assert known == sorted(known)
    assert all(forecast.end_ms <= t <= forecast.end_ms + 2 * forecast.horizon_ms for t in known)
    if found.state is CrossingState.EXPECTED:
        assert found.t_ms is not None
        assert found.t_ms <= forecast.end_ms + forecast.horizon_ms


def test_the_order_of_thresholds_does_not_matter():
    values = SHAPES["growth"] + noise()
    one, two = (
        predict_crossings(hourly(values), order, UP).crossings for order in ([60, 50], [50, 60])
    )
    assert one == two[::-1]
