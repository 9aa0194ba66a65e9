"""How often trends and changepoints are found that are not there, and those that are.

Four weeks of hourly AR(1) noise of standard deviation 1, with and without a daily rhythm. The
seed is not one that anything was tuned on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from bench.analysis_data import MONDAY_MS
from bench.analysis_shapes import make_noise
from jipyo.analysis.changepoints import detect_changepoints
from jipyo.analysis.regular_series import HOUR_MS, RegularSeries, make_regular
from jipyo.analysis.trend import Trend, TrendDirection, detect_trend

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.sample import Values

SERIES = 500
HOURS = 28 * 24
MEMORIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
AT = np.arange(HOURS)
NOTHING = np.zeros(HOURS)
RHYTHM = 2 * np.sin(2 * np.pi * AT / 24)
SHIFT = np.where(AT >= 420, 3.0, 0.0)
SEED = 20_261_127


def has_trend(series: RegularSeries) -> bool:
    """Whether a trend is found."""
    trend = detect_trend(series)
    return isinstance(trend, Trend) and trend.direction is not TrendDirection.NONE


def has_changed(series: RegularSeries) -> bool:
    """Whether a changepoint is found."""
    changes = detect_changepoints(series)
    return isinstance(changes, tuple) and bool(changes)


def find_share(find: Callable[[RegularSeries], bool], memory: float, added: Values) -> float:
    """The share of series in which it is found."""
    rng = np.random.default_rng(SEED)
    times = MONDAY_MS + HOUR_MS * AT
    noises = [make_noise(HOURS, memory, rng) for _ in range(SERIES)]
    return float(np.mean([find(make_regular(times, n + added, HOUR_MS)) for n in noises]))


def time_one(find: Callable[[RegularSeries], bool]) -> float:
    """CPU milliseconds a series."""
    noise = make_noise(HOURS, 0.8, np.random.default_rng(SEED))
    series = make_regular(MONDAY_MS + HOUR_MS * AT, noise + RHYTHM, HOUR_MS)
    started = time.process_time()
    for _ in range(50):
        find(series)
    return 20 * (time.process_time() - started)


def measure() -> None:
    """Print the table."""
    print(f"\n### Trends and changepoints, {SERIES} series of four weeks a cell\n")
    print("| share found | " + " | ".join(f"AR(1) {m:g}" for m in MEMORIES) + " | CPU ms |")
    print("|---|" + "---|" * (len(MEMORIES) + 1))
    rise = 2 * AT / HOURS
    for name, find, added in (
        ("trend, none there", has_trend, NOTHING),
        ("trend, none there, daily rhythm", has_trend, RHYTHM),
        ("trend, rise of 2 sd, daily rhythm", has_trend, RHYTHM + rise),
        ("changepoint, none there", has_changed, NOTHING),
        ("changepoint, none there, daily rhythm", has_changed, RHYTHM),
        ("changepoint, shift of 3 sd, daily rhythm", has_changed, RHYTHM + SHIFT),
    ):
        shares = [f"{find_share(find, memory, added):.3f}" for memory in MEMORIES]
        print(f"| {name} | " + " | ".join(shares) + f" | {time_one(find):.1f} |", flush=True)
