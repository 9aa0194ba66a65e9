"""The objectives of the specification, and whether they were met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.objectives import ObjectiveResult, Result, evaluate_objective
from jipyo.analysis.thresholds import State
from jipyo.catalogue.metric import Compare
from jipyo.reports.document import (
    Badge,
    Block,
    Heading,
    Inline,
    Phrase,
    Quantity,
    Subject,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.reports.data import ReportData

RESULT_STATES = {
    Result.MET: State.OK,
    Result.MISSED: State.CRITICAL,
    Result.UNKNOWN: State.UNKNOWN,
}


def evaluate_objectives(data: ReportData, catalogue: Catalogue) -> tuple[ObjectiveResult, ...]:
    """The result of every objective of the catalogue."""
    summaries = {summary.metric.id: summary for summary in data.summaries}
    return tuple(
        evaluate_objective(metric, summaries.get(metric.id))
        for metric in catalogue.metrics
        if metric.objective is not None
    )


def build_objectives(results: Sequence[ObjectiveResult]) -> Iterator[Block]:
    """The table of objectives, where the catalogue has any."""
    if results:
        yield Heading("objectives", phrase("reports.section.objectives"))
        yield build_objective_table(results)


def describe_subject(result: ObjectiveResult) -> Subject:
    """The metric, and the series that decided."""
    return Subject(result.metric.name, result.series.name if result.series else "")


def describe_objective(metric: Metric) -> Phrase:
    """The objective in words: at most 2 s, at least 100 requests per second."""
    objective = metric.objective
    assert objective is not None, f"BUG: {metric.id} has no objective"
    at_least = objective.compare is Compare.AT_LEAST
    return phrase(
        "reports.objective.at_least" if at_least else "reports.objective.at_most",
        value=Quantity(objective.value, metric.unit.value),
    )


def _show_margin(result: ObjectiveResult) -> Inline:
    if result.margin is None:
        return None
    return Quantity(result.margin, result.metric.unit.value)


def _show_result(result: ObjectiveResult) -> Badge:
    word = result.reason or result.result
    return Badge(RESULT_STATES[result.result], phrase(f"reports.objective.{word.value}"))


OBJECTIVE_COLUMNS: tuple[TableColumn[ObjectiveResult], ...] = (
    TableColumn("metric", describe_subject, numeric=False),
    TableColumn("objective", lambda result: describe_objective(result.metric)),
    TableColumn("actual", lambda result: result.actual),
    TableColumn("margin", _show_margin),
    TableColumn("result", _show_result, numeric=False),
)


def build_objective_table(results: Iterable[ObjectiveResult]) -> Table:
    """A row per objective: what was promised, what was reached, and by how much."""
    return Table(
        id="objectives",
        caption=phrase("reports.objective.caption"),
        columns=build_heads(OBJECTIVE_COLUMNS),
        rows=tuple(build_row(OBJECTIVE_COLUMNS, result) for result in results),
    )
