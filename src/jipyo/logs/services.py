"""Which services and fields a caller names: never one that there is not, without a word."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from jipyo.logs.query import list_fields
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.logs.base import LogSource
    from jipyo.logs.query import Condition

ALL_TIME_NS = (0, (1 << 63) - 1)
_MOST_NAMED = 20


def find_services(source: LogSource, names: Iterable[str]) -> tuple[str, ...]:
    """The services with these names, or that fit these patterns (`api*`); empty for no names.

    They are those of all time: one that has no record in a range is no mistake.

    Raises:
        LogQueryError: no service has one of the names; with those that are most alike.
        LogSourceError: the source failed, or a part of it, which may have the service.
        StoreError: a part of the store cannot be read.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        return ()
    known = source.services(*ALL_TIME_NS)
    found: set[str] = set()
    for name in wanted:
        fitting = [each for each in known if each == name or fnmatchcase(each, name)]
        if not fitting:
            # It may be in what cannot be read.
            raise next(iter(source.find_missing()), make_unknown_error(name, known))
        found.update(fitting)
    return tuple(sorted(found))


def make_unknown_error(name: str, known: Sequence[str]) -> LogQueryError:
    """That there is no such service, and what it may have been meant to be."""
    similar = find_similar(name, known)
    hint = "logs_query.no_service.similar" if similar else "logs_query.no_service.known"
    if not known:
        hint = "logs_query.no_service.none"
    shown = ", ".join(known[:_MOST_NAMED]) + (" …" if len(known) > _MOST_NAMED else "")
    return LogQueryError(
        "logs_query.no_service", hint=hint, name=name, similar=", ".join(similar), known=shown
    )


def find_unknown_fields(
    source: LogSource, condition: Condition, short_names: Iterable[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The fields of a condition that no record has, each with the names that are most alike.

    `short_names` are what else may be written for a field.

    Raises:
        LogSourceError: the source failed.
        StoreError: the store cannot be read.
    """
    named = list_fields(condition)
    known = source.fields(*ALL_TIME_NS) if named else ()
    return tuple(
        (name, tuple(find_similar(name, [*known, *short_names])))
        for name in sorted(named - set(known))
    )


def find_similar(name: str, known: Iterable[str]) -> list[str]:
    """The names that are most alike, letters of either case; at most three."""
    by_folded = {each.casefold(): each for each in known}
    return [by_folded[each] for each in get_close_matches(name.casefold(), sorted(by_folded))]
