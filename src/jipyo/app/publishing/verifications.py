"""Issues that people ask the running server to compute again: one after the other."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.app.verification_records import (
    VerificationRequest,
    read_verification,
    save_verification,
)
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import JipyoError, ReportError, StoreError

if TYPE_CHECKING:
    from jipyo.alerts.store import AlertStore
    from jipyo.app.publishing.job import JobProgress, VerificationJob
    from jipyo.app.publishing.jobs import ReportJobs
    from jipyo.model.clock import Clock

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 8
_MOST_REMEMBERED = 100


class Verifications:
    """Safe to use from several threads."""

    def __init__(self, jobs: ReportJobs, store: AlertStore, clock: Clock) -> None:
        """`jobs` compute the issues again, beside the reports; `store` has what came of it."""
        self._jobs, self._store, self._clock = jobs, store, clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], VerificationRequest] = {}
        self._pool = ThreadPoolExecutor(1, "report-verifications")

    def add(self, job: VerificationJob) -> VerificationRequest:
        """Ask for an issue; the same one, where it is waited for already.

        Raises:
            ReportError: too many are waited for.
        """
        key = job.number, job.issue
        with self._lock:
            known = self._known.pop(key, None)
            if known is not None and known.is_open:
                self._known[key] = known
                return known
            if sum(one.is_open for one in self._known.values()) >= _MOST_WAITING:
                raise ReportError("publish.too_many", hint="publish.too_many.hint")
            request = VerificationRequest(
                number=job.number, issue=job.issue, t_ms=self._clock.now_ms()
            )
            self._known[key] = request
            ended = [key for key, one in self._known.items() if not one.is_open]
            for old in ended[:-_MOST_REMEMBERED]:
                del self._known[old]
        self._pool.submit(self._verify, job)
        return request

    def find(self, number: str, issue: int) -> VerificationRequest | None:
        """The last one of an issue, also of an earlier run of the server; None before the first.

        Raises:
            StoreError: what came of it cannot be read.
        """
        with self._lock:
            known = self._known.get((number, issue))
        if known is not None:
            return known
        with self._store.reading() as db:
            return read_verification(db, number, issue)

    def stop(self) -> None:
        """Begin no other, and wait for the end of the one in progress."""
        self._pool.shutdown(cancel_futures=True)

    def _verify(self, job: VerificationJob) -> None:
        def advance(progress: JobProgress) -> None:
            self._change(job, state="working", done=progress.done, total=progress.total)

        self._change(job, state="working")
        try:
            result = self._jobs.verify(job, advance)
        except JipyoError as error:
            words = Bilingual(texts("ko").error(error), texts("en").error(error))
            self._end(job, state="failed", error=words)
        else:
            self._end(job, state="done", result=result)

    def _end(self, job: VerificationJob, **values: object) -> None:
        ended = self._change(job, **values, t_ms=self._clock.now_ms())
        if self._jobs.is_stopped:
            return  # what came of it before still holds
        try:
            with self._store.transaction() as db:
                save_verification(db, ended)
        except StoreError as error:
            _LOG.error("the verification of %s is forgotten at a restart: %s", job.number, error)

    def _change(self, job: VerificationJob, **values: object) -> VerificationRequest:
        with self._lock:
            known = self._known[job.number, job.issue]
            changed = replace(known, **values)  # type: ignore[arg-type]  # its fields
            self._known[job.number, job.issue] = changed
            return changed
