"""Weeks of a host whose disks and memory behave in known ways, as samples of node_exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.model.sample import Times, Values
    from jipyo.model.store import Appender

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 1_795_132_800_000
STEP_MS = 300_000
SIZE = 1e12


def filling(days: Values, *, now: float = 70.0, per_day: float = 1.0) -> Values:
    """Per cent used, `now` at the end and `per_day` more each day."""
    return now + per_day * (days - days[-1])


def sawtooth(days: Values, *, low: float = 40.0, high: float = 75.0, period: float = 4.0) -> Values:
    """Per cent used by what is cleared every few days, as logs that are rotated."""
    return low + (high - low) * np.mod(days, period) / period


def rhythm(days: Values, *, mean: float = 40.0, swing: float = 20.0) -> Values:
    """Per cent used by day and night."""
    return mean + swing * np.sin(2 * np.pi * days)


def make_times(days: float, now_ms: int = NOW_MS, step_ms: int = STEP_MS) -> Times:
    """Evenly spaced times up to now."""
    count = int(days * DAY_MS / step_ms)
    return now_ms - step_ms * np.arange(count - 1, -1, -1, dtype=np.int64)


def build_disks(
    t_ms: Times, shares: Mapping[str, Values], instance: str = "host1"
) -> Iterator[Scrape]:
    """File systems by mount point with their share in use, shape (times,), in per cent."""
    names = ("size", "free", "avail")
    series = tuple(
        Labels.of(
            {
                "__name__": f"node_filesystem_{name}_bytes",
                "job": "node",
                "instance": instance,
                "mountpoint": mount,
                "fstype": "ext4",
            }
        )
        for mount in shares
        for name in names
    )
    free = np.stack([SIZE * (1 - share / 100) for share in shares.values()], axis=1)
    rows = np.stack([np.full_like(free, SIZE), free, free], axis=2).reshape(len(t_ms), -1)
    for at, row in zip(t_ms.tolist(), rows, strict=True):
        yield Scrape(at, series, row)


def build_memory(t_ms: Times, share: Values, instance: str = "host1") -> Iterator[Scrape]:
    """Memory in use, in per cent, shape (times,)."""
    series = tuple(
        Labels.of({"__name__": f"node_memory_{name}_bytes", "job": "node", "instance": instance})
        for name in ("MemTotal", "MemAvailable")
    )
    for at, used in zip(t_ms.tolist(), share.tolist(), strict=True):
        yield Scrape(at, series, np.array([SIZE, SIZE * (1 - used / 100)]))


def fill_store(store: Appender, days: float = 28.0, now_ms: int = NOW_MS) -> None:
    """A host with a disk that fills, one that is cleared every four days, and a daily rhythm.

    `/data` is at 70 % and gains 1 point a day: 80 % in ten days, 90 % in twenty.
    """
    t_ms = make_times(days, now_ms)
    ages = (t_ms - t_ms[-1]) / DAY_MS
    noise = np.random.default_rng(7).normal(0, 0.3, len(t_ms))
    shares = {"/data": filling(ages) + noise / 10, "/logs": sawtooth(ages - 1.0)}
    store.append(list(build_disks(t_ms, shares)))
    store.append(list(build_memory(t_ms, rhythm(ages) + noise)))


BOUNDS_S = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)


def build_service(t_ms: Times, capacity: float = 100.0, peak: float = 0.7) -> Iterator[Scrape]:
    """A web service with a histogram of latency, and the CPU of its host.

    It is one queue (M/M/1) over a fixed part: of `rate` requests a second the share that takes
    longer than x is exp(-(capacity - rate) * x / 20), so that p95 exceeds 2 s 30/s below it.
    Load follows the day, up to `peak` of the capacity, and the CPU follows the load.
    """
    days = t_ms / DAY_MS
    rate = capacity * peak * (0.25 + 0.75 * (0.5 - 0.5 * np.cos(2 * np.pi * days)))
    random = np.random.default_rng(3)
    step_s = np.diff(t_ms, prepend=t_ms[0] - (t_ms[1] - t_ms[0])) / 1000
    requests = random.poisson(rate * step_s).astype(float)
    slower = np.exp(-np.outer(capacity - rate, BOUNDS_S) / 20)
    counts = np.column_stack([requests[:, None] * (1 - slower), requests])
    busy = np.column_stack([1 - 0.95 * rate / capacity, 0.95 * rate / capacity]) * step_s[:, None]
    totals = np.cumsum(np.column_stack([counts, busy]), axis=0)
    about = {"job": "api", "instance": "host1"}
    name = "http_request_duration_highr_seconds_bucket"
    series = (
        *(
            Labels.of({"__name__": name, **about, "le": f"{bound:g}"})
            for bound in (*BOUNDS_S, float("inf"))
        ),
        *(
            Labels.of(
                {
                    "__name__": "node_cpu_seconds_total",
                    "job": "node",
                    "instance": "host1",
                    "cpu": "0",
                    "mode": mode,
                }
            )
            for mode in ("idle", "user")
        ),
    )
    series = tuple(
        labels.put({"le": "+Inf"}) if labels.get("le") == "inf" else labels for labels in series
    )
    for at, row in zip(t_ms.tolist(), totals, strict=True):
        yield Scrape(at, series, row)
