"""Log queries as people and other programs write them: text -> condition, and back to text."""

from __future__ import annotations

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.language import parse_condition, parse_query, simplify, write_condition

WORDS = (
    b"a", b" AND ", b" OR ", b" NOT ", b"&&", b"||", b"!", b"-", b"+", b"(", b")", b'"', b"\\",
    b"*", b":", b"user:", b"level:", b"level:>=warn", b"service:chat", b"template:t1", b"status:",
    b">=500", b"<", b"[400 TO 499]", b"{1 TO *}", b"[", b"]", b"{", b"}", b"/a.b/", b"/", b"~",
    b"=", b"_exists_:user", b"\xec\x98\xa4\xeb\xa5\x98", b"\xed\xa0\x80", b"\x00", b"\n",
    b"@timestamp:", b"http://x", b"1e999", b"(?i)", b"((a{100}){100})",
)  # fmt: skip


def read(body: bytes) -> None:
    """What is written of a condition is read as the same."""
    text = body.decode("utf-8", "surrogateescape")
    condition = parse_condition(text)
    assert simplify(condition) == condition, "BUG: a condition that is not in its simplest form"
    written = write_condition(condition)
    if len(written) <= len(text):
        assert parse_condition(written) == condition, "BUG: a condition that changes when written"
    parse_query(text, 0, 1)


SURFACES = [
    Surface(
        name="logs-language",
        feed=read,
        seeds=(b"(" * 60, b"-" * 60, b"a " * 4000, b'level:error user:"kim" (a OR b*) -/x/'),
        tokens=WORDS,
        s_per_byte=40e-6,
        most_bytes=10_000,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_log_query_is_parsed_or_rejected(surface: Surface) -> None:
    assert_short_form(surface)
