"""Lines of standard input: `kubectl logs -f api | jipyo logs import -`."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from jipyo.logs.ingest.lines import add_fields
from jipyo.logs.ingest.sources.source import SourceRead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.ingest.lines import LineOrigin, LineParsing
    from jipyo.logs.record import LogBatch

_READ_BYTES = 1 << 18
_MAX_RECORD_BYTES = 4 << 20
_FLUSH_NS = 1_500_000_000


class StdinSource:
    """What is written into a pipe or terminal; there is no position to go on from."""

    name = "stdin"

    def __init__(self, origin: LineOrigin, parsing: LineParsing, handle: int = 0) -> None:
        """Read an open file."""
        self._origin = origin
        self.stream = parsing.open(origin)
        self._handle = handle
        self._buffer = b""
        self._read_at_ns = 0
        self.is_at_end = False
        """Whether the writer has closed it."""

    def read(self, now_ns: int) -> SourceRead | None:
        """See `LineSource.read`."""
        if self.is_at_end or not select.select([self._handle], [], [], 0)[0]:
            return self._flush(now_ns)
        data = os.read(self._handle, _READ_BYTES)
        if not data:
            self.is_at_end = True
            return self.close()
        self._read_at_ns = now_ns
        self._buffer += data
        is_last = len(self._buffer) >= _MAX_RECORD_BYTES
        size = len(self._buffer) if is_last else self._buffer.rfind(b"\n") + 1
        return SourceRead(self._take(size, is_last=is_last), size_bytes=len(data))

    def _flush(self, now_ns: int) -> SourceRead | None:
        size = self._buffer.rfind(b"\n") + 1
        if not size or now_ns - self._read_at_ns <= _FLUSH_NS:
            return None
        return SourceRead(self._take(size, is_last=True))

    def _take(self, size: int, *, is_last: bool) -> Sequence[LogBatch]:
        if not size:
            return ()
        data = self._buffer[:size]
        batches, used = self.stream.feed(data, self._read_at_ns, is_last=is_last)
        self._buffer = self._buffer[used:]
        return [add_fields(batch, self._origin.fields) for batch in batches]

    def count_unread_bytes(self) -> int:
        """See `LineSource.count_unread_bytes`."""
        return len(self._buffer)

    def close(self) -> SourceRead | None:
        """See `LineSource.close`: what waits is not read again."""
        return SourceRead(self._take(len(self._buffer), is_last=True)) if self._buffer else None
