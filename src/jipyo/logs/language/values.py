"""A field and a written value -> condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jipyo.logs.language.fields import LEVEL_NAMES, TEXT_FIELDS
from jipyo.logs.query import (
    LEVEL,
    SERVICE,
    All,
    AnyOf,
    Between,
    Contains,
    Equals,
    Exists,
    Matches,
    Not,
    StartsWith,
)
from jipyo.logs.record import Level, escape_surrogates
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.logs.query import Condition

UNBOUNDED = "*"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|inf)")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def build_text(texts: tuple[str, ...]) -> Condition:
    """A word of the message, between asterisks: somewhere, with ASCII letters of either case."""
    inside = [text for text in texts if text]
    if not inside:
        return All()
    if len(inside) == 1:
        return Contains(inside[0])
    return Matches("(?is)" + ".*".join(_quote(text) for text in inside))


def build_phrase(field: str, text: str) -> Condition:
    """A quoted text: exactly so, somewhere in a long text and else as the whole value."""
    if field in TEXT_FIELDS:
        return Contains(text, field, exact_case=True)
    return build_equal(field, text)


def build_word(field: str, texts: tuple[str, ...], at: int) -> Condition:
    """A word, between asterisks: the value of a field, or what it begins with, has or matches."""
    match texts:
        case ("", ""):
            return build_exists(field)
        case (text,) if field == LEVEL:
            return Equals(LEVEL, _find_level(text, at).name.lower())
        case (text,):
            return Contains(text, field) if field in TEXT_FIELDS else Equals(field, text)
        case (text, ""):
            return StartsWith(field, text)
        case ("", text, ""):
            return Contains(text, field, exact_case=True)
    return Matches(rf"(?s)\A{'.*'.join(_quote(text) for text in texts)}\z", field)


def build_exists(field: str) -> Condition:
    """The record has the field; a level is one that the line names."""
    if field == SERVICE:
        return All()
    return Not(Equals(LEVEL, "unknown")) if field == LEVEL else Exists(field)


def build_equal(field: str, text: str) -> Condition:
    """The whole value."""
    known = LEVEL_NAMES.get(text.lower()) if field == LEVEL else None
    return Equals(field, text if known is None else known.name.lower())


def build_compared(field: str, comparison: str, text: str, at: int) -> Condition:
    """`>=` and its like, with a number, or with a level's name.

    Raises:
        LogQueryError: the text is neither.
    """
    inclusive = comparison.endswith("=")
    bounds = (text, UNBOUNDED) if comparison.startswith(">") else (UNBOUNDED, text)
    return build_range(field, bounds, (inclusive, inclusive), at)


def build_range(
    field: str, bounds: tuple[str, str], inclusive: tuple[bool, bool], at: int
) -> Condition:
    """From a bound to another, of numbers or of levels; `*` is none.

    Raises:
        LogQueryError: a bound is none of these.
    """
    if field == LEVEL:
        return _build_levels(bounds, inclusive, at)
    low, high = (_parse_bound(bound, at) for bound in bounds)
    return Between(field, low, high, *inclusive)


def _build_levels(bounds: tuple[str, str], inclusive: tuple[bool, bool], at: int) -> Condition:
    """The levels between two, of those that a line can name."""
    low, high = (None if bound == UNBOUNDED else _find_level(bound, at) for bound in bounds)
    return build_any_level(
        level
        for level in Level
        if level != Level.UNKNOWN
        and (low is None or level > low or (inclusive[0] and level == low))
        and (high is None or level < high or (inclusive[1] and level == high))
    )


def build_any_level(levels: Iterable[Level]) -> Condition:
    """One of these levels."""
    return AnyOf(tuple(Equals(LEVEL, level.name.lower()) for level in sorted(levels)))


def _find_level(text: str, at: int) -> Level:
    level = LEVEL_NAMES.get(text.lower())
    if level is None:
        names = ", ".join(level.name.lower() for level in Level)
        raise LogQueryError("logs_query.no_level", at=at, text=escape_surrogates(text), known=names)
    return level


def _parse_bound(text: str, at: int) -> float | None:
    if text == UNBOUNDED:
        return None
    if not _NUMBER.fullmatch(text):
        raise LogQueryError(
            "logs_query.no_number",
            hint="logs_query.range.hint",
            at=at,
            text=escape_surrogates(text),
        )
    return float(text)


def _quote(text: str) -> str:
    """The text as an RE2 pattern."""
    return _PUNCTUATION.sub(r"\\\1", text).replace("\0", r"\x00")
