"""The models over the period: how often they were right, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.catalogue import Summary
from jipyo.reports.charts.build import list_threshold_lines
from jipyo.reports.document import (
    Block,
    Chart,
    ChartLine,
    Charts,
    Heading,
    Inline,
    Quantity,
    phrase,
)
from jipyo.reports.sections.metric_charts import build_period_chart, list_marks
from jipyo.reports.sections.metric_course import choose_daily
from jipyo.reports.sections.metric_findings import build_metric_finding
from jipyo.reports.sections.metric_rows import SectionRow, build_metric_table
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

    from jipyo.model.figure import ProportionEstimate
    from jipyo.reports.inputs import ReportInputs

_DAY_MS = 86_400_000
_ACCURACY = MetricSection(
    id="accuracy", metrics=("ai.model.accuracy",), drawn=("ai.model.accuracy",), most=8
)
_INFERENCE = MetricSection(
    id="inference",
    metrics=(
        *("ai.inference.time", "ai.inference.first_token", "ai.inference.inter_token"),
        "ai.queue.length",
    ),
    drawn=("ai.inference.time", "ai.inference.first_token"),
    topics=(
        "ai.queue",
        "ai.goodput",
        "ai.failures",
        "ai.gpu_memory",
        "ai.batch",
        "ai.gateway",
        "ai.embedding",
    ),
    columns=2,
    most=2,
)


def build_inference(inputs: ReportInputs) -> Iterable[Block]:
    """Inference time, time to first token, between tokens, and the queue, of each model."""
    return build_metric_section(inputs, _INFERENCE)


def build_accuracy(inputs: ReportInputs) -> Iterator[Block]:
    """The share of right answers by day, with the number of cases and its interval."""
    yield Heading(_ACCURACY.id, phrase(f"reports.section.{_ACCURACY.id}"))
    rows = list_section_rows(inputs.data, _ACCURACY)
    missing = tuple(build_missing_note(inputs, _ACCURACY.metrics))
    if not rows:
        yield from missing
        return
    kind = inputs.period.kind
    yield from keep_together(
        build_metric_finding(rows, kind),
        [Charts((draw_accuracy(inputs, rows),), columns=1)],
        [build_metric_table(_ACCURACY.id, rows, kind, CASE_COLUMNS)],
        missing,
    )


def draw_accuracy(inputs: ReportInputs, rows: Sequence[SectionRow]) -> Chart:
    """A value a day for each model; of a period of one or two days every value."""
    entry = rows[0].entry
    models = [
        ChartLine(row.series.name, choose_daily(row.series))
        for row in rows
        if row.series.days is not None and row.series.values is not None
    ]
    if not models or models[0].values.size < 3:
        return build_period_chart(entry, inputs)
    return Chart(
        id="chart-ai-model-accuracy",
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        start_ms=entry.now.window.start_ms,
        step_ms=_DAY_MS,
        lines=tuple(models),
        others=None,
        others_count=0,
        ghost=None,
        thresholds=tuple(list_threshold_lines(entry.metric)),
        worse=entry.metric.direction.sign,
        caption=None,
        how=phrase("chapters.drawn.daily"),
        days_off=inputs.days_off,
        marks=tuple(list_marks(inputs)),
    )


def _find_cases(row: SectionRow) -> ProportionEstimate | None:
    figure = row.series.figures.get(Summary.RATIO_OF_SUMS) or row.series.figure
    return None if figure is None else figure.proportion


def show_cases(row: SectionRow) -> Inline:
    """Of how many cases the share is one."""
    cases = _find_cases(row)
    return None if cases is None or cases.n is None else Quantity(cases.n, "count")


def show_interval(row: SectionRow) -> Inline:
    """The 95 % interval of the share; None where the cases are not counted."""
    cases = _find_cases(row)
    if cases is None or cases.low is None or cases.high is None:
        return None
    unit = row.entry.metric.unit.value
    return phrase(
        "chapters.interval", low=Quantity(cases.low, unit), high=Quantity(cases.high, unit)
    )


CASE_COLUMNS: tuple[TableColumn[SectionRow], ...] = (
    TableColumn("cases", show_cases),
    TableColumn("interval_95", show_interval),
)
