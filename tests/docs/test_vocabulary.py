"""`docs/vocabulary.md` binds all that people read: texts, catalogue, documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VOCABULARY = ROOT / "docs/vocabulary.md"
TEXTS = ROOT / "src/jipyo/i18n"
CATALOGUE = ROOT / "src/jipyo/catalogue/builtin"
KOREAN = [
    *TEXTS.glob("ko/*.yaml"),
    *CATALOGUE.glob("*.yaml"),
    *ROOT.glob("*.ko.md"),
    *ROOT.glob("docs/*.ko.md"),
]
ENGLISH = [
    *TEXTS.glob("en/*.yaml"),
    *CATALOGUE.glob("*.yaml"),
    *(p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")] if not p.name.endswith(".ko.md")),
]
REPLACED = {
    "자료": "데이터",
    "표본": "샘플",
    "질의": "쿼리",
    "묶음": "그룹",
    r"(?<!시)계열": "시계열",
    "아이노드": "inode",
    "교착 상태": "데드락",
    "현장": "사용자 설정",
    "까닭": "원인, 이유",
    r"(?<![-_`\w])exporter(가|를|는|의|와|로)": "익스포터",
}
"""What is not written, and what is instead."""
OUTDATED = {
    r"\bthe manual\b": "the specification",
    r"\bthreshold crossings?\b": "breach",
    r"\bis told\b": "is reported",
    r"\bworked out\b": "calculated",
    r"\bwhoever answers\b": "the source",
}
SPACED = r"\d[\u00a0 ]%(?![a-z(])"
"""Neither language writes a space before `%`."""


def hits(files: list[Path], patterns: Iterator[str]) -> list[str]:
    pattern = re.compile("|".join(patterns))
    return [
        f"{file.relative_to(ROOT)}:{number}: {found[0]}"
        for file in files
        if file != VOCABULARY
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_there_are_texts_to_look_at() -> None:
    assert len(KOREAN) > 25
    assert len(ENGLISH) > 35


def test_korean_has_one_word_for_a_thing() -> None:
    assert hits(KOREAN, iter([*REPLACED, SPACED])) == []


def test_english_has_one_word_for_a_thing() -> None:
    assert hits(ENGLISH, iter([*OUTDATED, SPACED])) == []


@pytest.mark.parametrize("word", ["데이터", "샘플", "시계열", "쿼리", "그룹", "임계치", "익스포터"])
def test_the_word_that_is_written_instead_is_in_the_vocabulary(word: str) -> None:
    assert word in VOCABULARY.read_text("utf-8")


def test_every_document_for_users_is_there_in_both_languages() -> None:
    english_only = {"log-store-format.md", "storage-format.md", "vocabulary.md"}
    pages = {file.name for file in (ROOT / "docs").glob("*.md")}
    single = {
        name
        for name in pages - english_only
        if not name.endswith(".ko.md") and name.replace(".md", ".ko.md") not in pages
    }
    assert single == set()
