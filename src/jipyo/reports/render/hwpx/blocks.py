"""Plain blocks of a report as parts of an HWPX section: one function per kind of block."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from jipyo.reports.render.hwpx.section import (
    ROOM,
    WIDTH,
    BodyPart,
    Grid,
    GridCell,
    Line,
    Picture,
    TextSpan,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.reports.render.plain_blocks import Plain

MARKS = {"ok": "○", "pending": "◇", "warning": "▲", "critical": "■", "unknown": "–"}
_COLUMNS = 4
_GAP = 600
_PT = 100
_FILLED = frozenset({"warning", "critical"})
_LABEL_WIDTH, _WORD_WIDTH, _SIGN_WIDTH, _SIGN_HEIGHT = 1_600, 4_200, 5_953, 3_686
"""Of the approval box: its word, and the room for a stamp (21 x 13 mm)."""
_STACKED = 2
"""A word of so many syllables is written downwards."""
_FOOT_SPARE = 3_000
_NAME_WIDTH, _DONE_WIDTH = 9_600, 3_600
_SIGN_STATES = {
    "normal": "ok",
    "marked": "warning",
    "abnormal": "critical",
    "not_inspected": "unknown",
}


def list_drawings(blocks: Iterable[Plain]) -> list[str]:
    """The drawings of all blocks, in the order in which `build_parts` takes their pictures."""
    found: list[str] = []
    for block in blocks:
        found += list_drawings(block.get("blocks", ()))
        found += [one["svg"] for one in (block, *block.get("items", ())) if "svg" in one]
    return found


def build_parts(report: Plain, pictures: Iterator[bytes]) -> list[BodyPart]:
    """The whole report: what its first page begins with, and its blocks."""
    about = [f"{name} {value}" for name, value in report["about"]]
    head: Sequence[BodyPart] = (
        BodyPart(Line((TextSpan(report["name"], "title"),)), keep=True),
        BodyPart(Line((TextSpan(report["period"], "period"),), "body"), keep=True),
        BodyPart(Line((TextSpan("  ·  ".join(about), "note"),), "caption")),
    )
    if report["blocks"] and report["blocks"][0]["t"] == "cover":
        head = ()
    built = (
        build_cover(report, block)
        if block["t"] == "cover"
        else _BUILDERS[block["t"]](block, pictures)
        for block in report["blocks"]
    )
    return [*head, *chain.from_iterable(built)]


def _write_runs(runs: Sequence[Plain], shape: str) -> tuple[TextSpan, ...]:
    return tuple(_write_run(run, shape) for run in runs)


def _write_run(run: Plain, shape: str) -> TextSpan:
    if "blank" in run:
        return TextSpan(f"[{run['x']}]", "unknown")
    if "s" in run:
        return TextSpan(run["x"], run["s"]) if run["own"] else _write_badge(run["x"], run["s"])
    return TextSpan(run["x"], "note" if "soft" in run else shape)


def _write_badge(word: str, state: str) -> TextSpan:
    """A mark and a word, so that a state survives a print in black and white."""
    return TextSpan(f"{MARKS[state]} {word}", state)


def build_heading(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A heading, kept with what follows."""
    del pictures
    shape = "h1" if block["level"] == 1 else "h2"
    yield BodyPart(Line((TextSpan(block["x"], shape),), shape), keep=True, new_page=block["page"])


def build_note(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A paragraph on a ground, which is coloured where it has a state."""
    del pictures
    fill = block["s"] if block["s"] in _FILLED else "tint"
    cell = GridCell((Line(_write_runs(block["x"], "cell")),), fill)
    yield BodyPart(Grid((WIDTH,), ((cell,),)))


def build_verdict(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """The one line with its state, and its details below."""
    del pictures
    line = (
        _write_badge(block["w"], block["s"]),
        TextSpan("  "),
        *_write_runs(block["x"], "verdict"),
    )
    details = [Line(_write_runs(detail, "note")) for detail in block["more"]]
    cell = GridCell((Line(line), *details), block["s"] if block["s"] in _FILLED else "tint")
    yield BodyPart(Grid((WIDTH,), ((cell,),)))


def build_cover(report: Plain, cover: Plain) -> list[BodyPart]:
    """The first page: number and approval box, title, what it is about, contents, organisation."""
    about = " · ".join(filter(None, (report["system"], report["marking"])))
    parts = [
        _build_approvals(cover),
        BodyPart(Line((TextSpan(report["name"], "cover_title"),), "cover")),
        BodyPart(Line((TextSpan(report["period"], "period"),), "body")),
        BodyPart(Line((TextSpan(about, "note"),), "body")),
    ]
    widths = (WIDTH // 4, WIDTH - WIDTH // 4)
    rows = tuple(
        (
            GridCell((Line((TextSpan(name, "head"),)),)),
            GridCell((Line(_write_runs(value, "cell")),)),
        )
        for name, value in cover["rows"]
    )
    if rows:
        parts.append(BodyPart(Grid(widths, rows)))
    parts += _build_contents(report)
    left = ROOM - sum(part.content.measure(WIDTH) for part in parts) - _FOOT_SPARE
    if report["organisation"] and left > 0:
        name = Line((TextSpan(report["organisation"], "period"),), "centre")
        parts.append(BodyPart(Grid((WIDTH,), ((GridCell((name,), "plain", "BOTTOM", left),),))))
    return [replace(part, keep=part is not parts[-1]) for part in parts]


def _build_approvals(cover: Plain) -> BodyPart:
    """What identifies the document at the left, and where people sign at the right."""
    lines = "\n".join(f"{name}  {value}" for name, value in cover["about"])
    steps = cover["approvals"]
    left = GridCell((Line((TextSpan(lines, "cell"),)),), "plain", rows=3)
    if not steps:
        return BodyPart(Grid((WIDTH,), ((replace(left, rows=1),),)))

    def cell(text: str, shape: str, **more: Any) -> GridCell:
        return GridCell((Line((TextSpan(text, shape),), "centre"),), "box", **more)

    word = cell("\n".join(cover["approval"]), "head", rows=3)
    if len(cover["approval"]) > _STACKED:
        word = cell(cover["approval"], "small_head", rows=3)
    label = _LABEL_WIDTH if len(cover["approval"]) <= _STACKED else _WORD_WIDTH
    widths = (WIDTH - label - _SIGN_WIDTH * len(steps), label, *[_SIGN_WIDTH] * len(steps))
    return BodyPart(
        Grid(
            widths,
            (
                (left, word, *(cell(one["step"], "head") for one in steps)),
                (None, None, *(cell(one["name"], "cell", height=_SIGN_HEIGHT) for one in steps)),
                (None, None, *(cell(one["at"], "note") for one in steps)),
            ),
        )
    )


def _build_contents(report: Plain) -> list[BodyPart]:
    """The chapters in two columns; page numbers are known to the program that draws them only."""
    names = [
        block["x"] for block in report["blocks"] if block["t"] == "heading" and block["level"] == 1
    ]
    if not names:
        return []
    half = -(-len(names) // 2)
    names += [""] * (len(names) % 2)
    columns = [
        GridCell((Line((TextSpan("\n".join(part), "cell"),), "contents"),), "plain")
        for part in (names[:half], names[half:])
    ]
    title = Line((TextSpan(report["contents"], "head"),), "h2")
    return [BodyPart(title), BodyPart(Grid((WIDTH // 2, WIDTH // 2), (tuple(columns),)))]


def build_group(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """Blocks that stay on one page."""
    parts = [part for one in block["blocks"] for part in _BUILDERS[one["t"]](one, pictures)]
    yield from (replace(part, keep=True) for part in parts[:-1])
    yield from parts[-1:]


def build_finding(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A sentence with its state, and what it rests on."""
    del pictures
    line = (
        _write_badge(block["w"], block["s"]),
        TextSpan("  "),
        *_write_runs(block["x"], "strong"),
    )
    yield BodyPart(Line(line, "body"), keep=True)
    for runs in (*block["more"], block["basis"]):
        if runs:
            yield BodyPart(Line(_write_runs(runs, "note"), "indented"), keep=True)


def build_findings(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A numbered list; the lines of a finding stay on one page."""
    del pictures
    for number, item in enumerate(block["items"], 1):
        first = (
            TextSpan(f"{number}. ", "strong"),
            _write_badge(item["w"], item["s"]),
            TextSpan("  "),
        )
        yield BodyPart(Line((*first, *_write_runs(item["x"], "strong")), "body"), keep=True)
        more = tuple(
            chain.from_iterable(
                (*_write_runs(detail, "cell"), TextSpan(" ")) for detail in item["more"]
            )
        )
        if more:
            yield BodyPart(Line(more, "indented"), keep=True)
        yield BodyPart(Line(_write_runs(item["basis"], "note"), "indented"))


def build_tiles(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """Four tiles a row."""
    width = WIDTH // _COLUMNS
    items = [_build_tile(item, next(pictures), width) for item in block["items"]]
    items += [GridCell((Line(()),), "plain")] * (-len(items) % _COLUMNS)
    rows = (tuple(items[at : at + _COLUMNS]) for at in range(0, len(items), _COLUMNS))
    yield from (BodyPart(Grid((width,) * _COLUMNS, (row,))) for row in rows)


def _build_tile(item: Plain, png: bytes, width: int) -> GridCell:
    value = _write_runs(item["value"], "value")
    if item["w"]:
        value = (*value, TextSpan(" "), _write_badge(item["w"], item["s"]))
    how = " ".join(filter(None, (item["how"], item["cases"])))
    return GridCell(
        (
            Line(_write_runs(item["name"], "note")),
            Line(value),
            Line((TextSpan(how, "note"),)),
            Picture(png, width - _GAP),
            *(Line(_write_runs(compared, "note")) for compared in item["compared"]),
        ),
        "box",
    )


def build_table(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A table under its caption; its head is repeated on each page."""
    del pictures
    if block["caption"]:
        yield BodyPart(Line(_write_runs(block["caption"], "note"), "caption"), keep=True)
    char, head = ("cell", "head") if block["size"] > 8 else ("small", "small_head")
    shapes = ["number" if numeric else "cell" for numeric in block["numeric"]]
    widths = tuple(int(width * _PT) for width in block["widths"])
    heads = tuple(
        GridCell((Line((TextSpan(text, head),), shape),), "head")
        for text, shape in zip(block["heads"], shapes, strict=True)
    )
    rows: list[tuple[GridCell | None, ...]] = [heads]
    for row, below in zip_longest(block["rows"], block["below"]):
        beside = zip(row, shapes, strict=True)
        rows.append(tuple(_build_cell(runs, char, shape) for runs, shape in beside))
        if below:
            rows.append(_build_below(below, block["below-head"], len(widths)))
    yield BodyPart(Grid(widths, tuple(rows), heads=1))


def _build_below(runs: Sequence[Plain], head: str, columns: int) -> tuple[GridCell | None, ...]:
    """A line of the table that belongs to the row above it."""
    label = (TextSpan(f"{head}  ", "small_head"),) if head else ()
    line = Line((*label, *_write_runs(runs, "small")))
    return (GridCell((line,), columns=columns), *(None,) * (columns - 1))


def _build_cell(runs: Sequence[Plain], char: str, shape: str) -> GridCell:
    """A cell that is only a state has its ground."""
    state = runs[0].get("s") if len(runs) == 1 else None
    fill = state if state in _FILLED else "row"
    return GridCell((Line(_write_runs(runs, char), shape),), fill)


def build_matrix(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """Half a month a table, so that a sign has room in its cell."""
    del pictures
    if block["caption"]:
        yield BodyPart(Line(_write_runs(block["caption"], "note"), "caption"), keep=True)
    count = len(block["days"])
    half = -(-count // 2)
    for days in (range(half), range(half, count)):
        if days:
            yield BodyPart(_build_half(block, days, half))


def _build_half(block: Plain, days: range, columns: int) -> Grid:
    """Some days of every item; the share that was inspected ends the rows of the last ones.

    Both halves have as many columns, so that they stand one below the other.
    """
    is_last = days.stop == len(block["days"])
    day_width = (WIDTH - _NAME_WIDTH - _DONE_WIDTH) // columns
    name_width = WIDTH - _DONE_WIDTH - day_width * columns

    def cell(text: str, shape: str, fill: str, para: str = "cell") -> GridCell:
        return GridCell((Line((TextSpan(text, shape),), para),), fill)

    def pad(fill: str) -> list[GridCell]:
        return [cell("", "small_head", fill)] * (columns - len(days))

    heads = (
        cell(block["item"], "small_head", "head"),
        *(cell(block["days"][at]["n"], "small_head", "head", "centre") for at in days),
        *pad("head"),
        cell(block["done"] or "" if is_last else "", "small_head", "head", "number"),
    )
    rows = (
        (
            GridCell((Line(_write_runs(row["x"], "cell")),)),
            *(_build_sign(row["signs"][at], block["days"][at]) for at in days),
            *pad("row"),
            cell(row["done"] if is_last else "", "cell", "row", "number"),
        )
        for row in block["rows"]
    )
    return Grid((name_width, *[day_width] * columns, _DONE_WIDTH), (heads, *rows), heads=1)


def _build_sign(sign: Plain, day: Plain) -> GridCell:
    state = _SIGN_STATES.get(sign["s"], "ok")
    fill = state if state in _FILLED else "tint" if day["off"] else "row"
    return GridCell((Line((TextSpan(sign["x"], state),), "centre"),), fill)


def build_charts(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """As many charts a row as the block asks for, each under its title."""
    columns = block["columns"]
    width = WIDTH // columns
    cells = [
        GridCell(
            (
                Line((TextSpan(item["title"], "head"),)),
                Line(_write_runs(item["caption"], "note")),
                Picture(next(pictures), width - 2 * _GAP),
            ),
            "plain",
        )
        for item in block["items"]
    ]
    cells += [GridCell((Line(()),), "plain")] * (-len(cells) % columns)
    for at in range(0, len(cells), columns):
        yield BodyPart(Grid((width,) * columns, (tuple(cells[at : at + columns]),)))


def build_drawing(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """A drawing across the page under its title."""
    if block["title"]:
        yield BodyPart(Line((TextSpan(block["title"], "head"),), "caption"), keep=True)
    yield BodyPart(Picture(next(pictures), WIDTH))


def build_listing(block: Plain, pictures: Iterator[bytes]) -> Iterator[BodyPart]:
    """Two columns: a remark, and what it is about."""
    del pictures
    if not block["items"]:
        return
    widths = (WIDTH // 3, WIDTH - WIDTH // 3)
    rows = tuple(
        (
            GridCell((Line((TextSpan(item["k"], "head"),)),)),
            GridCell((Line((TextSpan(", ".join(item["v"]), "cell"),)),)),
        )
        for item in block["items"]
    )
    yield BodyPart(Grid(widths, rows))


_BUILDERS: Mapping[str, Callable[[Plain, Iterator[bytes]], Iterator[BodyPart]]] = {
    "group": build_group,
    "finding": build_finding,
    "heading": build_heading,
    "note": build_note,
    "verdict": build_verdict,
    "findings": build_findings,
    "tiles": build_tiles,
    "table": build_table,
    "matrix": build_matrix,
    "charts": build_charts,
    "drawing": build_drawing,
    "listing": build_listing,
}
