"""Made series: what operations metrics look like, with gaps, resets, shifts, saturation, calendars.

Every kind has a daily rhythm or none, noise with memory, and one peculiarity. A part has its
own seed, so that nothing is judged on what it was tuned on.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from bench.analysis_data import HISTORY, MONDAY_MS, Case
from jipyo.analysis.regular_series import DAY_MS, make_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.sample import Values

    Rng = np.random.Generator
    Shape = Callable[[int, int, Rng], Values]
    """Points, points a day (1 of daily values), and chance -> values."""


def make_noise(size: int, memory: float, rng: Rng) -> Values:
    """AR(1) noise of standard deviation 1."""
    steps = rng.normal(0, np.sqrt(1 - memory**2), size + 200)
    values = np.empty(size + 200)
    value = 0.0
    for index, step in enumerate(steps):
        value = memory * value + step
        values[index] = value
    return values[200:]


def make_rhythm(size: int, day: int, rng: Rng) -> Values:
    """A day with its peak and a weaker weekend, between 0 and about 1; daily values: the week."""
    at = np.arange(size)
    days = at // day
    weekend: Values = 1 - rng.uniform(0.1, 0.8) * (days % 7 >= 5).astype(np.float64)
    if day == 1:
        return weekend
    hour = at % day / day
    peak = rng.uniform(0.4, 0.8)
    second = rng.uniform(0, 0.4)
    wave = np.cos(2 * np.pi * (hour - peak)) + second * np.cos(4 * np.pi * (hour - peak - 0.1))
    rhythm: Values = (wave - wave.min()) / np.ptp(wave) * weekend
    return rhythm


def load(size: int, day: int, rng: Rng) -> Values:
    """Requests: the rhythm, noise in proportion."""
    rhythm = 0.2 + make_rhythm(size, day, rng)
    return 100 * rhythm * np.exp(rng.uniform(0.05, 0.2) * make_noise(size, 0.8, rng))


def growing_load(size: int, day: int, rng: Rng) -> Values:
    """The same, growing."""
    return load(size, day, rng) * (1 + rng.uniform(0.2, 1.5) * np.arange(size) / size)


def utilisation(size: int, day: int, rng: Rng) -> Values:
    """A percentage that saturates at 100."""
    return np.clip(rng.uniform(0.6, 1.6) * load(size, day, rng), 0, 100)


def memory_with_restarts(size: int, day: int, rng: Rng) -> Values:
    """A leak that a restart ends, at irregular times."""
    values, value = np.empty(size), 30.0
    rate = rng.uniform(2, 8) / day
    chance = 1 / (rng.uniform(4, 12) * day)
    for index in range(size):
        value = 30.0 if rng.random() < chance else value + rate * rng.uniform(0.5, 1.5)
        values[index] = value
    return values + make_noise(size, 0.5, rng)


def nightly_job(size: int, day: int, rng: Rng) -> Values:
    """Quiet, but for a peak at the same hour every day; monthly in daily values."""
    period = day if day > 1 else 7
    start = int(rng.integers(period))
    is_on = (np.arange(size) - start) % period < max(1, period // 12)
    return np.abs(5 + 60 * is_on * rng.uniform(0.8, 1.2, size) + make_noise(size, 0.5, rng))


def shifted(size: int, day: int, rng: Rng) -> Values:
    """A deployment changes the level for good."""
    at = int(size * rng.uniform(0.4, 0.9))
    return load(size, day, rng) * np.where(np.arange(size) < at, 1, rng.choice([0.5, 1.8]))


def filling_disk(size: int, day: int, rng: Rng) -> Values:
    """Steady growth with a trace of the rhythm."""
    growth = np.cumsum(np.maximum(rng.normal(1, 0.5, size), 0)) * rng.uniform(10, 40) / size
    return 30 + growth + rng.uniform(0, 2) * make_rhythm(size, day, rng)


def wandering(size: int, day: int, rng: Rng) -> Values:
    """No rhythm and long memory."""
    return 50 + 10 * make_noise(size, 0.99, rng)


def plain_noise(size: int, day: int, rng: Rng) -> Values:
    """No rhythm and short memory."""
    return np.abs(20 + 3 * make_noise(size, float(rng.choice([0, 0.5, 0.8])), rng))


def bursts(size: int, day: int, rng: Rng) -> Values:
    """Errors: nearly always zero."""
    values = np.where(rng.random(size) < 0.03, rng.pareto(1.5, size) * 10, 0)
    return np.convolve(values, [1, 0.6, 0.3])[:size]


def counted(size: int, day: int, rng: Rng) -> Values:
    """Few events, as whole numbers."""
    return rng.poisson(rng.uniform(2, 10) * (0.1 + make_rhythm(size, day, rng))).astype(np.float64)


def holidays(size: int, day: int, rng: Rng) -> Values:
    """The rhythm with some days off."""
    days = -(-size // day)
    off = np.repeat(rng.random(days) < 0.05, day)[:size]
    return load(size, day, rng) * np.where(off, 0.3, 1)


def gaps(size: int, day: int, rng: Rng) -> Values:
    """The rhythm with hours and days that were not measured."""
    values = load(size, day, rng)
    for _ in range(4):
        start = int(rng.integers(size))
        values[start : start + int(rng.integers(1, max(2, 2 * day)))] = np.nan
    values[rng.random(size) < 0.02] = np.nan
    return values


SHAPES: tuple[Shape, ...] = (
    load, growing_load, utilisation, memory_with_restarts, nightly_job, shifted, filling_disk,
    wandering, plain_noise, bursts, counted, holidays, gaps,
)  # fmt: skip


def make_shapes(part: str, step_ms: int, steps: int, each: int = 2) -> list[Case]:
    """So many cases of every kind."""
    cases = []
    size = HISTORY[step_ms]
    for shape in SHAPES:
        for index in range(each):
            rng = np.random.default_rng(zlib.crc32(f"{part}{shape.__name__}{index}".encode()))
            values = shape(size + steps, DAY_MS // step_ms, rng)
            known = np.where(
                np.arange(size) < size - 1, values[:size], np.nan_to_num(values[size - 1])
            )
            times = MONDAY_MS + step_ms * np.arange(size)
            history = make_regular(times, known, step_ms)
            cases.append(Case(shape.__name__, history, values[size:]))
    return cases
