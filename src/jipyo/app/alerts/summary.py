"""What is to be known of alerts at a moment, for commands: beside a running server or without."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.evaluation import (
    OVERDUE_MS,
    RuleMemory,
    assess_memory,
    complete_memory,
)
from jipyo.alerts.incident.incident import IncidentState
from jipyo.alerts.incident.origin import rank_alerts
from jipyo.alerts.incident.rules import build_grouping
from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import list_metric_rules
from jipyo.alerts.saved import load_memories
from jipyo.alerts.store import FILE_NAME, AlertStore
from jipyo.analysis.health import Reason
from jipyo.app.alerts.schema import STEPS
from jipyo.model.errors import IncidentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from jipyo.alerts.alert import Alert
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.alerts.rule import MetricRule
    from jipyo.alerts.silence import MaintenanceWindow, Silence
    from jipyo.analysis.health import MetricHealth
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident that goes on, with its alerts, the likely origin first."""

    incident: Incident
    ranked: tuple[RankedAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSummary:
    """Alerts, open incidents, and what keeps messages back."""

    t_ms: int
    alerts: tuple[Alert, ...] = ()
    """Those that are not inactive, as the last evaluation left them."""
    incidents: tuple[OpenIncident, ...] = ()
    silences: tuple[Silence, ...] = ()
    """Those in force."""
    windows: tuple[MaintenanceWindow, ...] = ()
    """Maintenance windows that go on."""
    health: Mapping[str, MetricHealth] = field(default_factory=dict)
    """Of metrics that are beyond a threshold, by their ids, as the server that runs has them."""


def read_ranked_incidents(
    data: Path,
    catalogue: Catalogue,
    start_ms: int,
    end_ms: int,
    options: AlertsOptions | None = None,
) -> tuple[tuple[Incident, tuple[RankedAlert, ...]], ...]:
    """The incidents of a data folder that went on within [start, end), in the order of time.

    Raises:
        StoreError: the file cannot be read.
    """
    if not (data / FILE_NAME).exists():
        return ()
    options = options or AlertsOptions()
    grouping = build_grouping(list_metric_rules(catalogue, options), options)
    with contextlib.closing(AlertStore.open(data, STEPS)) as store:
        found = IncidentDesk(store, lambda: end_ms).list_incidents(start_ms, end_ms)
    return tuple((one, rank_alerts(one, grouping)) for one in reversed(found))


def read_events(data: Path, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    """The events of a data folder within [start, end), in the order of time.

    Raises:
        StoreError: the file cannot be read.
    """
    if not (data / FILE_NAME).exists():
        return ()
    with contextlib.closing(AlertStore.open(data, STEPS)) as store:
        return IncidentDesk(store, lambda: end_ms).list_events(start_ms, end_ms)


def read_ranked_incident(
    data: Path | None,
    catalogue: Catalogue,
    number: int,
    now_ms: int,
    options: AlertsOptions | None = None,
) -> tuple[Incident, tuple[RankedAlert, ...]]:
    """An incident by its number, with its alerts, the likely origin first.

    Raises:
        IncidentError: there is none.
        StoreError: the file cannot be read.
    """
    if data is None or not (data / FILE_NAME).exists():
        raise IncidentError("incident.unknown", hint="incident.unknown.hint", number=number)
    options = options or AlertsOptions()
    grouping = build_grouping(list_metric_rules(catalogue, options), options)
    with contextlib.closing(AlertStore.open(data, STEPS)) as store:
        found = IncidentDesk(store, lambda: now_ms).read_incident(number)
    return found, rank_alerts(found, grouping)


def read_summary(config: Config, catalogue: Catalogue, now_ms: int) -> AlertSummary:
    """The alerts of the configured data folder; nothing where there was never an evaluation.

    Raises:
        StoreError: the file cannot be read.
    """
    if not (config.data / FILE_NAME).exists():
        return AlertSummary(t_ms=now_ms)
    options = config.settings.alerts or AlertsOptions()
    rules = tuple(list_metric_rules(catalogue, options))
    grouping = build_grouping(rules, options)
    with contextlib.closing(AlertStore.open(config.data, STEPS)) as store:
        desk = IncidentDesk(store, lambda: now_ms)
        found = desk.list_incidents(now_ms, now_ms + 1)
        windows = (
            *desk.list_windows(now_ms, now_ms + 1),
            *expand_maintenance(options.maintenance, now_ms, now_ms + 1, config.zone),
        )
        with store.reading() as db:
            known = load_memories(db)
        memories = known.values()
        return AlertSummary(
            t_ms=now_ms,
            alerts=tuple(
                one.alert.alert
                for memory in memories
                for one in memory.series.values()
                if one.alert.alert is not None
            ),
            incidents=tuple(
                OpenIncident(incident=one, ranked=rank_alerts(one, grouping))
                for one in found
                if one.state is IncidentState.OPEN
            ),
            silences=tuple(one for one in desk.list_silences(now_ms) if one.start_ms <= now_ms),
            windows=tuple(one for one in windows if one.cancelled_ms is None),
            health=_list_breaches(rules, known, now_ms),
        )


def _list_breaches(
    rules: Iterable[MetricRule], known: Mapping[str, RuleMemory], now_ms: int
) -> dict[str, MetricHealth]:
    """What the rules that were evaluated lately have beyond a threshold.

    All else is read from the source, which may lack something that the states do not show.
    """
    found: dict[str, MetricHealth] = {}
    for rule in rules:
        memory = known.get(rule.id, RuleMemory())
        if memory.evaluated_ms is None or now_ms - memory.evaluated_ms > OVERDUE_MS:
            continue
        # The file keeps the series that have an alert: as good as all where one is beyond.
        health = assess_memory(rule, complete_memory(rule, memory)) if memory.series else None
        if health is not None and health.reason in {Reason.BREACH, Reason.PENDING}:
            found[rule.id] = health
    return found
