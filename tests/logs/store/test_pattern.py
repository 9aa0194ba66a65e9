"""The text that is required is in every match."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.pattern import find_required_text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("took [0-9]{4} ms", "took "),
        (r"took \d+\.\d+ms", "took "),
        ('" 50[0-9] [0-9]{5} ', '" 50'),
        ("colou?r", "colo"),
        ("ab+c", "ab"),
        ("ab*cd", "cd"),
        ("x{2}yz", "yz"),
        (r"a\.b\[c", "a.b[c"),
        ("(ab)?c", "c"),
        ("a(bcd)e(f)", "a"),
        ("^start$", "start"),
        ("[]a]bc", "bc"),
        ("[[:alpha:]x]bc", "bc"),
        (r"[\]x]bc", "bc"),
        ("cat|dog", ""),
        ("(?i)cat", ""),
        (r"\x41bc", ""),
        (r"\Qa.b\E", ""),
        (r"\pLabc", ""),
        ("a{b", ""),
        ("요청 .* 실패했습니다", " 실패했습니다"),
        ("", ""),
    ],
)
def test_the_longest_text_outside_of_groups_is_required(pattern: str, text: str) -> None:
    assert find_required_text(pattern) == text


_PIECES = st.sampled_from(
    [
        *"ab.*+?^$()[]{},-\\",
        "{2}",
        "{0,1}",
        "[a-b]",
        "[^a]",
        r"\d",
        r"\.",
        r"\b",
        "(ab)",
        "\\]",
        "{0}",
    ]
)


@given(st.lists(_PIECES, max_size=8).map("".join), st.text("ab.[]{},-\\1", max_size=12))
def test_no_match_is_without_the_required_text(pattern: str, text: str) -> None:
    try:
        compiled = re2.compile(pattern)
    except re2.error:
        return
    if compiled.search(text):
        assert find_required_text(pattern) in text
