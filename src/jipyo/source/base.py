"""The protocol of everything that answers PromQL: expressions in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.result import Cardinality, LatestSamples, QueryResult
    from jipyo.model.sample import MetricMetadata
    from jipyo.source.via import Via


class Source(Protocol):
    """Answers the PromQL of the embedded engine.

    A source whose server knows less of the language sends its plain form (`translate_promql`),
    marks counts that are extrapolated by it, and rejects what has none. Where only parts could
    be read, the answer has them, and names in `missing` what is not in it.

    Times are milliseconds UTC, both ends of a range included; `match` are selectors as text
    (`match[]`). Every method that asks raises `QueryError` where the query is rejected or was
    cancelled, and `SourceError` where the source itself failed.
    """

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> Source:
        """The same source for one caller: its queries are abandoned once the event is set.

        Where it is given, `lookback_ms` replaces the lookback of its queries. An abandoned
        query raises `QueryError` of kind CANCELED. `via` are the jipyo that the queries have
        come through.
        """
        ...

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment: a Scalar, String, Vector or RawMatrix."""
        ...

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`: a Matrix."""
        ...

    def newest(self, match: Sequence[str], t_ms: int) -> LatestSamples:
        """The newest sample of each series that any of the selectors matches.

        Samples within the lookback before `t_ms` count; a series that has ended (its newest
        sample is a stale marker) is left out.
        """
        ...

    def series(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series with samples in the range that any of the selectors matches, one by one.

        At most `limit` of them; see `Queryable.series` for their order. Selectors are rejected
        before the first.
        """
        ...

    def label_names(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The first label names of those series (of all series without a selector), sorted."""
        ...

    def label_values(
        self,
        name: str,
        match: Sequence[str],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The first values of one label among those series, sorted."""
        ...

    def metric_names(self, t_ms: int) -> frozenset[str]:
        """The names of all metrics that have ever had a sample up to `t_ms`.

        A source may remember them for half a minute.
        """
        ...

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        ...

    def cardinality(self, t_ms: int, limit: int) -> Cardinality:
        """How many series have samples within the lookback before `t_ms`, and why so many.

        Each ranking has its `limit` greatest entries.
        """
        ...

    def find_missing(self) -> tuple[JipyoError, ...]:
        """What could not be read when it was last asked for, so that lists are without it.

        For answers that have no place for it: series, label names and values, metadata.
        """
        ...
