"""A `Report` as a file: one renderer per format, all with the same words and drawings."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.files import atomic_write
from jipyo.model.calendar import name_period
from jipyo.model.errors import ReportError
from jipyo.model.progress import Progress, ignore_progress
from jipyo.processes import can_divide, map_in_two
from jipyo.reports.render.html import render_html
from jipyo.reports.render.hwpx import render_hwpx
from jipyo.reports.render.markdown import render_markdown
from jipyo.reports.render.pdf import render_pdf
from jipyo.reports.render.xlsx import render_xlsx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """How a report becomes bytes, and what such a file is called."""

    render: Callable[[Report, Lang], bytes]
    """The same report in the same language gives the same bytes."""
    suffix: str
    media_type: str


FORMATS: Mapping[str, ReportFormat] = {
    "html": ReportFormat(render_html, ".html", "text/html; charset=utf-8"),
    "hwpx": ReportFormat(render_hwpx, ".hwpx", "application/hwp+zip"),
    "markdown": ReportFormat(render_markdown, ".md", "text/markdown; charset=utf-8"),
    "pdf": ReportFormat(render_pdf, ".pdf", "application/pdf"),
    "xlsx": ReportFormat(
        render_xlsx, ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
}
"""The formats by name; a new one is a module beside this one and a row here."""


def write_report(report: Report, lang: Lang, format_name: str, folder: Path) -> Path:
    """Write the report into the folder, whole or not at all; the file's path.

    The file is named after the kind of report, its period and its language; an earlier file of
    that name is replaced.

    Raises:
        ReportError: there is no such format, or the folder cannot be written to.
    """
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ReportError("reports.unknown_format", format=format_name, known=known)
    report_format = FORMATS[format_name]
    path = folder / name_file(report, lang, report_format)
    return save_report(report_format.render(report, lang), path)


def write_reports(
    report: Report,
    lang: Lang,
    format_names: Sequence[str],
    folder: Path,
    progress: Progress = ignore_progress,
) -> list[Path]:
    """Write the report in several formats, some of them in a fork of this process.

    For commands: nothing else may happen in the process meanwhile. See `write_report`.
    """

    def write(name: str) -> Path:
        return write_report(report, lang, name, folder)

    # The threads of Typst would not be there in a fork, which would wait for them forever.
    if len(format_names) > 1 and can_divide() and "typst" not in sys.modules:
        return map_in_two(write, format_names, progress)
    return [write(name) for name in format_names]


def save_report(content: bytes, path: Path) -> Path:
    """Write a rendered report, whole or not at all, and give its path back.

    Raises:
        ReportError: the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise ReportError(
            "reports.not_written",
            hint="reports.not_written.hint",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    return path


def name_file(report: Report, lang: Lang, report_format: ReportFormat) -> str:
    """`jipyo-daily-2026-11-21.ko.html`."""
    return f"jipyo-{report.kind}-{name_period(report.period)}.{lang}{report_format.suffix}"
