"""Between the loop and the store: keeps samples a while when the disk takes none."""

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
"""Scrapes kept back are handed on in batches of so many, so that none takes long."""


class Buffer:
    """An Appender that never fails for a full disk: it waits, and counts what it must drop."""

    def __init__(self, appender: Appender, *, max_samples: int = 1_000_000) -> None:
        """Keep at most `max_samples` back; 8 bytes each, as labels are shared."""
        self._appender = appender
        self._max_samples = max_samples
        self._waiting: deque[Scrape] = deque()
        self._waiting_samples = 0
        self._dropped_samples = 0
        self._writable = True
        self._lock = threading.Lock()

    @property
    def writable(self) -> bool:
        """Whether the store took what it was last given."""
        return self._writable

    @property
    def waiting_samples(self) -> int:
        """Samples that wait for the store."""
        return self._waiting_samples

    @property
    def dropped_samples(self) -> int:
        """Samples that were given up since the start because too many waited."""
        return self._dropped_samples

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """Hand the scrapes on, those that wait first; what the store refuses is kept back."""
        with self._lock:
            self._keep(scrapes)
            return self._flush()

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """Hand the metadata on.

        Raises:
            StoreFull: it was not kept; say it again later.
        """
        self._appender.describe(metadata)

    def _keep(self, scrapes: Sequence[Scrape]) -> None:
        self._waiting.extend(scrapes)
        self._waiting_samples += sum(len(scrape.series) for scrape in scrapes)

    def _flush(self) -> Appended:
        samples = 0
        rejected: dict[Reject, int] = {}
        while self._waiting:
            batch = [self._waiting[index] for index in range(min(_BATCH, len(self._waiting)))]
            try:
                appended = self._appender.append(batch)
            except StoreFull as error:
                self._refused(error)
                break
            self._took(len(batch))
            samples += appended.samples
            for reason, count in appended.rejected.items():
                rejected[reason] = rejected.get(reason, 0) + count
        return Appended(samples, rejected)

    def _took(self, scrapes: int) -> None:
        for _ in range(scrapes):
            self._waiting_samples -= len(self._waiting.popleft().series)
        if not self._writable:
            self._writable = True
            _LOG.info("the store takes samples again")

    def _refused(self, error: StoreFull) -> None:
        if self._writable:
            self._writable = False
            _LOG.error("the store takes no samples, they are kept in memory: %s", error)
        while self._waiting_samples > self._max_samples:
            lost = len(self._waiting.popleft().series)
            self._waiting_samples -= lost
            self._dropped_samples += lost
