"""The incidents of the period, each with its times; the outages of its targets have a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule import split_rule_id
from jipyo.analysis.outages import Outage, identify_target
from jipyo.analysis.series_names import name_series
from jipyo.model.calendar import local_day
from jipyo.reports.document import (
    Badge,
    Block,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Subject,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.incident import Incident, IncidentAlert
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue

LISTED_INCIDENTS = 100
"""Most incidents listed one by one."""


def build_incidents(
    ranked: Sequence[tuple[Incident, Sequence[RankedAlert]]],
    catalogue: Catalogue,
    cut_ms: int,
    zone: ZoneInfo,
) -> Iterator[Block]:
    """The table of incidents, where there were any; of many the longest.

    Args:
        ranked: the incidents of the period with their alerts, the likely origin first.
        catalogue: has the names.
        cut_ms: the end of the data of a period that still runs.
        zone: where the days begin: what is of the day of the beginning is without its date.
    """
    if not ranked:
        return
    yield Heading("incidents", phrase("reports.section.incidents"), page=True)
    longest = sorted(ranked, key=lambda one: -one[0].duration_ms(cut_ms))[:LISTED_INCIDENTS]
    listed = sorted(longest, key=lambda one: one[0].began_ms)
    columns = _list_columns(catalogue, cut_ms, zone)
    yield Table(
        id="incidents",
        caption=phrase("reports.incidents.caption"),
        columns=build_heads(columns),
        rows=tuple(build_row(columns, one) for one in listed),
    )
    if left := len(ranked) - len(listed):
        yield Note(phrase("reports.incidents.more", n=left))


def _list_columns(
    catalogue: Catalogue, cut_ms: int, zone: ZoneInfo
) -> tuple[TableColumn[tuple[Incident, Sequence[RankedAlert]]], ...]:
    return (
        TableColumn("incident", lambda one: f"#{one[0].number}"),
        TableColumn("severity", lambda one: Badge(one[0].severity.state), numeric=False),
        TableColumn("what", lambda one: _name(one[1], catalogue), numeric=False),
        TableColumn("began", lambda one: Moment(one[0].began_ms, to_the_second=True)),
        TableColumn("noticed", lambda one: _show(one[0], one[0].noticed_ms, zone)),
        TableColumn("acknowledged", lambda one: _show_acknowledged(one[0], zone)),
        TableColumn("recovered", lambda one: _show_recovered(one[0], cut_ms, zone)),
        TableColumn("duration", lambda one: Duration(one[0].duration_ms(cut_ms))),
        TableColumn("cause", lambda one: _show_cause(one[0]), numeric=False),
    )


def _show(incident: Incident, t_ms: int, zone: ZoneInfo) -> Moment:
    """A moment of an incident, without its date on the day on which it began."""
    first = local_day(incident.began_ms, zone)
    of_day = first if local_day(t_ms, zone) == first else None
    return Moment(t_ms, to_the_second=True, of_day=of_day)


def _show_acknowledged(incident: Incident, zone: ZoneInfo) -> Inline:
    if incident.acknowledged_ms is None:
        return phrase("reports.incidents.not_acknowledged")
    moment = _show(incident, incident.acknowledged_ms, zone)
    return Joined((moment, incident.acknowledged_by), "\n")


def _show_recovered(incident: Incident, cut_ms: int, zone: ZoneInfo) -> Inline:
    if incident.recovered_ms is None or incident.recovered_ms > cut_ms:
        return phrase("reports.breaches.open")
    return _show(incident, incident.recovered_ms, zone)


def _show_cause(incident: Incident) -> Inline:
    if incident.cause is None:
        return phrase("reports.incidents.no_cause")
    return phrase(f"incident.cause.{incident.cause.value}")


def _name(ranked: Sequence[RankedAlert], catalogue: Catalogue) -> Inline:
    """The likely origin, why it fails, and how many alerts came with it."""
    first = ranked[0].alert
    parts = [name_alert(first, catalogue)]
    if first.reason is not None:
        parts.append(phrase(f"health.cause.{first.reason.value}"))
    if others := len(ranked) - 1:
        parts.append(phrase("reports.incidents.others", n=others))
    return Joined(tuple(parts), "\n")


def name_alert(alert: IncidentAlert, catalogue: Catalogue) -> Inline:
    """What an alert is about: its metric and series, or the target that does not answer."""
    labels, metric = alert.key.labels, catalogue.get(alert.key.rule)
    if metric is None:
        return " · ".join(filter(None, (split_rule_id(alert.key.rule)[2], name_series(labels))))
    if metric.outage:
        return phrase("health.outage", target=_name_target(alert))
    return Subject(metric.name, name_series(labels))


def _name_target(alert: IncidentAlert) -> str:
    labels = alert.key.labels
    return Outage(*identify_target(labels), None).name or name_series(labels)
