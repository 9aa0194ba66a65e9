"""What the words of the report mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.catalogue import Origin
from jipyo.reports.document import Block, Heading, Table, phrase
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from jipyo.reports.glossary import Term

_COLUMNS: tuple[TableColumn[Term], ...] = (
    TableColumn("term", lambda one: one.term, numeric=False),
    TableColumn("meaning", lambda one: one.meaning, numeric=False),
)


def build_glossary(terms: Sequence[Term], metrics: Collection[str]) -> Iterator[Block]:
    """The specification's terms, and those that are about no metric or one of these."""
    used = [
        term
        for term in terms
        if term.origin is Origin.SPECIFICATION
        or not term.metrics
        or any(metric in metrics for metric in term.metrics)
    ]
    yield Heading("glossary", phrase("reports.section.glossary"))
    rows = tuple(build_row(_COLUMNS, term) for term in used)
    yield Table("glossary-table", None, build_heads(_COLUMNS), rows, wide=True)
