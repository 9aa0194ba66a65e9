"""For tests of ingest: plain parsing of lines, and a store in memory that can lose its tail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from jipyo.logs.ingest.decode.received import ReceivedRecord, build_batches
from jipyo.logs.record import Level, LogBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jipyo.logs.ingest.lines import LineOrigin, LineStream
    from jipyo.logs.ingest.sources.source import LineSource
    from jipyo.model.errors import StoreError
    from jipyo.model.family import Family


class PlainStream:
    """A record a line, and the lines after it that begin with a blank."""

    def __init__(self, service: str) -> None:
        self.service = service

    def feed(
        self, data: bytes, now_ns: int, *, is_last: bool = False
    ) -> tuple[Sequence[LogBatch], int]:
        records: list[bytes] = []
        at = 0
        while at < len(data):
            end = find_record_end(data, at, is_last=is_last)
            if end is None:
                break
            records.append(data[at:end].removesuffix(b"\n"))
            at = end
        return ([make_batch(self.service, records, now_ns)] if records else []), at


def find_record_end(data: bytes, at: int, *, is_last: bool) -> int | None:
    """Behind a record; None while it may go on."""
    while (line_end := data.find(b"\n", at)) >= 0:
        following = data[line_end + 1 : line_end + 2]
        if following.strip() or (not following and is_last):
            return line_end + 1
        if not following:
            return None
        at = line_end + 1
    return len(data) if is_last else None


def make_batch(service: str, messages: Sequence[bytes], t_ns: int = 0) -> LogBatch:
    return LogBatch(
        service,
        np.full(len(messages), t_ns, np.int64),
        np.full(len(messages), Level.INFO, np.uint8),
        messages=list(messages),
    )


@dataclass(slots=True)
class PlainParsing:
    """Opens plain streams."""

    opened: list[LineOrigin] = field(default_factory=list)

    def open(self, origin: LineOrigin) -> LineStream:
        self.opened.append(origin)
        return PlainStream(origin.service)

    def refine(self, records: Sequence[ReceivedRecord], now_ns: int) -> Sequence[LogBatch]:
        return build_batches(records)

    def families(self) -> Iterable[Family]:
        return ()


def read_messages(batches: Iterable[LogBatch]) -> list[bytes]:
    return [message for batch in batches for message in batch.messages or ()]


@dataclass(slots=True)
class Reading:
    """What was read of a source, and the positions behind it, as a store would have them."""

    messages: list[bytes] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    positions: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def drain(self, source: LineSource, now_ns: int, most: int = 1000) -> list[bytes]:
        """Read until there is nothing new; what was new."""
        before = len(self.messages)
        for _ in range(most):
            found = source.read(now_ns)
            if found is None:
                return self.messages[before:]
            self.messages += read_messages(found.batches)
            self.services |= {batch.service for batch in found.batches}
            self.positions.update(found.positions)
        raise AssertionError("the source does not end")


@dataclass(slots=True)
class JournalEntry:
    number: int
    payload: bytes


@dataclass(slots=True)
class MemoryStore:
    """Keeps what is flushed or in the journal through `crash`, and loses the rest."""

    stored: list[LogBatch] = field(default_factory=list)
    stored_positions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    journal: dict[int, bytes] = field(default_factory=dict)
    error: StoreError | None = None
    """Raised by whatever writes."""
    _pending: list[LogBatch] = field(default_factory=list)
    _pending_positions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _entries: set[int] = field(default_factory=set)
    _last: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> MemoryStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    @property
    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        return {**self.stored_positions, **self._pending_positions}

    def append(
        self,
        batches: Sequence[LogBatch],
        *,
        positions: Mapping[str, Mapping[str, Any]] | None = None,
        entries: Iterable[int] = (),
    ) -> None:
        with self._lock:
            self._check()
            self._pending += batches
            self._pending_positions.update(positions or {})
            self._entries.update(entries)

    def journalize(self, payload: bytes) -> int:
        with self._lock:
            self._check()
            self._last += 1
            self.journal[self._last] = payload
            return self._last

    def replay(self) -> Iterable[JournalEntry]:
        return [JournalEntry(number, payload) for number, payload in self.journal.items()]

    def flush(self) -> None:
        with self._lock:
            self._check()
            self.stored += self._pending
            self.stored_positions.update(orjson.loads(orjson.dumps(self._pending_positions)))
            for number in self._entries:
                self.journal.pop(number, None)
            self._pending, self._pending_positions, self._entries = [], {}, set()

    def maintain(self, now_ns: int) -> None:
        pass

    def crash(self) -> None:
        self._pending, self._pending_positions, self._entries = [], {}, set()

    def messages(self) -> list[bytes]:
        return read_messages(self.stored)

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
