"""Records as senders send them, each with fields of its own -> batches of one service."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.record import Column, Level, LogBatch, NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FieldValue: TypeAlias = bytes | int | float
"""A text, or a number (never a truth value or one that is not finite)."""
MAX_FIELDS = 256
"""Of one batch; a record with still others begins a new one, so columns stay in proportion."""
MAX_RECORDS = 8192
"""Of one batch."""
_MAX_DECIMALS = 9
_LARGEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class ReceivedRecord:
    """One record; its message may itself be a line of a format that we know."""

    service: str
    t_ns: int
    level: Level
    message: bytes
    fields: Mapping[str, FieldValue]


def build_batches(records: Iterable[ReceivedRecord]) -> list[LogBatch]:
    """The records by service, in order of arrival."""
    by_service: defaultdict[str, list[ReceivedRecord]] = defaultdict(list)
    for record in records:
        by_service[record.service].append(record)
    return [
        _build_batch(service, piece)
        for service, all_records in by_service.items()
        for piece in split_by_fields(all_records)
    ]


def split_by_fields(records: Sequence[ReceivedRecord]) -> Iterator[list[ReceivedRecord]]:
    """Pieces of at most `MAX_RECORDS` records with `MAX_FIELDS` different fields."""
    piece: list[ReceivedRecord] = []
    names: set[str] = set()
    for record in records:
        is_full = len(piece) == MAX_RECORDS or (
            len(names) + len(record.fields) > MAX_FIELDS
            and len(names.union(record.fields)) > MAX_FIELDS
        )
        if piece and is_full:
            yield piece
            piece, names = [], set()
        piece.append(record)
        names.update(record.fields)
    if piece:
        yield piece


def _build_batch(service: str, records: Sequence[ReceivedRecord]) -> LogBatch:
    names = dict.fromkeys(name for record in records for name in record.fields)
    return LogBatch(
        service,
        np.array([record.t_ns for record in records], np.int64),
        np.array([record.level for record in records], np.uint8),
        {name: build_column([record.fields.get(name) for record in records]) for name in names},
        [record.message for record in records],
    )


def build_column(values: Sequence[FieldValue | None]) -> Column:
    """A field's values, None where a record does not have it; numbers where all are numbers."""
    found = [value for value in values if value is not None]
    present = None
    if len(found) < len(values):
        present = np.array([value is not None for value in values], np.bool_)
    if all(type(value) is int and abs(value) <= _LARGEST for value in found):
        return NumberColumn(np.array([value or 0 for value in values], np.int64), 0, present)
    decimals = _count_decimals(found)
    if decimals is None:
        return TextColumn([b"" if value is None else _write(value) for value in values], present)
    scaled = [round(value * 10**decimals) if value else 0 for value in values]
    return NumberColumn(np.array(scaled, np.int64), decimals, present)


def _count_decimals(values: Sequence[FieldValue]) -> int | None:
    """The most decimals that a number of them has; None where they are not all such numbers."""
    most = 0
    for value in values:
        if isinstance(value, bytes):
            return None
        decimals = len(repr(value).partition(".")[2]) if isinstance(value, float) else 0
        is_plain = "e" not in repr(value) and abs(value) * 10**_MAX_DECIMALS <= 1 << 53
        if not is_plain or decimals > _MAX_DECIMALS:
            return None
        most = max(most, decimals)
    return most


def _write(value: FieldValue) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode()


def make_field_value(value: object) -> FieldValue | None:
    """A plain value of JSON or protobuf as a field's; None for one that says nothing."""
    match value:
        case None:
            return None
        case bool():
            return b"true" if value else b"false"
        case float() if not math.isfinite(value):
            return str(value).encode()
        case int() if abs(value) > _LARGEST:
            return str(value).encode()
        case int() | float() | bytes():
            return value
        case _:
            return str(value).encode("utf-8", "surrogatepass")
