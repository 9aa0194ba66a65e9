"""Incidents as text: a table of them, and one with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from jipyo.alerts.incident.incident import IncidentState
from jipyo.alerts.incident.origin import find_event_before, rank_alerts
from jipyo.alerts.incident_wording import (
    describe_entry,
    describe_event,
    describe_event_before,
    describe_evidence,
    describe_part,
    describe_place,
    describe_title,
)
from jipyo.alerts.wording import (
    describe_alert,
    name_attribution,
    name_cause_class,
    name_incident_state,
)
from jipyo.analysis.thresholds import Severity
from jipyo.analysis.wording import name_state
from jipyo.cli.options import build_table, open_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.cli.incident.view import IncidentView
    from jipyo.i18n import Texts

_COLUMNS = ("number", "state", "severity", "began", "duration", "title", "acknowledged")
_STYLES = {
    IncidentState.OPEN: "bold red",
    IncidentState.RECOVERED: "green",
    IncidentState.CLOSED: "dim",
}
_SEVERITIES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow"}


def print_incidents(incidents: Sequence[Incident], view: IncidentView) -> None:
    """Print a line for each incident."""
    t, console = view.t, open_terminal()
    if not incidents:
        console.print(t("incident.command.list.none"))
        return
    is_open = sum(one.state is IncidentState.OPEN for one in incidents)
    console.print(t("incident.command.list.count", n=len(incidents), open=is_open))
    table = build_table([t(f"incident.column.{column}") for column in _COLUMNS])
    for one in incidents:
        ranked = rank_alerts(one, view.grouping)
        table.add_row(
            f"#{one.number}",
            Text(name_incident_state(one.state, t), style=_STYLES[one.state]),
            _name_severity(one, t),
            t.recent_moment(one.began_ms, view.zone, view.now_ms),
            t.span(one.duration_ms(view.now_ms)),
            Text(describe_title(ranked, view.catalogue, t)),
            Text(one.acknowledged_by),
        )
    console.print(table)


def _name_severity(incident: Incident, t: Texts) -> Text:
    severity = incident.severity
    return Text(name_state(severity.state, t), style=_SEVERITIES[severity])


def print_incident(incident: Incident, events: Sequence[Event], view: IncidentView) -> None:
    """Print all that is known of an incident; `events` are those around it."""
    t, console = view.t, open_terminal()
    ranked = rank_alerts(incident, view.grouping)
    head = Text(t("incident.command.show.number", number=incident.number), style="bold")
    state = Text(name_incident_state(incident.state, t), style=_STYLES[incident.state])
    console.print(Text("  ").join([head, _name_severity(incident, t), state]))
    console.print(Text(describe_title(ranked, view.catalogue, t), style="bold"))
    console.print()
    facts = Table.grid(padding=(0, 2))
    for label, value in _list_facts(incident, view):
        facts.add_row(Text(t(f"incident.label.{label}"), style="dim"), Text(value))
    event = find_event_before(incident, events)
    if event is not None:
        text = describe_event_before(event, incident, t)
        facts.add_row(Text(t("incident.label.event"), style="dim"), Text(text))
    console.print(facts)
    _print_alerts(ranked, view)
    _print_evidence(incident, events, view)
    _print_history(incident, view)


def _list_facts(incident: Incident, view: IncidentView) -> list[tuple[str, str]]:
    t, began_ms = view.t, incident.began_ms

    def later(t_ms: int | None, otherwise: str, who: str = "") -> str:
        if t_ms is None:
            return t(f"incident.value.{otherwise}")
        moment = t.clock(t_ms, view.zone, to_the_second=True)
        if t.moment(t_ms, view.zone)[:-6] != t.moment(began_ms, view.zone)[:-6]:
            moment = t.moment(t_ms, view.zone, to_the_second=True)
        key = "later_by" if who else "later"
        return t(f"incident.value.{key}", moment=moment, span=t.span(t_ms - began_ms), who=who)

    by = incident.acknowledged_by
    span = t.span(incident.duration_ms(view.now_ms))
    goes_on = incident.recovered_ms is None
    facts = [
        ("began", t.moment(began_ms, view.zone, to_the_second=True)),
        ("noticed", later(incident.noticed_ms, "not_yet")),
        ("acknowledged", later(incident.acknowledged_ms, "nobody", by)),
        ("recovered", later(incident.recovered_ms, "not_yet")),
        ("duration", t("incident.value.goes_on", span=span) if goes_on else span),
        ("breached", t.span(incident.breached_ms(view.now_ms))),
        ("cause", name_cause_class(incident.cause, t)),
        ("attribution", name_attribution(incident.attribution, t)),
    ]
    if incident.closed_ms is not None:
        facts.insert(4, ("closed", later(incident.closed_ms, "not_yet")))
    return [(label, value) for label, value in facts if value]


def _print_alerts(ranked: Sequence[RankedAlert], view: IncidentView) -> None:
    t, console = view.t, open_terminal()
    _print_heading("origin", t)
    for at, one in enumerate(ranked, start=1):
        title = describe_alert(one.alert.key, view.catalogue, t).title
        console.print(Text(f"{at:>2}. {title}"), soft_wrap=True)
        why = describe_place(one, view.catalogue, t) if len(ranked) > 1 else ""
        part = describe_part(one.alert, view.catalogue, t)
        console.print(Text(f"    {part}  {why}".rstrip()), soft_wrap=True)
    if len(ranked) > 1:
        console.print(Text(f"    {t('incident.label.origin_note')}", style="dim"))


def _print_evidence(incident: Incident, events: Sequence[Event], view: IncidentView) -> None:
    t, console = view.t, open_terminal()
    lines = [(one.t_ms, describe_event(one, t)) for one in events]
    lines += [(one.t_ms, describe_evidence(one, t)) for one in incident.evidence]
    if lines:
        _print_heading("evidence", t)
        for t_ms, line in sorted(lines):
            clock = t.clock(t_ms, view.zone, to_the_second=True)
            console.print(Text(f"  {clock}  {line}"), soft_wrap=True)


def _print_history(incident: Incident, view: IncidentView) -> None:
    t, console = view.t, open_terminal()
    _print_heading("history", t)
    table = Table.grid(padding=(0, 2))
    for entry in incident.entries:
        moment = t.recent_moment(entry.t_ms, view.zone, incident.began_ms)
        seconds = t.clock(entry.t_ms, view.zone, to_the_second=True)[-3:]
        table.add_row(
            Text(f"  {moment}{seconds}", style="dim"),
            Text(entry.who or t("incident.value.jipyo"), style="" if entry.who else "dim"),
            Text(describe_entry(entry, view.catalogue, t)),
        )
    console.print(table)


def _print_heading(label: str, t: Texts) -> None:
    console = open_terminal()
    console.print()
    console.print(Text(t(f"incident.label.{label}"), style="bold"))
