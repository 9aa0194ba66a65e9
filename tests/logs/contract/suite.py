"""What every `LogSource` promises: the answers of the plain evaluation over the same records.

A test module subclasses `LogSourceContract`, gives the fixtures `subject` and `reference`, and
is done.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.logs.evaluate import list_texts
from jipyo.logs.query import All, Contains, Equals, LogQuery, Matches
from jipyo.logs.record import Level
from jipyo.model.errors import LogQueryError
from logs.contract.conditions import CONDITIONS
from logs.contract.records import END_NS, HOUR_NS, SECOND_NS, START_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.logs.base import LogSource
    from jipyo.logs.record import LogBatch, LogRecord

SEOUL = ZoneInfo("Asia/Seoul")
ALL = LogQuery(start_ns=START_NS, end_ns=END_NS)
ERRORS = frozenset({Level.ERROR, Level.FATAL})
QUERIES = {
    "everything": ALL,
    "errors": LogQuery(start_ns=START_NS, end_ns=END_NS, levels=ERRORS),
    "unknown levels": LogQuery(
        start_ns=START_NS, end_ns=END_NS, levels=frozenset({Level.UNKNOWN, Level.INFO})
    ),
    "two services": LogQuery(start_ns=START_NS, end_ns=END_NS, services=("api", "검색")),
    "the second with most records": LogQuery(
        start_ns=START_NS + 5400 * SECOND_NS, end_ns=START_NS + 5401 * SECOND_NS
    ),
    "times between milliseconds": LogQuery(
        start_ns=START_NS + 5400 * SECOND_NS + 1, end_ns=START_NS + 20 * HOUR_NS + 1
    ),
    "no time": LogQuery(start_ns=START_NS, end_ns=START_NS),
    "another year": LogQuery(start_ns=START_NS - 9000 * HOUR_NS, end_ns=START_NS - 8000 * HOUR_NS),
    "a text": LogQuery(start_ns=START_NS, end_ns=END_NS, where=Contains("refused by 10")),
    "a word": LogQuery(start_ns=START_NS, end_ns=END_NS, where=Contains("서버"), levels=ERRORS),
}


@dataclass(frozen=True)
class Subject:
    """A source with the records of `records.build_batches`."""

    source: LogSource
    keeps_arrival: bool = True
    """Records of one service and time are in the order in which they came."""


def identify(record: LogRecord) -> tuple[object, ...]:
    """A record without its id."""
    fields = tuple(sorted(record.fields.items()))
    return record.t_ns, record.service, record.level, record.message, fields


def walk(
    source: LogSource, query: LogQuery, size: int, *, newest_first: bool
) -> Iterator[LogRecord]:
    """All pages of a search."""
    after: str | None = None
    while True:
        page = source.search(query, size, after, newest_first=newest_first)
        assert page.missing == ()
        assert len(page.records) == size or page.next is None
        yield from page.records
        if page.next is None:
            return
        after = page.next


def list_rows(batch: LogBatch, fields: tuple[str, ...]) -> list[tuple[object, ...]]:
    """The times, levels and texts of a batch, row by row."""
    texts = [list_texts(batch, name) for name in fields]
    return list(zip(batch.t_ns.tolist(), batch.level.tolist(), *texts, strict=True))


class LogSourceContract:
    """The tests; see the module."""

    @pytest.mark.parametrize("where", CONDITIONS.values(), ids=CONDITIONS.keys())
    def test_counts_are_those_of_the_plain_evaluation(self, subject, reference, where):
        query = LogQuery(start_ns=START_NS, end_ns=END_NS, where=where)
        assert subject.source.count(query) == reference.count(query)

    @pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
    def test_every_query_is_counted(self, subject, reference, query):
        assert subject.source.count(query) == reference.count(query)

    @pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
    @pytest.mark.parametrize("by", [None, "level", "service", "status", "host.name", "template"])
    def test_histograms_add_up(self, subject, reference, query, by):
        if by == "template":
            query = LogQuery(start_ns=query.start_ns, end_ns=query.end_ns, where=Contains("님이"))
        self.compare_histograms(subject, reference, query, HOUR_NS, by)

    @pytest.mark.parametrize("interval_ns", [None, 7 * 60 * SECOND_NS, 11 * HOUR_NS])
    def test_intervals_are_aligned_to_the_epoch_or_are_days(self, subject, reference, interval_ns):
        query = LogQuery(start_ns=START_NS + 1000 * SECOND_NS, end_ns=END_NS - 1)
        self.compare_histograms(subject, reference, query, interval_ns, "level")

    def test_intervals_may_be_shorter_than_a_millisecond(self, subject, reference):
        start_ns = START_NS + 5400 * SECOND_NS
        query = LogQuery(start_ns=start_ns, end_ns=start_ns + 1_000_000)
        self.compare_histograms(subject, reference, query, 100_000, None)

    def test_there_may_be_many_intervals(self, subject, reference):
        query = LogQuery(start_ns=START_NS, end_ns=START_NS + 30 * HOUR_NS)
        self.compare_histograms(subject, reference, query, 60 * SECOND_NS, "host.name")

    def compare_histograms(self, subject, reference, query, interval_ns, by):
        found = subject.source.histogram(query, interval_ns, SEOUL, by)
        expected = reference.histogram(query, interval_ns, SEOUL, by)
        assert found.starts_ns.tolist() == expected.starts_ns.tolist()
        assert found.missing == ()
        assert {name: counts.tolist() for name, counts in found.counts.items()} == {
            name: counts.tolist() for name, counts in expected.counts.items()
        }

    def test_too_many_groups_are_rejected(self, subject, reference):
        for source in (subject.source, reference):
            with pytest.raises(LogQueryError) as error:
                source.histogram(ALL, HOUR_NS, SEOUL, "trace.id")
            assert error.value.key == "logs_query.too_many_groups"

    @pytest.mark.parametrize("limit", [1, 3, 10_000])
    @pytest.mark.parametrize(
        "field",
        [
            "service",
            "level",
            "host.name",
            "user.name",
            "status",
            "took",
            "ok",
            "trace.id",
            "only.api",
            "stack",
            "absent",
            "message",
            "template",
        ],
    )
    def test_terms_are_counted_exactly(self, subject, reference, field, limit):
        for name in ("everything", "a text"):
            query = QUERIES[name]
            assert subject.source.terms(query, field, limit) == reference.terms(query, field, limit)

    @pytest.mark.parametrize("by", [None, "service", "level", "user.name"])
    @pytest.mark.parametrize("field", ["took", "status"])
    def test_percentiles_are_exact_or_marked_as_estimated(self, subject, reference, field, by):
        percents = (50.0, 95.0, 0.0, 100.0)
        for query in (QUERIES["everything"], QUERIES["a text"]):
            found = subject.source.percentiles(query, field, percents, by)
            expected = reference.percentiles(query, field, percents, by)
            assert [row[:2] for row in found.rows] == [row[:2] for row in expected.rows]
            for (_, _, estimates), (_, n, exact) in zip(found.rows, expected.rows, strict=True):
                if found.estimated and n > 500:
                    np.testing.assert_allclose(estimates, exact, rtol=0.05, atol=0.002)
                elif not found.estimated:
                    assert estimates == exact

    def test_percentiles_of_texts_are_rejected(self, subject, reference):
        for source in (subject.source, reference):
            with pytest.raises(LogQueryError) as error:
                source.percentiles(ALL, "host.name", (50.0,))
            assert error.value.key == "logs_query.not_a_number"
        assert subject.source.percentiles(ALL, "absent", (50.0,)).rows == ()

    @pytest.mark.parametrize("newest_first", [True, False])
    @pytest.mark.parametrize(
        ("name", "size"), [("everything", 997), ("the second with most records", 7), ("a text", 13)]
    )
    def test_pages_have_every_record_once_and_in_order(
        self, subject, reference, name, size, newest_first
    ):
        query = QUERIES[name]
        found = list(walk(subject.source, query, size, newest_first=newest_first))
        expected = list(walk(reference, query, 5000, newest_first=newest_first))
        assert [each.t_ns for each in found] == [each.t_ns for each in expected]
        assert [each.service for each in found] == [each.service for each in expected]
        assert len({each.id for each in found}) == len(found)
        shown, wanted = map(identify, found), map(identify, expected)
        if subject.keeps_arrival:
            assert list(shown) == list(wanted)
        else:
            assert Counter(shown) == Counter(wanted)

    def test_no_page_is_named_so(self, subject):
        for name in ("nonsense", "한글", "W10=", "\udcff"):
            with pytest.raises(LogQueryError) as error:
                subject.source.search(ALL, 5, name)
            assert error.value.key == "logs_query.bad_page"

    def test_a_record_is_shown_between_its_neighbours(self, subject):
        query = QUERIES["the second with most records"]
        shown = list(walk(subject.source, query, 500, newest_first=False))
        own = [each for each in shown if each.service == "api"]
        middle = len(own) // 2
        page = subject.source.around(own[middle].id, 5, 8)
        assert page.records == tuple(own[middle - 5 : middle + 9])
        first = next(walk(subject.source, ALL, 1, newest_first=False))
        assert subject.source.around(first.id, 3, 0).records == (first,)

    def test_a_record_that_is_not_there_is_named(self, subject):
        with pytest.raises(LogQueryError) as error:
            subject.source.around("nonsense", 1, 1)
        assert error.value.key == "logs_query.no_record"

    @pytest.mark.parametrize("name", ["everything", "errors", "a text", "no time"])
    def test_every_record_is_under_one_template(self, subject, reference, name):
        query = QUERIES[name]
        found, expected = subject.source.templates(query), reference.templates(query)
        assert found.missing == ()
        assert found.total == expected.total == sum(each.n for each in found.templates)
        assert [(each.id, each.text, each.n, each.by_service) for each in found.templates] == [
            (each.id, each.text, each.n, each.by_service) for each in expected.templates
        ]
        for one, other in zip(found.templates, expected.templates, strict=True):
            assert abs(one.first_ns - other.first_ns) < found.resolution_ns
            assert abs(one.last_ns - other.last_ns) < found.resolution_ns

    @pytest.mark.parametrize("name", ["everything", "errors", "two services", "a text"])
    def test_batches_have_every_record_service_by_service(self, subject, reference, name):
        fields = ("message", "status", "took", "user.name", "absent")
        found = list(subject.source.batches(QUERIES[name], fields))
        expected = list(reference.batches(QUERIES[name], fields))
        assert [each.service for each in found] == sorted(each.service for each in found)
        for service in {each.service for each in (*found, *expected)}:
            rows, wanted = (
                [
                    row
                    for each in batches
                    if each.service == service
                    for row in list_rows(each, fields)
                ]
                for batches in (found, expected)
            )
            assert [row[0] for row in rows] == [row[0] for row in wanted]
            if subject.keeps_arrival:
                assert rows == wanted
            else:
                assert Counter(rows) == Counter(wanted)

    def test_batches_have_only_what_was_named(self, subject):
        batch = next(subject.source.batches(ALL, ("status",)))
        assert batch.messages is None
        assert list(batch.fields) == ["status"]
        assert len(batch) <= 65_536

    def test_services_are_those_with_records(self, subject, reference):
        assert subject.source.services(START_NS, END_NS) == reference.services(START_NS, END_NS)
        assert subject.source.services(END_NS, END_NS + HOUR_NS) == ()

    def test_fields_are_those_of_the_records(self, subject, reference):
        assert subject.source.fields(START_NS, END_NS) == reference.fields(START_NS, END_NS)

    def test_nothing_is_missing(self, subject):
        assert subject.source.find_missing() == ()

    def test_a_pattern_that_is_none_is_rejected(self, subject):
        query = LogQuery(start_ns=START_NS, end_ns=END_NS, where=Matches("("))
        with pytest.raises(LogQueryError) as error:
            subject.source.count(query)
        assert error.value.key == "logs_query.pattern"

    def test_a_cancelled_query_is_abandoned(self, subject):
        cancelled = threading.Event()
        cancelled.set()
        with pytest.raises(LogQueryError) as error:
            subject.source.bind(cancelled).count(
                LogQuery(
                    start_ns=START_NS, end_ns=END_NS, where=All((Equals("host.name", "gpu-01"),))
                )
            )
        assert error.value.key == "logs_query.cancelled"
