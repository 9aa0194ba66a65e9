"""Logs in a cluster of Elasticsearch 7.17 to 9 or OpenSearch 2 and 3, reached by URL.

Counts are made by the server where it answers exactly what was asked, and completed with the
documents that have to be read to know (`translate`). What cannot be read at the moment is named
in `missing`.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.logs.answer import (
    LogCount,
    LogHistogram,
    LogPage,
    LogPercentiles,
    LogTemplates,
    LogTerms,
)
from jipyo.logs.elasticsearch.documents import (
    Document,
    DocumentPlace,
    build_batches,
    check_page,
    encode_value,
    list_values,
    name_templates,
    select_documents,
)
from jipyo.logs.elasticsearch.exchange import SearchExchange, TooManyBuckets
from jipyo.logs.elasticsearch.groups import FieldGroups, find_grouping
from jipyo.logs.elasticsearch.mapping import NUMBERS, FieldKind
from jipyo.logs.elasticsearch.options import ElasticsearchOptions
from jipyo.logs.elasticsearch.pages import IndexReader, PointInTime, Reading
from jipyo.logs.elasticsearch.server import IndexCache, KnownIndices, list_indexed
from jipyo.logs.elasticsearch.tally import Tally, TemplateRow, list_groups, list_terms
from jipyo.logs.elasticsearch.translate import (
    EVERYTHING,
    NOTHING,
    Query,
    QueryBounds,
    Translator,
    intersect,
    negate,
)
from jipyo.logs.evaluate import list_message_templates, parse_number
from jipyo.logs.evaluate.source import MAX_BATCH_ROWS, MAX_GROUPS, list_starts, nearest_rank
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE, LogQuery, list_fields
from jipyo.model.clock import SystemClock
from jipyo.model.errors import LogQueryError, LogSourceError
from jipyo.net.http import HttpClient

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.evaluate import ListTemplates
    from jipyo.logs.record import LogBatch, LogRecord
    from jipyo.model.clock import Clock
    from jipyo.model.errors import JipyoError

__all__ = ["ElasticsearchOptions", "ElasticsearchSource"]

_NS_PER_MS = 1_000_000
_ALL_TIME_NS = (0, 2**63 - 1)
_COMPOSITE_PAGE = 5000
_SPARE = 16
"""Documents beyond a page, which show where the next one begins."""
_REWRITTEN = frozenset(
    {
        FieldKind.DOUBLE,
        FieldKind.FLOAT,
        FieldKind.FLATTENED,
        FieldKind.FLAT_OBJECT,
        FieldKind.OPAQUE,
        FieldKind.UNMAPPED,
    }
)
"""May have decimals, which a server writes anew where it sends a part of a document."""
_COMPRESSION = 1000
"""Of t-digest: ten times as many centroids as by default."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query, ready to be asked."""

    query: LogQuery
    known: KnownIndices
    reader: IndexReader
    bounds: QueryBounds
    fields: tuple[str, ...] | None
    """Paths that must be read to check a document, and what the caller wants of it."""

    def narrow(self, readable: Query) -> QueryBounds:
        """The bounds, if the server's counts hold for some documents only."""
        return QueryBounds(intersect([self.bounds.surely, readable]), self.bounds.possibly)


class ElasticsearchSource:
    """One cluster by URL; safe to share between threads, `find_missing` by `bind` only."""

    def __init__(
        self,
        options: ElasticsearchOptions,
        *,
        list_templates: ListTemplates = list_message_templates,
        client: HttpClient | None = None,
        clock: Clock | None = None,
        random_: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is connected before the first query.

        Args:
            options: where it is.
            list_templates: names the templates of messages; without a miner each message is one.
            client: sends the requests.
            clock: measures time and waits between repetitions.
            random_: spreads repeated requests.
        """
        self.options = options
        http = client or HttpClient(options.http_options())
        self.exchange = SearchExchange(options, http, clock or SystemClock(), random_)
        self._list_templates = list_templates
        self._cache = IndexCache()
        self.missing_from_batches: tuple[JipyoError, ...] | None = None

    def bind(self, cancelled: threading.Event) -> ElasticsearchSource:
        """The same source, whose queries are abandoned once the event is set."""
        bound = copy(self)
        bound.exchange = replace(self.exchange, cancelled=cancelled)
        bound.missing_from_batches = None
        return bound

    def close(self) -> None:
        """Close the connections that are kept."""
        self.exchange.client.close()

    def search(
        self, query: LogQuery, limit: int, after: str | None = None, *, newest_first: bool = True
    ) -> LogPage:
        """A page; see `LogSource.search`. Its `next` needs nothing that the server keeps."""
        assert limit > 0, "BUG: a page without records"
        place = check_page(after)
        plan = self._plan(query)
        found: list[Document] = []
        wanted = Reading(
            query=plan.bounds.possibly,
            size=min(limit + _SPARE, self.options.page_size),
            after=place,
            newest_first=newest_first,
        )
        for page in plan.reader.read_pages(wanted):
            found += self._check(plan, page)
            if len(found) > limit:
                break
        has_more = len(found) > limit
        return LogPage(
            records=self._show(plan, found[:limit]),
            next=found[limit - 1].place.encode() if has_more else None,
            missing=tuple(plan.reader.missing),
        )

    def around(self, record_id: str, before: int, after: int) -> LogPage:
        """A record with its neighbours; see `LogSource.around`."""
        middle = self._find_place(record_id)
        plan = self._plan(LogQuery(start_ns=0, end_ns=1))
        own: Query = {"ids": {"values": [middle.id]}}
        pages = plan.reader.read_pages(Reading(query=own, size=_SPARE, index=middle.index))
        found = [document for page in pages for document in page]
        if not found:
            raise LogQueryError("logs_query.no_record", id=record_id)
        start_ns, end_ns = _ALL_TIME_NS
        same = LogQuery(start_ns=start_ns, end_ns=end_ns, services=(found[0].service,))
        earlier = self._read_next(same, found[0].place, before, newest_first=True)
        later = self._read_next(same, found[0].place, after, newest_first=False)
        documents = [*reversed(earlier.found), found[0], *later.found]
        missing = dict.fromkeys([*plan.reader.missing, *earlier.missing, *later.missing])
        return LogPage(records=self._show(plan, documents), missing=tuple(missing))

    def count(self, query: LogQuery) -> LogCount:
        """How many records there are."""
        plan = self._plan(query)
        counted, unsure = self._aggregate(plan, plan.bounds, {})
        read = sum(len(documents) for documents in self._read_unsure(plan, plan.bounds, unsure))
        return LogCount(n=counted["doc_count"] + read, missing=tuple(plan.reader.missing))

    def histogram(
        self, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None = None
    ) -> LogHistogram:
        """Counts by interval; see `LogSource.histogram`."""
        starts = list_starts(query.start_ns, query.end_ns, interval_ns, zone)
        plan = self._plan(query, () if by is None else (by,))
        grouping = FieldGroups((), EVERYTHING, EVERYTHING)
        found = grouping if by is None else find_grouping(plan.known, by)
        readable = NOTHING if found is None else found.readable
        if interval_ns is not None and interval_ns % _NS_PER_MS:
            readable = NOTHING
        counts: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(len(starts), np.int64))
        if not starts:
            return LogHistogram(
                starts_ns=np.zeros(0, np.int64), counts={} if by else {"": counts[""]}
            )
        if by is None:
            counts[""] += 0
        tally = Tally(starts, counts, by, self._list_templates)
        bounds = plan.narrow(readable)
        unsure = self._count_intervals(plan, bounds, found or grouping, interval_ns, zone, tally)
        for documents in self._read_unsure(plan, bounds, unsure):
            tally.add_documents(documents)
        if len(counts) > MAX_GROUPS:
            raise LogQueryError("logs_query.too_many_groups", field=by, limit=MAX_GROUPS)
        return LogHistogram(
            starts_ns=np.array(starts, np.int64),
            counts=dict(sorted(counts.items())),
            missing=tuple(plan.reader.missing),
        )

    def terms(self, query: LogQuery, field: str, limit: int) -> LogTerms:
        """The most frequent values; see `LogSource.terms`."""
        plan = self._plan(query, (field,))
        grouping = find_grouping(plan.known, field)
        bounds = plan.narrow(NOTHING if grouping is None else grouping.readable)
        counts: Counter[str] = Counter()
        absent = others = 0
        unsure = 1
        if grouping is not None:
            answer, unsure = self._aggregate(plan, bounds, _build_terms(grouping, limit))
            absent = answer["absent"]["doc_count"]
            counts, others = self._count_terms(plan, bounds, grouping, answer, unsure)
            if grouping.words is not None or field == SERVICE:
                counts[grouping.absent_group] += absent
                counts, absent = +counts, 0
        for documents in self._read_unsure(plan, bounds, unsure):
            for values in list_terms(documents, field, self._list_templates):
                counts.update(values)
                absent += not values
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return LogTerms(
            counts=tuple(ordered[:limit]),
            others=others + sum(n for _, n in ordered[limit:]),
            absent=absent,
            missing=tuple(plan.reader.missing),
        )

    def percentiles(
        self, query: LogQuery, field: str, percents: Sequence[float], by: str | None = None
    ) -> LogPercentiles:
        """Percentiles: estimated where the server makes them; see `LogSource.percentiles`."""
        plan = self._plan(query, (field,) if by is None else (field, by))
        number = plan.known.mappings.find(field)
        grouping = FieldGroups((), EVERYTHING, EVERYTHING)
        found = grouping if by is None else find_grouping(plan.known, by)
        if number.kind in NUMBERS and found is not None and len(found.paths) <= 1:
            has_number: Query = {"exists": {"field": field}}
            counted = plan.narrow(intersect([found.readable, has_number]))
            bounds = QueryBounds(counted.surely, intersect([plan.bounds.possibly, has_number]))
            _, unsure = self._aggregate(plan, bounds, {})
            if not unsure and found.words is None:
                rows = self._estimate(plan, bounds, field, percents, found)
                if len({name for name, _, _ in rows}) == len(rows):
                    missing = tuple(plan.reader.missing)
                    return LogPercentiles(rows=rows, estimated=bool(rows), missing=missing)
        return self._rank(plan, field, percents, by)

    def templates(self, query: LogQuery) -> LogTemplates:
        """All records under their templates."""
        plan = self._plan(query)
        rows: dict[str, TemplateRow] = {}
        for documents in self._read_all(plan, plan.bounds.possibly):
            named = name_templates(documents, self._list_templates)
            for document, (name, text) in zip(documents, named, strict=True):
                rows.setdefault(name, TemplateRow(Counter())).add(document, text)
        templates = [row.to_template(name) for name, row in rows.items()]
        templates.sort(key=lambda template: (-template.n, template.id))
        return LogTemplates(
            templates=tuple(templates),
            total=sum(template.n for template in templates),
            missing=tuple(plan.reader.missing),
        )

    def batches(self, query: LogQuery, fields: Sequence[str]) -> Iterator[LogBatch]:
        """The records by service; see `LogSource.batches`."""
        others = [name for name in fields if name not in (SERVICE, LEVEL, MESSAGE)]
        plan = self._plan(query, tuple(others))
        self.missing_from_batches = None
        names = query.services or self.services(query.start_ns, query.end_ns)
        translator = Translator(plan.known.options, plan.known.mappings)
        with self._point_in_time(plan.reader) as pit:
            for name in sorted(set(names)):
                own = translator.translate(replace(query, services=(name,)))
                size = self.options.page_size
                wanted = Reading(query=own.possibly, fields=plan.fields, size=size)
                pages = plan.reader.read_pages(wanted, pit)
                checked = (self._check(plan, page) for page in pages)
                for documents in _fill(each for page in checked for each in page):
                    batch = build_batches(documents, others)[0]
                    yield batch if MESSAGE in fields else replace(batch, messages=None)
        self.missing_from_batches = tuple(plan.reader.missing)

    def services(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The services with records in [start, end), sorted."""
        found = self.terms(LogQuery(start_ns=start_ns, end_ns=end_ns), SERVICE, 1)
        if found.others:
            everything = LogQuery(start_ns=start_ns, end_ns=end_ns)
            found = self.terms(everything, SERVICE, found.others + 1)
        return tuple(sorted(name for name, _ in found.counts))

    def fields(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """Those of the mappings of all indices, whatever the range."""
        del start_ns, end_ns
        options = self._plan(LogQuery(start_ns=0, end_ns=1)).known.options
        own = {options.time_field, *options.message_fields, *options.level_fields}
        return tuple(sorted(set(list_indexed(self.exchange)) - own - {*options.service_fields}))

    def find_missing(self) -> tuple[JipyoError, ...]:
        """What cannot be read at the moment, or was missing from the last `batches`."""
        if self.missing_from_batches is not None:
            return self.missing_from_batches
        try:
            return self.count(LogQuery(start_ns=_ALL_TIME_NS[0], end_ns=_ALL_TIME_NS[1])).missing
        except LogSourceError as error:
            return (error,)

    def _plan(self, query: LogQuery, wanted: tuple[str, ...] = ()) -> _Plan:
        special = {SERVICE, LEVEL, MESSAGE, TEMPLATE}
        named = tuple(sorted(list_fields(query.where) | (set(wanted) - special)))
        known = self._cache.find(self.exchange, named)
        options = known.options
        reader = IndexReader(self.exchange, options, known.is_opensearch, known.sort_service)
        own = (*options.message_fields, *options.level_fields, *options.service_fields)
        bounds = Translator(options, known.mappings).translate(query)
        fields = tuple(dict.fromkeys((*own, *named)))
        is_exact = all(known.mappings.find(name).kind not in _REWRITTEN for name in fields)
        return _Plan(query, known, reader, bounds, fields if is_exact else None)

    def _check(self, plan: _Plan, documents: Sequence[Document]) -> list[Document]:
        """Those that the query wants."""
        mask = select_documents(documents, plan.query, self._list_templates)
        return [each for each, holds in zip(documents, mask.tolist(), strict=True) if holds]

    def _show(self, plan: _Plan, documents: Sequence[Document]) -> tuple[LogRecord, ...]:
        options = plan.known.options
        own = (*options.message_fields, *options.level_fields, *options.service_fields)
        hidden = frozenset({options.time_field, *own})
        return tuple(document.to_record(hidden) for document in documents)

    def _aggregate(
        self, plan: _Plan, bounds: QueryBounds, aggregations: dict[str, Any]
    ) -> tuple[dict[str, Any], int]:
        """The server's counts of what is sure, and the number of documents that are not."""
        body = {
            "size": 0,
            "track_total_hits": False,
            "query": bounds.possibly,
            "aggs": {
                "surely": {"filter": bounds.surely, **_nest(aggregations)},
                "unsure": {"filter": NOTHING if bounds.is_exact else negate(bounds.surely)},
            },
        }
        found = plan.reader.search(body).get("aggregations")
        if found is None:  # no shard was asked
            return {"doc_count": 0, **{name: {"doc_count": 0} for name in aggregations}}, 0
        with self.exchange.reading():
            return found["surely"], int(found["unsure"]["doc_count"])

    def _read_unsure(self, plan: _Plan, bounds: QueryBounds, n: int) -> Iterator[list[Document]]:
        """Records that the server could not count."""
        if n:
            yield from self._read_all(plan, bounds.unsure)

    def _read_all(self, plan: _Plan, query: Query) -> Iterator[list[Document]]:
        """Records among some documents, in any order: several slices at the same time."""
        n = max(self.options.slices, 1)
        with self._point_in_time(plan.reader) as pit, ThreadPoolExecutor(n) as pool:
            wanted = Reading(query=query, fields=plan.fields, size=self.options.page_size, parts=n)
            parts = [plan.reader.read_pages(replace(wanted, part=part), pit) for part in range(n)]
            running = {pool.submit(next, pages, None): pages for pages in parts}
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    pages, page = running.pop(future), future.result()
                    if page is not None:
                        running[pool.submit(next, pages, None)] = pages
                        yield self._check(plan, page)

    @contextmanager
    def _point_in_time(self, reader: IndexReader) -> Iterator[PointInTime]:
        pit = PointInTime(reader)
        try:
            yield pit
        finally:
            pit.close()

    def _find_place(self, record_id: str) -> DocumentPlace:
        try:
            return DocumentPlace.decode(record_id)
        except (ValueError, UnicodeError) as error:
            raise LogQueryError("logs_query.no_record", id=record_id) from error

    def _read_next(
        self, query: LogQuery, place: DocumentPlace, n: int, *, newest_first: bool
    ) -> _Neighbours:
        if n <= 0:
            return _Neighbours([], ())
        plan = self._plan(query)
        found: list[Document] = []
        wanted = Reading(
            query=plan.bounds.possibly, size=n + _SPARE, after=place, newest_first=newest_first
        )
        for page in plan.reader.read_pages(wanted):
            found += self._check(plan, page)
            if len(found) >= n:
                break
        return _Neighbours(found[:n], tuple(plan.reader.missing))

    def _count_intervals(
        self,
        plan: _Plan,
        bounds: QueryBounds,
        grouping: FieldGroups,
        interval_ns: int | None,
        zone: ZoneInfo,
        tally: Tally,
    ) -> int:
        """Add the server's counts; the number of documents that are to be read beside them."""
        if bounds.surely == NOTHING:
            return 1
        times = {"times": {"date_histogram": self._build_intervals(interval_ns, zone)}}
        groups = {
            f"group{n}": {
                "filter": guard,
                "aggs": {
                    "values": {
                        "terms": {"field": path, "size": MAX_GROUPS + 1, "shard_size": 10_000},
                        "aggs": times,
                    }
                },
            }
            for n, (path, guard) in enumerate(grouping.paths)
        }
        absent = {"absent": {"filter": grouping.absent, "aggs": times}}
        return self._count_in_parts(plan, bounds, {**groups, **absent}, grouping, tally)

    def _count_in_parts(
        self,
        plan: _Plan,
        bounds: QueryBounds,
        aggregations: dict[str, Any],
        grouping: FieldGroups,
        tally: Tally,
    ) -> int:
        """The same; in halves where the server does not give so many counts at once."""
        waiting = [(0, len(tally.starts))]
        total = 0
        while waiting:
            first, end = waiting.pop()
            limits = [tally.starts[first], *tally.starts[end : end + 1]]
            part = bounds if (first, end) == (0, len(tally.starts)) else self._cut(bounds, limits)
            try:
                answer, unsure = self._aggregate(plan, part, aggregations)
            except TooManyBuckets:
                if end - first < 2:
                    raise
                middle = (first + end) // 2
                waiting += [(middle, end), (first, middle)]
                continue
            total += unsure
            with self.exchange.reading():
                tally.add_answer(answer, grouping)
        return total

    def _cut(self, bounds: QueryBounds, limits: Sequence[int]) -> QueryBounds:
        """The documents of some intervals, which begin at whole milliseconds."""
        names = ("gte", "lt")
        times = {name: ns // _NS_PER_MS for name, ns in zip(names, limits, strict=False)}
        within = {"range": {self.options.time_field: {**times, "format": "epoch_millis"}}}
        return QueryBounds(intersect([bounds.surely, within]), intersect([bounds.possibly, within]))

    def _build_intervals(self, interval_ns: int | None, zone: ZoneInfo) -> dict[str, Any]:
        length: dict[str, str] = {"calendar_interval": "1d", "time_zone": zone.key}
        if interval_ns is not None:
            length = {"fixed_interval": f"{interval_ns // _NS_PER_MS}ms"}
        return {"field": self.options.time_field, "min_doc_count": 1, **length}

    def _count_terms(
        self,
        plan: _Plan,
        bounds: QueryBounds,
        grouping: FieldGroups,
        answer: dict[str, Any],
        unsure: int,
    ) -> tuple[Counter[str], int]:
        """The counts of values, and of records with values that are not among them."""
        counts: Counter[str] = Counter()
        parts = [answer.get(f"group{n}", {}).get("values") for n in range(len(grouping.paths))]
        others = 0
        for (path, guard), part in zip(grouping.paths, parts, strict=True):
            if part is None:
                continue
            left_out, error = part["sum_other_doc_count"], part["doc_count_error_upper_bound"]
            is_enough = not left_out or (
                not error and not unsure and grouping.words is None and len(parts) == 1
            )
            if is_enough and not error:
                for bucket in part["buckets"]:
                    key = bucket.get("key_as_string", bucket["key"])
                    counts[grouping.name_group(key)] += bucket["doc_count"]
                others += left_out
            else:
                for key, bucket in self._read_composite(plan, bounds, path, guard, {}):
                    counts[grouping.name_group(key)] += bucket["doc_count"]
        return counts, others

    def _read_composite(
        self, plan: _Plan, bounds: QueryBounds, path: str, guard: Query, inside: dict[str, Any]
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """All values of a path with their buckets, however many there are."""
        composite: dict[str, Any] = {
            "size": _COMPOSITE_PAGE,
            "sources": [{"value": {"terms": {"field": path}}}],
        }
        query = intersect([bounds.surely, guard])
        while True:
            aggregation = {"composite": composite, **_nest(inside)}
            body = {
                "size": 0,
                "track_total_hits": False,
                "query": query,
                "aggs": {"a": aggregation},
            }
            found = plan.reader.search(body).get("aggregations", {}).get("a", {"buckets": []})
            for bucket in found["buckets"]:
                yield bucket["key"]["value"], bucket
            if "after_key" not in found:
                return
            composite = {**composite, "after": found["after_key"]}

    def _estimate(
        self,
        plan: _Plan,
        bounds: QueryBounds,
        field: str,
        percents: Sequence[float],
        grouping: FieldGroups,
    ) -> tuple[tuple[str, int, tuple[float, ...]], ...]:
        """Percentiles of each group, as the server estimates them."""
        estimate = {
            "estimate": {
                "percentiles": {
                    "field": field,
                    "percents": sorted(set(percents)),
                    "keyed": False,
                    "tdigest": {"compression": _COMPRESSION},
                }
            }
        }
        rows = [
            (grouping.name_group(key), bucket)
            for path, guard in grouping.paths
            for key, bucket in self._read_composite(plan, bounds, path, guard, estimate)
        ]
        lacking = QueryBounds(intersect([bounds.surely, grouping.absent]), bounds.possibly)
        rows.append(("", self._aggregate(plan, lacking, estimate)[0]))
        found = [
            (name, int(bucket["doc_count"]), _read_percentiles(bucket, percents))
            for name, bucket in rows
            if bucket["doc_count"]
        ]
        return tuple(sorted(found, key=lambda row: (-row[1], row[0])))

    def _rank(
        self, plan: _Plan, field: str, percents: Sequence[float], by: str | None
    ) -> LogPercentiles:
        """Percentiles of the numbers themselves."""
        numbers: dict[str, list[float]] = defaultdict(list)
        has_texts = False
        for documents in self._read_all(plan, plan.bounds.possibly):
            groups = list_groups(documents, by, self._list_templates)
            for document, names in zip(documents, groups, strict=True):
                for value in list_values(document, field):
                    number = parse_number(encode_value(value))
                    has_texts = True
                    if number is not None:
                        for name in names:
                            numbers[name].append(number)
        if has_texts and not numbers:
            raise LogQueryError("logs_query.not_a_number", field=field)
        rows = [
            (name, len(values), tuple(nearest_rank(values, percent) for percent in percents))
            for name, values in numbers.items()
        ]
        return LogPercentiles(
            rows=tuple(sorted(rows, key=lambda row: (-row[1], row[0]))),
            estimated=False,
            missing=tuple(plan.reader.missing),
        )


@dataclass(frozen=True, slots=True)
class _Neighbours:
    found: list[Document]
    missing: tuple[JipyoError, ...]


def _build_terms(grouping: FieldGroups, limit: int) -> dict[str, Any]:
    size = min(max(limit, 100), 10_000)
    values = {"size": size, "shard_size": 10_000}
    groups = {
        f"group{n}": {"filter": guard, "aggs": {"values": {"terms": {"field": path, **values}}}}
        for n, (path, guard) in enumerate(grouping.paths)
    }
    return {**groups, "absent": {"filter": grouping.absent}}


def _nest(aggregations: dict[str, Any]) -> dict[str, Any]:
    return {"aggs": aggregations} if aggregations else {}


def _fill(documents: Iterator[Document]) -> Iterator[list[Document]]:
    """Documents in parts that fill a batch."""
    part: list[Document] = []
    for document in documents:
        part.append(document)
        if len(part) == MAX_BATCH_ROWS:
            yield part
            part = []
    if part:
        yield part


def _read_percentiles(bucket: dict[str, Any], percents: Sequence[float]) -> tuple[float, ...]:
    found = {float(each["key"]): float(each["value"]) for each in bucket["estimate"]["values"]}
    return tuple(found[float(percent)] for percent in percents)
