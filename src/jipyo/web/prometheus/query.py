"""`/api/v1/query` and its relatives: PromQL expressions, evaluated, formatted and parsed.

web/api/v1/api.go of Prometheus 3.16 gives the order of the checks and the words of errors.
"""

from __future__ import annotations

import json
import math
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jipyo import promql
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.result import count_samples
from jipyo.promql.engine.lanes import HEAVY_SAMPLES
from jipyo.promql.syntax.ast_json import encode_tree
from jipyo.promql.syntax.printer import format_pretty
from jipyo.web.http import params
from jipyo.web.http.body import join_pieces
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.params import invalid_parameter, quote
from jipyo.web.prometheus.missing import name_missing
from jipyo.web.prometheus.route import TRUNCATED, naming_parameter, prometheus_route
from jipyo.web.prometheus.truncate import truncate
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.result import QueryResult
    from jipyo.promql.engine.lanes import Lanes
    from jipyo.promql.syntax.ast import Expr
    from jipyo.promql.syntax.features import Features
    from jipyo.source import Source
    from jipyo.web.http.endpoint import Route

MAX_POINTS = 11_000
_NS_PER_MS = 10**6


def routes(
    source: Source, now_ms: Callable[[], int], features: Features, lanes: Lanes
) -> list[Route]:
    """The routes; `features` are those of the language that the source understands.

    Large answers are written in `lanes`.
    """
    return [
        prometheus_route("/query", partial(query, source, lanes, now_ms), post=True),
        prometheus_route("/query_range", partial(query_range, source, lanes), post=True),
        prometheus_route("/query_exemplars", partial(query_exemplars, features), post=True),
        prometheus_route("/format_query", partial(format_query, features), post=True),
        prometheus_route("/parse_query", partial(parse_query, features), post=True),
    ]


def query(
    source: Source, lanes: Lanes, now_ms: Callable[[], int], request: WebRequest
) -> WebResponse:
    """The value of an expression at one moment."""
    limit = params.read_limit(request)
    t_ms = params.read_time(request, "time", now_ms())
    with _limiting_time(request) as cancelled:
        bound = source.bind(cancelled, _read_lookback(request), request.via)
        with naming_parameter("query"):
            result = bound.instant(request.first("query"), t_ms)
    return _respond(request, result, limit, lanes)


def query_range(source: Source, lanes: Lanes, request: WebRequest) -> WebResponse:
    """The values of an expression at the steps of a range."""
    limit = params.read_limit(request)
    start_ms = params.read_required_time(request, "start")
    end_ms = params.read_required_time(request, "end")
    if end_ms < start_ms:
        raise invalid_parameter("end", "end timestamp must not be before start time")
    step_ms = _read_step(request, end_ms - start_ms)
    with _limiting_time(request) as cancelled:
        bound = source.bind(cancelled, _read_lookback(request), request.via)
        with naming_parameter("query"):
            result = bound.range(request.first("query"), start_ms, end_ms, step_ms)
    return _respond(request, result, limit, lanes)


def _read_step(request: WebRequest, span_ms: int) -> int:
    step_ns = params.read_duration_ns(request, "step")
    if step_ns < _NS_PER_MS:
        raise invalid_parameter(
            "step",
            "zero or negative query resolution step widths are not accepted. "
            "Try a positive integer",
        )
    if span_ms * _NS_PER_MS // step_ns > MAX_POINTS:
        raise QueryError.bad_data(
            f"exceeded maximum resolution of {MAX_POINTS:,} points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return step_ns // _NS_PER_MS


def _read_lookback(request: WebRequest) -> int | None:
    """The lookback of this query alone; None, as for zero and less, is the server's own."""
    text = request.first("lookback_delta")
    if not text:
        return None
    try:
        nanoseconds = params.parse_duration_ns(text)
    except QueryError as error:
        message = f"error parsing lookback delta duration: {error.message}"
        raise QueryError.bad_data(message) from error
    return nanoseconds // _NS_PER_MS if nanoseconds > 0 else None


class _QueryDeadline(threading.Event):
    """Set when the client has disconnected or the time is over; to be polled, not waited for."""

    def __init__(self, cancelled: threading.Event, end_s: float) -> None:
        super().__init__()
        self._cancelled = cancelled
        self._end_s = end_s

    def end(self) -> None:
        """Forget the time: the query has ended, what is left is to send its answer."""
        self._end_s = math.inf

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end_s

    def is_set(self) -> bool:
        """Whether the query is to be abandoned."""
        return self._cancelled.is_set() or self.is_over


@contextmanager
def _limiting_time(request: WebRequest) -> Iterator[threading.Event]:
    """The event that ends the query: its client has disconnected, or its `timeout` is over."""
    has_timeout = bool(request.first("timeout"))
    nanoseconds = (
        params.read_duration_ns(request, "timeout") if has_timeout else params.MAX_DURATION_NS
    )
    if nanoseconds <= 0:
        shown = params.format_go_duration(nanoseconds)
        raise invalid_parameter("timeout", f"timeout must be positive, got {shown}")
    deadline = _QueryDeadline(request.cancelled, time.monotonic() + nanoseconds / 1e9)
    try:
        yield deadline
    except QueryError as error:
        if deadline.is_over and error.kind is QueryErrorKind.CANCELED:
            text = "query timed out in expression evaluation"
            raise QueryError(QueryErrorKind.TIMEOUT, text) from error
        raise
    deadline.end()


def _respond(request: WebRequest, result: QueryResult, limit: int, lanes: Lanes) -> WebResponse:
    stats = request.first("stats")
    shown, was_cut = truncate(result, limit)
    truncation = [TRUNCATED] if was_cut else []
    missing = name_missing(shown.missing)
    warnings = (*missing, *shown.warnings, *truncation, *_find_stats_warning(stats))
    result = replace(shown, warnings=warnings)
    pieces = encode.answer(result, stats=bool(stats))
    if count_samples(result.value) > HEAVY_SAMPLES:
        pieces = lanes.write_in_turn(join_pieces(pieces, request.cancelled), request.cancelled)
    return WebResponse(pieces)


def _find_stats_warning(stats: str) -> Sequence[str]:
    if stats in ("", "true", "all"):
        return ()
    return (
        f'value {quote(stats)} for parameter "stats" is deprecated and will be rejected in '
        'the next major release, use "true" or "all"',
    )


def query_exemplars(features: Features, request: WebRequest) -> WebResponse:
    """Always empty, for exemplars are not stored; the parameters are still checked."""
    start_ms, end_ms = params.read_time_range(request)
    if end_ms < start_ms:
        raise QueryError.bad_data("end timestamp must not be before start timestamp")
    promql.parse(request.first("query"), features)
    return WebResponse(encode.data([]))


def format_query(features: Features, request: WebRequest) -> WebResponse:
    """The expression in its canonical layout."""
    return WebResponse(encode.data(format_pretty(_read_expression(request, features))))


def parse_query(features: Features, request: WebRequest) -> WebResponse:
    """The expression as a syntax tree."""
    syntax_tree = encode_tree(_read_expression(request, features))
    # orjson stops at 254 levels, an expression may have 500.
    text = json.dumps(syntax_tree, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    body = b'{"status":"success","data":%b}' % text.encode("utf-8", "replace")
    return WebResponse(body)


def _read_expression(request: WebRequest, features: Features) -> Expr:
    with naming_parameter("query"):
        return promql.parse(request.first("query"), features)
