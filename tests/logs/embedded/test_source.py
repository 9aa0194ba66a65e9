"""The embedded source answers as the plain one, whatever was flushed and merged between."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.evaluate import BatchLogSource, list_texts
from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    TEMPLATE,
    All,
    Contains,
    HasTemplate,
    LogQuery,
    Matches,
)
from jipyo.logs.record import Level, LogBatch, LogRecord, decode_text
from jipyo.logs.store.line import layout_skeleton
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import LogQueryError
from support.log_batches import NAMES, SECOND, START_NS, batches, conditions, make_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


SEOUL = ZoneInfo("Asia/Seoul")
ALWAYS = (START_NS - 10 * SECOND, START_NS + 100 * SECOND)


class EachSkeleton:
    """Every skeleton is a template."""

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        return [(decode_text(text), decode_text(text)) for text in skeletons]


def list_skeletons(batch: LogBatch) -> list[tuple[str, str]]:
    """The same of the records of a batch."""
    if batch.messages is None:
        texts = [layout_skeleton(batch.layout) if batch.layout else b""] * len(batch)
    else:
        texts = [split_message(message)[0] for message in batch.messages]
    return EachSkeleton().find_templates(texts)


def open_source(folder: Path) -> EmbeddedLogs:
    return EmbeddedLogs(StoreReader(folder), EachSkeleton())


@st.composite
def stores(draw: st.DrawFn) -> tuple[list[LogBatch], list[int]]:
    """Batches, and how many of them are in each flush."""
    found = draw(st.lists(batches(), min_size=1, max_size=10))
    cuts = draw(st.lists(st.integers(1, 4), min_size=len(found), max_size=len(found)))
    return found, cuts


def write(folder: Path, found: list[LogBatch], cuts: list[int], merges: bool) -> None:
    rest = list(found)
    with LogStore.open(folder) as store:
        for cut in cuts:
            store.append(rest[:cut])
            store.flush()
            rest = rest[cut:]
        if merges:
            segments = store.reader.snapshot().segments
            if len(segments) > 1:
                store._merge(segments)


@st.composite
def queries(draw: st.DrawFn) -> LogQuery:
    start, end = sorted(draw(st.tuples(st.integers(-1, 7), st.integers(-1, 7))))
    return LogQuery(
        start_ns=START_NS + start * SECOND,
        end_ns=START_NS + end * SECOND,
        services=draw(st.sampled_from(((), (), ("a",), ("b", "c")))),
        levels=draw(st.just(frozenset(Level)) | st.frozensets(st.sampled_from(Level))),
        where=draw(st.just(All()) | conditions() | st.just(HasTemplate("\x11"))),
    )


def plain(value: object) -> object:
    """A number as such, also where it was kept as the text that it was written as."""
    try:
        return float(str(value))
    except ValueError:
        return value


def describe(records: Sequence[LogRecord]) -> list[object]:
    return [
        (r.t_ns, r.service, r.level, r.message, {n: plain(v) for n, v in r.fields.items()})
        for r in records
    ]


def caught(ask, *arguments) -> Any:
    try:
        return ask(*arguments)
    except LogQueryError as error:
        return error


def stretch(t_ns: Any, times: int) -> Any:
    """A time so many times as far from the beginning."""
    return START_NS + (t_ns - START_NS) * times


def check(
    expected: BatchLogSource,
    found: EmbeddedLogs,
    query: LogQuery,
    by: str,
    interval_ns: int,
) -> None:
    assert found.count(query) == expected.count(query)
    for newest_first, limit in ((True, 1), (False, 3)):
        pages = list(read_pages(expected, query, limit, newest_first))
        assert list(read_pages(found, query, limit, newest_first)) == pages
    for interval in (interval_ns, 60 * SECOND, None):
        one = caught(expected.histogram, query, interval, SEOUL, by)
        two = caught(found.histogram, query, interval, SEOUL, by)
        assert describe_histogram(two) == describe_histogram(one)
    assert caught(found.terms, query, by, 3) == caught(expected.terms, query, by, 3)
    for field in ("event.duration", "user.name"):
        one = caught(expected.percentiles, query, field, (0, 50, 99.9), by)
        assert caught(found.percentiles, query, field, (0, 50, 99.9), by) == one
    check_templates(expected, found, query)
    check_batches(expected, found, query)
    span = query.start_ns, query.end_ns
    assert found.services(*span) == expected.services(*span)


def check_templates(expected: BatchLogSource, found: EmbeddedLogs, query: LogQuery) -> None:
    one, two = expected.templates(query), found.templates(query)
    assert two.total == one.total
    counts = [(t.id, t.text, t.n, dict(t.by_service)) for t in one.templates]
    assert [(t.id, t.text, t.n, dict(t.by_service)) for t in two.templates] == counts
    for exact, near in zip(one.templates, two.templates, strict=True):
        assert exact.first_ns - two.resolution_ns < near.first_ns <= exact.first_ns
        assert exact.last_ns <= near.last_ns < exact.last_ns + two.resolution_ns


def check_batches(expected: BatchLogSource, found: EmbeddedLogs, query: LogQuery) -> None:
    fields = (*NAMES[:3], MESSAGE)
    assert read_batches(found, query, fields) == read_batches(expected, query, fields)


def read_batches(source, query: LogQuery, fields: Sequence[str]) -> list[object]:
    rows = []
    for batch in source.batches(query, fields):
        texts = [list_texts(batch, name) for name in fields]
        rows += zip([batch.service] * len(batch), batch.t_ns, batch.level, *texts, strict=True)
    return rows


def read_pages(source, query: LogQuery, limit: int, newest_first: bool) -> Iterator[object]:
    after = None
    while True:
        page = source.search(query, limit, after, newest_first=newest_first)
        yield describe(page.records)
        after = page.next
        if after is None:
            return


def describe_histogram(value: Any) -> object:
    if isinstance(value, LogQueryError):
        return value
    return value.starts_ns.tolist(), {name: c.tolist() for name, c in value.counts.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    written=stores(),
    asked=st.lists(queries(), min_size=1, max_size=4),
    merges=st.booleans(),
    by=st.sampled_from((*NAMES, SERVICE, LEVEL, TEMPLATE, MESSAGE, "no.such")),
    times=st.sampled_from((1, 1, 25, 1300, 3600)),
)
def test_every_answer_is_that_of_the_plain_source(
    tmp_path_factory: pytest.TempPathFactory,
    written: tuple[list[LogBatch], list[int]],
    asked: list[LogQuery],
    merges: bool,
    by: str,
    times: int,
) -> None:
    """Also where minutes and hours are counted as a whole, and ranges cut them."""
    folder = tmp_path_factory.mktemp("logs")
    found_batches = [replace(each, t_ns=stretch(each.t_ns, times)) for each in written[0]]
    write(folder, found_batches, written[1], merges)
    expected, found = BatchLogSource(found_batches, list_skeletons), open_source(folder)
    for query in asked:
        span = {name: stretch(getattr(query, name), times) for name in ("start_ns", "end_ns")}
        check(expected, found, replace(query, **span), by, times * SECOND)
    found.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written=stores(), merges=st.booleans(), before=st.integers(0, 3), after=st.integers(0, 3))
def test_lines_around_a_record_are_those_of_its_service(
    tmp_path_factory: pytest.TempPathFactory,
    written: tuple[list[LogBatch], list[int]],
    merges: bool,
    before: int,
    after: int,
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    write(folder, *written, merges)
    expected, found = BatchLogSource(written[0], list_skeletons), open_source(folder)
    query = LogQuery(start_ns=ALWAYS[0], end_ns=ALWAYS[1])
    pairs = zip(expected.search(query, 99).records, found.search(query, 99).records, strict=True)
    for one, two in pairs:
        around = expected.around(one.id, before, after).records
        assert describe(found.around(two.id, before, after).records) == describe(around)
    found.close()


def make_store(folder: Path, flushes: int = 12) -> LogQuery:
    """A record a second of one service, ten in each flush."""
    with LogStore.open(folder) as store:
        for flush in range(flushes):
            rows: list[dict[str, object]] = [
                {"t": 10 * flush + n, "message": f"line {flush} {n}", "host.name": "h"}
                for n in range(10)
            ]
            store.append([make_batch("app", rows)])
            store.flush()
    return LogQuery(start_ns=START_NS, end_ns=START_NS + 10 * flushes * SECOND)


def test_ids_and_pages_stay_when_segments_are_merged_between_two_pages(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    source = open_source(tmp_path)
    expected = [record.id for record in source.search(query, 1000).records]
    found: list[str] = []
    after = None
    with LogStore.open(tmp_path) as store:
        while True:
            page = source.search(query, 7, after)
            found += [record.id for record in page.records]
            after = page.next
            if after is None:
                break
            store.merge_once()
    assert found == expected
    source.close()


def test_a_damaged_block_is_missing_from_every_answer_by_name(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    reader = StoreReader(tmp_path)
    segment = reader.snapshot().segments[4]
    data = bytearray(segment.path.read_bytes())
    for at in range(segment.blocks[0].offset, segment.blocks[0].offset + segment.blocks[0].size):
        data[at] ^= 1
    segment.path.write_bytes(data)
    source = open_source(tmp_path)
    by_text = replace(query, where=Contains("line"))
    answers: list[Any] = [
        source.search(query, 1000),
        source.count(by_text),
        source.histogram(query, 7 * SECOND, SEOUL),
        source.terms(query, MESSAGE, 5),
        source.templates(by_text),
    ]
    assert len(source.search(query, 1000).records) == 110
    assert sum(len(batch) for batch in source.batches(query, [MESSAGE])) == 110
    for missing in (*(answer.missing for answer in answers), source.find_missing()):
        assert [error.key for error in missing] == ["logs_store.lost_block"]
        assert missing[0].values["n"] == 10
        assert missing[0].values["service"] == "app"
        assert missing[0].values["start"] == "2026-09-21T14:14:00Z"
    source.close()


def test_counts_of_a_segment_that_are_damaged_are_those_of_its_blocks(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    hours = replace(query, end_ns=query.start_ns + 3600 * SECOND)
    expected = describe_answers(open_source(tmp_path), hours)
    with LogStore.open(tmp_path) as store:
        assert store.merge_once()
    segment = StoreReader(tmp_path).snapshot().segments[0]
    assert segment.counts is not None
    last = segment.blocks[-1]
    start = last.offset + last.whole_size
    data = bytearray(segment.path.read_bytes())
    for at in range(start, start + sum(segment.counts.blob_lengths)):
        data[at] ^= 1
    segment.path.write_bytes(data)
    assert describe_answers(open_source(tmp_path), hours) == expected


def test_a_segment_with_a_damaged_block_has_no_counts_but_those_of_its_blocks(
    tmp_path: Path,
) -> None:
    query = make_store(tmp_path)
    damaged = StoreReader(tmp_path).snapshot().segments[3]
    data = bytearray(damaged.path.read_bytes())
    data[damaged.blocks[0].offset] ^= 1
    damaged.path.write_bytes(data)
    with LogStore.open(tmp_path) as store:
        assert store.merge_once()
    source = open_source(tmp_path)
    assert StoreReader(tmp_path).snapshot().segments[0].counts is None
    hours = replace(query, end_ns=query.start_ns + 3600 * SECOND)
    assert source.count(replace(hours, where=Contains("line"))).n == 120  # its fixed text is whole
    assert sum(source.histogram(hours, 60 * SECOND, SEOUL).counts[""]) == 120


def describe_answers(source: EmbeddedLogs, query: LogQuery) -> object:
    """What is answered from counts, with what is missing."""
    histogram, templates = source.histogram(query, 60 * SECOND, SEOUL), source.templates(query)
    by_text = [source.count(replace(query, where=Contains(t))) for t in ("line", "zz zz", "e 1")]
    return describe_histogram(histogram), histogram.missing, templates, by_text


def test_a_segment_that_cannot_be_read_is_missing(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    path = StoreReader(tmp_path).snapshot().segments[2].path
    path.write_bytes(b"")
    source = open_source(tmp_path)
    answer = source.count(query)
    assert answer.n == 110
    assert [error.key for error in answer.missing] == ["logs_store.corrupt"]
    assert source.find_missing() == answer.missing
    source.close()


def test_a_cancelled_query_is_abandoned(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    cancelled = threading.Event()
    whole = open_source(tmp_path)
    source = whole.bind(cancelled)
    by_text = replace(query, where=Contains("line"))
    assert source.count(by_text).n == 120
    batches_left = source.batches(query, [MESSAGE])
    cancelled.set()
    for ask in (
        lambda: source.count(by_text),
        lambda: source.search(query, 5),
        lambda: source.templates(query),
        lambda: list(batches_left),
    ):
        with pytest.raises(LogQueryError) as error:
            ask()
        assert error.value.key == "logs_query.cancelled"
    assert whole.count(by_text).n == 120
    whole.close()


@pytest.mark.parametrize(("ask", "key"), [
    (lambda source, query: source.search(query, 5, "nonsense"), "logs_query.bad_page"),
    (lambda source, query: source.around("nonsense", 1, 1), "logs_query.no_record"),
    (lambda source, query: source.around("12.3", 1, 1), "logs_query.no_record"),
    (lambda source, query: source.percentiles(query, "host.name", [50]), "logs_query.not_a_number"),
    (lambda source, query: source.count(replace(query, where=Matches("("))), "logs_query.pattern"),
])  # fmt: skip
def test_what_cannot_be_answered_is_rejected(tmp_path: Path, ask: Any, key: str) -> None:
    query = make_store(tmp_path, 2)
    source = open_source(tmp_path)
    with pytest.raises(LogQueryError) as error:
        ask(source, query)
    assert error.value.key == key
    source.close()


def test_the_search_stops_once_the_page_is_full(tmp_path: Path) -> None:
    query = make_store(tmp_path)
    source = open_source(tmp_path)
    for segment in StoreReader(tmp_path).snapshot().segments[:-1]:
        data = bytearray(segment.path.read_bytes())
        start = segment.blocks[0].offset
        data[start : start + segment.blocks[0].size] = bytes(segment.blocks[0].size)
        segment.path.write_bytes(data)
    assert source.search(query, 9).missing == ()
    assert source.search(query, 11).missing != ()
    source.close()


def test_a_new_segment_is_found_by_a_source_that_is_open(tmp_path: Path) -> None:
    query = make_store(tmp_path, 1)
    source = open_source(tmp_path)
    assert source.count(query).n == 10
    with LogStore.open(tmp_path) as store:
        store.append([make_batch("app", [{"t": 0.5, "message": "new one 17"}])])
        store.flush()
        assert source.count(query).n == 11
        assert source.search(replace(query, where=Contains("new one 17")), 5).records[0].t_ns == (
            START_NS + SECOND // 2
        )
    source.close()
