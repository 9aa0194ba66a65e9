"""What must hold for every text file of every room."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest
import yaml

from jipyo.i18n import LANGS, Lang, texts
from jipyo.i18n.particles import is_particle
from jipyo.model import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = Path(__file__).parents[2] / "src/jipyo"
FILES = sorted((SRC / "i18n").glob("*/*.yaml"))
WORDS = json.loads((SRC / "i18n/words.json").read_text("utf-8"))["en"]
ROOMS = {file.stem for file in FILES}
KEY = re.compile(rf"({'|'.join(sorted(ROOMS))})(\.[a-z0-9_]+)+")
ERRORS = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}
BEGINNINGS = (
    *ROOMS,
    *(group.partition(".")[0] for group in WORDS),
    r"[a-z0-9_.]+\.",
)  # a key that is handed in may get an ending


def entries(file: Path) -> list[tuple[str, str]]:
    root = yaml.compose(file.read_text("utf-8"))
    assert root is not None
    return [(key.value, value.value) for key, value in root.value]


def room(lang: Lang, name: str) -> dict[str, str]:
    return dict(entries(SRC / "i18n" / lang / f"{name}.yaml"))


def blanks(text: str) -> list[tuple[str, str]]:
    return [(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None]


def values(text: str) -> set[str]:
    """The values that a text shows; a plural chooses a word by one and shows none."""
    return {name for name, spec in blanks(text) if "/" not in spec}


def bare(text: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(text))


def test_each_room_has_a_file_in_each_language() -> None:
    names = {lang: {f.stem for f in FILES if f.parent.name == lang} for lang in LANGS}
    assert names["ko"] == names["en"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_each_key_stands_once_and_begins_with_its_room(file: Path) -> None:
    keys = Counter(key for key, _ in entries(file))
    assert [key for key, n in keys.items() if n > 1] == []
    assert [key for key in keys if not KEY.fullmatch(key)] == []
    assert [key for key in keys if not key.startswith(f"{file.stem}.")] == []


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_both_languages_have_the_same_keys_and_blanks(name: str) -> None:
    ko, en = room("ko", name), room("en", name)
    assert ko.keys() == en.keys()
    assert [key for key in ko if values(ko[key]) != values(en[key])] == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_blanks_are_plain_names_and_particles_are_known(file: Path) -> None:
    for key, text in entries(file):
        for name, spec in blanks(text):
            assert name.isidentifier(), key
            hangul = re.search("[가-힣]+$", spec)
            assert hangul is None or is_particle(hangul[0]), key
            assert hangul is None or file.parent.name == "ko", key
            assert "/" not in spec or file.parent.name == "en", key


COUNTS = ("n", "all", "count", "samples", "chunks", "rows", "problems", "metrics", "expressions")
UNCHOSEN = re.compile(r"\{(" + "|".join(COUNTS) + r")(:,)?\} [a-z]+s\b")


@pytest.mark.parametrize("file", [f for f in FILES if f.parent.name == "en"], ids=lambda f: f.stem)
def test_a_counted_noun_has_a_singular_and_a_plural(file: Path) -> None:
    for key, text in entries(file):
        assert not UNCHOSEN.search(text), key
        for _, spec in blanks(text):
            assert spec.count("/") <= 1, key
            assert "/" not in spec or all(spec.split("/")), key


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_korean_is_korean_and_english_is_english(name: str) -> None:
    for key, text in room("en", name).items():
        assert not re.search("[가-힣]", text), key
    for key, text in room("ko", name).items():
        words = re.findall("[A-Za-z]{2,}", bare(text))
        # A unit, a product's name or a command line may stand alone; a sentence may not.
        assert len(words) < 3 or re.search("[가-힣]", text), key
        assert not re.search(r"[은을이와로]\((는|를|가|과|으로)\)|\((으|이)\)", text), key


def trees() -> Iterator[ast.Module]:
    for file in sorted(SRC.rglob("*.py")):
        yield ast.parse(file.read_text("utf-8"))


def literal_keys(tree: ast.Module, makers: set[str]) -> Iterator[str]:
    """The keys that are written literally where a text or an error is made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in makers:
            named = [k.value for k in node.keywords if k.arg in ("hint", "key")]
            for value in (*node.args[:1], *named):
                if isinstance(value, ast.Constant) and "." in str(value.value):
                    yield str(value.value)


def called(node: ast.Call) -> str:
    func = node.func
    if isinstance(func, ast.Call):
        return called(func)
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def test_every_text_that_is_asked_for_exists() -> None:
    asked = {key for tree in trees() for key in literal_keys(tree, ERRORS | {"t", "texts"})}
    for lang in LANGS:
        assert sorted(asked - texts(lang).table.keys()) == []


ENDING = re.compile(r".*([.?]|: \{\w+\}|^\{\w+\})", re.DOTALL)
"""A full stop, or what another program said, word by word."""
BEGINNING = re.compile(r"(\{\w+\}: )?([A-Z{]|jipyo |[a-z]+ must )")
"""A capital or a value, after `file:line: ` where there is one; names keep their spelling."""


@pytest.mark.parametrize("lang", LANGS)
def test_every_error_is_a_sentence(lang: Lang) -> None:
    keys = {key for tree in trees() for key in literal_keys(tree, ERRORS)}
    assert len(keys) > 60
    table = {key: texts(lang).table[key] for key in sorted(keys)}
    assert {key: text for key, text in table.items() if not ENDING.fullmatch(text)} == {}
    assert lang == "ko" or [text for text in table.values() if not BEGINNING.match(text)] == []


def patterns(tree: ast.Module) -> Iterator[str]:
    """All that may name a key: literals and f-strings with any word in their blanks."""
    inside = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z0-9_.]+"
                for v in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in inside:
            yield re.escape(str(node.value))


def on_the_page() -> set[str]:
    page = SRC.parents[1] / "frontend/src"
    quoted = re.compile("[\"'`]([a-z0-9_.]+)[\"'`]")
    return {
        key
        for file in page.rglob("*")
        if file.suffix in (".ts", ".svelte")
        for key in quoted.findall(file.read_text("utf-8"))
    }


def test_every_text_is_used() -> None:
    keys = texts("en").table.keys() - on_the_page()
    named = {p for tree in trees() for p in patterns(tree) if p.startswith(BEGINNINGS)}
    used = re.compile("|".join(sorted(named)))
    assert sorted(key for key in keys if not used.fullmatch(key)) == []
