"""A section on some metrics: one finding, charts, and one small table that says the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.reports.document import (
    Block,
    BlockGroup,
    Charts,
    Heading,
    Joined,
    Note,
    phrase,
)
from jipyo.reports.sections.metric_charts import build_period_chart
from jipyo.reports.sections.metric_course import describe_course
from jipyo.reports.sections.metric_findings import build_metric_finding
from jipyo.reports.sections.metric_rows import (
    MOST_SERIES,
    SectionRow,
    build_metric_table,
    find_beyond,
    find_entries,
    list_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.reports.data import ReportData
    from jipyo.reports.document import Finding, Phrase, Table
    from jipyo.reports.inputs import ReportInputs

MOST_EXTRA = 3
"""Metrics that have a row only because they were beyond a threshold."""
MOST_TOGETHER = 3
"""Rows of tables that are kept on one page with the finding and charts; longer ones flow."""
_MOST_EXPORTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSection:
    """What a section shows; its title is the text `reports.section.ID`."""

    id: str
    metrics: tuple[str, ...]
    """The metrics that always have a row, the most important first."""
    drawn: tuple[str, ...]
    """Those that have a chart."""
    topics: tuple[str, ...] = ()
    """Further metrics of these have a row where they were beyond a threshold."""
    columns: int = 1
    """Charts beside one another; what is left over stands across the page."""
    one_scale: bool = False
    height: int | None = None
    most: int = MOST_SERIES
    """Rows of one metric."""


def build_metric_section(inputs: ReportInputs, section: MetricSection) -> Iterator[Block]:
    """The section; of metrics without data what they are and how they are collected."""
    yield Heading(section.id, phrase(f"reports.section.{section.id}"))
    rows = list_section_rows(inputs.data, section)
    missing = build_missing_note(inputs, section.metrics)
    if not rows:
        yield from missing
        return
    kind = inputs.period.kind
    yield from keep_together(
        build_metric_finding(rows, kind, describe_left(inputs.data, section)),
        draw_metrics(inputs, section),
        [build_metric_table(section.id, rows, kind)],
        missing,
    )


def keep_together(
    finding: Finding, charts: Iterable[Block], tables: Sequence[Table], notes: Iterable[Block]
) -> Iterator[Block]:
    """Finding and charts in one group, with small tables; longer ones begin below and flow."""
    if sum(len(table.rows) for table in tables) <= MOST_TOGETHER:
        yield BlockGroup((finding, *charts, *tables, *notes))
    else:
        yield BlockGroup((finding, *charts))
        yield from tables
        yield from notes


def describe_left(data: ReportData, section: MetricSection) -> Iterator[Phrase]:
    """That there are more metrics beyond thresholds than have a row."""
    if len(find_beyond(data, section.topics, section.metrics)) > MOST_EXTRA:
        yield phrase("chapters.finding.others")


def list_section_rows(data: ReportData, section: MetricSection) -> tuple[SectionRow, ...]:
    """The rows of the section's table, each with its course."""
    entries = find_entries(data, section.metrics)
    beyond = find_beyond(data, section.topics, section.metrics) if entries else ()
    rows = [row for entry in entries for row in list_rows(entry, section.most)]
    extra = [replace(list_rows(entry, 1)[-1], is_extra=True) for entry in beyond[:MOST_EXTRA]]
    return tuple(add_course(row, data) for row in (*rows, *extra))


def add_course(row: SectionRow, data: ReportData) -> SectionRow:
    """The row with what its series did over the period."""
    course = describe_course(row.entry.metric, row.series, row.entry.now.window, data.period.zone)
    return replace(row, course=course)


def draw_metrics(inputs: ReportInputs, section: MetricSection) -> Iterator[Block]:
    """The charts of the section, those that have something to draw."""
    charts = [
        build_period_chart(entry, inputs)
        for entry in find_entries(inputs.data, section.drawn)
        if entry.now.drawn
    ]
    columns = max(1, min(section.columns, len(charts)))
    in_rows = len(charts) - len(charts) % columns
    for drawn, across in ((charts[:in_rows], columns), (charts[in_rows:], 1)):
        if drawn:
            yield Charts(
                tuple(drawn), columns=across, one_scale=section.one_scale, height=section.height
            )


def build_missing_note(inputs: ReportInputs, ids: Iterable[str]) -> Iterator[Note]:
    """Which of these metrics have no data, and what gives it: one sentence."""
    missing = {summary.metric.id: summary.metric for summary in inputs.data.missing}
    metrics = [missing[one] for one in ids if one in missing]
    if not metrics:
        return
    names = dict.fromkeys(query.exporter for metric in metrics for query in metric.queries)
    known = [inputs.catalogue.find_exporter(name) for name in names]
    yield Note(
        phrase(
            "chapters.missing",
            names=Joined(tuple(metric.name for metric in metrics), ", "),
            exporters=_join([one.name for one in known if one is not None]),
        ),
        State.UNKNOWN,
    )


def _join(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names[:_MOST_EXPORTERS]))
