"""Sessions of a source: those that begin in the range, and who is new."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from jipyo.logs.activity.visits import summarise_visits
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from support.log_batches import SECOND, START_NS, make_batch

SEOUL = ZoneInfo("Asia/Seoul")
HOUR = 3600
QUERY = LogQuery(start_ns=START_NS, end_ns=START_NS + 10 * HOUR * SECOND)


def request(t: int, user: str | None, ip: str | None = "10.0.0.1") -> dict[str, object]:
    agent = "Mozilla"
    return {
        "t": t, "user.name": user, "client.ip": ip, "user_agent.original": agent, "url.route": "/a",
    }  # fmt: skip


def test_a_session_that_began_before_is_not_counted_and_its_visitor_is_not_new() -> None:
    rows = [
        request(-600, "kim"), request(60, "kim"),  # goes on from before
        request(4 * HOUR, "kim"), request(5 * HOUR, "lee"),
    ]  # fmt: skip
    (service,) = summarise_visits(
        BatchLogSource([make_batch("web", rows)]), QUERY, SEOUL, HOUR * SECOND
    ).services
    summary = service.summary
    assert (summary.sessions, summary.visitors) == (2, 2)
    assert (summary.new_visitors, summary.returning_sessions) == (1, 1)


def test_records_without_a_visitor_are_no_sessions() -> None:
    rows: list[dict[str, object]] = [{"t": 1, "message": "started"}, {"t": 2, "message": "x"}]
    found = summarise_visits(BatchLogSource([make_batch("app", rows)]), QUERY, SEOUL, 0)
    assert found.services == ()


def test_each_service_has_its_own_sessions_the_most_first() -> None:
    source = BatchLogSource(
        [
            make_batch("a", [request(1, "kim")]),
            make_batch("b", [request(1, "kim"), request(2, "lee"), request(9 * HOUR, "lee")]),
        ]
    )
    found = summarise_visits(source, QUERY, SEOUL, 0).services
    assert [(one.service, one.summary.sessions) for one in found] == [("b", 3), ("a", 1)]


def test_who_is_there_now_had_a_request_in_the_last_minutes() -> None:
    rows = [request(0, "kim"), request(10 * HOUR - 60, "lee")]
    (found,) = summarise_visits(BatchLogSource([make_batch("a", rows)]), QUERY, SEOUL, 0).services
    assert found.active == (b"lee",)
