"""Tables as columns: what a column is called and what its cells show, in one place.

A table is its columns times its entries. A new column is one row:

    TableColumn("coverage", lambda entry: Share(entry.now.coverage))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from jipyo.reports.document import ActionItem, Actions, ColumnHead, Inline, Joined, Table, phrase

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


ACTION_COLUMNS: tuple[TableColumn[tuple[int, ActionItem]], ...] = (
    TableColumn("to_do", lambda one: Joined((f"{one[0]}.", one[1].text)), numeric=False),
    TableColumn("reason", lambda one: one[1].basis, numeric=False),
    TableColumn("due", lambda one: one[1].due, numeric=False),
    TableColumn("owner", lambda one: one[1].owner, numeric=False),
)


def build_action_table(actions: Actions) -> Table:
    """The actions as a numbered table, as every format shows them."""
    return Table(
        id=actions.id,
        caption="",
        columns=build_heads(ACTION_COLUMNS),
        rows=tuple(build_row(ACTION_COLUMNS, one) for one in enumerate(actions.items, 1)),
        wide=True,
    )


def build_row(columns: Sequence[TableColumn[Entry]], entry: Entry) -> tuple[Inline, ...]:
    """The cells of one entry."""
    return tuple(column.cell(entry) for column in columns)
