"""Records that are sent to us: decoded, kept in the journal, acknowledged, stored."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from jipyo.logs.ingest.receive.decoding import ReceiveLimits, decode_entry
from jipyo.logs.ingest.receive.entry import ReceivedEntry
from jipyo.model.errors import BodyError, StoreError, StoreFull
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.ingest.decode.received import ReceivedRecord
    from jipyo.logs.ingest.lines import LineParsing, RecordStore
    from jipyo.logs.record import LogBatch
    from jipyo.model.family import Family

_MAX_LATE = 64


class QueueFull(StoreFull):
    """Senders send more than is stored meanwhile; they are asked to wait."""


class LogReceiver:
    """What all protocols share; any thread may call."""

    def __init__(
        self,
        store: RecordStore,
        parsing: LineParsing,
        limits: ReceiveLimits,
        *,
        max_waiting_bytes: int = 64 << 20,
    ) -> None:
        """Let requests of so many bytes together be handled at the same time."""
        self.limits = limits
        self._store = store
        self._parsing = parsing
        self._max_waiting_bytes = max_waiting_bytes
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._late: list[tuple[Sequence[LogBatch], int]] = []
        """Acknowledged, and not yet taken by the store."""
        self._counts: Counter[tuple[str, str]] = Counter()

    def receive(self, entry: ReceivedEntry) -> int:
        """Keep what was sent, on disk when this returns; how many records it is.

        Raises:
            BodyError: it cannot be used; nothing of it is kept.
            QueueFull: too much is being handled.
            StoreError: it cannot be kept.
        """
        return self.accept(entry, decode_entry(entry, self.limits))

    def accept(self, entry: ReceivedEntry, records: Sequence[ReceivedRecord]) -> int:
        """Keep an entry with the records that are in it; see `receive`."""
        size = len(entry.body)
        protocol = entry.protocol.value
        self._enter(size)
        try:
            batches = self._parsing.refine(records, entry.arrival_ns)
            number = self._store.journalize(entry.encode())
            self._append(batches, number)
        except StoreError:
            self.count_rejected(protocol, "not_stored")
            raise
        finally:
            with self._lock:
                self._waiting_bytes -= size
        with self._lock:
            self._counts["lines", protocol] += sum(map(len, batches))
            self._counts["bytes", protocol] += size
        return len(records)

    def restore(self, number: int, payload: bytes) -> int:
        """Store an entry of the journal that was acknowledged before a crash; its records.

        Raises:
            BodyError: it cannot be read any more.
            StoreError: it cannot be stored.
        """
        entry = ReceivedEntry.decode(payload)
        records = decode_entry(entry, self.limits)
        batches = self._parsing.refine(records, entry.arrival_ns)
        self._store.append(batches, entries=[number])
        return len(records)

    def append_late(self) -> None:
        """Try again to store what was acknowledged.

        Raises:
            StoreError: it still cannot be stored.
        """
        while self._late:
            batches, number = self._late[0]
            self._store.append(batches, entries=[number])
            with self._lock:
                self._late.pop(0)

    def count_rejected(self, protocol: str, reason: str, requests: int = 1) -> None:
        """Count what is not kept."""
        with self._lock:
            self._counts[protocol, reason] += requests

    def families(self) -> Iterator[Family]:
        """`jipyo_log_receive_*`."""
        with self._lock:
            counts = dict(self._counts)
            waiting = float(self._waiting_bytes)
        lines = [((b,), float(n)) for (a, b), n in counts.items() if a == "lines"]
        size = [((b,), float(n)) for (a, b), n in counts.items() if a == "bytes"]
        rejected = [(k, float(n)) for k, n in counts.items() if k[0] not in ("lines", "bytes")]
        by_protocol = ("protocol",)
        text = "Log records received."
        yield counter("jipyo_log_received_lines_total", text, by_protocol, lines)
        text = "Size of requests with log records, as sent."
        yield counter("jipyo_log_received_bytes_total", text, by_protocol, size)
        text = "Requests with log records, or items of them, that were rejected."
        names = ("protocol", "reason")
        yield counter("jipyo_log_receive_rejected_total", text, names, rejected)
        text = "Size of the requests that are being handled."
        yield gauge("jipyo_log_receive_waiting_bytes", text, (), [((), waiting)])

    def _enter(self, size: int) -> None:
        with self._lock:
            is_full = self._waiting_bytes and self._waiting_bytes + size > self._max_waiting_bytes
            if is_full or len(self._late) >= _MAX_LATE:
                raise QueueFull("logs_ingest.queue_full", hint="logs_ingest.queue_full.hint")
            self._waiting_bytes += size

    def _append(self, batches: Sequence[LogBatch], number: int) -> None:
        """Store what the journal has; where that fails it is tried again, and acknowledged."""
        try:
            self._store.append(batches, entries=[number])
        except StoreError:
            with self._lock:
                self._late.append((batches, number))


def find_reason(error: BodyError | StoreError) -> str:
    """Why a request is rejected, as a label."""
    return error.key.rpartition(".")[2]
