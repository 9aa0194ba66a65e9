"""The HTTP server: every API over the other parts, behind the middleware."""

from __future__ import annotations

import ipaddress
import resource
import secrets
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.middleware import Middleware

from jipyo import web
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.options import AlertsOptions
from jipyo.analysis.coverage import examine_catalogue
from jipyo.analysis.health import NOTHING_KNOWN, assess_catalogue
from jipyo.analysis.jobs import JobKind
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.analysis.target_history import find_uncollected, read_target_history
from jipyo.app.alerts.rule_status import list_groups
from jipyo.app.build_store import Remotes, build_embedded, build_source
from jipyo.app.contract import build_contract_months, find_systems
from jipyo.app.demonstration import is_demonstration
from jipyo.app.insight.book import OutlookBook
from jipyo.app.insight.on_demand import OutlookFinder
from jipyo.app.inspection import build_sheet, find_system
from jipyo.app.logs import LogSources, find_logs_folder
from jipyo.app.month_pages import build_month_parts
from jipyo.app.offline import build_workspace
from jipyo.app.overview import OverviewLoop, TableReader
from jipyo.app.own_jobs import list_own_jobs
from jipyo.app.publishing.pages import build_report_parts
from jipyo.app.slo import SloBook
from jipyo.model.errors import ConfigError
from jipyo.source.inventory import take_inventory
from jipyo.web import exporter, lifecycle, static_files
from jipyo.web.api import (
    alerts,
    doctor,
    events,
    incident_facts,
    incidents,
    live,
    log_lines,
    log_patterns,
    metric_figures,
    metric_index,
    metrics,
    months,
    openapi,
    outlook,
    overview,
    reports,
    sheets,
    silences,
    slo,
    status,
    targets,
    threshold_trial,
)
from jipyo.web.api import configuration as configuration_api
from jipyo.web.api.alert_desk import AlertDesk
from jipyo.web.api.day import document as day_document
from jipyo.web.api.log_desk import LogDesk
from jipyo.web.http.cache import TtlCache
from jipyo.web.ingest import logs, otlp, push_groups, remote_write, text
from jipyo.web.ingest.receiver import ReceivedCounts, Receiver
from jipyo.web.middleware import MeasureRequests, RequestGuard
from jipyo.web.prometheus import federate, query, rules, series
from jipyo.web.prometheus import status as prometheus_status
from jipyo.web.prometheus import targets as prometheus_targets
from jipyo.web.server_info import ServerInfo

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from jipyo import tsdb
    from jipyo.alerts.rule_groups import RuleGroupStatus
    from jipyo.alerts.store import AlertStore
    from jipyo.analysis.health import Health, JudgedSeries, MetricHealth
    from jipyo.analysis.outlook import Outlook
    from jipyo.analysis.slo.result import SloResult
    from jipyo.app.alerts.incidents import IncidentRecorder
    from jipyo.app.alerts.service import Alerting
    from jipyo.app.build_collect import Collection
    from jipyo.app.build_logs import LogIngest
    from jipyo.app.configuration import Configuration
    from jipyo.app.publishing.requests import ReportRequests
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.model.calendar import Period
    from jipyo.model.clock import Clock
    from jipyo.model.config_state import ConfigState
    from jipyo.model.family import Family
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.month import ContractMonth
    from jipyo.source import Source
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_WAITING_QUERIES = 256
_HISTORY_TTL_MS = 60_000
_STATIC = Path(web.__file__).parent / "static"


class CurrentApp:
    """Passes each request to the application of the configuration in force.

    A request in progress stays with the application that it began with.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Pass requests to `app` until another one takes its place."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        await self.app(scope, receive, send)


class WebServer:
    """The HTTP server, on a thread of its own."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        connections: web.Connections,
        families: Callable[[], Iterator[Family]],
        on_exit: Callable[[], None],
    ) -> None:
        """`on_exit` is called when the server ends, whether it was stopped or failed."""
        self._app = app
        self._listener = listener
        self._connections = connections
        self._families = families
        self._on_exit = on_exit
        self._stopping = threading.Event()
        self._executor = ThreadPoolExecutor(1, "web-server")
        self._result: Future[None] | None = None

    def start(self) -> None:
        """Accept requests; returns once they are, or raises the error that prevents it."""
        ready = threading.Event()

        def finish(_result: Future[None]) -> None:
            ready.set()
            self._on_exit()

        self._result = self._executor.submit(
            web.serve,
            self._app,
            self._listener,
            ready=ready.set,
            stop=self._stopping,
            connections=self._connections,
        )
        self._result.add_done_callback(finish)
        ready.wait()
        if self._result.done():
            self._result.result()

    def stop(self) -> None:
        """Give responses in progress a few seconds; raises what ended the server before."""
        self._stopping.set()
        self._executor.shutdown()
        if self._result is not None:
            self._result.result()

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._connections.families()
        yield from self._families()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(config: Config) -> None:
    """There is no login, so an address that others can reach must be allowed explicitly.

    Raises:
        ConfigError: others could reach the address, and `insecure` is not set.
    """
    listen = config.settings.listen
    if not is_loopback(listen.host) and not config.settings.insecure:
        address = f"{listen.host}:{listen.port}"
        raise ConfigError("app.open_door", hint="app.open_door.hint", address=address)


def build_connections(max_open: int, max_files: int) -> web.Connections:
    """At most half of the descriptors that this process may open serve clients.

    The other half is for the store, the collectors and their targets.
    """
    return web.Connections(web.ConnectionLimits(max_open=min(max_open, max(max_files // 2, 1))))


def read_max_files() -> int:
    """How many descriptors this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


@dataclass(frozen=True, slots=True)
class Watch:
    """The parts that know of alerts, incidents and reports that were asked for."""

    store: AlertStore
    alerting: Alerting
    incidents: IncidentRecorder
    reports: ReportRequests
    find_on_call: Callable[[int], tuple[str, ...]] = lambda _: ()
    """The names of those who are on call at a moment."""


class WebApps:
    """Builds the application of a configuration over the other parts; what is counted stays."""

    def __init__(
        self,
        store: tsdb.Store,
        collection: Collection,
        logs: LogIngest,
        configuration: Configuration[Config],
        clock: Clock,
    ) -> None:
        """The server is taken to start now."""
        self.outlooks = OutlookBook()
        """What is expected of each metric, as far as it has been computed."""
        self.list_judged: Callable[[], Mapping[str, MetricHealth]] = lambda: NOTHING_KNOWN
        """The health of the metrics that rules are evaluated of."""
        self.list_series: Callable[[str], tuple[JudgedSeries, ...] | None] = lambda _: None
        """What was judged of each series of a metric; None where no rule is evaluated of it."""
        self.count_transitions: Callable[[], int] = lambda: 0
        """How many changes of alerts there were."""
        self.day = OverviewLoop(clock)
        """What the overview shows of the last 24 hours."""
        self.levels = SloBook()
        """What became of the objectives, as of the last evaluation."""
        self.watch: Watch | None = None
        """Set before anything is built."""
        self._logs = logs
        self._store = store
        self._collection = collection
        self._configuration = configuration
        self._clock = clock
        self._started_ms = clock.now_ms()
        self._requests = web.RequestMetrics()
        self._received = ReceivedCounts()
        self._remotes = Remotes(clock)
        self.streams = web.Streams()
        """The open streams of all applications."""
        self._own_id = (secrets.token_hex(8),)

    def families(self) -> Iterator[Family]:
        """The metrics of all requests."""
        yield from self._requests.families()
        yield from self._received.families()
        yield from self._remotes.families()

    def build_source(self, config: Config, lane: str) -> Source:
        """The store and the configured servers, over an engine of their own."""
        remotes = self._remotes.select(config.settings.sources)
        return build_source(build_embedded(config, self._store), remotes, lane, self._own_id)

    def build(self, config: Config, catalogue: Catalogue) -> ASGIApp:
        """The application of a configuration, with its catalogue."""
        options, clock = config.settings.web, self._clock
        store, collection, configuration = self._store, self._collection, self._configuration
        remotes = self._remotes.select(config.settings.sources)
        judged = self.build_source(config, "dashboard")
        workspace = build_workspace(config, catalogue, judged, clock)
        workspace = replace(workspace, list_judged=self.list_judged)
        server = build_server_info(config, self._started_ms)
        # A pool and an engine of their own, so that the dashboard never waits for others'
        # queries, and `/-/healthy` for neither. A query waits in its thread for a place in the
        # engine, where cheap ones pass heavy ones and those are dropped whose client has left.
        # The threads end with the last request of the application.
        embedded = build_embedded(config, store)
        source = build_source(embedded, remotes, "queries", self._own_id)
        queries = ThreadPoolExecutor(_WAITING_QUERIES, "web-query")
        lists = ThreadPoolExecutor(options.max_concurrency, "web-list")
        dashboard = ThreadPoolExecutor(options.max_concurrency, "web-dashboard")
        others = ThreadPoolExecutor(options.max_concurrency, "web")
        features, state = config.settings.query.features, configuration.state
        page = partial(static_files.serve_start_page, _STATIC)
        desk = self._build_desk(config, catalogue)
        health = build_health(config, workspace, self.count_transitions).get
        prometheus = [
            *rules.routes(partial(self._list_groups, config, judged)),
            *build_prometheus_routes(embedded, server, store, collection, clock, state),
        ]
        api = [
            *build_api_routes(
                config,
                workspace,
                server,
                collection,
                self._logs,
                state,
                health=health,
                desk=desk,
                find_outlooks=self.outlooks.find,
            ),
            *self._build_result_routes(config, workspace),
            *self._build_alert_routes(config, workspace, desk),
            *self._build_day_routes(config, workspace, server, health, desk),
            *build_log_routes(config, clock.now_ms),
        ]
        routes: list[BaseRoute] = [
            *self._build_ingest_routes(config),
            *web.mount(
                query.routes(source, clock.now_ms, features, embedded.engine.lanes), queries
            ),
            *web.mount([*series.routes(source), *prometheus], lists),
            web.mount_stream(
                live.build_stream(api, clock.now_ms, config.lang), self.streams, dashboard
            ),
            *web.mount(api, dashboard),
            *web.mount(exporter.routes(collection.latest, collection.is_ready, page), others),
            *web.mount(
                lifecycle.routes(configuration.reload, is_enabled=options.lifecycle), others
            ),
            *web.mount(static_files.routes(_STATIC), others),
        ]
        is_local = is_loopback(config.settings.listen.host)
        middleware = [
            Middleware(MeasureRequests, metrics=self._requests),
            Middleware(RequestGuard, is_loopback=is_local, options=options),
        ]
        return web.create_app(routes, middleware)

    def _build_result_routes(self, config: Config, workspace: Workspace) -> list[Route]:
        """What is computed of metrics: outlooks, service levels, the sheets of a month."""
        zone, lang = config.zone, config.lang
        finder = OutlookFinder(self.outlooks, workspace.source, zone, workspace.now_ms)
        return [
            *outlook.routes(workspace.catalogue, finder.find, zone, lang),
            *slo.routes(partial(self._list_levels, workspace), zone, lang),
            *sheets.routes(build_sheet_parts(config, workspace)),
        ]

    def _build_day_routes(
        self,
        config: Config,
        workspace: Workspace,
        server: ServerInfo,
        health: Callable[[], Health],
        desk: AlertDesk,
    ) -> list[Route]:
        """What the overview shows below its verdict."""
        source, catalogue, now_ms = workspace.source, workspace.catalogue, workspace.now_ms
        self.day.apply(workspace)
        reader = TableReader(source, catalogue, self.list_series)
        parts = day_document.DayParts(
            server=server,
            catalogue=catalogue,
            health=health,
            facts=self.day.find_facts,
            series=TtlCache(reader.read, now_ms, find_ttl_ms(config)).get,
            outlooks=self.outlooks.list_all,
            targets=lambda: targets.count_targets(self._collection.targets()),
            incidents=desk.incidents.list_incidents,
        )
        return day_document.routes(parts)

    def _list_levels(self, workspace: Workspace, request: WebRequest) -> Sequence[SloResult]:
        """The results of the last evaluation, or of one now where there was none yet."""
        found = self.levels.list_all()
        if found is not None:
            return found
        reader = CountReader(workspace.source, request.cancelled)
        return evaluate_levels(reader, workspace.objectives, workspace.now_ms(), workspace.zone)

    def _list_groups(self, config: Config, source: Source) -> tuple[RuleGroupStatus, ...]:
        options, watch = config.settings.alerts, self.watch
        if options is None or watch is None:
            return ()
        return list_groups(watch.alerting.list_rules(), options, config.lang, source)

    def _build_desk(self, config: Config, catalogue: Catalogue) -> AlertDesk:
        """What is known of alerts; without `alerts` what was recorded can still be read."""
        watch = self.watch
        assert watch is not None, "BUG: built before there are alerts"
        return AlertDesk(
            incidents=IncidentDesk(watch.store, self._clock.now_ms),
            list_alerts=watch.alerting.list_alerts,
            grouping=lambda: watch.incidents.grouping,
            catalogue=catalogue,
            options=config.settings.alerts or AlertsOptions(),
            zone=config.zone,
            now_ms=self._clock.now_ms,
            find_on_call=watch.find_on_call,
        )

    def _build_alert_routes(
        self, config: Config, workspace: Workspace, desk: AlertDesk
    ) -> list[Route]:
        """What people ask and enter of alerts and reports."""
        watch = self.watch
        assert watch is not None, "BUG: built before there are alerts"
        modules = (alerts, incidents, silences, events)
        target_desk = self._build_target_desk(config, workspace, desk)
        parts = build_report_parts(config, watch.store, watch.reports, self._clock)
        return [
            *(route for module in modules for route in module.routes(desk, config.lang)),
            *incident_facts.routes(
                incident_facts.FactParts(
                    desk=desk,
                    source=workspace.source,
                    issuer=workspace.issuer,
                    lang=config.lang,
                )
            ),
            *reports.routes(parts),
            *months.routes(build_month_parts(config, workspace, watch.store, desk, parts)),
            *targets.routes(target_desk, config.lang),
        ]

    def _build_target_desk(
        self, config: Config, workspace: Workspace, desk: AlertDesk
    ) -> targets.TargetDesk:
        """What is known of targets; a day of readings is read again once a minute."""
        source, now_ms, own = workspace.source, workspace.now_ms, list_own_jobs(config)
        history = TtlCache(partial(read_target_history, source), now_ms, _HISTORY_TTL_MS)
        uncollected = TtlCache(
            partial(find_uncollected, source, config.instance), now_ms, _HISTORY_TTL_MS
        )
        return targets.TargetDesk(
            list_targets=self._collection.targets,
            find_kind=lambda job: (
                JobKind.HOST if job in own.host else own.site.get(job, JobKind.SCRAPE)
            ),
            read_history=history.get,
            find_uncollected=uncollected.get,
            find_incidents=desk.find_target_incidents,
        )

    def _build_ingest_routes(self, config: Config) -> list[BaseRoute]:
        """The receivers; those of log records in threads that may wait for another process."""
        limits, clock = config.settings.receive, self._clock
        receiver = Receiver(self._store, limits, clock.monotonic_ms, self._received)
        pool = ThreadPoolExecutor(limits.max_concurrency, "web-receive")
        routes = web.mount(build_ingest_routes(receiver, self._collection, clock), pool)
        if not config.settings.logs.receive:
            return routes
        waiting = ThreadPoolExecutor(limits.max_concurrency, "web-logs")
        page, send = partial(static_files.serve_start_page, _STATIC), self._logs.send
        return [
            *routes,
            *web.mount([*logs.routes(send), logs.route_root(send, page)], waiting),
        ]


def build_log_routes(config: Config, now_ms: Callable[[], int]) -> list[Route]:
    """What is asked of logs; sources and their threads end with the application."""
    folder, clusters = find_logs_folder(config), config.settings.logs.sources
    sources = LogSources(folder, clusters, learns=True)
    desk = LogDesk(
        find=sources.find,
        list_available=sources.list_available,
        find_default=lambda: sources.default,
        find_template=sources.find_template,
        zone=config.zone,
        now_ms=now_ms,
    )
    return [*log_lines.routes(desk, config.lang), *log_patterns.routes(desk, config.lang)]


def build_sheet_parts(config: Config, workspace: Workspace) -> sheets.SheetParts:
    """What the sheets of a month are built from, each with the queries of its request alone."""

    def bind(request: WebRequest) -> Workspace:
        return replace(workspace, source=workspace.source.bind(request.cancelled))

    def inspect(month: Period, system: str | None, request: WebRequest) -> InspectionSheet:
        return build_sheet(config, bind(request), month, find_system(workspace, system))

    def work_out(
        month: Period, system: str | None, request: WebRequest
    ) -> tuple[ContractMonth, ...]:
        systems = find_systems(workspace, month, system)
        return build_contract_months(bind(request), month, systems)

    return sheets.SheetParts(
        inspect=inspect,
        work_out=work_out,
        catalogue=workspace.catalogue,
        issuer=workspace.issuer,
        zone=workspace.zone,
        now_ms=workspace.now_ms,
        lang=workspace.lang,
    )


def build_server_info(config: Config, started_ms: int) -> ServerInfo:
    """What the APIs report about this server."""
    retention_ms = config.settings.store.retention_ms
    return ServerInfo(
        instance=config.instance,
        version=version("jipyo"),
        started_ms=started_ms,
        zone=config.zone,
        lang=config.lang,
        config_yaml=config.effective,
        settings=config.origins,
        is_demonstration=is_demonstration(config.data),
        flags={
            "config.file": str(config.file or ""),
            "data": str(config.data),
            "store.retention": f"{retention_ms // 1000}s" if retention_ms else "",
        },
    )


def build_ingest_routes(receiver: Receiver, collection: Collection, clock: Clock) -> list[Route]:
    """The receivers of samples that others push."""
    return [
        *remote_write.routes(receiver),
        *otlp.routes(receiver),
        *text.routes(receiver, clock.now_ms),
        *push_groups.routes(receiver, collection.push_groups, clock.now_ms),
    ]


def build_prometheus_routes(
    embedded: Source,
    server: ServerInfo,
    store: tsdb.Store,
    collection: Collection,
    clock: Clock,
    config_state: Callable[[], ConfigState],
) -> list[Route]:
    """`/api/v1` but for queries and lists of series, and `/federate`.

    What is federated, and the state of the store, is of the embedded source: a server that
    scrapes it would have its own samples back.
    """
    now_ms = clock.now_ms
    return [
        *federate.routes(embedded, now_ms),
        *prometheus_targets.routes(collection.targets),
        *prometheus_status.routes(server, embedded, now_ms, store.extent, config_state),
    ]


def find_ttl_ms(config: Config) -> int:
    """For how long an answer stays: between two scrapes the same samples give the same one."""
    return min(config.settings.collect.interval_ms, config.settings.web.health_ttl_ms)


def build_health(
    config: Config, workspace: Workspace, count_transitions: Callable[[], int]
) -> TtlCache[Health]:
    """The health of all metrics, found once for all who ask, and again once an alert changes."""
    return TtlCache(
        lambda t_ms: assess_catalogue(
            workspace.source, workspace.catalogue, t_ms, known=workspace.list_judged()
        ),
        workspace.now_ms,
        find_ttl_ms(config),
        count_transitions,
    )


def build_api_routes(  # noqa: PLR0913 - the parts that the pages show
    config: Config,
    workspace: Workspace,
    server: ServerInfo,
    collection: Collection,
    logs: LogIngest,
    config_state: Callable[[], ConfigState],
    *,
    health: Callable[[], Health],
    desk: AlertDesk,
    find_outlooks: Callable[[str], Sequence[Outlook]],
) -> list[Route]:
    """`/api/jipyo`, without what is expected of metrics."""
    source, catalogue, now_ms = workspace.source, workspace.catalogue, workspace.now_ms
    ttl_ms = find_ttl_ms(config)
    coverage = TtlCache(
        lambda t_ms: (t_ms, examine_catalogue(source, catalogue, t_ms)), now_ms, ttl_ms
    )
    inventory = TtlCache(lambda t_ms: take_inventory(source, t_ms), now_ms, ttl_ms)
    day = TtlCache(
        lambda t_ms: metric_index.read_day_lines(source, catalogue, inventory.get(), t_ms),
        now_ms,
        metric_index.STEP_MS // 2,
    )
    storage_error, lang = collection.storage_error, server.lang
    return [
        *overview.routes(
            server,
            catalogue,
            health,
            collection.targets,
            storage_error,
            config_state,
            desk=desk,
            find_outlooks=find_outlooks,
        ),
        *metrics.routes(source, catalogue, inventory.get, now_ms, lang),
        *metric_index.routes(server, catalogue, health, day.get),
        *metric_figures.routes(source, catalogue, inventory.get, now_ms, config.zone, lang),
        *threshold_trial.routes(
            catalogue, threshold_trial.TrialShelf(source, config.settings.alerts, now_ms), lang
        ),
        *doctor.routes(catalogue, coverage.get, lang),
        *configuration_api.routes(server, config_state),
        *status.routes(
            server,
            health,
            collection.is_ready,
            storage_error,
            config_state,
            logs.list_problems,
        ),
        *openapi.routes(server.version, lang),
    ]
