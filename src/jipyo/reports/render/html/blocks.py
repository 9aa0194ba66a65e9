"""Blocks of the document as HTML: one function per type of block."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jipyo.reports.charts.draw import (
    describe_heat_map,
    draw_chart,
    draw_heat_map,
    draw_tile_shape,
    draw_timeline,
)
from jipyo.reports.charts.svg import escape_text
from jipyo.reports.document import (
    Badge,
    Charts,
    DayMatrix,
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
)
from jipyo.reports.render.scores import (
    NUMERIC,
    SCORE_COLUMNS,
    build_result,
    list_score_cells,
    list_total_cells,
    write_done,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from jipyo.analysis.thresholds import State
    from jipyo.reports.document import Block, MatrixCell, Phrase, ScoreRow
    from jipyo.reports.render.html.inline import InlineHtml

_UNBROKEN_ROWS = 12
"""A table of at most so many rows is not broken over pages."""


def write_block(block: Block, inline: InlineHtml) -> str:
    """The block as HTML."""
    return _WRITERS[type(block)](block, inline)


def _write_badge(state: State, inline: InlineHtml, word: Phrase | None = None) -> str:
    word_html = escape_text(inline.localizer.format(Badge(state, word)))
    return f'<span class="badge {state.value}">{word_html}</span>'


def write_verdict(verdict: VerdictBox, inline: InlineHtml) -> str:
    """The report's one line, its state in front, and below it what must be known with it."""
    details = "".join(f"<li>{inline.write(detail)}</li>" for detail in verdict.details)
    return (
        f'<section class="verdict {verdict.state.value}"><p class="line">'
        f"{_write_badge(verdict.state, inline, verdict.word)} "
        f"<strong>{inline.write(verdict.text)}</strong></p><ul>{details}</ul></section>\n"
    )


def write_findings(findings: Findings, inline: InlineHtml) -> str:
    """A numbered list."""
    items = "".join(
        f'<li class="{finding.state.value}"><p class="what">{inline.write(finding.text)}</p>'
        f'<p class="more">{" ".join(map(inline.write, finding.details))}</p>'
        f'<p class="basis">{inline.write(finding.basis)}</p></li>'
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
    classes = [' class="n"' if column.numeric else "" for column in table.columns]
    head = "".join(
        f'<th scope="col"{css}>{inline.write(column.title)}</th>'
        for column, css in zip(table.columns, classes, strict=True)
    )
    rows: list[str] = []
    for name, *cells in table.rows:
        rest = "".join(
            f"<td{css}>{inline.write_cell(cell)}</td>"
            for cell, css in zip(cells, classes[1:], strict=True)
        )
        rows.append(f'<tr><th scope="row">{inline.write_cell(name)}</th>{rest}</tr>\n')
    if table.totals:
        rows.append(_write_totals(table, classes, inline))
    region = "scroll short" if len(table.rows) <= _UNBROKEN_ROWS else "scroll"
    wide = ' class="wide"' if table.wide else ""
    return (
        f'<div class="{region}" tabindex="0" role="region" aria-labelledby="{table.id}-caption">'
        f'<table id="{table.id}-table"{wide}><caption id="{table.id}-caption">'
        f"{inline.write(table.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table></div>\n"
    )


def _write_totals(table: Table, classes: list[str], inline: InlineHtml) -> str:
    name, *cells = table.totals
    rest = "".join(
        f"<td{css}>{inline.write_cell(cell)}</td>"
        for cell, css in zip(cells, classes[1:], strict=True)
    )
    return f'<tr class="total"><th scope="row">{inline.write_cell(name)}</th>{rest}</tr>\n'


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
        f'<div class="scroll short" tabindex="0" role="region" '
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
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{sheet.id}-caption">'
        f'<table id="{sheet.id}-table" class="scores"><caption id="{sheet.id}-caption">'
        f"{inline.write(sheet.caption)}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}{totals}</tbody></table></div>\n"
    )


def _number_class(name: str) -> str:
    return ' class="n"' if name in NUMERIC else ""


def _write_score(row: ScoreRow, inline: InlineHtml) -> str:
    cells = list_score_cells(row, inline.localizer)
    rest = "".join(
        f"<td{_number_class(name)}>{escape_text(cells[name])}</td>" for name in SCORE_COLUMNS[1:-1]
    )
    return (
        f'<tr><th scope="row">{inline.write(row.name)}'
        f"<small>{inline.write(row.how)}</small></th>{rest}"
        f"<td>{inline.write(build_result(row))}</td></tr>\n"
    )


def write_charts(charts: Charts, inline: InlineHtml) -> str:
    """Charts side by side, each with its title and the sentence that says what it shows."""
    figures = "".join(
        f'<figure id="{chart.id}"><figcaption>'
        f"<b>{escape_text(inline.localizer.format(chart.title))}</b> "
        f"<span>{inline.write(chart.caption)}</span></figcaption>"
        f"{draw_chart(chart, inline.localizer)}</figure>"
        for chart in charts.items
    )
    return f'<div class="charts">{figures}</div>\n'


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
    VerdictBox: write_verdict,
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
