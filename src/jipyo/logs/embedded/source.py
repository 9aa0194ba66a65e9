"""The log source over the embedded store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.logs.embedded.counts import (
    count_by_time,
    count_records,
    count_values,
)
from jipyo.logs.embedded.pages import find_around, find_page
from jipyo.logs.embedded.percentiles import find_percentiles
from jipyo.logs.embedded.scan import Context, Scan, make_pool
from jipyo.logs.embedded.stream import stream_batches
from jipyo.logs.embedded.templates import list_templates
from jipyo.logs.query import LogQuery

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.logs.answer import (
        LogCount,
        LogHistogram,
        LogPage,
        LogPercentiles,
        LogTemplates,
        LogTerms,
    )
    from jipyo.logs.embedded.scan import TemplateMap
    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.reader import StoreReader
    from jipyo.model.errors import JipyoError


class EmbeddedLogs:
    """Answers from the segments that are on disk when a query begins; see `LogSource`."""

    def __init__(self, reader: StoreReader, templates: TemplateMap) -> None:
        """Any number of threads may ask; another process may write meanwhile."""
        self._context = Context(reader, templates, make_pool())
        self._missing: tuple[JipyoError, ...] = ()

    def bind(self, cancelled: threading.Event) -> EmbeddedLogs:
        """The same source for one caller, which shares what was read of the store."""
        bound = object.__new__(EmbeddedLogs)
        bound._context = replace(self._context, cancelled=cancelled)
        bound._missing = ()
        return bound

    def close(self) -> None:
        """End its threads."""
        self._context.pool.shutdown()

    def search(
        self, query: LogQuery, limit: int, after: str | None = None, *, newest_first: bool = True
    ) -> LogPage:
        """Block by block from the nearest on, no farther than the page needs."""
        return find_page(self._context, query, limit, after, newest_first=newest_first)

    def around(self, record_id: str, before: int, after: int) -> LogPage:
        """The record with those of its service that are next to it."""
        return find_around(self._context, record_id, before, after)

    def count(self, query: LogQuery) -> LogCount:
        """From footers where they say enough."""
        return count_records(self._context, query)

    def histogram(
        self, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None = None
    ) -> LogHistogram:
        """From counts by minute and level where they say enough."""
        return count_by_time(self._context, query, interval_ns, zone, by)

    def terms(self, query: LogQuery, field: str, limit: int) -> LogTerms:
        """The most frequent values."""
        return count_values(self._context, query, field, limit)

    def percentiles(
        self, query: LogQuery, field: str, percents: Sequence[float], by: str | None = None
    ) -> LogPercentiles:
        """Percentiles by nearest rank, exactly."""
        return find_percentiles(self._context, query, field, percents, by)

    def templates(self, query: LogQuery) -> LogTemplates:
        """From counts by hour, level and skeleton where they say enough."""
        return list_templates(self._context, query)

    def batches(self, query: LogQuery, fields: Sequence[str]) -> Iterator[LogBatch]:
        """The records by service, with these fields only."""
        scan = Scan(self._context, query)
        yield from stream_batches(scan, fields)
        self._missing = tuple(scan.missing)

    def services(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The services with records in [start, end)."""
        scan = Scan(self._context, LogQuery(start_ns=start_ns, end_ns=end_ns))
        found = {block.summary.service for block in scan.blocks if block.is_within}
        others = [block for block in scan.blocks if block.summary.service not in found]
        found.update(
            scan.map(lambda block: block.summary.service if len(block.rows) else "", others)
        )
        return tuple(sorted(found - {""}))

    def fields(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """Those of the blocks with times in [start, end)."""
        scan = Scan(self._context, LogQuery(start_ns=start_ns, end_ns=end_ns))
        found = scan.map(lambda block: block.reader.field_names)
        return tuple(sorted({name for names in found for name in names}))

    def find_missing(self) -> tuple[JipyoError, ...]:
        """Segments that cannot be read, and what the last `batches` left out."""
        lost = self._context.reader.snapshot().missing
        return tuple(dict.fromkeys([*lost, *self._missing]))
