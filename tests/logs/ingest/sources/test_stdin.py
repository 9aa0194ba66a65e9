"""Lines of a pipe are read as they come, and the last one at its end."""

from __future__ import annotations

import os

from jipyo.logs.ingest.lines import LineOrigin
from jipyo.logs.ingest.sources.stdin import StdinSource
from support.log_ingest import PlainParsing, Reading

SECOND = 10**9


def test_lines_are_read_as_they_come() -> None:
    inner, outer = os.pipe()
    origin, reading = LineOrigin("api", fields=(("x", "y"),)), Reading()
    source = StdinSource(origin, PlainParsing(), inner)
    assert reading.drain(source, 0) == []
    os.write(outer, b"one\ntwo\nhalf")
    assert reading.drain(source, 0) == [b"one"]
    assert reading.drain(source, 2 * SECOND) == [b"two"]
    assert source.count_unread_bytes() == 4
    os.write(outer, b" line\n")
    assert reading.drain(source, 3 * SECOND) == []
    assert reading.drain(source, 5 * SECOND) == [b"half line"]
    os.write(outer, b"no end")
    os.close(outer)
    assert reading.drain(source, 6 * SECOND) == [b"no end"]
    assert source.is_at_end
    assert source.close() is None
    os.close(inner)
