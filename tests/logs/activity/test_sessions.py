"""Sessions of visitors, against a plain reference that reads record by record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity import sessions
from jipyo.logs.activity.session_summary import find_local_hours, summarise_sessions
from jipyo.logs.activity.sessions import Sessions, SessionTracker
from jipyo.logs.activity.visitors import is_automatic_agent, is_monitor_route, is_page
from jipyo.logs.activity.visits import track_sessions
from jipyo.logs.coded import CodedTexts
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from jipyo.logs.record import Column, TextColumn
from support.log_batches import SECOND, START_NS, make_batch

SEOUL = ZoneInfo("Asia/Seoul")
MINUTE = 60
BROWSER = "Mozilla/5.0 (Windows NT 10.0)"


def row(t: float, user: str | None = None, route: str = "/a", **rest) -> dict[str, Any]:
    return {
        "t": t,
        "user.name": user,
        "client.ip": rest.get("ip"),
        "user_agent.original": rest.get("agent", BROWSER),
        "url.route": route,
        "http.response.status_code": rest.get("status", 200),
    }


def track(rows: list[dict[str, Any]], cuts: tuple[int, ...] = (), **options) -> Sessions:
    tracker = SessionTracker(**options)
    for start, end in zip((0, *cuts), (*cuts, len(rows)), strict=True):
        tracker.add(make_batch("web", rows[start:end]))
    return tracker.build()


def list_plainly(rows: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """Visitor, beginning, end, requests, pages, errors, entry and exit; record by record."""
    closed: list[list[Any]] = []
    current: dict[str, list[Any]] = {}
    for each in rows:
        user = each["user.name"]
        client = f"{each['client.ip'] or ''} {each['user_agent.original'] or ''}"
        visitor = client if user in (None, "-") else user
        t = each["t"]
        session = current.get(visitor)
        if session is None or t - session[2] > 30 * MINUTE:
            session = current[visitor] = [visitor, t, t, 0, 0, 0, each["url.route"], None]
            closed.append(session)
        session[2] = t
        session[3] += 1
        session[4] += each["url.route"] not in ("/metrics", "/app.css")
        session[5] += each["http.response.status_code"] >= 400
        session[7] = each["url.route"]
    return sorted(tuple(session) for session in closed)


def as_rows(sessions: Sessions) -> list[tuple[object, ...]]:
    return sorted(
        (
            sessions.visitors[sessions.visitor[n]].decode(),
            (int(sessions.start_ns[n]) - START_NS) / SECOND,
            (int(sessions.end_ns[n]) - START_NS) / SECOND,
            int(sessions.requests[n]),
            int(sessions.pages[n]),
            int(sessions.errors[n]),
            sessions.routes[sessions.entry[n]].decode(),
            sessions.routes[sessions.exit[n]].decode(),
        )
        for n in range(len(sessions))
    )


ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 5 * 3600),
        st.sampled_from(("kim", "lee", "-", None)),
        st.sampled_from(("/a", "/b", "/metrics", "/app.css")),
        ip=st.sampled_from(("10.0.0.1", "10.0.0.2", None)),
        agent=st.sampled_from((BROWSER, "curl/8", None)),
        status=st.sampled_from((200, 404, 503)),
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: sorted(rows, key=lambda each: each["t"]))


@given(ROWS, st.data())
def test_sessions_are_those_of_the_plain_reference_however_batches_are_cut(rows, data) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(rows)), max_size=4))
    assert as_rows(track(rows, tuple(sorted(cuts)))) == list_plainly(rows)


@given(ROWS, st.data())
def test_sessions_of_very_many_visitors_are_those_of_the_plain_reference(rows, data) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "_FEW_VISITORS", 0)
        patch.setattr(sessions, "_KEY_BITS", data.draw(st.sampled_from((4, 63))))
        found = track(rows)
    assert as_rows(found) == list_plainly(rows)
    starts = list(zip(found.start_ns.tolist(), found.visitor.tolist(), strict=True))
    assert starts == sorted(starts)


@given(ROWS, st.integers(0, 2))
def test_sessions_of_a_source_are_those_of_its_records(rows, hours: int) -> None:
    source = BatchLogSource([make_batch("web", rows), make_batch("other", rows)])
    end_ns = START_NS + (hours * 3600 + 1) * SECOND
    query = LogQuery(start_ns=START_NS, end_ns=end_ns, services=("web",))
    trackers, missing = track_sessions(source, query)
    assert missing == ()
    known = [row for row in rows if row["user.name"] in ("kim", "lee") or row["client.ip"]]
    expected = list_plainly([each for each in known if each["t"] <= hours * 3600])
    found = [row for tracker in trackers.values() for row in as_rows(tracker.build())]
    assert found == expected


@given(ROWS)
def test_columns_as_they_are_stored_give_the_same_sessions(rows) -> None:
    batch = make_batch("web", rows)
    coded = {name: encode(column) for name, column in batch.fields.items()}
    tracker = SessionTracker()
    tracker.add(replace(batch, fields=coded))
    assert as_rows(tracker.build()) == list_plainly(rows)


def encode(column: Column) -> Column:
    """With a text that no record has, as the rest of a block may leave it."""
    if not isinstance(column, TextColumn):
        return column
    texts = [b"of no record", *sorted(set(column.values))]
    codes = np.array([texts.index(text) for text in column.values], np.int32)
    return TextColumn(CodedTexts(texts, codes), column.present)


def test_a_pause_of_more_than_half_an_hour_ends_a_session() -> None:
    assert len(track([row(0, "kim"), row(30 * MINUTE, "kim")])) == 1
    assert len(track([row(0, "kim"), row(30 * MINUTE + 1, "kim")])) == 2


def test_a_visitor_returns_in_a_second_session_or_when_it_was_known() -> None:
    rows = [row(0, "kim"), row(1, "lee"), row(2 * 3600, "kim")]
    assert track(rows).is_returning.tolist() == [False, False, True]
    assert track(rows, known=(b"lee",)).is_returning.tolist() == [False, True, True]


def test_machines_are_known_by_their_agent_or_their_speed() -> None:
    fast = [row(n / 10, "kim") for n in range(300)]
    slow = [row(100 + n * 5, "lee") for n in range(300)]
    crawler = [row(2000, ip="10.0.0.9", agent="Googlebot/2.1")]
    sessions = track([*fast, *slow, *crawler])
    names = [sessions.visitors[code].split()[0] for code in sessions.visitor]
    assert dict(zip(names, sessions.is_automatic.tolist(), strict=True)) == {
        b"kim": True, b"lee": False, b"10.0.0.9": True,
    }  # fmt: skip


def test_who_is_on_now_had_a_record_in_the_last_minutes() -> None:
    tracker = SessionTracker()
    tracker.add(make_batch("web", [row(0, "kim"), row(250, "lee"), row(290, "park")]))
    assert tracker.list_active(START_NS + 300 * SECOND) == (b"park", b"lee")
    assert tracker.list_active(START_NS + 299 * SECOND) == (b"park", b"lee", b"kim")


def test_the_summary_counts_people_and_says_how_many_are_machines() -> None:
    rows = [
        row(0, "kim", "/a"), row(60, "kim", "/b", status=500), row(70, "lee", "/a"),
        row(80, ip="10.0.0.9", agent="curl/8"), row(7200, "kim", "/a"),
    ]  # fmt: skip
    summary = summarise_sessions(track(rows), SEOUL)
    assert (summary.sessions, summary.visitors, summary.automatic_sessions) == (3, 2, 1)
    assert (summary.new_visitors, summary.returning_sessions) == (2, 1)
    assert (summary.requests, summary.pages, summary.errors) == (4, 4, 1)
    assert (summary.median_duration_s, summary.mean_duration_s) == (0, 20)
    assert summary.bounce_percent == pytest.approx(200 / 3)
    assert summary.entries == ((b"/a", 3),)
    assert summary.exits == ((b"/a", 2), (b"/b", 1))
    # START_NS is Monday 2026-09-21, 23:13:20 in Seoul: the last session begins on Tuesday.
    assert summary.by_hour.nonzero()[0].tolist() == [1, 23]
    assert summary.by_weekday.tolist() == [2, 1, 0, 0, 0, 0, 0]


def test_without_records_there_are_no_figures() -> None:
    tracker = SessionTracker()
    tracker.add(make_batch("web", []))
    summary = summarise_sessions(tracker.build(), SEOUL)
    assert summary.sessions == 0
    assert np.isnan(summary.bounce_percent)


def test_local_hours_are_those_of_the_zone() -> None:
    hours, weekdays = find_local_hours(np.array([START_NS]), ZoneInfo("Asia/Kathmandu"))
    assert (hours.tolist(), weekdays.tolist()) == ([19], [0])


@pytest.mark.parametrize(("agent", "automatic"), [
    ("Mozilla/5.0 (compatible; Googlebot/2.1)", True), ("kube-probe/1.30", True), ("", True),
    ("Prometheus/3.0", True), ("python-requests/2.32", True), (BROWSER, False),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Safari/604.1 KAKAOTALK", False),
])  # fmt: skip
def test_agents_of_machines(agent: str, automatic: bool) -> None:
    assert is_automatic_agent(agent.encode()) is automatic


@pytest.mark.parametrize(("route", "page", "monitor"), [
    ("/", True, False), ("/v1/chat", True, False), ("/static/app.js", False, False),
    ("/metrics", False, True), ("/health?full=1", False, True), ("/api/healthz", False, True),
    ("/actuator/health/liveness", False, True), ("/healthcare", False, True),
    ("/orders/status-report", True, False),
])  # fmt: skip
def test_routes_of_people_and_monitors(route: str, page: bool, monitor: bool) -> None:
    assert is_page(route.encode()) is page
    assert is_monitor_route(route.encode()) is monitor
