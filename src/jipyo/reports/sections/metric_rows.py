"""A section's metrics as rows of one small table: what they were, and beside the period before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.comparison import Change, compare_series, find_same_series
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction, Summary
from jipyo.reports.document import (
    Badge,
    Duration,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.sections.metrics import build_state_badge
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.model.calendar import PeriodKind
    from jipyo.model.figure import Figure
    from jipyo.reports.data import ReportData, ReportMetric

MOST_SERIES = 4
"""Series of one metric that have a row; of more the gravest, and the rest are counted."""
_PARTS = ("system.cpu.core.utilization",)
"""Parts of what another metric says as a whole."""
_BEYOND = (State.CRITICAL, State.WARNING)
_MAIN = (Summary.AVG, Summary.RATIO_OF_SUMS)
_OTHER_MAIN = (Summary.LAST, Summary.SUM)


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One series of a metric, or its total."""

    entry: ReportMetric
    series: SeriesSummary
    course: Phrase | None = None
    """How it moved over the period, where it did so clearly."""
    is_extra: bool = False
    """Whether it has a row only because it was beyond a threshold."""

    @property
    def is_beyond(self) -> bool:
        """Whether it was a warning or critical."""
        return self.series.state in _BEYOND

    @property
    def is_total(self) -> bool:
        """Whether it is the sum of the metric's series, which is not judged."""
        return self.series is self.entry.now.total

    @property
    def is_low_worse(self) -> bool:
        """Whether its worst value is its least."""
        return self.entry.metric.direction is Direction.LOWER_IS_WORSE

    @property
    def change(self) -> Change | None:
        """Its figure beside that of the period before, where both have enough data."""
        if self.entry.before is None:
            return None
        before = find_same_series(self.series, self.entry.before.earlier)
        return compare_series(self.series, before)

    @property
    def gravity(self) -> int:
        """How grave it was; of equal rows the first one is the most important."""
        return self.series.state.severity if self.is_beyond else 0


def find_entries(data: ReportData, ids: Sequence[str]) -> tuple[ReportMetric, ...]:
    """The metrics of these ids that have data, in the order of the ids."""
    entries = {entry.metric.id: entry for entry in data.entries}
    return tuple(entries[one] for one in ids if one in entries)


def find_beyond(
    data: ReportData, topics: Sequence[str], besides: Sequence[str]
) -> tuple[ReportMetric, ...]:
    """The other metrics of these topics that were beyond a threshold."""
    return tuple(
        entry
        for entry in data.judged
        if entry.metric.topic in topics
        and entry.metric.id not in (*besides, *_PARTS)
        and entry.now.state in _BEYOND
    )


def list_rows(entry: ReportMetric, most: int = MOST_SERIES) -> tuple[SectionRow, ...]:
    """The rows of a metric: its gravest series, before them its total where it has one."""
    now = entry.now
    chosen = () if now.total is None else (now.total,)
    return tuple(SectionRow(entry, series) for series in (*chosen, *now.series[:most]))


def find_gravest(rows: Sequence[SectionRow]) -> SectionRow:
    """The row that a finding speaks of: the gravest of the section's own metrics.

    Where none of these is beyond, the gravest other one, and without any the first row.
    """
    for candidates in ([row for row in rows if not row.is_extra], rows):
        row = max(candidates or rows, key=lambda one: one.gravity)
        if row.is_beyond:
            return row
    return rows[0]


def show_main(series: SeriesSummary) -> Inline:
    """The mean or share over the period; where it has none the last value, or the sum."""
    for summary in _MAIN:
        if summary in series.figures:
            return show_plain(series.figures[summary])
    for summary in _OTHER_MAIN:
        if summary in series.figures:
            value = show_plain(series.figures[summary])
            return phrase(f"reports.summary.{summary.value}", value=value)
    return None


def _show_figure(series: SeriesSummary, summary: Summary) -> Inline:
    figure = series.figures.get(summary)
    return None if figure is None else show_plain(figure)


def show_plain(figure: Figure) -> Figure:
    """A figure without its number of cases, which has a column of its own where it matters."""
    return replace(figure, proportion=None)


def show_worst(row: SectionRow) -> Inline:
    """The greatest value and when it was; the least, and called so, where low is worse."""
    worst: Inline = show_plain(row.series.worst)
    if row.is_low_worse:
        worst = phrase("chapters.least", value=worst)
    return phrase("chapters.value_at", value=worst, at=Moment(row.series.worst_ms))


def show_thresholds(row: SectionRow) -> Inline:
    """The thresholds that it was judged by, warning and critical; a dash where it was not."""
    thresholds, unit = row.entry.now.thresholds, row.entry.metric.unit.value
    if thresholds is None or row.is_total:
        return None
    levels = (thresholds.warning, thresholds.critical)
    return Joined(tuple(None if one is None else Quantity(one, unit) for one in levels), " / ")


def show_beyond(row: SectionRow) -> Inline:
    """How long it was beyond its thresholds, in how many breaches, and since when."""
    if row.entry.now.thresholds is None or row.is_total:
        return None
    return Joined(tuple(_list_beyond(row.series)), "\n")


def _list_beyond(series: SeriesSummary) -> Iterator[Inline]:
    """A line of how long; below it when it first fired and how often, where it did."""
    yield Joined(tuple(_list_times(series)), ", ")
    firing = series.firing_breaches
    if len(firing) == 1:
        yield phrase("chapters.beyond.since", start=Moment(firing[0].start_ms))
    elif firing:
        start = Moment(firing[0].start_ms)
        yield phrase("chapters.beyond.times", n=len(firing), start=start)


def _list_times(series: SeriesSummary) -> Iterator[Inline]:
    if series.critical_ms:
        yield phrase("chapters.beyond.critical", span=Duration(series.critical_ms))
    if series.warning_ms or not series.critical_ms:
        whole = Duration(series.warning_ms + series.critical_ms)
        yield phrase("chapters.beyond.warning", span=whole) if whole.ms else whole


def show_change(row: SectionRow) -> Inline:
    """The figure of the period before, and the change since; a dash without enough data."""
    change = row.change
    if change is None:
        return None
    return phrase("chapters.value_change", value=show_plain(change.before), change=change.delta)


def show_badge(row: SectionRow) -> Badge | None:
    """Its state in a word; that it has no thresholds where it has none.

    A dash for the total of what is judged series by series.
    """
    if row.is_total and row.entry.is_judged:
        return None
    return build_state_badge(row.entry, row.series.state)


def list_columns(
    kind: PeriodKind, extra: Sequence[TableColumn[SectionRow]] = ()
) -> tuple[TableColumn[SectionRow], ...]:
    """The columns of a section's table in the report of such a period, with those of its own."""
    return (
        TableColumn("metric", lambda row: row.entry.subject(row.series), numeric=False),
        *extra,
        TableColumn("average", lambda row: show_main(row.series)),
        TableColumn("p95", lambda row: _show_figure(row.series, Summary.P95)),
        TableColumn("maximum", show_worst),
        TableColumn("total", lambda row: _show_figure(row.series, Summary.TOTAL)),
        TableColumn(f"before_{kind.value}", show_change),
        TableColumn("course", lambda row: row.course),
        TableColumn("levels", show_thresholds),
        TableColumn("beyond", show_beyond),
        TableColumn("state", show_badge, numeric=False),
    )


def build_metric_table(
    table_id: str,
    rows: Sequence[SectionRow],
    kind: PeriodKind,
    extra: Sequence[TableColumn[SectionRow]] = (),
    *,
    counts_others: bool = True,
) -> Table:
    """The rows, and for each metric with more series than rows how many these are."""
    columns = list_columns(kind, extra)
    cells: list[tuple[Inline, ...]] = []
    for at, row in enumerate(rows):
        cells.append(build_row(columns, row))
        is_last = at + 1 == len(rows) or rows[at + 1].entry is not row.entry
        if is_last and counts_others and not row.is_extra:
            cells += _count_others(rows, row.entry, len(columns))
    return drop_empty_columns(
        Table(
            id=table_id,
            caption=phrase(f"chapters.caption.{table_id}"),
            columns=build_heads(columns),
            rows=tuple(cells),
            wide=True,
        )
    )


def _count_others(
    rows: Sequence[SectionRow], entry: ReportMetric, width: int
) -> Iterator[tuple[Inline, ...]]:
    """A row that counts the series of a metric without a row, and those beyond among them."""
    shown = {row.series.labels for row in rows if row.entry is entry}
    others = [series for series in entry.now.series if series.labels not in shown]
    if others:
        yield (describe_others(entry, others), *(None,) * (width - 1))


def describe_others(entry: ReportMetric, others: Sequence[SeriesSummary]) -> Inline:
    """How many further series a metric has, and how many of them are in which grave state."""
    counts = Counter(series.state for series in others)
    if not any(counts[state] for state in _BEYOND):
        return phrase("reports.series.more", name=entry.metric.name, n=len(others))
    return phrase(
        "chapters.more_beyond",
        name=entry.metric.name,
        n=len(others),
        critical=counts[State.CRITICAL],
        warning=counts[State.WARNING],
    )


def drop_empty_columns(table: Table) -> Table:
    """The table without the columns in which no row has anything."""
    shown = [
        at for at in range(len(table.columns)) if any(row[at] is not None for row in _all(table))
    ]
    return Table(
        id=table.id,
        caption=table.caption,
        columns=tuple(table.columns[at] for at in shown),
        rows=tuple(tuple(row[at] for at in shown) for row in table.rows),
        wide=table.wide,
        totals=tuple(table.totals[at] for at in shown) if table.totals else (),
    )


def _all(table: Table) -> Iterable[tuple[Inline, ...]]:
    return (*table.rows, table.totals) if table.totals else table.rows
