"""A source that records every query that it passes on: what was asked, for what, at what cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from jipyo.model.errors import JipyoError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.result import Matrix, QueryResult, QueryStats, RawMatrix, count_samples

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.result import Cardinality, LatestSamples, Value
    from jipyo.model.sample import MetricMetadata
    from jipyo.source.base import Source
    from jipyo.source.via import Via

_T = TypeVar("_T")


class QueryKind(Enum):
    """What a source was asked for."""

    INSTANT = "instant"
    RANGE = "range"
    LABELS = "labels"
    """What exists: series, names, values of labels."""


@dataclass(frozen=True, slots=True)
class SentQuery:
    """One query, and what it cost."""

    kind: QueryKind
    expr: str
    """In the PromQL of the embedded engine; a source may send a plain form of it."""
    purpose: str = ""
    """The id of the metric that it is for."""
    exporter: str = ""
    series: int = 0
    """In the answer."""
    points: int = 0
    """Values in the answer."""
    stats: QueryStats = field(default_factory=QueryStats)
    """As far as the source gives them."""
    seconds: float = 0.0
    """From asking to the answer in memory."""
    problem: JipyoError | None = None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """Passes everything on to another source; safe to share between threads."""

    source: Source
    now_s: Callable[[], float]
    """A clock that never goes back."""
    queries: list[SentQuery] = field(default_factory=list)
    """In the order in which they were answered."""
    purpose: str = ""
    exporter: str = ""

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> RecordingSource:
        """The same source for one caller."""
        return replace(self, source=self.source.bind(cancelled, lookback_ms, via))

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment."""
        return self._query(QueryKind.INSTANT, expr, lambda: self.source.instant(expr, t_ms))

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`."""
        return self._query(
            QueryKind.RANGE, expr, lambda: self.source.range(expr, start_ms, end_ms, step_ms)
        )

    def newest(self, match: Sequence[str], t_ms: int) -> LatestSamples:
        """The newest sample of each matching series."""
        return self._list(" ".join(match), lambda: self.source.newest(match, t_ms))

    def series(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series that any of the selectors matches."""
        return self._list(
            " ".join(match), lambda: self.source.series(match, start_ms, end_ms, limit)
        )

    def label_names(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The label names of those series."""
        return self._list(
            " ".join(match), lambda: self.source.label_names(match, start_ms, end_ms, limit)
        )

    def label_values(
        self,
        name: str,
        match: Sequence[str],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The values of one label among those series."""
        return self._list(
            " ".join((name, *match)),
            lambda: self.source.label_values(name, match, start_ms, end_ms, limit),
        )

    def metric_names(self, t_ms: int) -> frozenset[str]:
        """The names of all metrics that have ever had a sample up to `t_ms`."""
        return self._list(METRIC_NAME, lambda: self.source.metric_names(t_ms))

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        return self._list(metric or "", lambda: self.source.metadata(metric))

    def cardinality(self, t_ms: int, limit: int) -> Cardinality:
        """How many series there are, and what makes them many."""
        return self._list("", lambda: self.source.cardinality(t_ms, limit))

    def find_missing(self) -> tuple[JipyoError, ...]:
        """What could not be read when it was last asked for."""
        return self.source.find_missing()

    def _query(self, kind: QueryKind, expr: str, ask: Callable[[], QueryResult]) -> QueryResult:
        started_s = self.now_s()
        try:
            result = ask()
        except JipyoError as error:
            self._note(SentQuery(kind, expr, seconds=self.now_s() - started_s, problem=error))
            raise
        seconds = self.now_s() - started_s
        series, points = _measure(result.value)
        self._note(
            SentQuery(kind, expr, series=series, points=points, stats=result.stats, seconds=seconds)
        )
        return result

    def _list(self, what: str, ask: Callable[[], _T]) -> _T:
        started_s = self.now_s()
        found = ask()
        size = len(found) if isinstance(found, list | frozenset) else 0
        seconds = self.now_s() - started_s
        self._note(SentQuery(QueryKind.LABELS, what, points=size, seconds=seconds))
        return found

    def _note(self, query: SentQuery) -> None:
        # Appending to a list needs no lock.
        self.queries.append(replace(query, purpose=self.purpose, exporter=self.exporter))


def ask_for(source: Source, purpose: str = "", exporter: str = "") -> Source:
    """The same source, whose queries are recorded as for this, if they are recorded at all."""
    if not isinstance(source, RecordingSource):
        return source
    return replace(source, purpose=purpose or source.purpose, exporter=exporter or source.exporter)


def unwrap(source: Source) -> Source:
    """The source itself, without what records its queries."""
    return source.source if isinstance(source, RecordingSource) else source


def _measure(value: Value) -> tuple[int, int]:
    """How many series and values an answer has."""
    if isinstance(value, Matrix):
        return len(value.series), int(np.count_nonzero(value.present))
    if isinstance(value, RawMatrix):
        return sum(len(block.series) for block in value.blocks), count_samples(value)
    points = count_samples(value)
    return points, points
