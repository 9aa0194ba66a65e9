"""Which services a caller names: by name or pattern, and never one that there is not."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.logs.base import LogSource

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


def find_similar(name: str, known: Iterable[str]) -> list[str]:
    """The names that are most alike, letters of either case; at most three."""
    by_folded = {each.casefold(): each for each in known}
    return [by_folded[each] for each in get_close_matches(name.casefold(), sorted(by_folded))]
