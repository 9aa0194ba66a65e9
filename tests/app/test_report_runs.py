"""Runs of schedules: each once, caught up after a stop, on the clocks of the zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.alerts.store import AlertStore
from jipyo.app.report_runs import (
    STEPS,
    enter_due,
    find_next,
    forget_others,
    mark_done,
    mark_failed,
    read_last_runs,
)
from jipyo.model.calendar import PeriodKind, local_time
from jipyo.model.cron import list_moments
from jipyo.reports.options import ReportSchedule

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAILY = ReportSchedule(name="day", kind=PeriodKind.DAY, schedule="30 6 * * *")


def at(text: str, zone: ZoneInfo = SEOUL) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    store = AlertStore.open(tmp_path, STEPS)
    with store.transaction() as connection:
        yield connection
    store.close()


def list_waiting(db: sqlite3.Connection, zone: ZoneInfo = SEOUL) -> list[str]:
    rows = db.execute("SELECT due_ms FROM report_run WHERE state = 'waiting' ORDER BY due_ms")
    return [f"{local_time(row[0], zone):%m-%d %H:%M}" for row in rows]


def test_a_new_schedule_begins_now_and_is_due_at_its_time(db: sqlite3.Connection) -> None:
    enter_due(db, [DAILY], SEOUL, at("2027-01-10 06:30"))
    assert list_waiting(db) == []
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 06:29"))
    assert list_waiting(db) == []
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 06:30"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 06:30"))
    assert list_waiting(db) == ["01-11 06:30"]


def test_what_was_missed_is_caught_up_and_what_is_too_old_is_not(db: sqlite3.Connection) -> None:
    schedule = replace(DAILY, catch_up_ms=3 * DAY_MS)
    enter_due(db, [schedule], SEOUL, at("2027-01-10 12:00"))
    enter_due(db, [schedule], SEOUL, at("2027-01-15 12:00"))
    assert list_waiting(db) == ["01-13 06:30", "01-14 06:30", "01-15 06:30"]
    states = [run.state for run in read_last_runs(db, "day", 10)]
    assert states == ["waiting"] * 3 + ["missed"] * 2


def test_a_clock_that_was_ahead_makes_nothing_twice(db: sqlite3.Connection) -> None:
    enter_due(db, [DAILY], SEOUL, at("2027-01-10 12:00"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-12 12:00"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 06:00"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-13 12:00"))
    assert list_waiting(db) == ["01-11 06:30", "01-12 06:30", "01-13 06:30"]


@pytest.mark.parametrize(
    ("schedule", "start", "end", "due"),
    [
        # 02:30 is skipped on 28 March 2027, and shown twice on 31 October.
        ("30 2 * * *", "2027-03-27 12:00", "2027-03-29 12:00", ["03-28 03:00", "03-29 02:30"]),
        ("30 2 * * *", "2027-10-30 12:00", "2027-11-01 12:00", ["10-31 02:30", "11-01 02:30"]),
        ("0 6 1 * *", "2027-03-02 00:00", "2027-05-02 00:00", ["04-01 06:00", "05-01 06:00"]),
    ],
)
def test_schedules_follow_the_clocks(
    db: sqlite3.Connection, schedule: str, start: str, end: str, due: list[str]
) -> None:
    own = replace(DAILY, schedule=schedule, catch_up_ms=90 * DAY_MS)
    enter_due(db, [own], BERLIN, at(start, BERLIN))
    for t_ms in range(at(start, BERLIN), at(end, BERLIN), 6 * HOUR_MS):
        enter_due(db, [own], BERLIN, t_ms)
    enter_due(db, [own], BERLIN, at(end, BERLIN))
    assert list_waiting(db, BERLIN) == due


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=12),
    st.sampled_from(["30 2 * * *", "15 * * * *", "0 3 * * sun", "0 0 29 2 *"]),
)
def test_looks_at_any_moments_find_each_run_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], schedule: str
) -> None:
    store = AlertStore.open(tmp_path_factory.mktemp("runs"), STEPS)
    own = replace(DAILY, schedule=schedule, catch_up_ms=90 * DAY_MS)
    start_ms = now_ms = int(datetime(2027, 10, 20, tzinfo=UTC).timestamp()) * 1000
    with store.transaction() as db:
        enter_due(db, [own], BERLIN, now_ms)
        for step in steps:
            now_ms += step * 60_000
            enter_due(db, [own], BERLIN, now_ms)
        found = [row[0] for row in db.execute("SELECT due_ms FROM report_run ORDER BY due_ms")]
    store.close()
    assert found == list(list_moments(schedule, BERLIN, start_ms, now_ms))


def test_a_failed_run_waits_longer_each_time_and_is_given_up_in_the_end(
    db: sqlite3.Connection,
) -> None:
    enter_due(db, [DAILY], SEOUL, at("2027-01-10 12:00"))
    now_ms = at("2027-01-11 06:30")
    enter_due(db, [DAILY], SEOUL, now_ms)
    pauses = []
    while (run := find_next(db, now_ms)) is not None:
        mark_failed(db, run, "no disk", now_ms, 0)
        (again,) = read_last_runs(db, "day")
        if again.state == "failed":
            break
        pauses.append((again.next_ms - now_ms) // 60_000)
        assert find_next(db, again.next_ms - 1) is None
        now_ms = again.next_ms
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (read_last_runs(db, "day")[0].state, read_last_runs(db, "day")[0].error) == (
        "failed",
        "no disk",
    )
    assert DAY_MS - HOUR_MS < now_ms - at("2027-01-11 06:30") <= DAY_MS


def test_a_run_that_is_done_has_its_report(db: sqlite3.Connection) -> None:
    enter_due(db, [DAILY], SEOUL, at("2027-01-10 12:00"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 12:00"))
    run = find_next(db, at("2027-01-11 12:00"))
    assert run is not None
    mark_done(db, run, "IT-2027-01-10", 1, at("2027-01-11 12:01"))
    assert find_next(db, at("2027-01-12 06:00")) is None
    (done,) = read_last_runs(db, "day")
    assert (done.state, done.number, done.issue, done.attempts) == ("done", "IT-2027-01-10", 1, 1)


def test_the_run_that_was_due_first_comes_first(db: sqlite3.Connection) -> None:
    other = replace(DAILY, name="early", schedule="0 5 * * *")
    enter_due(db, [DAILY, other], SEOUL, at("2027-01-10 12:00"))
    enter_due(db, [DAILY, other], SEOUL, at("2027-01-11 12:00"))
    run = find_next(db, at("2027-01-11 12:00"))
    assert run is not None
    assert run.schedule == "early"


def test_a_schedule_that_is_gone_waits_no_more_and_begins_anew(db: sqlite3.Connection) -> None:
    enter_due(db, [DAILY], SEOUL, at("2027-01-10 12:00"))
    enter_due(db, [DAILY], SEOUL, at("2027-01-11 12:00"))
    forget_others(db, [])
    assert list_waiting(db) == []
    enter_due(db, [DAILY], SEOUL, at("2027-01-15 12:00"))
    assert list_waiting(db) == []
