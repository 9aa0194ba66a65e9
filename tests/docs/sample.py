"""The sample reports of the documentation and pictures of their pages, made anew (`make sample`).

The month is that of `jipyo demo`. With folders of demonstrations as arguments, those are used.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from docs.sample_form import build_form
from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report
from jipyo.catalogue import load
from jipyo.demo.folder import load_config, prepare_folder
from jipyo.i18n import LANGS, texts
from jipyo.model.calendar import parse_month
from jipyo.reports.forms.fill import fill_forms
from jipyo.reports.render import pdf
from jipyo.reports.render.plain_blocks import describe_report
from jipyo.reports.render.typesetting import FONT, find_fonts, open_compiler
from support.judges import draw_hwpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.i18n import Lang
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report

DOCS = Path(__file__).parents[2] / "docs"
MONTH = parse_month("2026-10", ZoneInfo("Asia/Seoul"))
MADE_MS = MONTH.end_ms + 9 * 3_600_000
"""When it is said to be made: on the morning after the month."""
PAGES = {
    "summary": "reports.chapter.summary",
    "gpu": "reports.section.gpu",
    "efficiency": "reports.section.efficiency",
    "incident": "incident_page.basic",
}
"""The page that a picture is of: the first after the cover that has this heading."""
_PPI = 84


@contextmanager
def show_nothing(_step: str) -> Iterator[Progress]:
    yield lambda _done, _total: None


def build(folder: Path, lang: Lang) -> Report:
    """The report of the month in a folder, which is made where there is none."""
    if not folder.exists():
        prepare_folder(folder, MONTH, MADE_MS, show_nothing, lang=lang)
    with read_workspace(load_config(folder, lang)) as workspace:
        return build_report(replace(workspace, now_ms=lambda: MADE_MS), MONTH)


def write(report: Report, lang: Lang) -> None:
    """The PDF, and the pictures of its pages."""
    content = pdf.render_pdf(report, lang)
    samples = DOCS / "samples"
    samples.mkdir(exist_ok=True)
    (samples / f"monthly-2026-10.{lang}.pdf").write_bytes(content)
    pictures = draw_pages(report, lang)
    pages = [" ".join(one.extract_text().split()) for one in PdfReader(BytesIO(content)).pages]
    for name, key in PAGES.items():
        # The cover has every heading in its contents.
        found = next(at for at, text in enumerate(pages) if at and texts(lang)(key) in text)
        (DOCS / "images" / f"month-{name}.{lang}.png").write_bytes(pictures[found])


def draw_pages(report: Report, lang: Lang) -> list[bytes]:
    """Every page as PNG."""
    with find_fonts() as fonts:
        data = {**describe_report(report, lang), "fonts": [FONT]}
        with resources.as_file(resources.files(pdf) / "report.typ") as template:
            drawn = open_compiler(template, data, fonts).compile(format="png", ppi=_PPI)
    assert isinstance(drawn, list), "BUG: a report has several pages"
    return drawn


def write_form(report: Report, lang: Lang) -> None:
    """An office's form, the same with the values of the report, and a picture of each."""
    samples = DOCS / "samples"
    form = samples / f"form.{lang}.hwpx"
    form.write_bytes(build_form(lang))
    (filled,) = fill_forms({form: form.read_bytes()}, report, load().names, lang)
    assert not filled.too_long, filled.too_long
    path = samples / f"form-filled.{lang}.hwpx"
    path.write_bytes(filled.content)
    with tempfile.TemporaryDirectory() as work:
        for file in (form, path):
            page = draw_hwpx(file, Path(work))[0]
            (DOCS / "images" / f"{file.name.removesuffix('.hwpx')}.png").write_bytes(page)


def main(folders: list[str]) -> None:
    """Make both languages."""
    with tempfile.TemporaryDirectory(prefix="jipyo-sample-") as temporary:
        for at, lang in enumerate(LANGS):
            folder = Path(folders[at]) if folders else Path(temporary) / lang
            report = build(folder, lang)
            write(report, lang)
            write_form(report, lang)


if __name__ == "__main__":
    main(sys.argv[1:])
