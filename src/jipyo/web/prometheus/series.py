"""`/api/v1/labels`, `label/{name}/values`, `series` and `metadata`: which series there are."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from jipyo.model.errors import EmptySelectorError, QueryError
from jipyo.web.http import params
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.prometheus.missing import name_missing
from jipyo.web.prometheus.route import TRUNCATED, naming_parameter, prometheus_route
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.source import Source
    from jipyo.web.http.endpoint import Route

_ESCAPED = re.compile(r"_(?:_|([0-9a-fA-F]{1,6})_)", re.ASCII)


def routes(source: Source) -> list[Route]:
    """The routes over a source."""
    return [
        prometheus_route("/labels", partial(list_label_names, source), post=True),
        prometheus_route("/label/{name:path}/values", partial(list_label_values, source)),
        prometheus_route("/series", partial(list_series, source), post=True),
        prometheus_route("/metadata", partial(list_metadata, source)),
    ]


def list_label_names(source: Source, request: WebRequest) -> WebResponse:
    """The label names of the matching series."""
    limit = params.read_limit(request)
    start_ms, end_ms = params.read_time_range(request)
    bound = source.bind(request.cancelled, via=request.via)
    with rejecting_empty_match():
        names = bound.label_names(
            request.values("match[]"), start_ms, end_ms, _count_to_read(limit)
        )
    return _respond_names(names, limit, bound)


def list_label_values(source: Source, request: WebRequest) -> WebResponse:
    """The values of one label among the matching series."""
    name = unescape_name(request.path_params["name"])
    if not name:
        raise QueryError.bad_data(f"invalid label name: {params.quote(name)}")
    limit = params.read_limit(request)
    start_ms, end_ms = params.read_time_range(request)
    bound = source.bind(request.cancelled, via=request.via)
    with rejecting_empty_match():
        values = bound.label_values(
            name, request.values("match[]"), start_ms, end_ms, _count_to_read(limit)
        )
    return _respond_names(values, limit, bound)


def _count_to_read(limit: int) -> int | None:
    """One more than the limit, so that it is known whether there are more."""
    return limit + 1 if limit else None


def _respond_names(names: list[str], limit: int, source: Source) -> WebResponse:
    is_cut = 0 < limit < len(names)
    shown = names[:limit] if is_cut else names
    warnings = [*name_missing(source.find_missing()), *[TRUNCATED] * is_cut]
    return WebResponse(encode.data(shown, warnings=warnings))


def unescape_name(name: str) -> str:
    """A UTF-8 name from its `U__` form; other names stay (common/model/metric.go).

    >>> unescape_name("U__http_2e_status__code")
    'http.status_code'
    """
    if not name.startswith("U__"):
        return name
    parts, position, escaped = [], 0, name[3:]
    for match in _ESCAPED.finditer(escaped):
        code = int(match[1], 16) if match[1] else ord("_")
        is_surrogate = 0xD800 <= code < 0xE000
        if "_" in escaped[position : match.start()] or code > 0x10FFFF or is_surrogate:
            return name
        parts += [escaped[position : match.start()], chr(code)]
        position = match.end()
    rest = escaped[position:]
    return name if "_" in rest else "".join(parts) + rest


def list_series(source: Source, request: WebRequest) -> WebResponse:
    """The matching series as label sets."""
    match = request.values("match[]")
    if not match:
        raise QueryError.bad_data("no match[] parameter provided")
    limit = params.read_limit(request)
    start_ms, end_ms = params.read_time_range(request)
    bound = source.bind(request.cancelled, via=request.via)
    with naming_parameter("match[]"), rejecting_empty_match():
        series = bound.series(match, start_ms, end_ms, _count_to_read(limit))
    missing = name_missing(bound.find_missing())
    if not limit:
        return WebResponse(encode.label_sets(series, missing))
    found = list(series)
    warnings = [*missing, *[TRUNCATED] * (len(found) > limit)]
    return WebResponse(encode.label_sets(found[:limit], warnings))


@contextmanager
def rejecting_empty_match() -> Iterator[None]:
    """A selector that matches every series is rejected in other words than in an expression."""
    try:
        yield
    except EmptySelectorError as error:
        text = "match[] must contain at least one non-empty matcher"
        raise QueryError.bad_data(text) from error


def list_metadata(source: Source, request: WebRequest) -> WebResponse:
    """Type, help and unit by metric name."""
    limit, per_metric = _read_count(request, "limit"), _read_count(request, "limit_per_metric")
    by_metric: dict[str, list[dict[str, str]]] = {}
    # A name that is not UTF-8 is nobody's, and no store can be asked for it.
    metric = request.first("metric").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    bound = source.bind(request.cancelled, via=request.via)
    for metadata in bound.metadata(metric or None):
        rows = by_metric.setdefault(metadata.metric, [])
        if not 0 < per_metric <= len(rows):
            row = {"type": metadata.type.value, "help": metadata.help, "unit": metadata.unit}
            rows.append(row)
    names = sorted(by_metric)[: limit if limit >= 0 else None]
    return WebResponse(encode.data({name: by_metric[name] for name in names}))


def _read_count(request: WebRequest, name: str) -> int:
    """A whole number; -1 where it is left out."""
    count = params.parse_int(request.first(name) or "-1")
    if count is None:
        raise QueryError.bad_data(f"{name} must be a number")
    return count
