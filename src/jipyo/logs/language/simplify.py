"""The simplest form of a condition: what the language writes, and reads again as the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.logs.query import (
    LEVEL,
    SERVICE,
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
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.logs.query import Condition

_NEVER = AnyOf(())
_LEVELS = frozenset(level.name.lower() for level in Level)


def simplify(condition: Condition) -> Condition:
    """A condition that holds for the same records, without needless parts and layers."""
    match condition:
        case All() | AnyOf():
            return _simplify_group(condition)
        case Not(inner):
            return _simplify_negation(simplify(inner))
        case HasTemplate():
            return condition
    return _simplify_test(condition)


def _simplify_test(
    condition: Contains | Equals | StartsWith | Between | Matches | Exists,
) -> Condition:
    match condition:
        case Contains("", field) | StartsWith(field, "") | Matches("", field) | Exists(field):
            return All() if field in (SERVICE, LEVEL) else Exists(field)
        case Equals(field, value) if field == LEVEL and value not in _LEVELS:
            return _NEVER
        case Between(field) if field == LEVEL:
            return _NEVER
        case Between(low=low, high=high, include_low=include_low, include_high=include_high):
            return replace(
                condition,
                include_low=include_low or low is None,
                include_high=include_high or high is None,
            )
        case Matches(pattern):
            plain = re.sub(r"\\(.)", _unescape_slash, pattern, flags=re.DOTALL)
            return replace(condition, pattern=plain)
    return condition


def _simplify_group(group: All | AnyOf) -> Condition:
    flat = tuple(_flatten(group))
    decisive = _NEVER if isinstance(group, All) else All()
    if decisive in flat:
        return decisive
    return flat[0] if len(flat) == 1 else type(group)(flat)


def _flatten(group: All | AnyOf) -> Iterator[Condition]:
    for each in group.conditions:
        simple = simplify(each)
        if isinstance(simple, type(group)):
            yield from simple.conditions
        else:
            yield simple


def _simplify_negation(inner: Condition) -> Condition:
    match inner:
        case Not(condition):
            return condition
        case All(()):
            return _NEVER
        case AnyOf(()):
            return All()
    return Not(inner)


def _unescape_slash(found: re.Match[str]) -> str:
    return "/" if found[1] == "/" else found[0]
