"""Columns of some rows, put together from many places and in the order of the lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.coded import join_texts, repeat_text
from jipyo.logs.record import LineLayout, LogBatch, NumberColumn, RowChoice, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import Column

_BATCH_ROWS = 65_536


@dataclass(slots=True)
class FormatRows:
    """Some records of one service and one layout, with the numbers of their first lines."""

    service: str
    lines: NDArray[np.int64]
    """Of all lines that the parser has read, ascending."""
    t_ns: NDArray[np.int64]
    level: NDArray[np.uint8]
    fields: dict[str, Column]
    messages: Sequence[bytes] | None = None
    layout: LineLayout | None = None

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> FormatRows:
        """Some rows, in this order."""
        chosen = RowChoice(rows)
        return FormatRows(
            service=self.service,
            lines=self.lines[chosen.index],
            t_ns=self.t_ns[chosen.index],
            level=self.level[chosen.index],
            fields={name: chosen.column(column) for name, column in self.fields.items()},
            messages=None if self.messages is None else chosen.texts(self.messages),
            layout=self.layout,
        )


@dataclass(slots=True)
class RowCollector:
    """Gathers rows and makes batches of them."""

    _groups: dict[tuple[str, LineLayout | None], list[FormatRows]] = field(default_factory=dict)

    def add(self, rows: FormatRows) -> None:
        """Keep rows for their batch."""
        if len(rows):
            self._groups.setdefault((rows.service, rows.layout), []).append(rows)

    def build_batches(self) -> list[LogBatch]:
        """All rows, those of one service and layout together; each batch in order of arrival."""
        merged = [merge_rows(group) for group in self._groups.values()]
        merged.sort(key=lambda rows: int(rows.lines[0]))
        self._groups = {}
        return [
            LogBatch(
                service=rows.service,
                t_ns=rows.t_ns,
                level=rows.level,
                fields=rows.fields,
                messages=rows.messages,
                layout=rows.layout,
            )
            for rows in merged
        ]


def build_numbers(texts: Sequence[bytes], decimals: int = 0) -> NDArray[np.int64]:
    """Numbers of at most 18 digits, all with so many decimals, times ``10 ** decimals``."""
    return parse_joined(b" ".join(texts), decimals)


def parse_joined(joined: bytes, decimals: int = 0) -> NDArray[np.int64]:
    """The same of numbers with blanks between them."""
    if decimals:
        joined = joined.replace(b".", b"")
    return np.fromstring(joined, np.int64, sep=" ")


def build_constant(text: bytes, n: int) -> TextColumn:
    """A column that has the same text in every row."""
    return TextColumn(repeat_text(text, n))


def merge_rows(group: Sequence[FormatRows]) -> FormatRows:
    """FormatRows of one service and layout as one, by their lines."""
    if len(group) == 1:
        return group[0]
    lines = np.concatenate([rows.lines for rows in group])
    counts = [len(rows) for rows in group]
    names = dict.fromkeys(chain.from_iterable(rows.fields for rows in group))
    merged = FormatRows(
        service=group[0].service,
        lines=lines,
        t_ns=np.concatenate([rows.t_ns for rows in group]),
        level=np.concatenate([rows.level for rows in group]),
        fields={
            name: merge_columns([rows.fields.get(name) for rows in group], counts) for name in names
        },
        messages=_merge_messages(group),
        layout=group[0].layout,
    )
    is_sorted = (np.diff(lines) > 0).all()
    return merged if is_sorted else merged.take(np.argsort(lines, kind="stable"))


def _merge_messages(group: Iterable[FormatRows]) -> list[bytes] | None:
    if any(rows.messages is None for rows in group):
        return None
    return list(chain.from_iterable(rows.messages or () for rows in group))


def merge_columns(columns: Sequence[Column | None], counts: Sequence[int]) -> Column:
    """Columns below one another, None for rows without the field.

    Numbers that are written with different decimals, or beside texts, become texts.
    """
    present = _merge_present(columns, counts)
    known = [column for column in columns if column is not None]
    if all(isinstance(column, NumberColumn) for column in known):
        decimals = {column.decimals for column in known if isinstance(column, NumberColumn)}
        if len(decimals) == 1:
            parts = [
                column.values if isinstance(column, NumberColumn) else np.zeros(n, np.int64)
                for column, n in zip(columns, counts, strict=True)
            ]
            return NumberColumn(np.concatenate(parts), decimals.pop(), present)
    texts = [
        repeat_text(b"", n) if column is None else list_texts(column)
        for column, n in zip(columns, counts, strict=True)
    ]
    return TextColumn(join_texts(texts), present)


def _merge_present(
    columns: Sequence[Column | None], counts: Sequence[int]
) -> NDArray[np.bool_] | None:
    if all(column is not None and column.present is None for column in columns):
        return None
    masks = []
    for column, n in zip(columns, counts, strict=True):
        mask = None if column is None else column.present
        masks.append(np.full(n, column is not None) if mask is None else mask)
    return np.concatenate(masks)


def list_texts(column: Column) -> Sequence[bytes]:
    """The values of a column as they are written."""
    if isinstance(column, TextColumn):
        return column.values
    return [write_number(value, column.decimals) for value in column.values.tolist()]


def write_number(value: int, decimals: int) -> bytes:
    """A decimal number with so many decimals."""
    if not decimals:
        return b"%d" % value
    digits = b"%0*d" % (decimals + 1, abs(value))
    return (b"-" if value < 0 else b"") + digits[:-decimals] + b"." + digits[-decimals:]


def put_fields(fields: dict[str, Column], more: Mapping[str, Column]) -> None:
    """Add fields that are not there yet."""
    for name, column in more.items():
        fields.setdefault(name, column)
