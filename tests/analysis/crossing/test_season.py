"""What repeats is taken off, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.analysis.crossing.season import continue_season, find_season

DAY, WEEK = 24, 168
HOURS = np.arange(28 * DAY, dtype=float)
WAVE = 10 * np.sin(HOURS * 2 * np.pi / DAY)


def test_a_daily_wave_on_a_slope_is_found_and_the_slope_is_left():
    season = find_season(0.05 * HOURS + WAVE, (DAY, WEEK))
    np.testing.assert_allclose(season, WAVE, atol=0.7)


def test_quiet_weekends_are_found():
    weekend = np.where(np.isin(HOURS // DAY % 7, (5, 6)), -8.0, 0.0)
    rest = WAVE + weekend - find_season(WAVE + weekend, (DAY, WEEK))
    assert np.std(rest[WEEK:-WEEK]) < 0.1 * np.std(weekend)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_season(seed):
    noise = np.random.default_rng(seed).normal(0, 1, len(HOURS))
    assert not find_season(noise, (DAY, WEEK)).any()


def test_gaps_do_not_move_it():
    y = WAVE.copy()
    y[100:130] = np.nan
    np.testing.assert_allclose(find_season(y, (DAY,)), WAVE, atol=0.7)


def test_it_goes_on_in_step():
    season = np.resize(np.arange(24.0), 60)  # ends at 11
    assert continue_season(season, (DAY,), 3).tolist() == [12, 13, 14]
    assert not continue_season(season, (WEEK,), 3).any()


def test_less_than_two_periods_have_none():
    assert not find_season(WAVE[:40], (DAY,)).any()
