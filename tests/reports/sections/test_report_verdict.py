"""The verdict of a longer period: one score, and the state that goes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports.document import Joined, Note, Phrase, Share, Table, phrase
from jipyo.reports.sections import contract
from jipyo.reports.sections.summary import (
    build_report_verdict,
    build_sla_summary,
    find_report_state,
    find_score,
)
from jipyo.reports.wording import Localizer
from jipyo.sla.month import ContractResult
from reports.summaries import build_data, build_entry, build_inputs, build_metric, shape_day
from sla.test_recomputation import build_records, evaluate

if TYPE_CHECKING:
    from jipyo.reports.inputs import ReportInputs
    from jipyo.sla.month import ContractMonth

MONTH = period_containing(PeriodKind.MONTH, date(2026, 11, 1), ZoneInfo("Asia/Seoul"))
QUARTER = period_containing(PeriodKind.QUARTER, date(2026, 11, 1), ZoneInfo("Asia/Seoul"))
SHEET = evaluate(build_records())


def month(*days: str, **more: Any) -> ReportInputs:
    """A month whose metrics came to these states."""
    values = {"ok": shape_day(), "critical": shape_day((30, 90.0))}
    entries = [
        build_entry(build_metric(f"m{n}", f"m.{n}"), {"": values[one]})
        for n, one in enumerate(days)
    ]
    return build_inputs(replace(build_data(*entries), period=MONTH), **more)


def test_without_a_contract_the_score_is_the_share_of_metrics_in_order() -> None:
    score = find_score(month("ok", "ok", "critical"))
    assert score is not None
    assert score.value == Share(2 / 3)
    assert find_score(month()) is None


def test_with_a_contract_score_and_state_are_the_contracts() -> None:
    inputs = month("critical", contracts=(SHEET,))
    verdict = build_report_verdict(inputs)
    assert verdict.score is not None
    assert verdict.score.value == f"{SHEET.total.rounded:.2f}"
    assert verdict.state is find_report_state(inputs) is contract.find_state(SHEET)


def test_of_several_contracts_the_lowest_score_is_shown_with_its_system() -> None:
    total = replace(SHEET.total, rounded=1.25)
    low = replace(SHEET, system="bad", system_name=Bilingual("나쁨", "bad"), total=total)
    score = find_score(month("ok", contracts=(SHEET, low)))
    assert score is not None
    assert (score.value, isinstance(score.name, Joined)) == ("1.25", True)


def test_the_score_of_a_quarter_is_the_mean_of_its_months() -> None:
    def score_months(*scores: float | None, system: str = "portal") -> tuple[ContractMonth, ...]:
        return tuple(
            replace(SHEET, system=system, total=replace(SHEET.total, rounded=one)) for one in scores
        )

    data = replace(build_data(build_entry()), period=QUARTER)
    inputs = build_inputs(data, contract_months=score_months(95.0, 90.01, None))
    score = find_score(inputs)
    assert score is not None
    assert (score.value, score.name) == ("92.50", phrase("summary.score.contract.mean", n=2))
    lower = (*inputs.contract_months, *score_months(91.0, 92.0, 93.5, system="desk"))
    both = find_score(replace(inputs, contract_months=lower))
    assert both is not None
    assert both.value == "92.16"  # down, as the contract rounds
    none = find_score(replace(inputs, contract_months=score_months(None, None)))
    assert none is None


def test_a_contract_of_which_nothing_is_entered_has_no_score_and_no_other() -> None:
    empty = replace(SHEET, total=replace(SHEET.total, rounded=None))
    assert find_score(month("ok", contracts=(empty,))) is None


def test_a_month_without_data_is_unknown_whatever_people_typed() -> None:
    lines = [replace(line, result=ContractResult.NOT_ENTERED) for line in SHEET.lines]
    typed = replace(lines[0], result=ContractResult.MET)
    sheet = replace(SHEET, lines=(typed, *lines[1:]))
    verdict = build_report_verdict(month(contracts=(sheet,)))
    assert (verdict.state, verdict.score) == (State.UNKNOWN, None)
    assert verdict.text == phrase("reports.verdict.no_data")
    assert isinstance(verdict.details[0], Phrase)
    assert verdict.details[0].key == "summary.lines"


def test_a_day_has_no_score() -> None:
    inputs = build_inputs(build_data(build_entry()))
    assert build_report_verdict(inputs).score is None


@pytest.mark.parametrize("lang", LANGS)
def test_the_lines_of_the_contract_are_counted_and_what_is_not_met_has_a_row(lang: Lang) -> None:
    inputs = month("ok", contracts=(SHEET,))
    blocks = list(build_sla_summary(inputs))
    (table,) = (one for one in blocks if isinstance(one, Table))
    lines = [line for line in SHEET.lines if line.result is not ContractResult.MET]
    assert 0 < len(table.rows) == len(lines) < len(SHEET.lines)
    (note,) = (one for one in blocks if isinstance(one, Note))
    format_part = Localizer.for_period(MONTH, lang).format
    text = format_part(build_report_verdict(inputs).text)
    assert str(len(SHEET.lines)) in text
    assert str(len(SHEET.lines) - len(lines)) in format_part(note.text)
    for row, line in zip(table.rows, lines, strict=True):
        if line.rounded is not None:
            assert f"{line.rounded:,.{line.indicator.decimals}f}" in format_part(row[2])
