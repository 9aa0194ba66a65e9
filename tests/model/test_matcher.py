"""Matchers: anchored RE2, an absent label as an empty string, Go's words for wrong patterns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp, compile_regex, select_all


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("a", "a", True),
        ("a", "ab", False),  # anchored at both ends
        ("b", "ab", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        ("", "", True),
        ("", "a", False),
        (".*", "", True),
        (".+", "", False),
        (".*", "two\nlines", True),  # a dot matches a newline, as in Prometheus 3
        ("(?i)ABC", "abc", True),
        ("[0-9]{3}", "123", True),
        ("[0-9]{3}", "1234", False),
        ("서.", "서울", True),
        (r"\d+", "１２", False),  # ASCII digits only, as in RE2
        ("a?", "aa", False),
        ("^a$", "a", True),
    ],
)
def test_a_pattern_matches_the_whole_value(pattern: str, value: str, matches: bool) -> None:
    assert compile_regex(pattern)(value) is matches
    assert Matcher("l", MatchOp.RE, pattern).matches(value) is matches
    assert Matcher("l", MatchOp.NRE, pattern).matches(value) is not matches


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("\\8", "invalid escape sequence: `\\8`"),
        ("(?P<a", "invalid named capture: `(?P<a`"),
        ("(?<!a)b", "invalid or unsupported Perl syntax: `(?<!`"),
    ],
)
def test_a_wrong_pattern_is_refused_in_gos_words(pattern: str, message: str) -> None:
    with pytest.raises(QueryError) as error:
        compile_regex(pattern)
    assert error.value.kind is QueryErrorKind.BAD_DATA
    assert error.value.message.startswith("error parsing regexp: ")
    assert message.split(":", maxsplit=1)[0] in error.value.message


def test_a_pattern_that_would_take_too_much_memory_is_refused() -> None:
    with pytest.raises(QueryError, match="error parsing regexp"):
        compile_regex("((a{100}){100}){100}")


def test_bytes_that_are_not_utf8_are_matched_as_bytes() -> None:
    value = b"a\xff".decode("utf-8", "surrogateescape")
    assert Matcher("l", MatchOp.EQ, value).matches(value)
    assert not Matcher("l", MatchOp.RE, "b.*").matches(value)


@given(st.text(max_size=4), st.text(max_size=4))
def test_equality_is_equality(wanted: str, value: str) -> None:
    assert Matcher("l", MatchOp.EQ, wanted).matches(value) is (wanted == value)
    assert Matcher("l", MatchOp.NE, wanted).matches(value) is (wanted != value)


@pytest.mark.parametrize(
    ("matchers", "selected"),
    [
        ([], True),
        ([Matcher("a", MatchOp.EQ, "1")], True),
        ([Matcher("a", MatchOp.EQ, "1"), Matcher("b", MatchOp.EQ, "2")], False),
        ([Matcher("b", MatchOp.EQ, "")], True),  # absent is empty
        ([Matcher("b", MatchOp.NE, "")], False),
        ([Matcher("b", MatchOp.RE, ".*")], True),
        ([Matcher("b", MatchOp.RE, ".+")], False),
        ([Matcher("b", MatchOp.NRE, ".+")], True),
        ([Matcher("a", MatchOp.RE, "1|2"), Matcher("b", MatchOp.NRE, "x")], True),
    ],
)
def test_all_matchers_must_pass(matchers: list[Matcher], selected: bool) -> None:
    assert select_all(matchers, Labels.of({"a": "1"})) is selected


@pytest.mark.parametrize("op", MatchOp)
def test_a_matcher_is_written_with_its_operator(op: MatchOp) -> None:
    assert str(Matcher("job", op, "api")) == f"job{op.value}'api'"
