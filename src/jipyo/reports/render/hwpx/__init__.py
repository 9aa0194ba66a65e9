"""A report as HWPX (OWPML, KS X 6101), the open format of Korean offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.render.hwpx.blocks import build_parts, list_drawings
from jipyo.reports.render.hwpx.package import pack
from jipyo.reports.render.hwpx.section import SectionWriter
from jipyo.reports.render.plain_blocks import describe_report
from jipyo.reports.render.typesetting import draw_pictures, find_fonts

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


def render_hwpx(report: Report, lang: Lang) -> bytes:
    """The whole file; the same report gives the same bytes.

    Raises:
        ReportError: the fonts are not there, as jipyo was installed without its dashboard.
    """
    plain = describe_report(report, lang, turns=False)
    with find_fonts() as fonts:
        drawn = draw_pictures(list_drawings(plain["blocks"]), fonts)
    writer = SectionWriter()
    section = writer.write(build_parts(plain, iter(drawn)), plain["marking"])
    return pack(plain, section, writer.pictures)
