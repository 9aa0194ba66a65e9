"""The incidents of the period, each with its five times; outages that are part of one are in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.outages import Outage, identify_target
from jipyo.analysis.series_names import name_series
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

    from jipyo.alerts.incident.incident import Incident, IncidentAlert
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue

LISTED_INCIDENTS = 100
"""Most incidents listed one by one."""
_AFTER = ("outages", "breaches", "outlook", "metrics", "completeness")
"""The sections of which the first that there is comes after that of the incidents."""


def add_incident_blocks(
    blocks: Sequence[Block],
    ranked: Sequence[tuple[Incident, Sequence[RankedAlert]]],
    catalogue: Catalogue,
    cut_ms: int,
) -> tuple[Block, ...]:
    """The blocks of a report with the incidents, and without the outages that are among them.

    Args:
        blocks: of the report.
        ranked: the incidents of its period with their alerts, the likely origin first.
        catalogue: has the names.
        cut_ms: the end of the data of a period that still runs.
    """
    if not ranked:
        return tuple(blocks)
    rest = _drop_outages(blocks, [alert for one, _ in ranked for alert in one.alerts], catalogue)
    place = next(
        at for at, block in enumerate(rest) if isinstance(block, Heading) and block.id in _AFTER
    )
    return (*rest[:place], *_build_section(ranked, catalogue, cut_ms), *rest[place:])


def _build_section(
    ranked: Sequence[tuple[Incident, Sequence[RankedAlert]]], catalogue: Catalogue, cut_ms: int
) -> Iterator[Block]:
    yield Heading("incidents", phrase("reports.section.incidents"), page=True)
    longest = sorted(ranked, key=lambda one: -one[0].duration_ms(cut_ms))[:LISTED_INCIDENTS]
    listed = sorted(longest, key=lambda one: one[0].began_ms)
    columns = _list_columns(catalogue, cut_ms)
    yield Table(
        id="incidents",
        caption=phrase("reports.incidents.caption"),
        columns=build_heads(columns),
        rows=tuple(build_row(columns, one) for one in listed),
    )
    if left := len(ranked) - len(listed):
        yield Note(phrase("reports.incidents.more", n=left))


def _list_columns(
    catalogue: Catalogue, cut_ms: int
) -> tuple[TableColumn[tuple[Incident, Sequence[RankedAlert]]], ...]:
    return (
        TableColumn("incident", lambda one: f"#{one[0].number}"),
        TableColumn("severity", lambda one: Badge(one[0].severity.state), numeric=False),
        TableColumn("what", lambda one: _name(one[1], catalogue), numeric=False),
        TableColumn("began", lambda one: Moment(one[0].began_ms, to_the_second=True)),
        TableColumn("noticed", lambda one: Moment(one[0].noticed_ms, to_the_second=True)),
        TableColumn("acknowledged", lambda one: _show_acknowledged(one[0])),
        TableColumn("recovered", lambda one: _show_recovered(one[0], cut_ms)),
        TableColumn("duration", lambda one: Duration(one[0].duration_ms(cut_ms))),
        TableColumn("cause", lambda one: _show_cause(one[0]), numeric=False),
    )


def _show_acknowledged(incident: Incident) -> Inline:
    if incident.acknowledged_ms is None:
        return phrase("reports.incidents.not_acknowledged")
    moment = Moment(incident.acknowledged_ms, to_the_second=True)
    return Joined((moment, incident.acknowledged_by), "\n")


def _show_recovered(incident: Incident, cut_ms: int) -> Inline:
    if incident.recovered_ms is None or incident.recovered_ms > cut_ms:
        return phrase("reports.breaches.open")
    return Moment(incident.recovered_ms, to_the_second=True)


def _show_cause(incident: Incident) -> Inline:
    if incident.cause is None:
        return phrase("reports.incidents.no_cause")
    return phrase(f"incident.cause.{incident.cause.value}")


def _name(ranked: Sequence[RankedAlert], catalogue: Catalogue) -> Inline:
    """The likely origin, why it fails, and how many alerts came with it."""
    first = ranked[0].alert
    parts = [_name_alert(first, catalogue)]
    if first.reason is not None:
        parts.append(phrase(f"health.cause.{first.reason.value}"))
    if others := len(ranked) - 1:
        parts.append(phrase("reports.incidents.others", n=others))
    return Joined(tuple(parts), "\n")


def _name_alert(alert: IncidentAlert, catalogue: Catalogue) -> Inline:
    labels, metric = alert.key.labels, catalogue.get(alert.key.rule)
    if metric is None:
        return " · ".join(filter(None, (alert.key.rule.rpartition("/")[2], name_series(labels))))
    if metric.outage:
        return phrase("health.outage", target=_name_target(alert))
    return Subject(metric.name, name_series(labels))


def _name_target(alert: IncidentAlert) -> str:
    labels = alert.key.labels
    return Outage(*identify_target(labels), None).name or name_series(labels)


def _drop_outages(
    blocks: Sequence[Block], alerts: Sequence[IncidentAlert], catalogue: Catalogue
) -> list[Block]:
    """The blocks without the rows of outages that alerts of incidents are about."""
    stretches: dict[str, list[tuple[int, int | None]]] = {}
    for alert in alerts:
        metric = catalogue.get(alert.key.rule)
        if metric is not None and metric.outage:
            stretches.setdefault(_name_target(alert), []).extend(alert.stretches)
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Table) and block.id == "outages":
            rows = tuple(row for row in block.rows if not _is_covered(row, stretches))
            if not rows and isinstance(kept[-1], Heading):
                kept.pop()
            if rows:
                kept.append(replace(block, rows=rows))
            continue
        kept.append(block)
    return kept


def _is_covered(row: Sequence[Inline], stretches: dict[str, list[tuple[int, int | None]]]) -> bool:
    """Whether the outage of a row overlaps with what an incident has of the same target."""
    target, start, end = row[:3]
    if not isinstance(target, str) or not isinstance(start, Moment):
        return False
    end_ms = end.t_ms if isinstance(end, Moment) else None
    return any(
        (ended_ms is None or start.t_ms <= ended_ms) and (end_ms is None or began_ms <= end_ms)
        for began_ms, ended_ms in stretches.get(target, ())
    )
