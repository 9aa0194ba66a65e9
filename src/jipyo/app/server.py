"""`jipyo up`: collect, keep, serve."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from jipyo import promql, tsdb, web
from jipyo.app.offline import catalogue_of, now_ms, over
from jipyo.collect.database import database_target
from jipyo.collect.discovery import Discovery
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop
from jipyo.collect.probe import probe_target
from jipyo.collect.process import Processes
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.collect.target import Target, TargetState, own_target
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, JipyoError, StoreFull
from jipyo.model.labels import Labels
from jipyo.source import Embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jipyo import api
    from jipyo.config import Config
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_UPKEEP_S = 1.0
_PAUSE_S = 0.005
_SWITCH_S = 0.001


def serve(config: Config, *, started: Callable[[str], None], stop: threading.Event) -> None:
    """Collect, keep and serve until `stop` is set. `started` is told the address of the page.

    Raises:
        ConfigError: others could reach the address, and nobody said that this is meant.
        ServeError: the address cannot be had; nothing was opened.
        StoreError: the data cannot be opened.
        CatalogueError: a metric is described wrongly.
    """
    # An append waits for the interpreter's lock behind whoever computes; so it waits less.
    sys.setswitchinterval(_SWITCH_S)
    _refuse_open_door(config)
    known, named = catalogue_of(config), _named(config)
    with ExitStack() as opened:
        listener = opened.enter_context(
            contextlib.closing(web.listen(config.settings.listen.host, config.settings.listen.port))
        )
        store = opened.enter_context(
            tsdb.Store.open(config.data, config.settings.store, now_ms=now_ms)
        )
        source = Embedded(store, promql.Engine(config.settings.query))
        loop = Loop(store, clock=SystemClock())
        groups = PushGroups(config.data / "pushed.json")
        receivers = web.Receivers(store, groups, now_ms, config.settings.receive)
        meter = web.RequestMetrics()
        own = [store.families, loop.families, receivers.families, meter.families]
        local = _local(config, groups, own)
        loop.start(lambda: [*local, *named()])
        opened.callback(loop.stop)
        _start_upkeep(store, stop, opened)
        here = over(config, known, source)
        running = _Running(here, store, source, loop, receivers, meter)
        app = web.create_app(_services(config, running))
        address = web.address(listener)
        web.serve(app, listener, ready=lambda: started(address), stop=stop)


def _refuse_open_door(config: Config) -> None:
    """There is no login, so an address that others can reach must be asked for aloud."""
    listen = config.settings.listen
    if not is_loopback(listen.host) and not config.settings.insecure:
        address = f"{listen.host}:{listen.port}"
        raise ConfigError("app.open_door", hint="app.open_door.hint", address=address)


def _named(config: Config) -> Callable[[], list[Target]]:
    """What the configuration names: databases, probes, pages to scrape.

    Raises:
        ConfigError: one of them makes no sense.
    """
    options = config.settings.collect
    fixed = [database_target(one) for one in options.databases]
    fixed += [probe_target(one) for one in options.probes]
    site = options.prometheus_yml
    for place in site.unsupported if site else ():
        _LOG.warning("ignored: %s is not supported", place)
    found = Discovery([*options.scrape, *(site.jobs if site else ())])
    return lambda: [*fixed, *found()]


def _local(
    config: Config, groups: PushGroups, own: Sequence[Callable[[], Iterable[Family]]]
) -> list[Target]:
    """This host, this program, and what batch jobs have pushed."""
    options = config.settings.collect
    collectors = {
        "node": Host(options.host) if options.host else None,
        "process": Processes(options.process) if options.process else None,
        "dcgm": Gpu(options.gpu) if options.gpu else None,
        "jipyo": SelfMetrics(own, version=version("jipyo")),
    }
    pushed = Labels.of({"job": "pushed", "instance": config.instance})
    return [
        *(
            own_target([one], job=job, instance=config.instance, interval_ms=options.interval_ms)
            for job, one in collectors.items()
            if one is not None
        ),
        Target(pushed, groups, options.interval_ms),
    ]


def _start_upkeep(store: tsdb.Store, stop: threading.Event, opened: ExitStack) -> None:
    """Compact and expire in short slices with pauses, so that no scrape waits for it."""

    def run() -> None:
        while not stop.wait(_UPKEEP_S):
            _slices(store, stop)

    thread = threading.Thread(target=run, name="upkeep", daemon=True)
    thread.start()
    opened.callback(thread.join)
    opened.callback(stop.set)


def _slices(store: tsdb.Store, stop: threading.Event) -> None:
    try:
        while store.maintain() and not stop.wait(_PAUSE_S):
            pass
    except StoreFull:
        pass  # the loop has said so when its samples were refused
    except JipyoError as error:
        _LOG.error("upkeep of the store: %s", error)


@dataclass(frozen=True, slots=True)
class _Running:
    """The parts of a server that its pages look at."""

    here: api.Workspace
    store: tsdb.Store
    source: Embedded
    loop: Loop
    receivers: web.Receivers
    meter: web.RequestMetrics


def _services(config: Config, running: _Running) -> web.Services:
    here, source, loop = running.here, running.source, running.loop
    listen = config.settings.listen
    return web.Services(
        source=here.source,
        ask=source.bound,
        queryable=source.store,
        catalogue=here.catalogue,
        zone=config.zone,
        lang=config.lang,
        instance=config.instance,
        version=version("jipyo"),
        started_ms=now_ms(),
        now_ms=now_ms,
        targets=loop.targets,
        collected=loop.latest,
        storage=lambda: (
            None
            if loop.writable
            else StoreFull("app.not_writable", hint="app.not_writable.hint", path=str(config.data))
        ),
        ready=lambda: any(
            target.state is TargetState.UP and target.last_ms is not None
            for target in loop.targets()
        ),
        config_text=lambda: config.text,
        flags=_flags(config),
        features=config.settings.query.features,
        routes=running.receivers.routes(),
        meter=running.meter,
        head=lambda: _head(running.store),
        lookback_ms=config.settings.query.lookback_ms,
        loopback=is_loopback(listen.host),
        options=replace(config.settings.web, overview_ms=_held_ms(config)),
    )


def _held_ms(config: Config) -> int:
    """A state is worked out once an interval, and never held for longer than usual."""
    return min(config.settings.collect.interval_ms, web.Options().overview_ms)


def _flags(config: Config) -> dict[str, str]:
    retention_ms = config.settings.store.retention_ms
    return {
        "config.file": str(config.file or ""),
        "data": str(config.data),
        "store.retention": f"{retention_ms // 1000}s" if retention_ms else "",
    }


def _head(store: tsdb.Store) -> web.HeadStats:
    told = {family.name: family.samples for family in store.families()}

    def number(name: str) -> int:
        samples = told.get(f"jipyo_tsdb_{name}", ())
        return int(samples[0].value) if samples else 0

    first_ms = 1000 * number("oldest_sample_seconds")
    last_ms = 1000 * number("newest_sample_seconds")
    return web.HeadStats(number("series"), 0, first_ms, last_ms)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
