"""Text and range -> query: what it demands of service and level stands apart from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.logs.language.parser import parse_condition
from jipyo.logs.language.simplify import simplify
from jipyo.logs.language.values import build_any_level
from jipyo.logs.language.writer import write_condition
from jipyo.logs.query import LEVEL, SERVICE, All, AnyOf, Equals, LogQuery, Not
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from jipyo.logs.query import Condition


def parse_query(text: str, start_ns: int, end_ns: int) -> LogQuery:
    """The query of a text in a range of time.

    Raises:
        LogQueryError: the text is not of the language.
    """
    condition = parse_condition(text)
    parts = condition.conditions if isinstance(condition, All) else (condition,)
    services: frozenset[str] | None = None
    levels = frozenset(Level)
    others = []
    for part in parts:
        names = list_values(part, SERVICE)
        some = find_levels(part)
        if names is not None:
            services = names if services is None else services & names
        elif some is not None:
            levels &= some
        else:
            others.append(part)
    if (services is not None and not services) or not levels:
        services, levels, others = None, frozenset(Level), [AnyOf(())]
    return LogQuery(
        start_ns=start_ns,
        end_ns=end_ns,
        services=tuple(sorted(services or ())),
        levels=levels,
        where=simplify(All(tuple(others))),
    )


def write_query(query: LogQuery) -> str:
    """The text of all that a query demands beside its range of time."""
    parts: list[Condition] = []
    if query.services:
        parts.append(AnyOf(tuple(Equals(SERVICE, service) for service in query.services)))
    if query.levels != frozenset(Level):
        parts.append(build_any_level(query.levels))
    return write_condition(All((*parts, query.where)))


def list_values(condition: Condition, field: str) -> frozenset[str] | None:
    """The values of a field that a condition allows, if it demands nothing else."""
    match condition:
        case Equals(name, value) if name == field:
            return frozenset({value})
        case AnyOf(conditions) if conditions:
            found = [list_values(each, field) for each in conditions]
            known = [values for values in found if values is not None]
            return frozenset().union(*known) if len(known) == len(found) else None
    return None


def find_levels(condition: Condition) -> frozenset[Level] | None:
    """The levels that a condition allows, if it demands nothing else."""
    if isinstance(condition, Not):
        inner = find_levels(condition.condition)
        return None if inner is None else frozenset(Level) - inner
    names = list_values(condition, LEVEL)
    return None if names is None else frozenset(Level[name.upper()] for name in names)
