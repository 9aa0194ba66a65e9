"""The terms that a report explains."""

from __future__ import annotations

from jipyo.reports.document import Table
from jipyo.reports.glossary import load_glossary
from jipyo.reports.sections.glossary import build_glossary

TERMS = load_glossary()


def list_terms(metrics: set[str]) -> list[str]:
    """The ids of the terms in the table."""
    _, table = build_glossary(TERMS, metrics)
    assert isinstance(table, Table)
    by_meaning = {term.meaning: term.id for term in TERMS}
    return [by_meaning[row[1]] for row in table.rows]  # type: ignore[index]


def test_terms_of_metrics_that_are_not_in_the_report_are_left_out() -> None:
    without, with_swap = list_terms(set()), list_terms({"system.memory.swap"})
    assert set(with_swap) - set(without) == {"swap"}
    assert {"tps", "latency", "coverage"} <= set(without)


def test_the_specifications_terms_stand_first() -> None:
    assert list_terms(set())[:6] == [
        *("tps", "latency", "throughput"),
        *("metric", "threshold", "trend"),
    ]
