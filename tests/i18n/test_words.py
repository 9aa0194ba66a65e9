"""The words that server and dashboard have in common stand in one place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from jipyo.i18n import LANGS, Lang, texts

I18N = Path(__file__).parents[2] / "src/jipyo/i18n"
WORDS: dict[str, dict[str, dict[str, str]]] = json.loads((I18N / "words.json").read_text("utf-8"))


def test_every_language_has_the_same_words_in_the_same_order() -> None:
    shapes = {lang: [(g, list(words)) for g, words in WORDS[lang].items()] for lang in LANGS}
    assert shapes["ko"] == shapes["en"]
    assert set(WORDS) == set(LANGS)


@pytest.mark.parametrize("lang", LANGS)
def test_a_word_is_a_text_of_its_group(lang: Lang) -> None:
    for group, words in WORDS[lang].items():
        for name, word in words.items():
            assert texts(lang).table[f"{group}.{name}"] == word


def test_english_is_free_of_korean_and_korean_words_are_korean() -> None:
    for words in WORDS["en"].values():
        assert not re.search("[가-힣]", "".join(words.values()))
    groups = {group: words for group, words in WORDS["ko"].items() if group != "i18n.unit"}
    for words in groups.values():
        assert [word for word in words.values() if not re.search("[가-힣]", word)] == []


def written_groups() -> dict[str, set[tuple[str, str, str]]]:
    """Name, Korean and English word of every text of the YAML files, by all but its last part."""
    tables: dict[Lang, dict[str, str]] = {"ko": {}, "en": {}}
    for lang, table in tables.items():
        for file in sorted((I18N / lang).glob("*.yaml")):
            table.update(yaml.safe_load(file.read_text("utf-8")))
    groups: dict[str, set[tuple[str, str, str]]] = {}
    for key, text in tables["ko"].items():
        group, _, name = key.rpartition(".")
        groups.setdefault(group, set()).add((name, text, tables["en"][key].lower()))
    return groups


def test_no_group_of_texts_repeats_a_group_of_words() -> None:
    """Single words may stand elsewhere for something else; a group of them is that group again."""
    english = WORDS["en"]
    repeated = {
        (written, group): same
        for written, texts_of in written_groups().items()
        for group, words in WORDS["ko"].items()
        if len(same := texts_of & {(n, w, english[group][n].lower()) for n, w in words.items()})
        >= max(2, 0.8 * len(words))
    }
    assert repeated == {}
