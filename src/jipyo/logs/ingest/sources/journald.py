"""The journal of systemd, by `journalctl`: no library, and what it prints is one line an entry."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jipyo.logs.ingest.decode.journal_entries import ASKED, decode_journal_entry
from jipyo.logs.ingest.sources.source import SourceRead
from jipyo.model.errors import CollectError, MalformedBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.logs.ingest.decode.received import ReceivedRecord
    from jipyo.logs.ingest.lines import LineParsing
    from jipyo.logs.ingest.problems import Problems

POSITION = "journald"
_READ_BYTES = 1 << 18
_MAX_LINE_BYTES = 16 << 20
_RESTART_NS = 5_000_000_000
_EXCERPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class JournaldOptions:
    """Which entries are read."""

    command: str = "journalctl"
    units: tuple[str, ...] = ()
    """Only of these units; empty for all."""
    arguments: tuple[str, ...] = ()
    """Further ones, such as `--directory=/var/log/journal/remote`."""
    from_end: bool = False
    """Whether at the very first start only new entries are read."""


class JournaldSource:
    """Entries behind a cursor; for one thread."""

    name = "journald"

    def __init__(
        self,
        options: JournaldOptions,
        parsing: LineParsing,
        problems: Problems,
        stored: Mapping[str, Any] | None,
    ) -> None:
        """Go on behind the stored cursor."""
        self._options = options
        self._parsing = parsing
        self._problems = problems
        self._cursor = str(stored["cursor"]) if stored else ""
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._start_at_ns = 0

    def read(self, now_ns: int) -> SourceRead | None:
        """See `LineSource.read`."""
        if self._process is None and not self._start(now_ns):
            return None
        data = self._read_output()
        if data is None:
            return None
        if not data:
            self._end(now_ns)
            return None
        lines = (self._buffer + data).split(b"\n")
        self._buffer = lines.pop()
        if len(self._buffer) > _MAX_LINE_BYTES:
            self._buffer = b""  # no entry is so long; what follows it is read
        records = [record for line in lines if (record := self._decode(line, now_ns))]
        if not records:
            return None
        batches = self._parsing.refine(records, now_ns)
        return SourceRead(batches, {POSITION: {"cursor": self._cursor}}, len(data))

    def _decode(self, line: bytes, now_ns: int) -> ReceivedRecord | None:
        try:
            record, self._cursor = decode_journal_entry(line, now_ns)
        except MalformedBody as error:
            self._problems.report("journald:entry", error)
            return None
        self._problems.clear("journald:start")
        return record

    def _start(self, now_ns: int) -> bool:
        if now_ns < self._start_at_ns:
            return False
        self._start_at_ns = now_ns + _RESTART_NS
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command of the configuration
                self._build_command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            self._report(reason)
            return False
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        return True

    def _build_command(self) -> list[str]:
        options = self._options
        where = ["--lines=0"] if options.from_end else ["--lines=all", "--no-tail"]
        if self._cursor:
            where = [f"--after-cursor={self._cursor}", "--no-tail"]
        return [
            options.command,
            "--output=json",
            "--all",
            "--follow",
            "--no-pager",
            f"--output-fields={','.join(ASKED)}",
            *where,
            *(f"--unit={unit}" for unit in options.units),
            *options.arguments,
        ]

    def _read_output(self) -> bytes | None:
        """What it printed; None where there is nothing yet, nothing at its end."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            return os.read(self._process.stdout.fileno(), _READ_BYTES)
        except BlockingIOError:
            return None

    def _end(self, now_ns: int) -> None:
        """It ended: say why, and start it again later."""
        reason = self._read_errors()
        self._stop()
        self._start_at_ns = now_ns + _RESTART_NS
        self._report(reason or "it ended")

    def _read_errors(self) -> str:
        assert self._process is not None
        assert self._process.stderr is not None
        try:
            data = os.read(self._process.stderr.fileno(), _READ_BYTES)
        except BlockingIOError:
            return ""
        return data.decode("utf-8", "replace").strip()[-_EXCERPT:]

    def _report(self, reason: str) -> None:
        command = self._options.command
        error = CollectError(
            "logs_ingest.journald", hint="logs_ingest.journald.hint", command=command, reason=reason
        )
        self._problems.report("journald:start", error)

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._buffer = b""
        if process is None:
            return
        process.kill()
        process.communicate()

    def count_unread_bytes(self) -> int:
        """See `LineSource.count_unread_bytes`: the journal does not say."""
        return len(self._buffer)

    def close(self) -> SourceRead | None:
        """See `LineSource.close`."""
        self._stop()
        return None
