"""Messages of a stream are found, however its bytes arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.ingest.receive.syslog_frames import SyslogFrames, iter_sent, join_sent

MAX = 40
MESSAGES = st.lists(st.binary(min_size=1, max_size=MAX), max_size=8)


def feed(data: bytes, sizes: list[int], most: int = MAX) -> tuple[list[bytes], SyslogFrames]:
    frames = SyslogFrames(most)
    found: list[bytes] = []
    for size in [*sizes, len(data)]:
        found += frames.feed(data[:size])
        data = data[size:]
    return found + frames.finish(), frames


@given(MESSAGES, st.lists(st.integers(1, 10), max_size=30))
def test_counted_messages_come_out_as_they_went_in(messages: list[bytes], cuts: list[int]) -> None:
    data = b"".join(b"%d %s" % (len(message), message) for message in messages)
    assert feed(data, cuts)[0] == messages


@given(st.lists(st.from_regex(r"<[a-z ]{1,30}", fullmatch=True)), st.lists(st.integers(1, 10)))
def test_lines_come_out_as_they_went_in(lines: list[str], cuts: list[int]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    assert feed(data, cuts)[0] == [line.encode() for line in lines]


@pytest.mark.parametrize(
    ("data", "messages", "cut"),
    [
        (b"<1>a\n\n<1>b", [b"<1>a", b"<1>b"], 0),
        (b"<1>a\0<1>b\0", [b"<1>a", b"<1>b"], 0),
        (b"3 abc<1>line\n4 wxyz", [b"abc", b"<1>line", b"wxyz"], 0),
        (b"5 a\nb\nc6 second", [b"a\nb\nc", b"second"], 0),
        (b"100 " + b"x" * 100 + b"1 y", [b"x" * MAX, b"y"], 1),
        (b"x" * 100 + b"\n<1>y\n", [b"x" * MAX, b"<1>y"], 1),
        (b"9999999999 a\n<1>b\n", [b"9999999999 a", b"<1>b"], 0),
        (b"10 short", [b"short"], 0),
        (b"0 a\n", [b"0 a"], 0),
    ],
)
def test_odd_streams(data: bytes, messages: list[bytes], cut: int) -> None:
    for sizes in ([], [1] * len(data)):
        found, frames = feed(data, sizes)
        assert found == messages
        assert frames.cut_messages == cut


@given(st.lists(st.tuples(st.from_regex(r"[0-9a-f.:]{1,20}", fullmatch=True), st.binary())))
def test_an_entry_has_messages_and_senders(sent: list[tuple[str, bytes]]) -> None:
    assert list(iter_sent(join_sent(sent))) == sent
