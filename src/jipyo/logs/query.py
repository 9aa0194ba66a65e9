"""A log query: what both stores answer alike; the text that people write is in `language`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import re2

from jipyo.logs.record import Level, decode_text, encode_text, escape_surrogates
from jipyo.model.errors import LogQueryError
from jipyo.model.regex import compile_pattern

MESSAGE = "message"
"""The field that has the message, or the whole line of an access log."""
SERVICE = "service"
"""The field of every record that has its service."""
LEVEL = "level"
"""The field of every record that has its level's name in lower case (`error`, `unknown`)."""
TEMPLATE = "template"
"""What counts can be grouped by; a condition on it is `HasTemplate`."""


@dataclass(frozen=True, slots=True)
class Contains:
    """The field has the text somewhere inside it.

    Without `exact_case` ASCII letters of either case are equal. A text of a field is compared
    as bytes of UTF-8, so one that cuts a letter in two finds nothing.
    """

    text: str
    field: str = MESSAGE
    exact_case: bool = False


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is exactly this text, or this number as it was written (`5`, `0.250`)."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class StartsWith:
    """The field's text begins so."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Between:
    r"""The field is a number within the bounds; None is unbounded.

    A text is a number if it is written as one (`-?\d+(\.\d+)?(e[+-]?\d+)?` in ASCII, `e` of either
    case), as numbers of one field with different decimals are. Compared is the nearest double.
    """

    field: str
    low: float | None = None
    high: float | None = None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class Matches:
    """RE2 finds the pattern somewhere in the field."""

    pattern: str
    field: str = MESSAGE


@dataclass(frozen=True, slots=True)
class Exists:
    """The record has the field."""

    field: str


@dataclass(frozen=True, slots=True)
class HasTemplate:
    """The message belongs to the template with this id."""

    template: str


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds; without any, every record."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold; none holds for a record without its field."""

    condition: Condition


Condition: TypeAlias = (
    Contains | Equals | StartsWith | Between | Matches | Exists | HasTemplate | All | AnyOf | Not
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Records in [start, end) of some services and levels for which a condition holds."""

    start_ns: int
    end_ns: int
    services: tuple[str, ...] = ()
    """Any of these; empty for all."""
    levels: frozenset[Level] = frozenset(Level)
    where: Condition = All()


def list_fields(condition: Condition) -> set[str]:
    """The fields that a condition names, without the service, the level and the message."""
    match condition:
        case All(conditions) | AnyOf(conditions):
            return set().union(*(list_fields(each) for each in conditions))
        case Not(inner):
            return list_fields(inner)
        case HasTemplate():
            return set()
    return {condition.field} - {SERVICE, LEVEL, MESSAGE}


def compile_search(pattern: str) -> re2._Regexp:
    """The pattern of a `Matches`; its `search` reads bytes.

    Raises:
        LogQueryError: it is not RE2, or too large once compiled.
    """
    try:
        return compile_pattern(encode_text(pattern), groups=False)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0]
        raise LogQueryError(
            "logs_query.pattern",
            hint="logs_query.pattern.hint",
            pattern=escape_surrogates(pattern),
            reason=decode_text(reason) if isinstance(reason, bytes) else str(reason),
        ) from error
