"""A log source over batches in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from jipyo.logs.answer import (
    LogCount,
    LogHistogram,
    LogPage,
    LogPercentiles,
    LogTemplate,
    LogTemplates,
    LogTerms,
)
from jipyo.logs.evaluate.condition import ListTemplates, list_message_templates, select
from jipyo.logs.evaluate.values import list_texts, parse_number
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE
from jipyo.logs.record import (
    Level,
    LogBatch,
    LogRecord,
    NumberColumn,
    TextColumn,
    decode_text,
)
from jipyo.model.calendar import local_day, start_of_day
from jipyo.model.errors import JipyoError, LogQueryError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import Column

MAX_GROUPS = 1000
MAX_BATCH_ROWS = 65_536
_NS_PER_MS = 1_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, order=True)
class _Row:
    """A record's place: their order is that of a search, oldest first."""

    t_ns: int
    service: str
    arrival: int
    """Among the records of its service."""
    batch: int
    row: int


class BatchLogSource:
    """What every log source must answer, from batches in order of arrival; never incomplete."""

    def __init__(
        self, batches: Sequence[LogBatch], list_templates: ListTemplates = list_message_templates
    ) -> None:
        """Keep the batches, and what names the templates of their records."""
        self._batches = list(batches)
        self._list_templates = list_templates
        arrivals: Counter[str] = Counter()
        rows = []
        for number, batch in enumerate(self._batches):
            for row, t_ns in enumerate(batch.t_ns.tolist()):
                rows.append(_Row(t_ns, batch.service, arrivals[batch.service], number, row))
                arrivals[batch.service] += 1
        self._rows = sorted(rows)

    def bind(self, cancelled: threading.Event) -> BatchLogSource:
        """Itself: nothing here takes long enough to abandon, unless it is abandoned already."""
        if cancelled.is_set():
            raise LogQueryError("logs_query.cancelled")
        return self

    def search(
        self, query: LogQuery, limit: int, after: str | None = None, *, newest_first: bool = True
    ) -> LogPage:
        """A page; `next` is the number of records before it."""
        assert limit > 0, "BUG: a page without records"
        if after is not None and not (after.isascii() and after.isdigit()):
            raise LogQueryError("logs_query.bad_page", page=after)
        rows = self._select(query)
        if newest_first:
            rows.reverse()
        start = int(after or 0)
        end = start + limit
        records = tuple(self._read(row) for row in rows[start:end])
        return LogPage(records=records, next=str(end) if end < len(rows) else None)

    def around(self, record_id: str, before: int, after: int) -> LogPage:
        """The record with those of its service that are next to it by time and arrival."""
        arrival, _, service = record_id.partition("@")
        rows = [row for row in self._rows if row.service == service]
        places = [place for place, row in enumerate(rows) if str(row.arrival) == arrival]
        if not places:
            raise LogQueryError("logs_query.no_record", id=record_id)
        shown = rows[max(places[0] - before, 0) : places[0] + after + 1]
        return LogPage(records=tuple(self._read(row) for row in shown))

    def count(self, query: LogQuery) -> LogCount:
        """How many records there are."""
        return LogCount(n=len(self._select(query)))

    def histogram(
        self, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None = None
    ) -> LogHistogram:
        """Counts by interval and group."""
        starts = list_starts(query.start_ns, query.end_ns, interval_ns, zone)
        rows = self._select(query)
        groups = self._group(rows, by)
        counts = {name: np.zeros(len(starts), np.int64) for name in sorted(set(groups))}
        if by is None:
            counts = {"": np.zeros(len(starts), np.int64)}
        for row, group in zip(rows, groups, strict=True):
            place = max(n for n, start in enumerate(starts) if start <= row.t_ns)
            counts[group][place] += 1
        return LogHistogram(starts_ns=np.array(starts, np.int64), counts=counts)

    def terms(self, query: LogQuery, field: str, limit: int) -> LogTerms:
        """The most frequent values."""
        rows = self._select(query)
        values = [value for value in self._texts(rows, field) if value is not None]
        ordered = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
        return LogTerms(
            counts=tuple(ordered[:limit]),
            others=sum(n for _, n in ordered[limit:]),
            absent=len(rows) - len(values),
        )

    def percentiles(
        self, query: LogQuery, field: str, percents: Sequence[float], by: str | None = None
    ) -> LogPercentiles:
        """Percentiles by nearest rank."""
        rows = self._select(query)
        numbers: defaultdict[str, list[float]] = defaultdict(list)
        texts = self._texts(rows, field)
        for text, group in zip(texts, self._group(rows, by), strict=True):
            number = None if text is None else parse_number(text.encode())
            if number is not None:
                numbers[group].append(number)
        if not numbers and any(text is not None for text in texts):
            raise LogQueryError("logs_query.not_a_number", field=field)
        found = [
            (group, len(values), tuple(nearest_rank(values, percent) for percent in percents))
            for group, values in numbers.items()
        ]
        found.sort(key=lambda row: (-row[1], row[0]))
        return LogPercentiles(rows=tuple(found), estimated=False)

    def templates(self, query: LogQuery) -> LogTemplates:
        """All records under their templates."""
        rows = self._select(query)
        under: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
        for row, template in zip(rows, self._read_each(rows, self._list_templates), strict=True):
            under[template].append(row)
        templates = [
            LogTemplate(
                id=name,
                text=text,
                n=len(found),
                by_service=Counter(row.service for row in found),
                first_ns=found[0].t_ns,
                last_ns=found[-1].t_ns,
            )
            for (name, text), found in under.items()
        ]
        templates.sort(key=lambda template: (-template.n, template.id))
        return LogTemplates(templates=tuple(templates), total=len(rows))

    def batches(self, query: LogQuery, fields: Sequence[str]) -> Iterator[LogBatch]:
        """The records by service, with these fields only."""
        rows = sorted(self._select(query), key=lambda row: row.service)
        for service in sorted({row.service for row in rows}):
            own = [row for row in rows if row.service == service]
            for start in range(0, len(own), MAX_BATCH_ROWS):
                yield self._build_batch(service, own[start : start + MAX_BATCH_ROWS], fields)

    def services(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The services with records in [start, end)."""
        return tuple(sorted({row.service for row in self._rows if start_ns <= row.t_ns < end_ns}))

    def fields(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The fields of the batches with records in [start, end)."""
        batches = {row.batch for row in self._rows if start_ns <= row.t_ns < end_ns}
        return tuple(sorted({name for number in batches for name in self._batches[number].fields}))

    def find_missing(self) -> tuple[JipyoError, ...]:
        """Nothing is ever missing."""
        return ()

    def _select(self, query: LogQuery) -> list[_Row]:
        masks = [select(batch, query.where, self._list_templates) for batch in self._batches]
        return [
            row
            for row in self._rows
            if query.start_ns <= row.t_ns < query.end_ns
            and (not query.services or row.service in query.services)
            and self._batches[row.batch].level[row.row] in query.levels
            and masks[row.batch][row.row]
        ]

    def _read_each(self, rows: list[_Row], read: Callable[[LogBatch], Sequence[_T]]) -> list[_T]:
        """Of every row what `read` gives for it in its batch."""
        lists = [read(batch) for batch in self._batches]
        return [lists[row.batch][row.row] for row in rows]

    def _texts(self, rows: list[_Row], field: str) -> list[str | None]:
        if field == TEMPLATE:
            return [name for name, _ in self._read_each(rows, self._list_templates)]
        texts = self._read_each(rows, lambda batch: list_texts(batch, field))
        return [None if text is None else decode_text(text) for text in texts]

    def _group(self, rows: list[_Row], by: str | None) -> list[str]:
        if by is None:
            return [""] * len(rows)
        groups = [text or "" for text in self._texts(rows, by)]
        if len(set(groups)) > MAX_GROUPS:
            raise LogQueryError("logs_query.too_many_groups", field=by, limit=MAX_GROUPS)
        return groups

    def _read(self, row: _Row) -> LogRecord:
        batch = self._batches[row.batch]
        message = list_texts(batch, MESSAGE)[row.row]
        return LogRecord(
            t_ns=row.t_ns,
            service=row.service,
            level=Level(batch.level[row.row]),
            message=decode_text(message or b""),
            fields={
                name: value
                for name, column in batch.fields.items()
                if (value := read_value(column, row.row)) is not None
            },
            id=f"{row.arrival}@{row.service}",
        )

    def _build_batch(self, service: str, rows: list[_Row], fields: Sequence[str]) -> LogBatch:
        messages = None
        if MESSAGE in fields:
            texts = self._read_each(rows, lambda batch: list_texts(batch, MESSAGE))
            messages = [text or b"" for text in texts]
        columns = {name: self._build_column(rows, name) for name in fields if name != MESSAGE}
        return LogBatch(
            service=service,
            t_ns=np.array([row.t_ns for row in rows], np.int64),
            level=np.array([self._batches[row.batch].level[row.row] for row in rows], np.uint8),
            fields={name: column for name, column in columns.items() if column is not None},
            messages=messages,
        )

    def _build_column(self, rows: list[_Row], name: str) -> Column | None:
        """A field of these rows: numbers only where all batches write them alike."""
        if name in (SERVICE, LEVEL):
            return None
        columns = [self._batches[row.batch].fields.get(name) for row in rows]
        texts = self._read_each(rows, lambda batch: list_texts(batch, name))
        present = np.array([text is not None for text in texts])
        if not present.any():
            return None
        if len({c.decimals if isinstance(c, NumberColumn) else None for c in columns if c}) == 1:
            first = next(column for column in columns if column)
            if isinstance(first, NumberColumn):
                digits = [int((text or b"0").replace(b".", b"")) for text in texts]
                return NumberColumn(np.array(digits, np.int64), first.decimals, present)
        return TextColumn([text or b"" for text in texts], present)


def read_value(column: Column, row: int) -> str | int | float | None:
    """A field's value as a person reads it; None where the record lacks it."""
    if column.present is not None and not column.present[row]:
        return None
    if isinstance(column, TextColumn):
        return decode_text(column.values[row])
    value = int(column.values[row])
    return value / 10**column.decimals if column.decimals else value


def list_starts(
    start_ns: int, end_ns: int, interval_ns: int | None, zone: ZoneInfo
) -> tuple[int, ...]:
    """Where the intervals begin that [start, end) touches: without a length, the zone's days."""
    if start_ns >= end_ns:
        return ()
    if interval_ns is not None:
        return tuple(range(start_ns // interval_ns * interval_ns, end_ns, interval_ns))
    day, starts = local_day(start_ns // _NS_PER_MS, zone), []
    while (start := start_of_day(day, zone) * _NS_PER_MS) < end_ns:
        starts.append(start)
        day += timedelta(days=1)
    return tuple(starts)


def nearest_rank(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    rank = ceil(Fraction(str(percent)) * len(values) / 100)
    return sorted(values)[max(rank, 1) - 1]
