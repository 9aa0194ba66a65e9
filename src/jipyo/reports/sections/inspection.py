"""The inspection sheet of a month as blocks: the matrix, what is not normal, people's rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from jipyo.analysis.thresholds import State, find_threshold
from jipyo.catalogue import Direction
from jipyo.model.figure import Figure, Fold
from jipyo.reports.document import (
    Badge,
    Blank,
    Block,
    Code,
    Day,
    DayMatrix,
    Duration,
    Heading,
    Inline,
    Joined,
    Mark,
    MatrixCell,
    MatrixRow,
    Moment,
    Note,
    Phrase,
    Quantity,
    Share,
    Subject,
    Table,
    VerdictBox,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.sla.inspection import CheckReason, InspectionCell, MetricCheck
from jipyo.sla.inspection_items import InspectionItem, InspectionResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.sla.inspection import InspectionRow, InspectionSheet
    from jipyo.sla.inspection_items import InspectionEntry, ManualItem

_JOINED_FROM = 3
"""So many items that were not inspected on the same days are one line."""
_DIGEST = 12
"""Characters of a digest that are printed; the JSON has all."""
_MARKS = {
    InspectionResult.NORMAL: Mark.NORMAL,
    InspectionResult.ABNORMAL: Mark.ABNORMAL,
    InspectionResult.NOT_INSPECTED: Mark.NOT_INSPECTED,
}
_STATES = {
    Mark.NORMAL: State.OK,
    Mark.MARKED: State.WARNING,
    Mark.ABNORMAL: State.CRITICAL,
    Mark.NOT_INSPECTED: State.UNKNOWN,
}


def build_inspection(sheet: InspectionSheet, catalogue: Catalogue) -> Iterator[Block]:
    """The sheet, without the evidence of each cell."""
    yield build_verdict(sheet)
    yield Heading("inspection", phrase("inspection.section.matrix"))
    yield build_matrix(sheet, catalogue)
    yield Note(phrase("inspection.legend"))
    if sheet.omitted:
        names = Joined(tuple(item.name for item in sheet.omitted), ", ")
        yield Note(phrase("inspection.omitted", names=names))
    yield Heading("inspection-others", phrase("inspection.section.others"), level=2)
    others = list(_list_others(sheet))
    if others:
        yield build_others(others, catalogue)
    else:
        yield Note(phrase("inspection.all_normal"))
    if sheet.manual:
        yield Heading("inspection-manual", phrase("inspection.section.manual"), level=2)
        yield build_manual(sheet)


def build_evidence(sheet: InspectionSheet, catalogue: Catalogue) -> Iterator[Block]:
    """What each item is judged by, and what each cell rests on."""
    yield Heading("inspection-rules", phrase("inspection.section.rules"), page=True, landscape=True)
    yield Note(phrase("inspection.rule", coverage=_percent(sheet.coverage)))
    yield build_rules(sheet, catalogue)
    yield Heading(
        "inspection-evidence", phrase("inspection.section.evidence"), page=True, landscape=True
    )
    yield build_evidence_table(sheet, catalogue)


def build_verdict(sheet: InspectionSheet) -> VerdictBox:
    """How many cells came to which result, and by which rule."""
    counts = {result.value: sheet.count(result) for result in InspectionResult}
    last = max(
        (cell.day for row in sheet.rows for cell in row.cells if cell is not None), default=None
    )
    details: list[Inline] = [phrase("inspection.rule", coverage=_percent(sheet.coverage))]
    if sheet.marked:
        details.insert(0, phrase("inspection.marked", n=sheet.marked))
    if last is not None and sheet.cut_ms < sheet.period.end_ms:
        details.append(phrase("inspection.until", day=Day(last, short=True)))
    text = phrase("inspection.verdict", due=sheet.due, **counts)
    return VerdictBox(
        sheet.state,
        text if sheet.due else phrase("inspection.nothing_due"),
        tuple(details),
        phrase(f"inspection.state.{sheet.state.value}"),
    )


def find_mark(cell: InspectionCell) -> Mark:
    """The sign of a cell."""
    return Mark.MARKED if cell.marked else _MARKS[cell.result]


def describe_mark(mark: Mark) -> Phrase:
    """The sign and its word."""
    return phrase(f"inspection.mark.{mark.value}")


def build_matrix(sheet: InspectionSheet, catalogue: Catalogue) -> DayMatrix:
    """Item by day; each cell has the sentence behind it."""
    return DayMatrix(
        id="inspection",
        caption=phrase("inspection.matrix.caption"),
        days=tuple(day.first_day for day in sheet.period.days()),
        days_off=sheet.days_off,
        rows=tuple(
            MatrixRow(
                row.item.name,
                tuple(
                    None
                    if cell is None
                    else MatrixCell(find_mark(cell), describe_cell(cell, catalogue))
                    for cell in row.cells
                ),
            )
            for row in sheet.rows
        ),
    )


def describe_cell(cell: InspectionCell, catalogue: Catalogue, *, dated: bool = False) -> Inline:
    """What decided, in one sentence; `dated` where it stands for several days."""
    if cell.deciding is not None:
        return describe_check(cell.deciding, catalogue, None if dated else cell.day)
    if cell.entries:
        return describe_entries(cell.entries)
    return phrase("inspection.why.not_entered")


def describe_check(check: MetricCheck, catalogue: Catalogue, day: date | None) -> Inline:
    """The deciding value of a metric; or why it does not count as inspected."""
    metric = catalogue.get(check.metric)
    subject = check.metric if metric is None else Subject(metric.name)
    if check.reason is None or check.state.severity >= State.WARNING.severity:
        return _describe_value(check, metric, day)
    return phrase(
        f"inspection.why.{check.reason.value}",
        subject=subject,
        names=", ".join(check.missing),
        samples=check.samples,
        expected=check.expected,
        share=Share(check.coverage),
    )


def _describe_value(check: MetricCheck, metric: Metric | None, day: date | None) -> Inline:
    decided = check.decided_by
    assert metric is not None, f"BUG: {check.metric} was judged without a metric"
    assert decided is not None, f"BUG: {check.metric} was judged without a value"
    # How long is known of one day; what stands for several days is their worst value.
    is_breach = decided.lasted_ms and day is not None
    key = "inspection.why.breach" if is_breach else "inspection.why.value"
    return phrase(
        key,
        subject=Subject(metric.name, decided.name),
        value=build_figure(check, metric),
        at=Moment(decided.t_ms, of_day=day),
        span=Duration(decided.lasted_ms),
    )


def build_figure(check: MetricCheck, metric: Metric) -> Figure | None:
    """The deciding value with its provenance."""
    if check.decided_by is None:
        return None
    exporter, expr = check.queries[0]
    lower = metric.direction is Direction.LOWER_IS_WORSE
    return Figure(
        metric=metric.id,
        value=check.decided_by.value,
        unit=metric.unit.value,
        fold=Fold.MINIMUM if lower else Fold.MAXIMUM,
        expr=expr,
        series=check.decided_by.series,
        exporter=exporter,
        start_ms=check.start_ms,
        end_ms=check.end_ms,
        step_ms=check.step_ms,
        samples=check.samples,
        coverage=check.coverage,
    )


def describe_entries(entries: Sequence[InspectionEntry]) -> Inline:
    """Who wrote what."""
    lines = (
        phrase("inspection.entry", by=entry.by, note=entry.note or phrase("inspection.no_note"))
        for entry in entries
    )
    return Joined(tuple(lines), "\n")


# ------------------------------------------------------------------------ what is not normal


class OtherDays(NamedTuple):
    """Days in a row on which items were not simply normal, for the same cause."""

    rows: tuple[InspectionRow, ...]
    """One; several where none of them was inspected on these days."""
    cells: tuple[InspectionCell, ...]
    """Of the first of them."""

    def find_worst(self, catalogue: Catalogue) -> InspectionCell:
        """The cell that stands for all: that with the gravest value, or the worst coverage."""

        def rank(cell: InspectionCell) -> tuple[int, float]:
            check = cell.deciding
            metric = None if check is None else catalogue.get(check.metric)
            if check is None or metric is None or check.decided_by is None:
                return 0, -check.coverage if check else 0.0
            return check.state.severity, metric.direction.sign * check.decided_by.value

        return max(self.cells, key=rank)


def _list_others(sheet: InspectionSheet) -> Iterator[OtherDays]:
    """In the order of their first days, then of the rows."""
    found: list[OtherDays] = []
    for row in sheet.rows:
        for key, cells in groupby(row.cells, key=_find_cause):
            if key is not None:
                found.append(OtherDays((row,), tuple(cell for cell in cells if cell is not None)))
    return _join_not_inspected(sorted(found, key=lambda others: others.cells[0].day))


def _join_not_inspected(found: Sequence[OtherDays]) -> Iterator[OtherDays]:
    """One line for many items that were not inspected on the same days."""
    days: dict[tuple[date, ...], list[OtherDays]] = {}
    for one in found:
        if one.cells[0].result is InspectionResult.NOT_INSPECTED and not one.cells[0].entries:
            days.setdefault(tuple(cell.day for cell in one.cells), []).append(one)
    joined = {id(one): same for same in days.values() if len(same) >= _JOINED_FROM for one in same}
    for one in found:
        same = joined.get(id(one), [one])
        if one is same[0]:
            yield OtherDays(tuple(row for other in same for row in other.rows), one.cells)


def _find_cause(cell: InspectionCell | None) -> tuple[object, ...] | None:
    """What days have in common that are one line; None for a day that needs none.

    A day with a note is a line of its own.
    """
    if cell is None or find_mark(cell) is Mark.NORMAL:
        return None
    check = cell.deciding
    about = None
    if check is not None:
        name = check.decided_by.name if check.decided_by and check.reason is None else ""
        about = (check.metric, check.reason, check.missing, name)
    return find_mark(cell), about, cell.entries


def _show_days(others: OtherDays) -> Inline:
    first, last = others.cells[0].day, others.cells[-1].day
    if first == last:
        return Day(first, short=True)
    return phrase(
        "inspection.days",
        first=Day(first, short=True),
        last=Day(last, short=True),
        n=len(others.cells),
    )


def _show_mark(cell: InspectionCell) -> Badge:
    mark = find_mark(cell)
    return Badge(_STATES[mark], describe_mark(mark))


def build_others(others: Sequence[OtherDays], catalogue: Catalogue) -> Table:
    """A line for each stretch of days that need explaining."""

    def show_measured(one: OtherDays) -> Inline:
        if len(one.rows) > 1:
            return phrase("inspection.others.not_inspected", names=_name_items(one))
        return describe_cell(one.find_worst(catalogue), catalogue, dated=len(one.cells) > 1)

    columns: tuple[TableColumn[OtherDays], ...] = (
        TableColumn("day", _show_days, numeric=False),
        TableColumn("item", _show_item, numeric=False),
        TableColumn("result", lambda one: _show_mark(one.cells[0]), numeric=False),
        TableColumn("measured", show_measured, numeric=False),
        TableColumn(
            "criterion",
            lambda one: _show_criterion(one.find_worst(catalogue), catalogue),
            numeric=False,
        ),
        TableColumn("action", _show_action, numeric=False),
    )
    return Table(
        id="inspection-others",
        caption=phrase("inspection.others.caption"),
        columns=build_heads(columns),
        rows=tuple(build_row(columns, one) for one in others),
        wide=True,
    )


def _show_item(others: OtherDays) -> Inline:
    if len(others.rows) > 1:
        return phrase("inspection.others.items", n=len(others.rows))
    return others.rows[0].item.name


def _name_items(others: OtherDays) -> Inline:
    return Joined(tuple(row.item.name for row in others.rows), ", ")


def _show_action(others: OtherDays) -> Inline:
    """What people noted; an empty field of a day that was not normal is to be filled."""
    first = others.cells[0]
    if isinstance(others.rows[0].item, InspectionItem) and first.entries:
        return describe_entries(first.entries)
    return None if first.marked or first.entries else _TO_FILL


_TO_FILL = Blank()


def _show_criterion(cell: InspectionCell, catalogue: Catalogue) -> Inline:
    check = cell.deciding
    metric = None if check is None else catalogue.get(check.metric)
    if check is None or metric is None or check.thresholds is None:
        return None
    if cell.result is InspectionResult.NOT_INSPECTED:
        return None
    return _describe_thresholds(check, metric)


def _describe_thresholds(check: MetricCheck, metric: Metric) -> Inline:
    """The threshold that was reached; of what stayed below them, all."""
    thresholds = check.thresholds
    assert thresholds is not None, f"BUG: {metric.id} was judged without thresholds"
    reached = find_threshold(thresholds, check.state.severity)
    levels = (("warning", thresholds.warning), ("critical", thresholds.critical))
    shown = [(name, value) for name, value in levels if value is not None]
    if reached is not None:
        shown = [(name, value) for name, value in shown if name == check.state.value]
    way = "below" if metric.direction is Direction.LOWER_IS_WORSE else "above"
    parts: list[Inline] = [
        phrase(f"inspection.threshold.{name}.{way}", value=Quantity(value, metric.unit.value))
        for name, value in shown
    ]
    if thresholds.for_ms:
        parts.append(phrase("reports.definitions.for", span=Duration(thresholds.for_ms)))
    return Joined(tuple(parts), ", ")


# ---------------------------------------------------------------------------- people's rows


class ManualLine(NamedTuple):
    """An item that people inspect, with one thing that they found; None: nothing yet."""

    item: ManualItem
    entry: InspectionEntry | None


_RESULT_STATES = {"normal": State.OK, "abnormal": State.CRITICAL, "not_applicable": State.UNKNOWN}


def _show_manual_result(line: ManualLine) -> Inline:
    if line.entry is None or line.entry.result is None:
        return _TO_FILL
    result = line.entry.result.value
    return Badge(_RESULT_STATES[result], phrase(f"inspection.manual.{result}"))


MANUAL_COLUMNS: tuple[TableColumn[ManualLine], ...] = (
    TableColumn("item", lambda line: line.item.name, numeric=False),
    TableColumn("cycle", lambda line: phrase(f"inspection.cycle.{line.item.cycle.value}"), False),
    TableColumn(
        "inspected",
        lambda line: Day(line.entry.day, short=True) if line.entry else _TO_FILL,
        numeric=False,
    ),
    TableColumn("result", _show_manual_result, numeric=False),
    TableColumn("inspector", lambda line: line.entry.by if line.entry else _TO_FILL, False),
    TableColumn("remark", lambda line: (line.entry.note or None) if line.entry else None, False),
)


def build_manual(sheet: InspectionSheet) -> Table:
    """What people inspect less often than daily; a field that nobody filled says so."""
    lines = [
        ManualLine(item, entry) for item, entries in sheet.manual for entry in (entries or (None,))
    ]
    return Table(
        id="inspection-manual",
        caption=phrase("inspection.manual.caption"),
        columns=build_heads(MANUAL_COLUMNS),
        rows=tuple(build_row(MANUAL_COLUMNS, line) for line in lines),
        wide=True,
    )


# --------------------------------------------------------------------------------- evidence


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A metric of an item: by what it is judged, and by which query."""

    item: InspectionItem
    check: MetricCheck
    metric: Metric | None


def build_rules(sheet: InspectionSheet, catalogue: Catalogue) -> Table:
    """A line for each metric of each item, with the query that answered last."""
    lines = [
        RuleLine(row.item, _find_last_check(row, name), catalogue.get(name))
        for row in sheet.rows
        if isinstance(row.item, InspectionItem) and any(row.cells)
        for name in (*row.item.metrics, *row.item.also)
    ]

    def show_queries(line: RuleLine) -> Inline:
        queries = (
            phrase("reports.definitions.query", exporter=exporter, query=Code(expression))
            for exporter, expression in line.check.queries
        )
        return Joined(tuple(queries), "\n") if line.check.queries else None

    columns: tuple[TableColumn[RuleLine], ...] = (
        TableColumn("item", lambda line: line.item.name, numeric=False),
        TableColumn("metric", lambda line: line.metric.name if line.metric else line.check.metric,
                    numeric=False),
        TableColumn("role", _show_role, numeric=False),
        TableColumn("abnormal_from", _show_rule, numeric=False),
        TableColumn("query", show_queries, numeric=False),
    )  # fmt: skip
    return Table(
        id="inspection-rules",
        caption=phrase("inspection.rules.caption"),
        columns=build_heads(columns),
        rows=tuple(build_row(columns, line) for line in lines),
        wide=True,
    )


def _find_last_check(row: InspectionRow, metric: str) -> MetricCheck:
    """The newest check of a metric that had data, else the newest of all."""
    checks = [
        check for cell in row.cells if cell for check in cell.checks if check.metric == metric
    ]
    return next((check for check in reversed(checks) if check.queries), checks[-1])


def _show_role(line: RuleLine) -> Inline:
    if not line.check.required:
        return phrase("inspection.role.also")
    coverage = line.item.coverage
    if coverage is None:
        return phrase("inspection.role.required")
    return phrase("inspection.role.own", coverage=_percent(coverage))


def _show_rule(line: RuleLine) -> Inline:
    """From where the item is abnormal by this metric, and from where it is marked."""
    thresholds, metric = line.check.thresholds, line.metric
    if thresholds is None or metric is None:
        return None
    from_critical = line.item.abnormal_from.value == "critical" and thresholds.critical is not None
    way = "below" if metric.direction is Direction.LOWER_IS_WORSE else "above"
    abnormal = thresholds.critical if from_critical else thresholds.warning
    parts: list[Inline] = []
    if abnormal is None:
        abnormal = thresholds.critical
    if abnormal is not None:
        value = Quantity(abnormal, metric.unit.value)
        parts.append(phrase(f"inspection.rule.abnormal.{way}", value=value))
    if from_critical and thresholds.warning is not None:
        value = Quantity(thresholds.warning, metric.unit.value)
        parts.append(phrase(f"inspection.rule.marked.{way}", value=value))
    if thresholds.for_ms:
        parts.append(phrase("reports.definitions.for", span=Duration(thresholds.for_ms)))
    origin = phrase(f"reports.origin.{thresholds.origin.value}")
    return Joined((Joined(tuple(parts), ", "), origin), "\n")


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One metric of one cell."""

    row: InspectionRow
    cell: InspectionCell
    check: MetricCheck
    metric: Metric | None


def build_evidence_table(sheet: InspectionSheet, catalogue: Catalogue) -> Table:
    """A line for each metric that was read for each cell, day by day."""
    lines = [
        EvidenceLine(row, cell, check, catalogue.get(check.metric))
        for cells in zip(*(row.cells for row in sheet.rows), strict=True)
        for row, cell in zip(sheet.rows, cells, strict=True)
        if cell is not None
        for check in cell.checks
        if check.required or check.reason is not CheckReason.NO_DATA
    ]
    return Table(
        id="inspection-evidence",
        caption=phrase("inspection.evidence.caption"),
        columns=build_heads(EVIDENCE_COLUMNS),
        rows=tuple(build_row(EVIDENCE_COLUMNS, line) for line in lines),
        wide=True,
    )


def _show_value(line: EvidenceLine) -> Inline:
    return None if line.metric is None else build_figure(line.check, line.metric)


def _show_state(line: EvidenceLine) -> Inline:
    reason = line.check.reason
    if reason is not None and line.check.state.severity < State.WARNING.severity:
        return Badge(State.UNKNOWN, phrase(f"inspection.reason.{reason.value}"))
    return Badge(line.check.state)


EVIDENCE_COLUMNS: tuple[TableColumn[EvidenceLine], ...] = (
    TableColumn("day", lambda line: Day(line.cell.day, short=True), numeric=False),
    TableColumn("item", lambda line: line.row.item.name, numeric=False),
    TableColumn(
        "metric", lambda line: line.metric.name if line.metric else line.check.metric, numeric=False
    ),
    TableColumn("state", _show_state, numeric=False),
    TableColumn("deciding", _show_value),
    TableColumn(
        "deciding_series",
        lambda line: line.check.decided_by.name if line.check.decided_by else None,
        numeric=False,
    ),
    TableColumn(
        "deciding_time",
        lambda line: (
            Moment(line.check.decided_by.t_ms, of_day=line.cell.day)
            if line.check.decided_by
            else None
        ),
        numeric=False,
    ),
    TableColumn("samples", lambda line: Quantity(line.check.samples, "count")),
    TableColumn("expected_values", lambda line: Quantity(line.check.expected, "count")),
    TableColumn("coverage", lambda line: Share(line.check.coverage)),
    TableColumn("digest", lambda line: Code(line.check.digest[:_DIGEST]), numeric=False),
)


def _percent(value: float) -> Quantity:
    return Quantity(value, "percent")
