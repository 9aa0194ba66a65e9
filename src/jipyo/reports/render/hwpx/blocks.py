"""Plain blocks of a report as pieces of an HWPX section: one function per kind of block."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from jipyo.reports.render.hwpx.section import WIDTH, Cell, Grid, Line, Picture, Piece, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.reports.render.plain_blocks import Plain

MARKS = {"ok": "○", "pending": "◇", "warning": "▲", "critical": "■", "unknown": "–"}
_COLUMNS = 4
_GAP = 600
_PT = 100
_FILLED = frozenset({"warning", "critical"})


def list_drawings(blocks: Iterable[Plain]) -> list[str]:
    """The drawings of all blocks, in the order in which `build_pieces` takes their pictures."""
    found: list[str] = []
    for block in blocks:
        found += [one["svg"] for one in (block, *block.get("items", ())) if "svg" in one]
    return found


def build_pieces(report: Plain, pictures: Iterator[bytes]) -> list[Piece]:
    """The whole report: what its first page begins with, and its blocks."""
    about = [f"{name} {value}" for name, value in report["about"]]
    head = (
        Piece(Line((Span(report["name"], "title"),)), keep=True),
        Piece(Line((Span(report["period"], "period"),), "body"), keep=True),
        Piece(Line((Span("  ·  ".join(about), "note"),), "caption")),
    )
    blocks = (_BUILDERS[block["t"]](block, pictures) for block in report["blocks"])
    return [*head, *chain.from_iterable(blocks)]


def _write_runs(runs: Sequence[Plain], shape: str) -> tuple[Span, ...]:
    return tuple(_write_run(run, shape) for run in runs)


def _write_run(run: Plain, shape: str) -> Span:
    if "s" in run:
        return _write_badge(run["x"], run["s"])
    return Span(run["x"], "note" if "soft" in run else shape)


def _write_badge(word: str, state: str) -> Span:
    """A mark and a word, so that a state survives a print in black and white."""
    return Span(f"{MARKS[state]} {word}", state)


def build_heading(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """A heading, kept with what follows."""
    del pictures
    shape = "h1" if block["level"] == 1 else "h2"
    yield Piece(Line((Span(block["x"], shape),), shape), keep=True, new_page=block["page"])


def build_note(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """A paragraph on a ground, which is coloured where it has a state."""
    del pictures
    fill = block["s"] if block["s"] in _FILLED else "tint"
    cell = Cell((Line(_write_runs(block["x"], "cell")),), fill)
    yield Piece(Grid((WIDTH,), ((cell,),)))


def build_verdict(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """The one line with its state, and its details below."""
    del pictures
    line = (_write_badge(block["w"], block["s"]), Span("  "), *_write_runs(block["x"], "verdict"))
    details = [Line(_write_runs(detail, "note")) for detail in block["more"]]
    cell = Cell((Line(line), *details), block["s"] if block["s"] in _FILLED else "tint")
    yield Piece(Grid((WIDTH,), ((cell,),)))


def build_findings(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """A numbered list; the lines of a finding stay on one page."""
    del pictures
    for number, item in enumerate(block["items"], 1):
        first = (Span(f"{number}. ", "strong"), _write_badge(item["w"], item["s"]), Span("  "))
        yield Piece(Line((*first, *_write_runs(item["x"], "strong")), "body"), keep=True)
        more = chain.from_iterable(
            (*_write_runs(detail, "cell"), Span(" ")) for detail in item["more"]
        )
        yield Piece(Line(tuple(more), "indented"), keep=True)
        yield Piece(Line(_write_runs(item["basis"], "note"), "indented"))


def build_tiles(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """Four tiles a row."""
    width = WIDTH // _COLUMNS
    items = [_build_tile(item, next(pictures), width) for item in block["items"]]
    items += [Cell((Line(()),), "plain")] * (-len(items) % _COLUMNS)
    rows = (tuple(items[at : at + _COLUMNS]) for at in range(0, len(items), _COLUMNS))
    yield from (Piece(Grid((width,) * _COLUMNS, (row,))) for row in rows)


def _build_tile(item: Plain, png: bytes, width: int) -> Cell:
    value = _write_runs(item["value"], "value")
    if item["w"]:
        value = (*value, Span(" "), _write_badge(item["w"], item["s"]))
    how = " ".join(filter(None, (item["how"], item["cases"])))
    return Cell(
        (
            Line(_write_runs(item["name"], "note")),
            Line(value),
            Line((Span(how, "note"),)),
            Picture(png, width - _GAP),
            *(Line(_write_runs(compared, "note")) for compared in item["compared"]),
        ),
        "box",
    )


def build_table(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """A table under its caption; its head is repeated on each page."""
    del pictures
    if block["caption"]:
        yield Piece(Line(_write_runs(block["caption"], "note"), "caption"), keep=True)
    char, head = ("cell", "head") if block["size"] > 8 else ("small", "small_head")
    shapes = ["number" if numeric else "cell" for numeric in block["numeric"]]
    heads = tuple(
        Cell((Line((Span(text, head),), shape),), "head")
        for text, shape in zip(block["heads"], shapes, strict=True)
    )
    rows = (
        tuple(_build_cell(runs, char, shape) for runs, shape in zip(row, shapes, strict=True))
        for row in block["rows"]
    )
    widths = tuple(int(width * _PT) for width in block["widths"])
    yield Piece(Grid(widths, (heads, *rows), heads=1))


def _build_cell(runs: Sequence[Plain], char: str, shape: str) -> Cell:
    """A cell that is only a state has its ground."""
    state = runs[0].get("s") if len(runs) == 1 else None
    fill = state if state in _FILLED else "row"
    return Cell((Line(_write_runs(runs, char), shape),), fill)


def build_charts(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """Two charts a row, each under its title."""
    width = WIDTH // 2
    cells = [
        Cell(
            (
                Line((Span(item["title"], "head"),)),
                Line(_write_runs(item["caption"], "note")),
                Picture(next(pictures), width - 2 * _GAP),
            ),
            "plain",
        )
        for item in block["items"]
    ]
    cells += [Cell((Line(()),), "plain")] * (len(cells) % 2)
    for left, right in zip(cells[::2], cells[1::2], strict=True):
        yield Piece(Grid((width, width), ((left, right),)))


def build_drawing(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """A drawing across the page under its title."""
    if block["title"]:
        yield Piece(Line((Span(block["title"], "head"),), "caption"), keep=True)
    yield Piece(Picture(next(pictures), WIDTH))


def build_listing(block: Plain, pictures: Iterator[bytes]) -> Iterator[Piece]:
    """Two columns: a remark, and what it is about."""
    del pictures
    if not block["items"]:
        return
    widths = (WIDTH // 3, WIDTH - WIDTH // 3)
    rows = tuple(
        (
            Cell((Line((Span(item["k"], "head"),)),)),
            Cell((Line((Span(", ".join(item["v"]), "cell"),)),)),
        )
        for item in block["items"]
    )
    yield Piece(Grid(widths, rows))


_BUILDERS: Mapping[str, Callable[[Plain, Iterator[bytes]], Iterator[Piece]]] = {
    "heading": build_heading,
    "note": build_note,
    "verdict": build_verdict,
    "findings": build_findings,
    "tiles": build_tiles,
    "table": build_table,
    "charts": build_charts,
    "drawing": build_drawing,
    "listing": build_listing,
}
