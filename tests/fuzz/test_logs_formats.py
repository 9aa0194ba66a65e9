"""Lines of logs in any format, whole and in chunks, as files and containers have them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.redact import Redactor
from support.log_lines import ACCESS, CRI, JSON, LOOSE, TEXT, make_block

if TYPE_CHECKING:
    from random import Random

NOW_NS = 1_795_000_000_000_000_000
OPTIONS = Options(service="x", zone=ZoneInfo("Asia/Seoul"), max_line_bytes=4096)
REDACTOR = Redactor()
WORDS = (
    b"\n", b"\r\n", b"\n  ", b"\n\tat a.b(C.java:1)", b" stdout P ", b" stderr F ", b'{"log":"',
    b'","stream":"stdout","time":"', b"2026-11-16T00:00:01Z", b"Feb 29 23:59:60", b" INFO ", b": ",
    b'"@timestamp":', b'"message":"', b'\\"', b"\\u0000", b" - - [", b'] "', b' HTTP/1.1" ',
    b" --- [",
    "한글".encode(), "한글".encode("cp949"), b"900101-1234567", b"4111111111111111", b"password=",
    b"prompt: '", b"a@b.kr", b"Traceback (most recent call last):\n", b"key=", b'="',
    b"<34>1 ", b"]", b" +2400", b" -9959", b"+99:59",
)  # fmt: skip
SEEDS = tuple(line + b"\n" for line in (*ACCESS, *JSON, *TEXT, *LOOSE))
WRAPPED = tuple(CRI[n % 2] + line + b"\n" for n, line in enumerate((*ACCESS, *JSON, *TEXT)))


def read(data: bytes) -> None:
    """Everything once, then in chunks: whatever it is, all of it is used."""
    whole = LineParser(OPTIONS, REDACTOR)
    batches = whole.feed(data, NOW_NS, end=True)
    assert whole.consumed == len(data), "BUG: bytes that were not used"
    assert whole.counts.records == sum(map(len, batches)), "BUG: records that were not counted"
    chunked = LineParser(OPTIONS, REDACTOR)
    size = max(len(data) // 5, 1)
    for place in range(0, len(data), size):
        chunked.feed(data[place : place + size], NOW_NS)
    chunked.feed(b"", NOW_NS, end=True)
    assert chunked.consumed == len(data), "BUG: bytes that were not used"


def generate(random: Random) -> bytes:
    return make_block(random, random.choice((1, 5, 40)))


SURFACES = [
    Surface(
        name="logs-formats",
        feed=read,
        seeds=SEEDS,
        tokens=WORDS,
        generate=generate,
        base_s=0.2,
        s_per_byte=3e-5,
    ),
    Surface(
        name="logs-formats-wrapped",
        feed=read,
        corpus="logs-formats",
        seeds=WRAPPED,
        tokens=WORDS,
        base_s=0.2,
        s_per_byte=3e-5,
        cases=300,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_lines_of_logs_are_read_whatever_they_are(surface: Surface) -> None:
    assert_short_form(surface)
