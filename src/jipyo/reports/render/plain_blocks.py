"""Blocks of the document as plain values for formats with pages: one function per type of block.

Every text is a string and never becomes markup; drawings are SVG with their colours inside.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from jipyo.analysis.thresholds import State
from jipyo.reports.charts.draw import (
    PAPER,
    Sheet,
    describe_chart,
    describe_heat_map,
    describe_week_heat_map,
    draw_charts,
    draw_heat_map,
    draw_tile_shape,
    draw_timeline,
    draw_week_heat_map,
    format_title,
)
from jipyo.reports.charts.svg import estimate_text_width
from jipyo.reports.charts.time_series import LEGEND_HEIGHT
from jipyo.reports.document import (
    Actions,
    Badge,
    Blank,
    BlockGroup,
    Charts,
    Code,
    Cover,
    DayMatrix,
    DayStrip,
    Finding,
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
    WeekHeatMap,
    list_group,
)
from jipyo.reports.look import JIPYO_LOOK
from jipyo.reports.render.columns import choose_size, find_below, plan_widths
from jipyo.reports.render.cover import list_cover_lines
from jipyo.reports.render.numbers import drop_unit, drop_units, plan_numbers
from jipyo.reports.render.runs import SIGNS, Cases, list_runs
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
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jipyo.i18n import Lang
    from jipyo.reports.document import AnyChart, Block, Inline, Mark, Phrase, Report
    from jipyo.reports.look import Look
    from jipyo.reports.render.runs import Run

Plain = dict[str, Any]
_T = TypeVar("_T")
TEXT_WIDTH_PT = 482
"""Of the page between its margins: 170 mm."""
ACROSS_WIDTH_PT = 739
"""Of a page that lies across: 261 mm."""
TABLE_PT, WIDE_TABLE_PT = 8.8, 7.2
_PARTS_OF_TIME = ("year", "month", "day", "hour", "minute", "second")
_UNBROKEN_ROWS = 5
"""A table of at most so many rows is not broken over pages."""
_BADGE_FRAME, _BADGE_SAVES = "mmmm", 7
"""Letters as wide as the mark and the frame of a badge; its own are smaller by one of so many."""
_MOST_BESIDE = 3
"""Beside so many columns and more, expressions stand below their rows."""
_WIDE_BLANK = 60
"""Words that ask for as much room as a blank to write sentences in."""
_SHORT_CODE = 40
"""Characters up to which what is for machines stands in a column."""
_SCORE_SHARES = (151, 35, 37, 36, 43, 46, 34, 34, 66)
"""Widths of a score sheet's columns in points."""


def describe_report(report: Report, lang: Lang, *, turns: bool = True) -> Plain:
    """A report in one language as plain values: what its first page says, and its blocks.

    Where the format's pages do not turn, wide sections are set for upright pages, too.
    """
    localizer = Localizer.for_period(report.period, lang)
    css = resources.files(__package__).joinpath("chart.css").read_text("utf-8")
    css = css.replace(JIPYO_LOOK.line, report.look.line)
    blocks = PlainBlocks(localizer, css, report.number, localizer.format(report.title))
    across = replace(blocks, width_pt=ACROSS_WIDTH_PT if turns else TEXT_WIDTH_PT)
    parts = list_parts(report.blocks)
    made = datetime.fromtimestamp(report.made_ms // 1000, UTC)
    name, period = localizer.format(report.title), localizer.format_period()
    return {
        "lang": lang,
        "title": f"{name} · {period}",
        "name": name,
        "period": period,
        "author": report.issuer.organisation or "jipyo",
        "system": report.issuer.name_system(lang),
        "footer": f"{report.number} · {period}",
        "made": {part: getattr(made, part) for part in _PARTS_OF_TIME},
        "about": list_cover_lines(report, localizer),
        "marking": localizer.format(report.issuer.marking) if report.issuer.marking else "",
        "organisation": report.issuer.organisation,
        "contents": localizer.texts("reports.contents"),
        "accent": report.look.accent,
        "logo": _describe_logo(report.look),
        "parts": parts,
        "blocks": [
            (across if part["landscape"] else blocks).convert(block)
            for part in parts
            for block in report.blocks[part["first"] : part["end"]]
        ],
    }


def list_parts(blocks: Sequence[Block]) -> list[Plain]:
    """From which block to which a run of pages goes: they begin anew, some across the page."""
    if not blocks:
        return []
    starts = [
        at for at, block in enumerate(blocks)
        if at == 0 or (isinstance(block, Heading) and (block.page or block.landscape))
        or isinstance(blocks[at - 1], Cover)
    ]  # fmt: skip
    return [
        {"first": first, "end": end, "landscape": getattr(blocks[first], "landscape", False)}
        for first, end in zip(starts, [*starts[1:], len(blocks)], strict=True)
    ]


def _describe_logo(look: Look) -> Plain | None:
    if look.logo is None:
        return None
    content = base64.b64decode(look.logo.base64)
    if look.logo.media_type == "image/png":
        return {"content": list(content), "format": "png"}
    try:
        # As text, so that characters without a glyph are replaced in it as in any other.
        return {"content": content.decode(), "format": "svg"}
    except UnicodeDecodeError:
        return {"content": list(content), "format": "svg"}


@dataclass(frozen=True, slots=True)
class PlainBlocks:
    """Turns the blocks of one report into plain values in one language."""

    localizer: Localizer
    chart_css: str
    number: str = ""
    """Of the document."""
    title: str = ""
    width_pt: float = TEXT_WIDTH_PT
    """Of the text on the page: more where it lies across."""

    @property
    def sheet(self) -> Sheet:
        """What drawings are drawn on."""
        return replace(PAPER, width=int(PAPER.width * self.width_pt / TEXT_WIDTH_PT))

    def convert(self, block: Block) -> Plain:
        """The block, its kind under `t`."""
        return _CONVERTERS[type(block)](self, block)

    def runs(self, part: Inline) -> list[Plain]:
        """The part as runs: `x` the text, `s` the state of a badge, `c` for code."""
        if isinstance(part, Subject) and part.target:
            name, target = part.read(self.localizer.texts.lang)
            return [{"x": f"{name} "}, {"x": target, "soft": True}]
        return [_convert_run(run) for run in list_runs(part, self.localizer)]

    def state(self, state: State, word: Phrase | None = None) -> Plain:
        """A state and its word, or another one."""
        return {"s": state.value, "w": self.localizer.format(Badge(state, word))}

    def picture(self, svg: str) -> str:
        """A drawing with its colours: no style sheet reaches into it."""
        head, tail = svg.split("><title>", 1)
        return f"{head}><style>{self.chart_css}</style><title>{tail}"


def _convert_run(run: Run) -> Plain:
    plain: Plain = {"x": run.text}
    match run.element:
        case Badge(state):
            plain["s"] = state.value
            plain["own"] = run.text[:1] in SIGNS
        case Blank(lines):
            plain["blank"] = lines
        case Code():
            plain["c"] = True
        case Cases():
            plain["soft"] = True
        case None:
            pass
        case _:
            plain["nb"] = True
    return plain


def convert_cover(to: PlainBlocks, cover: Cover) -> Plain:
    """The first page; its title and its table of contents are those of the report."""
    text = to.localizer.format
    t = to.localizer.texts
    return {
        "t": "cover",
        "title": to.title,
        "period": to.localizer.format_period(),
        "approval": t("reports.cover.approval"),
        "about": [
            (t("reports.cover.number"), to.number),
            (t("reports.cover.issue"), text(cover.issue)),
            (t("reports.cover.made_on"), text(cover.made)),
        ],
        "approvals": [
            {"step": text(one.step), "name": one.name, "at": "" if one.at is None else text(one.at)}
            for one in cover.approvals
        ],
        "rows": [(text(name), to.runs(value)) for name, value in cover.rows],
    }


def convert_group(to: PlainBlocks, group: BlockGroup) -> Plain:
    """Blocks that stay on one page."""
    return {"t": "group", "blocks": [to.convert(block) for block in list_group(group)]}


def convert_verdict(to: PlainBlocks, verdict: VerdictBox) -> Plain:
    """The report's one line and its details."""
    more = [to.runs(detail) for detail in verdict.details]
    word = to.localizer.format(Badge(verdict.state, verdict.word))
    state = {"s": verdict.state.value, "w": word}
    plain: Plain = {"t": "verdict", **state, "x": to.runs(verdict.text), "more": more}
    if verdict.score is not None:
        score = verdict.score
        parts: Mapping[str, Inline] = {"name": score.name, "value": score.value, "of": score.of}
        plain["score"] = {name: to.localizer.format(part) for name, part in parts.items()}
    return plain


def convert_finding(to: PlainBlocks, finding: Finding) -> Plain:
    """A sentence that begins a section."""
    return {
        "t": "finding",
        **to.state(finding.state, finding.word),
        "x": to.runs(finding.text),
        "more": [to.runs(detail) for detail in finding.details],
        "basis": to.runs(finding.basis),
    }


def convert_findings(to: PlainBlocks, findings: Findings) -> Plain:
    """A numbered list."""
    return {"t": "findings", "items": [convert_finding(to, one) for one in findings.items]}


def convert_actions(to: PlainBlocks, actions: Actions) -> Plain:
    """What to do, as a table."""
    return convert_table(to, build_action_table(actions))


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
            "alt": to.localizer.text("reports.tile.shape", name=to.localizer.format(tile.subject)),
            "compared": [to.runs(comparison) for comparison in tile.compared],
        }
        for tile in tiles.items
    ]
    return {"t": "tiles", "items": items}


def convert_table(to: PlainBlocks, table: Table) -> Plain:
    """A table with the widths of its columns in points."""
    columns = plan_numbers(table, to.localizer)
    rows = (*table.rows, table.totals) if table.totals else table.rows
    plain_rows = [
        [_convert_cell(to, cell, columns.units[at]) for at, cell in enumerate(row)] for row in rows
    ]
    pads = [
        [
            columns.pad(drop_unit(to.localizer.format(cell), columns.units[at]), at)
            for at, cell in enumerate(row)
        ]
        for row in rows
    ]
    fitted = [
        [_write_unbroken(runs) + pad for runs, pad in zip(*row, strict=True)]
        for row in zip(plain_rows, pads, strict=True)
    ]
    if table.totals:
        plain_rows[-1] = [
            [] if cell is None else runs
            for cell, runs in zip(table.totals, plain_rows[-1], strict=True)
        ]
    numeric = [column.numeric for column in table.columns]
    states = [_is_states(row[at] for row in table.rows) for at in range(len(numeric))]
    sizes = (WIDE_TABLE_PT if table.wide else TABLE_PT, WIDE_TABLE_PT)
    below = _find_code(table)
    if below is None:
        below = find_below(columns.heads, fitted, numeric, WIDE_TABLE_PT, to.width_pt)
    beside = [at for at in range(len(numeric)) if at != below]

    def pick(values: Sequence[_T]) -> list[_T]:
        return [values[at] for at in beside]

    cells = pick(columns.heads), [pick(row) for row in fitted], pick(numeric)
    size = choose_size(*cells, sizes, to.width_pt)
    return {
        "t": "table",
        "caption": to.runs(table.caption) if table.caption else [],
        "size": size,
        "widths": plan_widths(*cells, size, to.width_pt, pick(states)),
        "heads": cells[0],
        "numeric": cells[2],
        "states": pick(states),
        "pads": [pick(row) for row in pads],
        "rows": [pick(row) for row in plain_rows],
        "totals": bool(table.totals),
        "below": [] if below is None else [_put_below(row[below]) for row in plain_rows],
        "below-head": "" if below is None else columns.heads[below],
        "keep": len(table.rows) <= _UNBROKEN_ROWS,
    }


def _put_below(runs: Sequence[Plain]) -> list[Plain]:
    """A cell as one line; nothing where there was only a dash."""
    if [run["x"] for run in runs] == ["–"]:
        return []
    return [{**run, "x": run["x"].replace("\n", ", ")} for run in runs]


def _find_code(table: Table) -> int | None:
    """The last column where it has long expressions: these stand across the page below the rows."""
    last = len(table.columns) - 1
    codes = [row[last] for row in table.rows]
    has_code = any(isinstance(one, Code) and len(one.text) > _SHORT_CODE for one in codes)
    return last if has_code and last >= _MOST_BESIDE else None


def _convert_cell(to: PlainBlocks, cell: Inline, unit: str) -> list[Plain]:
    if not unit:
        return to.runs(cell)
    return [_convert_run(run) for run in drop_units(list_runs(cell, to.localizer), unit)]


def _is_states(cells: Iterable[Inline]) -> bool:
    """Whether a column has nothing but states and blanks, which stand in its middle."""
    found = [cell for cell in cells if cell is not None]
    return bool(found) and all(isinstance(cell, Badge | Blank) for cell in found)


def _write_unbroken(runs: Sequence[Plain]) -> str:
    """The text of a cell for measuring: what is not broken at the end of a line is one word.

    A badge has room for its mark and its frame; a blank of several lines takes all there is.
    """
    if any(run.get("blank", 1) > 1 for run in runs):
        return "m " * _WIDE_BLANK
    return "".join(
        _BADGE_FRAME + run["x"][: -(len(run["x"]) // _BADGE_SAVES) or None].replace(" ", "-")
        if "s" in run or "blank" in run
        else run["x"].replace(" ", "-" if "nb" in run else " ")
        for run in runs
    )


def convert_matrix(to: PlainBlocks, matrix: DayMatrix) -> Plain:
    """A sign for each day; days off are shaded."""
    t = to.localizer.texts
    return {
        "t": "matrix",
        "caption": to.runs(matrix.caption),
        "item": t("inspection.matrix.item"),
        "done": t("inspection.matrix.done"),
        "legend": "",
        "days": [{"n": str(day.day), "off": day in matrix.days_off} for day in matrix.days],
        "rows": [
            {
                "x": to.runs(row.name),
                "signs": [_convert_sign(cell.mark if cell else None) for cell in row.cells],
                "done": write_done(row, to.localizer),
            }
            for row in matrix.rows
        ],
    }


def _convert_sign(mark: Mark | None) -> Plain:
    return {"s": mark.value, "x": mark.sign} if mark else {"s": "", "x": ""}


def _write_strip_legend(to: PlainBlocks) -> str:
    """The signs and their states, each once."""
    states = (state for state in STRIP_MARKS if state is not State.PENDING)
    return "  ".join(
        f"{STRIP_MARKS[state].sign} {to.localizer.format_state(state)}" for state in states
    )


def convert_strip(to: PlainBlocks, strip: DayStrip) -> Plain:
    """A sign for each day, in the look of a matrix without its last column."""
    return {
        "t": "matrix",
        "caption": to.runs(strip.caption) if strip.caption else [],
        "item": to.localizer.texts("reports.strip.area"),
        "done": None,
        "legend": _write_strip_legend(to),
        "days": [{"n": str(day.day), "off": day in strip.days_off} for day in strip.days],
        "rows": [
            {
                "x": to.runs(row.name),
                "signs": [_convert_sign(STRIP_MARKS[one] if one else None) for one in row.states],
                "done": "",
            }
            for row in strip.rows
        ],
    }


def convert_scores(to: PlainBlocks, sheet: ScoreSheet) -> Plain:
    """A table of the indicators, how each is found below its name, and of their totals."""
    rows: list[list[list[Plain]]] = []
    below: list[list[Plain]] = []
    for row in sheet.rows:
        cells = list_score_cells(row, to.localizer)
        how = " · ".join(to.localizer.format(row.how).split("\n"))
        values = [
            to.runs(Blank()) if name == "value" and row.value is None else [{"x": cells[name]}]
            for name in SCORE_COLUMNS[1:-1]
        ]
        result = to.runs(build_result(row))
        rows.append([to.runs(row.name), *values, result])
        below.append([{"x": how, "small": True}])
    totals = list_total_cells(sheet, to.localizer)
    rows += [[[{"x": cells.get(name, "")}] for name in SCORE_COLUMNS] for cells in totals]
    return {
        "t": "table",
        "caption": to.runs(sheet.caption),
        "size": TABLE_PT,
        "widths": list(_SCORE_SHARES),
        "heads": [to.localizer.texts(f"contract.scores.{name}") for name in SCORE_COLUMNS],
        "numeric": [name in NUMERIC for name in SCORE_COLUMNS],
        "states": [name == "result" for name in SCORE_COLUMNS],
        "pads": None,
        "rows": rows,
        "totals": True,
        "below": [*below, *([] for _ in totals)],
        "below-head": "",
        "keep": False,
    }


def convert_charts(to: PlainBlocks, charts: Charts) -> Plain:
    """Charts side by side, each with its title and the sentence that says what it shows."""
    drawings = draw_charts(charts, to.localizer, to.sheet)
    items = [
        {
            "svg": to.picture(svg),
            "title": format_title(chart, to.localizer),
            "lift": chart.caption is None and _has_room(charts, chart, svg, to),
            "caption": [] if chart.caption is None else to.runs(chart.caption),
            "alt": describe_chart(chart, to.localizer),
        }
        for chart, svg in zip(charts.items, drawings, strict=True)
    ]
    return {"t": "charts", "columns": charts.columns, "items": items}


def _has_room(charts: Charts, chart: AnyChart, svg: str, to: PlainBlocks) -> bool:
    """Whether title and legend fit beside one another: the legend ends at the right edge."""
    keys = [float(x) for x in _KEY.findall(svg)]
    title = format_title(chart, to.localizer)
    # The title is of 8 points, the legend of 7, as all letters of a drawing.
    room = estimate_text_width(title) * 8 / 7 + 16
    rows = to.sheet.size(charts).width - room
    return bool(keys) and min(keys) > room and rows > 0 and svg.count(_SECOND_ROW) == 0


_KEY = re.compile(r'class="key [^"]*" d="M([0-9.]+) ')
_SECOND_ROW = f" {10 + LEGEND_HEIGHT - 3}h12"


def convert_week_heat_map(to: PlainBlocks, heat_map: WeekHeatMap) -> Plain:
    """A drawing across the page under its title."""
    title = describe_week_heat_map(heat_map, to.localizer)
    finding = "" if heat_map.alt is None else f". {to.localizer.format(heat_map.alt)}"
    svg = to.picture(draw_week_heat_map(heat_map, to.localizer, to.sheet.width))
    return {"t": "drawing", "title": title, "svg": svg, "alt": f"{title}{finding}"}


def convert_heat_map(to: PlainBlocks, heat_map: HeatMap) -> Plain:
    """A drawing across the page under its title."""
    title = describe_heat_map(heat_map, to.localizer)
    svg = to.picture(draw_heat_map(heat_map, to.localizer, to.sheet.width))
    return {"t": "drawing", "title": title, "svg": svg, "alt": title}


def convert_timeline(to: PlainBlocks, timeline: Timeline) -> Plain:
    """A drawing across the page, its title within."""
    svg = to.picture(draw_timeline(timeline, to.localizer, to.sheet.width))
    return {"t": "drawing", "title": "", "svg": svg, "alt": to.localizer.format(timeline.title)}


def convert_heading(to: PlainBlocks, heading: Heading) -> Plain:
    """A heading; those of level 1 are bookmarks."""
    return {
        "t": "heading",
        "landscape": heading.landscape,
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
    Cover: convert_cover,
    BlockGroup: convert_group,
    VerdictBox: convert_verdict,
    Finding: convert_finding,
    Actions: convert_actions,
    WeekHeatMap: convert_week_heat_map,
    DayStrip: convert_strip,
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
