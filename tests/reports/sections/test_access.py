"""The access review as a sheet: figures, findings, and what is incomplete."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.i18n import LANGS, Lang
from jipyo.logs.activity.access import AccessRules
from jipyo.logs.activity.access_month import MonthReview, review_month
from jipyo.logs.evaluate import BatchLogSource
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports.document import Heading, Moment, Note, Phrase, Table
from jipyo.reports.sections.access import build_access_review
from jipyo.reports.wording import Localizer
from support.log_batches import SECOND, START_NS, make_batch

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = period_containing(PeriodKind.MONTH, date(2026, 10, 1), SEOUL)
OFFSET = MONTH.start_ms // 1000 - START_NS // SECOND
HOUR, DAY = 3600, 86_400


def access(t: int, user: str, ip: str, **more: object) -> dict[str, object]:
    return {"t": OFFSET + t, "user.name": user, "client.ip": ip, "url.route": "/m", **more}


def review(rows: list[dict[str, object]], rules: AccessRules | None = None) -> MonthReview:
    source = BatchLogSource([make_batch("admin", sorted(rows, key=lambda row: str(row["t"])))])
    return review_month(source, MONTH, (), rules or AccessRules(), SEOUL)


def build_rows() -> list[dict[str, object]]:
    rows = [access(-20 * DAY + 10 * HOUR, "kim", "10.0.0.1")]
    rows += [access(10 * HOUR + n, "kim", "10.0.0.1") for n in range(5)]
    rows += [access(4 * DAY + 3 * HOUR, "lee", "10.0.0.9")]
    return rows


def test_the_month_is_reviewed_and_its_count_is_that_of_the_log() -> None:
    found = review(build_rows())
    assert found.services == ("admin",)
    assert (found.review.records, found.log_records, found.is_complete) == (6, 6, True)
    assert found.oldest_ns == (MONTH.start_ms + (-20 * DAY + 10 * HOUR) * 1000) * 10**6
    assert (found.known_pairs, found.known_months) == (1, 1)
    kinds = {(one.kind, one.account) for one in found.review.findings}
    assert kinds == {("off_hours", b"lee"), ("new_address", b"lee")}


def test_the_sheet_has_figures_findings_and_what_was_not_found() -> None:
    heading, summary, findings, *notes = build_access_review(review(build_rows()))
    assert isinstance(heading, Heading)
    assert isinstance(summary, Table)
    assert isinstance(findings, Table)
    values = {row[0].key: row[1] for row in summary.rows if isinstance(row[0], Phrase)}
    assert values["reports.access.records"] == values["reports.access.log_records"] == 6
    assert isinstance(values["reports.access.oldest"], Moment)
    assert len(findings.rows) == 2
    assert len(notes) == 4  # the kinds without a finding


def test_without_earlier_months_no_address_is_called_new() -> None:
    blocks = list(build_access_review(review(build_rows()[1:])))
    notes = [block.text for block in blocks if isinstance(block, Note)]
    assert Phrase("reports.access.no_known") in notes


@pytest.mark.parametrize("lang", LANGS)
def test_the_sheet_reads_in_both_languages(lang: Lang) -> None:
    localizer = Localizer.for_period(MONTH, lang)
    for block in build_access_review(review(build_rows())):
        if isinstance(block, Note):
            assert localizer.format(block.text)
        if isinstance(block, Table):
            assert all(localizer.format(cell) for row in block.rows for cell in row)
