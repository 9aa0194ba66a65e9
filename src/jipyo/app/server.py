"""`jipyo up`: collect, store and serve, until it is stopped."""

from __future__ import annotations

import contextlib
import sys
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from jipyo import web
from jipyo.app.build_collect import Collection
from jipyo.app.build_store import StoreUpkeep, open_store
from jipyo.app.build_web import (
    CurrentApp,
    WebApps,
    WebServer,
    build_connections,
    check_exposure,
    read_max_files,
)
from jipyo.app.configuration import Configuration
from jipyo.app.memory import MemoryTrimmer, find_trim, limit_arenas, read_resident_bytes
from jipyo.app.offline import load_catalogue
from jipyo.app.parts import ServerPart, running
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from queue import SimpleQueue

    from jipyo.config import Config
    from jipyo.model.family import Family

_SWITCH_INTERVAL_S = 0.001


class ServerCommand(Enum):
    """What a running server may be asked for."""

    RELOAD = "reload"
    STOP = "stop"


def serve(
    config: Config,
    *,
    started: Callable[[str], None],
    commands: SimpleQueue[ServerCommand],
    applied: Callable[[Config], None] = lambda _: None,
) -> None:
    """Collect, store and serve until asked to stop; a signal handler may put commands.

    `started` is called with the server's URL, `applied` with each configuration after the first.

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
    clock = SystemClock()
    parts: list[ServerPart] = []

    def own_families() -> Iterator[Family]:
        yield from configuration.families()
        for part in parts:
            yield from part.families()

    def apply(new: Config) -> None:
        app = apps.build(new)  # raises before anything has changed
        collection.apply(new)
        current.app = app
        applied(new)

    with contextlib.ExitStack() as resources:
        host, port = config.settings.listen.host, config.settings.listen.port
        listener = resources.enter_context(contextlib.closing(web.listen(host, port)))
        store = resources.enter_context(open_store(config, clock))
        collection = Collection(config, store, own_families, clock)
        configuration = Configuration(config, clock, check=check_exposure, apply=apply)
        apps = WebApps(store, collection, configuration, clock)
        current = CurrentApp(apps.build(config))
        connections = build_connections(config.settings.web.max_connections, read_max_files())
        parts += [
            collection,
            StoreUpkeep(store, clock),
            MemoryTrimmer(clock, find_trim(), read_resident_bytes),
            WebServer(
                current,
                listener,
                connections,
                apps.families,
                on_exit=partial(commands.put, ServerCommand.STOP),
            ),
        ]
        resources.enter_context(running(parts))
        started(web.url_of(listener))
        while commands.get() is ServerCommand.RELOAD:
            configuration.reload()


def check_config(config: Config) -> None:
    """What only all rooms together can say about a configuration, before anything is opened.

    Raises:
        ConfigError: others could reach the address, and `insecure` is not set.
        CatalogueError: a metric is described wrongly.
    """
    check_exposure(config)
    load_catalogue(config)
