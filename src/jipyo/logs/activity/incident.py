"""What is different in an incident's window: which services, levels, hosts, routes and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.logs.comparison import ChangeLimits, CountComparison, compare_counts
from jipyo.logs.query import LEVEL, SERVICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.answer import LogTerms
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.model.errors import JipyoError

FIELDS = (
    SERVICE,
    LEVEL,
    "host.name",
    "error.type",
    "url.route",
    "http.response.status_code",
    "client.ip",
    "user.name",
    "kubernetes.pod.name",
)
"""What an operator looks at first."""
MOST_VALUES = 1000
"""Of a field: one with more is no kind of anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldComparison:
    """How the values of a field differ."""

    field: str
    records: int
    """Of the window, that have the field."""
    baseline_records: int
    comparison: CountComparison | None
    """None where the field has too many values to be compared."""
    missing: tuple[JipyoError, ...] = ()


def compare_windows(
    source: LogSource,
    window: LogQuery,
    baseline: LogQuery,
    fields: Sequence[str] = FIELDS,
    limits: ChangeLimits | None = None,
) -> tuple[FieldComparison, ...]:
    """Compare the values of each field that either window's records have.

    Raises:
        LogQueryError: the query is rejected.
        LogSourceError: the source failed.
    """
    share = (window.end_ns - window.start_ns) / (baseline.end_ns - baseline.start_ns)
    found = [
        _compare(
            field,
            source.terms(window, field, MOST_VALUES),
            source.terms(baseline, field, MOST_VALUES),
            share,
            limits,
        )
        for field in fields
    ]
    return tuple(each for each in found if each.records or each.baseline_records)


def _compare(
    field: str, now: LogTerms, before: LogTerms, share: float, limits: ChangeLimits | None
) -> FieldComparison:
    has_all = not now.others and not before.others
    return FieldComparison(
        field=field,
        records=count_records(now),
        baseline_records=count_records(before),
        comparison=compare_counts(dict(now.counts), dict(before.counts), share, limits)
        if has_all
        else None,
        missing=tuple(dict.fromkeys((*now.missing, *before.missing))),
    )


def count_records(terms: LogTerms) -> int:
    """Records that have the field."""
    return sum(n for _, n in terms.counts) + terms.others
