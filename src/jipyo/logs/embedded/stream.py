"""The records of a query service by service in order of time, some fields of them only."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.coded import CodedTexts
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE
from jipyo.logs.record import LogBatch, TextColumn
from jipyo.logs.store.merge import Numbered, sort_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.embedded.scan import OpenBlock, Scan

MAX_BATCH_ROWS: Final = 65_536
_LEAST_BATCH_ROWS: Final = 24_576
"""Full blocks that nothing overlaps are passed on as they are."""


def stream_batches(scan: Scan, fields: Sequence[str]) -> Iterator[LogBatch]:
    """See `LogSource.batches`.

    Blocks whose times overlap are in memory together, with these fields only.
    """
    ordered = sorted(scan.blocks, key=lambda block: (block.summary.service, block.summary.first_ns))
    for _, group in groupby(ordered, key=lambda block: block.summary.service):
        yield from _stream_service(scan, list(group), fields)


def _stream_service(
    scan: Scan, blocks: Sequence[OpenBlock], fields: Sequence[str]
) -> Iterator[LogBatch]:
    waiting: list[Numbered] = []
    for number, block in enumerate(blocks):
        part = scan.read(block, lambda each: _read_part(each, fields))
        if part is not None and len(part):
            waiting.append(part)
        next_ns = blocks[number + 1].summary.first_ns if number + 1 < len(blocks) else None
        if not waiting or (next_ns is not None and sum(map(len, waiting)) < _LEAST_BATCH_ROWS):
            continue
        (whole,) = sort_records(waiting)
        ready = len(whole) if next_ns is None else np.searchsorted(whole.batch.t_ns, next_ns)
        for start in range(0, int(ready), MAX_BATCH_ROWS):
            yield whole.take(np.arange(start, min(start + MAX_BATCH_ROWS, int(ready)))).batch
        rest = whole.take(np.arange(int(ready), len(whole)))
        waiting = [Numbered(_drop_unused(rest.batch), rest.seq)] if len(rest) else []


def _drop_unused(batch: LogBatch) -> LogBatch:
    """Without the texts of rows that were passed on, of which there would be more and more."""
    fields = dict(batch.fields)
    for name, column in fields.items():
        if isinstance(column, TextColumn) and isinstance(column.values, CodedTexts):
            fields[name] = TextColumn(column.values.sort(), column.present)
    return replace(batch, fields=fields)


def _read_part(block: OpenBlock, fields: Sequence[str]) -> Numbered:
    rows, reader = block.rows, block.reader
    chosen = block.some_rows
    names = [name for name in dict.fromkeys(fields) if name not in (MESSAGE, SERVICE, LEVEL)]
    columns = {name: reader.column(name, chosen, coded=True) for name in names}
    batch = LogBatch(
        service=block.summary.service,
        t_ns=block.times if chosen is None else block.times[rows],
        level=reader.levels() if chosen is None else reader.levels()[rows],
        fields={name: column for name, column in columns.items() if column is not None},
        messages=reader.messages(chosen) if MESSAGE in fields else None,
    )
    return Numbered(batch, block.order if chosen is None else block.order[rows])
