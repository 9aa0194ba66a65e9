"""Typst, which sets PDF pages and turns drawings into pictures, in the font of the dashboard."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.model.errors import ReportError
from jipyo.reports.render.coverage import replace_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import typst

FONT = "Pretendard"
_PICTURES = b"""\
#set page(width: auto, height: auto, margin: 0pt)
#for (at, svg) in json(bytes(sys.inputs.data)).enumerate() {
  if at > 0 { pagebreak() }
  image(bytes(svg), format: "svg")
}
"""
"""A page for each drawing: all in one go, as opening the fonts takes longer than a drawing."""


@contextmanager
def find_fonts() -> Iterator[Path]:
    """The folder with the fonts of the installation; it may be missing."""
    with resources.as_file(resources.files("jipyo") / "web" / "static" / "print") as folder:
        yield folder


def open_compiler(template: Path | bytes, data: object, fonts: Path) -> typst.Compiler:
    """A compiler of a template that reads `json(bytes(sys.inputs.data))`.

    Nothing of the machine gets in: neither its fonts nor its clock. A character that the fonts
    have not becomes a box.

    Raises:
        ReportError: there is no such folder of fonts.
    """
    import typst  # noqa: PLC0415 - 80 MB that only PDF and pictures need

    if not fonts.is_dir():
        raise ReportError("reports.no_fonts", hint="reports.no_fonts.hint")
    source: Any = template if isinstance(template, bytes) else str(template)
    return typst.Compiler(
        input=source,
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        sys_inputs={"data": replace_missing(orjson.dumps(data).decode(), fonts)},
    )


def draw_pictures(svgs: Sequence[str], fonts: Path, ppi: int = 200) -> list[bytes]:
    """Each drawing as PNG; a unit of the drawing is a point, of which an inch has 72.

    Raises:
        ReportError: there is no such folder of fonts.
    """
    if not svgs:
        return []
    pages = open_compiler(_PICTURES, list(svgs), fonts).compile(format="png", ppi=ppi)
    assert pages is not None, "BUG: pictures are given back"
    return pages if isinstance(pages, list) else [pages]
