"""`python -m jipyo.logs.ingest`: the ingest process; its options are a line on standard input.

It ends when standard input does, and so never outlives the process that started it.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.i18n import texts
from jipyo.i18n.log_lines import word_log
from jipyo.logs.ingest.problems import Problems
from jipyo.logs.ingest.process.ingest import Ingest
from jipyo.logs.ingest.process.options import IngestOptions
from jipyo.logs.ingest.process.status import IngestStatus
from jipyo.logs.ingest.receive.channel import ChannelServer
from jipyo.logs.ingest.receive.receiver import LogReceiver
from jipyo.logs.ingest.receive.syslog_server import SyslogServer
from jipyo.logs.ingest.sources.files import POSITIONS, FileSource
from jipyo.logs.ingest.sources.journald import POSITION, JournaldSource
from jipyo.loops import Periodic
from jipyo.model.clock import SystemClock
from jipyo.model.errors import JipyoError, ServeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from jipyo.logs.ingest.lines import LineParsing
    from jipyo.logs.ingest.process.ingest import IngestStore
    from jipyo.logs.ingest.receive.syslog_server import SyslogOptions
    from jipyo.logs.ingest.sources.source import LineSource
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_STATUS_MS = 1000.0
_MAINTENANCE_MS = 30_000.0
_LEARN_MS = 5_000.0
_LISTEN_MS = 5_000.0


def run_ingest(
    commands: BinaryIO,
    reports: BinaryIO,
    open_store: Callable[[IngestOptions], contextlib.AbstractContextManager[IngestStore]],
    open_parsing: Callable[[IngestOptions], LineParsing],
    learn: Callable[[IngestStore], None] = lambda _: None,
) -> int:
    """Ingest until `commands` ends; the exit code. `learn` is called now and then."""
    options = IngestOptions.decode(commands.readline())
    handler = logging.StreamHandler()
    word_log(handler, texts(options.lang), ZoneInfo(options.zone))
    logging.basicConfig(level=options.log_level, handlers=[handler])
    stopping = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started us decides
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threading.Thread(target=_wait_for_end, args=(commands, stopping), daemon=True).start()
    try:
        with open_store(options) as store:
            _run_parts(options, store, open_parsing(options), learn, reports, stopping)
    except JipyoError as error:
        _LOG.error("%s", error)
        return 1
    return 0


def _wait_for_end(commands: BinaryIO, stopping: threading.Event) -> None:
    commands.read()
    stopping.set()


def _run_parts(
    options: IngestOptions,
    store: IngestStore,
    parsing: LineParsing,
    learn: Callable[[IngestStore], None],
    reports: BinaryIO,
    stopping: threading.Event,
) -> None:
    clock, problems = SystemClock(), Problems()
    receiver = LogReceiver(store, parsing, options.limits)
    sources = build_sources(options, parsing, problems, store)
    ingest = Ingest(store, sources, receiver, problems, clock)
    ingest.restore()
    syslog = SyslogPart(receiver, options.syslog, problems)
    channel = ChannelServer(options.socket, receiver, time.time_ns)

    loops = [
        Periodic(name, step, interval_ms=interval_ms, clock=clock)
        for name, step, interval_ms in (
            ("log-maintenance", lambda: store.maintain(time.time_ns()), _MAINTENANCE_MS),
            ("log-templates", lambda: learn(store), _LEARN_MS),
            ("log-syslog", syslog.start, _LISTEN_MS),
        )
    ]

    def report() -> None:
        families = [
            *ingest.families(),
            *syslog.families(),
            *parsing.families(),
            *(family for loop in loops for family in loop.families()),
        ]
        status = IngestStatus(families, problems.list_current(), syslog.ports)
        try:
            reports.write(status.encode())
            reports.flush()
        except OSError:  # the parent has ended
            stopping.set()

    with contextlib.ExitStack() as parts:
        for part in (syslog, channel):
            part.start()
            parts.callback(part.stop)
        for loop in loops:
            parts.enter_context(loop)
        parts.enter_context(Periodic("status", report, interval_ms=_STATUS_MS, clock=clock))
        report()
        ingest.run(stopping)
    ingest.flush()


class SyslogPart:
    """Receives syslog as soon as its addresses are free; files are read meanwhile."""

    def __init__(self, receiver: LogReceiver, options: SyslogOptions, problems: Problems) -> None:
        self._receiver = receiver
        self._options = options
        self._problems = problems
        self._server: SyslogServer | None = None

    def start(self) -> None:
        """Listen, unless that is done; where it is not possible, that is a problem."""
        if self._server is not None:
            return
        try:
            server = SyslogServer(self._receiver, self._options, time.time_ns, time.monotonic)
        except ServeError as error:
            self._problems.report("syslog", error)
            return
        self._problems.clear("syslog")
        server.start()
        self._server = server

    def stop(self) -> None:
        """See `SyslogServer.stop`."""
        if self._server is not None:
            self._server.stop()

    @property
    def ports(self) -> tuple[int, int]:
        """See `SyslogServer.ports`."""
        return (0, 0) if self._server is None else self._server.ports

    def families(self) -> Iterator[Family]:
        """See `SyslogServer.families`."""
        if self._server is not None:
            yield from self._server.families()


def build_sources(
    options: IngestOptions, parsing: LineParsing, problems: Problems, store: IngestStore
) -> list[LineSource]:
    """The sources that are configured, each behind its stored position."""
    positions = store.positions
    sources: list[LineSource] = []
    if options.files.groups:
        sources.append(FileSource(options.files, parsing, problems, positions.get(POSITIONS)))
    if options.journald is not None:
        stored = positions.get(POSITION)
        sources.append(JournaldSource(options.journald, parsing, problems, stored))
    return sources
