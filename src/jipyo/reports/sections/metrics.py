"""Metrics group by group: their tables and charts, the largest and all of their series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.catalogue import Across, MetricGroup, Summary
from jipyo.reports.charts.build import build_chart, build_heat_map
from jipyo.reports.document import (
    Badge,
    Block,
    Charts,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Share,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.reports.data import ReportData, ReportMetric

LISTED_SERIES = 16
"""Most series of a metric listed one by one."""
TOP = 10
"""Series in the table of a metric's largest."""

_AVERAGES = (Summary.AVG, Summary.RATIO_OF_SUMS)
_WITH_COLUMN = frozenset({*_AVERAGES, Summary.P95, Summary.MAX})


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A row of the table of series."""

    metric: ReportMetric
    series: SeriesSummary


def _group_entries(data: ReportData) -> Iterator[tuple[MetricGroup, list[ReportMetric]]]:
    for group in MetricGroup:
        entries = [entry for entry in data.entries if entry.metric.group is group]
        if entries:
            yield group, entries


def build_metrics(data: ReportData) -> Iterator[Block]:
    """A table per group of metrics that have data."""
    if not data.entries:
        return
    yield Heading("metrics", phrase("reports.section.metrics"))
    for group, entries in _group_entries(data):
        yield build_metrics_table(group, entries)
    yield Note(phrase("reports.metrics.note"))


def build_charts(data: ReportData) -> Iterator[Block]:
    """A section per group: a chart per metric, heat maps and the largest series."""
    for group, entries in _group_entries(data):
        name = phrase(f"reports.group.{group.value}")
        title = phrase("reports.section.charts", group=name)
        yield Heading(f"charts-{group.value}", title)
        yield Charts(tuple(map(build_chart, entries)))
        for entry in entries:
            heat_map = build_heat_map(entry)
            if heat_map is not None:
                yield heat_map
            if has_top_table(entry):
                yield build_top_table(entry)


def _show_average(series: SeriesSummary) -> Inline:
    return next((series.figures[name] for name in _AVERAGES if name in series.figures), None)


def _show_maximum(series: SeriesSummary) -> Inline:
    figure = series.figures.get(Summary.MAX)
    if figure is None:
        return None
    return phrase("reports.at", value=figure, at=Moment(series.stats.maximum_ms))


def _show_other_summaries(metric: Metric, series: SeriesSummary) -> Inline:
    """The summaries that the catalogue asks for and that have no column of their own."""
    others = tuple(
        phrase(f"reports.summary.{name.value}", value=series.figures[name])
        for name in metric.report.summaries
        if name in series.figures and name not in _WITH_COLUMN
    )
    return Joined(others, ", ") if others else None


def _show_warning_time(entry: ReportMetric, series: SeriesSummary) -> Inline:
    """Time at the warning threshold or beyond, the critical time included."""
    thresholds = entry.now.thresholds
    if thresholds is None or thresholds.warning is None:
        return None
    return Duration(series.warning_ms + series.critical_ms)


def _show_critical_time(entry: ReportMetric, series: SeriesSummary) -> Inline:
    thresholds = entry.now.thresholds
    if thresholds is None or thresholds.critical is None:
        return None
    return Duration(series.critical_ms)


def _show_change(entry: ReportMetric) -> Inline:
    change = entry.before.change if entry.before else None
    return change.delta if change else phrase("reports.compare.short")


def build_state_badge(entry: ReportMetric, state: State) -> Badge:
    """The state's word; for a metric without a judgement, that and why."""
    if entry.is_judged and state is not State.UNKNOWN:
        return Badge(state)
    mean_only = entry.metric.thresholds is not None
    return Badge(State.UNKNOWN, phrase("reports.mean_only" if mean_only else "reports.not_judged"))


def build_metric_badge(entry: ReportMetric) -> Badge:
    """The metric's state; incomplete where series that could not be read may be worse."""
    state = entry.now.state
    if entry.is_judged and entry.now.missing and state is State.UNKNOWN:
        return Badge(state, phrase("reports.incomplete_data"))
    return build_state_badge(entry, state)


METRIC_COLUMNS: tuple[TableColumn[ReportMetric], ...] = (
    TableColumn("metric", lambda m: m.subject(m.now.headline), numeric=False),
    TableColumn("average", lambda m: _show_average(m.now.headline)),
    TableColumn("p95", lambda m: m.now.headline.figures.get(Summary.P95)),
    TableColumn("maximum", lambda m: _show_maximum(m.now.headline)),
    TableColumn("other", lambda m: _show_other_summaries(m.metric, m.now.headline), numeric=False),
    TableColumn("warning_time", lambda m: _show_warning_time(m, m.now.series[0])),
    TableColumn("critical_time", lambda m: _show_critical_time(m, m.now.series[0])),
    TableColumn("last_week", _show_change),
    TableColumn("coverage", lambda m: Share(m.now.coverage)),
    TableColumn("state", build_metric_badge, numeric=False),
)

SERIES_COLUMNS: tuple[TableColumn[SeriesEntry], ...] = (
    TableColumn("target", lambda e: e.metric.subject(e.series), numeric=False),
    TableColumn(
        "average",
        lambda e: _show_average(e.series) or _show_other_summaries(e.metric.metric, e.series),
    ),
    TableColumn("p95", lambda e: e.series.figures.get(Summary.P95)),
    TableColumn("maximum", lambda e: _show_maximum(e.series)),
    TableColumn("warning_time", lambda e: _show_warning_time(e.metric, e.series)),
    TableColumn("critical_time", lambda e: _show_critical_time(e.metric, e.series)),
    TableColumn("coverage", lambda e: Share(e.series.coverage)),
    TableColumn("state", lambda e: build_state_badge(e.metric, e.series.state), numeric=False),
)


def build_metrics_table(group: MetricGroup, entries: Sequence[ReportMetric]) -> Table:
    """A row per metric of a group."""
    return Table(
        id=f"metrics-{group.value}",
        caption=phrase("reports.metrics.caption", group=phrase(f"reports.group.{group.value}")),
        columns=build_heads(METRIC_COLUMNS),
        rows=tuple(build_row(METRIC_COLUMNS, entry) for entry in entries),
        wide=True,
    )


def build_series_table(entries: Iterable[ReportMetric]) -> Table:
    """A row per series of these metrics, each metric's gravest first; the rest are counted."""
    rows: list[tuple[Inline, ...]] = []
    for entry in entries:
        listed = entry.now.series[:LISTED_SERIES]
        rows += (build_row(SERIES_COLUMNS, SeriesEntry(entry, series)) for series in listed)
        if left := len(entry.now.series) - len(listed):
            more = phrase("reports.series.more", name=entry.metric.name, n=left)
            rows.append((more, *(None for _ in SERIES_COLUMNS[1:])))
    return Table(
        id="series",
        caption=phrase("reports.series.caption"),
        columns=build_heads(SERIES_COLUMNS),
        rows=tuple(rows),
        wide=True,
    )


TOP_COLUMNS: tuple[TableColumn[SeriesEntry], ...] = (
    TableColumn(
        "target",
        lambda e: e.series.name or e.series.labels.get(e.metric.metric.labels[-1], ""),
        numeric=False,
    ),
    TableColumn("average", lambda e: e.series.figures.get(Summary.AVG)),
    TableColumn("maximum", lambda e: e.series.figures.get(Summary.MAX)),
    TableColumn(
        "time_in_top", lambda e: Duration(e.series.stats.steps * e.metric.now.window.step_ms)
    ),
)


def has_top_table(entry: ReportMetric) -> bool:
    """Whether the catalogue asks for the largest series of this metric."""
    return Across.TOPK10 in entry.metric.report.across


def build_top_table(entry: ReportMetric) -> Table:
    """The largest series of a metric: those with the largest sum over the period."""
    by_sum = sorted(entry.now.series, key=lambda series: -series.stats.average * series.stats.steps)
    return Table(
        id=f"top-{entry.metric.id.replace('.', '-')}",
        caption=phrase("reports.top.caption", name=entry.metric.name),
        columns=build_heads(TOP_COLUMNS),
        rows=tuple(build_row(TOP_COLUMNS, SeriesEntry(entry, series)) for series in by_sum[:TOP]),
    )
