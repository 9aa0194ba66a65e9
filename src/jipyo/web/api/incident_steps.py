"""The five steps of an incident in words: what has passed, who did it, and what is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.duty.plan import (
    Duty,
    find_due_escalations,
    find_next_escalation,
    find_withholding,
)
from jipyo.alerts.incident.incident import EntryKind, IncidentState
from jipyo.alerts.silence import MaintenanceWindow
from jipyo.analysis.wording import name_cause
from jipyo.web.api.written import to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.i18n import Texts
    from jipyo.web.api.alert_desk import AlertDesk

_SEPARATOR = " · "


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """One of 발생, 인지, 접수, 조치, 복구."""

    id: Literal["began", "noticed", "acknowledged", "action", "recovered"]
    state: Literal["done", "waiting", "open"]
    """`waiting` is the first that has not come of an open incident; later ones are `open`."""
    t: float | None
    who: str
    """Empty for what jipyo found by itself."""
    text: str
    """What happened, or what is waited for and who is notified next; may be empty."""


@dataclass(frozen=True, slots=True)
class _Moment:
    t_ms: int | None
    who: str
    text: str


def build_steps(
    incident: Incident, origin: RankedAlert, desk: AlertDesk, t: Texts
) -> tuple[IncidentStep, ...]:
    """The steps in their order."""
    moments = {
        "began": _Moment(incident.began_ms, "", _describe_beginning(origin, t)),
        "noticed": _Moment(incident.noticed_ms, "", _describe_notice(incident, desk, t)),
        "acknowledged": _describe_acknowledgement(incident, t),
        "action": _find_action(incident),
        "recovered": _describe_recovery(incident, t),
    }
    coming = [name for name, one in moments.items() if one.t_ms is None]
    is_open = incident.state is IncidentState.OPEN
    waiting = coming[0] if coming and is_open else ""
    return tuple(
        IncidentStep(
            id=name,  # type: ignore[arg-type]  # the names above
            state="waiting" if name == waiting else "open" if name in coming else "done",
            t=to_seconds(one.t_ms),
            who=one.who,
            text=_describe_waiting(name, incident, desk, t) if name == waiting else one.text,
        )
        for name, one in moments.items()
    )


def _describe_beginning(origin: RankedAlert, t: Texts) -> str:
    reason = origin.alert.reason
    return t("incident_page.step.began.text") if reason is None else name_cause(reason, t)


def _describe_notice(incident: Incident, desk: AlertDesk, t: Texts) -> str:
    span = t.span(incident.noticed_ms - incident.began_ms)
    text = t("incident_page.step.noticed.text", span=span)
    on_call = desk.find_on_call(incident.noticed_ms)
    if not on_call:
        return text
    return text + _SEPARATOR + t("incident.step.on_call", names=", ".join(on_call))


def _describe_acknowledgement(incident: Incident, t: Texts) -> _Moment:
    t_ms = incident.acknowledged_ms
    if t_ms is None:
        return _Moment(None, "", "")
    text = t("incident.step.after_notice", span=t.span(t_ms - incident.noticed_ms))
    return _Moment(t_ms, incident.acknowledged_by, text)


def _find_action(incident: Incident) -> _Moment:
    """The first note that a person added."""
    notes = [one for one in incident.entries if one.kind is EntryKind.NOTE]
    return _Moment(notes[0].t_ms, notes[0].who, notes[0].text) if notes else _Moment(None, "", "")


def _describe_recovery(incident: Incident, t: Texts) -> _Moment:
    t_ms = incident.recovered_ms
    if t_ms is None:
        return _Moment(None, "", "")
    span = t.span(t_ms - incident.began_ms)
    return _Moment(t_ms, "", t("incident_page.step.recovered.text", span=span))


# ------------------------------------------------------------------------------------- waiting


def _describe_waiting(name: str, incident: Incident, desk: AlertDesk, t: Texts) -> str:
    if name == "acknowledged":
        return _SEPARATOR.join(_explain_waiting(incident, desk, t))
    span = t.span(incident.duration_ms(desk.now_ms()))
    return t("incident.step.no_action" if name == "action" else "incident.step.goes_on", span=span)


def _explain_waiting(incident: Incident, desk: AlertDesk, t: Texts) -> Iterator[str]:
    """How long nobody has acknowledged it, and who is notified next and when."""
    now_ms, options = desk.now_ms(), desk.options
    yield t("incident.step.waiting", span=t.span(max(now_ms - incident.noticed_ms, 0)))
    withheld = describe_withholding(incident, desk, t)
    if withheld:
        yield withheld
    elif not options.channels:
        yield t("incident.step.no_channel")
    else:
        yield from _describe_escalation(incident, desk, now_ms, t)


def _describe_escalation(
    incident: Incident, desk: AlertDesk, now_ms: int, t: Texts
) -> Iterator[str]:
    escalations = desk.options.escalation
    following = find_next_escalation(incident, now_ms, escalations)
    due = find_due_escalations(incident, now_ms, escalations)
    if following is not None:
        at_ms = incident.noticed_ms + following.after_ms
        moment = t.recent_moment(at_ms, desk.zone, now_ms)
        names = _name_receivers(following.channels, desk.find_on_call(at_ms))
        yield t("incident.step.escalates", moment=moment, names=names)
    elif due:
        channels = tuple(name for one in due for name in one.channels)
        yield t("incident.step.escalated", names=_name_receivers(channels, ()))


def _name_receivers(channels: tuple[str, ...], people: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys((*people, *channels)))


def describe_withholding(incident: Incident, desk: AlertDesk, t: Texts) -> str:
    """Why nobody is notified of an open incident, and until when; empty where somebody is."""
    now_ms = desk.now_ms()
    if incident.state is not IncidentState.OPEN:
        return ""
    duty = Duty(
        options=desk.options,
        zone=desk.zone,
        silences=desk.incidents.list_silences(now_ms),
        windows=desk.list_windows(now_ms, now_ms + 1),
    )
    found = find_withholding(incident, now_ms, duty)
    if found is None:
        return ""
    moment = t.recent_moment(found.end_ms, desk.zone, now_ms)
    if isinstance(found, MaintenanceWindow):
        return t("incident.step.in_maintenance", name=found.name, moment=moment)
    return t("incident.step.silenced", who=found.who, moment=moment)
