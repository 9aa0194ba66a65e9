"""Errors: their share over time, which services and templates have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.activity.exact_times import find_exact_times
from jipyo.logs.query import LEVEL, SERVICE
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.answer import LogTemplate
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.model.errors import JipyoError

ERROR_LEVELS = frozenset({Level.ERROR, Level.FATAL})
_MOST_SERVICES = 10_000
_EXCEPTION = "error.type"


@dataclass(frozen=True, slots=True)
class ServiceErrors:
    """The records of a service, and how many of them are errors."""

    service: str
    records: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSummary:
    """The errors of a range: records of level error and fatal, among all records."""

    records: int
    errors: int
    levels: dict[str, int]
    """Records by level, the least severe first; without levels that no record has."""
    starts_ns: NDArray[np.int64]
    """Of the intervals; shape (intervals,), as the two below."""
    records_over_time: NDArray[np.int64]
    errors_over_time: NDArray[np.int64]
    services: tuple[ServiceErrors, ...]
    """The most errors first."""
    templates: tuple[LogTemplate, ...]
    """Of the errors, the most frequent first."""
    template_count: int
    """How many templates errors have."""
    exceptions: tuple[tuple[str, int], ...]
    """The most frequent values of `error.type` among errors."""
    missing: tuple[JipyoError, ...] = ()

    @property
    def share(self) -> float:
        """Errors among the records; NaN without records."""
        return self.errors / self.records if self.records else float("nan")


def summarise_errors(
    source: LogSource, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, limit: int = 10
) -> ErrorSummary:
    """The errors among a query's records, in intervals as of `LogSource.histogram`.

    Raises:
        LogQueryError: the query is rejected.
        LogSourceError: the source failed.
    """
    failed = replace(query, levels=query.levels & ERROR_LEVELS)
    over_time = source.histogram(query, interval_ns, zone, by=LEVEL)
    levels = {
        level.name.lower(): int(over_time.counts[level.name.lower()].sum())
        for level in Level
        if level.name.lower() in over_time.counts
    }
    names = {level.name.lower() for level in ERROR_LEVELS}
    empty = np.zeros(len(over_time.starts_ns), np.int64)
    errors = sum((over_time.counts[name] for name in names & set(levels)), empty)
    of_services = source.terms(query, SERVICE, _MOST_SERVICES)
    of_failed = source.terms(failed, SERVICE, _MOST_SERVICES)
    templates = source.templates(failed)
    exceptions = source.terms(failed, _EXCEPTION, limit)
    failures = dict(of_failed.counts)
    services = [ServiceErrors(name, n, failures.get(name, 0)) for name, n in of_services.counts]
    answers = (over_time, of_services, of_failed, templates, exceptions)
    return ErrorSummary(
        records=sum(levels.values()),
        errors=int(errors.sum()),
        levels={name: n for name, n in levels.items() if n},
        starts_ns=over_time.starts_ns,
        records_over_time=sum(over_time.counts.values(), empty),
        errors_over_time=errors,
        services=tuple(sorted(services, key=lambda one: (-one.errors, -one.records, one.service))),
        templates=find_exact_times(source, failed, templates, templates.templates[:limit]),
        template_count=len(templates.templates),
        exceptions=exceptions.counts,
        missing=tuple(dict.fromkeys(error for answer in answers for error in answer.missing)),
    )
