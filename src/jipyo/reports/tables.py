"""Tables as columns: what a column is called and what its cells show, in one place.

A table is its columns times its entries. A new column is one row:

    TableColumn("coverage", lambda entry: Share(entry.now.coverage))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from jipyo.reports.document import ColumnHead, Inline, phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[Entry]):
    """A column of a table whose rows are entries of one type."""

    key: str
    """The heading is the text `reports.column.{key}`."""
    cell: Callable[[Entry], Inline]
    """What an entry shows in this column; None where that has no meaning for it."""
    numeric: bool = True
    """Whether cells are flush right, as numbers are compared."""


def build_heads(columns: Sequence[TableColumn[Entry]]) -> tuple[ColumnHead, ...]:
    """The headings of the columns."""
    return tuple(
        ColumnHead(phrase(f"reports.column.{column.key}"), column.numeric) for column in columns
    )


def build_row(columns: Sequence[TableColumn[Entry]], entry: Entry) -> tuple[Inline, ...]:
    """The cells of one entry."""
    return tuple(column.cell(entry) for column in columns)
