"""Reports in processes of their own: made, failed, dead, hanging, stopped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.publishing.making import DIES, FAILS, HANGS, MAKES, build_job
from jipyo.app.publishing.job import JobProgress
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.model.errors import ReportError


def ignore(_progress: JobProgress) -> None: ...


def test_a_report_is_made_with_progress() -> None:
    seen: list[JobProgress] = []
    made = ReportJobs(MAKES).run(build_job(), seen.append)
    assert (made.number, made.issue) == ("IT-2026-12-01", 1)
    assert seen == [JobProgress(1, 2), JobProgress(2, 2)]


def test_the_error_of_the_process_is_that_of_the_job() -> None:
    with pytest.raises(ReportError) as caught:
        ReportJobs(FAILS).run(build_job(), ignore)
    assert (caught.value.key, caught.value.values) == ("reports.not_begun", {"period": "x"})


@pytest.mark.parametrize(("command", "longest_s"), [(DIES, 60.0), (HANGS, 0.5)])
def test_a_process_that_dies_or_hangs_is_an_error(
    command: tuple[str, ...], longest_s: float
) -> None:
    with pytest.raises(ReportError) as caught:
        ReportJobs(command, longest_s).run(build_job(), ignore)
    assert caught.value.key == "publish.died"


def test_stopping_ends_the_job_in_progress_and_begins_no_other() -> None:
    jobs, started = ReportJobs(HANGS), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(jobs.run, build_job(), lambda _: started.set())
        while not jobs.is_running:
            assert not running.done()
        jobs.stop()
        with pytest.raises(ReportError) as caught:
            running.result()
    assert caught.value.key == "publish.stopped"
    with pytest.raises(ReportError) as again:
        jobs.run(build_job(), ignore)
    assert again.value.key == "publish.stopped"


def test_jobs_run_one_after_the_other() -> None:
    jobs = ReportJobs(MAKES)
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: jobs.run(build_job(), ignore), range(3)))
    assert len(made) == 3
