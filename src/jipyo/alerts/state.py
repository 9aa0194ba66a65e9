"""How an alert goes from one state to the next.

What is reached, pending and firing is decided in `analysis.thresholds`; here it becomes an alert
that people are told about once. The rules, beyond those of thresholds:

- A pending alert whose condition ends, or whose samples end, is inactive again.
- An open alert (firing, recovering, no data) is one alert until it is resolved: from warning to
  critical and back is a change of it. It becomes less severe once it has been so for the time
  that it is kept firing.
- An open alert whose condition ends is recovering, and inactive once it has been so for that time.
  Where its condition comes back before, pending or not, it is firing again.
- An open alert whose samples end has no data. Only a sample resolves it: one that is beyond the
  threshold makes it fire on, one that is not lets it recover from then on.
- An alert that began to fire three times within an hour, anew or while it was recovering, is
  flapping, and kept firing for at least a quarter of an hour.
- A changed reason is a transition; a missing one leaves the last known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.analysis.thresholds import LevelClock, Severity, find_threshold

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import JudgeState, LevelClock
    from jipyo.catalogue import Thresholds
    from jipyo.model.failure import FailureReason

FLAP_WINDOW_MS = 3_600_000
FLAP_OPENINGS = 3
FLAP_KEEP_MS = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What was judged of a series at a moment."""

    severity: Severity
    becomes: Severity = Severity.WARNING
    """Of a pending one what it becomes; of a firing one its severity."""
    since_ms: int = 0
    """When a condition that holds began."""
    value: float | None = None
    threshold: float | None = None
    reason: FailureReason | None = None
    worse_sign: int = 0
    """Of a value 1 where higher is worse, -1 where lower is; 0 where nobody knows."""

    @property
    def holds(self) -> bool:
        """Whether the threshold is reached or not yet left."""
        return self.severity not in {Severity.OK, Severity.UNKNOWN}


@dataclass(frozen=True, slots=True)
class AlertMemory:
    """What must be remembered of an alert beside the judge's state."""

    alert: Alert | None = None
    """None while it is inactive."""
    milder_ms: int | None = None
    """Since when its condition is less severe than the alert."""
    openings: tuple[int, ...] = ()
    """When it began to fire, within the last hour: the last three times."""

    @property
    def state(self) -> AlertState:
        """Its state."""
        return AlertState.INACTIVE if self.alert is None else self.alert.state

    @property
    def is_recovering(self) -> bool:
        """Whether its condition ended and may come back."""
        return self.state is AlertState.RECOVERING

    def list_openings(self, t_ms: int, *, is_new: bool) -> tuple[int, ...]:
        """The openings that count at a moment, itself among them where it is one."""
        known = (*self.openings, t_ms) if is_new else self.openings
        return tuple(one for one in known if t_ms - one < FLAP_WINDOW_MS)[-FLAP_OPENINGS:]


NOTHING = AlertMemory()


def advance(
    memory: AlertMemory,
    key: AlertKey,
    t_ms: int,
    now: Condition,
    keep_firing_ms: int,
    *,
    damps_flapping: bool = True,
) -> tuple[AlertMemory, Transition | None]:
    """The alert after the next moment, and the change of it if there is one."""
    before = memory.alert
    if before is None or not before.state.is_open:
        after = _advance_closed(memory, key, t_ms, now)
    else:
        openings = memory.list_openings(t_ms, is_new=memory.is_recovering and now.holds)
        if damps_flapping and len(openings) >= FLAP_OPENINGS:
            keep_firing_ms = max(keep_firing_ms, FLAP_KEEP_MS)
        known = AlertMemory(before, memory.milder_ms, openings)
        after = _advance_open(known, before, t_ms, now, keep_firing_ms)
    return after, _find_transition(memory, after, t_ms, now.value)


def _advance_closed(memory: AlertMemory, key: AlertKey, t_ms: int, now: Condition) -> AlertMemory:
    fires = now.holds and now.severity is not Severity.PENDING
    openings = memory.list_openings(t_ms, is_new=fires)
    if not now.holds:
        return AlertMemory(openings=openings) if openings else NOTHING
    alert = Alert(
        key=key,
        state=AlertState.FIRING if fires else AlertState.PENDING,
        severity=now.becomes,
        value=now.value,
        threshold=now.threshold,
        active_ms=now.since_ms,
        firing_ms=t_ms if fires else None,
        reason=now.reason,
    )
    if memory.alert is not None:  # what was pending goes on
        alert = replace(alert, peak=memory.alert.peak, peak_ms=memory.alert.peak_ms)
    return AlertMemory(_raise_peak(alert, t_ms, now), openings=openings)


def _advance_open(
    memory: AlertMemory, alert: Alert, t_ms: int, now: Condition, keep_firing_ms: int
) -> AlertMemory:
    if now.severity is Severity.UNKNOWN:
        no_data = replace(alert, state=AlertState.NO_DATA, value=None, ended_ms=None)
        return replace(memory, alert=no_data, milder_ms=None)
    if not now.holds:
        ended_ms = t_ms if alert.ended_ms is None else alert.ended_ms
        if t_ms - ended_ms >= keep_firing_ms:
            return AlertMemory(openings=memory.openings)
        ended = replace(alert, state=AlertState.RECOVERING, value=now.value, ended_ms=ended_ms)
        since_ms = t_ms if memory.milder_ms is None else memory.milder_ms
        return replace(memory, alert=ended, milder_ms=since_ms)
    severity, milder_ms = _find_severity(memory, alert, t_ms, now, keep_firing_ms)
    # A pending condition of a firing alert has no threshold of its own to speak of.
    threshold = now.threshold if severity is now.severity else alert.threshold
    firing = replace(
        alert,
        state=AlertState.FIRING,
        severity=severity,
        value=now.value,
        threshold=threshold,
        ended_ms=None,
        reason=now.reason or alert.reason,
    )
    return replace(memory, alert=_raise_peak(firing, t_ms, now), milder_ms=milder_ms)


def _raise_peak(alert: Alert, t_ms: int, now: Condition) -> Alert:
    """The alert with this value as its peak, if it is the worst."""
    value, sign = now.value, now.worse_sign
    if not sign or value is None:
        return alert
    if alert.peak is not None and sign * value <= sign * alert.peak:
        return alert
    return replace(alert, peak=value, peak_ms=t_ms)


def _find_severity(
    memory: AlertMemory, alert: Alert, t_ms: int, now: Condition, keep_firing_ms: int
) -> tuple[Severity, int | None]:
    """The severity of a firing alert, and since when its condition is milder than that."""
    if now.severity >= alert.severity:
        return now.severity, None
    milder_ms = t_ms if memory.milder_ms is None else memory.milder_ms
    if now.severity is not Severity.PENDING and t_ms - milder_ms >= keep_firing_ms:
        return now.severity, None
    return alert.severity, milder_ms


def close(memory: AlertMemory, t_ms: int) -> tuple[AlertMemory, Transition | None]:
    """The alert after somebody closed it, or what it is about was removed on purpose.

    Where its condition goes on, it begins anew at the next moment.
    """
    value = None if memory.alert is None else memory.alert.value
    return NOTHING, _find_transition(memory, NOTHING, t_ms, value)


def _find_transition(
    before: AlertMemory, after: AlertMemory, t_ms: int, value: float | None
) -> Transition | None:
    old, new = before.alert, after.alert
    if new is None:
        if old is None:
            return None
        ended_ms = t_ms if old.ended_ms is None else old.ended_ms
        gone = replace(old, state=AlertState.INACTIVE, value=value, ended_ms=ended_ms)
        return Transition(t_ms, old.state, gone)
    if old is None or old.state is not new.state:
        return Transition(t_ms, before.state, new)
    is_changed = old.severity is not new.severity or old.reason is not new.reason
    return Transition(t_ms, old.state, new) if is_changed and new.state.is_open else None


# --- what was judged


def read_condition(
    judged: JudgeState,
    t_ms: int,
    thresholds: Thresholds,
    worse_sign: int,
    reason: FailureReason | None = None,
) -> Condition:
    """The condition of a series of a metric, as the judge left it at `t_ms`."""
    severity = judged.severity
    becomes = severity
    if severity in {Severity.OK, Severity.UNKNOWN}:
        return Condition(severity=severity, value=judged.value)
    since_ms = judged.since_ms
    if severity is Severity.PENDING:
        pending = judged.find_pending(t_ms, thresholds)
        assert pending is not None, "BUG: pending without a level"
        becomes, since_ms = pending.severity, t_ms - pending.elapsed_ms
    assert since_ms is not None, "BUG: a condition without a beginning"
    return Condition(
        severity=severity,
        becomes=becomes,
        since_ms=since_ms,
        value=judged.value,
        threshold=find_threshold(thresholds, becomes),
        reason=reason,
        worse_sign=worse_sign,
    )


def read_clock(clock: LevelClock, severity: Severity, value: float | None) -> Condition:
    """The condition of a series of an expression: that it is in the answer is the condition."""
    if clock.reached_ms is None:
        return Condition(severity=Severity.OK)
    fires = clock.firing_since_ms is not None
    return Condition(
        severity=severity if fires else Severity.PENDING,
        becomes=severity,
        since_ms=clock.reached_ms,
        value=value,
    )
