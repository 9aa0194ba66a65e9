"""Processes that compute outlooks: as many as allowed, alive only for the length of a run.

So the memory of an hour's work is returned to the system, a crash of numerical code takes no
sample with it, and another program that needs the processor gets it first (niceness 19).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.analysis.no_result import NoResult
from jipyo.analysis.outlook import Outlook
from jipyo.app.insight.worker import read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from jipyo.analysis.outlook import OutlookOptions, SeriesHistory

COMMAND = (sys.executable, "-m", "jipyo.app.insight.worker")
BATCH = 25
"""Series sent at a time: some hundred milliseconds of work."""
SECONDS_A_SERIES = 5.0
"""Beyond this a worker is taken to hang: a series takes some hundredths of a second."""
_LEAST_SECONDS = 30.0
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class WorkerDiedError(Exception):
    """A worker ended or was ended before it gave its results."""


class Worker:
    """One process; used by one thread."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """Start it."""
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def compute(self, options: OutlookOptions, histories: Sequence[SeriesHistory]) -> list[Outlook]:
        """The outlooks of a batch.

        Raises:
            WorkerDiedError: it ended, or took so long that it was ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        seconds = max(_LEAST_SECONDS, SECONDS_A_SERIES * len(histories))
        watch = threading.Timer(seconds, self._process.kill)
        watch.start()
        try:
            write_frame(self._process.stdin, (options, tuple(histories)))
            results: list[Outlook] | None = read_frame(self._process.stdout)
        except (OSError, EOFError) as error:
            raise WorkerDiedError from error
        finally:
            watch.cancel()
        if results is None:
            raise WorkerDiedError
        return results

    def close(self) -> None:
        """End it."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()


@dataclass(slots=True)
class WorkerCounts:
    """What happened to workers since the server started."""

    started: int = 0
    died: int = 0


@dataclass(slots=True)
class Workers:
    """The processes of one run; as a context manager they end with the block."""

    options: OutlookOptions
    most: int = 1
    counts: WorkerCounts = field(default_factory=WorkerCounts)
    command: Sequence[str] = COMMAND
    stopping: threading.Event = field(default_factory=threading.Event)
    """Once it is set, the batches that have not begun are left out."""
    _idle: list[Worker] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def compute(self, histories: Sequence[SeriesHistory]) -> list[Outlook]:
        """The outlook of each series, in their order; fewer where it was asked to stop.

        A batch whose worker dies is computed again series by series; one that kills its worker
        again has no result, and says so.
        """
        batches = [histories[at : at + BATCH] for at in range(0, len(histories), BATCH)]
        with ThreadPoolExecutor(self.most, "insight") as threads:
            results = threads.map(self._compute_batch, batches)
            return [outlook for outlooks in results for outlook in outlooks]

    def _compute_batch(self, batch: Sequence[SeriesHistory]) -> list[Outlook]:
        if self.stopping.is_set():
            return []
        try:
            return self._ask(batch)
        except WorkerDiedError:
            return [self._compute_alone(history) for history in batch]

    def _compute_alone(self, history: SeriesHistory) -> Outlook:
        try:
            return self._ask([history])[0]
        except WorkerDiedError:
            reason = NoResult("insight.none.crashed")
            return Outlook(history=history, forecast=reason, crossing=None)

    def _ask(self, batch: Sequence[SeriesHistory]) -> list[Outlook]:
        with self._lend() as worker:
            return worker.compute(self.options, batch)

    @contextlib.contextmanager
    def _lend(self) -> Iterator[Worker]:
        """A worker for one batch; one that died is not used again."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
            self.counts.started += worker is None
        worker = worker or Worker(self.command)
        try:
            yield worker
        except WorkerDiedError:
            worker.close()
            with self._lock:
                self.counts.died += 1
            raise
        with self._lock:
            self._idle.append(worker)
