"""Blocks of the document as HTML: one function per type of block."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jipyo.reports.charts.draw import (
    SCREEN,
    describe_heat_map,
    describe_week_heat_map,
    draw_charts,
    draw_heat_map,
    draw_tile_shape,
    draw_timeline,
    draw_week_heat_map,
    format_title,
)
from jipyo.reports.charts.svg import escape_text
from jipyo.reports.document import (
    Actions,
    Badge,
    Blank,
    BlockGroup,
    Charts,
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
    Table,
    Tile,
    Tiles,
    Timeline,
    VerdictBox,
    WeekHeatMap,
    list_group,
)
from jipyo.reports.render.numbers import drop_unit, plan_numbers
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from jipyo.analysis.thresholds import State
    from jipyo.reports.document import Block, Inline, MatrixCell, Phrase, ScoreRow
    from jipyo.reports.render.html.inline import InlineHtml
    from jipyo.reports.render.numbers import NumberColumns

_UNBROKEN_ROWS = 12
"""A table of at most so many rows is not broken over pages."""


def write_block(block: Block, inline: InlineHtml) -> str:
    """The block as HTML."""
    return _WRITERS[type(block)](block, inline)


def _write_badge(state: State, inline: InlineHtml, word: Phrase | None = None) -> str:
    return inline.write(Badge(state, word))


def write_cover(cover: Cover, inline: InlineHtml) -> str:
    """Who drafted, reviewed and approved it, with room to sign, and what it is about."""
    t = inline.localizer.texts
    steps = "".join(f'<th scope="col">{inline.write(one.step)}</th>' for one in cover.approvals)
    signs = "".join(f"<td>{escape_text(one.name)}</td>" for one in cover.approvals)
    dates = "".join(
        f"<td>{'' if one.at is None else inline.write(one.at)}</td>" for one in cover.approvals
    )
    approval = escape_text(t("reports.cover.approval"))
    about = ((t("reports.cover.issue"), cover.issue), (t("reports.cover.made_on"), cover.made))
    rows = "".join(
        f"<div><dt>{inline.write(name)}</dt><dd>{inline.write(value)}</dd></div>"
        for name, value in (*about, *cover.rows)
    )
    box = (
        f'<table class="approval"><caption>{approval}</caption>'
        f"<thead><tr>{steps}</tr></thead><tbody>"
        f'<tr class="sign">{signs}</tr><tr class="at">{dates}</tr></tbody></table>'
    )
    return f'<section class="about">{box if steps else ""}<dl>{rows}</dl></section>\n'


def write_group(group: BlockGroup, inline: InlineHtml) -> str:
    """Blocks that stay on one page."""
    blocks = "".join(write_block(block, inline) for block in list_group(group))
    return f'<div class="group">{blocks}</div>\n'


def write_verdict(verdict: VerdictBox, inline: InlineHtml) -> str:
    """The report's one line, its state in front, and below it what must be known with it."""
    details = "".join(f"<li>{inline.write(detail)}</li>" for detail in verdict.details)
    score = ""
    if verdict.score is not None:
        one = verdict.score
        score = (
            f'<p class="score"><span>{inline.write(one.name)}</span> '
            f"<b>{inline.write(one.value)}</b> {inline.write(one.of)}</p>"
        )
    return (
        f'<section class="verdict {verdict.state.value}">{score}<p class="line">'
        f"{_write_badge(verdict.state, inline, verdict.word)} "
        f"<strong>{inline.write(verdict.text)}</strong></p><ul>{details}</ul></section>\n"
    )


def write_finding(finding: Finding, inline: InlineHtml) -> str:
    """A sentence that begins a section."""
    badge = _write_badge(finding.state, inline, finding.word)
    return (
        f'<div class="finding {finding.state.value}">'
        f'<p class="what">{badge} {inline.write(finding.text)}</p>'
        f"{_write_more(finding, inline)}</div>\n"
    )


def _write_more(finding: Finding, inline: InlineHtml) -> str:
    more = " ".join(map(inline.write, finding.details))
    basis = "" if finding.basis is None else inline.write(finding.basis)
    return (f'<p class="more">{more}</p>' if more else "") + (
        f'<p class="basis">{basis}</p>' if basis else ""
    )


def write_actions(actions: Actions, inline: InlineHtml) -> str:
    """What to do, as a table."""
    return write_table(build_action_table(actions), inline)


def write_findings(findings: Findings, inline: InlineHtml) -> str:
    """A numbered list."""
    items = "".join(
        f'<li class="{finding.state.value}"><p class="what">{inline.write(finding.text)}</p>'
        f"{_write_more(finding, inline)}</li>"
        for finding in findings.items
    )
    return f'<ol class="findings">{items}</ol>\n'


def write_tiles(tiles: Tiles, inline: InlineHtml) -> str:
    """The tiles in a grid."""
    return f'<div class="tiles">{"".join(write_tile(tile, inline) for tile in tiles.items)}</div>\n'


def write_tile(tile: Tile, inline: InlineHtml) -> str:
    """One key figure with its state, its comparisons and how it moved."""
    state = tile.state.value if tile.state else "none"
    badge = _write_badge(tile.state, inline) if tile.state else ""
    compared = "".join(f"<li>{inline.write(comparison)}</li>" for comparison in tile.compared)
    # The cases of a proportion stand below it: beside the large number they have no room.
    cases = escape_text(inline.localizer.describe_cases(tile.figure))
    value = inline.write(replace(tile.figure, proportion=None))
    return (
        f'<div class="tile {state}"><p class="name">{inline.write_subject(tile.subject)}</p>'
        f'<p class="value">{value}{badge}</p>'
        f'<p class="how">{inline.write(tile.note)}{f"<br>{cases}" if cases else ""}</p>'
        f"{draw_tile_shape(tile, inline.localizer)}<ul>{compared}</ul></div>"
    )


def write_table(table: Table, inline: InlineHtml) -> str:
    """A table in a region that scrolls sideways; the first cell of a row is its heading."""
    columns = plan_numbers(table, inline.localizer)
    head = "".join(
        f'<th scope="col"{_align(column.numeric)}>{escape_text(text)}</th>'
        for column, text in zip(table.columns, columns.heads, strict=True)
    )
    rows = [_write_row(row, table, columns, inline) for row in table.rows]
    if table.totals:
        totals = tuple("" if cell is None else cell for cell in table.totals)
        total = _write_row(totals, table, columns, inline)
        rows.append(total.replace("<tr>", '<tr class="total">', 1))
    region = "scroll short" if len(table.rows) <= _UNBROKEN_ROWS else "scroll"
    wide = ' class="wide"' if table.wide else ""
    caption = inline.write(table.caption) if table.caption else ""
    # A region needs a name: that of the first column where the table has no caption.
    label = f'aria-label="{escape_text(columns.heads[0])}"'
    name = f' aria-labelledby="{table.id}-caption"' if caption else f" {label}"
    return (
        f'<div class="{region}" tabindex="0" role="group"{name}>'
        f'<table id="{table.id}-table"{wide}>'
        + (f'<caption id="{table.id}-caption">{caption}</caption>' if caption else "")
        + f"<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table></div>\n"
    )


def _align(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _write_row(
    row: tuple[Inline, ...], table: Table, columns: NumberColumns, inline: InlineHtml
) -> str:
    """The cells of a row, numbers on their decimal points: what one lacks is room behind it."""
    cells: list[str] = []
    for at, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
        unit = columns.units[at]
        text = drop_unit(inline.localizer.format(cell), unit)
        missing = len(columns.pad(text, at))
        pad = f'<span class="pad{min(missing, 6)}"></span>' if missing else ""
        content = f"{inline.write_cell(cell, unit)}{pad}"
        cells.append(
            f"<td{_align(column.numeric)}>{content}</td>"
            if at
            else f'<th scope="row">{content}</th>'
        )
    return f"<tr>{''.join(cells)}</tr>\n"


def write_matrix(matrix: DayMatrix, inline: InlineHtml) -> str:
    """A sign for each day, with the sentence behind it in its tooltip; days off are shaded."""
    t = inline.localizer.texts
    off = ["off" if day in matrix.days_off else "" for day in matrix.days]
    head = "".join(
        f'<th scope="col" class="{css}">{day.day}</th>'
        for day, css in zip(matrix.days, off, strict=True)
    )
    rows = "".join(
        f'<tr><th scope="row">{inline.write(row.name)}</th>'
        + "".join(map(partial(_write_mark, inline=inline), row.cells, matrix.days, off))
        + f'<td class="n">{escape_text(write_done(row, inline.localizer))}</td></tr>\n'
        for row in matrix.rows
    )
    return (
        f'<div class="scroll short" tabindex="0" role="group" '
        f'aria-labelledby="{matrix.id}-caption">'
        f'<table id="{matrix.id}-table" class="matrix"><caption id="{matrix.id}-caption">'
        f"{inline.write(matrix.caption)}</caption><thead><tr>"
        f'<th scope="col">{escape_text(t("inspection.matrix.item"))}</th>{head}'
        f'<th scope="col" class="n">{escape_text(t("inspection.matrix.done"))}</th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def _write_mark(cell: MatrixCell | None, day: date, off: str, inline: InlineHtml) -> str:
    if cell is None:
        return f'<td class="{off}"></td>'
    localizer = inline.localizer
    word = localizer.texts(f"inspection.mark.{cell.mark.value}")
    title = f"{localizer.texts.short_day(day)} {word}: {localizer.format(cell.text)}"
    return (
        f'<td class="{cell.mark.value} {off}" title="{escape_text(title)}">'
        f'<span aria-label="{escape_text(word)}">{cell.mark.sign}</span></td>'
    )


def write_strip(strip: DayStrip, inline: InlineHtml) -> str:
    """A sign for each day with its state in words; days off are shaded."""
    off = ["off" if day in strip.days_off else "" for day in strip.days]
    head = "".join(
        f'<th scope="col" class="{css}">{day.day}</th>'
        for day, css in zip(strip.days, off, strict=True)
    )
    rows = "".join(
        f'<tr><th scope="row">{inline.write(row.name)}</th>'
        + "".join(map(partial(_write_state, inline=inline), row.states, off))
        + "</tr>\n"
        for row in strip.rows
    )
    area = escape_text(inline.localizer.texts("reports.strip.area"))
    return (
        '<div class="scroll short" tabindex="0" role="group" '
        f'aria-labelledby="{strip.id}-caption">'
        f'<table id="{strip.id}-table" class="matrix strip"><caption id="{strip.id}-caption">'
        f'{inline.write(strip.caption)}</caption><thead><tr><th scope="col">{area}</th>{head}'
        f"</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _write_state(state: State | None, off: str, inline: InlineHtml) -> str:
    if state is None:
        return f'<td class="{off}"></td>'
    mark = STRIP_MARKS[state]
    word = escape_text(inline.localizer.format_state(state))
    sign = f'<span aria-label="{word}">{mark.sign}</span>'
    return f'<td class="{mark.value} {off}" title="{word}">{sign}</td>'


def write_scores(sheet: ScoreSheet, inline: InlineHtml) -> str:
    """A row for each indicator, how it is found below its name; then the totals."""
    t = inline.localizer.texts
    head = "".join(
        f'<th scope="col"{_number_class(name)}>{escape_text(t(f"contract.scores.{name}"))}</th>'
        for name in SCORE_COLUMNS
    )
    rows = "".join(_write_score(row, inline) for row in sheet.rows)
    totals = "".join(
        '<tr class="total">'
        + "".join(
            f"<td{_number_class(name)}>{escape_text(cells.get(name, ''))}</td>"
            for name in SCORE_COLUMNS
        )
        + "</tr>\n"
        for cells in list_total_cells(sheet, inline.localizer)
    )
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-labelledby="{sheet.id}-caption">'
        f'<table id="{sheet.id}-table" class="scores"><caption id="{sheet.id}-caption">'
        f"{inline.write(sheet.caption)}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}{totals}</tbody></table></div>\n"
    )


def _number_class(name: str) -> str:
    return ' class="n"' if name in NUMERIC else ""


def _write_score(row: ScoreRow, inline: InlineHtml) -> str:
    cells = list_score_cells(row, inline.localizer)
    blank = inline.write(Blank()) if row.value is None else ""
    rest = "".join(
        f"<td{_number_class(name)}>"
        f"{blank if blank and name == 'value' else escape_text(cells[name])}</td>"
        for name in SCORE_COLUMNS[1:-1]
    )
    return (
        f'<tr><th scope="row">{inline.write(row.name)}'
        f"<small>{inline.write(row.how)}</small></th>{rest}"
        f"<td>{inline.write(build_result(row))}</td></tr>\n"
    )


def write_charts(charts: Charts, inline: InlineHtml) -> str:
    """Charts side by side, each with its title and the sentence that says what it shows."""
    drawings = draw_charts(charts, inline.localizer, SCREEN)
    figures = "".join(
        f'<figure id="{chart.id}"><figcaption>'
        f"<b>{escape_text(format_title(chart, inline.localizer))}</b>"
        f"{'' if chart.caption is None else f' <span>{inline.write(chart.caption)}</span>'}"
        f"</figcaption>{drawing}</figure>"
        for chart, drawing in zip(charts.items, drawings, strict=True)
    )
    columns = f" columns{charts.columns}" if charts.columns != 2 else ""
    return f'<div class="charts{columns}">{figures}</div>\n'


def write_week_heat_map(heat_map: WeekHeatMap, inline: InlineHtml) -> str:
    """A heat map across the page, under its title."""
    title = escape_text(describe_week_heat_map(heat_map, inline.localizer))
    drawing = draw_week_heat_map(heat_map, inline.localizer, SCREEN.width)
    return (
        f'<figure class="whole" id="{heat_map.id}"><figcaption><b>{title}</b></figcaption>'
        f"{drawing}</figure>\n"
    )


def write_heat_map(heat_map: HeatMap, inline: InlineHtml) -> str:
    """A heat map across the page, under its title."""
    title = escape_text(describe_heat_map(heat_map, inline.localizer))
    drawing = draw_heat_map(heat_map, inline.localizer)
    return f'<figure class="whole"><figcaption><b>{title}</b></figcaption>{drawing}</figure>\n'


def write_timeline(timeline: Timeline, inline: InlineHtml) -> str:
    """A timeline across the page."""
    return f'<figure class="whole">{draw_timeline(timeline, inline.localizer)}</figure>\n'


def write_heading(heading: Heading, inline: InlineHtml) -> str:
    """A heading that the table of contents can lead to; `h1` is the title of the report."""
    tag = f"h{heading.level + 1}"
    css = ' class="page"' if heading.page else ""
    return f'<{tag} id="{heading.id}"{css}>{inline.write(heading.text)}</{tag}>\n'


def write_note(note: Note, inline: InlineHtml) -> str:
    """A paragraph, coloured where it has a state."""
    css = f"note {note.state.value}" if note.state else "note"
    return f'<p class="{css}">{inline.write(note.text)}</p>\n'


def write_listing(listing: Listing, inline: InlineHtml) -> str:
    """Items under their remark; neighbours with the same remark share it."""
    groups: list[str] = []
    for remark, items in groupby(listing.items, key=lambda item: inline.localizer.format(item[1])):
        names = "".join(f"<li>{inline.write(name)}</li>" for name, _ in items)
        groups.append(f"<dt>{escape_text(remark)}</dt><dd><ul>{names}</ul></dd>")
    return f'<dl class="listing">{"".join(groups)}</dl>\n'


_WRITERS: Mapping[type[Block], Callable[[Any, InlineHtml], str]] = {
    Cover: write_cover,
    BlockGroup: write_group,
    VerdictBox: write_verdict,
    Finding: write_finding,
    Actions: write_actions,
    WeekHeatMap: write_week_heat_map,
    DayStrip: write_strip,
    Findings: write_findings,
    Tiles: write_tiles,
    Table: write_table,
    Charts: write_charts,
    HeatMap: write_heat_map,
    Timeline: write_timeline,
    DayMatrix: write_matrix,
    ScoreSheet: write_scores,
    Heading: write_heading,
    Note: write_note,
    Listing: write_listing,
}
