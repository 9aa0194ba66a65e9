"""What the source over batches answers; every figure can be counted by hand."""

from __future__ import annotations

import threading
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.evaluate import BatchLogSource, list_texts, select
from jipyo.logs.query import Contains, Exists, LogQuery
from jipyo.logs.record import Level, NumberColumn, TextColumn
from jipyo.model.errors import LogQueryError
from support.log_batches import SECOND, START_NS, batches, conditions, make_batch

UTC = ZoneInfo("UTC")
SEOUL = ZoneInfo("Asia/Seoul")
WEB = make_batch("web", [
    {"t": 2, "level": "ERROR", "message": "b", "ms": 10},
    {"t": 0, "level": "INFO", "message": "a", "ms": 20},
    {"t": 2, "level": "INFO", "message": "c", "ms": None},
])  # fmt: skip
CHAT = make_batch("chat", [
    {"t": 2, "level": "WARN", "message": "d", "ms": 5},
    {"t": 70, "level": "ERROR", "message": "b", "ms": 5},
])  # fmt: skip
LATER = make_batch("web", [{"t": 2, "level": "INFO", "message": "e", "ms": "fast"}])
SOURCE = BatchLogSource([WEB, CHAT, LATER])


def query(start_s: float = 0, end_s: float = 100, **rest) -> LogQuery:
    start, end = (START_NS + round(second * SECOND) for second in (start_s, end_s))
    return LogQuery(start_ns=start, end_ns=end, **rest)


def messages(*, newest_first: bool, **rest) -> str:
    page = SOURCE.search(query(**rest), 10, newest_first=newest_first)
    return "".join(record.message for record in page.records)


def test_records_are_in_order_of_time_service_and_arrival() -> None:
    assert messages(newest_first=False) == "adbceb"
    assert messages(newest_first=True) == "becbda"


def test_a_query_takes_its_range_services_levels_and_condition() -> None:
    assert messages(newest_first=False, start_s=2, end_s=70) == "dbce"
    assert messages(newest_first=False, services=("chat",)) == "db"
    assert messages(newest_first=False, levels=frozenset({Level.ERROR})) == "bb"
    assert messages(newest_first=False, where=Exists("ms")) == "adbeb"


def test_a_record_is_read_with_its_fields() -> None:
    record = SOURCE.search(query(end_s=1), 1).records[0]
    assert (record.service, record.level, record.message) == ("web", Level.INFO, "a")
    assert record.fields == {"ms": 20}
    assert record.t_ns == START_NS


def test_pages_end_where_the_records_do() -> None:
    first = SOURCE.search(query(), 4)
    assert first.next is not None
    second = SOURCE.search(query(), 4, first.next)
    assert [record.message for record in (*first.records, *second.records)] == list("becbda")
    assert second.next is None
    with pytest.raises(LogQueryError, match=r"logs_query.bad_page"):
        SOURCE.search(query(), 4, "x")


def test_around_a_record_are_those_of_its_service() -> None:
    found = SOURCE.search(query(where=Contains("c")), 1).records[0]
    around = SOURCE.around(found.id, 1, 5).records
    assert [record.message for record in around] == ["b", "c", "e"]
    with pytest.raises(LogQueryError, match=r"logs_query.no_record"):
        SOURCE.around("9@web", 1, 1)


def test_intervals_without_records_are_zero() -> None:
    found = SOURCE.histogram(query(0, 80), 10 * SECOND, UTC)
    assert found.starts_ns[0] == START_NS
    assert list(found.counts) == [""]
    assert found.counts[""].tolist() == [5, 0, 0, 0, 0, 0, 0, 1]


def test_intervals_are_aligned_to_the_epoch_and_days_to_the_zone() -> None:
    by_minute = SOURCE.histogram(query(), 60 * SECOND, UTC)
    assert (by_minute.starts_ns % (60 * SECOND) == 0).all()
    by_day = SOURCE.histogram(query(), None, SEOUL)
    assert ((by_day.starts_ns + 9 * 3600 * SECOND) % (86_400 * SECOND) == 0).all()
    assert by_day.counts[""].tolist() == [6]


def test_groups_of_a_histogram_include_records_without_the_field() -> None:
    found = SOURCE.histogram(query(), None, UTC, "ms")
    assert {name: int(counts.sum()) for name, counts in found.counts.items()} == {
        "": 1, "10": 1, "20": 1, "5": 2, "fast": 1,
    }  # fmt: skip
    assert set(SOURCE.histogram(query(), None, UTC, "level").counts) == {"error", "info", "warn"}
    assert set(SOURCE.histogram(query(), None, UTC, "template").counts) == set("abcde")


def test_too_many_groups_are_rejected() -> None:
    source = BatchLogSource([make_batch("a", [{"t": 0, "n": n} for n in range(1001)])])
    with pytest.raises(LogQueryError, match=r"logs_query.too_many_groups"):
        source.histogram(query(), None, UTC, "n")


def test_terms_add_up() -> None:
    found = SOURCE.terms(query(), "ms", 2)
    assert found.counts == (("5", 2), ("10", 1))
    assert (found.others, found.absent) == (2, 1)
    assert SOURCE.terms(query(), "service", 9).counts == (("web", 4), ("chat", 2))


def test_percentiles_are_nearest_ranks() -> None:
    found = SOURCE.percentiles(query(), "ms", (0, 50, 75, 100), "service")
    assert found.rows == (("chat", 2, (5, 5, 5, 5)), ("web", 2, (10, 10, 20, 20)))
    with pytest.raises(LogQueryError, match=r"logs_query.not_a_number"):
        SOURCE.percentiles(query(), "message", (50,))
    assert SOURCE.percentiles(query(), "no.such", (50,)).rows == ()


def test_every_record_is_under_one_template() -> None:
    found = SOURCE.templates(query())
    assert found.total == 6 == sum(template.n for template in found.templates)
    first = found.templates[0]
    assert (first.text, first.n, dict(first.by_service)) == ("b", 2, {"web": 1, "chat": 1})
    assert (first.first_ns, first.last_ns) == (START_NS + 2 * SECOND, START_NS + 70 * SECOND)


def test_batches_have_what_is_needed_in_order_of_time() -> None:
    chat, web = SOURCE.batches(query(), ("ms", "message"))
    assert (chat.service, web.service) == ("chat", "web")
    assert isinstance(chat.fields["ms"], NumberColumn)
    assert isinstance(web.fields["ms"], TextColumn)  # not all of its values are numbers
    assert list_texts(web, "ms") == [b"20", b"10", None, b"fast"]
    assert list(web.messages or ()) == [b"a", b"b", b"c", b"e"]
    assert [batch.messages for batch in SOURCE.batches(query(), ())] == [None, None]


def test_services_are_those_with_records_in_the_range() -> None:
    assert SOURCE.services(START_NS, START_NS + 1) == ("web",)
    assert SOURCE.services(START_NS, START_NS + 100 * SECOND) == ("chat", "web")
    assert SOURCE.find_missing() == ()


def test_a_cancelled_query_is_rejected() -> None:
    cancelled = threading.Event()
    assert SOURCE.bind(cancelled) is SOURCE
    cancelled.set()
    with pytest.raises(LogQueryError, match=r"logs_query.cancelled"):
        SOURCE.bind(cancelled)


@given(st.lists(batches(), max_size=4), conditions(), st.integers(1, 5), st.booleans())
def test_pages_charts_terms_and_batches_have_the_same_records(some, where, limit, newest) -> None:
    source, asked = BatchLogSource(some), query(0, 4, where=where)
    in_range = [(batch.t_ns < START_NS + 4 * SECOND) & select(batch, where) for batch in some]
    n = sum(int(mask.sum()) for mask in in_range)
    records, after = [], None
    while True:
        page = source.search(asked, limit, after, newest_first=newest)
        records += page.records
        after = page.next
        if after is None:
            break
    assert len({record.id for record in records}) == len(records) == n == source.count(asked).n
    times = [record.t_ns for record in records]
    assert times == sorted(times, reverse=newest)
    for field in (None, "level", "user.name", "template"):
        chart = source.histogram(asked, SECOND, UTC, field)
        assert sum(int(counts.sum()) for counts in chart.counts.values()) == n
    terms = source.terms(asked, "user.name", limit)
    assert sum(count for _, count in terms.counts) + terms.others + terms.absent == n
    assert source.templates(asked).total == n
    parts = list(source.batches(asked, ("user.name", "message")))
    assert sum(len(part) for part in parts) == n
    assert all((np.diff(part.t_ns) >= 0).all() for part in parts)
