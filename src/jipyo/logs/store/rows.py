"""Batches of one service joined into one."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.coded import join_texts, repeat_text
from jipyo.logs.evaluate import write_number
from jipyo.logs.record import Column, LogBatch, NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


def join_batches(batches: Iterable[LogBatch]) -> list[LogBatch]:
    """One batch for each service and layout, with the records in the order given.

    A field that was a text here and a number there, or had other decimals, becomes a text, as
    the number stood in its line.
    """
    groups: dict[tuple[object, ...], list[LogBatch]] = {}
    for batch in batches:
        if len(batch):
            key = (batch.service, batch.layout, batch.messages is None)
            groups.setdefault(key, []).append(batch)
    return [_join_alike(group) for group in groups.values()]


def _join_alike(group: Sequence[LogBatch]) -> LogBatch:
    first = group[0]
    if len(group) == 1:
        return first
    names = dict.fromkeys(chain.from_iterable(batch.fields for batch in group))
    sizes = [len(batch) for batch in group]
    return LogBatch(
        service=first.service,
        t_ns=np.concatenate([batch.t_ns for batch in group]),
        level=np.concatenate([batch.level for batch in group]),
        fields={name: _join_columns([b.fields.get(name) for b in group], sizes) for name in names},
        messages=None
        if first.messages is None
        else list(chain.from_iterable(batch.messages or () for batch in group)),
        layout=first.layout,
    )


def _join_columns(columns: Sequence[Column | None], sizes: Sequence[int]) -> Column:
    """One column; a batch without the field has None."""
    present = _join_present(columns, sizes)
    decimals = {c.decimals if isinstance(c, NumberColumn) else -1 for c in columns if c is not None}
    if len(decimals) == 1 and -1 not in decimals:
        numbers = [
            c.values if isinstance(c, NumberColumn) else np.zeros(size, np.int64)
            for c, size in zip(columns, sizes, strict=True)
        ]
        return NumberColumn(np.concatenate(numbers), decimals.pop(), present)
    texts = [_list_texts(c, size) for c, size in zip(columns, sizes, strict=True)]
    return TextColumn(join_texts(texts), present)


def _join_present(
    columns: Sequence[Column | None], sizes: Sequence[int]
) -> NDArray[np.bool_] | None:
    if all(column is not None and column.present is None for column in columns):
        return None
    return np.concatenate(
        [
            np.full(size, column is not None)
            if column is None or column.present is None
            else column.present
            for column, size in zip(columns, sizes, strict=True)
        ]
    )


def _list_texts(column: Column | None, size: int) -> Sequence[bytes]:
    if column is None:
        return repeat_text(b"", size)
    if isinstance(column, TextColumn):
        return column.values
    return [write_number(value, column.decimals) for value in column.values.tolist()]
