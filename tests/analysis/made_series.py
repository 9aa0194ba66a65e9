"""Series with a known truth, for tests of the analysis room."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.regular_series import DAY_MS, HOUR_MS, RegularSeries, make_regular

MONDAY_MS = 1_780_272_000_000
"""Midnight, UTC."""
SEOUL, UTC = ZoneInfo("Asia/Seoul"), ZoneInfo("UTC")


def hourly(values: np.ndarray, zone: ZoneInfo = UTC) -> RegularSeries:
    return make_regular(MONDAY_MS + HOUR_MS * np.arange(len(values)), values, HOUR_MS, zone)


def daily(values: np.ndarray) -> RegularSeries:
    return make_regular(MONDAY_MS + DAY_MS * np.arange(len(values)), values, DAY_MS)


def wave(hours: int, size: float = 10.0) -> np.ndarray:
    """A day like the one before: around 0."""
    return size * np.sin(2 * np.pi * np.arange(hours) / 24)


def ar_noise(size: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """AR(1) noise of standard deviation 1."""
    steps = rng.normal(0, np.sqrt(1 - memory**2), size + 500)
    values = np.empty(size + 500)
    value = 0.0
    for index, step in enumerate(steps.tolist()):
        value = memory * value + step
        values[index] = value
    return values[500:]
