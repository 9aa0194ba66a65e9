"""The tables of a daily report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.catalogue import Across, Summary
from jipyo.reports.document import (
    Badge,
    Code,
    ColumnHead,
    Day,
    Duration,
    Inline,
    Joined,
    Moment,
    Quantity,
    Share,
    Stretch,
    Subject,
    Table,
    Timeline,
    TimelineRow,
    phrase,
)
from jipyo.reports.findings import limit_of, peak, subject
from jipyo.reports.gathered import change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jipyo.analysis.completeness import Target
    from jipyo.analysis.summary import SeriesSummary
    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Metric, MetricGroup, Thresholds
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.figure import Figure
    from jipyo.reports.gathered import ReportData, ReportMetric

CROSSINGS = 30
"""Most crossings listed one by one."""
CROSSING_SERIES = 3
"""Of one metric only its gravest series are listed: many cores are busy together."""
SERIES = 16
"""Most series of a metric listed one by one."""
TOP = 10

_BEFORE_OTHERS = (Summary.AVG, Summary.RATIO_OF_SUMS)
_OWN_COLUMN = frozenset({*_BEFORE_OTHERS, Summary.P95, Summary.MAX})


def columns(*names: str, text: Iterable[str] = ()) -> tuple[ColumnHead, ...]:
    """Columns by name; all but the first and those named as text hold numbers."""
    words = {names[0], *text}
    return tuple(ColumnHead(phrase(f"reports.column.{name}"), name not in words) for name in names)


def metrics(group: MetricGroup, entries: Sequence[ReportMetric]) -> Table:
    """A metric a row: what the day was, and how long it was beyond its lines."""
    return Table(
        id=f"metrics-{group.value}",
        caption=phrase("reports.metrics.caption", group=phrase(f"reports.group.{group.value}")),
        columns=columns(
            "metric",
            "average",
            "p95",
            "maximum",
            "other",
            "warning_time",
            "critical_time",
            "last_week",
            "coverage",
            "state",
            text=("other", "state"),
        ),
        rows=tuple(_metric(entry) for entry in entries),
        wide=True,
    )


def _metric(entry: ReportMetric) -> tuple[Inline, ...]:
    series = entry.now.headline
    beyond = entry.now.series[0]
    compared = change(entry, entry.week)
    return (
        Subject(entry.metric.name, series.target),
        *_summary(entry.metric, series),
        *_beyond(entry, beyond),
        compared.delta if compared else phrase("reports.compare.short"),
        Share(entry.now.coverage),
        badge(entry, entry.now.state),
    )


def _summary(metric: Metric, series: SeriesSummary) -> tuple[Inline, Inline, Inline, Inline]:
    """Average, p95, maximum with its time, and what else the catalogue wants told."""
    told = series.figures
    average = next((told[name] for name in _BEFORE_OTHERS if name in told), None)
    highest: Inline = told.get(Summary.MAX)
    if highest is not None:
        highest = phrase("reports.at", value=highest, at=Moment(series.stats.maximum_ms))
    others = tuple(
        phrase(f"reports.fold.{name.value}", value=told[name])
        for name in metric.report.summaries
        if name in told and name not in _OWN_COLUMN
    )
    return average, told.get(Summary.P95), highest, Joined(others, ", ") if others else None


def _beyond(entry: ReportMetric, series: SeriesSummary) -> tuple[Inline, Inline]:
    """Time beyond the warning line (the critical one included) and beyond the critical one."""
    thresholds = entry.now.thresholds
    if thresholds is None:
        return None, None
    warning = (
        Duration(series.warning_ms + series.critical_ms) if thresholds.warning is not None else None
    )
    return warning, Duration(series.critical_ms) if thresholds.critical is not None else None


def badge(entry: ReportMetric, state: State) -> Badge:
    """The state's word; for a metric that is not judged, that and why."""
    if entry.now.thresholds is not None and state is not State.UNKNOWN:
        return Badge(state)
    mean_only = entry.metric.thresholds is not None
    return Badge(State.UNKNOWN, phrase("reports.mean_only" if mean_only else "reports.not_judged"))


def series(entries: Iterable[ReportMetric]) -> Table:
    """Every series of these metrics, each metric's gravest first."""
    rows: list[tuple[Inline, ...]] = []
    for entry in entries:
        rows += (_series(entry, one) for one in entry.now.series[:SERIES])
        left = len(entry.now.series) - SERIES
        if left > 0:
            more = phrase("reports.series.more", name=entry.metric.name, n=left)
            rows.append((more, *(None,) * 7))
    return Table(
        id="series",
        caption=phrase("reports.series.caption"),
        columns=columns(
            "target",
            "average",
            "p95",
            "maximum",
            "warning_time",
            "critical_time",
            "coverage",
            "state",
            text=("state",),
        ),
        rows=tuple(rows),
        wide=True,
    )


def _series(entry: ReportMetric, one: SeriesSummary) -> tuple[Inline, ...]:
    average, p95, highest, others = _summary(entry.metric, one)
    return (
        subject(entry, one),
        average or others,
        p95,
        highest,
        *_beyond(entry, one),
        Share(one.coverage),
        badge(entry, one.state),
    )


@dataclass(frozen=True, slots=True)
class Crossing:
    """A breach that lasted as long as an alert needs."""

    entry: ReportMetric
    series: SeriesSummary
    breach: Breach


@dataclass(frozen=True, slots=True)
class Crossings:
    """The breaches of a day: those that are listed, and how many are not."""

    listed: tuple[Crossing, ...]
    left: int


def crossings(day: ReportData) -> Crossings:
    """The gravest series of each metric, the gravest breaches of all, in the order of time."""
    held = [
        (place, Crossing(entry, one, breach))
        for entry in day.judged
        for place, one in enumerate(entry.now.series)
        for breach in one.breaches
        if not breach.is_pending
    ]
    shown = [crossing for place, crossing in held if place < CROSSING_SERIES]
    shown.sort(key=lambda one: (-one.breach.severity, -one.breach.duration_ms))
    listed = sorted(shown[:CROSSINGS], key=lambda one: one.breach.start_ms)
    return Crossings(tuple(listed), len(held) - len(listed))


def crossing_table(listed: Iterable[Crossing]) -> Table:
    """When, how long, which metric, how high."""
    names = ("metric", "from", "to", "length", "critical_time", "limit", "peak", "level")
    return Table(
        id="crossings",
        caption=phrase("reports.crossings.caption"),
        columns=columns(*names, text=("level",)),
        rows=tuple(_crossing(one.entry, one.series, one.breach) for one in listed),
    )


def _crossing(entry: ReportMetric, one: SeriesSummary, breach: Breach) -> tuple[Inline, ...]:
    thresholds = entry.now.thresholds
    assert thresholds is not None, "BUG: a breach without thresholds"
    worst = peak(one, breach, entry.metric.direction)
    return (
        subject(entry, one),
        Moment(breach.start_ms),
        phrase("reports.crossings.open") if breach.open else Moment(breach.end_ms),
        Duration(breach.duration_ms),
        Duration(breach.critical_ms) if thresholds.critical is not None else None,
        limit_of(entry, breach.severity),
        phrase("reports.at", value=worst, at=Moment(breach.peak_ms)),
        Badge(breach.severity.state),
    )


def timeline(listed: Iterable[Crossing]) -> Timeline:
    """The same, drawn over the day: a row for each series."""
    rows: dict[tuple[str, str], list[Crossing]] = {}
    for one in listed:
        rows.setdefault((one.entry.metric.id, one.series.target), []).append(one)
    return Timeline(
        phrase("reports.crossings.title"),
        tuple(
            TimelineRow(
                subject(found[0].entry, found[0].series),
                tuple(stretch for one in found for stretch in _stretches(one)),
            )
            for found in rows.values()
        ),
    )


def _stretches(one: Crossing) -> Iterator[Stretch]:
    breach = one.breach
    text = phrase(
        "reports.crossings.stretch",
        subject=subject(one.entry, one.series),
        start=Moment(breach.start_ms),
        end=Moment(breach.end_ms),
        peak=Quantity(breach.peak, one.entry.metric.unit.value),
    )
    yield Stretch(breach.start_ms, breach.end_ms, "warning", text)
    for start_ms, end_ms in breach.critical:
        yield Stretch(start_ms, end_ms, "critical", text)


def largest(entry: ReportMetric) -> Table:
    """The series of a top-ten metric by what they held over the day together."""

    def held(one: SeriesSummary) -> float:
        return -one.stats.average * one.stats.steps

    ranked = sorted(entry.now.series, key=held)[:TOP]
    return Table(
        id=f"top-{entry.metric.id.replace('.', '-')}",
        caption=phrase("reports.top.caption", name=entry.metric.name),
        columns=columns("target", "average", "maximum", "time_in_top"),
        rows=tuple(
            (
                one.target or one.labels.get(entry.metric.labels[-1], ""),
                one.figures.get(Summary.AVG),
                one.figures.get(Summary.MAX),
                Duration(one.stats.steps * entry.now.window.step_ms),
            )
            for one in ranked
        ),
    )


def is_top(entry: ReportMetric) -> bool:
    """Whether the catalogue asks for the largest series of this metric."""
    return Across.TOPK10 in entry.metric.report.across


def completeness(targets: Iterable[Target]) -> Table:
    """What was received of what should have been, target by target."""
    return Table(
        id="completeness",
        caption=phrase("reports.completeness.caption"),
        columns=columns(
            "target", "interval", "received", "expected", "coverage", "longest_gap", "down_time"
        ),
        rows=tuple(_target(target) for target in targets),
    )


def _target(target: Target) -> tuple[Inline, ...]:
    longest = target.longest
    gap: Inline = None
    if longest is not None:
        gap = phrase(
            "reports.gap",
            span=Duration(longest.lasted_ms),
            start=Moment(longest.start_ms),
            end=Moment(longest.end_ms),
        )
    name = " ".join(filter(None, (target.labels.get("job", ""), target.labels.get("instance", ""))))
    return (
        name,
        Duration(target.interval_ms),
        Quantity(target.received, "count"),
        Quantity(target.expected, "count"),
        target.share,
        gap,
        Duration(target.down_ms),
    )


def definitions(day: ReportData) -> Table:
    """Every metric that has data: what it is, its lines, and what was asked."""
    return Table(
        id="definitions",
        caption=phrase("reports.definitions.caption"),
        columns=columns("metric", "limits", "expression", text=("limits", "expression")),
        rows=tuple(_definition(entry) for entry in day.entries),
        wide=True,
    )


def _definition(entry: ReportMetric) -> tuple[Inline, ...]:
    metric, limits = entry.metric, entry.metric.thresholds
    asked = tuple(
        phrase("reports.definitions.query", exporter=exporter, query=Code(expression))
        for exporter, expression in entry.now.expressions
    )
    name = phrase("reports.definitions.metric", name=metric.name, description=metric.description)
    return (name, _limits(limits, metric) if limits else None, Joined(asked, "\n"))


def _limits(limits: Thresholds, metric: Metric) -> Inline:
    values = (("warning", limits.warning), ("critical", limits.critical))
    levels = tuple(
        phrase(f"reports.threshold.{name}", value=Quantity(value, metric.unit.value))
        for name, value in values
        if value is not None
    )
    held = (
        phrase("reports.definitions.for", span=Duration(limits.for_ms)) if limits.for_ms else None
    )
    origin = phrase(f"reports.origin.{limits.origin.value}")
    return Joined((*levels, *((held,) if held else ()), origin), "\n")


def traced(figures: Iterable[Figure], day: ReportData, names: Mapping[str, Bilingual]) -> Table:
    """Where the figures of the first page come from, one a row."""
    told = ("metric", "figure", "fold", "window", "samples", "coverage", "expression")
    return Table(
        id="trace",
        caption=phrase("reports.trace.caption"),
        columns=columns(*told, text=("fold", "window", "expression")),
        rows=tuple(
            (
                names.get(figure.metric, figure.series),
                figure,
                phrase(f"reports.how.{figure.fold.value}"),
                _window(figure, day),
                Quantity(figure.samples, "count"),
                Share(figure.coverage),
                Code(figure.expr),
            )
            for figure in figures
        ),
        wide=True,
    )


def _window(figure: Figure, day: ReportData) -> Inline:
    """From when to when; of another day which."""
    if figure.start_ms >= day.period.start_ms:
        return phrase(
            "reports.trace.window", start=Moment(figure.start_ms), end=Moment(figure.end_ms)
        )
    return Day(datetime.fromtimestamp(figure.start_ms / 1000, day.zone).date())
