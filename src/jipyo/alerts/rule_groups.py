"""Rules in their groups with what the last evaluation came to, as Prometheus' API lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.labels import EMPTY

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertState
    from jipyo.model.labels import Labels

_GRAVITY = ("inactive", "pending", "firing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """An alert that is not inactive, as Prometheus shows it."""

    labels: Labels
    """With `alertname` and those of the rule."""
    annotations: tuple[tuple[str, str], ...] = ()
    state: AlertState
    active_ms: int
    """When its condition began."""
    keep_firing_ms: int | None = None
    """When its condition ended, where it is kept firing."""
    value: float

    @property
    def prometheus_state(self) -> str:
        """`pending` or `firing`: what is kept firing fires."""
        return "firing" if self.state.is_open else self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStatus:
    """A rule and its last evaluation."""

    name: str
    """Of the alert, or of the series that it records."""
    query: str
    labels: Labels = EMPTY
    annotations: tuple[tuple[str, str], ...] = ()
    is_recording: bool = False
    for_ms: int = 0
    keep_firing_ms: int = 0
    alerts: tuple[ActiveAlert, ...] = ()
    error: str = ""
    """Why the last evaluation failed."""
    evaluated_ms: int | None = None
    """When it was last evaluated; None before the first time."""
    duration_s: float = 0.0

    @property
    def state(self) -> str:
        """The gravest state of its alerts."""
        states = ["inactive", *(alert.prometheus_state for alert in self.alerts)]
        return max(states, key=_GRAVITY.index)

    @property
    def health(self) -> str:
        """`unknown`, `ok` or `err`."""
        return "unknown" if self.evaluated_ms is None else "err" if self.error else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroupStatus:
    """A group of rules that are evaluated one after the other."""

    name: str
    file: str
    """Empty for the rules of the catalogue."""
    interval_ms: int
    rules: tuple[RuleStatus, ...]
    evaluated_ms: int | None = None
    duration_s: float = 0.0
