"""`jipyo glossary`."""

from __future__ import annotations

import json

import pytest

from jipyo.reports.glossary import load_glossary
from support.product import jipyo


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("ko", "레이턴시  latency"),
        ("en", "latency  레이턴시"),
    ],
)
def test_a_term_is_explained_in_the_language_of_the_reader(lang: str, line: str) -> None:
    result = jipyo("glossary", "응답시간", "--lang", lang)
    assert result.out.startswith(line)
    assert len(result.out.splitlines()) == 2


def test_without_a_term_all_are_printed() -> None:
    rows = json.loads(jipyo("glossary", "--json", "--lang", "en").out)
    assert {row["id"] for row in rows} == {term.id for term in load_glossary()}
    assert rows[0]["term"] == "latency"


def test_an_unknown_term_is_wrong_usage() -> None:
    result = jipyo("glossary", "TPSS", "--lang", "en")
    assert (result.code, "Did you mean TPS?" in result.err) == (2, True)
