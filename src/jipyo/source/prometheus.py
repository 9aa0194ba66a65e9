"""PromQL answered by a server of the Prometheus family, reached by URL.

Prometheus 2 and 3, VictoriaMetrics, Thanos and Mimir share one HTTP API; what differs in
their language is found out (`prometheus_server`) and rewritten (`dialect`). A range with more
steps than a server accepts, and an answer that is too large for it or for us, is split by
time and joined; a part that fails makes the answer incomplete, never shorter without notice.
"""

from __future__ import annotations

import random
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote

import numpy as np

from jipyo.model.clock import SystemClock
from jipyo.model.errors import MalformedBody, QueryError, QueryErrorKind, SourceError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.result import (
    Cardinality,
    Matrix,
    QueryResult,
    RawMatrix,
    Scalar,
    String,
    Vector,
    sort_latest,
)
from jipyo.net.http import HttpClient
from jipyo.promql import parse_cached, parse_selector
from jipyo.promql.syntax.ast import Aggregate, Call, StringLiteral, walk
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.limits import check_length
from jipyo.promql.syntax.names import needs_quotes
from jipyo.promql.syntax.signatures import ORDERING, ValueType
from jipyo.source.cardinality import count_cardinality
from jipyo.source.dialect import DEFAULT_LOOKBACK_MS, loses_anchors, pin_period, translate_promql
from jipyo.source.prometheus_exchange import Exchange, check_cancelled
from jipyo.source.prometheus_options import PrometheusOptions
from jipyo.source.prometheus_pieces import format_moment, read_pieces
from jipyo.source.prometheus_server import ServerCache
from jipyo.wire.prometheus_json import decode

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.clock import Clock
    from jipyo.model.errors import JipyoError
    from jipyo.model.family import Family
    from jipyo.model.labels import Labels
    from jipyo.model.result import LatestSamples, Ranking, Value
    from jipyo.model.sample import MetricMetadata, Times
    from jipyo.promql.syntax.ast import Expr
    from jipyo.source.prometheus_exchange import Params
    from jipyo.source.prometheus_server import RemoteServer
    from jipyo.source.via import Via

__all__ = ["PrometheusOptions", "PrometheusSource"]

_EVERY_SERIES = '{__name__!=""}'
_LISTED_SERIES = 100_000
"""Up to so many series are listed to find out what makes them many."""
_OF_THE_QUERY = ("PromQL ", "results truncated due to limit")
"""How warnings begin that are about the expression; all others are about parts of the data
that could not be read (Prometheus: util/annotations; Thanos: partial responses)."""
_T = TypeVar("_T")
_R = TypeVar("_R")


class _Send(Protocol):
    def __call__(self, path: str, params: Params, cancelled: threading.Event | None) -> bytes: ...


class PrometheusSource:
    """One server by URL; safe to share between threads."""

    def __init__(
        self,
        options: PrometheusOptions,
        *,
        client: HttpClient | None = None,
        clock: Clock | None = None,
        random_: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is connected before the first query; `random_` spreads repeated requests."""
        self.options = options
        self.exchange = Exchange(
            options,
            client or HttpClient(options.http_options()),
            clock or SystemClock(),
            random_,
        )
        self._server = ServerCache()
        self.cancelled: threading.Event | None = None
        self.lookback_ms = options.lookback_ms
        self.list_gaps: dict[str, tuple[JipyoError, ...]] = {}

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> PrometheusSource:
        """The same source, whose queries are abandoned once the event is set."""
        bound = copy(self)
        bound.cancelled = cancelled
        bound.exchange = replace(self.exchange, via=via)
        bound.list_gaps = {}
        bound.lookback_ms = self.lookback_ms if lookback_ms is None else lookback_ms
        return bound

    def close(self) -> None:
        """Close the connections that are kept."""
        self.exchange.client.close()

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment."""
        tree = parse_cached(expr, ALL)
        if isinstance(tree, StringLiteral):
            self._check_cancelled()
            return QueryResult(String(t_ms, tree.value))
        server = self._find_server()
        text = translate_promql(expr, server.dialect, lookback_ms=self._find_lookback_ms())
        params = [("query", text), ("time", _format_time(t_ms)), *self._list_settings(server)]
        result = self._decode(
            self._ask(self.exchange.query, "query", params),
            lambda body: _note_size(decode.decode_instant(body, t_ms), body),
        )
        self._check_time(result.value, t_ms)
        result = replace(result, value=_fit_type(result.value, tree))
        return self._annotate(result, loses_anchors(expr, server.dialect))

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`."""
        _check_range(parse_cached(expr, ALL), start_ms, end_ms, step_ms)
        server = self._find_server()
        t_ms = np.arange(start_ms, end_ms + 1, step_ms)
        pinned = pin_period(expr, start_ms, end_ms, step_ms)
        text = translate_promql(pinned, server.dialect, step_ms=step_ms, range_ms=end_ms - start_ms)
        fixed = [("step", _format_time(step_ms)), *self._list_settings(server)]

        def ask(piece_ms: Times) -> QueryResult:
            ends = zip(
                ("start", "end"), map(_format_time, (piece_ms[0], piece_ms[-1])), strict=True
            )
            body = self._ask(self.exchange.query, "query_range", [("query", text), *ends, *fixed])
            return self._decode(
                body, lambda body: _note_size(decode.decode_range(body, piece_ms), body)
            )

        result = read_pieces(self.options.name, ask, t_ms, self.options.max_points)
        return self._annotate(result, loses_anchors(expr, server.dialect))

    def newest(self, match: Sequence[str], t_ms: int) -> LatestSamples:
        """The newest sample of each matching series that has not ended."""
        samples: dict[Labels, tuple[int, float]] = {}
        lookback = f"{self._find_lookback_ms()}ms"
        for selector in self._parse_selectors(match):
            alive = self.instant(selector, t_ms).value
            raw = self.instant(f"{selector}[{lookback}]", t_ms).value
            assert isinstance(alive, Vector)
            assert isinstance(raw, RawMatrix)
            living = frozenset(alive.series)
            for block in raw.blocks:
                rows = zip(block.series, block.values[:, -1].tolist(), strict=True)
                last_ms = int(block.t_ms[-1])
                samples.update(
                    (labels, (last_ms, value)) for labels, value in rows if labels in living
                )
        return sort_latest(samples)

    def series(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series that any of the selectors matches."""
        selectors = self._parse_selectors(match) or [_EVERY_SERIES]
        found = self._list("series", selectors, (start_ms, end_ms), limit, decode.decode_series)
        return iter(found[:limit])

    def label_names(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The label names of those series, sorted."""
        selectors = self._parse_selectors(match)
        return self._list("labels", selectors, (start_ms, end_ms), limit, decode.decode_names)[
            :limit
        ]

    def label_values(
        self,
        name: str,
        match: Sequence[str],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The values of one label among those series, sorted."""
        selectors = self._parse_selectors(match)
        dialect = self._find_server().dialect
        if not dialect.quoted_names and needs_quotes(name, unquoted_utf8=False):
            # Such a server may have labels of this name, but rejects it as a path.
            found = {labels.get(name, "") for labels in self.series(match, start_ms, end_ms)}
            return sorted(found - {""})[:limit]
        path = f"label/{quote(name, safe='')}/values"
        return self._list(path, selectors, (start_ms, end_ms), limit, decode.decode_names)[:limit]

    def metric_names(self, t_ms: int) -> frozenset[str]:
        """The names of all metrics that have ever had a sample up to `t_ms`."""
        return frozenset(self.label_values(METRIC_NAME, (), 0, t_ms))

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        params = [] if metric is None else [("metric", metric)]
        return self._decode(
            self._ask(self.exchange.get, "metadata", params), decode.decode_metadata
        )

    def cardinality(self, t_ms: int, limit: int) -> Cardinality:
        """How many series there are, and what makes them many.

        Of more than a hundred thousand, the server's own statistics of its newest data; where it
        has none (Thanos, Mimir), only the series of each metric.
        """
        window = f"last_over_time({_EVERY_SERIES}[{self._find_lookback_ms()}ms])"
        total: int | None
        try:
            total = self._count(f"count({window})", t_ms)
            if total <= _LISTED_SERIES:
                newest = self.instant(window, t_ms).value
                assert isinstance(newest, Vector)
                return count_cardinality(newest.series, limit)
        except QueryError as error:
            if error.kind in (QueryErrorKind.CANCELED, QueryErrorKind.BAD_DATA):
                raise
            total = None  # more than the server counts in one query
        params = [("limit", str(limit)), ("topN", str(limit))]
        try:
            found = self._decode(
                self._ask(self.exchange.get, "status/tsdb", params), decode.decode_cardinality
            )
        except (QueryError, SourceError):
            if total is None:
                raise
            return Cardinality(total, 0, self._rank_metrics(t_ms, limit), (), (), ())
        return replace(found, series=found.series or total or 0)

    def _count(self, expr: str, t_ms: int) -> int:
        value = self.instant(expr, t_ms).value
        assert isinstance(value, Vector)
        return int(value.values.sum())

    def _rank_metrics(self, t_ms: int, limit: int) -> Ranking:
        expr = f"topk({limit}, count by (__name__) ({_EVERY_SERIES}))"
        value = self.instant(expr, t_ms).value
        assert isinstance(value, Vector)
        counts = zip(value.series, value.values.tolist(), strict=True)
        rows = ((labels.metric, int(n)) for labels, n in counts)
        return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))

    def find_missing(self) -> tuple[JipyoError, ...]:
        """What the server itself could not read for the lists that this caller last asked for."""
        found = (error for errors in tuple(self.list_gaps.values()) for error in errors)
        return tuple(dict.fromkeys(found))

    def families(self) -> Iterator[Family]:
        """What this source was asked, and how it went."""
        return self.exchange.counts.families(self.options.name)

    def _find_server(self) -> RemoteServer:
        return self._server.find(self.exchange, self.cancelled)

    def _find_lookback_ms(self) -> int:
        return DEFAULT_LOOKBACK_MS if self.lookback_ms is None else self.lookback_ms

    def _list_settings(self, server: RemoteServer) -> Params:
        """The parameters that every query has."""
        timeout = f"{round(self.options.timeout_s * 1000)}ms"
        settings = [("timeout", timeout), ("stats", "true")]
        if server.dialect.metricsql:
            # Else it moves the steps to multiples of the step, and takes what is left of the last
            # 30 s (-search.latencyOffset) from before them: a range within them is empty.
            settings += [("nocache", "1"), ("latency_offset", "1ms")]
        elif self.lookback_ms is not None:
            settings.append(("lookback_delta", f"{self.lookback_ms}ms"))
        return settings

    def _parse_selectors(self, match: Sequence[str]) -> list[str]:
        """The selectors in the terms of the server; each is one."""
        check_length("".join(match))
        for text in match:
            parse_selector(text, ALL)
        self._check_cancelled()
        if not match:
            return []
        dialect = replace(self._find_server().dialect, metricsql=False)  # these are no expressions
        return [translate_promql(text, dialect) for text in match]

    def _list(
        self,
        path: str,
        selectors: Sequence[str],
        period: tuple[int, int],
        limit: int | None,
        read: Callable[[bytes], list[_T]],
    ) -> list[_T]:
        """What exists in a period: series, names or values."""
        params = [("match[]", selector) for selector in selectors]
        ends = zip(("start", "end"), map(_format_time, period), strict=True)
        params += [*ends, *([("limit", str(limit))] if limit else [])]
        body = self._ask(self.exchange.get, path, params)
        found = self._decode(body, read)
        self._note_gaps(path, decode.decode_warnings(body))
        return found

    def _ask(self, send: _Send, path: str, params: Params) -> bytes:
        try:
            return send(path, params, self.cancelled)
        except SourceError:
            self._server.forget()
            raise

    def _decode(self, body: bytes, read: Callable[[bytes], _R]) -> _R:
        """The body as a value.

        Raises:
            SourceError: it is none.
        """
        try:
            return read(body)
        except MalformedBody as error:
            self._server.forget()
            raise SourceError(
                "source.failed",
                hint="source.not_an_api.hint",
                source=self.options.name,
                problem=error,
            ) from error

    def _check_time(self, value: Value, t_ms: int) -> None:
        """Reject an answer for another moment, which a cache on the way may have kept.

        Raises:
            SourceError: it is one.
        """
        found_ms = t_ms if isinstance(value, RawMatrix | Matrix) else value.t_ms
        if abs(found_ms - t_ms) > 1:
            found, expected = format_moment(found_ms), format_moment(t_ms)
            problem = SourceError("source.other_time", found=found, expected=expected)
            raise SourceError(
                "source.failed",
                hint="source.other_time.hint",
                source=self.options.name,
                problem=problem,
            )

    def _annotate(self, result: QueryResult, estimated: bool) -> QueryResult:
        """The result with what a reader must know of it."""
        partial = self._find_gaps(result.warnings)
        if result.missing or partial:
            self.exchange.counts.count_partial()
        return replace(result, missing=(*result.missing, *partial), estimated=estimated)

    def _note_gaps(self, path: str, warnings: Sequence[str]) -> None:
        self.list_gaps.pop(path, None)
        if gaps := self._find_gaps(warnings):
            self.list_gaps[path] = gaps

    def _find_gaps(self, warnings: Sequence[str]) -> tuple[JipyoError, ...]:
        """The warnings that are about data which the server itself could not read."""
        return tuple(
            SourceError("source.partial", source=self.options.name, reason=text)
            for text in warnings
            if not text.startswith(_OF_THE_QUERY)
        )

    def _check_cancelled(self) -> None:
        check_cancelled(self.cancelled)


def _note_size(result: QueryResult, body: bytes) -> QueryResult:
    return replace(result, stats=replace(result.stats, bytes=len(body)))


def _format_time(t_ms: int) -> str:
    return f"{t_ms / 1000:.3f}"


def _fit_type(value: Value, tree: Expr) -> Value:
    """A scalar where a server answers with a vector; a vector in order."""
    if not isinstance(value, Vector):
        return value
    if tree.value_type is ValueType.SCALAR and len(value.values) == 1:
        return Scalar(value.t_ms, float(value.values[0]))
    if _is_ordered(tree):
        return value
    order = sorted(range(len(value.series)), key=value.series.__getitem__)
    series = tuple(value.series[row] for row in order)
    return Vector(value.t_ms, series, value.values[np.array(order, np.intp)])


def _is_ordered(tree: Expr) -> bool:
    """Whether the expression gives the order of its series, as `sort` does."""
    return any(
        (isinstance(node, Call) and node.function.name in ORDERING)
        or (isinstance(node, Aggregate) and node.op.name in ORDERING)
        for node in walk(tree)
    )


def _check_range(tree: Expr, start_ms: int, end_ms: int, step_ms: int) -> None:
    """Reject what no range query can be, in Prometheus' words."""
    if tree.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
        raise QueryError.bad_data(
            f'invalid expression type "{tree.value_type.documented}" for range query, '
            "must be Scalar or instant Vector"
        )
    if end_ms < start_ms:
        raise QueryError.bad_data("end timestamp must not be before start time")
    if step_ms <= 0:
        raise QueryError.bad_data(
            "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
