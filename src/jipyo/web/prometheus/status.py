"""`/api/v1/status/*`: the build, the configuration, the process and the stored series."""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.params import parse_int
from jipyo.web.prometheus.route import prometheus_route
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.config_state import ConfigState
    from jipyo.model.result import Ranking
    from jipyo.model.store import StoreExtent
    from jipyo.source import Source
    from jipyo.web.http.endpoint import Route
    from jipyo.web.server_info import ServerInfo

_MAX_ROWS = 10_000


def routes(
    server: ServerInfo,
    source: Source,
    now_ms: Callable[[], int],
    store_extent: Callable[[], StoreExtent],
    config_state: Callable[[], ConfigState],
) -> list[Route]:
    """The routes; the callables are asked at the time of the request."""
    return [
        prometheus_route("/status/buildinfo", partial(show_build, server)),
        prometheus_route("/status/config", partial(show_config, server)),
        prometheus_route("/status/flags", partial(show_flags, server)),
        prometheus_route(
            "/status/runtimeinfo", partial(show_runtime, server, now_ms, config_state)
        ),
        prometheus_route("/status/tsdb", partial(show_store, source, now_ms, store_extent)),
    ]


def format_time(t_ms: int | None) -> str:
    """A moment as Go writes it in RFC 3339; None is Go's zero time."""
    if t_ms is None:
        return "0001-01-01T00:00:00Z"
    seconds, milliseconds = divmod(t_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{milliseconds:03}Z" if milliseconds else f"{text}Z"


def show_build(server: ServerInfo, _request: WebRequest) -> WebResponse:
    """The version. Without a map `features`, by which Grafana recognises Mimir."""
    build = {
        "version": server.version,
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": f"python{platform.python_version()}",
    }
    return WebResponse(encode.data(build))


def show_config(server: ServerInfo, _request: WebRequest) -> WebResponse:
    """The configuration in force, without secrets."""
    return WebResponse(encode.data({"yaml": server.config_yaml}))


def show_flags(server: ServerInfo, _request: WebRequest) -> WebResponse:
    """The command's options."""
    return WebResponse(encode.data(dict(server.flags)))


def show_runtime(
    server: ServerInfo,
    now_ms: Callable[[], int],
    config_state: Callable[[], ConfigState],
    _request: WebRequest,
) -> WebResponse:
    """The state of the process."""
    config = config_state()
    runtime = {
        "startTime": format_time(server.started_ms),
        "CWD": str(Path.cwd()),
        "hostname": platform.node(),
        "serverTime": format_time(now_ms()),
        "reloadConfigSuccess": config.error is None,
        "lastConfigTime": format_time(config.loaded_ms),
        "corruptionCount": 0,
        "goroutineCount": threading.active_count(),
        "GOMAXPROCS": os.cpu_count() or 1,
        "GOMEMLIMIT": sys.maxsize,
        "GOGC": ",".join(map(str, gc.get_threshold())),
        "GODEBUG": "",
        "storageRetention": server.flags.get("store.retention", ""),
    }
    return WebResponse(encode.data(runtime))


def show_store(
    source: Source,
    now_ms: Callable[[], int],
    store_extent: Callable[[], StoreExtent],
    request: WebRequest,
) -> WebResponse:
    """How many series there are, and what makes them many; chunks are not counted."""
    limit = parse_int(request.first("limit") or "10")
    if limit is None or limit < 1:
        raise QueryError.bad_data("limit must be a positive number")
    if limit > _MAX_ROWS:
        raise QueryError.bad_data(f"limit must not exceed {_MAX_ROWS}")
    extent = store_extent()
    cardinality = source.bind(request.cancelled).cardinality(now_ms(), limit)
    document = {
        "headStats": {
            "numSeries": extent.series,
            "numLabelPairs": cardinality.label_pairs,
            "chunkCount": 0,
            "minTime": extent.first_ms or 0,
            "maxTime": extent.last_ms or 0,
        },
        "seriesCountByMetricName": _build_rows(cardinality.series_by_metric),
        "labelValueCountByLabelName": _build_rows(cardinality.values_by_label),
        "memoryInBytesByLabelName": _build_rows(cardinality.bytes_by_label),
        "seriesCountByLabelValuePair": _build_rows(cardinality.series_by_pair),
    }
    return WebResponse(encode.data(document))


def _build_rows(ranking: Ranking) -> list[dict[str, object]]:
    return [{"name": name, "value": count} for name, count in ranking]
