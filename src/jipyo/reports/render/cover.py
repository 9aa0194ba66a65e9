"""What stands beside the title of a report, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.document import Moment

if TYPE_CHECKING:
    from jipyo.reports.document import Report
    from jipyo.reports.wording import Localizer

_NAMED_INSTANCES = 3


def list_cover_lines(report: Report, localizer: Localizer) -> list[tuple[str, str]]:
    """Name and value of each line; what is not known has none."""
    t = localizer.texts
    named = report.issuer.name_system(t.lang)
    system = named or ", ".join(report.instances[:_NAMED_INSTANCES])
    about = (
        ("reports.cover.organisation", report.issuer.organisation),
        ("reports.cover.system", system),
        ("reports.cover.number", _write_number(report, localizer)),
        ("reports.cover.made", localizer.format(Moment(report.made_ms, dated=True))),
        ("reports.cover.zone", report.period.zone),
    )
    return [(t(key), value) for key, value in about if value]


def _write_number(report: Report, localizer: Localizer) -> str:
    """The document number, and which issue of it where it is one."""
    issue = localizer.texts("archive.issue", number=report.issue) if report.issue else ""
    return f"{report.number} {issue}".strip()
