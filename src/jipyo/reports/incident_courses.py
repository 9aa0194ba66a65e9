"""How the metrics of an incident moved around it, minute by minute, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.series_names import name_series
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_series
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.incident.incident import Incident, IncidentAlert
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.sample import Times, Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory

MOST_INCIDENTS = 3
MOST_COURSES = 4
"""Metrics of one incident: the likely origin first."""
_AROUND_MS = 3 * 3_600_000
_LONGEST_MS = 24 * 3_600_000
"""Of a longer incident its beginning is shown."""
_POINTS = 480
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class IncidentCourse:
    """One metric of an incident, from three hours before it to three hours after."""

    incident: int
    """Its number."""
    metric: Metric
    name: str
    """What the series is called."""
    start_ms: int
    step_ms: int
    values: Values
    """Shape (steps,), NaN where there is none; step i ends at start + (i + 1) * step."""


def gather_courses(
    source: Source,
    catalogue: Catalogue,
    ranked: Sequence[tuple[Incident, Sequence[RankedAlert]]],
    end_ms: int,
) -> tuple[IncidentCourse, ...]:
    """The courses of the gravest incidents: critical ones, those with many alerts, long ones.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    if not ranked:
        return ()
    gravest = sorted(
        ranked, key=lambda one: (-one[0].severity, -len(one[1]), -one[0].duration_ms(end_ms))
    )[:MOST_INCIDENTS]
    asking = ask_for(source, "incidents")
    inventory = take_inventory(asking, end_ms)
    return tuple(
        course
        for incident, alerts in sorted(gravest, key=lambda one: one[0].began_ms)
        for course in _read_courses(asking, catalogue, incident, alerts, inventory, end_ms)
    )


def _read_courses(
    source: Source,
    catalogue: Catalogue,
    incident: Incident,
    ranked: Sequence[RankedAlert],
    inventory: Inventory,
    end_ms: int,
) -> Iterator[IncidentCourse]:
    start_ms, step_ms, t_ms = choose_times(incident, end_ms)
    for metric, alert in _choose_alerts(catalogue, ranked):
        values = _read_values(source, metric, alert, t_ms, step_ms, inventory)
        if values is not None:
            name = name_series(alert.key.labels)
            yield IncidentCourse(incident.number, metric, name, start_ms, step_ms, values)


def choose_times(incident: Incident, end_ms: int) -> tuple[int, int, Times]:
    """Where the courses of an incident begin, their step, and the end of each step."""
    began_ms = incident.began_ms // _MINUTE_MS * _MINUTE_MS
    over_ms = min(began_ms + incident.duration_ms(end_ms), began_ms + _LONGEST_MS)
    start_ms, last_ms = began_ms - _AROUND_MS, min(over_ms + _AROUND_MS, end_ms)
    minutes = max(1, -(-(last_ms - start_ms) // (_POINTS * _MINUTE_MS)))
    step_ms = minutes * _MINUTE_MS
    return start_ms, step_ms, np.arange(start_ms + step_ms, last_ms + 1, step_ms, dtype=np.int64)


def _choose_alerts(
    catalogue: Catalogue, ranked: Sequence[RankedAlert]
) -> Iterator[tuple[Metric, IncidentAlert]]:
    """The first alert of each metric of the catalogue that has a course to draw."""
    chosen: dict[str, tuple[Metric, IncidentAlert]] = {}
    for one in ranked:
        metric = catalogue.get(one.alert.key.rule)
        if metric is not None and not metric.outage and not metric.loss:
            chosen.setdefault(metric.id, (metric, one.alert))
    yield from list(chosen.values())[:MOST_COURSES]


def _read_values(
    source: Source,
    metric: Metric,
    alert: IncidentAlert,
    t_ms: Times,
    step_ms: int,
    inventory: Inventory,
) -> Values | None:
    """The values of the series that the alert is of; None where it has none."""
    wanted = alert.key.labels
    data = read_series(source, metric, t_ms, step_ms, inventory, [wanted]).matrix
    rows = [
        row
        for row, labels in enumerate(data.series)
        if all(
            labels.get(name, "") == value for name, value in wanted.pairs if name in metric.labels
        )
    ]
    if not rows or not data.present[rows[0]].any():
        return None
    return np.where(data.present[rows[0]], data.values[rows[0]], np.nan)
