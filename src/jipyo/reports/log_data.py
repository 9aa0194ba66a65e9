"""What a report says of the logs of a period, read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.logs.activity.errors import ErrorSummary, summarise_errors
from jipyo.logs.activity.exact_times import find_exact_times
from jipyo.logs.activity.visits import Visits, summarise_visits
from jipyo.logs.query import LogQuery
from jipyo.logs.services import ALL_TIME_NS
from jipyo.logs.templates.comparison import TemplateChange, TemplateComparison, compare_templates
from jipyo.model.errors import LogQueryError, LogSourceError, StoreError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.logs.base import LogSource
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError

LISTED = 10
"""Most services, templates and changes that are listed."""
BASELINE_DAYS = 7
_NS_PER_MS = 1_000_000
_HOUR_NS = 3600 * 10**9
_DAY_NS = 24 * _HOUR_NS
_SHOWN = frozenset({"new", "surging"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodLogs:
    """The logs of a period, as far as it has come."""

    query: LogQuery
    errors: ErrorSummary
    comparison: TemplateComparison
    """Templates against the seven days before."""
    changes: tuple[TemplateChange, ...]
    """New and surging ones, errors before others; with exact times."""
    visits: Visits
    missing: tuple[JipyoError, ...]


def gather_logs(
    source: LogSource, period: Period, end_ms: int, zone: ZoneInfo
) -> PeriodLogs | JipyoError | None:
    """What there is; None where there are no logs at all, the error where they cannot be read."""
    try:
        if not source.services(*ALL_TIME_NS):
            return next(iter(source.find_missing()), None)
        return _gather(source, period, end_ms, zone)
    except (LogQueryError, LogSourceError, StoreError) as error:
        return error


def _gather(source: LogSource, period: Period, end_ms: int, zone: ZoneInfo) -> PeriodLogs:
    start_ns = period.start_ms * _NS_PER_MS
    query = LogQuery(start_ns=start_ns, end_ns=max(end_ms * _NS_PER_MS, start_ns + 1))
    before = replace(query, start_ns=max(start_ns - BASELINE_DAYS * _DAY_NS, 0), end_ns=start_ns)
    errors = summarise_errors(source, query, _HOUR_NS, zone, LISTED)
    now = source.templates(query)
    share = (query.end_ns - query.start_ns) / (before.end_ns - before.start_ns)
    compared = compare_templates(now, source.templates(before), share)
    changes = [each for each in compared.changes if each.change.kind.value in _SHOWN][:LISTED]
    exact = find_exact_times(source, query, now, [each.template for each in changes])
    visits = summarise_visits(source, query, zone, BASELINE_DAYS * _DAY_NS)
    missing = (*errors.missing, *compared.missing, *visits.missing)
    return PeriodLogs(
        query=query,
        errors=errors,
        comparison=compared,
        changes=tuple(
            replace(each, template=one) for each, one in zip(changes, exact, strict=True)
        ),
        visits=visits,
        missing=tuple(dict.fromkeys(missing)),
    )
