"""Columns of batches as numbers: codes of texts, and the values of number fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.coded import CodedTexts
from jipyo.logs.record import NumberColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

AGENT, CLIENT, DURATION, METHOD, ROUTE, STATUS, URL, USER = (
    "user_agent.original", "client.ip", "event.duration", "http.request.method", "url.route",
    "http.response.status_code", "url.original", "user.name",
)  # fmt: skip
NO_CODE = -1
"""Of a record without the field."""
_ABSENT = b"-"
"""What access logs write for a field that is absent."""


class CodeTable(dict[bytes, int]):
    """Texts and their codes, 0, 1, 2 and so on in the order of first sight."""

    def __init__(self) -> None:
        """Know the text of absent fields only."""
        super().__init__({_ABSENT: NO_CODE})
        self.texts: list[bytes] = []

    def __missing__(self, text: bytes) -> int:
        """The code of a text that was not met before."""
        code = self[text] = len(self.texts)
        self.texts.append(text)
        return code


def encode_column(batch: LogBatch, field: str, table: CodeTable) -> NDArray[np.int64]:
    """Of every record the code of the field's text; `NO_CODE` where it has none, or `-`."""
    column = batch.fields.get(field)
    if column is None:
        return np.full(len(batch), NO_CODE, np.int64)
    if isinstance(column, NumberColumn):
        numbers, places = np.unique(column.values, return_inverse=True)
        codes = np.array([table[b"%d" % number] for number in numbers.tolist()], np.int64)[places]
    elif isinstance(column.values, CodedTexts):
        codes = _encode_coded(column.values, column.present, table)
    else:
        codes = np.fromiter(map(table.__getitem__, column.values), np.int64, len(batch))
    return codes if column.present is None else np.where(column.present, codes, NO_CODE)


def _encode_coded(
    values: CodedTexts, present: NDArray[np.bool_] | None, table: CodeTable
) -> NDArray[np.int64]:
    """The codes of texts, each looked up once, and only those that a record has."""
    shown = values.codes if present is None else values.codes[present]
    codes = np.full(len(values.distinct), NO_CODE, np.int64)
    used = np.flatnonzero(np.bincount(shown, minlength=len(codes)))
    texts = map(values.distinct.__getitem__, used.tolist())
    codes[used] = np.fromiter(map(table.__getitem__, texts), np.int64, len(used))
    encoded: NDArray[np.int64] = codes[values.codes]
    return encoded


def read_numbers(batch: LogBatch, field: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The numbers of a field as they are stored, and which records have one."""
    column = batch.fields.get(field)
    if not isinstance(column, NumberColumn):
        return np.zeros(len(batch), np.int64), np.zeros(len(batch), np.bool_)
    present = np.ones(len(batch), np.bool_) if column.present is None else column.present
    return column.values, present


def read_statuses(batch: LogBatch) -> NDArray[np.int64]:
    """HTTP status codes; 0 where there is none."""
    statuses, present = read_numbers(batch, STATUS)
    return np.where(present, statuses, 0)
