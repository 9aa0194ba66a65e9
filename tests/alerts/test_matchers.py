"""Matchers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.matchers import parse_matchers, write_matchers
from jipyo.model.errors import QueryError
from jipyo.model.matcher import Matcher, MatchOp

NAMES = st.sampled_from(["job", "severity", "instance", "글", "with.dot"])
MATCHERS = st.builds(
    Matcher, NAMES, st.sampled_from([MatchOp.EQ, MatchOp.NE]), st.text(max_size=20)
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('job="vllm"', 'job="vllm"'),
        (' {job="vllm" , severity!~"w.*"} ', 'job="vllm", severity!~"w.*"'),
        ("{}", ""),
        ("", ""),
        ('severity=~".*"', 'severity=~".*"'),
    ],
)
def test_matchers_are_read_with_and_without_braces(text: str, written: str) -> None:
    assert write_matchers(parse_matchers(text)) == written


@given(st.lists(MATCHERS, max_size=4))
def test_what_is_written_is_read_again(matchers: list[Matcher]) -> None:
    assert set(parse_matchers(write_matchers(matchers))) == set(matchers)


@pytest.mark.parametrize("text", ["job=vllm", "job", '{job="a"', 'job=~"("', 'up{job="a"}', "}"])
def test_what_is_no_list_of_matchers_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_matchers(text)
