"""What did not answer during the period: every outage with its times and its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.document import (
    Block,
    Duration,
    Heading,
    Inline,
    Moment,
    Note,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.analysis.outage_history import PastOutage
    from jipyo.reports.data import ReportData

LISTED_OUTAGES = 100
"""Most outages listed one by one."""


def build_outages(data: ReportData) -> Iterator[Block]:
    """The table of outages, where there were any; of many the longest."""
    if not data.outages:
        return
    yield Heading("outages", phrase("reports.section.outages"), page=True)
    longest = sorted(data.outages, key=lambda outage: -outage.duration_ms)[:LISTED_OUTAGES]
    yield build_outage_table(sorted(longest, key=lambda outage: outage.start_ms))
    if left := len(data.outages) - len(longest):
        yield Note(phrase("reports.outages.more", n=left))


def _show_end(outage: PastOutage) -> Inline:
    if outage.is_open:
        return phrase("reports.breaches.open")
    return Moment(outage.end_ms, to_the_second=True)


OUTAGE_COLUMNS: tuple[TableColumn[PastOutage], ...] = (
    TableColumn("target", lambda outage: outage.target.name, numeric=False),
    TableColumn("from", lambda outage: Moment(outage.start_ms, to_the_second=True)),
    TableColumn("to", _show_end),
    TableColumn("duration", lambda outage: Duration(outage.duration_ms)),
    TableColumn(
        "cause",
        lambda outage: (
            outage.target.reason and phrase(f"health.cause.{outage.target.reason.value}")
        ),
        numeric=False,
    ),
)


def build_outage_table(outages: Iterable[PastOutage]) -> Table:
    """A row per outage."""
    return Table(
        id="outages",
        caption=phrase("reports.outages.caption"),
        columns=build_heads(OUTAGE_COLUMNS),
        rows=tuple(build_row(OUTAGE_COLUMNS, outage) for outage in outages),
        wide=True,
    )
