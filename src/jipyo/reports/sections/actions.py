"""What to do after the period: at most three, each with why, until when, and who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.objectives import Result
from jipyo.analysis.thresholds import State
from jipyo.model.calendar import local_day
from jipyo.reports.document import (
    ActionItem,
    Actions,
    Blank,
    Block,
    Day,
    Duration,
    Heading,
    Inline,
    Joined,
    Phrase,
    Share,
    Subject,
    phrase,
)
from jipyo.reports.sections.capacity import build_capacity_finding, find_state
from jipyo.reports.sections.efficiency import is_mostly_idle, measure_idle
from jipyo.reports.sections.findings import advise, find_worst_breach
from jipyo.reports.sections.incident_findings import list_reported_incidents
from jipyo.reports.sections.objectives import describe_objective, describe_subject
from jipyo.reports.sections.outlook import DAY_MS, list_expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.inputs import ReportInputs

MOST = 3
_TO_DO = "summary.to_do"
_AHEAD_MS = 62 * DAY_MS


@dataclass(frozen=True, slots=True)
class _Proposed:
    """An action, and what it is about: of one subject only the first is shown."""

    subject: object
    action: ActionItem


def build_actions(inputs: ReportInputs) -> Iterator[Block]:
    """The actions, where there is anything to do."""
    actions = select_actions(inputs)
    if actions:
        yield Heading("actions", phrase("summary.section.actions"))
        yield Actions("actions", actions)


def select_actions(inputs: ReportInputs) -> tuple[ActionItem, ...]:
    """What people planned with a date, then what incidents, forecasts and breaches ask for."""
    seen: set[object] = set()
    chosen: list[ActionItem] = []
    for one in _list_proposed(inputs):
        if one.subject not in seen and len(chosen) < MOST:
            seen.add(one.subject)
            chosen.append(one.action)
    return tuple(chosen)


def _list_proposed(inputs: ReportInputs) -> Iterator[_Proposed]:
    yield from _list_incidents(inputs)
    yield from _list_crossings(inputs)
    yield from _list_capacities(inputs)
    yield from _list_planned(inputs)
    yield from _list_missed(inputs)
    yield from _list_breaches(inputs)
    yield from _list_idle(inputs)


def _list_planned(inputs: ReportInputs) -> Iterator[_Proposed]:
    plan = inputs.work.plan if inputs.work else ()
    for item in sorted(plan, key=lambda one: (one.due is None, one.due)):
        due: Inline = Blank() if item.due is None else Day(item.due, short=True)
        owner: Inline = item.by or Blank()
        yield _Proposed(
            item.title, ActionItem(item.title, phrase("summary.action.plan"), due, owner)
        )


def _list_incidents(inputs: ReportInputs) -> Iterator[_Proposed]:
    """Incidents whose cause nobody has entered, the longest first."""
    cut_ms = inputs.data.window.end_ms
    unexplained = [one for one in list_reported_incidents(inputs) if one.cause is None]
    for incident in sorted(unexplained, key=lambda one: -one.duration_ms(cut_ms)):
        text = phrase("summary.action.incident", number=incident.number)
        span = Duration(incident.duration_ms(cut_ms))
        basis = phrase("summary.action.incident.basis", number=incident.number, span=span)
        yield _Proposed("incident", ActionItem(text, basis, Blank(), Blank()))


def _list_crossings(inputs: ReportInputs) -> Iterator[_Proposed]:
    """What fills up, to be done before the earliest date of its interval."""
    zone = ZoneInfo(inputs.period.zone)
    for one in list_expected(inputs.data):
        if one.first_ms - inputs.data.window.end_ms > _AHEAD_MS:
            continue
        subject = one.of.entry.metric.id, one.of.name
        text = _advise(Subject(one.of.entry.metric.name, one.of.name), advise(one.of.entry, _TO_DO))
        date = Day(local_day(one.t_ms, zone), short=True)
        basis = phrase("summary.action.crossing", threshold=one.threshold, date=date)
        due = Day(local_day(one.first_ms, zone), short=True)
        yield _Proposed(subject, ActionItem(text, basis, due, Blank()))


def _list_capacities(inputs: ReportInputs) -> Iterator[_Proposed]:
    """Services that do not serve their specified load, or may have come to their limit."""
    for one in inputs.capacities:
        if find_state(one) in (State.CRITICAL, State.WARNING):
            subject = Subject(one.metric.name, one.service)
            text = _advise(subject, phrase(f"{_TO_DO}.capacity"))
            basis = build_capacity_finding(one).text
            yield _Proposed((one.metric.id, one.service), ActionItem(text, basis, Blank(), Blank()))


def _list_idle(inputs: ReportInputs) -> Iterator[_Proposed]:
    """Accelerators that were idle for most of the energy that they used."""
    data = inputs.efficiency
    if data is not None and is_mostly_idle(data):
        basis = phrase("summary.action.idle", idle=Share(measure_idle(data)))
        text = phrase(f"{_TO_DO}.idle")
        yield _Proposed("idle", ActionItem(text, basis, Blank(), Blank()))


def _list_missed(inputs: ReportInputs) -> Iterator[_Proposed]:
    entries = {entry.metric.id: entry for entry in inputs.data.entries}
    for result in inputs.objectives:
        if result.result is Result.MISSED:
            entry = entries[result.metric.id]
            basis = phrase(
                "summary.action.missed",
                actual=result.actual,
                target=describe_objective(result.metric),
            )
            text = _advise(describe_subject(result), advise(entry, _TO_DO))
            yield _Proposed(entry.metric.topic, ActionItem(text, basis, Blank(), Blank()))


def _list_breaches(inputs: ReportInputs) -> Iterator[_Proposed]:
    """Metrics that were critical, those that were so for longest first; outages have findings."""
    critical = [
        one
        for one in inputs.data.judged
        if one.now.state is State.CRITICAL and not (one.metric.outage or one.metric.loss)
    ]
    for entry in sorted(critical, key=lambda one: -one.now.series[0].critical_ms):
        series = entry.now.series[0]
        breach = find_worst_breach(series)
        basis = phrase(
            "summary.action.breach",
            threshold=entry.threshold(breach.severity),
            span=Duration(series.critical_ms),
        )
        text = _advise(entry.subject(series), advise(entry, _TO_DO))
        yield _Proposed(entry.metric.topic, ActionItem(text, basis, Blank(), Blank()))


def _advise(subject: Inline, advice: Phrase) -> Inline:
    return Joined((subject, advice), ": ")
