"""Blocks of the document as plain values for formats with pages: one function per type of block.

Every text is a string and never becomes markup; drawings are SVG with their colours inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jipyo.reports.charts.draw import (
    describe_heat_map,
    draw_chart,
    draw_heat_map,
    draw_tile_shape,
    draw_timeline,
)
from jipyo.reports.document import (
    Badge,
    Charts,
    Code,
    DayMatrix,
    Findings,
    Heading,
    HeatMap,
    Listing,
    Note,
    ScoreSheet,
    Subject,
    Table,
    Tiles,
    Timeline,
    VerdictBox,
)
from jipyo.reports.render.columns import plan_widths
from jipyo.reports.render.cover import list_cover_lines
from jipyo.reports.render.runs import Cases, list_runs
from jipyo.reports.render.scores import (
    NUMERIC,
    SCORE_COLUMNS,
    build_result,
    list_score_cells,
    list_total_cells,
    write_done,
)
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.analysis.thresholds import State
    from jipyo.i18n import Lang
    from jipyo.reports.document import Block, Inline, Report
    from jipyo.reports.render.runs import Run

Plain = dict[str, Any]
TEXT_WIDTH_PT = 482
"""Of the page between its margins: 170 mm."""
TABLE_PT, WIDE_TABLE_PT = 8.6, 7.2
_PARTS_OF_TIME = ("year", "month", "day", "hour", "minute", "second")
_UNBROKEN_ROWS = 12
"""A table of at most so many rows is not broken over pages."""
_SIGNS = frozenset("○△×–▲■")
"""A badge that begins with one of these needs no mark of its state."""
_SCORE_SHARES = (152, 26, 34, 40, 40, 44, 44, 40, 62)
"""Widths of a score sheet's columns in points."""


def describe_report(report: Report, lang: Lang) -> Plain:
    """A report in one language as plain values: what its first page says, and its blocks."""
    localizer = Localizer.for_period(report.period, lang)
    css = resources.files(__package__).joinpath("chart.css").read_text("utf-8")
    blocks = PlainBlocks(localizer, css)
    made = datetime.fromtimestamp(report.made_ms // 1000, UTC)
    name, period = localizer.format(report.title), localizer.format_period()
    return {
        "lang": lang,
        "title": f"{name} · {period}",
        "name": name,
        "period": period,
        "author": report.issuer.organisation or "jipyo",
        "system": report.issuer.system,
        "footer": f"{report.number} · {period}",
        "made": {part: getattr(made, part) for part in _PARTS_OF_TIME},
        "about": list_cover_lines(report, localizer),
        "blocks": [blocks.convert(block) for block in report.blocks],
    }


@dataclass(frozen=True, slots=True)
class PlainBlocks:
    """Turns the blocks of one report into plain values in one language."""

    localizer: Localizer
    chart_css: str

    def convert(self, block: Block) -> Plain:
        """The block, its kind under `t`."""
        return _CONVERTERS[type(block)](self, block)

    def runs(self, part: Inline) -> list[Plain]:
        """The part as runs: `x` the text, `s` the state of a badge, `c` for code."""
        if isinstance(part, Subject) and part.target:
            name = self.localizer.format(part.name)
            return [{"x": f"{name} "}, {"x": part.target, "soft": True}]
        return [_convert_run(run) for run in list_runs(part, self.localizer)]

    def state(self, state: State) -> Plain:
        """A state and its word."""
        return {"s": state.value, "w": self.localizer.format_state(state)}

    def picture(self, svg: str) -> str:
        """A drawing with its colours: no style sheet reaches into it."""
        head, tail = svg.split("><title>", 1)
        return f"{head}><style>{self.chart_css}</style><title>{tail}"


def _convert_run(run: Run) -> Plain:
    plain: Plain = {"x": run.text}
    match run.element:
        case Badge(state):
            plain["s"] = state.value
            plain["own"] = run.text[:1] in _SIGNS
        case Code():
            plain["c"] = True
        case Cases():
            plain["soft"] = True
        case _:
            pass
    return plain


def convert_verdict(to: PlainBlocks, verdict: VerdictBox) -> Plain:
    """The report's one line and its details."""
    more = [to.runs(detail) for detail in verdict.details]
    word = to.localizer.format(Badge(verdict.state, verdict.word))
    state = {"s": verdict.state.value, "w": word}
    return {"t": "verdict", **state, "x": to.runs(verdict.text), "more": more}


def convert_findings(to: PlainBlocks, findings: Findings) -> Plain:
    """A numbered list."""
    items = [
        {
            **to.state(finding.state),
            "x": to.runs(finding.text),
            "more": [to.runs(detail) for detail in finding.details],
            "basis": to.runs(finding.basis),
        }
        for finding in findings.items
    ]
    return {"t": "findings", "items": items}


def convert_tiles(to: PlainBlocks, tiles: Tiles) -> Plain:
    """Key figures; the cases of a proportion stand below it."""
    items = [
        {
            "s": tile.state.value if tile.state else "plain",
            "w": to.localizer.format_state(tile.state) if tile.state else "",
            "name": to.runs(tile.subject),
            "value": to.runs(replace(tile.figure, proportion=None)),
            "how": to.localizer.format(tile.note),
            "cases": to.localizer.describe_cases(tile.figure),
            "svg": to.picture(draw_tile_shape(tile, to.localizer)),
            "alt": to.localizer.texts("reports.tile.shape", name=to.localizer.format(tile.subject)),
            "compared": [to.runs(comparison) for comparison in tile.compared],
        }
        for tile in tiles.items
    ]
    return {"t": "tiles", "items": items}


def convert_table(to: PlainBlocks, table: Table) -> Plain:
    """A table with the widths of its columns in points."""
    size = WIDE_TABLE_PT if table.wide else TABLE_PT
    text = to.localizer.format
    heads = [text(column.title) for column in table.columns]
    rows = (*table.rows, table.totals) if table.totals else table.rows
    texts = [[_fill_badge(text(cell), cell) for cell in row] for row in rows]
    numeric = [column.numeric for column in table.columns]
    return {
        "t": "table",
        "caption": to.runs(table.caption),
        "size": size,
        "widths": plan_widths(heads, texts, numeric, size, TEXT_WIDTH_PT),
        "heads": heads,
        "numeric": numeric,
        "rows": [[to.runs(cell) for cell in row] for row in rows],
        "totals": bool(table.totals),
        "keep": len(table.rows) <= _UNBROKEN_ROWS,
    }


def _fill_badge(text: str, cell: Inline) -> str:
    """A text as wide as the cell is: a badge is one word, with its mark and its frame."""
    return f"mmmm{text.replace(' ', '-')}" if isinstance(cell, Badge) else text


def convert_matrix(to: PlainBlocks, matrix: DayMatrix) -> Plain:
    """A sign for each day; days off are shaded."""
    t = to.localizer.texts
    return {
        "t": "matrix",
        "caption": to.runs(matrix.caption),
        "item": t("inspection.matrix.item"),
        "done": t("inspection.matrix.done"),
        "days": [{"n": str(day.day), "off": day in matrix.days_off} for day in matrix.days],
        "rows": [
            {
                "x": to.runs(row.name),
                "signs": [
                    {"s": cell.mark.value, "x": cell.mark.sign} if cell else {"s": "", "x": ""}
                    for cell in row.cells
                ],
                "done": write_done(row, to.localizer),
            }
            for row in matrix.rows
        ],
    }


def convert_scores(to: PlainBlocks, sheet: ScoreSheet) -> Plain:
    """A table of the indicators, how each is found below its name, and of their totals."""
    rows: list[list[list[Plain]]] = []
    for row in sheet.rows:
        cells = list_score_cells(row, to.localizer)
        how = {"x": f"\n{to.localizer.format(row.how)}", "soft": True}
        values = [[{"x": cells[name]}] for name in SCORE_COLUMNS[1:-1]]
        rows.append([[*to.runs(row.name), how], *values, to.runs(build_result(row))])
    totals = list_total_cells(sheet, to.localizer)
    rows += [[[{"x": cells.get(name, "")}] for name in SCORE_COLUMNS] for cells in totals]
    return {
        "t": "table",
        "caption": to.runs(sheet.caption),
        "size": TABLE_PT,
        "widths": list(_SCORE_SHARES),
        "heads": [to.localizer.texts(f"contract.scores.{name}") for name in SCORE_COLUMNS],
        "numeric": [name in NUMERIC for name in SCORE_COLUMNS],
        "rows": rows,
        "totals": True,
        "keep": False,
    }


def convert_charts(to: PlainBlocks, charts: Charts) -> Plain:
    """Charts two by two, each with its title and the sentence that says what it shows."""
    items = [
        {
            "svg": to.picture(draw_chart(chart, to.localizer)),
            "title": to.localizer.format(chart.title),
            "caption": to.runs(chart.caption),
            "alt": f"{to.localizer.format(chart.title)}. {to.localizer.format(chart.caption)}",
        }
        for chart in charts.items
    ]
    return {"t": "charts", "items": items}


def convert_heat_map(to: PlainBlocks, heat_map: HeatMap) -> Plain:
    """A drawing across the page under its title."""
    title = describe_heat_map(heat_map, to.localizer)
    svg = to.picture(draw_heat_map(heat_map, to.localizer))
    return {"t": "drawing", "title": title, "svg": svg, "alt": title}


def convert_timeline(to: PlainBlocks, timeline: Timeline) -> Plain:
    """A drawing across the page, its title within."""
    svg = to.picture(draw_timeline(timeline, to.localizer))
    return {"t": "drawing", "title": "", "svg": svg, "alt": to.localizer.format(timeline.title)}


def convert_heading(to: PlainBlocks, heading: Heading) -> Plain:
    """A heading; those of level 1 are bookmarks."""
    return {
        "t": "heading",
        "level": heading.level,
        "page": heading.page,
        "x": to.localizer.format(heading.text),
    }


def convert_note(to: PlainBlocks, note: Note) -> Plain:
    """A paragraph, coloured where it has a state."""
    state = note.state.value if note.state else "plain"
    return {"t": "note", "s": state, "x": to.runs(note.text)}


def convert_listing(to: PlainBlocks, listing: Listing) -> Plain:
    """Items under their remark; neighbours with the same remark share it."""
    groups = groupby(listing.items, key=lambda item: to.localizer.format(item[1]))
    items = [
        {"k": remark, "v": [to.localizer.format(name) for name, _ in names]}
        for remark, names in groups
    ]
    return {"t": "listing", "items": items}


_CONVERTERS: Mapping[type[Block], Callable[[PlainBlocks, Any], Plain]] = {
    VerdictBox: convert_verdict,
    Findings: convert_findings,
    Tiles: convert_tiles,
    Table: convert_table,
    Charts: convert_charts,
    HeatMap: convert_heat_map,
    Timeline: convert_timeline,
    DayMatrix: convert_matrix,
    ScoreSheet: convert_scores,
    Heading: convert_heading,
    Note: convert_note,
    Listing: convert_listing,
}
