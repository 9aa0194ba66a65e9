"""What the report of an incident is made of: its course, what came before it, whom it affected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.incident.origin import find_event_before
from jipyo.analysis.series_names import name_series
from jipyo.analysis.slo.derive import list_shares
from jipyo.analysis.slo.objective import RatioIndicator
from jipyo.model.result import Vector
from jipyo.reports.incident_courses import gather_courses
from jipyo.source.metric_data import read_series
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.labels import Labels
    from jipyo.reports.incident_courses import IncidentCourse
    from jipyo.source.base import Source
    from jipyo.source.metric_data import MetricData

IMPACT_METRICS = ("app.error_rate", "ai.failures")
"""Shares of requests that failed; each names its requests."""
_MINUTE_MS = 60_000
MOST_PAGES = 2
"""Of a period's incidents: the longest critical ones have a page of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentImpact:
    """How many requests of a service failed while an incident lasted; whole counts."""

    metric: Metric
    service: str
    failed: int
    total: int
    failed_expr: str
    total_expr: str
    estimated: bool = False
    """Whether the source could only extrapolate them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """An incident with all that its report says."""

    incident: Incident
    ranked: tuple[RankedAlert, ...]
    end_ms: int
    """Its recovery, or how far its data reach."""
    event_before: Event | None = None
    """The last deployment or change before it that is about it; not its cause."""
    events: tuple[Event, ...] = ()
    """From shortly before its beginning to its end."""
    courses: tuple[IncidentCourse, ...] = ()
    impacts: tuple[IncidentImpact, ...] = ()
    expressions: Mapping[AlertKey, str] = field(default_factory=dict)
    """The PromQL that an alert's series is the answer to; of rule files their own."""


def gather_facts(
    source: Source,
    catalogue: Catalogue,
    ranked: tuple[Incident, tuple[RankedAlert, ...]],
    events: Sequence[Event],
    now_ms: int,
    *,
    with_courses: bool = True,
) -> IncidentFacts:
    """Read what the report of one incident needs; without courses where nothing is drawn of them.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    incident, alerts = ranked
    end_ms = min(now_ms, incident.recovered_ms or now_ms)
    asking = ask_for(source, "incidents")
    return IncidentFacts(
        incident=incident,
        ranked=alerts,
        end_ms=end_ms,
        event_before=find_event_before(incident, events),
        events=tuple(events),
        courses=gather_courses(source, catalogue, (ranked,), now_ms) if with_courses else (),
        impacts=tuple(_count_requests(asking, catalogue, incident.began_ms, end_ms)),
        expressions=dict(_find_expressions(asking, catalogue, alerts)),
    )


def choose_pages(
    ranked: Sequence[tuple[Incident, tuple[RankedAlert, ...]]], end_ms: int
) -> list[tuple[Incident, tuple[RankedAlert, ...]]]:
    """Of the incidents of a period those that have a page of their own, in the order of time.

    One that went on while a longer one did has none: both would tell the same hours.
    """
    critical = [one for one in ranked if one[0].severity.name == "CRITICAL"]
    chosen: list[tuple[Incident, tuple[RankedAlert, ...]]] = []
    for one in sorted(critical, key=lambda one: -one[0].duration_ms(end_ms)):
        if not any(_overlap(one[0], other[0], end_ms) for other in chosen):
            chosen.append(one)
    return sorted(chosen[:MOST_PAGES], key=lambda one: one[0].began_ms)


def _overlap(one: Incident, other: Incident, end_ms: int) -> bool:
    first, second = sorted((one, other), key=lambda incident: incident.began_ms)
    return second.began_ms < (first.recovered_ms or end_ms)


def _find_expressions(
    source: Source, catalogue: Catalogue, ranked: Sequence[RankedAlert]
) -> Iterator[tuple[AlertKey, str]]:
    """Of each alert of a metric the query that had its series when it was noticed."""
    for one in ranked:
        alert = one.alert
        metric = catalogue.get(alert.key.rule)
        if metric is None:
            continue
        t_ms = np.array([alert.peak_ms or alert.noticed_ms], np.int64)
        data = read_series(source, metric, t_ms, _MINUTE_MS)
        queries = {q.exporter: q for q in data.queries}
        for exporter, expr in data.expressions:
            if exporter in queries and _has_series(data, exporter, alert.key.labels):
                yield alert.key, expr
                break


def _has_series(data: MetricData, exporter: str, wanted: Labels) -> bool:
    """Whether a query of an exporter gave a series with these labels."""
    return any(
        query.exporter == exporter and all(wanted.get(k, v) == v for k, v in labels.pairs)
        for labels, query in zip(data.matrix.series, data.queries, strict=True)
    )


def _count_requests(
    source: Source, catalogue: Catalogue, start_ms: int, end_ms: int
) -> Iterator[IncidentImpact]:
    """The requests of each service; of a metric the first of its queries that counted any."""
    window = f"{max(1, -(-(end_ms - start_ms) // 1000))}s"
    for name in IMPACT_METRICS:
        metric = catalogue.get(name)
        for indicator in () if metric is None else list_shares(metric):
            if metric is None or not isinstance(indicator, RatioIndicator) or indicator.good:
                continue
            found = list(_read_counts(source, metric, indicator, window, end_ms))
            if found:
                yield from found
                if name == IMPACT_METRICS[-1] or indicator.naming.is_fallback:
                    break


def _read_counts(
    source: Source, metric: Metric, indicator: RatioIndicator, window: str, end_ms: int
) -> Iterator[IncidentImpact]:
    failed_expr, total_expr = (
        text.replace("$w", window) for text in (indicator.bad, indicator.total)
    )
    total = source.instant(total_expr, end_ms)
    if not isinstance(total.value, Vector) or not total.value.series:
        return
    failed = source.instant(failed_expr, end_ms)
    assert isinstance(failed.value, Vector), "BUG: both count the same way"
    known = dict(zip(failed.value.series, failed.value.values.tolist(), strict=True))
    for labels, count in zip(total.value.series, total.value.values.tolist(), strict=True):
        # An estimate may be less than one request.
        if round(count) > 0:
            yield IncidentImpact(
                metric=metric,
                service=name_series(labels),
                failed=round(known.get(labels, 0.0)),
                total=round(count),
                failed_expr=failed_expr,
                total_expr=total_expr,
                estimated=total.estimated or failed.estimated,
            )
