"""The section of an issue that says what has changed since the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.archive.changes import SECTION
from jipyo.reports.document import ColumnHead, Heading, Joined, Note, Table, phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.reports.archive.changes import ReportChange
    from jipyo.reports.document import Block

LISTED = 200
"""Most changes that a report lists; its record has all."""


def build_changes(changes: Sequence[ReportChange], before: int) -> tuple[Block, ...]:
    """What has changed since issue `before`, each value with what it was."""
    columns = tuple(
        ColumnHead(phrase(f"archive.changes.{name}"), numeric=False)
        for name in ("place", "before", "after")
    )
    rows = tuple((Joined(one.place, " · "), one.before, one.after) for one in changes[:LISTED])
    more = len(changes) - LISTED
    notes = (Note(phrase("archive.changes.more", n=more)),) if more > 0 else ()
    return (
        Heading(SECTION, phrase("archive.changes.title", issue=before)),
        Table(
            SECTION, phrase("archive.changes.caption", n=len(changes), issue=before), columns, rows
        ),
        *notes,
    )
