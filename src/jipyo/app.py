"""The only file that wires rooms together."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from jipyo import api, catalogue, promql, tsdb, web
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop
from jipyo.collect.own import Own
from jipyo.collect.process import Processes
from jipyo.collect.schedule import system_clock
from jipyo.collect.target import Target, TargetState, own_target
from jipyo.config import Given, load
from jipyo.model.errors import ConfigError, JipyoError, StoreFull
from jipyo.reports import daily
from jipyo.reports.render import html
from jipyo.source import Embedded, Source

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.config import Config
    from jipyo.i18n import Lang
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_UPKEEP_S = 1.0

Progress = Callable[[int, int | None], None]


def now_ms() -> int:
    """The wall clock: milliseconds UTC."""
    return time.time_ns() // 1_000_000


# ------------------------------------------------------------------------- beside a server


@contextlib.contextmanager
def open_workspace(
    config: Path | None = None, data: Path | None = None, lang: Lang | None = None
) -> Iterator[api.Workspace]:
    """What is stored on this machine, for scripts: `jipyo.open()`.

    Raises:
        ConfigError: the configuration cannot be read.
        StoreError: there is no data, or it cannot be read.
    """
    given = Given(file=config, data=data, lang=lang)
    with workspace(load(given, os.environ, "ko")) as here:
        yield here


@contextlib.contextmanager
def workspace(config: Config) -> Iterator[api.Workspace]:
    """What is stored, for questions: works whether a server runs on the same data or not.

    Raises:
        StoreError: there is no data, or it cannot be read.
    """
    with tsdb.Reader.open(config.data) as store:
        source = Embedded(store, promql.Engine(config.written.query))
        yield _workspace(config, _catalogue(config), source)


def _catalogue(config: Config) -> Catalogue:
    site = config.written.catalogue
    return catalogue.load(site.metrics, site.files, parse=promql.parse)


def _workspace(config: Config, known: Catalogue, source: Source) -> api.Workspace:
    return api.Workspace(
        source=source,
        catalogue=known,
        zone=config.zone,
        now_ms=now_ms,
        out_dir=config.data / "reports",
        lang=config.lang,
    )


def daily_report(config: Config, day: date | None, out: Path | None, progress: Progress) -> Path:
    """Write a day's report; the file it is in.

    Raises:
        ReportError: the day has not begun, or the file cannot be written.
        StoreError: there is no data.
    """
    with workspace(config) as here:
        chosen = day or _last_day(here)
        report = daily.build(
            here.source, here.catalogue, chosen, here.zone, now_ms(), progress=progress
        )
        return html.write(report, config.lang, out or here.out_dir)


def _last_day(here: api.Workspace) -> date:
    """Yesterday; today where yesterday has no samples at all, as on the first day."""
    today = datetime.fromtimestamp(here.now_ms() / 1000, here.zone).date()
    yesterday = today - timedelta(days=1)
    start, end = (
        int(datetime.combine(day, datetime.min.time(), here.zone).timestamp() * 1000)
        for day in (yesterday, today)
    )
    return yesterday if here.source.label_values("job", (), start, end - 1) else today


# ------------------------------------------------------------------------------- the server


def serve(config: Config, *, started: Callable[[str], None], stop: threading.Event) -> None:
    """Collect, keep and serve until `stop` is set. `started` is told the address of the page.

    Raises:
        ConfigError: others could reach the address, and nobody said that this is meant.
        ServeError: the address cannot be had; nothing was opened.
        StoreError: the data cannot be opened.
        CatalogueError: a metric is described wrongly.
    """
    _refuse_open_door(config)
    known = _catalogue(config)
    with ExitStack() as opened:
        listener = opened.enter_context(
            contextlib.closing(web.listen(config.written.listen.host, config.written.listen.port))
        )
        store = opened.enter_context(
            tsdb.Store.open(config.data, config.written.store, now_ms=now_ms)
        )
        source = Embedded(store, promql.Engine(config.written.query))
        loop = Loop(store, clock=system_clock())
        targets = _targets(config, [store.families, loop.families])
        loop.start(lambda: targets)
        opened.callback(loop.stop)
        _start_upkeep(store, stop, opened)
        app = web.create_app(_services(config, _workspace(config, known, source), source, loop))
        address = web.address(listener)
        web.serve(app, listener, ready=lambda: started(address), stop=stop)


def _refuse_open_door(config: Config) -> None:
    """There is no login, so an address that others can reach must be asked for aloud."""
    listen = config.written.listen
    if not is_loopback(listen.host) and not config.written.insecure:
        address = f"{listen.host}:{listen.port}"
        raise ConfigError("app.open_door", hint="app.open_door.hint", address=address)


def _targets(config: Config, own: Sequence[Callable[[], Iterable[Family]]]) -> list[Target]:
    options = config.written.collect
    collectors = {
        "node": Host(options.host) if options.host else None,
        "process": Processes(options.process) if options.process else None,
        "dcgm": Gpu(options.gpu) if options.gpu else None,
        "jipyo": Own(own, version=version("jipyo")),
    }
    return [
        own_target([one], job=job, instance=config.instance, interval_ms=options.interval_ms)
        for job, one in collectors.items()
        if one is not None
    ]


def _start_upkeep(store: tsdb.Store, stop: threading.Event, opened: ExitStack) -> None:
    """Compact and expire in short slices, so that no scrape waits for it."""

    def run() -> None:
        while not stop.wait(_UPKEEP_S):
            _slices(store, stop)

    thread = threading.Thread(target=run, name="upkeep", daemon=True)
    thread.start()
    opened.callback(thread.join)
    opened.callback(stop.set)


def _slices(store: tsdb.Store, stop: threading.Event) -> None:
    try:
        while store.maintain() and not stop.is_set():
            pass
    except StoreFull:
        pass  # the loop has said so when its samples were refused
    except JipyoError as error:
        _LOG.error("upkeep of the store: %s", error)


def _services(config: Config, here: api.Workspace, source: Embedded, loop: Loop) -> web.Services:
    listen = config.written.listen
    return web.Services(
        source=here.source,
        ask=lambda cancel: replace(source, cancel=cancel),
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
        flags={"config.file": str(config.file or ""), "data": str(config.data)},
        features=config.written.query.features,
        lookback_ms=config.written.query.lookback_ms,
        loopback=is_loopback(listen.host),
        options=config.written.web,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
