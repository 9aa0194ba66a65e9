"""Stores for tests: filled in pieces, and all their records read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.logs.evaluate import list_texts, write_message
from jipyo.logs.store.reader import StoreReader

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.logs.record import LogBatch

Row = tuple[str, int, int, bytes, tuple[tuple[str, bytes | None], ...]]


def read_rows(folder: Path) -> dict[int, Row]:
    """Every record by its number: service, time, level, message and fields as texts."""
    reader = StoreReader(folder)
    rows: dict[int, Row] = {}
    for block in reader.snapshot().blocks:
        batch, seq = reader.read_block(block)
        for number, row in zip(seq.tolist(), list_rows(batch), strict=True):
            assert number not in rows, f"record {number} is there twice"
            rows[number] = row
    return rows


def list_rows(batch: LogBatch) -> list[Row]:
    """Its records as they are compared."""
    columns = {name: list_texts(batch, name) for name in sorted(batch.fields)}
    return [
        (
            batch.service,
            int(batch.t_ns[row]),
            int(batch.level[row]),
            write_message(batch, row) or b"",
            tuple((name, texts[row]) for name, texts in columns.items() if texts[row] is not None),
        )
        for row in range(len(batch))
    ]
