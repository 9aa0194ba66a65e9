"""`/api/jipyo/alerts`: what is pending, firing, recovering or without data at this moment."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from jipyo.alerts.incident.grouping import name_alert
from jipyo.alerts.silence import find_maintenance, find_silence
from jipyo.alerts.wording import describe_alert, name_alert_state
from jipyo.analysis.wording import name_cause, name_remedy
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.written import SeverityName, name_severity, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.alert import Alert, AlertKey
    from jipyo.alerts.silence import MaintenanceWindow, Silence
    from jipyo.i18n import Lang, Texts
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest


AlertWord = Literal["pending", "firing", "recovering", "no_data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertInfo:
    """An alert that is not inactive."""

    rule: str
    is_metric: bool
    """Whether `rule` is a metric of the catalogue."""
    name: str
    subject: str
    labels: Mapping[str, str]
    state: AlertWord
    state_text: str
    severity: SeverityName
    """Of a pending one what it becomes."""
    value: float | None
    value_text: str
    threshold_text: str
    since: float
    """When its condition began."""
    firing: float | None
    """When it began to fire."""
    cause: str
    """Why its target cannot be read; empty for what is not about that."""
    remedy: str
    runbook: str
    """The address of what to do; empty where the site has none."""
    incident: int | None
    silence: int | None
    """The silence that lets nobody be notified of it."""
    maintenance: str
    """The maintenance window that it is in; empty for none."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """What is not inactive, the gravest first."""

    t: float
    alerts: tuple[AlertInfo, ...]


OPERATION = Operation("/alerts", Alerts, "Alerts that are pending, firing or recovering.")
_URGENCY = ("firing", "no_data", "recovering", "pending")


@dataclass(frozen=True, slots=True)
class _Quiet:
    """What lets nobody be notified, and the incidents by their alerts."""

    silences: Sequence[Silence]
    windows: Sequence[MaintenanceWindow]
    incidents: Mapping[AlertKey, int]
    now_ms: int


def routes(desk: AlertDesk, lang: Lang) -> list[Route]:
    """The route over the alerts at the time of the request."""

    def build(_request: WebRequest, t: Texts) -> Alerts:
        at_ms = desk.now_ms()
        open_ = desk.incidents.list_incidents(at_ms, at_ms + 1)
        known = {alert.key: one.number for one in reversed(open_) for alert in one.alerts}
        windows = desk.list_windows(at_ms, at_ms + 1)
        quiet = _Quiet(desk.incidents.list_silences(at_ms), windows, known, at_ms)
        rows = [_build_alert(alert, desk, quiet, t) for alert in desk.list_alerts()]
        rows.sort(key=lambda row: (_URGENCY.index(row.state), row.severity, row.since))
        return Alerts(at_ms / 1000, tuple(rows))

    return [json_route(OPERATION, build, lang)]


def _build_alert(alert: Alert, desk: AlertDesk, quiet: _Quiet, t: Texts) -> AlertInfo:
    words, reason, labels = (
        describe_alert(alert.key, desk.catalogue, t),
        alert.reason,
        alert.key.labels,
    )
    named = name_alert(alert.key).put({"severity": alert.severity.state.value})
    silence = find_silence(quiet.silences, named, quiet.now_ms)
    window = find_maintenance(quiet.windows, named, quiet.now_ms)
    value = alert.value
    return AlertInfo(
        rule=alert.key.rule,
        is_metric=words.is_metric,
        name=words.name,
        subject=words.subject,
        labels=dict(labels.pairs),
        state=cast("AlertWord", alert.state.value),
        state_text=name_alert_state(alert.state, t),
        severity=name_severity(alert.severity),
        value=value if value is not None and math.isfinite(value) else None,
        value_text="" if value is None else t.number(value, words.unit),
        threshold_text="" if alert.threshold is None else t.number(alert.threshold, words.unit),
        since=alert.active_ms / 1000,
        firing=to_seconds(alert.firing_ms),
        cause="" if reason is None else name_cause(reason, t),
        remedy="" if reason is None else name_remedy(reason, t),
        runbook=desk.options.rule(alert.key.rule).runbook,
        incident=quiet.incidents.get(alert.key),
        silence=None if silence is None else silence.id,
        maintenance="" if window is None else window.name,
    )
