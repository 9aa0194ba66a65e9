"""What has changed since a report was issued, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from jipyo.cli.options import build_table, open_terminal, print_line, print_note
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.i18n import Texts
    from jipyo.reports.archive.archive import Issuing
    from jipyo.reports.archive.changes import ReportChange
    from jipyo.reports.archive.issues import IssueRecord

SHOWN = 100
"""Most changes that are listed."""


def print_issuing(issuing: Issuing, t: Texts) -> None:
    """Where an issue is, and what has changed since the one before."""
    record = issuing.issue.record
    print_line(str(issuing.issue.folder))
    if not issuing.is_new:
        print_note(t("archive.list.same", number=record.issue))
    elif record.changes:
        print_changes(record.changes, record, t, before=record.issue - 1)


def print_changes(
    changes: Sequence[ReportChange], record: IssueRecord, t: Texts, before: int | None = None
) -> None:
    """Each value that is not what it was in issue `before`, by default that of the record."""
    number, console = before or record.issue, open_terminal()
    if not changes:
        console.print(t("archive.list.unchanged", number=number))
        return
    localizer = Localizer.for_period(record.period, t.lang)
    console.print(Text(t("archive.changes.caption", n=len(changes), issue=number), style="bold"))
    table = build_table([t(f"archive.changes.{name}") for name in ("place", "before", "after")])
    for one in changes[:SHOWN]:
        place = " · ".join(map(localizer.format, one.place))
        table.add_row(place, localizer.format(one.before), localizer.format(one.after))
    console.print(table)
    if len(changes) > SHOWN:
        console.print(t("archive.list.more", n=len(changes) - SHOWN))
