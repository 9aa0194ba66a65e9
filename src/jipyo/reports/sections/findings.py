"""The three things that an executive must know of the period, the gravest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.objectives import ObjectiveResult, Result
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import Direction
from jipyo.model.calendar import PeriodKind
from jipyo.reports.document import (
    Block,
    Duration,
    Finding,
    Findings,
    Heading,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Share,
    phrase,
)
from jipyo.reports.sections.capacity import build_capacity_finding
from jipyo.reports.sections.course_findings import find_courses
from jipyo.reports.sections.efficiency import build_efficiency_finding, is_mostly_idle
from jipyo.reports.sections.incident_findings import (
    find_incidents,
    is_of_incident,
    list_reported_incidents,
)
from jipyo.reports.sections.missing import find_missing
from jipyo.reports.sections.objectives import describe_objective, describe_subject
from jipyo.reports.sections.outage_findings import (
    LONG_OUTAGE_MS,
    describe_outage,
    group_outages,
    list_names,
)
from jipyo.reports.sections.outlook import DAY_MS, build_crossing_finding, list_expected

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from jipyo.alerts.incident.incident import Incident
    from jipyo.analysis.completeness import TargetCompleteness
    from jipyo.analysis.summary import SeriesSummary
    from jipyo.analysis.thresholds import Breach
    from jipyo.model.figure import Figure
    from jipyo.reports.data import ReportData, ReportMetric
    from jipyo.reports.inputs import ReportInputs

MOST = 3
_DAILY_DETAILS = 4
_COMPLETE = 0.99
_LARGE_POINTS = 10.0
_LARGE_PERCENT = 30.0
_TOPICS_WITH_ADVICE = frozenset(
    (
        *("system.cpu", "system.memory", "system.disk", "system.gpu"),
        *("app.probe", "ai.model"),
    )
)
_LASTING_DETAILS = frozenset(("reports.finding.event_before", "reports.finding.affected"))
"""What a longer period says of a finding besides its sentence."""
_TOTAL, _GRAVE, _SERIOUS, _NOTABLE, _PLAIN = range(5)
_REQUIRED_FIRST, _GAPS_FIRST, _OBJECTIVES_FIRST, _INCIDENTS_FIRST = 1e9, 1e12, 1e13, 2e13
_OUTAGES_FIRST, _MISSING_FIRST = 1e14, 1e15
_CROSSINGS_FIRST = 1e11
_CAPACITIES_FIRST = 1e10
_COURSES_FIRST, _IDLE_FIRST = 25.0, 20.0
"""Beside the per cents of changes, which have their own finding from 30 on."""
_NEAR_DAYS, _AHEAD_DAYS = 7, 62


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A finding and what it is sorted by: class first, then weight, heavier first."""

    rank: int
    weight: float
    finding: Finding


def build_findings(inputs: ReportInputs) -> Iterator[Block]:
    """The findings, where there are any."""
    findings = select_findings(inputs)
    if findings:
        yield Heading("findings", phrase("reports.section.findings"))
        yield Findings(findings)


def select_findings(inputs: ReportInputs) -> tuple[Finding, ...]:
    """At most three; where nothing went wrong, what came nearest to it."""
    data, results = inputs.data, inputs.objectives
    missed = [result for result in results if result.result is Result.MISSED]
    covered = {result.metric.topic for result in missed}
    ranked = list_reported_incidents(inputs)
    candidates = [
        *(_Ranked(_GRAVE, _MISSING_FIRST, finding) for finding in find_missing(data)),
        *_find_outages(inputs),
        *(_Ranked(_GRAVE, _INCIDENTS_FIRST + ms, one) for ms, one in find_incidents(inputs)),
        *_find_missed_objectives(data, missed),
        *_find_breaches(data, covered, ranked),
        *_find_gaps(data),
        *_find_crossings(data),
        *_find_capacities(inputs),
        *_find_changes(data),
        *_find_courses(data),
        *_find_efficiency(inputs),
        *_find_nearest(data),
        *_find_met_objectives(results),
    ]
    candidates.sort(key=lambda candidate: (candidate.rank, -candidate.weight))
    chosen = [candidate.finding for candidate in candidates[:MOST]]
    return tuple(_shorten(one, data.period.kind) for one in chosen)


def _shorten(finding: Finding, kind: PeriodKind) -> Finding:
    """As many details as there is room for.

    On the page of a longer period what came before, and whom it affected.
    """
    if kind is PeriodKind.DAY:
        return replace(finding, details=finding.details[:_DAILY_DETAILS])
    kept = (
        one for one in finding.details if isinstance(one, Phrase) and one.key in _LASTING_DETAILS
    )
    return replace(finding, details=tuple(kept))


def _describe_basis(figure: Figure) -> Phrase:
    """What a finding rests on."""
    return phrase(
        "reports.basis",
        exporter=figure.exporter,
        step=Duration(figure.step_ms or 60_000),
        samples=figure.samples,
        coverage=Share(figure.coverage),
    )


# --- outages


def _find_outages(inputs: ReportInputs) -> Iterator[_Ranked]:
    """What did not answer; a total outage before all else, long ones before the rest."""
    data = inputs.data
    for group in group_outages(inputs):
        details: list[Inline] = list(list_names(group))
        if len(group.stretches) > 1:
            n, span = len(group.stretches), Duration(group.total_ms)
            details.append(phrase("reports.finding.outages", n=n, span=span))
        details.append(_describe_end(data, group.longest.end_ms))
        basis = phrase("reports.basis.targets", n=len(data.targets))
        finding = Finding(State.CRITICAL, describe_outage(group), tuple(details), basis)
        rank = _TOTAL if group.is_total and group.total_ms >= LONG_OUTAGE_MS else _GRAVE
        first = _OUTAGES_FIRST if group.total_ms >= LONG_OUTAGE_MS else 0
        yield _Ranked(rank, first + group.total_ms, finding)


# --- breaches


def _find_breaches(
    data: ReportData, covered: Container[str], incidents: Sequence[Incident]
) -> Iterator[_Ranked]:
    """Of each topic not in `covered` the gravest breach; required metrics before others.

    What was part of an incident that has a finding is told there.
    """
    gravest: dict[str, ReportMetric] = {}
    for entry in data.judged:
        if entry.metric.outage and data.has_outage(entry.now.series[0].labels):
            continue  # its breaches are those outages
        if is_of_incident(entry, incidents):
            continue
        if entry.now.state.severity >= Severity.WARNING and entry.metric.topic not in covered:
            known = gravest.setdefault(entry.metric.topic, entry)
            if _gravity(known) < _gravity(entry):
                gravest[entry.metric.topic] = entry
    for entry in gravest.values():
        series = entry.now.series[0]
        threshold = entry.threshold(find_worst_breach(series).severity)
        finding = Finding(
            entry.now.state,
            _describe_breach(entry, series),
            (
                *_describe_doubt(series, threshold),
                *_describe_course(data, entry, series),
                _describe_last_week(entry),
                advise(entry),
            ),
            _describe_basis(series.worst),
        )
        rank = _GRAVE if entry.now.state is State.CRITICAL else _SERIOUS
        weight = series.critical_ms or series.warning_ms
        yield _Ranked(rank, weight + (_REQUIRED_FIRST if entry.metric.required else 0), finding)


def _gravity(entry: ReportMetric) -> tuple[int, bool]:
    return entry.now.state.severity, entry.metric.required


def find_worst_breach(series: SeriesSummary) -> Breach:
    """The gravest breach, of several the one that was longest at its severity."""
    return max(
        series.firing_breaches,
        key=lambda breach: (breach.severity, breach.gravest[1] - breach.gravest[0]),
    )


def _describe_breach(entry: ReportMetric, series: SeriesSummary) -> Phrase:
    """What, how much, since when, how long."""
    breach = find_worst_breach(series)
    start_ms, end_ms = breach.gravest
    if entry.metric.outage or entry.metric.loss:
        return phrase(
            f"reports.finding.{'outage' if entry.metric.outage else 'loss'}",
            name=entry.metric.name,
            target=series.name or entry.metric.name,
            start=Moment(start_ms),
            span=Duration(end_ms - start_ms),
        )
    return phrase(
        f"reports.finding.breach.{_side(entry)}.{breach.severity.state.value}",
        subject=entry.subject(series),
        threshold=entry.threshold(breach.severity),
        start=Moment(start_ms),
        span=Duration(end_ms - start_ms),
        peak=series.peak_of(breach),
        peak_at=Moment(breach.peak_ms),
    )


def _side(entry: ReportMetric) -> str:
    """On which side of its thresholds a metric is bad."""
    return "below" if entry.metric.direction is Direction.LOWER_IS_WORSE else "above"


def _describe_doubt(series: SeriesSummary, threshold: Quantity) -> Iterator[Inline]:
    """That the cases are too few to tell on which side of a threshold their share is."""
    figure = series.figure
    if figure and figure.proportion and figure.proportion.straddles(threshold.value):
        yield phrase("reports.finding.doubt", figure=figure, threshold=threshold)


def _describe_course(
    data: ReportData, entry: ReportMetric, series: SeriesSummary
) -> Iterator[Inline]:
    """How often, who else, and how it ended."""
    breaches = series.firing_breaches
    if len(breaches) > 1:
        total = Duration(sum(breach.duration_ms for breach in breaches))
        yield phrase("reports.finding.times", n=len(breaches), span=total)
    others = sum(one.state.severity >= Severity.WARNING for one in entry.now.series) - 1
    if others:
        yield phrase("reports.finding.others", n=others)
    yield _describe_end(data, find_worst_breach(series).gravest[1])


def _describe_end(data: ReportData, end_ms: int) -> Phrase:
    if end_ms < data.window.end_ms:
        return phrase("reports.finding.ended", end=Moment(end_ms))
    return phrase(f"reports.finding.{'going_on' if data.is_running else 'past_midnight'}")


def _describe_last_week(entry: ReportMetric) -> Inline:
    if entry.before is None or entry.before.gravest is None:
        return phrase("reports.compare.none")
    return phrase(f"reports.finding.last_week.{_side(entry)}", figure=entry.before.gravest.worst)


def advise(entry: ReportMetric, room: str = "reports.advice") -> Phrase:
    """What to do about a metric that is beyond its thresholds, by the texts of `room`."""
    topic = entry.metric.topic
    key = topic if topic in _TOPICS_WITH_ADVICE else entry.metric.group.value
    return phrase(f"{room}.{key}")


# --- objectives


def _find_missed_objectives(
    data: ReportData, missed: Iterable[ObjectiveResult]
) -> Iterator[_Ranked]:
    entries = {entry.metric.id: entry for entry in data.entries}
    for result in missed:
        entry = entries[result.metric.id]
        assert result.actual is not None, f"BUG: {result.metric.id} was missed without a figure"
        text = phrase(
            "reports.finding.missed",
            subject=describe_subject(result),
            actual=result.actual,
            target=describe_objective(result.metric),
        )
        details: list[Inline] = []
        if entry.now.state.severity >= Severity.WARNING:
            series = entry.now.series[0]
            details += (_describe_breach(entry, series), *_describe_course(data, entry, series))
        details += (_describe_change(entry), advise(entry))
        basis = _describe_basis(result.actual)
        finding = Finding(State.CRITICAL, text, tuple(details), basis)
        yield _Ranked(_GRAVE, _OBJECTIVES_FIRST, finding)


def _find_met_objectives(results: Sequence[ObjectiveResult]) -> Iterator[_Ranked]:
    met = [result for result in results if result.result is Result.MET]
    if met:
        names = Joined(tuple(map(describe_subject, met)), ", ")
        text = phrase("reports.finding.met", n=len(met), all=len(results), names=names)
        assert met[0].actual is not None, f"BUG: {met[0].metric.id} was met without a figure"
        basis = _describe_basis(met[0].actual)
        yield _Ranked(_PLAIN, 0.5, Finding(State.OK, text, (), basis))


# --- gaps


def _find_gaps(data: ReportData) -> Iterator[_Ranked]:
    if data.share >= _COMPLETE or not data.entries:
        return
    finding = Finding(
        State.UNKNOWN,
        phrase("reports.finding.incomplete", share=Share(data.share)),
        (*_describe_longest_gap(data.targets), phrase("reports.advice.gap")),
        phrase("reports.basis.targets", n=len(data.targets)),
    )
    yield _Ranked(_NOTABLE if data.is_enough else _GRAVE, _GAPS_FIRST, finding)


def _describe_longest_gap(targets: Iterable[TargetCompleteness]) -> Iterator[Inline]:
    gaps = [(gap, target) for target in targets for gap in target.gaps]
    if gaps:
        gap, target = max(gaps, key=lambda pair: pair[0].duration_ms)
        yield phrase(
            "reports.finding.gap",
            target=target.labels.get("instance", ""),
            start=Moment(gap.start_ms),
            end=Moment(gap.end_ms),
            span=Duration(gap.duration_ms),
        )


# --- dates of thresholds


def _find_crossings(data: ReportData) -> Iterator[_Ranked]:
    """What may reach a threshold as soon as the period is long, and, less grave, what will later.

    In the report of a day later is within a week, in others within two months.
    """
    seen: set[object] = set()
    is_day = data.period.kind is PeriodKind.DAY
    soon_ms = DAY_MS if is_day else min(max(data.period.duration_ms, 7 * DAY_MS), 31 * DAY_MS)
    near_ms = (_NEAR_DAYS if is_day else _AHEAD_DAYS) * DAY_MS
    for one in list_expected(data):
        ahead_ms = one.first_ms - data.window.end_ms
        subject = one.of.entry.metric.id, one.of.name
        if ahead_ms > near_ms or subject in seen:
            continue
        seen.add(subject)
        rank = _SERIOUS if ahead_ms <= soon_ms else _NOTABLE
        yield _Ranked(rank, _CROSSINGS_FIRST - ahead_ms, build_crossing_finding(one))


# --- capacities and use


def _find_capacities(inputs: ReportInputs) -> Iterator[_Ranked]:
    """Services that do not serve their specified load, or may have come to their limit."""
    ranks = {State.CRITICAL: _GRAVE, State.WARNING: _SERIOUS}
    for one in inputs.capacities:
        finding = build_capacity_finding(one)
        if finding.state in ranks:
            yield _Ranked(ranks[finding.state], _CAPACITIES_FIRST, finding)


def _find_efficiency(inputs: ReportInputs) -> Iterator[_Ranked]:
    """What the accelerators used, where most of it went while they were idle."""
    if inputs.efficiency is not None and is_mostly_idle(inputs.efficiency):
        finding = build_efficiency_finding(inputs.efficiency, inputs.options)
        yield _Ranked(_NOTABLE, _IDLE_FIRST, finding)


# --- changes


def _find_courses(data: ReportData) -> Iterator[_Ranked]:
    if data.period.kind is not PeriodKind.DAY:
        covered = {one.of.entry.metric.id for one in list_expected(data)}
        for nearness, finding in find_courses(data, covered):
            yield _Ranked(_NOTABLE, _COURSES_FIRST + nearness, finding)


def _find_changes(data: ReportData) -> Iterator[_Ranked]:
    for entry in data.entries:
        change = entry.before.change if entry.before else None
        figure = entry.now.figure
        if change is None or figure is None or not entry.metric.required:
            continue
        large = _LARGE_PERCENT if change.delta.unit == "percent" else _LARGE_POINTS
        if abs(change.delta.value) < large:
            continue
        text = phrase(
            "reports.finding.rose" if change.delta.value > 0 else "reports.finding.fell",
            subject=entry.subject(entry.now.headline),
            now=figure,
            before=change.before,
            delta=change.delta,
        )
        is_day = data.period.kind is PeriodKind.DAY
        details = (_describe_day_before(entry),) if is_day else ()
        finding = Finding(State.OK, text, details, _describe_basis(figure))
        yield _Ranked(_NOTABLE, abs(change.delta.value), finding)


def _describe_change(entry: ReportMetric) -> Inline:
    change = entry.before.change if entry.before else None
    if change is None:
        return phrase("reports.compare.none")
    return phrase("reports.finding.was", before=change.before, delta=change.delta)


def _describe_day_before(entry: ReportMetric) -> Inline:
    change = entry.yesterday.change if entry.yesterday else None
    if change is None:
        return phrase("reports.finding.no_day_before")
    return phrase("reports.finding.day_before", before=change.before, delta=change.delta)


# --- metrics that stayed within


def _find_nearest(data: ReportData) -> Iterator[_Ranked]:
    """Of each topic the metric that stayed ok, but came nearest to its first threshold."""
    nearest: dict[str, _Ranked] = {}
    for entry in data.judged:
        if entry.now.state is not State.OK or not entry.metric.required:
            continue
        candidate = _describe_nearest(entry)
        known = nearest.get(entry.metric.topic)
        if known is None or known.weight < candidate.weight:
            nearest[entry.metric.topic] = candidate
    yield from nearest.values()


def _describe_nearest(entry: ReportMetric) -> _Ranked:
    series = entry.now.series[0]
    threshold = entry.threshold()
    text = phrase(
        f"reports.finding.{'brief' if series.breaches else 'nearest'}.{_side(entry)}",
        subject=entry.subject(series),
        peak=series.worst,
        peak_at=Moment(series.worst_ms),
        threshold=threshold,
        minutes=Duration(series.warning_ms + series.critical_ms),
    )
    details = [*_describe_doubt(series, threshold)]
    if entry.before is not None:
        details.append(_describe_change(entry))
    finding = Finding(State.OK, text, tuple(details), _describe_basis(series.worst))
    return _Ranked(_PLAIN, _nearness(entry, series.worst.value, threshold.value), finding)


def _nearness(entry: ReportMetric, value: float | None, threshold: float) -> float:
    """How near a value came to its threshold: 1 at the threshold itself, less before it."""
    if not value or not threshold:
        return 0.0
    return threshold / value if _side(entry) == "below" else value / threshold
