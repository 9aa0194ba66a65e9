"""All destinations over one queue: what is collected goes into it, and out to each of them."""

from __future__ import annotations

import threading
from random import SystemRandom
from typing import TYPE_CHECKING

from jipyo.model.sample import Appended
from jipyo.send.delivery import build_post
from jipyo.send.metrics import list_families
from jipyo.send.queue import Queue
from jipyo.send.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.sample import MetricMetadata, Scrape
    from jipyo.send.options import RemoteWriteOptions

STOP_TIMEOUT_S = 5.0
"""How long a destination that goes may take to get what waits."""


class RemoteWrite:
    """An Appender whose samples are sent to every destination; the destinations may change."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Nothing is opened before there is a destination; the queue is in `folder`."""
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._queue: Queue | None = None
        self._senders: dict[str, Sender] = {}
        self._described: dict[str, MetricMetadata] = {}
        self._is_running = False
        self._newest_ms = 0

    def apply(self, destinations: Sequence[RemoteWriteOptions]) -> None:
        """Send to these from now on; those that are as they were go on.

        Raises:
            StoreBusy: another process sends what is in the folder.
            StoreFull: the queue cannot be opened.
            ConfigError: a relabelling rule is wrong.
        """
        wanted = {options.name: options for options in destinations}
        with self._lock:
            changed = {n: s for n, s in self._senders.items() if wanted.get(n) != s.options}
        stop_together(changed.values())  # not locked, as scrapes describe their metrics
        with self._lock:
            for name in changed:
                del self._senders[name]
            if self._queue is None and (wanted or self._folder.exists()):
                self._queue = Queue(self._folder)
            if self._queue is None:
                return
            self._queue.release(changed)
            cursors = self._queue.set_destinations({n: o.queue_bytes for n, o in wanted.items()})
            for name, options in wanted.items():
                if name not in self._senders:
                    sender = Sender(
                        options, cursors[name], build_post(options), self._clock, SystemRandom()
                    )
                    sender.metadata.put(tuple(self._described.values()))
                    self._senders[name] = sender
                    if self._is_running:
                        sender.start()
            if not wanted:
                self._queue.close()
                self._queue = None

    def start(self) -> None:
        """Begin to send."""
        with self._lock:
            self._is_running = True
            for sender in self._senders.values():
                sender.start()

    def stop(self) -> None:
        """Send once more what waits, for a few seconds, and close the queue."""
        with self._lock:
            self._is_running = False
            stop_together(self._senders.values())
            self._senders = {}
            if self._queue is not None:
                self._queue.close()
                self._queue = None

    @property
    def has_destinations(self) -> bool:
        """Whether samples are sent anywhere."""
        return bool(self._senders)

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """See `Appender.append`."""
        queue = self._queue
        if queue is None:
            return Appended(0)
        appended = queue.append(scrapes)
        newest_ms = max((scrape.t_ms for scrape in scrapes), default=0)
        self._newest_ms = max(self._newest_ms, newest_ms)
        return appended

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """See `Appender.describe`."""
        with self._lock:
            self._described.update((about.metric, about) for about in metadata)
            for sender in self._senders.values():
                sender.metadata.put(metadata)

    def families(self) -> Iterator[Family]:
        """The metrics of all destinations; none where there are none."""
        with self._lock:
            senders, queue = list(self._senders.values()), self._queue
        if queue is not None and senders:
            yield from list_families(
                senders, queue.size_bytes, self._newest_ms, self._clock.now_ms()
            )
            for sender in senders:
                yield from sender.loop_families()


def stop_together(senders: Iterable[Sender]) -> None:
    """Send once more what waits, to all of them at once: one may hang until the timeout."""
    threads = [
        threading.Thread(target=sender.stop, args=(STOP_TIMEOUT_S,), name="remote_write stop")
        for sender in senders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
