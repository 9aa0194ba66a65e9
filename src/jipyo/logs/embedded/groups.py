"""The values by which records are counted, and the numbers of a field, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.evaluate import parse_number
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE
from jipyo.logs.record import Level, NumberColumn, decode_text

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


def group_rows(block: OpenBlock, rows: NDArray[np.int64] | None, by: str | None) -> Groups:
    """The values of a field, of `service`, `level`, `message` or `template`; `""` without.

    Of some rows of the block, or of all.
    """
    if by is None or by == SERVICE:
        n = block.summary.n if rows is None else len(rows)
        return _same("" if by is None else block.summary.service, n)
    if by == LEVEL:
        levels = block.reader.levels()
        return Groups(LEVEL_NAMES, (levels if rows is None else levels[rows]).astype(np.int64))
    if by == TEMPLATE:
        every = np.arange(block.summary.n) if rows is None else rows
        templates, codes = block.group_templates(every)
        return Groups([name for name, _ in templates], codes)
    if by == MESSAGE:
        texts = block.reader.messages(rows)
        values = dict(zip(dict.fromkeys(texts), count(), strict=False))
        codes = np.fromiter(map(values.__getitem__, texts), np.int64, len(texts))
        return Groups([decode_text(text) for text in values], codes)
    found = block.reader.group(by, rows)
    if found is None:
        return _same(None, block.summary.n if rows is None else len(rows))
    return Groups([*map(decode_text, found[0]), None], found[1])


def _same(value: str | None, n: int) -> Groups:
    return Groups((value,), np.zeros(n, np.int64))


def read_numbers(column: Column) -> NDArray[np.float64]:
    """The nearest double of each record's number; NaN where it has none."""
    if isinstance(column, NumberColumn):
        values = to_doubles(column.values, column.decimals)
    else:
        parsed = {text: parse_number(text) for text in set(column.values)}
        numbers = (parsed[text] for text in column.values)
        values = np.array([np.nan if number is None else number for number in numbers], float)
    return values if column.present is None else np.where(column.present, values, np.nan)


def to_doubles(values: NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    """The nearest doubles of decimal numbers."""
    if not len(values) or max(-int(values.min()), int(values.max())) < _EXACT:
        return values / 10.0**decimals
    return np.array([value / 10**decimals for value in values.tolist()], float)
