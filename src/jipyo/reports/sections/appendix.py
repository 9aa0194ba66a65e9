"""The appendix: every series, where figures come from, what the metrics mean, the method."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.model.calendar import PeriodKind, local_day
from jipyo.reports.document import (
    Block,
    Code,
    Day,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Quantity,
    Share,
    Table,
    find_figures,
    phrase,
)
from jipyo.reports.sections.metrics import build_series_table
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jipyo.catalogue import Catalogue
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.figure import Figure
    from jipyo.reports.data import ReportData, ReportMetric


def build_series(data: ReportData) -> Iterator[Block]:
    """Every series of metrics that have several."""
    several = [entry for entry in data.entries if len(entry.now.series) > 1]
    if several:
        yield Heading("series", phrase("reports.section.series"))
        yield build_series_table(several)


def build_sources(
    data: ReportData, summary: Sequence[Block], catalogue: Catalogue
) -> Iterator[Block]:
    """Where the figures of the summary come from, and by which catalogue."""
    figures = dict.fromkeys(find_figures(tuple(summary)))
    sources = [figure for figure in figures if figure.value is not None]
    yield Heading("sources", phrase("reports.section.sources"))
    if sources:
        names = catalogue.names
        yield build_source_table(sources, data, names)
    yield Note(
        phrase(
            "reports.method.catalogue",
            n=len(catalogue.metrics),
            hash=Code(hash_catalogue(catalogue)),
        )
    )


def build_definitions(data: ReportData) -> Iterator[Block]:
    """What metrics mean; in the report of a longer period those that the specification requires."""
    is_day = data.period.kind is PeriodKind.DAY
    entries = [entry for entry in data.entries if is_day or entry.metric.required]
    if entries:
        yield Heading("definitions", phrase("reports.section.definitions"))
        yield build_definition_table(entries)


def build_method(data: ReportData) -> Iterator[Block]:
    """How figures were made."""
    yield Heading("method", phrase("reports.section.method"))
    is_day = data.period.kind is PeriodKind.DAY
    day, compare = ("day", "compare") if is_day else ("days", "compare_before")
    for key in (day, "steps", "percentile", "state", compare, "coverage"):
        yield Note(phrase(f"reports.method.{key}", day=Day(data.period.first_day)))
    for step_ms, n in sorted(data.coarse_steps.items()):
        yield Note(phrase("reports.method.coarse", step=Duration(step_ms), n=n))


def hash_catalogue(catalogue: Catalogue) -> str:
    """SHA-256 over all that the catalogue says of its metrics, but not where it was read."""
    digest = hashlib.sha256()
    for metric in catalogue.metrics:
        digest.update(repr(replace(metric, where="")).encode())
    return digest.hexdigest()


def _show_thresholds(entry: ReportMetric) -> Inline:
    """Warning and critical threshold, for how long, and who set them; one a line."""
    metric, thresholds = entry.metric, entry.metric.thresholds
    if thresholds is None:
        return None
    lines: list[Inline] = [
        phrase(f"reports.threshold.{name}", value=Quantity(value, metric.unit.value))
        for name, value in (("warning", thresholds.warning), ("critical", thresholds.critical))
        if value is not None
    ]
    if thresholds.for_ms:
        lines.append(phrase("reports.definitions.for", span=Duration(thresholds.for_ms)))
    lines.append(phrase(f"reports.origin.{thresholds.origin.value}"))
    return Joined(tuple(lines), "\n")


def _show_queries(entry: ReportMetric) -> Inline:
    queries = tuple(
        phrase("reports.definitions.query", exporter=exporter, query=Code(expression))
        for exporter, expression in entry.now.expressions
    )
    return Joined(queries, "\n")


def _show_definition(entry: ReportMetric) -> Inline:
    metric = entry.metric
    return phrase("reports.definitions.metric", name=metric.name, description=metric.description)


DEFINITION_COLUMNS: tuple[TableColumn[ReportMetric], ...] = (
    TableColumn("metric", _show_definition, numeric=False),
    TableColumn("thresholds", _show_thresholds, numeric=False),
    TableColumn("query", _show_queries, numeric=False),
)


def build_definition_table(entries: Iterable[ReportMetric]) -> Table:
    """A row per metric: what it is, its thresholds, and its queries."""
    return Table(
        id="definitions",
        caption=phrase("reports.definitions.caption"),
        columns=build_heads(DEFINITION_COLUMNS),
        rows=tuple(build_row(DEFINITION_COLUMNS, entry) for entry in entries),
        wide=True,
    )


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A figure of the first page, the name of its metric, and when its window was."""

    figure: Figure
    name: Bilingual | str
    window: Inline


SOURCE_COLUMNS: tuple[TableColumn[SourceEntry], ...] = (
    TableColumn("metric", lambda e: e.name, numeric=False),
    TableColumn("figure", lambda e: e.figure),
    TableColumn("method", lambda e: phrase(f"reports.how.{e.figure.fold.value}"), numeric=False),
    TableColumn("window", lambda e: e.window, numeric=False),
    TableColumn("samples", lambda e: Quantity(e.figure.samples, "count")),
    TableColumn("coverage", lambda e: Share(e.figure.coverage)),
    TableColumn("query", lambda e: Code(e.figure.expr), numeric=False),
)


def build_source_table(
    figures: Iterable[Figure], data: ReportData, names: Mapping[str, Bilingual]
) -> Table:
    """A row per figure: how it was computed and from what; `names` by the catalogue's ids."""
    entries = (
        SourceEntry(figure, names.get(figure.metric, figure.series), _describe_window(figure, data))
        for figure in figures
    )
    return Table(
        id="sources",
        caption=phrase("reports.sources.caption"),
        columns=build_heads(SOURCE_COLUMNS),
        rows=tuple(build_row(SOURCE_COLUMNS, entry) for entry in entries),
        wide=True,
    )


def _describe_window(figure: Figure, data: ReportData) -> Inline:
    """From when to when; of an earlier day, which day."""
    if figure.start_ms >= data.period.start_ms:
        start, end = Moment(figure.start_ms), Moment(figure.end_ms)
        return phrase("reports.sources.window", start=start, end=end)
    return Day(local_day(figure.start_ms, ZoneInfo(data.period.zone)))
