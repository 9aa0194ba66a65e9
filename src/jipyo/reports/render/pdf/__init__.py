"""A report as PDF: A4, fonts embedded, tagged (PDF/A-2a and PDF/UA-1)."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from jipyo.reports.render.plain_blocks import describe_report
from jipyo.reports.render.typesetting import FONT, find_fonts, open_compiler

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


def render_pdf(report: Report, lang: Lang) -> bytes:
    """The whole file, in the font of the dashboard. The same report gives the same bytes.

    Raises:
        ReportError: the fonts are not there, as jipyo was installed without its dashboard.
    """
    with find_fonts() as fonts:
        return render_with_fonts(report, lang, fonts)


def render_with_fonts(report: Report, lang: Lang, fonts: Path) -> bytes:
    """The whole file, in the fonts of a folder.

    Raises:
        ReportError: there is no such folder.
    """
    data = {**describe_report(report, lang), "fonts": [FONT]}
    with resources.as_file(resources.files(__package__) / "report.typ") as template:
        compiler = open_compiler(template, data, fonts)
        pdf = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"])
    assert isinstance(pdf, bytes), "BUG: a PDF is one file"
    return pdf
