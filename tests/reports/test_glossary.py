"""What the words of reports mean."""

from __future__ import annotations

import pytest

from jipyo.catalogue import Origin, load
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ConfigError
from jipyo.reports.glossary import (
    find_terms,
    list_names,
    list_terms,
    load_glossary,
    parse_glossary,
)

TERMS = load_glossary()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("TPS", ["tps"]),
        ("tps", ["tps"]),
        ("레이턴시", ["latency"]),
        ("응답 시간", ["latency"]),
        ("응답시간", ["latency"]),
        ("Response Time", ["latency"]),
        ("error_budget", ["error_budget"]),
        ("에러", ["error_rate", "error_budget"]),
        ("임계치", ["threshold"]),
    ],
)
def test_a_term_is_found_by_any_of_its_names(text: str, ids: list[str]) -> None:
    assert [term.id for term in find_terms(text, TERMS)] == ids


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("throuput", "There is no term throuput. Did you mean throughput?"),
        ("xyzzy", "There is no term xyzzy. Terms: "),
        (" ", "There is no term  . Terms: "),
    ],
)
def test_an_unknown_term_is_an_error_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_terms(text, TERMS)
    assert texts("en").error(caught.value).startswith(message)


def test_the_specifications_terms_come_first() -> None:
    for lang in LANGS:
        ordered = list_terms(TERMS, lang)
        own = [term.id for term in ordered if term.origin is Origin.SPECIFICATION]
        assert [term.id for term in ordered[: len(own)]] == own
        assert len(ordered) == len(TERMS)
    assert {term.id for term in TERMS if term.origin is Origin.SPECIFICATION} == {
        *("tps", "latency", "throughput"),
        *("metric", "threshold", "trend"),
    }


def test_terms_name_metrics_that_there_are() -> None:
    known = {metric.id for metric in load().metrics}
    assert [one for term in TERMS for one in term.metrics if one not in known] == []


def test_no_word_finds_two_terms_exactly() -> None:
    by_term = [{name.casefold() for name in list_names(term)} for term in TERMS]
    names = [name for found in by_term for name in found]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("lang", LANGS)
def test_a_meaning_is_a_sentence_and_no_repetition_of_the_term(lang: str) -> None:
    for term in TERMS:
        assert term.meaning(lang).endswith("."), term.id
        assert len(term.meaning(lang)) > len(term.term(lang)) + 5, term.id


def test_an_id_twice_is_an_error() -> None:
    text = (
        "[{id: a, origin: default, term: {ko: 가, en: a}, meaning: {ko: 가., en: a.}},"
        "{id: a, origin: default, term: {ko: 가, en: a}, meaning: {ko: 가., en: a.}}]"
    )
    with pytest.raises(ConfigError):
        parse_glossary(text, "glossary.yaml")
