"""`LogParser` and `LogCollector`: log records, parsed and analysed (section 2.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import orjson

from jipyo.api.log_values import LogAnalysis, LogSearch
from jipyo.api.logs import ElasticsearchClient
from jipyo.api.opening import Closing, explain, run_in_thread
from jipyo.app.offline import read_zone
from jipyo.logs.activity.errors import summarise_errors
from jipyo.logs.activity.intervals import choose_interval
from jipyo.logs.activity.routes import summarise_routes
from jipyo.logs.activity.visits import summarise_visits
from jipyo.logs.embedded.stored_templates import learn
from jipyo.logs.evaluate import BatchLogSource, list_texts
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.query import LogQuery
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.templates.comparison import compare_templates
from jipyo.logs.templates.miner import TemplateMiner
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jipyo.api.logs import LogSourceLike
    from jipyo.logs.record import LogBatch
    from jipyo.logs.templates.comparison import TemplateComparison

RawLog: TypeAlias = "str | bytes | Mapping[str, object]"
"""A line, a document, or a hit of Elasticsearch with its document in `_source`."""
_NS_PER_MS = 1_000_000
_LOOKBACK_NS = 7 * 86_400 * 10**9
_INTERVALS = 30
_BASELINES = 7
"""How many times as long the time is that templates are compared with."""
_SERVICE = "logs"
"""Of lines that name none."""


class LogParser:
    """Section 2.2 of the specification: lines or documents -> records with fields."""

    def parse_logs(self, logs: LogSearch | Iterable[RawLog]) -> LogSearch:
        """The records of a search, which were parsed when they were stored, or of raw lines.

        Lines of all known formats are recognised one by one; documents are read as ECS. What is
        given is held in memory, and nothing of it is redacted.
        """
        if isinstance(logs, LogSearch):
            return logs
        return explain(lambda: self._parse(logs))

    def _parse(self, logs: Iterable[RawLog]) -> LogSearch:
        zone, now_ns = read_zone(), SystemClock().now_ms() * _NS_PER_MS
        parser = LineParser(Options(service=_SERVICE, zone=zone))
        block = b"".join(write_line(log) for log in logs)
        batches = parser.feed(block, now_ns, end=True)
        source = BatchLogSource(batches, MessageTemplates(batches).list_templates)
        times = [t_ns for batch in batches for t_ns in (batch.t_ns.min(), batch.t_ns.max())]
        query = LogQuery(
            start_ns=int(min(times, default=now_ns)), end_ns=int(max(times, default=now_ns)) + 1
        )
        total = sum(map(len, batches))
        records = source.search(query, total).records if total else ()
        return LogSearch(
            index=_SERVICE, total=total, records=records, source=source, query=query, zone=zone
        )


class MessageTemplates:
    """The templates of some batches."""

    def __init__(self, batches: Sequence[LogBatch]) -> None:
        """Learn all of them."""
        self._miner = TemplateMiner()
        learn(self._miner, list(dict.fromkeys(s for b in batches for s in list_skeletons(b))))

    def list_templates(self, batch: LogBatch) -> Sequence[tuple[str, str]]:
        """Of every record the id and text of its template."""
        return self._miner.find_templates(list_skeletons(batch))


def list_skeletons(batch: LogBatch) -> list[bytes]:
    """The messages without their values."""
    return [split_message(text or b"")[0] for text in list_texts(batch, "message")]


def write_line(log: RawLog) -> bytes:
    """A line as the parser reads it."""
    if isinstance(log, str):
        log = log.encode("utf-8", "surrogateescape")
    if isinstance(log, bytes):
        return log if log.endswith(b"\n") else log + b"\n"
    return orjson.dumps(log.get("_source", log), default=str) + b"\n"


class LogCollector(Closing):
    """Section 2.2 of the specification: what the log records of a time say."""

    def __init__(self, origin: LogSourceLike = None) -> None:
        """Of the configured log sources, or of one's own: see `ElasticsearchClient`."""
        self.elasticsearch = ElasticsearchClient(origin)
        self.log_parser = LogParser()

    async def collect_logs(self, timeframe: str) -> LogAnalysis:
        """The analysis of all application logs in a time: `24h`, `2026-11-21`, from/to.

        Raises:
            ConfigError: the configuration cannot be read, or the time is none.
            StoreError: there is no log store, or it cannot be read.
            LogSourceError: the cluster failed.
        """
        logs = await self.elasticsearch.search(timeframe=timeframe)
        parsed = self.log_parser.parse_logs(logs)
        return await run_in_thread(lambda: self.analyze_logs(parsed))

    def analyze_logs(self, logs: LogSearch) -> LogAnalysis:
        """Errors, templates against the time before, routes and sessions.

        All records of the search are read, not only those that came along with it, which takes
        a while: in an event loop call it in a thread.

        Raises:
            LogSourceError: the source failed.
            StoreError: the store cannot be read.
        """
        return explain(lambda: analyze(logs))

    def close(self) -> None:
        """See `Closing`."""
        self.elasticsearch.close()


def analyze(logs: LogSearch) -> LogAnalysis:
    """See `LogCollector.analyze_logs`."""
    source, query = logs.source, logs.query
    interval = choose_interval(query.start_ns, query.end_ns, _INTERVALS, logs.zone)
    errors = summarise_errors(source, query, interval, logs.zone)
    changes = compare_with_before(logs)
    routes = summarise_routes(source, query)
    visits = summarise_visits(source, query, logs.zone, _LOOKBACK_NS)
    answers = (logs, errors, *((changes,) if changes else ()), routes, visits)
    missing = tuple(dict.fromkeys(error for answer in answers for error in answer.missing))
    return LogAnalysis(
        query=query, errors=errors, changes=changes, routes=routes, visits=visits, missing=missing
    )


def compare_with_before(logs: LogSearch) -> TemplateComparison | None:
    """Templates against the time before; None where there are no records of it."""
    query = logs.query
    start_ns = max(query.start_ns - _BASELINES * (query.end_ns - query.start_ns), 0)
    if start_ns >= query.start_ns:
        return None
    before = logs.source.templates(replace(query, start_ns=start_ns, end_ns=query.start_ns))
    if not before.total:
        return None
    share = (query.end_ns - query.start_ns) / (query.start_ns - start_ns)
    return compare_templates(logs.source.templates(query), before, share)
