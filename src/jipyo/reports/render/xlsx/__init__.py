"""A report as a workbook: numbered sheets, native numbers and dates, live formulas.

Whatever is computed from other cells of the workbook is a formula; the value beside it is that
of the report, and equals what the formula gives from the cells as they are written. Texts are
written as texts, whatever they begin with. The same report gives the same bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time
from jipyo.reports.document import Heading, Moment
from jipyo.reports.render.xlsx.blocks import write_block
from jipyo.reports.render.xlsx.book import Book
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


def render_xlsx(report: Report, lang: Lang) -> bytes:
    """The workbook; a sheet for each chapter, and one for days or hours."""
    import xlsxwriter  # noqa: PLC0415 - a tenth of a second that only this format needs

    localizer = Localizer.for_period(report.period, lang)
    content, system = io.BytesIO(), report.issuer.name_system(lang)
    workbook = xlsxwriter.Workbook(content, {"in_memory": True})
    title = f"{localizer.format(report.title)} {localizer.format_period()}"
    workbook.set_properties(
        {
            "title": title,
            "author": report.issuer.organisation,
            "subject": system,
            "created": _naive(report.made_ms, localizer.zone),
        }
    )
    footer = f"{system}  {report.number}".strip()
    marking = localizer.format(report.issuer.marking) if report.issuer.marking else ""
    book = Book(workbook, localizer, title, footer, marking)
    book.begin_sheet(localizer.format(report.title))
    made = localizer.format(Moment(report.made_ms, dated=True))
    about = (report.issuer.organisation, system, report.number, made)
    book.write_line(title, "title")
    book.write_line(" · ".join(filter(None, about)), "note")
    for block in report.blocks:
        if isinstance(block, Heading):
            book.write_heading(localizer.format(block.text), block.level)
        else:
            write_block(block, book)
    book.write_values()
    book.finish()
    workbook.close()
    return content.getvalue()


def _naive(t_ms: int, zone: ZoneInfo) -> datetime:
    """The zone's wall clock: cells and properties of a workbook know no zones."""
    return local_time(t_ms, zone).replace(tzinfo=None, microsecond=0)
