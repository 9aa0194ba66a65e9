"""The months of a contract within a quarter or a year, a row each; their sheets are the months'."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from jipyo.reports.document import (
    Badge,
    Blank,
    Block,
    Heading,
    Inline,
    Note,
    Share,
    Table,
    phrase,
)
from jipyo.reports.sections import contract
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.sla.month import ContractResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from jipyo.reports.document import Phrase
    from jipyo.sla.month import ContractMonth


def name_month(first: date) -> Phrase:
    """The month of a day, with its year."""
    month = phrase(f"i18n.month.{first.month}")
    return phrase("reports.named_month", month=month, year=str(first.year))


def build_contract_months(months: Sequence[ContractMonth]) -> Iterator[Block]:
    """A table of each system; months follow one another."""
    if not months:
        return
    yield Heading("contract-months", phrase("contract.section.months"))
    for system, group in groupby(months, key=lambda one: one.system):
        rows = list(group)
        yield Table(
            id=f"contract-months-{system}",
            caption=rows[0].system_name,
            columns=build_heads(_COLUMNS),
            rows=tuple(build_row(_COLUMNS, one) for one in rows),
        )
    yield Note(phrase("contract.months.note"))


def _write_score(month: ContractMonth) -> Inline:
    percent = month.total.rounded
    return Blank() if percent is None else f"{percent:.2f}"


def _write_penalty(month: ContractMonth) -> Inline:
    return None if month.total.rounded is None else f"{month.penalty.percent:.2f}%"


def _count(month: ContractMonth, result: ContractResult) -> str:
    return str(sum(line.result is result for line in month.lines))


def _write_state(month: ContractMonth) -> Badge:
    state = contract.find_state(month)
    return Badge(state, phrase(f"contract.state.{state.value}"))


_COLUMNS: tuple[TableColumn[ContractMonth], ...] = (
    TableColumn("month", lambda one: name_month(one.month.first_day), numeric=False),
    TableColumn("sla_score", _write_score),
    TableColumn("sla_met", lambda one: _count(one, ContractResult.MET)),
    TableColumn("sla_minimum", lambda one: _count(one, ContractResult.MINIMUM)),
    TableColumn("sla_missed", lambda one: _count(one, ContractResult.MISSED)),
    TableColumn("sla_not_entered", lambda one: _count(one, ContractResult.NOT_ENTERED)),
    TableColumn("penalty_percent", _write_penalty),
    TableColumn("coverage", lambda one: Share(one.coverage)),
    TableColumn("result", _write_state, numeric=False),
)
