"""Reports that people ask the running server for: made one after the other, with progress."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from jipyo.app.publishing.verifications import Verifications
from jipyo.model.errors import JipyoError, ReportError

if TYPE_CHECKING:
    from jipyo.app.publishing.job import JobProgress, ReportJob
    from jipyo.app.publishing.jobs import ReportJobs
    from jipyo.model.clock import Clock

_MOST_WAITING = 8
_MOST_REMEMBERED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A report that somebody asked for; it is forgotten when the server stops."""

    id: int
    job: ReportJob
    asked_ms: int
    state: Literal["waiting", "working", "made", "failed"] = "waiting"
    done: int = 0
    total: int | None = None
    """How many of how many metrics are read; None where it is not known."""
    number: str = ""
    """Of the report, once it is made."""
    issue: int = 0
    error: JipyoError | None = None


class ReportRequests:
    """Safe to use from several threads."""

    def __init__(self, jobs: ReportJobs, clock: Clock) -> None:
        """`jobs` make the reports, beside those of schedules."""
        self._jobs, self._clock = jobs, clock
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._known: dict[int, ReportRequest] = {}
        self._pool = ThreadPoolExecutor(1, "report-requests")
        self.verifications = Verifications(jobs, clock)
        """Issues that are computed again."""

    def add(self, job: ReportJob) -> ReportRequest:
        """Ask for a report; the same one, where it is waited for already.

        Raises:
            ReportError: too many are waited for.
        """
        with self._lock:
            open_ones = [one for one in self._known.values() if one.state in ("waiting", "working")]
            same = next((one for one in open_ones if one.job == job), None)
            if same is not None:
                return same
            if len(open_ones) >= _MOST_WAITING:
                raise ReportError("publish.too_many", hint="publish.too_many.hint")
            request = ReportRequest(id=next(self._ids), job=job, asked_ms=self._clock.now_ms())
            self._known[request.id] = request
            for old in list(self._known)[:-_MOST_REMEMBERED]:
                del self._known[old]
        self._pool.submit(self._make, request)
        return request

    def list_all(self) -> list[ReportRequest]:
        """What was asked for, the newest first."""
        with self._lock:
            return sorted(self._known.values(), key=lambda one: -one.id)

    def find(self, id_: int) -> ReportRequest | None:
        """One of them; None where there is none of this id any more."""
        with self._lock:
            return self._known.get(id_)

    def stop(self) -> None:
        """Begin no other, and wait for the end of the one in progress."""
        self._pool.shutdown(cancel_futures=True)
        self.verifications.stop()

    def _make(self, request: ReportRequest) -> None:
        def advance(progress: JobProgress) -> None:
            self._change(request.id, state="working", done=progress.done, total=progress.total)

        self._change(request.id, state="working")
        try:
            made = self._jobs.run(request.job, advance)
        except JipyoError as error:
            self._change(request.id, state="failed", error=error)
        else:
            self._change(request.id, state="made", number=made.number, issue=made.issue)

    def _change(self, id_: int, **values: object) -> None:
        with self._lock:
            known = self._known.get(id_)
            if known is not None:
                self._known[id_] = replace(known, **values)  # type: ignore[arg-type]  # its fields
