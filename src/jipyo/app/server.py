"""`jipyo up`: collect, store and serve, until it is stopped."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from typing import TYPE_CHECKING

from jipyo import web
from jipyo.alerts.store import AlertStore
from jipyo.analysis.slo.options import build_objectives
from jipyo.app.alerts.event_finder import EventFinder
from jipyo.app.alerts.evidence import EvidenceCollector
from jipyo.app.alerts.incidents import IncidentRecorder
from jipyo.app.alerts.notifying import Notifying, read_rota
from jipyo.app.alerts.removed import note_targets
from jipyo.app.alerts.rule_files import RuleFiles
from jipyo.app.alerts.schema import STEPS
from jipyo.app.alerts.service import Alerting
from jipyo.app.build_collect import Collection
from jipyo.app.build_logs import LogIngest
from jipyo.app.build_send import Sending, StoreAndSend
from jipyo.app.build_store import StoreUpkeep, open_store
from jipyo.app.build_web import (
    CurrentApp,
    Watch,
    WebApps,
    WebServer,
    build_connections,
    check_exposure,
    read_max_files,
)
from jipyo.app.commands import ServerCommand
from jipyo.app.configuration import Configuration
from jipyo.app.insight.service import Insight
from jipyo.app.log_target import plan_log_target
from jipyo.app.memory import MemoryTrimmer, find_trim, limit_arenas, read_resident_bytes
from jipyo.app.offline import load_catalogue
from jipyo.app.parts import ServerPart, running
from jipyo.app.publishing.schedule import Publishing
from jipyo.app.slo import SloLoop
from jipyo.config.reports import check_report_names
from jipyo.config.start import keep_start_settings
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from queue import SimpleQueue

    from jipyo import tsdb
    from jipyo.alerts.duty.rota import Rota
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender

_SWITCH_INTERVAL_S = 0.001


class Server:
    """The parts that follow the configuration in force, over an open store."""

    def __init__(
        self,
        config: Config,
        store: tsdb.Store,
        clock: Clock,
        *,
        applied: Callable[[Config], None],
    ) -> None:
        """Nothing runs yet. `applied` is called with each configuration after the first.

        Raises:
            CatalogueError: a metric is described wrongly.
            CollectError: the files of the push groups are not ours.
            StoreError: the queue of what is sent, or what is known of alerts, cannot be opened.
        """
        self._parts: list[ServerPart] = []
        self._applied = applied
        self._sending = Sending(config.data, config.settings.remote_write, clock)
        appender = StoreAndSend(store, self._sending.remote_write)
        self._collection = Collection(config, appender, self.families, clock, plan_log_target)
        self.configuration = Configuration(
            config, clock, keep=keep_start_settings, check=check_settings, apply=self.apply
        )
        self._logs = LogIngest(config, clock)
        self._apps = WebApps(store, self._collection, self._logs, self.configuration, clock)
        self._insight = Insight(appender, clock, config.data / "insight", self._apps.outlooks)
        self._incidents = IncidentRecorder()
        self._clock, self._alerts = clock, AlertStore.open(config.data, STEPS)
        self._notifying = Notifying(
            self._alerts,
            clock,
            rules=lambda: self._alerting.rules,
            grouping=lambda: self._incidents.grouping,
            is_evaluating=lambda: self._alerting.is_evaluating,
        )
        followers = (self._incidents.follow, self._notifying.follow)
        self._alerting = Alerting(self._alerts, appender, clock, followers)
        self._events = EventFinder(self._alerts, clock)
        self._evidence = EvidenceCollector(self._alerts, clock)
        self._publishing = Publishing(self._alerts, clock)
        self._levels = SloLoop(appender, clock, self._apps.levels)
        self._apps.list_judged = self._alerting.list_health
        self._apps.list_series = self._alerting.list_series
        self._apps.count_transitions = self._alerting.count_transitions
        self._apps.watch = Watch(
            self._alerts,
            self._alerting,
            self._incidents,
            self._publishing.requests,
            self._notifying.find_on_call,
        )
        catalogue = load_catalogue(config)
        self._current = CurrentApp(self._apps.build(config, catalogue))
        self._follow(config, catalogue, RuleFiles(config), read_rota(config))
        self._parts += [
            self._sending,  # it stops after the collection, whose last samples it sends
            self._collection,
            self._insight,
            self._alerting,  # it closes the file of alerts, so it stops last of those who use it
            self._events,
            self._evidence,
            self._levels,
            self._apps.day,
            self._publishing,
            self._notifying,
            StoreUpkeep(store, clock),
            self._logs,
            MemoryTrimmer(clock, find_trim(), read_resident_bytes),
        ]

    def add_web_server(
        self, listener: socket.socket, connections: web.Connections, on_exit: Callable[[], None]
    ) -> None:
        """Serve the applications on a socket; `on_exit` is called when that ends."""
        families = self._apps.families
        self._parts.append(WebServer(self._current, listener, connections, families, on_exit))
        self._parts.append(self._apps.streams)  # it stops before the server, which waits for it

    def add_parts(self, parts: Iterable[ServerPart]) -> None:
        """Run further parts, started after those that are there."""
        self._parts += parts

    def running(self) -> AbstractContextManager[None]:
        """All parts run within the `with`."""
        return running(self._parts)

    def families(self) -> Iterator[Family]:
        """The metrics of all parts."""
        yield from self.configuration.families()
        for part in self._parts:
            yield from part.families()

    def apply(self, config: Config) -> None:
        """Put another configuration in force.

        Raises:
            ConfigError: a metric or a rule is described wrongly, or the queue of what is sent
                cannot be opened; nothing else has changed.
        """
        catalogue = load_catalogue(config)
        rule_files, rota = RuleFiles(config), read_rota(config)
        app = self._apps.build(config, catalogue)
        self._sending.apply(config.settings.remote_write)
        self._collection.apply(config)
        self._logs.apply(config)
        self._current.app = app
        self._apps.streams.end()
        self._follow(config, catalogue, rule_files, rota)
        self._applied(config)

    def _follow(
        self, config: Config, catalogue: Catalogue, rule_files: RuleFiles, rota: Rota | None
    ) -> None:
        """Let all that computes from the samples do so by this configuration."""
        options, build_source = config.settings.alerts, self._apps.build_source
        self._insight.apply(config, build_source(config, "insight"), catalogue)
        source = build_source(config, "alerts")
        removed = note_targets(config, self._alerts, self._clock.now_ms())
        known = load_catalogue(config, removed) if removed else catalogue
        self._alerting.apply(config, source, known, rule_files)
        self._notifying.apply(config, source, catalogue, rota)
        self._events.apply(None if options is None else source)
        self._evidence.apply(config, source)
        if options is not None:
            self._incidents.apply(lambda: self._alerting.rules, options, config.instance)
        self._publishing.apply(config)
        objectives = build_objectives(config.settings.slo, catalogue)
        self._levels.apply(config, build_source(config, "slo"), objectives)


def serve(
    config: Config,
    *,
    started: Callable[[str], None],
    commands: SimpleQueue[ServerCommand],
    applied: Callable[[Config], None] = lambda _: None,
    build_parts: Callable[[Appender, Clock], Sequence[ServerPart]] = lambda *_: (),
) -> None:
    """Collect, store and serve until asked to stop; a signal handler may put commands.

    `started` is called with the server's URL, `applied` with each configuration after the first.
    `build_parts` gives parts beside those of the server, which may append samples.

    Raises:
        ConfigError: others could reach the address, and `insecure` is not set.
        ServeError: the address cannot be bound; nothing was opened.
        StoreError: the data cannot be opened.
        CatalogueError: a metric is described wrongly.
    """
    # An append waits for the interpreter's lock behind a running query; so it waits less.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    limit_arenas()
    check_config(config)
    clock, settings = SystemClock(), config.settings
    with contextlib.ExitStack() as resources:
        listener = resources.enter_context(
            contextlib.closing(web.listen(settings.listen.host, settings.listen.port))
        )
        store = resources.enter_context(open_store(config, clock))
        server = Server(config, store, clock, applied=applied)
        server.add_parts(build_parts(store, clock))
        connections = build_connections(settings.web.max_connections, read_max_files())
        server.add_web_server(listener, connections, partial(commands.put, ServerCommand.STOP))
        resources.enter_context(server.running())
        started(web.url_of(listener))
        while commands.get() is ServerCommand.RELOAD:
            server.configuration.reload()


def check_settings(config: Config) -> None:
    """What keys of a configuration ask of each other.

    Raises:
        ConfigError: others could reach the address, and `insecure` is not set; a report is to be
            delivered through a channel that there is not.
    """
    check_exposure(config)
    settings = config.settings
    channels = settings.alerts.channels if settings.alerts else ()
    check_report_names(
        settings.reports.schedule,
        {one.name: one.kind for one in channels},
        [one.name for one in settings.systems],
    )


def check_config(config: Config) -> None:
    """What only all rooms together can check in a configuration, before anything is opened.

    Raises:
        ConfigError: keys do not fit together, or an objective is about a metric that gives none.
        CatalogueError: a metric is described wrongly.
    """
    check_settings(config)
    build_objectives(config.settings.slo, load_catalogue(config))
