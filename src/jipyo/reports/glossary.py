"""What the words of reports and of the dashboard mean: `glossary.yaml` -> `Term`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jipyo.catalogue import Origin
from jipyo.schema import (
    BILINGUAL,
    TEXT,
    Key,
    check_unique,
    choice,
    list_of,
    parse_yaml,
    record,
    unknown_word,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.i18n import Lang
    from jipyo.model.bilingual import Bilingual

FILE = "glossary.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word that is explained."""

    id: str
    term: Bilingual
    meaning: Bilingual
    origin: Origin
    """The specification where it explains the term itself."""
    also: tuple[str, ...] = ()
    """What else it is called."""
    metrics: tuple[str, ...] = ()
    """Ids of the metrics beside whose names it is explained."""


_TERMS = list_of(
    record(
        Term,
        (
            Key("id", TEXT, required=True),
            Key("term", BILINGUAL, required=True),
            Key("meaning", BILINGUAL, required=True),
            Key("origin", choice(Origin), required=True),
            Key("also", list_of(TEXT)),
            Key("metrics", list_of(TEXT)),
        ),
    )
)


@cache
def load_glossary() -> tuple[Term, ...]:
    """All terms, those of the specification first."""
    return parse_glossary(resources.files(__package__).joinpath(FILE).read_text("utf-8"), FILE)


def parse_glossary(text: str, file: str) -> tuple[Term, ...]:
    """The terms of a text.

    Raises:
        ConfigError: with every mistake in it, such as an id that is there twice.
    """
    tree = parse_yaml(text, file)
    terms = _TERMS.read(tree)
    nodes = tree.value if isinstance(tree.value, tuple) else ()
    names = zip((term.id for term in terms), nodes, strict=True)
    check_unique(names, "schema.name_twice", lambda name: {"name": name})
    return terms


def find_terms(text: str, terms: Iterable[Term]) -> tuple[Term, ...]:
    """The terms that a text names: exactly, else those whose names contain it; in any language.

    Raises:
        ConfigError: there is none; with the nearest name.
    """
    word = _fold(text)
    by_term = {term: {_fold(name) for name in list_names(term)} for term in terms}
    exact = tuple(term for term, names in by_term.items() if word in names)
    found = exact or tuple(
        term for term, names in by_term.items() if word and any(word in name for name in names)
    )
    if not found:
        known = sorted(name for term in by_term for name in list_names(term))
        raise unknown_word("glossary.unknown", "", text, known)
    return found


def list_names(term: Term) -> tuple[str, ...]:
    """Every word that a term is found by."""
    return (term.id, term.term.ko, term.term.en, *term.also)


def list_terms(terms: Iterable[Term], lang: Lang) -> list[Term]:
    """The terms as a glossary prints them: those of the specification, then by their names."""
    return sorted(
        terms, key=lambda term: (term.origin is not Origin.SPECIFICATION, _fold(term.term(lang)))
    )


def _fold(text: str) -> str:
    return "".join(text.split()).replace("_", "").casefold()
