"""Records one by one: searched from the newest or oldest on, and around one of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jipyo.logs.answer import LogPage
from jipyo.logs.embedded.scan import Context, OpenBlock, Scan
from jipyo.logs.evaluate.source import read_value
from jipyo.logs.evaluate.values import list_texts
from jipyo.logs.query import MESSAGE, LogQuery
from jipyo.logs.record import Level, LogBatch, LogRecord, decode_text
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class RecordPlace(NamedTuple):
    """Where a record is in the order of a search."""

    t_ns: int
    service: str
    seq: int
    """Its number in order of arrival."""

    @property
    def record_id(self) -> str:
        """Stable: neither merging nor deletion changes it."""
        return f"{self.t_ns}.{self.seq}"

    @property
    def page(self) -> str:
        """For `LogPage.next`."""
        return f"{self.record_id}.{self.service}"

    @classmethod
    def parse(cls, page: str) -> RecordPlace | None:
        """The place that a page's `next` names; None where it is none."""
        t_ns, _, rest = page.partition(".")
        seq, _, service = rest.partition(".")
        is_number = seq.isascii() and seq.isdigit() and t_ns.removeprefix("-").isdigit()
        return cls(int(t_ns), service, int(seq)) if is_number and t_ns.isascii() else None


class _Found(NamedTuple):
    """A record that may be on the page."""

    place: RecordPlace
    block: int
    """Which of the scan's blocks has it."""
    row: int


def find_page(
    context: Context, query: LogQuery, limit: int, after: str | None, *, newest_first: bool
) -> LogPage:
    """See `LogSource.search`.

    Raises:
        LogQueryError: there is no such page, or the query was cancelled.
    """
    start = None if after is None else RecordPlace.parse(after)
    if after is not None and start is None:
        raise LogQueryError("logs_query.bad_page", page=after)
    scan = Scan(context, query)
    found = _find_first(scan, limit + 1, start, newest_first=newest_first)
    records = _read_records(scan, found[:limit])
    following = found[limit - 1].place.page if len(found) > limit else None
    return LogPage(records=records, next=following, missing=tuple(scan.missing))


def find_around(context: Context, record_id: str, before: int, after: int) -> LogPage:
    """See `LogSource.around`.

    Raises:
        LogQueryError: there is no such record, or the query was cancelled.
    """
    place = RecordPlace.parse(record_id)
    if place is None:
        raise LogQueryError("logs_query.no_record", id=record_id)
    scan = Scan(context, LogQuery(start_ns=place.t_ns, end_ns=place.t_ns + 1))
    for block in scan.blocks:
        if not block.summary.first_seq <= place.seq <= block.summary.last_seq:
            continue
        rows = scan.read(block, lambda each: each.rows[each.order[each.rows] == place.seq])
        if rows is not None and len(rows):
            return _read_around(
                context, place._replace(service=block.summary.service), before, after
            )
    if scan.missing:
        raise scan.missing[0]
    raise LogQueryError("logs_query.no_record", id=record_id)


def _read_around(context: Context, place: RecordPlace, before: int, after: int) -> LogPage:
    everything = LogQuery(start_ns=-(1 << 63), end_ns=(1 << 63) - 1, services=(place.service,))
    later = Scan(context, replace(everything, start_ns=place.t_ns))
    earlier = Scan(context, replace(everything, end_ns=place.t_ns + 1))
    itself = place._replace(seq=place.seq - 1)
    newer = _find_first(later, after + 1, itself, newest_first=False)
    older = _find_first(earlier, before, place, newest_first=True)
    records = (*reversed(_read_records(earlier, older)), *_read_records(later, newer))
    return LogPage(records=records, missing=(*earlier.missing, *later.missing))


def _find_first(
    scan: Scan, limit: int, start: RecordPlace | None, *, newest_first: bool
) -> Sequence[_Found]:
    """The first records behind a place, in the order asked for."""
    found: list[_Found] = []
    sign = -1 if newest_first else 1
    order = sorted(range(len(scan.blocks)), key=lambda n: sign * _edges(scan, n, sign)[0])
    for number in order if limit else ():
        nearest, farthest = _edges(scan, number, sign)
        if len(found) == limit and sign * nearest > sign * found[-1].place.t_ns:
            break
        if start is not None and sign * farthest < sign * start.t_ns:
            continue
        find = partial(_find_rows, number=number, limit=limit, start=start, sign=sign)
        new = scan.read(scan.blocks[number], find)
        if new:
            found = sorted([*found, *new], reverse=newest_first)[:limit]
    return found


def _edges(scan: Scan, number: int, sign: int) -> tuple[int, int]:
    """The first and the last time of a block in the order asked for."""
    summary = scan.blocks[number].summary
    edges = (summary.first_ns, summary.last_ns)
    return edges if sign > 0 else edges[::-1]


def _find_rows(
    block: OpenBlock, number: int, limit: int, start: RecordPlace | None, sign: int
) -> list[_Found]:
    """The first records of a block behind a place; its rows are in order of time and number."""
    rows = block.rows
    if start is not None and len(rows):
        rows = rows[_are_behind(block, rows, start, sign)]
    rows = rows[:limit] if sign > 0 else rows[-limit:]
    if not len(rows):
        return []
    columns = (block.times[rows], block.order[rows], rows)
    numbers = zip(*(column.tolist() for column in columns), strict=True)
    service = block.summary.service
    return [_Found(RecordPlace(t, service, seq), number, row) for t, seq, row in numbers]


def _are_behind(
    block: OpenBlock, rows: NDArray[np.int64], start: RecordPlace, sign: int
) -> NDArray[np.bool_]:
    """Which rows come after a place in the order asked for."""
    distance: NDArray[np.int64] = sign * (block.times[rows] - start.t_ns)
    service = block.summary.service
    if service == start.service:
        ties = sign * (block.order[rows] - start.seq) > 0
    else:
        ties = np.full(len(rows), (service > start.service) == (sign > 0))
    behind: NDArray[np.bool_] = (distance > 0) | ((distance == 0) & ties)
    return behind


def _read_records(scan: Scan, found: Sequence[_Found]) -> tuple[LogRecord, ...]:
    """The records in the order given; those of a damaged block are noted and left out."""
    rows: defaultdict[int, list[_Found]] = defaultdict(list)
    for one in sorted(found, key=lambda each: each.row):
        rows[one.block].append(one)
    records: dict[RecordPlace, LogRecord] = {}
    for number, mine in rows.items():
        read = scan.read(scan.blocks[number], partial(_read_block, found=mine))
        records.update(read or {})
    return tuple(records[one.place] for one in found if one.place in records)


def _read_block(block: OpenBlock, found: Sequence[_Found]) -> dict[RecordPlace, LogRecord]:
    rows = np.array([one.row for one in found])
    batch = _read_rows(block, rows)
    messages = list_texts(batch, MESSAGE)
    parts = zip(found, messages, batch.level.tolist(), strict=True)
    return {
        one.place: LogRecord(
            t_ns=one.place.t_ns,
            service=one.place.service,
            level=Level(level),
            message=decode_text(message or b""),
            fields={
                name: value
                for name, column in batch.fields.items()
                if (value := read_value(column, index)) is not None
            },
            id=one.place.record_id,
        )
        for index, (one, message, level) in enumerate(parts)
    }


def _read_rows(block: OpenBlock, rows: NDArray[np.int64]) -> LogBatch:
    """All of some records; lines of a layout are written from the fields, which are read once."""
    reader = block.reader
    columns = {name: reader.column(name, rows) for name in reader.field_names}
    layout = reader.layout
    return LogBatch(
        service=block.summary.service,
        t_ns=block.times[rows],
        level=reader.levels()[rows],
        fields={name: column for name, column in columns.items() if column is not None},
        messages=reader.messages(rows) if "m" in reader.meta else None,
        layout=layout,
    )
