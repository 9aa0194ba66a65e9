"""The part of the server that runs the ingest process where there is something to do for it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.app.logs import find_logs_folder
from jipyo.logs.ingest.process.options import IngestOptions
from jipyo.logs.ingest.process.supervisor import IngestProcess
from jipyo.logs.ingest.receive.syslog_server import SyslogOptions
from jipyo.logs.ingest.sources.files import FileOptions
from jipyo.logs.store.retention import LegalHold, Retention
from jipyo.model.calendar import start_of_day
from jipyo.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.config.listen import Listen
    from jipyo.config.load import Config
    from jipyo.config.logs import HoldOptions
    from jipyo.logs.ingest.receive.http_answers import LogAnswer, LogRequest
    from jipyo.model.clock import Clock
    from jipyo.model.errors import JipyoError
    from jipyo.model.family import Family

_START_S = 20.0
_NS_PER_MS = 1_000_000


class LogIngest:
    """Runs the process from the first moment at which it has something to do.

    That is where lines are read or syslog is received, where a store is there already, whose
    records have to be kept and deleted, and else with the first request: a site without logs
    pays for no second process. Any thread may call.
    """

    def __init__(self, config: Config, clock: Clock) -> None:
        """Nothing runs yet."""
        self._options = build_ingest_options(config)
        self._clock = clock
        self._process: IngestProcess | None = None
        self._is_running = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """See `ServerPart.start`."""
        with self._lock:
            self._is_running = True
            if has_work(self._options):
                self._start_process()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        with self._lock:
            self._is_running = False
            if self._process is not None:
                self._process.stop()

    def apply(self, config: Config) -> None:
        """Ingest by this configuration from now on; senders wait while the process changes."""
        options = build_ingest_options(config)
        with self._lock:
            if options == self._options:
                return
            self._options = options
            before, self._process = self._process, None
            if before is not None:
                before.stop()
            if self._is_running and (before is not None or has_work(options)):
                self._start_process()

    def send(self, api: str, request: LogRequest, cancelled: threading.Event) -> LogAnswer:
        """Hand a request on; the answer comes once what it holds is on disk.

        Raises:
            StoreError: the process does not run.
        """
        process = self._process or self._start_for_request()
        return process.send(api, request, cancelled)

    def list_problems(self) -> Sequence[JipyoError]:
        """What cannot be read or stored at the moment."""
        process = self._process
        return () if process is None else process.list_problems()

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        process = self._process
        if process is not None:
            yield from process.families()

    def _start_for_request(self) -> IngestProcess:
        with self._lock:
            if not self._is_running:
                raise StoreError("logs_ingest.not_running", hint="logs_ingest.not_running.hint")
            if self._process is None:
                self._start_process()
            process = self._process
        assert process is not None
        process.wait_until_ready(_START_S)
        return process

    def _start_process(self) -> None:
        self._process = IngestProcess(self._options, self._clock)
        self._process.start()


def has_work(options: IngestOptions) -> bool:
    """Whether the process has something to do though nobody sends anything."""
    syslog = options.syslog
    is_reading = bool(options.files.groups or options.journald or syslog.udp or syslog.tcp)
    return is_reading or options.folder.is_dir()


def build_ingest_options(config: Config) -> IngestOptions:
    """What the process needs of a configuration."""
    logs, limits = config.settings.logs, config.settings.receive
    return IngestOptions(
        folder=find_logs_folder(config),
        files=FileOptions(groups=logs.files),
        journald=logs.journald,
        syslog=SyslogOptions(udp=_as_pair(logs.syslog.udp), tcp=_as_pair(logs.syslog.tcp)),
        zone=config.zone.key,
        lang=config.lang,
        max_body_bytes=limits.max_body_bytes,
        max_elements=limits.max_elements,
        redaction=logs.redact,
        retention=Retention(
            keep_ns=logs.retention_ns,
            max_bytes=logs.retention_bytes,
            classes=logs.retention_classes,
            holds=tuple(build_hold(hold, config.zone) for hold in logs.holds),
        ),
    )


def build_hold(options: HoldOptions, zone: ZoneInfo) -> LegalHold:
    """A hold from the beginning of its first day to the end of its last one."""
    hold = LegalHold(reason=options.reason, services=options.services)
    if options.start is not None:
        hold = replace(hold, start_ns=start_of_day(options.start, zone) * _NS_PER_MS)
    if options.end is not None:
        following = options.end + timedelta(days=1)
        hold = replace(hold, end_ns=start_of_day(following, zone) * _NS_PER_MS)
    return hold


def _as_pair(address: Listen | None) -> tuple[str, int] | None:
    return None if address is None else (address.host, address.port)
