"""Hourly series of four weeks for the tests of crossings."""

from __future__ import annotations

import numpy as np

from jipyo.analysis.regular_series import HOUR_MS, make_regular

START_MS = 1_794_700_800_000  # 2026-11-15 00:00 UTC
HOURS = np.arange(28 * 24, dtype=float)


def noise(sd=0.3, seed=1):
    return np.random.default_rng(seed).normal(0, sd, len(HOURS))


def sawtooth(period=72, height=40.0, resets_until=np.inf):
    last = resets_until - resets_until % period if np.isfinite(resets_until) else np.inf
    phase = np.where(last <= HOURS, HOURS - last, HOURS % period)
    return 20 + phase * height / period


def hourly(values, step_ms=HOUR_MS):
    t_ms = START_MS + step_ms * np.arange(len(values), dtype=np.int64)
    return make_regular(t_ms, np.asarray(values, dtype=float), step_ms)
