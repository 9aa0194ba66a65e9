"""A quarter has a row for each month under contract, with the score of the month's own sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from jipyo.model.calendar import PeriodKind, list_months, period_containing
from jipyo.reports.document import Badge, Blank, Heading, Table
from jipyo.reports.sections import contract
from jipyo.reports.sections.contract_months import build_contract_months
from jipyo.reports.wording import Localizer
from sla.test_recomputation import build_records, evaluate

SEOUL = ZoneInfo("Asia/Seoul")
QUARTER = period_containing(PeriodKind.QUARTER, date(2027, 1, 1), SEOUL)
SHEET = evaluate(build_records())


def test_only_quarters_and_years_have_months() -> None:
    year = period_containing(PeriodKind.YEAR, date(2027, 6, 1), SEOUL)
    assert [one.first_day.month for one in list_months(year)] == list(range(1, 13))
    months = list_months(QUARTER)
    assert [one.first_day.month for one in months] == [1, 2, 3]
    assert [one.end_ms for one in months[:-1]] == [one.start_ms for one in months[1:]]
    assert list_months(months[0]) == []


def test_each_month_of_each_system_has_a_row() -> None:
    months = list_months(QUARTER)
    entered = replace(SHEET, month=months[0])
    open_month = replace(SHEET, month=months[1], total=replace(SHEET.total, rounded=None))
    other = replace(SHEET, month=months[0], system="other")
    heading, first, second, _note = build_contract_months((entered, open_month, other))
    assert isinstance(heading, Heading)
    assert isinstance(first, Table)
    assert isinstance(second, Table)
    assert (len(first.rows), len(second.rows)) == (2, 1)
    show = Localizer.for_period(QUARTER, "en").format
    names = [show(row[0]) for row in first.rows]
    assert names == ["January 2027", "February 2027"]
    assert first.rows[0][1] == f"{SHEET.total.rounded:.2f}"
    counts = [int(str(cell)) for cell in first.rows[0][2:6]]
    assert sum(counts) == len(SHEET.lines)
    badge = first.rows[0][-1]
    assert isinstance(badge, Badge)
    assert badge.state is contract.find_state(SHEET)


def test_a_month_of_which_nothing_is_entered_has_neither_score_nor_penalty() -> None:
    open_month = replace(SHEET, total=replace(SHEET.total, rounded=None))
    _heading, table, _note = build_contract_months((open_month,))
    assert isinstance(table, Table)
    assert table.rows[0][1] == Blank()
    assert table.rows[0][6] is None


def test_without_a_contract_there_is_no_section() -> None:
    assert list(build_contract_months(())) == []
