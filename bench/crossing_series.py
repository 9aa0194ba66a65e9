"""Hourly series that are made up with their future: 16 kinds, for the bench of crossings.

Each kind is a function of a generator that returns the values of 28 + 60 days. A threshold is
drawn among what the future reaches, or above it; the truth is read from the future itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DAY = 24
HISTORY = 28 * DAY
HORIZON = 30 * DAY
TOTAL = HISTORY + 2 * HORIZON
SUSTAINED = 3

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A series of `HISTORY` hours, a threshold, and the hour after it that reaches it."""

    kind: str
    history: Numbers
    threshold: float
    truth: float
    """In hours; infinite where it is not reached within the horizon."""


def noise(rng: np.random.Generator, sd: float, memory: float) -> Numbers:
    """AR(1) noise of standard deviation `sd`."""
    steps = rng.normal(0, sd * np.sqrt(1 - memory**2), TOTAL + 200)
    out = np.empty(TOTAL + 200)
    value = 0.0
    for at, step in enumerate(steps):
        value = memory * value + step
        out[at] = value
    return out[200:]


def day(rng: np.random.Generator, height: float) -> Numbers:
    """A working day: a smooth hump with its own shape."""
    hour = np.arange(DAY)
    peak, width = rng.uniform(9, 18), rng.uniform(2, 6)
    hump = np.exp(-0.5 * (((hour - peak + 12) % 24 - 12) / width) ** 2)
    return np.resize(height * (hump - hump.mean()), TOTAL)


def week(rng: np.random.Generator, height: float) -> Numbers:
    """Days with quiet weekends."""
    shape = day(rng, height)
    quiet = np.repeat(np.isin(np.arange(TOTAL // DAY) % 7, (5, 6)), DAY)
    whole: Numbers = np.where(quiet, shape * 0.2 - 0.25 * height, shape)
    return whole


def hours() -> Numbers:
    return np.arange(TOTAL, dtype=float)


def rate(rng: np.random.Generator) -> float:
    """Points an hour: 8 to 45 in 30 days."""
    return float(rng.uniform(8, 45)) / HORIZON


def line(rng: np.random.Generator) -> Numbers:
    return 20 + rate(rng) * hours() + noise(rng, rng.uniform(0.2, 1.5), rng.uniform(0, 0.8))


def line_with_days(rng: np.random.Generator) -> Numbers:
    return line(rng) + day(rng, rng.uniform(3, 15))


def line_with_weeks(rng: np.random.Generator) -> Numbers:
    return line(rng) + week(rng, rng.uniform(4, 15))


def line_in_slow_noise(rng: np.random.Generator) -> Numbers:
    return 20 + rate(rng) * hours() + noise(rng, rng.uniform(1, 2.5), rng.uniform(0.9, 0.97))


def flat_with_days(rng: np.random.Generator) -> Numbers:
    return 40 + day(rng, rng.uniform(3, 20)) + noise(rng, rng.uniform(0.5, 2), rng.uniform(0, 0.9))


def flat_in_slow_noise(rng: np.random.Generator) -> Numbers:
    return 40 + noise(rng, rng.uniform(1, 3), rng.uniform(0.9, 0.98))


def accelerating(rng: np.random.Generator) -> Numbers:
    days = hours() / DAY
    if rng.random() < 0.5:
        rise = rng.uniform(2, 6) * np.exp(days / rng.uniform(15, 30))
    else:
        rise = rng.uniform(0.1, 0.4) * days + rng.uniform(0.008, 0.025) * days**2
    return 20 + rise + noise(rng, rng.uniform(0.2, 0.8), rng.uniform(0, 0.7))


def saturating(rng: np.random.Generator) -> Numbers:
    days = hours() / DAY
    rise = rng.uniform(25, 60) * (1 - np.exp(-days / rng.uniform(8, 20)))
    return 20 + rise + noise(rng, rng.uniform(0.2, 0.8), rng.uniform(0, 0.7))


def sawtooth(rng: np.random.Generator) -> Numbers:
    """Fills and is emptied: logs that rotate, processes that restart."""
    out, at = np.empty(TOTAL), 0
    period, height = rng.uniform(1.5, 8) * DAY, rng.uniform(15, 50)
    while at < TOTAL:
        length = max(6, round(period * rng.normal(1, 0.05)))
        tooth = np.arange(length) * height / period
        out[at : at + length] = tooth[: TOTAL - at]
        at += length
    return 25 + out + noise(rng, rng.uniform(0.2, 1), rng.uniform(0, 0.6))


def sawtooth_broken(rng: np.random.Generator) -> Numbers:
    """The reset stopped coming within the history."""
    period = int(rng.uniform(2, 6) * DAY)
    height = rng.uniform(12, 30)
    phase = hours() % period
    stopped = HISTORY - int(period * rng.uniform(1.4, 2.2))
    last = stopped - stopped % period
    phase = np.where(hours() >= last, hours() - last, phase)
    return 20 + phase * height / period + noise(rng, rng.uniform(0.2, 0.8), rng.uniform(0, 0.6))


def sawtooth_rising(rng: np.random.Generator) -> Numbers:
    return 0.6 * sawtooth(rng) + rate(rng) * hours()


def steps(rng: np.random.Generator) -> Numbers:
    """Grows by irregular steps: releases, imports, new tenants."""
    gaps = rng.gamma(4, rng.uniform(2, 5) * DAY / 4, 80)
    at = np.cumsum(gaps).astype(int)
    rises = np.zeros(TOTAL)
    sizes = rng.uniform(0.6, 1.4, 80) * rng.uniform(1.5, 4)
    np.add.at(rises, at[at < TOTAL], sizes[at < TOTAL])
    return 20 + np.cumsum(rises) + noise(rng, rng.uniform(0.1, 0.5), rng.uniform(0, 0.6))


def newly_rising(rng: np.random.Generator) -> Numbers:
    since = HISTORY - rng.uniform(4, 12) * DAY
    return (
        30
        + rate(rng) * np.maximum(hours() - since, 0) * 1.5
        + noise(rng, rng.uniform(0.2, 1), rng.uniform(0, 0.8))
    )


def stopped_rising(rng: np.random.Generator) -> Numbers:
    until = HISTORY - rng.uniform(5, 12) * DAY
    return (
        20
        + rate(rng) * np.minimum(hours(), until) * 1.5
        + noise(rng, rng.uniform(0.2, 1), rng.uniform(0, 0.8))
    )


def shifted_line(rng: np.random.Generator) -> Numbers:
    at = rng.integers(5 * DAY, HISTORY - 4 * DAY)
    shift = float(rng.choice((-1.0, 1.0)) * rng.uniform(5, 15))
    return line(rng) + shift * (hours() >= at) + day(rng, rng.uniform(0, 6))


def wandering(rng: np.random.Generator) -> Numbers:
    drift = rng.choice((0.0, 0.7)) * rate(rng)
    return 40 + np.cumsum(rng.normal(drift, rng.uniform(0.1, 0.25), TOTAL))


KINDS = {
    kind.__name__: kind
    for kind in (
        line,
        line_with_days,
        line_with_weeks,
        line_in_slow_noise,
        flat_with_days,
        flat_in_slow_noise,
        accelerating,
        saturating,
        sawtooth,
        sawtooth_broken,
        sawtooth_rising,
        steps,
        newly_rising,
        stopped_rising,
        shifted_line,
        wandering,
    )
}


def find_truth(future: Numbers, threshold: float) -> float:
    """The first hour (from 1) of three in a row at or above it; infinite where there is none."""
    beyond = future >= threshold
    runs = beyond[:-2] & beyond[1:-1] & beyond[2:]
    return float(runs.argmax() + 1) if runs.any() else np.inf


NEVER = frozenset(("flat_with_days", "flat_in_slow_noise", "stopped_rising"))
"""Kinds without a course: what noise alone may reach once in a month is nobody's forecast."""


def make_case(kind: str, rng: np.random.Generator) -> Case:
    """A case whose threshold is not reached at the start."""
    while True:
        whole = KINDS[kind](rng)
        history, future = whole[:HISTORY].copy(), whole[HISTORY:]
        lasting = np.lib.stride_tricks.sliding_window_view(future, SUSTAINED).min(axis=1)
        start, top = history[-7 * DAY :].max(), lasting[:HORIZON].max()
        spread = float(np.ptp(history))
        if kind not in NEVER and top - start > 0.15 * spread and rng.random() < 0.75:
            threshold = start + (top - start) * rng.uniform(0.1, 0.9)
        else:
            threshold = max(start, top) + spread * rng.uniform(0.15, 0.8)
        truth = find_truth(future, threshold)
        if history[-3:].min() >= threshold or truth < 3:
            continue
        if rng.random() < 0.3:
            drop_stretches(history, rng)
        return Case(kind, history, float(threshold), truth if truth <= HORIZON else np.inf)


def drop_stretches(history: Numbers, rng: np.random.Generator) -> None:
    """Two outages of the collection, and single points, as NaN."""
    for _ in range(2):
        at = int(rng.integers(24, HISTORY - 60))
        history[at : at + int(rng.integers(3, 36))] = np.nan
    history[np.flatnonzero(rng.random(HISTORY - 12) < 0.02)] = np.nan


def make_cases(seed: int, per_kind: int) -> list[Case]:
    """`per_kind` cases of every kind, the same ones for a seed."""
    return [
        make_case(kind, np.random.default_rng((seed, index, number)))
        for index, kind in enumerate(KINDS)
        for number in range(per_kind)
    ]
