"""Alerts as plain values for JSON, as the rows of `alerts.db` have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jipyo.alerts.alert import Alert, AlertKey, AlertState
from jipyo.analysis.thresholds import Severity
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONAL = ("value", "threshold", "firing_ms", "ended_ms", "peak", "peak_ms")


def dump_alert(alert: Alert) -> dict[str, object]:
    """Its values by their names, without those that are None."""
    facts: dict[str, object] = {
        "rule": alert.key.rule,
        "labels": dict(alert.key.labels.pairs),
        "state": alert.state.value,
        "severity": alert.severity.state.value,
        "active_ms": alert.active_ms,
        "reason": alert.reason and alert.reason.value,
        **{name: getattr(alert, name) for name in _OPTIONAL},
    }
    return {name: value for name, value in facts.items() if value is not None}


def load_alert(facts: Mapping[str, Any]) -> Alert:
    """The alert that `dump_alert` turned into plain values; other keys do no harm."""
    reason = facts.get("reason")
    return Alert(
        key=AlertKey(facts["rule"], Labels.of(facts["labels"])),
        state=AlertState(facts["state"]),
        severity=Severity[facts["severity"].upper()],
        active_ms=facts["active_ms"],
        reason=reason and FailureReason(reason),
        **{"value": None, "threshold": None}
        | {name: facts[name] for name in _OPTIONAL if name in facts},
    )
