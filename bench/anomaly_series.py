"""Five-minute series of two weeks with labelled anomalies, made up, to choose a threshold on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.nab import Labelled

if TYPE_CHECKING:
    from bench.nab import Numbers

STEP_MS = 300_000
DAY = 288
LENGTH = 14 * DAY
START_MS = 1_794_787_200_000
"""Monday, 2026-11-16 00:00 UTC."""
_WINDOW = 400


def correlate(rng: np.random.Generator, memory: float) -> Numbers:
    """AR(1) noise of unit variance."""
    steps = rng.normal(0, np.sqrt(1 - memory**2), LENGTH)
    out, value = np.empty(LENGTH), 0.0
    for at, step in enumerate(steps):
        value = memory * value + step
        out[at] = value
    return out


def hump(rng: np.random.Generator) -> Numbers:
    """The shape of working days, from 0 to 1, lower at weekends."""
    at = np.arange(LENGTH)
    phase = (at % DAY) / DAY - rng.uniform(0.35, 0.65)
    shape = np.exp(-0.5 * (phase / rng.uniform(0.08, 0.2)) ** 2)
    weekend = np.isin(at // DAY % 7, (5, 6))
    return np.where(weekend, rng.uniform(0.1, 1.0), 1.0) * shape


def cpu(rng: np.random.Generator) -> Numbers:
    load = rng.uniform(2, 30) + rng.uniform(0, 40) * hump(rng)
    return np.clip(load + rng.uniform(0.3, 4) * correlate(rng, rng.uniform(0, 0.9)), 0, 100)


def quiet_cpu(rng: np.random.Generator) -> Numbers:
    """Nearly nothing, in steps of the resolution, with small bursts now and then."""
    base = np.round(rng.uniform(0.05, 3) + 0.02 * rng.integers(-2, 3, LENGTH), 3)
    bursts = rng.random(LENGTH) < rng.uniform(0, 0.01)
    return base + bursts * rng.exponential(base.mean(), LENGTH)


def network(rng: np.random.Generator) -> Numbers:
    """Bytes: heavy tails around a daily level."""
    level = rng.uniform(11, 15) + rng.uniform(0, 1.5) * hump(rng)
    return np.exp(level + rng.uniform(0.1, 0.9) * correlate(rng, rng.uniform(0, 0.8)))


def disk_writes(rng: np.random.Generator) -> Numbers:
    """Zero mostly, with flushes at random or by the clock."""
    size = rng.uniform(1e5, 1e8)
    often = rng.uniform(0.01, 0.2)
    flushes = rng.random(LENGTH) < often
    if rng.random() < 0.5:
        flushes = np.arange(LENGTH) % int(1 / often) == 0
    return flushes * size * rng.lognormal(0, rng.uniform(0.1, 0.8), LENGTH)


def requests(rng: np.random.Generator) -> Numbers:
    rate = rng.uniform(5, 300) * (0.15 + hump(rng)) * np.exp(0.1 * correlate(rng, 0.9))
    return rng.poisson(rate).astype(float)


def latency(rng: np.random.Generator) -> Numbers:
    base = rng.uniform(0.02, 2) * (1 + rng.uniform(0, 1) * hump(rng))
    return base * rng.lognormal(0, rng.uniform(0.03, 0.4), LENGTH)


def memory(rng: np.random.Generator) -> Numbers:
    """Slow: wandering, garbage collection, restarts."""
    walk = np.cumsum(rng.normal(0, 0.05, LENGTH))
    period = int(rng.uniform(20, 400))
    teeth = (np.arange(LENGTH) % period) / period * rng.uniform(0, 5)
    return 40 + walk + teeth + rng.normal(0, 0.1, LENGTH)


KINDS = (cpu, quiet_cpu, network, disk_writes, requests, latency, memory)


def spike(rng: np.random.Generator, y: Numbers, at: int) -> None:
    length, size = int(rng.integers(1, 12)), rng.uniform(5, 20)
    y[at : at + length] += size * scale_of(y) + rng.uniform(0.5, 2) * np.ptp(y)


def shift(rng: np.random.Generator, y: Numbers, at: int) -> None:
    y[at:] += rng.choice((-0.5, 1.0)) * max(rng.uniform(4, 10) * scale_of(y), 0.4 * np.ptp(y))


def silence(rng: np.random.Generator, y: Numbers, at: int) -> None:
    y[at : at + int(rng.integers(6, 60))] = 0.3 * y.min()


def unrest(rng: np.random.Generator, y: Numbers, at: int) -> None:
    length = int(rng.integers(12, 100))
    y[at : at + length] += rng.normal(0, 5 * scale_of(y) + 0.2 * np.ptp(y), length)


def plateau(rng: np.random.Generator, y: Numbers, at: int) -> None:
    y[at : at + int(rng.integers(24, 200))] = y.max() * rng.uniform(1.0, 1.4)


FAULTS = (spike, spike, shift, silence, unrest, plateau)


def scale_of(y: Numbers) -> float:
    """The usual deviation from one value to the next."""
    return float(1.4826 * np.median(np.abs(np.diff(y)))) + 1e-3 * float(np.std(y))


def make_series(rng: np.random.Generator) -> Labelled:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    values = kind(rng)
    places = np.sort(rng.integers(4 * DAY, LENGTH - DAY, int(rng.integers(0, 4))))
    kept = [
        int(at) for at, gap in zip(places, np.diff(places, prepend=0), strict=True) if gap > DAY
    ]
    windows = []
    for at in kept:
        FAULTS[int(rng.integers(len(FAULTS)))](rng, values, at)
        windows.append((at - 40, min(at + _WINDOW - 40, LENGTH - 1)))
    t_ms = START_MS + STEP_MS * np.arange(LENGTH, dtype=np.int64)
    return Labelled(kind.__name__, t_ms, values, tuple(windows))


def make_corpus(seed: int, count: int) -> list[Labelled]:
    """So many series, the same ones for a seed."""
    return [make_series(np.random.default_rng((seed, number))) for number in range(count)]
