"""The incidents of a report: which rows, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo import catalogue
from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.history import build_incidents
from jipyo.alerts.incident.incident import CauseClass, EntryKind, IncidentEntry
from jipyo.alerts.incident.origin import rank_alerts
from jipyo.analysis.outage_history import PastOutage
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import Severity
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.reports.document import Heading, Joined, Moment, Table, phrase
from jipyo.reports.sections.incidents import build_incidents as build_incident_blocks
from jipyo.reports.sections.outages import build_outages
from reports.documents import DAY, MINUTE, SEOUL, START
from reports.summaries import build_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.reports.document import Block

CUT = START + 600 * MINUTE
OUTAGE = "system.collection.failed"
GROUPING = IncidentGrouping(outage_rules=frozenset({OUTAGE}))
KEY = AlertKey(OUTAGE, Labels.of({"job": "redis", "instance": "h:6379"}))
END = Heading("completeness", phrase("reports.section.completeness"))


def make_incident(start: int, end: int | None, *more: IncidentEntry) -> Incident:
    """An outage of `KEY` between two minutes, with what people entered."""
    states = [(start, AlertState.INACTIVE, AlertState.FIRING)]
    states += [] if end is None else [(end, AlertState.FIRING, AlertState.INACTIVE)]
    transitions = [
        Transition(
            START + minute * MINUTE,
            before,
            Alert(
                key=KEY,
                state=state,
                severity=Severity.CRITICAL,
                value=1.0,
                threshold=1.0,
                active_ms=START + start * MINUTE,
                firing_ms=START + start * MINUTE,
                ended_ms=None if state is AlertState.FIRING else START + minute * MINUTE,
                reason=FailureReason.TIMEOUT,
            ),
        )
        for minute, before, state in states
    ]
    entries = (*fold({}, transitions, GROUPING, next_number=1), *more)
    return build_incidents(entries)[1]


def rank(*incidents: Incident) -> list[tuple[Incident, Sequence[RankedAlert]]]:
    return [(one, rank_alerts(one, GROUPING)) for one in incidents]


def outage(name: str, start: int, end: int) -> PastOutage:
    job, _, instance = name.partition(" ")
    target = Outage(job, instance, FailureReason.TIMEOUT)
    return PastOutage(target, START + start * MINUTE, START + end * MINUTE, False)


def add(
    ranked: list[tuple[Incident, Sequence[RankedAlert]]], *outages: PastOutage
) -> tuple[Block, ...]:
    blocks = (*build_outages(build_data(outages=outages)), END)
    return (*build_incident_blocks(ranked, catalogue.load(), CUT, SEOUL), *blocks)


def ids(blocks: Sequence[Block]) -> list[str]:
    return [block.id for block in blocks if isinstance(block, Heading | Table)]


def test_without_incidents_the_report_stays_as_it_is() -> None:
    known = outage("redis h:6379", 10, 20)
    assert ids(add([], known)) == ["outages", "outages", "completeness"]


def test_an_incident_has_its_five_times_and_who_acknowledged_it() -> None:
    taken = IncidentEntry(
        incident=1, t_ms=START + 12 * MINUTE, kind=EntryKind.ACKNOWLEDGED, who="김운영"
    )
    cause = IncidentEntry(
        incident=1,
        t_ms=START + 30 * MINUTE,
        kind=EntryKind.CAUSE,
        who="김운영",
        cause=CauseClass.NETWORK,
    )
    blocks = add(rank(make_incident(10, 20, taken, cause)))
    (table,) = (block for block in blocks if isinstance(block, Table))
    number, _, what, began, noticed, acknowledged, recovered, _, class_ = table.rows[0]
    assert number == "#1"
    assert what == Joined(
        (phrase("health.outage", target="redis h:6379"), phrase("health.cause.timeout")), "\n"
    )
    times = [Moment(START + minute * MINUTE, to_the_second=True, of_day=DAY) for minute in (10, 12)]
    step = Moment(START + 10 * MINUTE - GROUPING.interval_ms, to_the_second=True)
    over = Moment(START + 20 * MINUTE - GROUPING.interval_ms, to_the_second=True, of_day=DAY)
    assert (began, noticed, recovered) == (step, times[0], over)
    assert acknowledged == Joined((times[1], "김운영"), "\n")
    assert class_ == phrase("incident.cause.network")


def test_what_is_not_known_or_not_over_says_so() -> None:
    blocks = add(rank(make_incident(10, None)))
    (table,) = (block for block in blocks if isinstance(block, Table))
    *_, acknowledged, recovered, _, cause = table.rows[0]
    assert acknowledged == phrase("reports.incidents.not_acknowledged")
    assert recovered == phrase("reports.breaches.open")
    assert cause == phrase("reports.incidents.no_cause")
