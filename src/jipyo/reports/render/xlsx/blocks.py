"""Blocks of the document as rows of a sheet: one function per type of block."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.reports.document import (
    Actions,
    Badge,
    BlockGroup,
    Chart,
    Charts,
    Cover,
    Day,
    DayBars,
    DayMatrix,
    DayStrip,
    Finding,
    Findings,
    Heading,
    HeatMap,
    Listing,
    Moment,
    NamedBars,
    Note,
    ScoreSheet,
    Table,
    Tiles,
    Timeline,
    VerdictBox,
    WeekHeatMap,
    list_group,
)
from jipyo.reports.render.xlsx.book import ChartValues
from jipyo.reports.render.xlsx.cells import (
    CellValue,
    build_cell,
    build_moment,
    name_column,
)
from jipyo.reports.render.xlsx.matrix import write_matrix
from jipyo.reports.render.xlsx.scores import write_scores
from jipyo.reports.tables import build_action_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.sample import Times, Values
    from jipyo.reports.document import AnyChart, Block, ChartLine, Inline, LoadCurve
    from jipyo.reports.render.xlsx.book import Book

_POINTS = 186
"""Most points of a line of a chart: six a day of a month."""
_DAY_WIDTH = 6


def write_block(block: Block, book: Book) -> None:
    """The block below what the sheet has already."""
    _WRITERS[type(block)](block, book)


def _write_verdict(verdict: VerdictBox, book: Book) -> None:
    word = book.localizer.format(Badge(verdict.state, verdict.word))
    book.write_line(f"[{word}] {book.localizer.format(verdict.text)}", "line")
    for detail in verdict.details:
        book.write_line(book.localizer.format(detail))


def _write_cover(cover: Cover, book: Book) -> None:
    """What the report is about, and who drafted, reviewed and approved it."""
    text, t = book.localizer.format, book.localizer.texts
    about = ((t("reports.cover.issue"), cover.issue), (t("reports.cover.made_on"), cover.made))
    for name, value in (*about, *cover.rows):
        book.write_line(f"{text(name)}: {text(value)}")
    if not cover.approvals:
        return
    book.row += 1
    book.begin_table([text(one.step) for one in cover.approvals], freeze=0)
    for column, one in enumerate(cover.approvals):
        book.write_cell(column, CellValue(one.name or None, one.name), "field")
    book.row += 1
    for column, one in enumerate(cover.approvals):
        book.write_cell(column, build_cell(one.at, book.localizer), "field")
    book.row += 2


def _write_group(group: BlockGroup, book: Book) -> None:
    for block in list_group(group):
        write_block(block, book)


def _write_finding(finding: Finding, book: Book) -> None:
    book.write_line(f"[{book.localizer.format(Badge(finding.state))}] "
                    f"{book.localizer.format(finding.text)}", "line")  # fmt: skip
    for part in (*finding.details, finding.basis):
        if part is not None:
            book.write_line(f"   {book.localizer.format(part)}")


def _write_actions(actions: Actions, book: Book) -> None:
    _write_table(build_action_table(actions), book)


def _write_findings(findings: Findings, book: Book) -> None:
    for number, finding in enumerate(findings.items, 1):
        book.write_line(f"{number}. {book.localizer.format(finding.text)}", "line")
        for part in (*finding.details, finding.basis):
            book.write_line(f"   {book.localizer.format(part)}")


def _write_tiles(tiles: Tiles, book: Book) -> None:
    book.leave_narrow()
    t = book.localizer.texts
    names = ("metric", "figure", "state", "method")
    book.begin_table([t(f"reports.column.{name}") for name in names])
    for tile in tiles.items:
        state = None if tile.state is None else Badge(tile.state)
        for column, part in enumerate((tile.subject, tile.figure, state, tile.note)):
            book.write_cell(column, build_cell(part, book.localizer))
        book.row += 1
    book.row += 1


def _write_table(table: Table, book: Book) -> None:
    """Cells as values of their kind; the totals of numbers are sums of the cells above them."""
    localizer = book.localizer
    book.leave_narrow()
    if table.caption:
        book.write_line(localizer.format(table.caption))
    first = book.begin_table([localizer.format(column.title) for column in table.columns])
    rows = [[build_cell(cell, localizer) for cell in row] for row in table.rows]
    for row in rows:
        for column, cell in enumerate(row):
            book.write_cell(column, cell)
        book.row += 1
    if rows:
        book.set_filter(first - 1, book.row - 1, len(table.columns))
    for column, part in enumerate(table.totals):
        numbers = [row[column].number for row in rows]
        _write_total(book, column, build_cell(part, localizer), first, numbers)
    book.row += bool(table.totals) + 1


def _write_total(
    book: Book, column: int, cell: CellValue, first: int, numbers: list[float | None]
) -> None:
    known = [number for number in numbers if number is not None]
    is_sum = cell.number is not None and math.isclose(sum(known), cell.number, abs_tol=1e-9)
    if not is_sum or not known or len(known) < len(numbers):
        book.write_cell(column, cell, "total")
        return
    letter = name_column(column)
    formula = f"=SUM({letter}{first + 1}:{letter}{book.row})"
    made = book.format("total", num_format=cell.number_format)
    book.sheet.write_formula(book.row, column, formula, made, cell.value)
    book.note_width(column, cell.text, book.row)


def _write_charts(charts: Charts, book: Book) -> None:
    """Each chart under its title."""
    book.leave_narrow()
    for chart in charts.items:
        title = book.localizer.format(chart.title)
        unit = book.localizer.texts.unit(chart.unit)
        book.write_line(f"{title}({unit})" if unit else title, "heading")
        if chart.caption is not None:
            book.write_line(book.localizer.format(chart.caption))
        if isinstance(chart, Chart):
            _write_chart(chart, book)
        else:
            _write_values(chart, book)


def _write_values(chart: DayBars | NamedBars | LoadCurve, book: Book) -> None:
    """Bars or a curve as a native chart; the values are on the sheet of all values."""
    heads, rows, kind = _list_values(chart, book)
    title = book.localizer.format(chart.title)
    if rows:
        columns = tuple(zip(*rows, strict=True))
        drawn = _draw(kind, ChartValues(title, heads, columns), book)
        if isinstance(chart, DayBars):
            drawn.set_x_axis({"num_format": "m-d", "date_axis": True, "num_font": {"size": 8}})
        book.place_chart(drawn, {"description": _describe(chart, title, book)})


def _draw(kind: dict[str, str], values: ChartValues, book: Book, **line: float) -> Any:
    """A native chart of values: the first column has the names, each other is a series."""
    drawn = book.workbook.add_chart(kind)
    name, top, left = book.add_values(values)
    last = top + len(values.columns[0]) - 1
    for column in range(left + 1, left + len(values.heads)):
        series = {
            "name": [name, top - 1, column],
            "categories": [name, top, left, last, left],
            "values": [name, top, column, last, column],
        }
        drawn.add_series({**series, **({"line": line} if line else {})})
    drawn.set_title({"name": values.title, "name_font": {"size": 10}})
    return drawn


def _describe(chart: AnyChart, title: str, book: Book) -> str:
    finding = chart.alt if chart.alt is not None else chart.caption
    return title if finding is None else f"{title}. {book.localizer.format(finding)}"


def _list_values(
    chart: DayBars | NamedBars | LoadCurve, book: Book
) -> tuple[list[str], list[list[CellValue]], dict[str, str]]:
    """The heads and the cells of a chart's table, and the kind of its native chart."""
    text, title = book.localizer.format, book.localizer.format(chart.title)

    def build(values: Values) -> list[CellValue]:
        return [
            CellValue(None, "") if np.isnan(value) else CellValue(value, f"{value:g}", "General")
            for value in values.tolist()
        ]

    if isinstance(chart, DayBars):
        days = [build_cell(Day(day), book.localizer) for day in chart.days]
        columns = [days, build(chart.values)]
        heads = [book.localizer.texts("reports.column.day"), title]
        if chart.before is not None:
            columns.append(build(chart.before))
            heads.append(text(chart.before_name))
        return heads, [list(row) for row in zip(*columns, strict=True)], {"type": "column"}
    if isinstance(chart, NamedBars):
        cells = [
            [CellValue(text(bar.name), text(bar.name)), *build(np.array([bar.value]))]
            for bar in chart.bars
        ]
        return ["", title], cells, {"type": "bar"}
    heads = [text(chart.load_name), title, book.localizer.texts("reports.legend.estimated")]
    nothing = CellValue(None, "")
    measured = zip(build(chart.loads), build(chart.values), strict=True)
    beyond = zip(build(chart.beyond_loads), build(chart.beyond), strict=True)
    rows = [[*pair, nothing] for pair in measured]
    rows += [[load, nothing, value] for load, value in beyond]
    return heads, rows, {"type": "scatter", "subtype": "straight"}


def _write_chart(chart: Chart, book: Book) -> None:
    localizer = book.localizer
    title = localizer.format(chart.title)
    steps = len(chart.lines[0].values) if chart.lines else 0
    if not steps:
        return
    starts = np.array([part[0] for part in np.array_split(np.arange(steps), _POINTS) if part.size])
    moments = [
        build_moment(chart.start_ms + at * chart.step_ms, localizer) for at in starts.tolist()
    ]
    lines = [
        [CellValue(value, "", "General") for value in _find_worst(line, starts, chart)]
        for line in chart.lines
    ]
    heads = [localizer.texts("reports.column.from"), *(line.name or title for line in chart.lines)]
    values = ChartValues(title, heads, [moments, *lines])
    drawn = _draw({"type": "line"}, values, book, width=1.25)
    drawn.set_x_axis({"num_format": "m-d hh:mm", "num_font": {"size": 8}, "interval_unit": 50})
    book.place_chart(drawn, {"description": _describe(chart, title, book)})


def _find_worst(line: ChartLine, starts: Times, chart: Chart) -> list[float | None]:
    """The worst value of each part, so that a chart shows what its table says."""
    fold = np.fmin if chart.worse < 0 else np.fmax
    worst = fold.reduceat(line.values, starts) if starts.size else line.values[:0]
    return [value if math.isfinite(value) else None for value in worst.tolist()]


def _write_heat_map(heat_map: HeatMap, book: Book) -> None:
    localizer = book.localizer
    book.begin_narrow("hours of days")
    book.write_line(localizer.format(heat_map.title), "heading")
    hours = [localizer.texts.clock(t_ms, localizer.zone) for t_ms in heat_map.hours_ms]
    first = book.begin_table(["", *hours])
    for name, values in zip(heat_map.rows, heat_map.values, strict=True):
        book.write_cell(0, CellValue(name, name))
        _write_shades(values, book)
        book.row += 1
    if hours and book.row > first:
        book.sheet.conditional_format(first, 1, book.row - 1, len(hours), _SHADES)
    book.row += 1


def _write_week_heat_map(heat_map: WeekHeatMap, book: Book) -> None:
    localizer = book.localizer
    book.begin_narrow("hours")
    book.write_line(localizer.format(heat_map.title), "heading")
    first = book.begin_table(["", *map(str, range(24))])
    for day, values in enumerate(heat_map.values):
        name = localizer.texts(f"i18n.weekday.{day}")
        book.write_cell(0, CellValue(name, name))
        _write_shades(values, book)
        book.row += 1
    book.sheet.conditional_format(first, 1, book.row - 1, 24, _SHADES)
    book.row += 1


_SHADES = {"type": "2_color_scale", "min_color": "#F3F5F8", "max_color": "#17457F"}


def _write_shades(values: Values, book: Book) -> None:
    for column, value in enumerate(values.tolist(), 1):
        shown = CellValue(None if np.isnan(value) else value, "", "0.0")
        book.write_cell(column, shown, "sign")


def _write_strip(strip: DayStrip, book: Book) -> None:
    localizer = book.localizer
    book.begin_narrow("days")
    if strip.caption:
        book.write_line(localizer.format(strip.caption))
    area = localizer.texts("reports.strip.area")
    book.begin_table([area, *(str(day.day) for day in strip.days)])
    for row in strip.rows:
        name = localizer.format(row.name)
        book.write_cell(0, CellValue(name, name))
        for column, state in enumerate(row.states, 1):
            word = "" if state is None else localizer.format_state(state)
            book.write_cell(column, CellValue(word or None, word, state=state))
        book.row += 1
    book.set_width(range(1, len(strip.days) + 1), _DAY_WIDTH)
    book.row += 1


def _write_timeline(timeline: Timeline, book: Book) -> None:
    t = book.localizer.texts
    book.leave_narrow()
    book.write_line(book.localizer.format(timeline.title), "heading")
    names = ("metric", "severity", "from", "to")
    book.begin_table([t(f"reports.column.{name}") for name in names])
    for row in timeline.rows:
        for stretch in row.stretches:
            parts: tuple[Inline, ...] = (
                row.subject,
                Badge(State(stretch.severity)),
                Moment(stretch.start_ms),
                Moment(stretch.end_ms),
            )
            for column, part in enumerate(parts):
                book.write_cell(column, build_cell(part, book.localizer))
            book.row += 1
    book.row += 1


def _write_note(note: Note, book: Book) -> None:
    for line in book.localizer.format(note.text).splitlines():
        book.write_line(line)


def _write_listing(listing: Listing, book: Book) -> None:
    for remark, items in groupby(listing.items, key=lambda item: book.localizer.format(item[1])):
        names = ", ".join(book.localizer.format(name) for name, _ in items)
        book.write_line(f"{remark}: {names}")


def _write_heading(heading: Heading, book: Book) -> None:
    book.write_heading(book.localizer.format(heading.text), heading.level)


_WRITERS: Mapping[type[Block], Callable[[Any, Book], None]] = {
    Cover: _write_cover,
    BlockGroup: _write_group,
    VerdictBox: _write_verdict,
    Finding: _write_finding,
    Actions: _write_actions,
    WeekHeatMap: _write_week_heat_map,
    DayStrip: _write_strip,
    Findings: _write_findings,
    Tiles: _write_tiles,
    Table: _write_table,
    Charts: _write_charts,
    HeatMap: _write_heat_map,
    Timeline: _write_timeline,
    DayMatrix: write_matrix,
    ScoreSheet: write_scores,
    Heading: _write_heading,
    Note: _write_note,
    Listing: _write_listing,
}
