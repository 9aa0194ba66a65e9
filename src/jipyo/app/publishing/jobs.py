"""Reports made and computed again in processes of their own, one at a time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

from jipyo.app.insight.worker import read_frame, write_frame
from jipyo.app.publishing.job import JobProgress, MadeReport
from jipyo.app.verification_records import VerifiedIssue
from jipyo.model.errors import JipyoError, ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.app.publishing.job import ReportJob, VerificationJob

R = TypeVar("R")
COMMAND = (sys.executable, "-m", "jipyo.app.publishing.worker")
LONGEST_S = 1800.0
"""A report that takes longer is taken to hang: the largest one takes minutes."""
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ReportJobs:
    """Runs jobs one after the other; safe to use from several threads."""

    def __init__(self, command: Sequence[str] = COMMAND, longest_s: float = LONGEST_S) -> None:
        """Nothing runs yet."""
        self._command, self._longest_s = command, longest_s
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    @property
    def is_running(self) -> bool:
        """Whether a report is being made."""
        return self._process is not None

    @property
    def is_stopped(self) -> bool:
        """Whether no job is begun any more."""
        return self._is_stopped

    def run(self, job: ReportJob, progress: Callable[[JobProgress], None]) -> MadeReport:
        """Make a report, after the one that is being made.

        Raises:
            JipyoError: it could not be made.
            ReportError: the process died, took too long, or was stopped.
        """
        return self._run(job, progress, MadeReport)

    def verify(
        self, job: VerificationJob, progress: Callable[[JobProgress], None]
    ) -> VerifiedIssue:
        """Compute an issue again, after the report that is being made.

        Raises:
            JipyoError: there is no such issue.
            ReportError: the process died, took too long, or was stopped.
        """
        return self._run(job, progress, VerifiedIssue)

    def _run(
        self,
        job: ReportJob | VerificationJob,
        progress: Callable[[JobProgress], None],
        wanted: type[R],
    ) -> R:
        with self._turn:
            process = self._start()
            watch = threading.Timer(self._longest_s, process.kill)
            watch.start()
            try:
                result = _exchange(process, job, progress)
            finally:
                watch.cancel()
                self._end(process)
        if isinstance(result, JipyoError):
            raise result
        if not isinstance(result, wanted):
            key = "publish.stopped" if self._is_stopped else "publish.died"
            raise ReportError(key, hint=f"{key}.hint", code=process.returncode)
        return result

    def stop(self) -> None:
        """End the job in progress, and begin no other."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_stopped:
                raise ReportError("publish.stopped", hint="publish.stopped.hint", code=0)
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and module
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
            )
            return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._process = None
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


def _exchange(
    process: subprocess.Popen[bytes],
    job: ReportJob | VerificationJob,
    progress: Callable[[JobProgress], None],
) -> object:
    """The last frame of a process; None where it died before."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        write_frame(process.stdin, job)
        while isinstance(frame := read_frame(process.stdout), JobProgress):
            progress(frame)
    except (OSError, EOFError):
        return None
    return frame
