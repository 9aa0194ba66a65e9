"""Expositions: what a target serves and a sender pushes, text and OpenMetrics."""

from __future__ import annotations

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.collect.receive.text import find_format, parse_text_body
from jipyo.wire.exposition import Format, Parser, decode_text

WORDS = (
    b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF\n", b" counter", b" histogram", b" summary",
    b" gaugehistogram", b"a_total", b"a_bucket", b'{le="1"}', b'{le="+Inf"}', b'{quantile="0.5"}',
    b'{a="b"}', b'{"a b","c d"="e"}', b",", b'=""', b'\\"', b"\\n", b" # {} 1 2", b" 1", b" 1 2",
    b"1e1000", b"0x1p3", b"1_000", b"\xd9\xa1", b" 1 99999999999999999999", b"\n", b"\r\n", b"\x85",
    b"__name__", b"{__name__=\"x\"} 1\n",
)  # fmt: skip
BUILT = (
    b"a" * 20_000 + b" 1 2 3\n",
    b"a" * 20_000,
    b"x{" + b"".join(b'z%d="",' % i for i in range(2000)) + b" " * 100 + b"! } 1",
    b'# HELP "' + b"\\" * 20_000,
)


def read(body: bytes, form: Format) -> None:
    """As a scrape does: the second reading goes the short way over what the first left."""
    parser = Parser()
    for _ in range(2):
        reading = parser.parse(decode_text(body), form)
        assert len(reading.series) == len(reading.values), "BUG: a value for each series"
        assert all(labels.metric for labels in reading.series), "BUG: a name for each series"


SURFACES = [
    Surface(
        name="exposition-text",
        feed=lambda body: read(body, Format.TEXT),
        corpus="exposition",
        seeds=BUILT,
        tokens=WORDS,
    ),
    Surface(
        name="exposition-openmetrics",
        feed=lambda body: read(body + b"\n# EOF\n", Format.OPENMETRICS),
        corpus="exposition",
        seeds=BUILT,
        tokens=WORDS,
    ),
    Surface(
        name="exposition-pushed",
        feed=lambda body: parse_text_body(body, {"job": "x"}, 0),
        corpus="exposition",
        seeds=BUILT,
        tokens=WORDS,
    ),
    Surface(
        name="exposition-type",
        feed=lambda body: find_format(body.decode("latin-1")),
        seeds=(b"text/plain; version=0.0.4", b"application/openmetrics-text;version=1.0.0"),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_an_exposition_is_read_or_refused_in_linear_time(surface: Surface) -> None:
    assert_short_form(surface)
