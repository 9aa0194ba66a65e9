"""`jipyo up`: collect, store and serve, until it is stopped."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from jipyo import web
from jipyo.app.build_collect import Collection, build_site_targets
from jipyo.app.build_store import StoreUpkeep, build_source, open_store
from jipyo.app.build_web import (
    WebServer,
    build_connections,
    build_web,
    check_exposure,
    read_max_files,
)
from jipyo.app.memory import MemoryTrimmer, find_trim, read_resident_bytes
from jipyo.app.offline import build_workspace, load_catalogue
from jipyo.app.parts import ServerPart, running
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from jipyo.config import Config
    from jipyo.model.family import Family

_SWITCH_INTERVAL_S = 0.001


def serve(config: Config, *, started: Callable[[str], None], stop: threading.Event) -> None:
    """Collect, store and serve until `stop` is set. `started` is called with the server's URL.

    Raises:
        ConfigError: others could reach the address, and `insecure` is not set.
        ServeError: the address cannot be bound; nothing was opened.
        StoreError: the data cannot be opened.
        CatalogueError: a metric is described wrongly.
    """
    # An append waits for the interpreter's lock behind a running query; so it waits less.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    check_exposure(config)
    catalogue, site_targets = load_catalogue(config), build_site_targets(config)
    clock = SystemClock()
    parts: list[ServerPart] = []

    def own_families() -> Iterator[Family]:
        for part in parts:
            yield from part.families()

    with contextlib.ExitStack() as resources:
        host, port = config.settings.listen.host, config.settings.listen.port
        listener = resources.enter_context(contextlib.closing(web.listen(host, port)))
        store = resources.enter_context(open_store(config, clock))
        workspace = build_workspace(config, catalogue, build_source(config, store), clock)
        collection = Collection(config, store, site_targets, own_families, clock)
        app, web_families = build_web(config, workspace, store, collection, clock)
        connections = build_connections(config.settings.web.max_connections, read_max_files())
        parts += [
            collection,
            StoreUpkeep(store, clock),
            MemoryTrimmer(clock, find_trim(), read_resident_bytes),
            WebServer(app, listener, connections, web_families, on_exit=stop.set),
        ]
        resources.enter_context(running(parts))
        started(web.url_of(listener))
        stop.wait()
