"""The review of a month's access records as a sheet of a report (접속기록 점검)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.i18n import escape_controls
from jipyo.logs.activity.access import KINDS
from jipyo.logs.record import decode_text
from jipyo.reports.document import Block, Heading, Inline, Moment, Note, Table, phrase
from jipyo.reports.sections.missing import describe_error
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.logs.activity.access import AccessFinding
    from jipyo.logs.activity.access_month import MonthReview

_NS_PER_MS = 1_000_000
_MOST_ADDRESSES = 3


def build_access_review(found: MonthReview) -> Iterator[Block]:
    """What was reviewed and what is kept, the findings, and what is incomplete."""
    yield Heading("access", phrase("reports.section.access"), page=True)
    for error in found.missing:
        yield Note(phrase("reports.logs.incomplete", problem=describe_error(error)), State.UNKNOWN)
    if not found.is_complete:
        yield Note(phrase("reports.access.differs"), State.UNKNOWN)
    yield build_summary_table(found)
    if found.review.findings:
        yield build_finding_table(found)
    seen = {finding.kind for finding in found.review.findings}
    for kind in KINDS:
        if kind not in seen and (kind != "new_address" or found.known_pairs):
            yield Note(phrase("reports.access.none", kind=phrase(f"logs_access.{kind}")))
    if not found.known_pairs:
        yield Note(phrase("reports.access.no_known"))


def list_summary(found: MonthReview) -> Iterator[tuple[str, Inline]]:
    """The rows of the first table: the key of what it is, and its value."""
    review = found.review
    yield "services", ", ".join(map(escape_controls, found.services))
    yield "records", review.records
    yield "log_records", found.log_records
    yield "accounts", review.accounts
    yield "addresses", review.addresses
    yield "downloads", review.downloads
    for item, n in review.lacking.items():
        yield f"lacking.{item}", n
    yield "oldest", None if found.oldest_ns is None else show_moment(found.oldest_ns)


def show_moment(t_ns: int) -> Moment:
    """A moment with its date, to the second."""
    return Moment(t_ns // _NS_PER_MS, dated=True, to_the_second=True)


SUMMARY_COLUMNS: tuple[TableColumn[tuple[str, Inline]], ...] = (
    TableColumn("access_item", lambda row: phrase(f"reports.access.{row[0]}"), numeric=False),
    TableColumn("access_value", lambda row: row[1]),
)


def build_summary_table(found: MonthReview) -> Table:
    """How many records, of whom, and since when they are kept."""
    return Table(
        id="access",
        caption=phrase("reports.access.summary"),
        columns=build_heads(SUMMARY_COLUMNS),
        rows=tuple(build_row(SUMMARY_COLUMNS, row) for row in list_summary(found)),
    )


def _name_account(finding: AccessFinding) -> Inline:
    return escape_controls(decode_text(finding.account)) or None


def _list_addresses(finding: AccessFinding) -> Inline:
    shown = [escape_controls(decode_text(text)) for text in finding.addresses if text]
    names, left = ", ".join(shown[:_MOST_ADDRESSES]), len(shown) - _MOST_ADDRESSES
    return phrase("reports.and_more", names=names, n=left) if left > 0 else names or None


FINDING_COLUMNS: tuple[TableColumn[AccessFinding], ...] = (
    TableColumn("access_kind", lambda one: phrase(f"logs_access.{one.kind}"), numeric=False),
    TableColumn("account", _name_account, numeric=False),
    TableColumn("log_records", lambda one: one.records),
    TableColumn("first_seen", lambda one: show_moment(one.first_ns)),
    TableColumn("last_seen", lambda one: show_moment(one.last_ns)),
    TableColumn("access_from", _list_addresses, numeric=False),
)


def build_finding_table(found: MonthReview) -> Table:
    """A row an account and kind of finding."""
    return Table(
        id="access-findings",
        caption=phrase("reports.access.findings"),
        columns=build_heads(FINDING_COLUMNS),
        rows=tuple(build_row(FINDING_COLUMNS, one) for one in found.review.findings),
        wide=True,
    )
