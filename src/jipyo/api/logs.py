"""`ElasticsearchClient`: log records (section 2.2 of the specification)."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from jipyo.api.days import parse_moment
from jipyo.api.log_values import LogSearch
from jipyo.api.opening import Closing, run_in_thread
from jipyo.app.logs import open_logs
from jipyo.app.workspace import Workspace
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.logs.elasticsearch import ElasticsearchOptions, ElasticsearchSource
from jipyo.logs.language import parse_query
from jipyo.logs.query import AnyOf
from jipyo.logs.services import find_services
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.clock import SystemClock
from jipyo.model.duration import parse_duration
from jipyo.model.errors import ApiError, ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.app.logs import LogSources
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery

APPLICATION_LOGS = "application-logs"
"""The specification's index: all services of the store, or a cluster's index as configured."""
MOST_RECORDS = 1000
LogSourceLike: TypeAlias = "LogSource | Workspace | ElasticsearchOptions | str | None"
"""What a class works on: a cluster by URL is text; None for the configured log sources."""
_NS_PER_MS = 1_000_000


class ElasticsearchClient(Closing):
    """Section 2.2 of the specification: log records of the store here, or of a cluster.

    It opens its source when it is first used. Its methods may be called several times at once.
    """

    def __init__(self, origin: LogSourceLike = None, *, source: str = "") -> None:
        """Of the configured log sources.

        Args:
            origin: one's own instead: the URL of a cluster, its `ElasticsearchOptions`, a
                `LogSource`, or a `Workspace`.
            source: which of the configured ones; by default the embedded store, if there is
                one, else the first cluster.
        """
        self._origin, self._name = origin, source
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._sources: LogSources | None = None
        self._zone: ZoneInfo | None = None
        weakref.finalize(self, self._stack.close)

    async def search(
        self,
        index: str = APPLICATION_LOGS,
        timeframe: str = "24h",
        query: str = "",
        limit: int = MOST_RECORDS,
    ) -> LogSearch:
        """The records of an index in a time.

        Args:
            index: of a cluster its indices, of the embedded store a service, a pattern (`api*`)
                or several with commas; `application-logs` is all of them.
            timeframe: `24h`, `7d`, a day (`2026-11-21`), or from/to with a slash.
            query: as of `jipyo logs search`.
            limit: so many of the newest records come along; `total` counts all.

        Raises:
            ConfigError: the configuration cannot be read, or the time is none.
            LogQueryError: there is no such service or index, or the query is wrong.
            StoreError: there is no log store, or it cannot be read.
            LogSourceError: the cluster failed.
        """
        return await run_in_thread(partial(self._search, index, timeframe, query, limit))

    def _search(self, index: str, timeframe: str, text: str, limit: int) -> LogSearch:
        source, zone = self._find(index)
        start_ms, end_ms = find_range(timeframe, zone, SystemClock().now_ms())
        query = parse_query(text, start_ms * _NS_PER_MS, end_ms * _NS_PER_MS)
        if not isinstance(source, ElasticsearchSource):
            query = narrow_to_index(source, query, index)
        counted = source.count(query)
        page = source.search(query, limit) if limit > 0 else None
        missing = (*counted.missing, *(page.missing if page else ()))
        return LogSearch(
            index=index,
            total=counted.n,
            records=page.records if page else (),
            source=source,
            query=query,
            missing=tuple(dict.fromkeys(missing)),
            zone=zone,
        )

    def _find(self, index: str) -> tuple[LogSource, ZoneInfo]:
        """The source, a cluster with these indices; and the zone."""
        origin = self._origin
        with self._lock:
            if self._zone is None:
                config = load(CliOverrides(), os.environ, "ko")
                self._zone = origin.zone if isinstance(origin, Workspace) else config.zone
                if origin is None:
                    self._sources = self._stack.enter_context(open_logs(config))
            zone = self._zone
        if isinstance(origin, Workspace):
            if origin.logs is None:
                raise ApiError("api.no_logs", hint="api.no_logs.hint")
            return origin.logs.find(self._name, find_indices(index)), zone
        if origin is None:
            assert self._sources is not None, "BUG: no sources were opened"
            return self._sources.find(self._name, find_indices(index)), zone
        if isinstance(origin, str):
            origin = ElasticsearchOptions(name=origin, url=origin.rstrip("/"))
        if isinstance(origin, ElasticsearchOptions):
            if indices := find_indices(index):
                origin = replace(origin, index=indices)
            source = ElasticsearchSource(origin)
            self._stack.callback(source.close)
            return source, zone
        return origin, zone

    def close(self) -> None:
        """See `Closing`."""
        with self._lock:
            self._zone = self._sources = None
            self._stack.close()


def find_indices(index: str) -> str:
    """The indices of a cluster; empty for those that are configured."""
    return "" if index == APPLICATION_LOGS else index


def narrow_to_index(source: LogSource, query: LogQuery, index: str) -> LogQuery:
    """The query for the services that an index names in a store without indices.

    Raises:
        LogQueryError: there is none of them.
    """
    names = [name.strip() for name in index.split(",") if name.strip()]
    everything = APPLICATION_LOGS in names
    if everything and APPLICATION_LOGS not in source.services(query.start_ns, query.end_ns):
        return query
    found = find_services(source, names)
    if query.services:
        found = tuple(name for name in found if name in query.services)
    return replace(query, services=found) if found else replace(query, where=AnyOf(()))


def find_range(text: str, zone: ZoneInfo, now_ms: int) -> tuple[int, int]:
    """`24h`, `7d`, `2026-11-21` or `2026-11-21T09:00/2026-11-21T10:00`: from and to in ms.

    Raises:
        ConfigError: it is none of these.
    """
    start, slash, end = text.partition("/")
    if slash:
        span = parse_moment(start, zone), parse_moment(end, zone)
        if span[0] >= span[1]:
            raise ConfigError("api.not_a_timeframe", value=text)
        return span
    try:
        return now_ms - parse_duration(text), now_ms + 1
    except ValueError:
        pass
    try:
        start_ms = parse_moment(text, zone)
    except ConfigError as error:
        raise ConfigError("api.not_a_timeframe", value=text) from error
    if "T" in text or ":" in text:
        return start_ms, now_ms + 1
    day = period_containing(PeriodKind.DAY, date.fromisoformat(text), zone)
    return day.start_ms, day.end_ms
