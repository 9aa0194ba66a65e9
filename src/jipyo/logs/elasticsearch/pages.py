"""Reading documents page by page, none twice and none left out.

All pages are sorted by time, service and sequence number; together with index and id that is a
total order on every server (`_shard_doc` does not exist on older OpenSearch, `_id` cannot be
sorted by on newer Elasticsearch, and both have no meaning once a point in time is lost). The
server cuts a page anywhere among documents with the same three values, at most one of each
shard; so the last ones of a full page are read again with the next.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jipyo.logs.elasticsearch.documents import Document, DocumentPlace, read_document
from jipyo.logs.elasticsearch.exchange import AnswerTooLarge, PointInTimeLost, ShardsMissing
from jipyo.model.errors import JipyoError, LogQueryError, LogSourceError, MalformedBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.logs.elasticsearch.exchange import SearchExchange
    from jipyo.logs.elasticsearch.options import ElasticsearchOptions
    from jipyo.logs.elasticsearch.translate import Query

_SMALLEST_PAGE = 16
_STRICT = {"allow_no_indices": "false", "ignore_unavailable": "false"}
_RELEASE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which documents are read, and how."""

    query: Query
    fields: Sequence[str] | None = None
    """Paths to read; None for all."""
    size: int
    """Of a page; less where that is too much for an answer."""
    after: DocumentPlace | None = None
    """Where to begin, without itself."""
    newest_first: bool = False
    part: int = 0
    parts: int = 1
    """How many slices there are, of which one is read."""
    index: str = ""
    """Another index than that of the options."""

    def has_passed(self, place: DocumentPlace, after: DocumentPlace | None) -> bool:
        """Whether a place comes after another, in the order of reading."""
        return after is None or (place < after if self.newest_first else place > after)


@dataclass(frozen=True, slots=True)
class IndexReader:
    """Asks the indices of one source; remembers for one query what is missing from its answers."""

    exchange: SearchExchange
    options: ElasticsearchOptions
    """With those fields only that the indices have."""
    is_opensearch: bool
    sort_service: str
    """The path that documents are sorted by within equal times; empty where there is none."""
    missing: list[JipyoError] = field(default_factory=list)

    def search(self, body: dict[str, Any], index: str = "") -> dict[str, Any]:
        """An answer of `_search`, whose shards are checked.

        What cannot be read is left out only where the server rejects the query because of it,
        and noted.

        Raises:
            LogQueryError, LogSourceError: see `SearchExchange.call`.
        """
        path, params = "_search", {}
        if "pit" not in body:
            path, params = f"{quote_index(index or self.options.index)}/_search", _STRICT
        try:
            answer = self._send(path, body, params, "false")
        except ShardsMissing:
            answer = self._send(path, body, params, "true")
        self._check_shards(answer)
        return answer

    def read_pages(
        self, wanted: Reading, pit: PointInTime | None = None
    ) -> Iterator[list[Document]]:
        """All documents of a reading, in their order; of a point in time, or as they are now."""
        body = self._build_body(wanted)
        size, after = wanted.size, wanted.after
        while True:
            body["size"] = size
            if after is not None:
                body["search_after"] = self._start_after(after, wanted.newest_first)
            try:
                found = self._read_page(body, pit, wanted.index)
            except AnswerTooLarge:
                if size <= _SMALLEST_PAGE:
                    raise
                size = max(size // 2, _SMALLEST_PAGE)
                continue
            is_last = len(found) < size
            ordered = sorted(found, key=lambda each: each.place, reverse=wanted.newest_first)
            whole = ordered if is_last else _drop_last_group(ordered)
            page = [each for each in whole if wanted.has_passed(each.place, after)]
            if page:
                after = page[-1].place
                yield page
            if is_last:
                return
            if not page:
                size *= 2  # more shards have the same three values than a page has documents

    def _build_body(self, wanted: Reading) -> dict[str, Any]:
        body: dict[str, Any] = {
            "query": wanted.query,
            "sort": self._build_sort(wanted.newest_first),
            "track_total_hits": False,
            "seq_no_primary_term": True,
            "_source": True if wanted.fields is None else list(wanted.fields),
        }
        if wanted.parts > 1:
            body["slice"] = {"id": wanted.part, "max": wanted.parts}
        return body

    def release(self, path: str, body: dict[str, Any]) -> None:
        """Give back what the server keeps, also where the query was cancelled; it may fail."""
        options = replace(self.options, retries=0, timeout_s=_RELEASE_S)
        exchange = replace(self.exchange, options=options, cancelled=None)
        with contextlib.suppress(LogSourceError, LogQueryError):
            exchange.call("DELETE", path, body)

    def _read_page(
        self, body: dict[str, Any], pit: PointInTime | None, index: str
    ) -> list[Document]:
        self.exchange.check_cancelled()
        answer = self.search(body, index) if pit is None else pit.search(self, body)
        try:
            return [read_document(hit, self.options) for hit in answer["hits"]["hits"]]
        except (MalformedBody, KeyError, TypeError) as error:
            problem = MalformedBody("logs_elasticsearch.no_source", reason=str(error))
            hint = "logs_elasticsearch.no_source.hint"
            raise self.exchange.fail(problem, hint) from error

    def _send(
        self, path: str, body: dict[str, Any], params: Mapping[str, str], partial: str
    ) -> dict[str, Any]:
        params = {**params, "allow_partial_search_results": partial}
        return self.exchange.call("POST", path, body, params)

    def _build_sort(self, newest_first: bool) -> list[dict[str, Any]]:
        order = "desc" if newest_first else "asc"
        time = {"order": order, "numeric_type": "date_nanos", "unmapped_type": "date"}
        sort: list[dict[str, Any]] = [{self.options.time_field: time}]
        if self.sort_service:
            none = "_last" if newest_first else "_first"
            rule = {"order": order, "missing": none, "unmapped_type": "keyword"}
            sort.append({self.sort_service: rule})
        return [*sort, {"_seq_no": {"order": order}}]

    def _start_after(self, place: DocumentPlace, newest_first: bool) -> list[Any]:
        """Values before those of the place, so that its whole group is read again."""
        number = place.number + 1 if newest_first else place.number - 1
        service = [place.service or None] if self.sort_service else []
        return [place.t_ns, *service, number]

    def _check_shards(self, answer: dict[str, Any]) -> None:
        """Note what the answer is without."""
        with self.exchange.reading():
            shards = answer["_shards"]
            total = int(shards["total"])
            # Some servers count what they skipped among what was successful, too.
            read = int(shards["successful"]) + int(shards.get("skipped", 0))
            lost = max(total - read, int(shards.get("failed", 0)))
        name = self.options.name
        if lost:
            self._note(
                LogSourceError("logs_elasticsearch.partial", source=name, lost=lost, total=total)
            )
        if answer.get("timed_out"):
            self._note(LogSourceError("logs_elasticsearch.timed_out", source=name))

    def _note(self, error: JipyoError) -> None:
        if error not in self.missing:
            self.missing.append(error)


@dataclass(slots=True)
class PointInTime:
    """A state of the indices that is kept while pages are read."""

    reader: IndexReader
    id: str = ""
    is_refused: bool = False
    """The server keeps none, because parts of the indices are missing: the present one is read."""
    was_open: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """So that slices open one together."""

    def search(self, reader: IndexReader, body: dict[str, Any]) -> dict[str, Any]:
        """An answer of `_search` in this state, or in a new one where the server has lost it."""
        for _ in range(reader.options.retries + 1):
            with self.lock:
                kept = self.id or self._open()
            if self.is_refused:
                return self._search_without(reader, body)
            try:
                pit = {"id": kept, "keep_alive": reader.options.keep_alive}
                answer = reader.search({**body, "pit": pit})
            except PointInTimeLost:
                with self.lock:
                    if self.id == kept:  # another slice may have opened it anew
                        self.id = ""
                continue
            return answer
        raise PointInTimeLost("logs_elasticsearch.lost_point_in_time", source=reader.options.name)

    def close(self) -> None:
        """Let the server forget the state."""
        if self.id and self.reader.is_opensearch:
            self.reader.release("_search/point_in_time", {"pit_id": [self.id]})
        elif self.id:
            self.reader.release("_pit", {"id": self.id})
        self.id = ""

    def _search_without(self, reader: IndexReader, body: dict[str, Any]) -> dict[str, Any]:
        """An answer of the present state, of which there are no slices: the first has all."""
        if body.get("slice", {}).get("id"):
            return {"hits": {"hits": []}}
        return reader.search({name: part for name, part in body.items() if name != "slice"})

    def _open(self) -> str:
        """Have the server keep the present state, and remember its name."""
        if self.is_refused:
            return ""
        reader, options = self.reader, self.reader.options
        own = "_search/point_in_time" if reader.is_opensearch else "_pit"
        partial = {"allow_partial_pit_creation": "false"} if reader.is_opensearch else {}
        params = {"keep_alive": options.keep_alive, **partial, **_STRICT}
        path = f"{quote_index(options.index)}/{own}"
        try:
            answer = reader.exchange.call("POST", path, None, params)
        except ShardsMissing:
            if self.was_open:  # what the slices have read already would be read twice
                raise
            self.is_refused = True
            return ""
        self.was_open = True
        with reader.exchange.reading():
            self.id = str(answer["pit_id" if reader.is_opensearch else "id"])
        return self.id


def quote_index(index: str) -> str:
    """The names of indices as a part of a path."""
    return quote(index, safe="*,:")


def _drop_last_group(documents: Sequence[Document]) -> list[Document]:
    """Without the last ones that share time, service and number, which may not be all."""
    if not documents:
        return []
    last = documents[-1].place
    key = (last.t_ns, last.service, last.number)
    return [
        each
        for each in documents
        if (each.place.t_ns, each.place.service, each.place.number) != key
    ]
