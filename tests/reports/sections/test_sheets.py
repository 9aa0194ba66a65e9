"""The sheets of a month as reports: what they say agrees with what they are made from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from jipyo import catalogue as catalogues
from jipyo.i18n import LANGS, Lang
from jipyo.reports.document import Day, DayMatrix, Issuer, Mark, ScoreSheet, Table, find_figures
from jipyo.reports.render import FORMATS
from jipyo.reports.render.scores import count_marks
from jipyo.reports.sheets import build_contract_report, build_inspection_report, drop_evidence
from jipyo.reports.wording import Localizer
from jipyo.sla.inspection import InspectionSheet, inspect_month
from jipyo.sla.inspection_items import InspectionEntry, InspectionResult, load_items
from sla.months import eventful, month_of, source_of, store_month
from sla.test_recomputation import build_records, evaluate

if TYPE_CHECKING:
    from jipyo.reports.document import Report

CATALOGUE = catalogues.load()
JANUARY = month_of("2027-01-01")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> InspectionSheet:
    store = store_month(tmp_path_factory.mktemp("sheets"), eventful(JANUARY))
    items = load_items(None, CATALOGUE)
    shown = ("memory", "disk", "first_page", "certificate", "backup")
    items = replace(items, items=tuple(item for item in items.items if item.id in shown))
    entry = InspectionEntry(item="memory", day=date(2027, 1, 14), by="Kim", note="restarted")
    source, end_ms = source_of(store), JANUARY.end_ms
    made = inspect_month(source, CATALOGUE, items, JANUARY, end_ms, entries=(entry,))
    store.close()
    return made


@pytest.fixture(scope="module")
def inspection(sheet: InspectionSheet) -> Report:
    return build_inspection_report(sheet, CATALOGUE, JANUARY.end_ms, Issuer())


def tables(report: Report) -> dict[str, Table]:
    return {block.id: block for block in report.blocks if isinstance(block, Table)}


def test_the_matrix_counts_what_the_sheet_counts(
    inspection: Report, sheet: InspectionSheet
) -> None:
    (matrix,) = (block for block in inspection.blocks if isinstance(block, DayMatrix))
    counts = {mark: sum(count_marks(row, mark) for row in matrix.rows) for mark in Mark}
    assert counts[Mark.ABNORMAL] == sheet.count(InspectionResult.ABNORMAL) == 3
    assert counts[Mark.NOT_INSPECTED] == sheet.count(InspectionResult.NOT_INSPECTED) == 2
    assert counts[Mark.MARKED] == sheet.marked
    assert sum(counts.values()) == sheet.due == 155


@pytest.mark.parametrize(
    ("lang", "lines"),
    [
        (
            "en",
            {
                "Sat 9 Jan Memory": "too little data of ai-node-2",
                "Thu 14 Jan Memory": "ai-node-2: 94% (14:0",
                "Wed 20 Jan Backups": "last backup: no data",
                "Wed 27 Jan to Sun 31 Jan (5 days) Certificate validity": ": 10 days (",
            },
        ),
        (
            "ko",
            {
                "1. 9. (토) 메모리 상태": "ai-node-2의 데이터 부족",
                "1. 14. (목) 메모리 상태": "ai-node-2: 94%(14:0",
                "1. 27. (수) ~ 1. 31. (일) (5일) 인증서 유효 기간": ": 10일(",
            },
        ),
    ],
)
def test_days_that_need_explaining_are_explained_by_what_decided(
    inspection: Report, lang: Lang, lines: dict[str, str]
) -> None:
    localizer = Localizer.for_period(JANUARY, lang)
    rows = [
        [localizer.format(cell) for cell in row]
        for row in tables(inspection)["inspection-others"].rows
    ]
    said = {f"{day} {item}": measured for day, item, _, measured, *_ in rows}
    for line, text in lines.items():
        assert text in said[line], said
    (memory,) = (row for row in rows if row[-1] == "Kim: restarted")
    assert "14" in memory[0]


@pytest.mark.parametrize("lang", LANGS)
def test_items_that_were_not_inspected_on_one_day_are_one_line(
    sheet: InspectionSheet, lang: Lang
) -> None:
    day = date(2027, 1, 5)
    rows = tuple(
        replace(row, cells=tuple(
            replace(cell, result=InspectionResult.NOT_INSPECTED, checks=(), entries=())
            if cell is not None and cell.day == day else cell for cell in row.cells
        ))
        for row in sheet.rows
    )  # fmt: skip
    report = build_inspection_report(replace(sheet, rows=rows), CATALOGUE, JANUARY.end_ms, Issuer())
    text = Localizer.for_period(JANUARY, lang).format
    lines = [list(map(text, row)) for row in tables(report)["inspection-others"].rows]
    (line,) = (one for one in lines if one[0] == text(Day(day, short=True)))
    assert str(len(rows)) in line[1]
    assert all(text(row.item.name) in line[3] for row in rows)


def test_every_measured_cell_is_in_the_evidence_with_its_digest(
    inspection: Report, sheet: InspectionSheet
) -> None:
    rows = tables(inspection)["inspection-evidence"].rows
    required = sum(
        check.required
        for row in sheet.rows
        for cell in row.cells
        if cell is not None
        for check in cell.checks
    )
    assert len(rows) >= required == 155
    localizer = Localizer.for_period(JANUARY, "en")
    digests = [localizer.format(row[-1]) for row in rows]
    assert sum(bool(re.fullmatch("[0-9a-f]{12}", digest)) for digest in digests) >= 154
    assert all(figure.expr for figure in find_figures(inspection.blocks))


@pytest.mark.parametrize("lang", LANGS)
def test_a_sheet_is_a_page_in_one_language_and_the_same_again(
    inspection: Report, lang: Lang
) -> None:
    page = FORMATS["html"].render(replace(inspection, issuer=Issuer()), lang)
    assert page == FORMATS["html"].render(inspection, lang)
    body = page.decode().partition("<body>")[2]
    assert lang == "ko" or not re.search("[가-힣]", body)
    assert 'class="landscape"' in body
    assert "inspection-evidence" not in {
        getattr(b, "id", "") for b in drop_evidence(inspection).blocks
    }


@pytest.mark.parametrize("lang", LANGS)
def test_the_sla_sheet_prints_what_the_month_came_to(lang: Lang) -> None:
    month = evaluate(build_records())
    report = build_contract_report(month, CATALOGUE, JANUARY.end_ms, Issuer(), lang)
    (scores,) = (block for block in report.blocks if isinstance(block, ScoreSheet))
    for row, line in zip(scores.rows, month.lines, strict=True):
        assert (row.value, row.points, row.score) == (line.rounded, line.points, line.score)
        if row.quotient is not None:
            exact = row.quotient.factor * row.quotient.numerator / row.quotient.denominator
            assert exact == pytest.approx(line.value, abs=1e-9)
    assert scores.percent == month.total.rounded
    text = FORMATS["html"].render(report, lang).decode()
    assert f"{month.total.rounded:.2f}" in text
    assert {"contract-time", "contract-outages", "contract-planned", "contract-days"} <= set(
        tables(report)
    )


def test_the_days_of_the_sla_sheet_add_up_to_its_totals() -> None:
    month = evaluate(build_records())
    report = build_contract_report(month, CATALOGUE, JANUARY.end_ms, Issuer(), "en")
    days = tables(report)["contract-days"]
    for column in range(1, len(days.columns)):
        total = sum(getattr(row[column], "ms", 0) for row in days.rows)
        assert total == getattr(days.totals[column], "ms", None)


@pytest.mark.parametrize(
    ("lang", "cause"), [("ko", "연결이 거부됨"), ("en", "refused the connection")]
)
def test_the_cause_of_an_outage_is_said_in_words(lang: Lang, cause: str) -> None:
    records = build_records()
    titles = ("connection_refused", "라우터 교체")
    outages = [
        replace(one, title=title) for one, title in zip(records.outages, titles, strict=False)
    ]
    made = evaluate(replace(records, outages=tuple(outages)))
    report = build_contract_report(made, CATALOGUE, JANUARY.end_ms, Issuer(), lang)
    rows = tables(report)["contract-outages"].rows
    localizer = Localizer.for_period(report.period, lang)
    text = "\n".join(localizer.format(cell) for row in rows for cell in row)
    assert cause in text
    assert "라우터 교체" in text
