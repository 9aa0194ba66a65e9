"""A report on a terminal: the blocks as text of a given width, Korean letters two columns wide."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from jipyo.analysis.thresholds import State
from jipyo.model.figure import Figure
from jipyo.reports.charts.draw import format_title
from jipyo.reports.document import (
    Actions,
    Badge,
    Blank,
    BlockGroup,
    Chart,
    Charts,
    Code,
    Cover,
    DayBars,
    DayMatrix,
    DayStrip,
    Finding,
    Findings,
    Heading,
    HeatMap,
    Joined,
    Listing,
    LoadCurve,
    Mark,
    Moment,
    NamedBars,
    Note,
    Quantity,
    ScoreSheet,
    Table,
    Tiles,
    Timeline,
    VerdictBox,
    WeekHeatMap,
    list_group,
)
from jipyo.reports.render.runs import list_runs
from jipyo.reports.render.scores import (
    NUMERIC,
    SCORE_COLUMNS,
    STRIP_MARKS,
    build_result,
    list_score_cells,
    list_total_cells,
    write_done,
)
from jipyo.reports.tables import build_action_table
from jipyo.reports.wording import NONE, Localizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console, RenderableType

    from jipyo.i18n import Lang
    from jipyo.model.sample import Values
    from jipyo.reports.document import AnyChart, Block, Inline, MatrixCell, Report

STYLES = {
    State.OK: "green",
    State.PENDING: "yellow",
    State.WARNING: "yellow",
    State.CRITICAL: "bold red",
    State.UNKNOWN: "magenta",
}
_MARK_STYLES = {
    Mark.NORMAL: "green",
    Mark.MARKED: "bold yellow",
    Mark.ABNORMAL: "bold red",
    Mark.NOT_INSPECTED: "bold magenta",
}
_DAY_WIDTH = 3
_LEAST = 11
"""A table whose columns cannot be so wide is written row by row."""
_DONE_WIDTH = 7
_NAME_WIDTH = 26
"""Most columns of an item's name beside its days."""
_LEAST_NAME_WIDTH = 18
"""From so many left on, all days of a month stand side by side."""
_BARS = "▁▂▃▄▅▆▇█"
_SPARKS = 60


def print_report(report: Report, lang: Lang, console: Console) -> None:
    """Print title, period and blocks at the width of the console."""
    localizer = Localizer.for_period(report.period, lang)
    title = f"{localizer.format(report.title)}  {localizer.format_period()}"
    about = " · ".join(
        filter(None, (report.issuer.organisation, report.issuer.name_system(lang), report.number))
    )
    console.print(Text(title, style="bold"))
    console.print(Text(about, style="dim"))
    for block in report.blocks:
        console.print(build_text(block, localizer, console.width))


def build_text(block: Block, localizer: Localizer, width: int) -> RenderableType:
    """A block as something that rich prints."""
    return _WRITERS[type(block)](block, localizer, width)


def write_inline(part: Inline, localizer: Localizer) -> Text:
    """A part with badges in the colours of their states, and figures that stand out."""
    text = Text()
    for run in list_runs(part, localizer):
        match run.element:
            case Badge(state):
                text.append(run.text, STYLES[state])
            case Figure() | Quantity():
                text.append(run.text, "bold")
            case Blank():
                text.append(f"[{run.text}]", "magenta")
            case Code():
                text.append(run.text, "cyan")
            case _:
                text.append(run.text)
    return text


def _write_verdict(verdict: VerdictBox, localizer: Localizer, _: int) -> RenderableType:
    badge = write_inline(Badge(verdict.state, verdict.word), localizer)
    line = Text.assemble(badge, "  ", write_inline(verdict.text, localizer))
    details = (
        Text.assemble("  ", write_inline(detail, localizer), style="dim")
        for detail in verdict.details
    )
    return Padding(Group(line, *details), (1, 0, 0, 0))


def _write_cover(cover: Cover, localizer: Localizer, _: int) -> RenderableType:
    grid = _build_grid((("", False), ("", False)))
    grid.show_header = False
    t = localizer.texts
    about = ((t("reports.cover.issue"), cover.issue), (t("reports.cover.made_on"), cover.made))
    steps = (
        (one.step, Joined((one.name or NONE, one.at)) if one.at else one.name or NONE)
        for one in cover.approvals
    )
    for name, value in (*about, *steps, *cover.rows):
        grid.add_row(Text(localizer.format(name), style="dim"), write_inline(value, localizer))
    return grid


def _write_group(group: BlockGroup, localizer: Localizer, width: int) -> RenderableType:
    return Group(*(build_text(block, localizer, width) for block in list_group(group)))


def _write_finding(finding: Finding, localizer: Localizer, _: int) -> RenderableType:
    line = Text.assemble(
        write_inline(Badge(finding.state, finding.word), localizer),
        " ",
        write_inline(finding.text, localizer),
    )
    parts = (part for part in (*finding.details, finding.basis) if part is not None)
    details = [write_inline(part, localizer) for part in parts]
    return Group(line, Padding(Text(" ").join(details), (0, 0, 0, 3), style="dim"))


def _write_actions(actions: Actions, localizer: Localizer, width: int) -> RenderableType:
    return _write_table(build_action_table(actions), localizer, width)


def _write_findings(findings: Findings, localizer: Localizer, _: int) -> RenderableType:
    lines: list[RenderableType] = []
    for number, finding in enumerate(findings.items, 1):
        lines.append(
            Text.assemble(
                (f"{number}. ", STYLES[finding.state]), write_inline(finding.text, localizer)
            )
        )
        details = [write_inline(part, localizer) for part in (*finding.details, finding.basis)]
        lines += [Padding(Text(" ").join(details), (0, 0, 0, 3), style="dim")]
    return Group(*lines)


def _build_grid(headings: Iterable[tuple[str, bool]]) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading, numeric in headings:
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    return grid


def _write_tiles(tiles: Tiles, localizer: Localizer, _: int) -> RenderableType:
    grid = _build_grid((("", False), ("", True), ("", False), ("", False), ("", False)))
    grid.show_header = False
    for tile in tiles.items:
        grid.add_row(
            write_inline(tile.subject, localizer),
            write_inline(tile.figure, localizer),
            write_inline(None if tile.state is None else Badge(tile.state), localizer),
            draw_spark(tile.shape, 24),
            Text(localizer.format(tile.note), style="dim"),
        )
    return grid


def _write_table(table: Table, localizer: Localizer, width: int) -> RenderableType:
    rows = [[write_inline(cell, localizer) for cell in row] for row in table.rows]
    totals = [write_inline(cell, localizer) for cell in table.totals]
    titles = [(localizer.format(column.title), column.numeric) for column in table.columns]
    grid = _build_grid(titles)
    widths = [
        max(cell_len(line) for cell in cells for line in cell.plain.splitlines() or [""])
        for cells in zip(
            [Text(title) for title, _ in titles], *rows, *([totals] if totals else []), strict=True
        )
    ]
    shared = share_width(widths, width)
    if any(own < min(natural, _LEAST) for own, natural in zip(shared, widths, strict=True)):
        records = [_write_record(titles, row) for row in (*rows, *([totals] if totals else []))]
        return Group(Text(localizer.format(table.caption), style="dim"), *records)
    for column, column_width in zip(grid.columns, shared, strict=True):
        column.width = column_width
    for row in rows:
        grid.add_row(*row)
    if totals:
        grid.add_row(*totals, style="bold")
    return Group(Text(localizer.format(table.caption), style="dim"), grid)


def _write_record(titles: Sequence[tuple[str, bool]], cells: Sequence[Text]) -> RenderableType:
    """A row of a table that is too wide: its cells one after another, each with its heading."""
    first, *rest = cells
    line = Text(" · ").join(
        Text.assemble((f"{title} ", "dim"), _flatten(cell))
        for (title, _), cell in zip(titles[1:], rest, strict=True)
        if cell.plain != NONE
    )
    return Group(Text.assemble((first.plain, "bold")), Padding(line, (0, 0, 0, 2)))


def _flatten(text: Text) -> Text:
    """The text on one line."""
    return Text(", ").join(text.split("\n"))


def share_width(widths: Sequence[int], width: int) -> list[int]:
    """Widths of columns that fit: the narrow ones whole, the others share what they leave."""
    left = width - 2 * (len(widths) - 1)
    shared = dict(enumerate(widths))
    while shared and sum(shared.values()) > left:
        fair = left // len(shared)
        narrow = {at: size for at, size in shared.items() if size <= fair}
        if not narrow:
            weights = {at: math.sqrt(size) for at, size in shared.items()}
            part = left / sum(weights.values())
            return [
                int(weights[at] * part) if at in shared else size for at, size in enumerate(widths)
            ]
        left -= sum(narrow.values())
        shared = {at: size for at, size in shared.items() if at not in narrow}
    return list(widths)


def _write_charts(charts: Charts, localizer: Localizer, width: int) -> RenderableType:
    lines: list[RenderableType] = []
    for chart in charts.items:
        lines.append(Text(format_title(chart, localizer), style="bold"))
        if chart.caption is not None:
            lines.append(Text(localizer.format(chart.caption), style="dim"))
        grid = _build_grid((("", False), ("", False), ("", False)))
        grid.show_header = False
        for name, values in _list_lines(chart, localizer):
            spark = draw_spark(values, min(_SPARKS, max(width - 40, 20)))
            grid.add_row(name, spark, _describe_range(values, chart.unit, localizer))
        lines.append(grid)
    return Group(*lines)


def _list_lines(chart: AnyChart, localizer: Localizer) -> list[tuple[str, Values]]:
    """What a chart shows as lines of bars, with their names."""
    match chart:
        case Chart():
            return [(line.name, line.values) for line in chart.lines]
        case DayBars() | LoadCurve():
            return [("", chart.values)]
        case NamedBars():
            names = map(localizer.format, (bar.name for bar in chart.bars))
            values = (np.array([bar.value]) for bar in chart.bars)
            return list(zip(names, values, strict=True))


def _write_week_heat_map(heat_map: WeekHeatMap, localizer: Localizer, width: int) -> RenderableType:
    """The hours of each weekday as a line of bars, and their range."""
    del width
    grid = _build_grid((("", False), ("", False), ("", False)))
    grid.show_header = False
    for day, values in enumerate(heat_map.values):
        name = localizer.texts(f"i18n.weekday.{day}")
        grid.add_row(
            name, draw_spark(values, 24), _describe_range(values, heat_map.unit, localizer)
        )
    return Group(Text(localizer.format(heat_map.title), style="bold"), grid)


def _write_strip(strip: DayStrip, localizer: Localizer, _: int) -> RenderableType:
    grid = _build_grid((("", False), ("", False)))
    grid.show_header = False
    for row in strip.rows:
        signs = Text()
        for state in row.states:
            mark = STRIP_MARKS[state] if state else None
            signs.append(mark.sign if mark else " ", _MARK_STYLES[mark] if mark else "")
        grid.add_row(localizer.format(row.name), signs)
    return Group(Text(localizer.format(strip.caption), style="dim"), grid)


def _describe_range(values: Values, unit: str, localizer: Localizer) -> str:
    if np.isnan(values).all():
        return localizer.texts("i18n.no_data")
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return f"{localizer.texts.number(low, unit)} – {localizer.texts.number(high, unit)}"


def draw_spark(values: Values, width: int) -> str:
    """The greatest value of each of `width` parts as a bar; a blank where there is none."""
    parts = [part for part in np.array_split(np.asarray(values, float), width) if len(part)]
    peaks = [float(np.nanmax(part)) if not np.isnan(part).all() else np.nan for part in parts]
    if all(map(np.isnan, peaks)):
        return " " * len(peaks)
    low, high = float(np.nanmin(peaks)), float(np.nanmax(peaks))
    size = (high - low) or 1.0
    return "".join(
        " " if np.isnan(peak) else _BARS[round((peak - low) / size * (len(_BARS) - 1))]
        for peak in peaks
    )


def _write_heat_map(heat_map: HeatMap, localizer: Localizer, _: int) -> RenderableType:
    grid = _build_grid((("", False), ("", False), ("", False)))
    grid.show_header = False
    for name, values in zip(heat_map.rows, heat_map.values, strict=True):
        spark = draw_spark(values, len(values))
        grid.add_row(name, spark, _describe_range(values, heat_map.unit, localizer))
    return Group(Text(localizer.format(heat_map.title), style="bold"), grid)


def _write_timeline(timeline: Timeline, localizer: Localizer, _: int) -> RenderableType:
    grid = _build_grid((("", False), ("", False), ("", False), ("", False)))
    grid.show_header = False
    for row in timeline.rows:
        for stretch in row.stretches:
            grid.add_row(
                write_inline(row.subject, localizer),
                write_inline(Badge(State(stretch.severity)), localizer),
                localizer.format(Moment(stretch.start_ms)),
                localizer.format(Moment(stretch.end_ms)),
            )
    return Group(Text(localizer.format(timeline.title), style="bold"), grid)


def _write_matrix(matrix: DayMatrix, localizer: Localizer, width: int) -> RenderableType:
    """All days in one row where the terminal is wide enough, else in parts below one another."""
    names = [localizer.format(row.name) for row in matrix.rows]
    whole = width - _DAY_WIDTH * len(matrix.days) - _DONE_WIDTH
    most = whole if whole >= _LEAST_NAME_WIDTH else _NAME_WIDTH
    name_width = min(max(map(cell_len, names), default=0), most)
    per_part = max((width - name_width - _DONE_WIDTH) // _DAY_WIDTH, 7)
    count = -(-len(matrix.days) // per_part)
    per_part = -(-len(matrix.days) // count)
    parts = [
        _build_matrix_part(matrix, names, range(start, min(start + per_part, len(matrix.days))),
                           localizer, name_width)
        for start in range(0, len(matrix.days), per_part)
    ]  # fmt: skip
    return Group(*parts)


def _build_matrix_part(
    matrix: DayMatrix, names: Sequence[str], days: range, localizer: Localizer, name_width: int
) -> Grid:
    t = localizer.texts
    grid = Grid(box=None, pad_edge=False, padding=0, header_style="dim")
    grid.add_column(t("inspection.matrix.item"), width=name_width, overflow="fold")
    for at in days:
        day = matrix.days[at]
        style = "dim italic" if day in matrix.days_off else ""
        grid.add_column(
            Text(str(day.day), style=style), width=_DAY_WIDTH, justify="right", no_wrap=True
        )
    is_last = days.stop == len(matrix.days)
    grid.add_column(
        t("inspection.matrix.done") if is_last else "", width=_DONE_WIDTH, justify="right"
    )
    for name, row in zip(names, matrix.rows, strict=True):
        done = write_done(row, localizer) if is_last else ""
        grid.add_row(name, *(_write_mark(row.cells[at]) for at in days), done)
    return grid


def _write_mark(cell: MatrixCell | None) -> Text:
    return Text("") if cell is None else Text(cell.mark.sign, style=_MARK_STYLES[cell.mark])


def _write_scores(sheet: ScoreSheet, localizer: Localizer, _: int) -> RenderableType:
    t = localizer.texts
    grid = _build_grid((t(f"contract.scores.{name}"), name in NUMERIC) for name in SCORE_COLUMNS)
    for row in sheet.rows:
        cells = list_score_cells(row, localizer)
        name = write_inline(row.name, localizer)
        name.append(f"\n{localizer.format(row.how)}", style="dim")
        values = (Text(cells[column]) for column in SCORE_COLUMNS[1:-1])
        grid.add_row(name, *values, write_inline(build_result(row), localizer))
    for totals in list_total_cells(sheet, localizer):
        grid.add_row(*(totals.get(column, "") for column in SCORE_COLUMNS), style="bold")
    return grid


def _write_heading(heading: Heading, localizer: Localizer, _: int) -> RenderableType:
    style = "bold cyan" if heading.level == 1 else "bold"
    return Padding(Text(localizer.format(heading.text), style=style), (1, 0, 0, 0))


def _write_note(note: Note, localizer: Localizer, _: int) -> RenderableType:
    text = write_inline(note.text, localizer)
    text.style = "dim" if note.state is None else STYLES[note.state]
    return text


def _write_listing(listing: Listing, localizer: Localizer, _: int) -> RenderableType:
    lines: list[RenderableType] = []
    for remark, items in groupby(listing.items, key=lambda item: localizer.format(item[1])):
        names = ", ".join(localizer.format(name) for name, _ in items)
        lines.append(Text.assemble((f"{remark}: ", "bold"), names))
    return Group(*lines)


_WRITERS: Mapping[type[Block], Callable[[Any, Localizer, int], RenderableType]] = {
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
    DayMatrix: _write_matrix,
    ScoreSheet: _write_scores,
    Heading: _write_heading,
    Note: _write_note,
    Listing: _write_listing,
}
