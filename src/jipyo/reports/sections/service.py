"""The API over the period: how fast it answered, and how often it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.catalogue import Summary
from jipyo.reports.document import (
    Block,
    Charts,
    Day,
    Heading,
    Inline,
    Joined,
    Phrase,
    Quantity,
    phrase,
)
from jipyo.reports.sections.metric_charts import build_day_bars, list_days
from jipyo.reports.sections.metric_findings import build_metric_finding
from jipyo.reports.sections.metric_rows import (
    SectionRow,
    build_metric_table,
    find_entries,
    find_gravest,
)
from jipyo.reports.sections.metric_section import (
    MetricSection,
    build_metric_section,
    build_missing_note,
    keep_together,
    list_section_rows,
)
from jipyo.reports.tables import TableColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from jipyo.reports.data import ReportData
    from jipyo.reports.inputs import ReportInputs

_THROUGHPUT = "app.throughput"
_RESPONSE = MetricSection(
    id="response",
    metrics=("app.response_time", "app.response_time.within_objective", _THROUGHPUT),
    drawn=("app.response_time",),
    topics=("app.probe", "app.server", "app.pool", "app.jvm"),
)
_ERRORS = MetricSection(
    id="errors", metrics=("app.error_rate",), drawn=(), topics=("app.error_budget",), most=8
)


def build_response(inputs: ReportInputs) -> Iterable[Block]:
    """Response times, the share within the objective, and how many requests there were."""
    return build_metric_section(inputs, _RESPONSE)


def build_errors(inputs: ReportInputs) -> Iterator[Block]:
    """The error rate of each day, the worst day, and of how many requests it is a share."""
    yield Heading(_ERRORS.id, phrase(f"reports.section.{_ERRORS.id}"))
    rows = list_section_rows(inputs.data, _ERRORS)
    missing = tuple(build_missing_note(inputs, _ERRORS.metrics))
    if not rows:
        yield from missing
        return
    kind, row, days = inputs.period.kind, find_gravest(rows), list_days(inputs.data)
    details = [*describe_requests(row, inputs.data), *describe_worst_day(row, days)]
    yield from keep_together(
        build_metric_finding(rows, kind, details),
        draw_error_days(inputs, row),
        [build_metric_table(_ERRORS.id, rows, kind, list_error_columns(inputs.data))],
        missing,
    )


def draw_error_days(inputs: ReportInputs, row: SectionRow) -> Iterator[Charts]:
    """A bar for the rate of each day, where the period has several."""
    days = row.series.days
    if days is not None and len(days.figure) > 1 and np.isfinite(days.figure).any():
        how = phrase("chapters.drawn.daily")
        yield Charts((build_day_bars(row, days.figure, inputs, how),), columns=1)


def list_error_columns(data: ReportData) -> tuple[TableColumn[SectionRow], ...]:
    """The columns that only the table of error rates has."""
    days = list_days(data)
    return (
        TableColumn("requests", lambda row: count_requests(row, data)),
        TableColumn("failed", lambda row: row.series.figures.get(Summary.PART)),
        TableColumn("worst_day", lambda row: _show_worst_day(row, days)),
    )


def count_requests(row: SectionRow, data: ReportData) -> Quantity | None:
    """How many requests there were: what a rate is a share of, else the service's throughput."""
    figure = row.series.figures.get(Summary.RATIO_OF_SUMS)
    if figure is not None and figure.proportion is not None and figure.proportion.n is not None:
        return _count(figure.proportion.n)
    for entry in find_entries(data, [_THROUGHPUT]):
        for series in entry.now.series:
            if series.labels == row.series.labels:
                total = series.figures.get(Summary.TOTAL)
                return None if total is None or total.value is None else _count(total.value)
    return None


def _count(number: float) -> Quantity:
    return Quantity(number, "count")


def describe_requests(row: SectionRow, data: ReportData) -> Iterator[Phrase]:
    """Of how many requests the rate is, and how many of them failed where that is counted."""
    requests, failed = count_requests(row, data), row.series.figures.get(Summary.PART)
    if requests is None:
        return
    if failed is None:
        yield phrase("chapters.errors.requests", requests=requests)
    else:
        yield phrase("chapters.errors.failed", requests=requests, failed=failed)


def describe_worst_day(row: SectionRow, days: Sequence[date]) -> Iterator[Phrase]:
    """The day with the greatest rate."""
    worst = find_worst_day(row, days)
    if worst is None:
        return
    day, rate, failed = worst
    if failed is None:
        yield phrase("chapters.errors.worst_day", day=day, rate=rate)
    else:
        yield phrase("chapters.errors.worst_day.failed", day=day, rate=rate, failed=failed)


def _show_worst_day(row: SectionRow, days: Sequence[date]) -> Inline:
    worst = find_worst_day(row, days)
    if worst is None:
        return None
    day, rate, failed = worst
    if failed is None:
        return Joined((day, rate))
    return Joined((Joined((day, rate)), phrase("chapters.failed", failed=failed)), "\n")


def find_worst_day(
    row: SectionRow, days: Sequence[date]
) -> tuple[Day, Quantity, Quantity | None] | None:
    """The day with the greatest rate, that rate, and how many requests failed on it, if counted.

    None where no day has a rate, or there is but one day.
    """
    found = row.series.days
    if found is None or len(days) < 2 or not np.isfinite(found.figure).any():
        return None
    at = int(np.nanargmax(found.figure))
    rate = Quantity(float(found.figure[at]), row.entry.metric.unit.value)
    failed = float(found.figures[Summary.PART][at]) if Summary.PART in found.figures else np.nan
    return Day(days[at], short=True), rate, _count(failed) if np.isfinite(failed) else None
