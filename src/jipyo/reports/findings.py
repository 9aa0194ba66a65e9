"""The three things that an executive must know of the day, the gravest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.summary import primary
from jipyo.analysis.thresholds import Severity, State, levels, threshold_of
from jipyo.catalogue import Direction
from jipyo.model.figure import Delta, Figure, Fold
from jipyo.reports.document import (
    Duration,
    Finding,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Share,
    Subject,
    phrase,
)
from jipyo.reports.gathered import ReportData, ReportMetric, change, same_series
from jipyo.reports.objectives import ObjectiveResult, Result

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from jipyo.analysis.completeness import Target
    from jipyo.analysis.summary import SeriesSummary
    from jipyo.analysis.thresholds import Breach

WANTED = 3
_COMPLETE = 0.99
_CHANGE_POINTS = 10.0
_CHANGE_PERCENT = 30.0
_FAMILIES_WITH_ADVICE = frozenset(
    (
        *("system.cpu", "system.memory", "system.disk", "system.gpu"),
        *("app.probe", "ai.model"),
    )
)
_BEYOND = (State.WARNING, State.CRITICAL)
_GRAVE, _SERIOUS, _NOTABLE, _PLAIN = 0, 1, 2, 3
_MANUAL_FIRST, _PROMISES_FIRST = 1e9, 1e13


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A finding and what it is sorted by: class first, then weight, heavier first."""

    rank: int
    weight: float
    finding: Finding


def findings(day: ReportData, outcomes: tuple[ObjectiveResult, ...]) -> tuple[Finding, ...]:
    """At most three; where nothing went wrong, what came nearest to it."""
    missed = {one.entry.metric.topic for one in outcomes if one.entry and _is_missed(one)}
    candidates = [
        *_missed(day, outcomes),
        *_breaches(day, missed),
        *_gaps(day),
        *_changes(day),
        *_nearest(day),
        *_kept(outcomes),
    ]
    ranked = sorted(candidates, key=lambda one: (one.rank, -one.weight))
    return tuple(one.finding for one in ranked[:WANTED])


def _is_missed(outcome: ObjectiveResult) -> bool:
    return outcome.result is Result.MISSED


def subject(entry: ReportMetric, series: SeriesSummary) -> Subject:
    """The metric, and which of its series."""
    return Subject(entry.metric.name, series.target)


def peak(series: SeriesSummary, breach: Breach, direction: Direction) -> Figure:
    """The worst value of a breach, as a figure over the breach alone."""
    steps = (breach.end_ms - breach.start_ms) // series.asked.step_ms
    fold = Fold.MINIMUM if direction is Direction.LOWER_IS_WORSE else Fold.MAXIMUM
    return replace(
        series.asked,
        value=breach.peak,
        fold=fold,
        start_ms=breach.start_ms,
        end_ms=breach.end_ms,
        samples=steps,
        coverage=1.0,
    )


def limit_of(entry: ReportMetric, severity: Severity) -> Quantity:
    """The threshold of a severity, or the other one where the metric has only that."""
    assert entry.now.thresholds is not None, f"BUG: {entry.metric.id} is not judged"
    value = threshold_of(entry.now.thresholds, severity)
    if value is None:
        value = next(levels(entry.now.thresholds)).threshold
    return Quantity(value, entry.metric.unit.value)


def basis(figure: Figure) -> Phrase:
    """What a finding rests on."""
    return phrase(
        "reports.basis",
        exporter=figure.exporter,
        step=Duration(figure.step_ms or 60_000),
        samples=figure.samples,
        coverage=Share(figure.coverage),
    )


def _breaches(day: ReportData, told: Container[str]) -> Iterator[_Ranked]:
    """Of each family not yet told of the gravest breach; the manual's metrics before ours."""
    gravest: dict[str, tuple[tuple[int, bool], ReportMetric]] = {}
    for entry in day.judged:
        if entry.now.state in _BEYOND and entry.metric.topic not in told:
            weight = (entry.now.state.severity, entry.metric.required)
            known = gravest.get(entry.metric.topic)
            if known is None or known[0] < weight:
                gravest[entry.metric.topic] = weight, entry
    for (state, manual), entry in gravest.values():
        series = entry.now.series[0]
        lasted = series.critical_ms or series.warning_ms
        rank = _GRAVE if state is Severity.CRITICAL else _SERIOUS
        finding = Finding(
            entry.now.state,
            _breach(entry, series),
            (
                *_doubt(entry, series, limit_of(entry, _worst(series).severity)),
                *_course(day, entry, series),
                _last_week(entry, series),
                _advice(entry),
            ),
            basis(series.asked),
        )
        yield _Ranked(rank, lasted + (_MANUAL_FIRST if manual else 0), finding)


def _breach(entry: ReportMetric, series: SeriesSummary) -> Phrase:
    """What, how much, since when, how long."""
    worst = _worst(series)
    start_ms, end_ms = worst.gravest
    return phrase(
        f"reports.finding.breach.{_side(entry)}.{worst.severity.state.value}",
        subject=subject(entry, series),
        limit=limit_of(entry, worst.severity),
        start=Moment(start_ms),
        span=Duration(end_ms - start_ms),
        peak=peak(series, worst, entry.metric.direction),
        peak_at=Moment(worst.peak_ms),
    )


def _doubt(entry: ReportMetric, series: SeriesSummary, limit: Quantity) -> Iterator[Inline]:
    """That the day's cases are too few to tell on which side of a line their share is."""
    figure = primary(entry.metric, series)
    if figure and figure.proportion and figure.proportion.straddles(limit.value):
        yield phrase("reports.finding.doubt", figure=figure, limit=limit)


def _side(entry: ReportMetric) -> str:
    return "below" if entry.metric.direction is Direction.LOWER_IS_WORSE else "above"


def _lasting(series: SeriesSummary) -> list[Breach]:
    return [breach for breach in series.breaches if not breach.is_pending]


def _worst(series: SeriesSummary) -> Breach:
    """The gravest breach, of several the longest."""
    return max(_lasting(series), key=lambda one: (one.severity, one.gravest[1] - one.gravest[0]))


def _course(day: ReportData, entry: ReportMetric, series: SeriesSummary) -> Iterator[Inline]:
    """How often, who else, and how it ended."""
    breaches = _lasting(series)
    if len(breaches) > 1:
        total = Duration(sum(breach.duration_ms for breach in breaches))
        yield phrase("reports.finding.times", n=len(breaches), span=total)
    others = sum(one.state in _BEYOND for one in entry.now.series) - 1
    if others:
        yield phrase("reports.finding.others", n=others)
    end_ms = _worst(series).gravest[1]
    if end_ms < day.cut_ms:
        yield phrase("reports.finding.ended", end=Moment(end_ms))
    else:
        yield phrase("reports.finding.going_on" if day.running else "reports.finding.past_midnight")


def _last_week(entry: ReportMetric, series: SeriesSummary) -> Inline:
    before = same_series(series, entry.week)
    if before is None:
        return phrase("reports.compare.none")
    figure, _ = _extreme(before, entry.metric.direction)
    return phrase(f"reports.finding.last_week.{_side(entry)}", figure=figure)


def _extreme(series: SeriesSummary, direction: Direction) -> tuple[Figure, int]:
    """The worst value of the window, and when it was."""
    stats = series.stats
    if direction is not Direction.LOWER_IS_WORSE:
        worst, at_ms, fold = stats.maximum, stats.maximum_ms, Fold.MAXIMUM
    else:
        worst, at_ms, fold = stats.minimum, stats.minimum_ms, Fold.MINIMUM
    return replace(series.asked, value=worst, fold=fold), at_ms


def _advice(entry: ReportMetric) -> Inline:
    family = entry.metric.topic
    key = family if family in _FAMILIES_WITH_ADVICE else entry.metric.group.value
    return phrase(f"reports.advice.{key}")


def _missed(day: ReportData, outcomes: tuple[ObjectiveResult, ...]) -> Iterator[_Ranked]:
    for outcome in outcomes:
        entry = outcome.entry
        if _is_missed(outcome) and outcome.actual and entry:
            text = phrase(
                "reports.finding.missed",
                subject=outcome.subject,
                actual=outcome.actual,
                target=outcome.target,
            )
            details: list[Inline] = []
            if entry.now.state in _BEYOND:
                series = entry.now.series[0]
                details += (_breach(entry, series), *_course(day, entry, series))
            details += (_changed(entry), _advice(entry))
            finding = Finding(State.CRITICAL, text, tuple(details), basis(outcome.actual))
            yield _Ranked(_GRAVE, _PROMISES_FIRST, finding)


def _changed(entry: ReportMetric) -> Inline:
    found = change(entry, entry.week)
    if found is None:
        return phrase("reports.compare.none")
    return phrase("reports.finding.was", before=found.before, delta=found.delta)


def _gaps(day: ReportData) -> Iterator[_Ranked]:
    if day.share >= _COMPLETE or not day.entries:
        return
    text = phrase("reports.finding.incomplete", share=Share(day.share))
    finding = Finding(
        State.UNKNOWN,
        text,
        (*_longest_gap(day.targets), phrase("reports.advice.gap")),
        phrase("reports.basis.targets", n=len(day.targets)),
    )
    yield _Ranked(_NOTABLE if day.enough else _GRAVE, 1e12, finding)


def _longest_gap(targets: Iterable[Target]) -> Iterator[Inline]:
    gaps = [(gap, target) for target in targets for gap in target.gaps]
    if gaps:
        gap, target = max(gaps, key=lambda pair: pair[0].lasted_ms)
        yield phrase(
            "reports.finding.gap",
            target=target.labels.get("instance", ""),
            start=Moment(gap.start_ms),
            end=Moment(gap.end_ms),
            span=Duration(gap.lasted_ms),
        )


def _changes(day: ReportData) -> Iterator[_Ranked]:
    for entry in day.entries:
        found = change(entry, entry.week)
        figure = entry.now.figure
        if (
            found is not None
            and figure is not None
            and entry.metric.required
            and _large(found.delta)
        ):
            key = "reports.finding.rose" if found.delta.value > 0 else "reports.finding.fell"
            text = phrase(
                key,
                subject=subject(entry, entry.now.headline),
                now=figure,
                before=found.before,
                delta=found.delta,
            )
            finding = Finding(State.OK, text, (_day_before(entry),), basis(figure))
            yield _Ranked(_NOTABLE, abs(found.delta.value), finding)


def _large(delta: Delta) -> bool:
    return abs(delta.value) >= (_CHANGE_PERCENT if delta.unit == "percent" else _CHANGE_POINTS)


def _day_before(entry: ReportMetric) -> Inline:
    found = change(entry, entry.yesterday)
    if found is None:
        return phrase("reports.finding.no_day_before")
    return phrase("reports.finding.day_before", before=found.before, delta=found.delta)


def _nearest(day: ReportData) -> Iterator[_Ranked]:
    """Of each family the metric that stayed within, but came nearest to its first line."""
    nearest: dict[str, _Ranked] = {}
    for entry in day.judged:
        series = entry.now.series[0]
        if entry.now.state is not State.OK or not entry.metric.required:
            continue
        limit = limit_of(entry, Severity.WARNING)
        figure, at = _extreme(series, entry.metric.direction)
        brief = bool(series.breaches)
        text = phrase(
            f"reports.finding.{'brief' if brief else 'nearest'}.{_side(entry)}",
            subject=subject(entry, series),
            peak=figure,
            peak_at=Moment(at),
            limit=limit,
            minutes=Duration(series.warning_ms + series.critical_ms),
        )
        near = _nearness(figure.value, limit.value, entry.metric.direction)
        compared = (
            *_doubt(entry, series, limit),
            *((_changed(entry),) if entry.week else ()),
        )
        found = _Ranked(_PLAIN, near, Finding(State.OK, text, compared, basis(figure)))
        known = nearest.get(entry.metric.topic)
        if known is None or known.weight < near:
            nearest[entry.metric.topic] = found
    yield from nearest.values()


def _nearness(value: float | None, limit: float, direction: Direction) -> float:
    """How near a value came to its line: 1 at the line itself, less before it."""
    if not value or not limit:
        return 0.0
    return limit / value if direction is Direction.LOWER_IS_WORSE else value / limit


def _kept(outcomes: tuple[ObjectiveResult, ...]) -> Iterator[_Ranked]:
    kept = [outcome for outcome in outcomes if outcome.result is Result.MET]
    if kept:
        names = Joined(tuple(outcome.subject for outcome in kept), ", ")
        text = phrase("reports.finding.kept", n=len(kept), all=len(outcomes), names=names)
        figure = kept[0].actual
        assert figure is not None, "BUG: kept without a figure"
        yield _Ranked(_PLAIN, 0.5, Finding(State.OK, text, (), basis(figure)))
