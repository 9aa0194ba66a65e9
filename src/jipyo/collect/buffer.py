"""Between the loop and the store: keeps samples in memory while the disk is full."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreFull
from jipyo.model.sample import Appended, MetricMetadata, Reject, Scrape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.store import Appender

_LOG = logging.getLogger(__name__)
_BATCH = 256
"""Waiting scrapes are appended in batches of this size, so that no append takes long."""


class Buffer:
    """An Appender that never fails for a full disk: samples wait, or are dropped and counted."""

    def __init__(self, appender: Appender, *, max_samples: int = 1_000_000) -> None:
        """At most `max_samples` wait; 8 bytes each, as labels are shared."""
        self._appender = appender
        self._max_samples = max_samples
        self._waiting: deque[Scrape] = deque()
        self._waiting_samples = 0
        self._dropped_samples = 0
        self._error: StoreFull | None = None
        self._lock = threading.Lock()

    @property
    def writable(self) -> bool:
        """Whether the last append succeeded."""
        return self._error is None

    @property
    def write_error(self) -> StoreFull | None:
        """Why the last append failed; None where it succeeded."""
        return self._error

    @property
    def waiting_samples(self) -> int:
        """Samples that wait for the store."""
        return self._waiting_samples

    @property
    def dropped_samples(self) -> int:
        """Samples dropped since the start because too many waited."""
        return self._dropped_samples

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """Append the scrapes, those that wait first; while the store is full they wait."""
        with self._lock:
            self._waiting.extend(scrapes)
            self._waiting_samples += sum(len(scrape.series) for scrape in scrapes)
            return self._flush()

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """Store the metadata.

        Raises:
            StoreFull: it was not stored; try again later.
        """
        self._appender.describe(metadata)

    def _flush(self) -> Appended:
        samples = 0
        rejected: dict[Reject, int] = {}
        while self._waiting:
            batch = [self._waiting[index] for index in range(min(_BATCH, len(self._waiting)))]
            try:
                appended = self._appender.append(batch)
            except StoreFull as error:
                self._handle_full_store(error)
                break
            for scrape in batch:
                self._waiting.popleft()
                self._waiting_samples -= len(scrape.series)
            if self._error is not None:
                _LOG.info("samples are written again to %s", self._error.values["path"])
                self._error = None
            samples += appended.samples
            for reason, count in appended.rejected.items():
                rejected[reason] = rejected.get(reason, 0) + count
        return Appended(samples, rejected)

    def _handle_full_store(self, error: StoreFull) -> None:
        is_news = self._error is None or self._error.key != error.key
        self._error = error
        if is_news:
            _LOG.error("samples are kept in memory: %s", error)
        while self._waiting_samples > self._max_samples:
            lost = len(self._waiting.popleft().series)
            self._waiting_samples -= lost
            self._dropped_samples += lost
