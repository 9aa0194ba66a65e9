"""String literals: Go's escapes in, Go's escapes out, bytes kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.promql import parse
from jipyo.promql.syntax.ast import StringLiteral
from jipyo.promql.syntax.names import needs_quotes
from jipyo.promql.syntax.quoting import quote, quote_char, unquote

BYTES = st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@given(st.text(st.characters(exclude_categories=["Cs"])) | BYTES)
def test_what_is_quoted_is_unquoted_to_the_same(text: str) -> None:
    assert unquote(quote(text)) == text
    assert quote(text).isprintable()


@given(BYTES)
def test_a_quoted_text_is_a_literal_of_the_language(text: str) -> None:
    literal = parse(quote(text))
    assert isinstance(literal, StringLiteral)
    assert literal.value == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("a", '"a"'),
        ("서울", '"서울"'),
        ('say "hi"', r'"say \"hi\""'),
        ("it's", '"it\'s"'),
        ("back\\slash", r'"back\\slash"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\x00\x1f\x7f", r'"\x00\x1f\x7f"'),
        ("\u00ad", r'"\u00ad"'),
        ("\u2028", r'"\u2028"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\udcff", r'"\xff"'),
    ],
)
def test_texts_are_quoted_as_go_does(text: str, quoted: str) -> None:
    assert quote(text) == quoted
    assert unquote(quoted) == text


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("'a'", "a"),
        ("`a`", "a"),
        (r"`a\n`", "a\\n"),
        (r"'\''", "'"),
        (r'"\x41"', "A"),
        (r'"\101"', "A"),
        (r'"\u0041"', "A"),
        (r'"\U00000041"', "A"),
        (r'"\xec\x84\x9c"', "서"),  # bytes that are one letter together
        (r'"\xff"', "\udcff"),
        (r'"\"\\"', '"\\'),
    ],
)
def test_literals_of_every_kind(literal: str, text: str) -> None:
    assert unquote(literal) == text
    parsed = parse(literal)
    assert isinstance(parsed, StringLiteral)
    assert parsed.value == text


@pytest.mark.parametrize(
    ("char", "quoted"),
    [("a", "'a'"), ("'", r"'\''"), ('"', "'\"'"), ("\n", r"'\n'"), ("", "'\ufffd'")],
)
def test_a_character_is_quoted_by_itself(char: str, quoted: str) -> None:
    assert quote_char(char) == quoted


@pytest.mark.parametrize(
    ("label", "everywhere", "unquoted"),
    [
        # label, quotes in Prometheus' own syntax, quotes where names are in any letters
        ("job", False, False),
        ("_a1", False, False),
        ("1a", True, True),
        ("", True, True),
        ("a-b", True, True),
        ("a b", True, True),
        ("a:b", True, True),
        ("http.status", True, False),
        (".http", True, True),
        ("지역", True, False),
        ("지역1", True, False),
        ("a١", True, True),  # digits are ASCII
        ("é", True, False),
    ],
)
def test_which_label_names_need_quotes(label: str, everywhere: bool, unquoted: bool) -> None:
    assert needs_quotes(label, unquoted_utf8=False) is everywhere
    assert needs_quotes(label, unquoted_utf8=True) is unquoted
