"""What is a sawtooth, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.crossing.made_up import HOURS, noise, sawtooth
from jipyo.analysis.crossing.teeth import find_teeth, simulate_teeth


def test_the_teeth_are_measured():
    teeth = find_teeth(sawtooth(period=72, height=36) + noise(0.2))
    assert teeth is not None
    np.testing.assert_allclose(teeth.lengths, 72, atol=1)
    np.testing.assert_allclose(teeth.slopes, 0.5, atol=0.05)
    np.testing.assert_allclose(teeth.floors, 20, atol=0.5)
    assert not teeth.is_overdue


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("noise", 40 + noise(2)),
        ("a line", 0.05 * HOURS + noise()),
        ("a wave", 10 * np.sin(HOURS / 4) + noise()),
        ("a load that comes and goes", 30.0 * (HOURS % 24 > 12) + noise()),
        ("spikes", 40 + noise() + 50.0 * (HOURS % 100 == 50)),
        ("one restart", np.where(HOURS < 400, HOURS, HOURS - 400) + noise()),
        ("a constant", np.full(len(HOURS), 3.0)),
    ],
)
def test_other_shapes_are_none(name, values):
    assert find_teeth(values) is None, name


def test_a_reset_within_a_gap_is_seen():
    values = sawtooth() + noise()
    values[140:150] = np.nan
    teeth = find_teeth(values)
    assert teeth is not None
    assert len(teeth.lengths) == len(HOURS) // 72 - 1


def test_a_sawtooth_that_rises_reaches_its_threshold():
    teeth = find_teeth(sawtooth(height=20) + 0.02 * HOURS + noise(0.1))
    assert teeth is not None
    hits = simulate_teeth(teeth, 60.0, 1440, 200, np.random.default_rng(0))
    # Peaks are 40 + 0.02 h: the tooth that ends after hour 1,000 is the first.
    assert np.median(hits) + len(HOURS) == pytest.approx(1000, rel=0.1)


def test_the_reset_ends_the_present_tooth():
    teeth = find_teeth(sawtooth() + noise(0.1))
    assert teeth is not None
    assert np.isinf(simulate_teeth(teeth, 65.0, 1440, 200, np.random.default_rng(0))).all()


def test_a_fall_that_is_not_over_ends_where_others_did():
    values = sawtooth()[: 9 * 72 + 1] + noise(0.1)[: 9 * 72 + 1]
    values[-1] = 42.0  # half way down
    teeth = find_teeth(values)
    assert teeth is not None
    assert teeth.elapsed == 1
    hits = simulate_teeth(teeth, 66.0, 1440, 200, np.random.default_rng(0))
    assert np.isinf(hits).all()
