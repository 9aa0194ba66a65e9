"""Metrics about the HTTP server itself: `jipyo_http_*`."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
REQUESTS = "jipyo_http_requests_total"
DURATION = "jipyo_http_request_duration_seconds"


class RequestMetrics:
    """Counts requests by handler and status, and how long they took; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()

    def observe(self, handler: str, code: int, seconds: float) -> None:
        """Count one answered request; `handler` is the route, never the requested address."""
        with self._lock:
            self._requests[handler, code] += 1
            buckets = self._buckets.setdefault(handler, [0] * (len(BUCKETS_S) + 1))
            buckets[bisect_left(BUCKETS_S, seconds)] += 1
            self._seconds[handler] += seconds  # type: ignore[assignment]  # a Counter of floats

    def families(self) -> tuple[Family, ...]:
        """The counters at this moment."""
        with self._lock:
            requests = sorted(self._requests.items())
            buckets = sorted((name, list(counts)) for name, counts in self._buckets.items())
            seconds = dict(self._seconds)
        counters = tuple(
            _build_sample(REQUESTS, count, handler=handler, code=str(code))
            for (handler, code), count in requests
        )
        histograms = tuple(
            sample
            for handler, counts in buckets
            for sample in _build_histogram(handler, counts, seconds[handler])
        )
        return (
            Family(REQUESTS, MetricType.COUNTER, "Answered HTTP requests.", counters),
            Family(DURATION, MetricType.HISTOGRAM, "Time to answer.", histograms, unit="seconds"),
        )


def _build_histogram(handler: str, counts: list[int], seconds: float) -> Iterable[FamilySample]:
    total = 0
    for edge, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
        total += count
        yield _build_sample(f"{DURATION}_bucket", total, handler=handler, le=edge)
    yield _build_sample(f"{DURATION}_sum", seconds, handler=handler)
    yield _build_sample(f"{DURATION}_count", total, handler=handler)


def _build_sample(name: str, value: float, **labels: str) -> FamilySample:
    pairs: Mapping[str, str] = {METRIC_NAME: name, **labels}
    return FamilySample(Labels.of(pairs), float(value))
