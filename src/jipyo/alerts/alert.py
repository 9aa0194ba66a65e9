"""An alert: one series of one rule, its state, and the changes of that state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import Severity
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels


class AlertState(Enum):
    """The state of an alert, by the name that the API uses."""

    INACTIVE = "inactive"
    PENDING = "pending"
    """Its condition holds, but not yet for the alert duration."""
    FIRING = "firing"
    RECOVERING = "recovering"
    """Its condition ended, and it is kept firing for a while lest it come back."""
    NO_DATA = "no_data"
    """It was firing when its samples ended: it is not resolved, as nothing shows that it is."""

    @property
    def is_open(self) -> bool:
        """Whether it belongs to an incident that goes on."""
        return self in {AlertState.FIRING, AlertState.RECOVERING, AlertState.NO_DATA}


@dataclass(frozen=True, slots=True)
class AlertKey:
    """What makes an alert the same one at the next evaluation."""

    rule: str
    """The id of the rule: a metric's id, or `FILE/GROUP/ALERT` of a rule file."""
    labels: Labels
    """Of the series, without what may change while it fires, as a severity or a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert after an evaluation."""

    key: AlertKey
    state: AlertState
    severity: Severity
    """WARNING or CRITICAL; of a pending one what it becomes."""
    value: float | None
    threshold: float | None
    """None for a rule whose expression compares by itself."""
    active_ms: int
    """When its condition began: the value of `ALERTS_FOR_STATE`."""
    firing_ms: int | None = None
    """When it began to fire; None before."""
    ended_ms: int | None = None
    """When its condition ended, which is before it is resolved where it is kept firing; None
    while it holds, or where no sample shows that it ended."""
    reason: FailureReason | None = None
    """Why its target cannot be read, where that is what it is about."""
    peak: float | None = None
    """The worst value since its condition began; None where nobody kept it."""
    peak_ms: int | None = None
    """The evaluation at which it was seen first."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an alert's state, severity or reason, in the order in which they came."""

    t_ms: int
    """The moment of the evaluation, on the grid."""
    before: AlertState
    alert: Alert
