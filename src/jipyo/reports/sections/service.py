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
from jipyo.reports.sections.metric_rows import SectionRow, build_metric_table, find_gravest
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

    from jipyo.reports.inputs import ReportInputs

_RESPONSE = MetricSection(
    id="response",
    metrics=("app.response_time", "app.response_time.within_objective", "app.throughput"),
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
    details = [*describe_cases(row), *describe_worst_day(row, days)]
    yield from keep_together(
        build_metric_finding(rows, kind, details),
        draw_error_days(inputs, row),
        [build_metric_table(_ERRORS.id, rows, kind, list_error_columns(days))],
        missing,
    )


def draw_error_days(inputs: ReportInputs, row: SectionRow) -> Iterator[Charts]:
    """A bar for the rate of each day, where the period has several."""
    days = row.series.days
    if days is not None and len(days.figure) > 1 and np.isfinite(days.figure).any():
        how = phrase("chapters.drawn.daily")
        yield Charts((build_day_bars(row, days.figure, inputs, how),), columns=1)


def list_error_columns(days: Sequence[date]) -> tuple[TableColumn[SectionRow], ...]:
    """The columns that only the table of error rates has."""
    return (
        TableColumn("requests", count_requests),
        TableColumn("failed_requests", count_errors),
        TableColumn("worst_day", lambda row: _show_worst_day(row, days)),
    )


def count_requests(row: SectionRow) -> Quantity | None:
    """Of how many requests a rate is a share; None where they are not counted."""
    figure = row.series.figures.get(Summary.RATIO_OF_SUMS)
    n = None if figure is None or figure.proportion is None else figure.proportion.n
    return None if n is None else Quantity(n, "count")


def count_errors(row: SectionRow) -> Quantity | None:
    """How many of them failed, from the share and their number: a whole number."""
    requests, figure = count_requests(row), row.series.figures.get(Summary.RATIO_OF_SUMS)
    if requests is None or figure is None or figure.value is None:
        return None
    return Quantity(round(figure.value * requests.value / 100), "count")


def describe_cases(row: SectionRow) -> Iterator[Phrase]:
    """How many requests failed of how many."""
    requests, errors = count_requests(row), count_errors(row)
    if requests is not None and errors is not None:
        yield phrase("chapters.errors.cases", requests=requests, errors=errors)


def describe_worst_day(row: SectionRow, days: Sequence[date]) -> Iterator[Phrase]:
    """The day with the greatest rate."""
    worst = find_worst_day(row, days)
    if worst is not None:
        yield phrase("chapters.errors.worst_day", day=worst[0], rate=worst[1])


def _show_worst_day(row: SectionRow, days: Sequence[date]) -> Inline:
    worst = find_worst_day(row, days)
    return None if worst is None else Joined(worst)


def find_worst_day(row: SectionRow, days: Sequence[date]) -> tuple[Day, Quantity] | None:
    """The day with the greatest figure; None where no day has one, or there is but one day."""
    found = row.series.days
    if found is None or len(days) < 2 or not np.isfinite(found.figure).any():
        return None
    at = int(np.nanargmax(found.figure))
    rate = Quantity(float(found.figure[at]), row.entry.metric.unit.value)
    return Day(days[at], short=True), rate
