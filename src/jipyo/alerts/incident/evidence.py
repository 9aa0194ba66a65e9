"""What else was seen in the window of an incident: log templates, and anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.incident.grouping import find_host
from jipyo.alerts.incident.incident import (
    EntryKind,
    EvidenceKind,
    IncidentEntry,
    IncidentEvidence,
)
from jipyo.analysis.series_names import name_series
from jipyo.logs.comparison import ChangeKind
from jipyo.logs.query import LogQuery
from jipyo.logs.templates.comparison import compare_templates
from jipyo.model.labels import METRIC_NAME
from jipyo.model.result import Matrix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.alerts.incident.incident import Incident
    from jipyo.logs.base import LogSource
    from jipyo.source.base import Source

BEFORE_MS = 120_000
"""What led to an incident is looked at from so long before it."""
LONGEST_MS = 3_600_000
"""Of a longer incident its beginning is looked at."""
_BASELINE = 7
"""Times as long as the window is what its logs are compared with."""
_MOST = 5
"""Of each kind, the surest ones."""
_MOST_CHARACTERS = 300
_STEP_MS = 60_000
_ANOMALIES = "jipyo_anomaly_score >= 1"
_NS_PER_MS = 1_000_000


def find_window(incident: Incident, now_ms: int) -> tuple[int, int]:
    """The window that is looked at: from before its beginning, to its recovery or now."""
    start_ms = incident.began_ms - BEFORE_MS
    end_ms = now_ms if incident.recovered_ms is None else incident.recovered_ms
    return start_ms, min(max(end_ms, incident.began_ms + BEFORE_MS), start_ms + LONGEST_MS)


def read_log_evidence(logs: LogSource, window: tuple[int, int]) -> tuple[IncidentEvidence, ...]:
    """The templates of a window that are new or surge against the time before it.

    Raises:
        LogSourceError: the logs cannot be read.
        LogQueryError: the query was cancelled.
        StoreError: the store cannot be read.
    """
    start_ns, end_ns = (t_ms * _NS_PER_MS for t_ms in window)
    baseline_ns = max(start_ns - _BASELINE * (end_ns - start_ns), 0)
    found = compare_templates(
        logs.templates(LogQuery(start_ns=start_ns, end_ns=end_ns)),
        logs.templates(LogQuery(start_ns=baseline_ns, end_ns=start_ns)),
        1 / _BASELINE,
    )
    if not found.baseline_total:
        return ()  # where logs began only now, all of them are new
    return tuple(
        IncidentEvidence(
            kind=EvidenceKind.LOG_TEMPLATE,
            t_ms=max(one.template.first_ns // _NS_PER_MS, window[0]),
            ref=one.template.id,
            text=one.template.text[:_MOST_CHARACTERS],
            count=one.template.n,
        )
        for kind in (ChangeKind.NEW, ChangeKind.SURGING)
        for one in [each for each in found.changes if each.change.kind is kind][:_MOST]
    )


def read_anomaly_evidence(
    source: Source, incident: Incident, window: tuple[int, int]
) -> tuple[IncidentEvidence, ...]:
    """The series of the incident's hosts that deviated within a window, the earliest first.

    Raises:
        SourceError: the source failed.
        QueryError: it rejects the query.
    """
    value = source.range(_ANOMALIES, *window, _STEP_MS).value
    assert isinstance(value, Matrix), "BUG: a range query is answered by a Matrix"
    hosts = {find_host(alert.key.labels.get("instance", "")) for alert in incident.alerts}
    found = []
    for row, labels in enumerate(value.series):
        steps = np.flatnonzero(value.present[row])
        if steps.size and find_host(labels.get("instance", "")) in hosts:
            about = labels.drop((METRIC_NAME, "metric", "of_source"))
            found.append(
                IncidentEvidence(
                    kind=EvidenceKind.ANOMALY,
                    t_ms=int(value.t_ms[steps[0]]),
                    ref=str(labels),
                    text=f"{labels.get('metric', '')} · {name_series(about)}",
                )
            )
    return tuple(sorted(found, key=lambda one: (one.t_ms, one.ref))[:_MOST])


def needs_evidence(incident: Incident, now_ms: int) -> bool:
    """Whether an incident is to be looked at: once it has lasted for a while, and at its end."""
    looked_ms = max(
        (entry.t_ms for entry in incident.entries if entry.kind is EntryKind.EVIDENCE), default=0
    )
    if incident.recovered_ms is not None:
        return looked_ms <= incident.recovered_ms
    return not looked_ms and now_ms - incident.noticed_ms >= BEFORE_MS


def add_evidence(
    incident: Incident, t_ms: int, found: Iterable[IncidentEvidence]
) -> IncidentEntry | None:
    """The entry for what was found; None where nothing of it is new."""
    known = {(one.kind, one.ref): one.count for one in incident.evidence}
    new = tuple(one for one in found if known.get((one.kind, one.ref), -1) != one.count)
    if not new:
        return None
    return IncidentEntry(
        incident=incident.number,
        t_ms=max(t_ms, incident.entries[-1].t_ms),
        kind=EntryKind.EVIDENCE,
        evidence=new,
    )
