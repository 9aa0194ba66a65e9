"""Reports that people ask a running server for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.publishing.making import FAILS, HANGS, MAKES, SEOUL, build_job
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.requests import ReportRequests
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ReportError
from support.clock import WaitingClock
from support.waiting import wait_until

if TYPE_CHECKING:
    from jipyo.app.publishing.requests import ReportRequest


def finish(requests: ReportRequests) -> ReportRequest:
    """The newest request, once it is made or has failed."""
    wait_until(lambda: requests.list_all()[0].state in ("made", "failed"))
    return requests.list_all()[0]


def test_a_report_is_made_with_progress() -> None:
    requests = ReportRequests(ReportJobs(MAKES), WaitingClock(5))
    asked = requests.add(build_job())
    done = finish(requests)
    assert (done.id, done.state, done.number, done.issue) == (asked.id, "made", "IT-2026-12-01", 1)
    assert (done.done, done.total, done.asked_ms) == (2, 2, 5)
    requests.stop()


def test_a_failure_is_kept_with_its_reason() -> None:
    requests = ReportRequests(ReportJobs(FAILS), WaitingClock(5))
    requests.add(build_job())
    failed = finish(requests)
    assert failed.error is not None
    assert failed.error.key == "reports.not_begun"
    requests.stop()


def test_the_same_report_is_asked_for_once_and_too_many_are_refused() -> None:
    jobs = ReportJobs(HANGS)
    requests = ReportRequests(jobs, WaitingClock(5))
    days = [date(2026, 12, day) for day in range(1, 10)]
    wanted = [
        replace(build_job(), period=period_containing(PeriodKind.DAY, day, SEOUL)) for day in days
    ]
    first = requests.add(wanted[0])
    assert requests.add(wanted[0]).id == first.id
    for job in wanted[1:8]:
        requests.add(job)
    with pytest.raises(ReportError) as caught:
        requests.add(wanted[8])
    assert caught.value.key == "publish.too_many"
    jobs.stop()
    requests.stop()
