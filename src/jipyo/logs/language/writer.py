"""Condition -> text that is read as the same condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jipyo.logs.language.fields import EXISTS, SHORT_NAMES, TEXT_FIELDS, TIME_FIELDS
from jipyo.logs.language.simplify import simplify
from jipyo.logs.query import (
    MESSAGE,
    TEMPLATE,
    All,
    AnyOf,
    Between,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    Matches,
    Not,
    StartsWith,
)

if TYPE_CHECKING:
    from jipyo.logs.query import Condition

_SPECIAL = re.compile(r'[\s()":*\\]')
_FIRST = re.compile(r"[!-/:-@\[-^`{-~]")
_NAME_SPECIAL = re.compile(r"[^\w.@/-]")
_NAME_FIRST = re.compile(r"[^\W\d]|@")
_TAKEN_NAMES = frozenset({*SHORT_NAMES, EXISTS, TEMPLATE, *TIME_FIELDS})
_OPERATORS = ("AND", "OR", "NOT")
_PLAIN_VALUE = re.compile(r"[\w./-]*[\w]")


def write_condition(condition: Condition) -> str:
    """The text of its simplest form: `parse_condition` of it equals `simplify(condition)`."""
    return _write(simplify(condition))


def _write(condition: Condition) -> str:
    match condition:
        case All(conditions):
            return " ".join(_wrap(each, AnyOf) for each in conditions) or "*"
        case AnyOf(conditions):
            return " OR ".join(_wrap(each, All) for each in conditions) or "-*"
        case Not(inner):
            return f"-{_wrap(inner, All, AnyOf)}"
        case Contains():
            return _write_contained(condition)
        case HasTemplate(template):
            return f"{TEMPLATE}:{_quote(template)}"
    return f"{_write_name(condition.field)}:{_write_value(condition)}"


def _wrap(condition: Condition, *groups: type[All | AnyOf]) -> str:
    """In parentheses where it would be torn apart."""
    text = _write(condition)
    is_group = isinstance(condition, groups) and len(condition.conditions) > 1
    return f"({text})" if is_group else text


def _write_contained(condition: Contains) -> str:
    text, field = condition.text, condition.field
    if field == MESSAGE:
        return _quote(text) if condition.exact_case else _write_word(text)
    if not condition.exact_case:
        value = _write_word(text) if field in TEXT_FIELDS else f"~{_write_plain(text)}"
    else:
        value = _quote(text) if field in TEXT_FIELDS else f"*{_write_word(text)}*"
    return f"{_write_name(field)}:{value}"


def _write_value(condition: Equals | StartsWith | Between | Matches | Exists) -> str:
    match condition:
        case Equals(field, value):
            return f"{'=' if field in TEXT_FIELDS else ''}{_write_plain(value)}"
        case StartsWith(prefix=prefix):
            return f"{_write_word(prefix)}*"
        case Matches(pattern):
            escaped = re.sub(r"(\\.)|/", _escape_slash, pattern, flags=re.DOTALL)
            return f"/{escaped}/"
        case Between():
            return _write_range(condition)
        case Exists():
            return "*"


def _write_range(condition: Between) -> str:
    low, high = (
        "*" if bound is None else repr(bound).removesuffix(".0")
        for bound in (condition.low, condition.high)
    )
    if high == "*" and low != "*":
        return f">{'=' if condition.include_low else ''}{low}"
    if low == "*" and high != "*":
        return f"<{'=' if condition.include_high else ''}{high}"
    opened, closed = "[" if condition.include_low else "{", "]" if condition.include_high else "}"
    return f"{opened}{low} TO {high}{closed}"


def _write_plain(text: str) -> str:
    """As it is where every reader sees that it is a value, else quoted."""
    return text if _PLAIN_VALUE.fullmatch(text) and not text.startswith("/") else _quote(text)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_word(text: str) -> str:
    word = _SPECIAL.sub(r"\\\g<0>", text)
    is_sign = _FIRST.match(text) and not _SPECIAL.match(text)
    return f"\\{word}" if is_sign or word in _OPERATORS else word


def _write_name(field: str) -> str:
    name = _NAME_SPECIAL.sub(r"\\\g<0>", field)
    begins_well = _NAME_FIRST.match(name) or name.startswith("\\")
    return name if begins_well and field not in _TAKEN_NAMES else f"\\{name}"


def _escape_slash(found: re.Match[str]) -> str:
    return found[1] or r"\/"
