"""The loop of ingest: sources are read in turns, their records and positions stored together."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from jipyo.logs.ingest.lines import RecordStore
from jipyo.model.errors import BodyError, StoreError
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.logs.ingest.problems import Problems
    from jipyo.logs.ingest.receive.receiver import LogReceiver
    from jipyo.logs.ingest.sources.source import LineSource, SourceRead
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_FLUSH_MS = 1000.0
_IDLE_MS = 200.0
_NANOS_PER_MS = 1_000_000
_READS_PER_SOURCE = 8
"""Before it is the next source's turn."""


class JournalPayload(Protocol):
    """An entry of the journal."""

    @property
    def number(self) -> int:
        """Of the entry."""
        ...

    @property
    def payload(self) -> bytes:
        """What a receiver kept."""
        ...


class IngestStore(RecordStore, Protocol):
    """The store as its only writer has it."""

    def replay(self) -> Iterable[JournalPayload]:
        """What was acknowledged and is in no segment."""
        ...

    def flush(self) -> None:
        """Let readers see what was appended.

        Raises:
            StoreError: it could not be written; it still waits.
        """
        ...

    def maintain(self, now_ns: int) -> None:
        """Merge, and delete what retention lets go.

        Raises:
            StoreError: that is not possible; everything is still there.
        """
        ...


class Ingest:
    """Reads sources into a store until it is stopped; receivers store beside it."""

    def __init__(
        self,
        store: IngestStore,
        sources: Sequence[LineSource],
        receiver: LogReceiver,
        problems: Problems,
        clock: Clock,
    ) -> None:
        """Nothing is read before `restore`, and `run` or `step`."""
        self._store = store
        self._sources = tuple(sources)
        self._receiver = receiver
        self._problems = problems
        self._clock = clock
        self._waiting: tuple[LineSource, SourceRead] | None = None
        """Read, and not yet taken by the store."""
        self._flush_at_ms = clock.monotonic_ms() + _FLUSH_MS
        self._counts: Counter[tuple[str, str]] = Counter()

    def restore(self) -> int:
        """Store what was acknowledged before a crash; how many records.

        Raises:
            StoreError: it cannot be stored.
        """
        records = 0
        for entry in self._store.replay():
            try:
                records += self._receiver.restore(entry.number, entry.payload)
            except BodyError as error:
                _LOG.error("entry %d of the journal is lost: %s", entry.number, error)
                self._receiver.count_rejected("journal", "damaged")
                self._store.append((), entries=[entry.number])
        if records:
            _LOG.info("%d acknowledged log records were recovered from the journal", records)
        return records

    def run(self, stopping: threading.Event) -> None:
        """Read until the event is set, then store what waits."""
        while not stopping.is_set():
            if not self.step():
                self._clock.wait(stopping, _IDLE_MS)
        self._close()

    def step(self) -> bool:
        """Give every source a turn, and flush when it is time; whether anything was read."""
        did_read = False
        if self._put_waiting():
            for source in self._sources:
                did_read |= self._read(source)
        if self._clock.monotonic_ms() >= self._flush_at_ms:
            self.flush()
        return did_read

    def flush(self) -> None:
        """Let readers see what was read."""
        self._flush_at_ms = self._clock.monotonic_ms() + _FLUSH_MS
        try:
            self._receiver.append_late()
            self._store.flush()
        except StoreError as error:
            self._problems.report("store", error)
        else:
            self._problems.clear("store")

    def _read(self, source: LineSource) -> bool:
        now_ns = self._clock.now_ms() * _NANOS_PER_MS
        for number in range(_READS_PER_SOURCE):
            found = source.read(now_ns)
            if found is None:
                return number > 0
            self._waiting = source, found
            if not self._put_waiting():
                return False
        return True

    def _put_waiting(self) -> bool:
        """Store what was read last; False where the store does not take it, and it waits."""
        if self._waiting is None:
            return True
        source, found = self._waiting
        try:
            self._store.append(found.batches, positions=found.positions)
        except StoreError as error:
            self._problems.report("store", error)
            return False
        self._waiting = None
        self._counts["lines", source.name] += sum(map(len, found.batches))
        self._counts["bytes", source.name] += found.size_bytes
        return True

    def _close(self) -> None:
        if self._put_waiting():
            for source in self._sources:
                found = source.close()
                if found is not None:
                    self._waiting = source, found
                    self._put_waiting()
        self.flush()

    def families(self) -> Iterator[Family]:
        """`jipyo_log_*`: what was read of each source, and how far behind it is."""
        counts = dict(self._counts)
        names = ("source",)
        for kind, text in (
            ("lines", "Log records read and stored."),
            ("bytes", "Bytes of log records read."),
        ):
            rows = [((name,), float(n)) for (each, name), n in counts.items() if each == kind]
            yield counter(f"jipyo_log_read_{kind}_total", text, names, rows)
        text = "Bytes that are there and not yet read."
        unread = [((each.name,), float(each.count_unread_bytes())) for each in self._sources]
        yield gauge("jipyo_log_unread_bytes", text, names, unread)
        text = "Files, sources and the store: how many cannot be read or written."
        problems = float(len(self._problems.list_current()))
        yield gauge("jipyo_log_ingest_problems", text, (), [((), problems)])
        yield from self._receiver.families()
