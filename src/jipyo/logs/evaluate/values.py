"""The texts and numbers of records, as a line has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from jipyo.logs.query import LEVEL, MESSAGE, SERVICE
from jipyo.logs.record import FieldPart, Level, NumberColumn

if TYPE_CHECKING:
    from jipyo.logs.record import Column, LineLayout, LogBatch, TimePart

ABSENT = b"-"
"""In a line, in place of a field that the record lacks."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def list_texts(batch: LogBatch, field: str) -> list[bytes | None]:
    """Of every record the text of a field; None where it has none."""
    if field == SERVICE:
        return [batch.service.encode()] * len(batch)
    if field == LEVEL:
        return [Level(level).name.lower().encode() for level in batch.level]
    if field == MESSAGE:
        return [write_message(batch, row) for row in range(len(batch))]
    column = batch.fields.get(field)
    if column is None:
        return [None] * len(batch)
    return [_text(column, row) for row in range(len(batch))]


def _text(column: Column, row: int) -> bytes | None:
    if column.present is not None and not column.present[row]:
        return None
    if isinstance(column, NumberColumn):
        return write_number(int(column.values[row]), column.decimals)
    return column.values[row]


def write_number(value: int, decimals: int) -> bytes:
    """A decimal number with all its decimals: `0.250` for 250 with 3."""
    digits = f"{abs(value):0{decimals + 1}}"
    cut = len(digits) - decimals
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:cut]}{'.' if decimals else ''}{digits[cut:]}".encode()


def parse_number(text: bytes) -> float | None:
    """The nearest double, if the text is a number as `Between` reads it."""
    return float(text) if _NUMBER.fullmatch(text) else None


def write_message(batch: LogBatch, row: int) -> bytes | None:
    """A record's message, written from its fields if it has a layout; None without any."""
    if batch.messages is not None:
        return batch.messages[row]
    if batch.layout is None:
        return None
    return _write_line(batch, batch.layout, row)


def _write_line(batch: LogBatch, layout: LineLayout, row: int) -> bytes:
    line = layout.texts[0]
    for part, text in zip(layout.parts, layout.texts[1:], strict=True):
        if isinstance(part, FieldPart):
            column = batch.fields.get(part.name)
            value = _text(column, row) if column else None
            line += ABSENT if value is None else value
        else:
            line += _write_time(part, int(batch.t_ns[row]))
        line += text
    return line


def _write_time(part: TimePart, t_ns: int) -> bytes:
    moment = _EPOCH + timedelta(microseconds=t_ns // 1000)
    zone = timezone(timedelta(seconds=part.offset_s))
    return moment.astimezone(zone).strftime(part.format).encode()
