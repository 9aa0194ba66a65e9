"""The values by which records are counted, and the numbers of a field, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.evaluate import parse_number, write_number
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE
from jipyo.logs.record import Level, NumberColumn, TextColumn, decode_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.embedded.scan import OpenBlock
    from jipyo.logs.record import Column

LEVEL_NAMES: Final = tuple(level.name.lower() for level in Level)
_EXACT: Final = 1 << 53
"""Integers below it are doubles."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The value of each of some records."""

    values: Sequence[str | None]
    """Different ones, or nearly; None for records without the field."""
    codes: NDArray[np.int64]
    """Of each record, which of the values."""


def group_rows(block: OpenBlock, rows: NDArray[np.int64], by: str | None) -> Groups:
    """The values of a field, of `service`, `level`, `message` or `template`; `""` without."""
    if by is None or by == SERVICE:
        return _same("" if by is None else block.summary.service, len(rows))
    if by == LEVEL:
        return Groups(LEVEL_NAMES, block.reader.levels()[rows].astype(np.int64))
    if by == TEMPLATE:
        templates, codes = block.group_templates(rows)
        return Groups([name for name, _ in templates], codes)
    if by == MESSAGE:
        return _group_texts(block.reader.messages(rows), None)
    column = block.reader.column(by, rows)
    return _same(None, len(rows)) if column is None else _group_column(column)


def _same(value: str | None, n: int) -> Groups:
    return Groups((value,), np.zeros(n, np.int64))


def _group_column(column: Column) -> Groups:
    if isinstance(column, TextColumn):
        return _group_texts(column.values, column.present)
    numbers, codes = np.unique(column.values, return_inverse=True)
    values = [write_number(number, column.decimals).decode() for number in numbers.tolist()]
    return _without_absent(values, codes.astype(np.int64), column.present)


def _group_texts(texts: Sequence[bytes], present: NDArray[np.bool_] | None) -> Groups:
    numbers: dict[bytes, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts]
    values = [decode_text(text) for text in numbers]
    return _without_absent(values, np.array(codes, np.int64), present)


def _without_absent(
    values: list[str], codes: NDArray[np.int64], present: NDArray[np.bool_] | None
) -> Groups:
    if present is None or present.all():
        return Groups(values, codes)
    return Groups([*values, None], np.where(present, codes, len(values)))


def read_numbers(column: Column) -> NDArray[np.float64]:
    """The nearest double of each record's number; NaN where it has none."""
    if isinstance(column, NumberColumn):
        values = _to_doubles(column.values, column.decimals)
    else:
        parsed = {text: parse_number(text) for text in set(column.values)}
        numbers = (parsed[text] for text in column.values)
        values = np.array([np.nan if number is None else number for number in numbers], float)
    return values if column.present is None else np.where(column.present, values, np.nan)


def _to_doubles(values: NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    if not len(values) or max(-int(values.min()), int(values.max())) < _EXACT:
        return values / 10.0**decimals
    return np.array([value / 10**decimals for value in values.tolist()], float)
