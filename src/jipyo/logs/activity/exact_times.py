"""When exactly a template was first and last seen: sources may say so to the hour only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.logs.query import All, HasTemplate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.answer import LogTemplate, LogTemplates
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery


def find_exact_times(
    source: LogSource, query: LogQuery, found: LogTemplates, templates: Sequence[LogTemplate]
) -> tuple[LogTemplate, ...]:
    """Some of the templates that a query found, with the times of their first and last record.

    Raises:
        LogSourceError: the source failed.
    """
    if found.resolution_ns <= 1:
        return tuple(templates)
    return tuple(_refine(source, query, one, found.resolution_ns) for one in templates)


def _refine(source: LogSource, query: LogQuery, one: LogTemplate, within_ns: int) -> LogTemplate:
    own = replace(query, where=All((query.where, HasTemplate(one.id))))
    early = replace(own, end_ns=min(one.first_ns + within_ns, own.end_ns))
    late = replace(own, start_ns=max(one.last_ns - within_ns, own.start_ns))
    first = source.search(early, 1, newest_first=False).records
    last = source.search(late, 1).records
    return replace(
        one,
        first_ns=first[0].t_ns if first else one.first_ns,
        last_ns=last[0].t_ns if last else one.last_ns,
    )
