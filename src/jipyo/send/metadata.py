"""Type, help and unit of the metrics that are sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricMetadata

_SUFFIXES = ("_bucket", "_count", "_sum", "_total")


class MetadataTable:
    """What is known of each metric; safe to use from several threads."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._lock = threading.Lock()
        self._by_metric: dict[str, MetricMetadata] = {}
        self._by_name: dict[str, MetricMetadata | None] = {}
        self._news: list[MetricMetadata] = []

    def put(self, metadata: Sequence[MetricMetadata]) -> None:
        """Keep what is new; the newest wins."""
        with self._lock:
            news = [about for about in metadata if self._by_metric.get(about.metric) != about]
            self._by_metric.update((about.metric, about) for about in news)
            self._news += news
            if news:
                self._by_name.clear()

    def find(self, labels: Labels) -> MetricMetadata | None:
        """That of a series: of its metric, or of the histogram or summary that it is a part of."""
        name = labels.metric
        if name not in self._by_name:
            with self._lock:
                families = (name.removesuffix(end) for end in _SUFFIXES if name.endswith(end))
                known = (self._by_metric.get(each) for each in (name, *families))
                self._by_name[name] = next((about for about in known if about), None)
        return self._by_name.get(name)

    def take_news(self) -> list[MetricMetadata]:
        """What was put since the last call."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def return_news(self, news: list[MetricMetadata]) -> None:
        """Take back what could not be sent."""
        with self._lock:
            self._news = news + self._news
