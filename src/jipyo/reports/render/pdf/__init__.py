"""A report as PDF: A4, fonts embedded, tagged (PDF/A-2a and PDF/UA-1), set by Typst."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.model.errors import ReportError
from jipyo.reports.render.cover import list_cover_lines
from jipyo.reports.render.pdf.blocks import PdfBlocks
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


def render_pdf(report: Report, lang: Lang) -> bytes:
    """The whole file, in the font of the dashboard. The same report gives the same bytes.

    Raises:
        ReportError: the fonts are not there, as jipyo was installed without its dashboard.
    """
    with resources.as_file(resources.files("jipyo") / "web" / "static" / "print") as fonts:
        return render_with_fonts(report, lang, fonts)


def render_with_fonts(report: Report, lang: Lang, fonts: Path) -> bytes:
    """The whole file, in the fonts of a folder.

    Raises:
        ReportError: there is no such folder.
    """
    import typst  # noqa: PLC0415 - 80 MB that only this needs

    if not fonts.is_dir():
        raise ReportError("reports.no_fonts", hint="reports.no_fonts.hint")
    here = resources.files(__package__)
    content = orjson.dumps(_describe(report, lang, here.joinpath("chart.css").read_text("utf-8")))
    with resources.as_file(here / "report.typ") as template:
        compiler = typst.Compiler(
            input=str(template),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"report": content.decode()},
        )
        pdf = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"])
    assert isinstance(pdf, bytes), "BUG: a PDF is one file"
    return pdf


def _describe(report: Report, lang: Lang, chart_css: str) -> dict[str, Any]:
    localizer = Localizer.for_period(report.period, lang)
    blocks = PdfBlocks(localizer, chart_css)
    made = datetime.fromtimestamp(report.made_ms // 1000, UTC)
    name, period = localizer.format(report.title), localizer.format_period()
    cover = list_cover_lines(report, localizer)
    return {
        "lang": lang,
        "fonts": ["Pretendard"],
        "title": f"{name} · {period}",
        "name": name,
        "period": period,
        "author": report.issuer.organisation or "jipyo",
        "system": report.issuer.system,
        "footer": f"{report.number} · {period}",
        "made": {
            key: getattr(made, key) for key in ("year", "month", "day", "hour", "minute", "second")
        },
        "about": cover,
        "blocks": [blocks.convert(block) for block in report.blocks],
    }
