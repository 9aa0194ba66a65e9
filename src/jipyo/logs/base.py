"""The protocol of everything that has log records: the embedded store, or a cluster by URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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
    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogBatch
    from jipyo.model.errors import JipyoError


class LogSource(Protocol):
    """Answers log queries; all of one suite (`tests/logs/contract`), with the same counts.

    Where only parts could be read, an answer has them and names in `missing` what is not in
    it: never fewer errors without a word. Every method raises `LogQueryError` where the query
    is rejected (a pattern of which no index exists, a field that is no number, cancelled), and
    `LogSourceError` where the source failed.
    """

    def bind(self, cancelled: threading.Event) -> LogSource:
        """The same source for one caller: its queries are abandoned once the event is set."""
        ...

    def search(
        self, query: LogQuery, limit: int, after: str | None = None, *, newest_first: bool = True
    ) -> LogPage:
        """The first records; `after` is a page's `next`.

        They are ordered by time, then by service, then by arrival: backwards, newest first.
        """
        ...

    def around(self, record_id: str, before: int, after: int) -> LogPage:
        """A record of the same service with the ones before and after it, oldest first."""
        ...

    def count(self, query: LogQuery) -> LogCount:
        """How many records there are."""
        ...

    def histogram(
        self, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None = None
    ) -> LogHistogram:
        """Counts by interval, aligned to the epoch, or by day of the zone without one.

        `by` is a field, `service`, `level` or `template`; at most 1,000 groups. Records without
        the field are in the group `""`.
        """
        ...

    def terms(self, query: LogQuery, field: str, limit: int) -> LogTerms:
        """The most frequent values of a field, of `service`, of `level` or of `template`."""
        ...

    def percentiles(
        self, query: LogQuery, field: str, percents: Sequence[float], by: str | None = None
    ) -> LogPercentiles:
        """Percentiles (nearest rank, where exact) of a number field, by the values of another.

        Records without the other field are in the group `""`; numbers are as in `Between`.
        """
        ...

    def templates(self, query: LogQuery) -> LogTemplates:
        """All records under their templates."""
        ...

    def batches(self, query: LogQuery, fields: Sequence[str]) -> Iterator[LogBatch]:
        """The records' times, levels and these fields, service by service in order of time.

        Messages only where `message` is among the fields. For analyses (sessions, access
        reviews); a batch has at most 65,536 records. After the last one `find_missing` has
        what was not read.
        """
        ...

    def services(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The services with records in [start, end), sorted."""
        ...

    def fields(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The fields that records in [start, end) may have beside message, level and service.

        Sorted; some of these records may be of another time near to it.
        """
        ...

    def find_missing(self) -> tuple[JipyoError, ...]:
        """What cannot be read at the moment, or was missing from the last `batches`."""
        ...
