"""The breaches that were long enough for an alert, as a table and as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.document import (
    Badge,
    Block,
    Duration,
    Heading,
    Inline,
    Moment,
    Note,
    Quantity,
    Stretch,
    Subject,
    Table,
    Timeline,
    TimelineRow,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.analysis.thresholds import Breach
    from jipyo.reports.data import ReportData, ReportMetric

LISTED_BREACHES = 30
"""Most breaches listed one by one."""
LISTED_BRIEFLY = 12
SUMMED_SERIES = 12
"""Most series with a row."""
LISTED_SERIES = 3
"""Of one metric only the gravest series are listed: many cores are busy together."""


@dataclass(frozen=True, slots=True)
class BreachEntry:
    """A breach, and the series of which metric it is of."""

    metric: ReportMetric
    series: SeriesSummary
    breach: Breach

    @property
    def subject(self) -> Subject:
        """The metric, and which of its series."""
        return self.metric.subject(self.series)


def build_breaches(data: ReportData, *, brief: bool = False) -> Iterator[Block]:
    """A timeline and a table of the breaches, and how many there were besides.

    A `brief` one is without a timeline, and lists fewer.
    """
    if not data.judged:
        return
    yield Heading("breaches", phrase("reports.section.breaches"), page=not data.outages)
    listed, left = select_breaches(data, LISTED_BRIEFLY if brief else LISTED_BREACHES)
    if listed:
        if not brief:
            yield build_timeline(listed)
        yield build_breach_table(listed)
    else:
        yield Note(phrase("reports.breaches.none"))
    if left:
        yield Note(phrase("reports.breaches.more", n=left))
    pending = [
        breach
        for entry in data.judged
        for series in entry.now.series
        for breach in series.breaches
        if breach.is_pending
    ]
    if pending:
        total = Duration(sum(breach.duration_ms for breach in pending))
        yield Note(phrase("reports.breaches.brief", n=len(pending), span=total))


@dataclass(frozen=True, slots=True)
class SeriesBreaches:
    """The breaches of one series, in the order of time."""

    entries: tuple[BreachEntry, ...]

    @property
    def gravest(self) -> BreachEntry:
        """The first of those that came to the gravest severity."""
        return max(self.entries, key=lambda entry: entry.breach.severity)

    @property
    def worst(self) -> BreachEntry:
        """The one with the value farthest in the bad direction."""
        sign = self.entries[0].metric.metric.direction.sign
        return max(self.entries, key=lambda entry: sign * entry.breach.peak)

    @property
    def total_ms(self) -> int:
        """How long they lasted together."""
        return sum(entry.breach.duration_ms for entry in self.entries)


SERIES_COLUMNS: tuple[TableColumn[SeriesBreaches], ...] = (
    TableColumn("metric", lambda one: one.entries[0].subject, numeric=False),
    TableColumn("breach_count", lambda one: len(one.entries)),
    TableColumn("breach_total", lambda one: Duration(one.total_ms)),
    TableColumn(
        "breach_longest",
        lambda one: Duration(max(entry.breach.duration_ms for entry in one.entries)),
    ),
    TableColumn("threshold", lambda one: _show_threshold(one.gravest)),
    TableColumn("peak", lambda one: _show_peak(one.worst)),
    TableColumn("severity", lambda one: Badge(one.gravest.breach.severity.state), numeric=False),
)


def build_breach_summary(data: ReportData) -> Iterator[Block]:
    """A row a series: how often, how long, how far; `build_breaches` lists them one by one."""
    if not data.judged:
        return
    yield Heading("breach-summary", phrase("reports.section.breaches"))
    entries, left = select_breaches(data, None)
    if not entries:
        yield Note(phrase("reports.breaches.none"))
        return
    found: dict[Subject, list[BreachEntry]] = {}
    for entry in entries:
        found.setdefault(entry.subject, []).append(entry)
    rows = [SeriesBreaches(tuple(one)) for one in found.values()]
    rows.sort(key=lambda one: (-one.gravest.breach.severity, -one.total_ms))
    yield Table(
        id="breach-summary",
        caption=phrase("reports.breaches.summary"),
        columns=build_heads(SERIES_COLUMNS),
        rows=tuple(build_row(SERIES_COLUMNS, one) for one in rows[:SUMMED_SERIES]),
        wide=True,
    )
    if left := left + sum(len(one.entries) for one in rows[SUMMED_SERIES:]):
        yield Note(phrase("reports.breaches.more", n=left))


def _show_threshold(entry: BreachEntry) -> Inline:
    return entry.metric.threshold(entry.breach.severity)


def select_breaches(
    data: ReportData, most: int | None = LISTED_BREACHES
) -> tuple[tuple[BreachEntry, ...], int]:
    """The gravest breaches in the order of time, and how many others there were.

    Of each metric only breaches of its gravest series are selected; those that only repeat
    a listed outage are not.
    """
    confirmed = [
        (place, BreachEntry(metric, series, breach))
        for metric in data.judged
        for place, series in enumerate(metric.now.series)
        if not (metric.metric.outage and data.has_outage(series.labels))
        for breach in series.firing_breaches
    ]
    candidates = [entry for place, entry in confirmed if place < LISTED_SERIES]
    candidates.sort(key=lambda entry: (-entry.breach.severity, -entry.breach.duration_ms))
    listed = sorted(candidates[:most], key=lambda entry: entry.breach.start_ms)
    return tuple(listed), len(confirmed) - len(listed)


def _show_end(entry: BreachEntry) -> Inline:
    breach = entry.breach
    return phrase("reports.breaches.open") if breach.open else Moment(breach.end_ms)


def _show_critical_time(entry: BreachEntry) -> Inline:
    thresholds = entry.metric.now.thresholds
    assert thresholds is not None, "BUG: a breach without thresholds"
    return Duration(entry.breach.critical_ms) if thresholds.critical is not None else None


def _show_peak(entry: BreachEntry) -> Inline:
    figure = entry.series.peak_of(entry.breach)
    return phrase("reports.at", value=figure, at=Moment(entry.breach.peak_ms))


BREACH_COLUMNS: tuple[TableColumn[BreachEntry], ...] = (
    TableColumn("metric", lambda e: e.subject, numeric=False),
    TableColumn("from", lambda e: Moment(e.breach.start_ms)),
    TableColumn("to", _show_end),
    TableColumn("duration", lambda e: Duration(e.breach.duration_ms)),
    TableColumn("critical_time", _show_critical_time),
    TableColumn("threshold", _show_threshold),
    TableColumn("peak", _show_peak),
    TableColumn("severity", lambda e: Badge(e.breach.severity.state), numeric=False),
)


def build_breach_table(entries: Iterable[BreachEntry]) -> Table:
    """A row per breach: when, how long, which metric, how far."""
    return Table(
        id="breaches",
        caption=phrase("reports.breaches.caption"),
        columns=build_heads(BREACH_COLUMNS),
        rows=tuple(build_row(BREACH_COLUMNS, entry) for entry in entries),
        wide=True,
    )


def build_timeline(entries: Iterable[BreachEntry]) -> Timeline:
    """The breaches over the period, a row per series."""
    rows: dict[tuple[str, str], list[BreachEntry]] = {}
    for entry in entries:
        rows.setdefault((entry.metric.metric.id, entry.series.name), []).append(entry)
    return Timeline(
        phrase("reports.breaches.title"),
        tuple(
            TimelineRow(
                entries[0].subject,
                tuple(stretch for entry in entries for stretch in _build_stretches(entry)),
            )
            for entries in rows.values()
        ),
    )


def _build_stretches(entry: BreachEntry) -> Iterator[Stretch]:
    """The whole breach, and upon it the stretches that were critical."""
    breach = entry.breach
    text = phrase(
        "reports.breaches.stretch",
        subject=entry.subject,
        start=Moment(breach.start_ms),
        end=Moment(breach.end_ms),
        peak=Quantity(breach.peak, entry.metric.metric.unit.value),
    )
    yield Stretch(breach.start_ms, breach.end_ms, "warning", text)
    for start_ms, end_ms in breach.critical:
        yield Stretch(start_ms, end_ms, "critical", text)
