"""Outlooks for whoever asks: those of the last run, else computed for them and remembered."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.analysis.outlook import OutlookOptions, build_outlook, is_forecastable, read_histories
from jipyo.source.hourly import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from jipyo.analysis.outlook import Outlook
    from jipyo.app.insight.book import OutlookBook
    from jipyo.catalogue import Metric
    from jipyo.source.base import Source

MOST_SERIES = 20
"""Of one metric so many are computed while somebody waits: a second's work."""


@dataclass(slots=True)
class OutlookFinder:
    """Asked by the dashboard, from several threads."""

    book: OutlookBook
    source: Source
    zone: ZoneInfo
    now_ms: Callable[[], int]
    options: OutlookOptions = field(default_factory=OutlookOptions)
    _computed: dict[str, tuple[int, tuple[Outlook, ...]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, metric: Metric, cancelled: threading.Event) -> tuple[Outlook, ...] | None:
        """The outlooks of a metric's series; None for a metric of which there are none.

        Raises:
            QueryError: an expression was rejected, or the caller has left.
            SourceError: the source failed.
        """
        if not is_forecastable(metric):
            return None
        found = self.book.find(metric.id)
        if found:
            return found
        hour = self.now_ms() // HOUR_MS
        with self._lock:
            known = self._computed.get(metric.id)
            if known is None or known[0] != hour:
                known = hour, self._compute(metric, cancelled)
                self._computed[metric.id] = known
        return known[1]

    def _compute(self, metric: Metric, cancelled: threading.Event) -> tuple[Outlook, ...]:
        source = self.source.bind(cancelled)
        histories = read_histories(source, metric, self.now_ms(), self.zone)
        return tuple(build_outlook(one, self.options) for one in histories[:MOST_SERIES])
