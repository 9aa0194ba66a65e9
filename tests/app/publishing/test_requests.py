"""Reports that people ask a running server for: none is forgotten, even where it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.publishing.making import FAILS, HANGS, MAKES, SEOUL, build_job, speak
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.requests import ReportRequests
from jipyo.app.report_request_records import (
    MOST_DEATHS,
    insert_request,
    mark_made,
    read_requests,
)
from jipyo.config.overrides import CliOverrides
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ReportError
from support.clock import WaitingClock
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.app.report_request_records import ReportRequest

DAYS = tuple(
    replace(build_job(), period=period_containing(PeriodKind.DAY, date(2026, 12, day), SEOUL))
    for day in range(1, 10)
)
WORKS = speak("tell(1, 2); sys.stdin.read()")
"""Until the process that asked it ends."""
OVERRIDES = CliOverrides(data=Path("/nowhere"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


def start(store: AlertStore, command: tuple[str, ...]) -> ReportRequests:
    """The part, as after a start of the server."""
    requests = ReportRequests(ReportJobs(command), store, WaitingClock(5))
    requests.resume(OVERRIDES)
    return requests


def finish(requests: ReportRequests) -> ReportRequest:
    """The newest request, once it is made or has failed."""
    wait_until(lambda: requests.list_all()[0].state in ("made", "failed"))
    return requests.list_all()[0]


def test_a_report_is_made_with_progress(store: AlertStore) -> None:
    jobs = ReportJobs(WORKS)
    requests = ReportRequests(jobs, store, WaitingClock(5))
    asked = requests.add(build_job())
    wait_until(lambda: requests.list_all()[0].done == 1)
    (working,) = requests.list_all()
    assert (working.id, working.state, working.total) == (asked.id, "working", 2)
    jobs.stop()
    requests.stop()

    again = start(store, MAKES)
    done = finish(again)
    assert (done.id, done.state, done.number, done.issue) == (asked.id, "made", "IT-2026-12-01", 1)
    assert (done.asked_ms, done.period) == (5, build_job().period)
    again.stop()


def test_a_failure_is_kept_with_its_reason(store: AlertStore) -> None:
    requests = start(store, FAILS)
    requests.add(build_job())
    error = finish(requests).error
    assert error is not None
    assert "begun" in error.en
    assert error.ko != error.en
    requests.stop()
    later = start(store, MAKES)
    assert [one.error for one in later.list_all()] == [error]
    later.stop()


def test_the_same_report_is_asked_for_once_and_too_many_are_refused(store: AlertStore) -> None:
    jobs = ReportJobs(HANGS)
    requests = ReportRequests(jobs, store, WaitingClock(5))
    first = requests.add(DAYS[0])
    assert requests.add(DAYS[0]).id == first.id
    for job in DAYS[1:8]:
        requests.add(job)
    with pytest.raises(ReportError) as caught:
        requests.add(DAYS[8])
    assert caught.value.key == "publish.too_many"
    jobs.stop()
    requests.stop()


def test_those_done_longest_ago_are_forgotten_and_never_an_open_one(store: AlertStore) -> None:
    with store.transaction() as db:
        for turn in range(60):
            asked = insert_request(db, build_job().period, ("pdf",), ("ko",), turn)
            if turn:
                mark_made(db, asked.id, "IT-1", 1)
        known = [one.id for one in read_requests(db)]
    assert known == [*range(60, 10, -1), 1]


def test_none_is_forgotten_where_the_server_is_killed_in_the_middle(tmp_path: Path) -> None:
    die_while_working(tmp_path)
    store = AlertStore.open(tmp_path, STEPS)
    requests = start(store, MAKES)
    wait_until(lambda: {one.state for one in requests.list_all()} == {"made"})
    numbers = [one.number for one in requests.list_all()]
    assert numbers == ["IT-2026-12-03", "IT-2026-12-02", "IT-2026-12-01"]
    requests.stop()
    store.close()


def test_what_the_server_dies_of_again_and_again_has_failed(tmp_path: Path) -> None:
    for _ in range(MOST_DEATHS):
        die_while_working(tmp_path)
    store = AlertStore.open(tmp_path, STEPS)
    requests = start(store, MAKES)
    wait_until(lambda: requests.list_all()[0].state == "made")
    states = [one.state for one in requests.list_all()]
    assert states == ["made", "made", "failed"]  # only the first was ever begun
    error = requests.list_all()[-1].error
    assert error is not None
    assert "3 times" in error.en
    assert "3번" in error.ko
    requests.stop()
    store.close()


def die_while_working(folder: Path) -> None:
    """A process that is asked for three reports, and is killed while it makes the first."""
    command = (sys.executable, __file__, str(folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def serve_until_killed(folder: Path) -> None:
    requests = start(AlertStore.open(folder, STEPS), WORKS)
    for job in DAYS[:3]:
        requests.add(job)
    wait_until(lambda: requests.list_all()[-1].done == 1)
    print("working", flush=True)
    signal.pause()


if __name__ == "__main__":
    serve_until_killed(Path(sys.argv[1]))
