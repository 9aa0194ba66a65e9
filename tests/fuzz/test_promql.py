"""PromQL as people and dashboards write it: text -> tree, and back to text."""

from __future__ import annotations

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.model.matcher import compile_regex
from jipyo.promql import format_expr, parse

WORDS = (
    b" by (a)", b" without ()", b" on (a) group_left (b) ", b" ignoring (a) group_right () ",
    b" offset 5m", b" offset -1h", b" @ 1609746000", b" @ start()", b" @ end()", b"[5m]",
    b"[5m:1m]", b"[1h:]", b'{a=~".*"}', b'{__name__="x"}', b'{"a b"}', b'{"a"="b"}',
    b" bool ", b" == ", b" =~ ", b" ^ ", b" % ", b" and ", b" or ", b" unless ", b" atan2 ",
    b"sum", b"topk", b"quantile", b"count_values", b"rate", b"histogram_quantile", b"label_replace",
    b"absent_over_time", b"vector(1)", b"time()", b"scalar(", b"# comment\n", b'"', b"'", b"`",
    b"\\x41", b"\\u0041", b"0x1f", b"1e3", b"1_000", b"1d12h", b"NaN", b"Inf", b"offset", b"by",
)  # fmt: skip


def read(body: bytes) -> None:
    """What is printed of a tree can be parsed."""
    parse(format_expr(parse(body.decode("utf-8", "surrogateescape"))))


SURFACES = [
    Surface(name="promql", feed=read, tokens=WORDS, s_per_byte=40e-6, cases=400),
    Surface(
        name="promql-regex",
        feed=lambda body: compile_regex(body.decode("utf-8", "surrogateescape"))("x" * 100),
        seeds=(b"a.*b", b"(a|b)+c{2,1000}", b"[[:alpha:]]\\pL(?i)x", b"((a{100}){100}){100}"),
        tokens=(b"(", b")", b"[", b"]", b"{1000}", b"*", b"+?", b"(?P<n>", b"\\p{Greek}", b"|"),
        most_bytes=2000,
        s_per_byte=100e-6,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_an_expression_is_parsed_or_rejected(surface: Surface) -> None:
    assert_short_form(surface)
