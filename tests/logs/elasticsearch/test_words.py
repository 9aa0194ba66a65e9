"""What is said of words must be true of every text: Lucene's rules, as far as they are used."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.elasticsearch.words import (
    escape_wildcard,
    find_in_words,
    is_one_word,
    list_word_queries,
)

CHARACTERS = "aB1_가힣 .:,;'\"-/=\n*?\\é漢"
_WORD = re.compile(r"[0-9A-Za-z_가-힣é]+(?:[.:,;']+[0-9A-Za-z_가-힣é]+)*|漢")


def split(text: str) -> list[str]:
    """Words as an analyzer may split them: it joins more than UAX #29, and cuts at 255."""
    words = [word for word in _WORD.findall(text.lower()) if re.search(r"[^\W_]", word)]
    return [word[n : n + 255] for word in words for n in range(0, len(word), 255)]


def matches(query: dict, words: list[str]) -> bool:
    """Whether a query of the server finds a document with these words."""
    ((kind, inside),) = query.items()
    if kind == "bool":
        return any(matches(each, words) for each in inside["should"])
    ((_, value),) = inside.items()
    if kind == "term":
        return value in words
    if kind == "prefix":
        return any(word.startswith(value) for word in words)
    if kind == "regexp":
        assert value["value"] == ".{127,}"
        return any(len(word) >= 127 for word in words)
    assert kind == "wildcard"
    pattern = re.escape(value["value"]).replace(r"\*", ".*")
    return any(re.fullmatch(pattern, word, re.DOTALL) for word in words)


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("refused", ["*refused*"]),
        ("connection refused", ["*connection", "refused"]),
        ("a (B) c", ["*a", "=b", "c"]),
        ("10.0.0.1", ["*10*", "*0*", "*0*", "*1*"]),
        ("서버에서 오류", ["*서버에서", "오류"]),
        ("x=*", ["*x"]),
        ("-- _ ..", []),
        ("é", []),
        ("", []),
    ],
)
def test_runs_of_letters_lie_within_words(text, queries):
    found = []
    for query in list_word_queries("m", text):
        inside = query["bool"]["should"][0] if "bool" in query else query
        ((kind, value),) = inside.items()
        value = value["m"]
        found.append({"term": f"={value}", "prefix": value}.get(kind) or value["value"])
    assert found == queries


@given(st.data())
def test_no_document_with_the_text_is_lost(data):
    text = data.draw(st.text(CHARACTERS, max_size=12))
    before = data.draw(st.text(CHARACTERS, max_size=6)) + "x" * data.draw(st.sampled_from((0, 254)))
    whole = before + text + data.draw(st.text(CHARACTERS, max_size=6))
    words = split(whole)
    assert all(matches(query, words) for query in list_word_queries("m", text)), (text, whole)


@given(st.text("aB1_가. ", min_size=1, max_size=4), st.text("aB1_가. é", max_size=12))
def test_one_word_is_found_exactly(text, whole):
    if is_one_word(text):
        assert matches(find_in_words("m", text), split(whole)) == (text.lower() in whole.lower())


def test_wildcards_are_letters():
    assert escape_wildcard(r"*a?\b") == r"\*a\?\\b"
