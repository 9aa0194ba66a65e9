"""The embedded source answers as the plain one, whatever was flushed and merged between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.evaluate import BatchLogSource, list_texts
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, TEMPLATE, All, HasTemplate, LogQuery
from jipyo.logs.record import Level, LogBatch, LogRecord, decode_text
from jipyo.logs.store.line import layout_skeleton
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import LogQueryError
from support.log_batches import NAMES, SECOND, START_NS, batches, conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pytest

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


def check(
    expected: BatchLogSource, found: EmbeddedLogs, query: LogQuery, by: str, limit: int
) -> None:
    assert found.count(query) == expected.count(query)
    for newest_first in (True, False):
        pages = list(read_pages(expected, query, limit, newest_first))
        assert list(read_pages(found, query, limit, newest_first)) == pages
    for interval in (SECOND, 60 * SECOND, None):
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


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    written=stores(),
    asked=st.lists(queries(), min_size=1, max_size=4),
    merges=st.booleans(),
    by=st.sampled_from((*NAMES, SERVICE, LEVEL, TEMPLATE, MESSAGE, "no.such")),
    limit=st.integers(1, 5),
)
def test_every_answer_is_that_of_the_plain_source(
    tmp_path_factory: pytest.TempPathFactory,
    written: tuple[list[LogBatch], list[int]],
    asked: list[LogQuery],
    merges: bool,
    by: str,
    limit: int,
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    write(folder, *written, merges)
    expected, found = BatchLogSource(written[0], list_skeletons), open_source(folder)
    for query in asked:
        check(expected, found, query, by, limit)
    found.close()
