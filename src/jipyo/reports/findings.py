"""The three things that an executive must know of the day, the gravest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.health import State
from jipyo.analysis.summary import primary, sign_of
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
    from jipyo.analysis.series_stats import Breach
    from jipyo.analysis.summary import SeriesSummary

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


def peak(series: SeriesSummary, episode: Breach, sign: int) -> Figure:
    """The worst value of an episode, as a figure over the episode alone."""
    steps = (episode.end_ms - episode.start_ms) // series.asked.step_ms
    fold = Fold.MAXIMUM if sign > 0 else Fold.MINIMUM
    return replace(
        series.asked,
        value=episode.peak,
        fold=fold,
        start_ms=episode.start_ms,
        end_ms=episode.end_ms,
        samples=steps,
        coverage=1.0,
    )


def limit_of(entry: ReportMetric, state: State) -> Quantity:
    """The threshold of a state, or the other one where the metric has only that."""
    assert entry.now.rule is not None, f"BUG: {entry.metric.id} is not judged"
    limits = entry.now.rule.limits
    levels = (limits.warning, limits.critical)
    first, second = levels[::-1] if state is State.CRITICAL else levels
    value = first if first is not None else second
    assert value is not None, f"BUG: {entry.metric.id} has no level"
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
            weight = (entry.now.state.rank, entry.metric.required)
            known = gravest.get(entry.metric.topic)
            if known is None or known[0] < weight:
                gravest[entry.metric.topic] = weight, entry
    for (state, manual), entry in gravest.values():
        series = entry.now.series[0]
        lasted = series.critical_ms or series.warning_ms
        rank = _GRAVE if state == State.CRITICAL.rank else _SERIOUS
        finding = Finding(
            entry.now.state,
            _breach(entry, series),
            (
                *_doubt(entry, series, limit_of(entry, _worst(series).held)),
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
    sign = sign_of(entry.metric)
    start_ms, end_ms = worst.gravest
    return phrase(
        f"reports.finding.breach.{'above' if sign > 0 else 'below'}.{worst.held.value}",
        subject=subject(entry, series),
        limit=limit_of(entry, worst.held),
        start=Moment(start_ms),
        span=Duration(end_ms - start_ms),
        peak=peak(series, worst, sign),
        peak_at=Moment(worst.peak_ms),
    )


def _doubt(entry: ReportMetric, series: SeriesSummary, limit: Quantity) -> Iterator[Inline]:
    """That the day's cases are too few to tell on which side of a line their share is."""
    figure = primary(entry.metric, series)
    if figure and figure.certainty and figure.certainty.straddles(limit.value):
        yield phrase("reports.finding.doubt", figure=figure, limit=limit)


def _held(series: SeriesSummary) -> list[Breach]:
    return [episode for episode in series.episodes if episode.held is not State.OK]


def _worst(series: SeriesSummary) -> Breach:
    """The gravest episode, of several the longest."""
    return max(_held(series), key=lambda one: (one.held.rank, one.gravest[1] - one.gravest[0]))


def _course(day: ReportData, entry: ReportMetric, series: SeriesSummary) -> Iterator[Inline]:
    """How often, who else, and how it ended."""
    held = _held(series)
    if len(held) > 1:
        total = Duration(sum(episode.lasted_ms for episode in held))
        yield phrase("reports.finding.times", n=len(held), span=total)
    others = sum(one.state in _BEYOND for one in entry.now.series) - 1
    if others:
        yield phrase("reports.finding.others", n=others)
    end_ms = _worst(series).gravest[1]
    if end_ms < day.period.cut_ms:
        yield phrase("reports.finding.ended", end=Moment(end_ms))
    else:
        yield phrase("reports.finding.going_on" if day.running else "reports.finding.past_midnight")


def _last_week(entry: ReportMetric, series: SeriesSummary) -> Inline:
    before = same_series(series, entry.week)
    if before is None:
        return phrase("reports.compare.none")
    figure, _ = _extreme(before, sign_of(entry.metric))
    side = "above" if sign_of(entry.metric) > 0 else "below"
    return phrase(f"reports.finding.last_week.{side}", figure=figure)


def _extreme(series: SeriesSummary, sign: int) -> tuple[Figure, int]:
    """The worst value of the window, and when it was."""
    stats = series.stats
    if sign > 0:
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
        rule, series = entry.now.rule, entry.now.series[0]
        if rule is None or entry.now.state is not State.OK or not entry.metric.required:
            continue
        limit = limit_of(entry, State.WARNING)
        figure, at = _extreme(series, rule.sign)
        brief = bool(series.episodes)
        side = "above" if rule.sign > 0 else "below"
        text = phrase(
            f"reports.finding.{'brief' if brief else 'nearest'}.{side}",
            subject=subject(entry, series),
            peak=figure,
            peak_at=Moment(at),
            limit=limit,
            minutes=Duration(series.warning_ms + series.critical_ms),
        )
        near = _nearness(figure.value, limit.value, rule.sign)
        compared = (
            *_doubt(entry, series, limit),
            *((_changed(entry),) if entry.week else ()),
        )
        found = _Ranked(_PLAIN, near, Finding(State.OK, text, compared, basis(figure)))
        known = nearest.get(entry.metric.topic)
        if known is None or known.weight < near:
            nearest[entry.metric.topic] = found
    yield from nearest.values()


def _nearness(value: float | None, limit: float, sign: int) -> float:
    """How near a value came to its line: 1 at the line itself, less before it."""
    if not value or not limit:
        return 0.0
    return value / limit if sign > 0 else limit / value


def _kept(outcomes: tuple[ObjectiveResult, ...]) -> Iterator[_Ranked]:
    kept = [outcome for outcome in outcomes if outcome.result is Result.MET]
    if kept:
        names = Joined(tuple(outcome.subject for outcome in kept), ", ")
        text = phrase("reports.finding.kept", n=len(kept), all=len(outcomes), names=names)
        figure = kept[0].actual
        assert figure is not None, "BUG: kept without a figure"
        yield _Ranked(_PLAIN, 0.5, Finding(State.OK, text, (), basis(figure)))
