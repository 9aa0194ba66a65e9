"""Reports that people ask the running server for: made one after the other, with progress."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.app.publishing.job import ReportJob
from jipyo.app.publishing.verifications import Verifications
from jipyo.app.report_request_records import (
    insert_request,
    mark_made,
    mark_request_failed,
    mark_waiting,
    mark_working,
    read_requests,
    take_up_interrupted,
)
from jipyo.model.errors import JipyoError, ReportError, StoreError

if TYPE_CHECKING:
    from jipyo.alerts.store import AlertStore
    from jipyo.app.publishing.job import JobProgress
    from jipyo.app.publishing.jobs import ReportJobs
    from jipyo.app.report_request_records import ReportRequest
    from jipyo.config.overrides import CliOverrides
    from jipyo.model.clock import Clock

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 8


class ReportRequests:
    """What is asked for is on disk before the answer; safe to use from several threads."""

    def __init__(self, jobs: ReportJobs, store: AlertStore, clock: Clock) -> None:
        """`jobs` make the reports, beside those of schedules; `store` has what was asked for."""
        self._jobs, self._store, self._clock = jobs, store, clock
        self._progress: dict[int, JobProgress] = {}
        self._adding = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "report-requests")
        self.verifications = Verifications(jobs, store, clock)
        """Issues that are computed again."""

    def resume(self, overrides: CliOverrides) -> None:
        """After a start: make what was asked for before, by this configuration.

        Raises:
            StoreError: it cannot be read or written.
        """
        with self._store.transaction() as db:
            take_up_interrupted(db)
            waiting = read_requests(db, open_only=True)
        for one in reversed(waiting):
            job = ReportJob(
                overrides=overrides,
                period=one.period,
                formats=one.formats,
                languages=one.languages,
            )
            self._pool.submit(self._make, one.id, job)

    def add(self, job: ReportJob) -> ReportRequest:
        """Ask for a report; the same one, where it is waited for already.

        Raises:
            ReportError: too many are waited for.
            StoreError: it cannot be written down.
        """
        wanted = (job.period, job.formats, job.languages)
        with self._adding, self._store.transaction() as db:
            open_ones = read_requests(db, open_only=True)
            for one in open_ones:
                if (one.period, one.formats, one.languages) == wanted:
                    return one
            if len(open_ones) >= _MOST_WAITING:
                raise ReportError("publish.too_many", hint="publish.too_many.hint")
            request = insert_request(db, *wanted, self._clock.now_ms())
        self._pool.submit(self._make, request.id, job)
        return request

    def list_all(self) -> list[ReportRequest]:
        """What was asked for, the newest first.

        Raises:
            StoreError: it cannot be read.
        """
        with self._store.reading() as db:
            return [self._add_progress(one) for one in read_requests(db)]

    def stop(self) -> None:
        """Begin no other, and wait for the one in progress; what waits is made after a start."""
        self._pool.shutdown(cancel_futures=True)
        self.verifications.stop()

    def _add_progress(self, request: ReportRequest) -> ReportRequest:
        known = self._progress.get(request.id)
        return request if known is None else replace(request, done=known.done, total=known.total)

    def _make(self, id_: int, job: ReportJob) -> None:
        try:
            self._run(id_, job)
        except StoreError as error:
            _LOG.error("report request %d stays open until the next start: %s", id_, error)
        finally:
            self._progress.pop(id_, None)

    def _run(self, id_: int, job: ReportJob) -> None:
        def advance(progress: JobProgress) -> None:
            self._progress[id_] = progress

        with self._store.transaction() as db:
            mark_working(db, id_)
        try:
            made = self._jobs.run(job, advance)
        except JipyoError as error:
            with self._store.transaction() as db:
                if self._jobs.is_stopped:
                    mark_waiting(db, id_)
                else:
                    mark_request_failed(db, id_, error)
            return
        with self._store.transaction() as db:
            mark_made(db, id_, made.number, made.issue)
