"""`/api/v1`: the HTTP API of Prometheus 3.16, so that Grafana and others can use jipyo.

Each endpoint is a function from a form to a reply (web/api/v1/api.go tells the order of the
checks and the words of the errors). Rules and alerts are empty until rules can be written.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jipyo import promql
from jipyo.model.errors import EmptySelectorError, QueryError, QueryErrorKind
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Vector
from jipyo.promql.syntax.ast_json import encode_tree
from jipyo.promql.syntax.printer import format_pretty
from jipyo.web.http import params
from jipyo.web.http.endpoint import Reply
from jipyo.web.http.params import Form, quoted, wrong
from jipyo.web.prometheus import status as status_api
from jipyo.web.services import Services
from jipyo.wire.prometheus_json import encode

MAX_POINTS = 11_000
TRUNCATED = "results truncated due to limit"
_EMPTY_MATCH = "match[] must contain at least one non-empty matcher"
_NS_PER_MS = 10**6

Handler = Callable[[Services, Form, threading.Event], Reply]


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint; `post` says whether Prometheus takes it by POST too."""

    path: str
    handler: Handler
    post: bool = False


def table() -> tuple[Row, ...]:
    """Every endpoint below `/api/v1`."""
    return (
        Row("/query", query, post=True),
        Row("/query_range", query_range, post=True),
        Row("/query_exemplars", query_exemplars, post=True),
        Row("/format_query", format_query, post=True),
        Row("/parse_query", parse_query, post=True),
        Row("/labels", labels, post=True),
        Row("/label/{name:path}/values", label_values),
        Row("/series", series, post=True),
        Row("/metadata", metadata),
        Row("/rules", rules),
        Row("/alerts", alerts),
        Row("/targets", status_api.targets),
        Row("/status/buildinfo", status_api.buildinfo),
        Row("/status/config", status_api.config),
        Row("/status/flags", status_api.flags),
        Row("/status/runtimeinfo", status_api.runtimeinfo),
        Row("/status/tsdb", status_api.tsdb),
    )


# ------------------------------------------------------------------------------- questions


def query(services: Services, form: Form, gone: threading.Event) -> Reply:
    """A question at one moment."""
    limit = params.limit(form)
    t_ms = params.optional_time(form, "time", services.now_ms())
    with _within(form, gone) as cancel, _naming("query"):
        result = services.ask(cancel).instant(form.one("query"), t_ms)
    return _answer(form, result, limit)


def query_range(services: Services, form: Form, gone: threading.Event) -> Reply:
    """A question over a range of steps."""
    limit = params.limit(form)
    start_ms = params.needed_time(form, "start")
    end_ms = params.needed_time(form, "end")
    if end_ms < start_ms:
        raise wrong("end", "end timestamp must not be before start time")
    step_ms = _step_ms(form, end_ms - start_ms)
    with _within(form, gone) as cancel, _naming("query"):
        result = services.ask(cancel).range(form.one("query"), start_ms, end_ms, step_ms)
    return _answer(form, result, limit)


def _step_ms(form: Form, span_ms: int) -> int:
    step_ns = params.duration_param(form, "step")
    if step_ns < _NS_PER_MS:
        raise wrong(
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


class _Deadline(threading.Event):
    """Set when the client has gone or the time is over; for who looks, not for who waits."""

    def __init__(self, gone: threading.Event, end_s: float) -> None:
        super().__init__()
        self._gone = gone
        self._end_s = end_s

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end_s

    def is_set(self) -> bool:
        """Whether the question is to be given up."""
        return self._gone.is_set() or self.over


@contextmanager
def _within(form: Form, gone: threading.Event) -> Iterator[threading.Event]:
    """The event that ends the query: when the client has gone, or its `timeout` is over."""
    nanos = params.duration_param(form, "timeout") if form.one("timeout") else params.MAX_NS
    if nanos <= 0:
        raise wrong("timeout", f"timeout must be positive, got {nanos / 1e9:g}s")
    deadline = _Deadline(gone, time.monotonic() + nanos / 1e9)
    try:
        yield deadline
    except QueryError as error:
        if deadline.over and error.kind is QueryErrorKind.CANCELED:
            text = "query timed out in expression evaluation"
            raise QueryError(QueryErrorKind.TIMEOUT, text) from error
        raise


@contextmanager
def _naming(parameter: str) -> Iterator[None]:
    """Say which parameter it was that could not be taken."""
    try:
        yield
    except QueryError as error:
        if error.kind is QueryErrorKind.BAD_DATA:
            raise wrong(parameter, error.message) from error
        raise


def _answer(form: Form, result: QueryResult, limit: int) -> Reply:
    stats = form.one("stats")
    shown, cut = _cut(result, limit)
    warnings = (*shown.warnings, *([TRUNCATED] if cut else []), *_stats_warning(stats))
    return Reply(encode.answer(replace(shown, warnings=warnings), stats=bool(stats)))


def _stats_warning(stats: str) -> Sequence[str]:
    if stats in ("", "true", "all"):
        return ()
    return (
        f'value {quoted(stats)} for parameter "stats" is deprecated and will be rejected in '
        'the next major release, use "true" or "all"',
    )


def _cut(result: QueryResult, limit: int) -> tuple[QueryResult, bool]:
    """The first `limit` series; a matrix is put in order before."""
    value = result.value
    if not limit or not isinstance(value, Vector | Matrix | RawMatrix):
        return result, False
    if isinstance(value, Vector):
        cut: Vector | Matrix | RawMatrix = Vector(
            value.t_ms, value.series[:limit], value.values[:limit]
        )
        return replace(result, value=cut), len(value.series) > limit
    if isinstance(value, Matrix):
        filled = [i for i in range(len(value.series)) if value.present[i].any()]
        order = sorted(filled, key=lambda i: value.series[i].pairs)
        rows = order[:limit]
        cut = Matrix(
            tuple(value.series[i] for i in rows),
            value.t_ms,
            value.values[rows],
            value.present[rows],
        )
        return replace(result, value=cut), len(order) > limit
    every = sorted(
        (labels.pairs, at, row)
        for at, block in enumerate(value.blocks)
        for row, labels in enumerate(block.series)
    )
    kept = [
        replace(
            value.blocks[at],
            series=(value.blocks[at].series[row],),
            values=value.blocks[at].values[row : row + 1],
        )
        for _, at, row in every[:limit]
    ]
    return replace(result, value=RawMatrix(tuple(kept))), len(every) > limit


def query_exemplars(services: Services, form: Form, gone: threading.Event) -> Reply:
    """Always empty: exemplars are not kept. The question is still checked."""
    del gone
    start_ms = params.optional_time(form, "start", params.MIN_TIME_MS)
    if params.optional_time(form, "end", params.MAX_TIME_MS) < start_ms:
        raise QueryError.bad_data("end timestamp must not be before start timestamp")
    promql.parse(form.one("query"), services.features)
    return Reply(encode.data([]))


def format_query(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The expression as it would be printed."""
    del gone
    with _naming("query"):
        expr = promql.parse(form.one("query"), services.features)
    return Reply(encode.data(format_pretty(expr)))


def parse_query(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The expression as a encode_tree."""
    del gone
    with _naming("query"):
        expr = promql.parse(form.one("query"), services.features)
    # orjson stops at 254 levels, an expression may have 500.
    written = json.dumps(encode_tree(expr), ensure_ascii=False, separators=(",", ":"))
    return Reply(b'{"status":"success","data":%b}' % written.encode("utf-8", "replace"))


# -------------------------------------------------------------------- series and their labels


def _times(form: Form) -> tuple[int, int]:
    return (
        params.optional_time(form, "start", params.MIN_TIME_MS),
        params.optional_time(form, "end", params.MAX_TIME_MS),
    )


@contextmanager
def _selecting() -> Iterator[None]:
    """A selector that selects everything is refused in other words than in an expression."""
    try:
        yield
    except EmptySelectorError as error:
        raise QueryError.bad_data(_EMPTY_MATCH) from error


def _listed(names: list[str], limit: int) -> Reply:
    cut = 0 < limit < len(names)
    shown = names[:limit] if cut else names
    return Reply(encode.data(shown, warnings=[TRUNCATED] * cut))


def labels(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The label names of the matching series."""
    del gone
    limit = params.limit(form)
    start_ms, end_ms = _times(form)
    with _selecting():
        names = services.source.label_names(form.many("match[]"), start_ms, end_ms)
    return _listed(names, limit)


def label_values(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The values of one label among the matching series."""
    del gone
    name = unescaped(form.path["name"])
    if not name:
        raise QueryError.bad_data(f"invalid label name: {quoted(name)}")
    limit = params.limit(form)
    start_ms, end_ms = _times(form)
    with _selecting():
        values = services.source.label_values(name, form.many("match[]"), start_ms, end_ms)
    return _listed(values, limit)


_ESCAPED = re.compile(r"_(?:_|([0-9a-fA-F]{1,6})_)", re.ASCII)


def unescaped(name: str) -> str:
    """A UTF-8 name out of its `U__` form; what is none stays (common/model/metric.go).

    >>> unescaped("U__http_2e_status__code")
    'http.status_code'
    """
    if not name.startswith("U__"):
        return name
    out, at, rest = [], 0, name[3:]
    for found in _ESCAPED.finditer(rest):
        code = int(found[1], 16) if found[1] else ord("_")
        if "_" in rest[at : found.start()] or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            return name
        out += [rest[at : found.start()], chr(code)]
        at = found.end()
    return name if "_" in rest[at:] else "".join(out) + rest[at:]


def series(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The matching series as label sets."""
    del gone
    match = form.many("match[]")
    if not match:
        raise QueryError.bad_data("no match[] parameter provided")
    limit = params.limit(form)
    start_ms, end_ms = _times(form)
    with _naming("match[]"), _selecting():
        found = services.source.series(match, start_ms, end_ms)
    cut = 0 < limit < len(found)
    return Reply(encode.label_sets(found[:limit] if cut else found, [TRUNCATED] * cut))


def metadata(services: Services, form: Form, gone: threading.Event) -> Reply:
    """Type, help and unit by metric name."""
    del gone
    limit, per_metric = _count(form, "limit"), _count(form, "limit_per_metric")
    said: dict[str, list[dict[str, str]]] = {}
    for row in services.source.metadata(form.one("metric") or None):
        rows = said.setdefault(row.metric, [])
        if not 0 < per_metric <= len(rows):
            rows.append({"type": row.type.value, "help": row.help, "unit": row.unit})
    names = sorted(said)[: limit if limit >= 0 else None]
    return Reply(encode.data({name: said[name] for name in names}))


def _count(form: Form, name: str) -> int:
    found = params.whole_number(form.one(name) or "-1")
    if found is None:
        raise QueryError.bad_data(f"{name} must be a number")
    return found


# ----------------------------------------------------------------------------- rules, alerts


def rules(services: Services, form: Form, gone: threading.Event) -> Reply:
    """No groups yet."""
    del services, gone
    kind = form.one("type").lower()
    if kind not in ("", "alert", "record"):
        raise wrong("type", f"not supported value {quoted(kind)}")
    return Reply(encode.data({"groups": []}))


def alerts(services: Services, form: Form, gone: threading.Event) -> Reply:
    """No alerts yet."""
    del services, form, gone
    return Reply(encode.data({"alerts": []}))
