"""The Prometheus API over a store that lies on disk: `python -m bench.serving FOLDER PORT`."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.middleware import Middleware

from bench.series import END_MS
from jipyo import web
from jipyo.app.memory import limit_arenas
from jipyo.promql import Engine
from jipyo.promql.syntax.features import DEFAULT
from jipyo.source import Embedded
from jipyo.tsdb import Options, Reader
from jipyo.web import exporter
from jipyo.web.http.message import WebResponse
from jipyo.web.middleware import MeasureRequests, RequestGuard
from jipyo.web.prometheus import query, series


def run(folder: Path, port: int) -> None:
    """Serve until the process is ended."""
    limit_arenas()
    store = Reader.open(folder, cache_bytes=Options().cache_bytes)
    source = Embedded(store, Engine())
    options = web.Options()
    routes = [
        *query.routes(source, lambda: END_MS, DEFAULT, source.engine.lanes),
        *series.routes(source),
        *exporter.routes(list, lambda: True, lambda _: WebResponse(b"")),
    ]
    middleware = [
        Middleware(MeasureRequests, metrics=web.RequestMetrics()),
        Middleware(RequestGuard, is_loopback=True, options=options),
    ]
    executor = ThreadPoolExecutor(options.max_concurrency)
    app = web.create_app(web.mount(routes, executor), middleware)
    listener = web.listen("127.0.0.1", port)
    web.serve(app, listener, ready=lambda: None, stop=threading.Event())


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
