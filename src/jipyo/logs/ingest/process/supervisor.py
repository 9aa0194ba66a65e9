"""The part of the server that runs the ingest process: started, watched, started again."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from jipyo.logs.ingest.process.status import IngestStatus
from jipyo.logs.ingest.receive.channel import ChannelClient
from jipyo.model.errors import CollectError
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.ingest.process.options import IngestOptions
    from jipyo.logs.ingest.receive.http_answers import LogAnswer, LogRequest
    from jipyo.model.clock import Clock
    from jipyo.model.errors import JipyoError
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_COMMAND = (sys.executable, "-m", "jipyo.logs.ingest")
_ENVIRONMENT = {
    # Memory: few heaps, and no threads for matrices, each of which has its own.
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_FIRST_DELAY_MS, _LAST_DELAY_MS = 200.0, 30_000.0
_SOUND_MS = 60_000.0
"""A process that ran so long is started again at once when it dies."""
_STOP_S = 30.0


class IngestProcess:
    """Runs the process from `start` to `stop`; any thread may call the rest."""

    def __init__(
        self, options: IngestOptions, clock: Clock, command: Sequence[str] = _COMMAND
    ) -> None:
        """Nothing runs before `start`."""
        self._options = options
        self._clock = clock
        self._command = tuple(command)
        self._client = ChannelClient(options.socket)
        self._status = IngestStatus()
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="log-ingest", daemon=True)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._thread.start()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait for its first status; whether it came."""
        return self._ready.wait(timeout_s)

    def stop(self) -> None:
        """See `ServerPart.stop`: it stores what it has read, for which it has half a minute."""
        self._stopping.set()
        with self._lock:
            process = self._process
            if process and process.stdin:
                process.stdin.close()
        if process is not None:
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                _LOG.error("the ingest process does not end and is killed")
                process.kill()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.close()

    def send(
        self, api: str, request: LogRequest, cancelled: threading.Event | None = None
    ) -> LogAnswer:
        """See `ChannelClient.send`."""
        return self._client.send(api, request, cancelled)

    @property
    def status(self) -> IngestStatus:
        """What it reported last."""
        return self._status

    @property
    def pid(self) -> int | None:
        """The number of the process; None while none runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def list_problems(self) -> Sequence[JipyoError]:
        """What it cannot read or write, or that it does not run."""
        if self._restarts and not self._ready.is_set():
            hint = "logs_ingest.not_running.hint"
            return (CollectError("logs_ingest.not_running", hint=hint), *self._status.problems)
        return self._status.problems

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`: those that it reported last, and whether it runs."""
        yield from self._status.families
        text = "Whether the process that stores log records runs."
        yield gauge("jipyo_log_ingest_up", text, (), [((), float(self.pid is not None))])
        text = "How often the process that stores log records was started again."
        restarts = float(self._restarts)
        yield counter("jipyo_log_ingest_restarts_total", text, (), [((), restarts)])

    def _run(self) -> None:
        delay_ms = _FIRST_DELAY_MS
        while not self._stopping.is_set():
            start_ms = self._clock.monotonic_ms()
            code = self._run_once()
            if self._stopping.is_set():
                return
            ran_ms = self._clock.monotonic_ms() - start_ms
            delay_ms = _FIRST_DELAY_MS if ran_ms > _SOUND_MS else delay_ms
            _LOG.warning("the ingest process ended (code %s) and is started again", code)
            self._restarts += 1
            if self._clock.wait(self._stopping, delay_ms):
                return
            delay_ms = min(2 * delay_ms, _LAST_DELAY_MS)

    def _run_once(self) -> int | str:
        """Run a process to its end; its exit code, or why none could be started."""
        try:
            process = subprocess.Popen(  # noqa: S603 - this very program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            return error.strerror or str(error)
        with self._lock:
            self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._options.encode() + b"\n")
            process.stdin.flush()
        except OSError:  # it ended already, which its code tells
            pass
        if self._stopping.is_set():  # asked to stop while it started
            process.stdin.close()
        with process.stdout:
            for line in process.stdout:
                self._status = IngestStatus.decode(line)
                self._ready.set()
        code = process.wait()
        self._ready.clear()
        if not process.stdin.closed:
            process.stdin.close()
        return code
