"""PromQL answered in this process, over a store of this process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.result import sort_latest
from jipyo.model.sample import is_stale
from jipyo.promql import Engine, parse_selector
from jipyo.promql.syntax.limits import check_length
from jipyo.source.cardinality import count_cardinality
from jipyo.source.recording import unwrap

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.result import Cardinality, LatestSamples, QueryResult
    from jipyo.model.sample import MetricMetadata
    from jipyo.model.store import Queryable, Selector
    from jipyo.source.base import Source
    from jipyo.source.via import Via

_ANY_METRIC = (Matcher(METRIC_NAME, MatchOp.NE, ""),)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A store and the engine that reads it; `cancelled` abandons running queries."""

    store: Queryable
    engine: Engine
    cancelled: threading.Event | None = None
    is_forkable: bool = False
    """Whether a fork of this process may read as well: nothing else happens in the process."""

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> Embedded:
        """The same source, whose queries are abandoned once the event is set."""
        if lookback_ms is None:
            return replace(self, cancelled=cancelled)
        engine = self.engine.with_lookback(lookback_ms)
        return replace(self, cancelled=cancelled, engine=engine)

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment."""
        return self.engine.instant(self.store, expr, t_ms, cancel=self.cancelled)

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`."""
        return self.engine.range(self.store, expr, start_ms, end_ms, step_ms, cancel=self.cancelled)

    def newest(self, match: Sequence[str], t_ms: int) -> LatestSamples:
        """The newest sample of each matching series that has not ended."""
        start_ms = t_ms - self.engine.options.lookback_ms
        samples: dict[Labels, tuple[int, float]] = {}
        for selector in self._parse_selectors(match):
            for block in self.store.select(selector, start_ms, t_ms):
                if self.cancelled is not None and self.cancelled.is_set():
                    raise QueryError(QueryErrorKind.CANCELED, "query was canceled in selection")
                if not len(block.t_ms):
                    continue
                last, last_ms = block.values[:, -1], int(block.t_ms[-1])
                rows = zip(block.series, last.tolist(), is_stale(last).tolist(), strict=True)
                samples.update((labels, (last_ms, value)) for labels, value, old in rows if not old)
        return sort_latest(samples)

    def series(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series that any of the selectors matches, one by one."""
        return self.store.series(self._parse_selectors(match), start_ms, end_ms, limit)

    def label_names(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The label names of those series, sorted."""
        return self.store.label_names(self._parse_selectors(match), start_ms, end_ms, limit)

    def label_values(
        self,
        name: str,
        match: Sequence[str],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The values of one label among those series, sorted."""
        return self.store.label_values(name, self._parse_selectors(match), start_ms, end_ms, limit)

    def metric_names(self, t_ms: int) -> frozenset[str]:
        """The names of all metrics that have ever had a sample up to `t_ms`."""
        return frozenset(self.label_values(METRIC_NAME, (), 0, t_ms))

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        return self.store.metadata(metric)

    def cardinality(self, t_ms: int, limit: int) -> Cardinality:
        """How many series there are, and what makes them many."""
        start_ms = t_ms - self.engine.options.lookback_ms
        return count_cardinality(self.store.series([_ANY_METRIC], start_ms, t_ms), limit)

    def find_missing(self) -> tuple[JipyoError, ...]:
        """Nothing: a store that cannot be read raises."""
        return ()

    def _parse_selectors(self, match: Sequence[str]) -> list[Selector]:
        check_length("".join(match))
        return [parse_selector(text, self.engine.options.features) for text in match]


def is_read_from_afar(source: Source) -> bool:
    """Whether answers come, at least in part, from a server by URL."""
    return not isinstance(unwrap(source), Embedded)
