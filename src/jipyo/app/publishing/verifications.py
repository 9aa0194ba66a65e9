"""Issues that people ask the running server to compute again: one after the other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from jipyo.model.errors import JipyoError, ReportError

if TYPE_CHECKING:
    from jipyo.app.publishing.job import JobProgress, VerificationJob, VerifiedIssue
    from jipyo.app.publishing.jobs import ReportJobs
    from jipyo.model.clock import Clock

_MOST_WAITING = 8
_MOST_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """An issue that is computed again; it is forgotten when the server stops."""

    job: VerificationJob
    state: Literal["waiting", "working", "done", "failed"] = "waiting"
    done: int = 0
    total: int | None = None
    t_ms: int = 0
    """When it was asked for, or was done."""
    result: VerifiedIssue | None = None
    error: JipyoError | None = None

    @property
    def is_open(self) -> bool:
        """Whether its result is still to come."""
        return self.state in ("waiting", "working")


class Verifications:
    """Safe to use from several threads."""

    def __init__(self, jobs: ReportJobs, clock: Clock) -> None:
        """`jobs` compute the issues again, beside the reports that they make."""
        self._jobs, self._clock = jobs, clock
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
            request = VerificationRequest(job=job, t_ms=self._clock.now_ms())
            self._known[key] = request
            for old in list(self._known)[:-_MOST_REMEMBERED]:
                del self._known[old]
        self._pool.submit(self._verify, job)
        return request

    def find(self, number: str, issue: int) -> VerificationRequest | None:
        """The last one of an issue since the server started; None before the first."""
        with self._lock:
            return self._known.get((number, issue))

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
            self._change(job, state="failed", error=error, t_ms=self._clock.now_ms())
        else:
            self._change(job, state="done", result=result, t_ms=self._clock.now_ms())

    def _change(self, job: VerificationJob, **values: object) -> None:
        with self._lock:
            known = self._known.get((job.number, job.issue))
            if known is not None:
                changed = replace(known, **values)  # type: ignore[arg-type]  # its fields
                self._known[job.number, job.issue] = changed
