"""What the capacity answer is made from: windows of load, latency, errors and busy shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource that may give out first, and which share of it was busy."""

    name: str
    """What people call it; it appears in the answer."""
    busy: Floats
    """(windows,) mean share in use, 0 to 1; NaN where it is not known.

    It must be a share of what can be had: CPU time, connections in use of the most allowed,
    running sequences of the largest batch. NVIDIA's "GPU utilisation" (a kernel ran) is none,
    and is recognised by its curve over the load.
    """
    limit_rate: float | None = None
    """A hard limit in requests/s known from the configuration (a rate limiter), if any."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadHistory:
    """Windows of equal length in order of time; 15 minutes over a week or more is best.

    Counts may be fractions, as `increase()` gives them. A window with a NaN among its requests
    or buckets is left out. Latency must be measured at the server, from arrival.
    """

    t_ms: NDArray[np.int64]
    """(windows,) end of each window, ascending; gaps are allowed."""
    window_s: float
    requests: Floats
    """(windows,) requests offered: every attempt, answered or failed."""
    errors: Floats
    """(windows,) how many of them failed."""
    buckets: Floats
    """(windows, bounds + 1) requests by latency, each in one bucket: not cumulative. The last
    bucket is beyond the last bound."""
    bounds_s: Floats
    """(bounds,) finite upper bounds of the buckets, ascending."""
    resources: tuple[Resource, ...] = ()
    deployments_ms: tuple[int, ...] = ()
    """When the service is known to have changed; others are found by their effect."""

    def __post_init__(self) -> None:
        n = len(self.t_ms)
        shapes = [
            self.requests.shape,
            self.errors.shape,
            *(one.busy.shape for one in self.resources),
        ]
        assert all(shape == (n,) for shape in shapes), "BUG: arrays of different lengths"
        assert self.buckets.shape == (n, len(self.bounds_s) + 1), "BUG: buckets and bounds differ"
        assert np.all(np.diff(self.t_ms) > 0), "BUG: times are not ascending"
        assert self.window_s > 0, "BUG: a window without length"
        steps = np.diff(self.bounds_s, prepend=0.0)
        assert np.all((steps > 0) & np.isfinite(steps)), "BUG: bounds are not ascending"

    @property
    def rate(self) -> Floats:
        """(windows,) requests offered per second."""
        return self.requests / self.window_s

    def select(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> LoadHistory:
        """Some of the windows, with every array cut alike."""
        resources = tuple(
            Resource(one.name, one.busy[rows], one.limit_rate) for one in self.resources
        )
        return LoadHistory(
            self.t_ms[rows],
            self.window_s,
            self.requests[rows],
            self.errors[rows],
            self.buckets[rows],
            self.bounds_s,
            resources,
            self.deployments_ms,
        )


@dataclass(frozen=True, slots=True)
class CapacityObjective:
    """`p95 <= 2 s`, and at most 1% of the requests fail."""

    latency_s: float
    """Best a bound of the buckets: between bounds the counts are interpolated."""
    quantile: float = 0.95
    most_errors: float = 0.01
    """The largest share of failed requests."""

    def __post_init__(self) -> None:
        assert self.latency_s > 0, "BUG: a latency objective without time"
        assert 0 < self.quantile < 1, "BUG: a quantile is between 0 and 1"
        assert 0 < self.most_errors < 1, "BUG: a share of errors is between 0 and 1"

    @property
    def most_slow(self) -> float:
        """The largest share of requests that may take longer than `latency_s`."""
        return 1.0 - self.quantile
