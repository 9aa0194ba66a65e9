"""Our web room over a store that lies on disk: `python -m bench.serving FOLDER PORT`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.series import END_MS
from jipyo import web
from jipyo.catalogue import load
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Reader


def run(folder: Path, port: int) -> None:
    """Serve until the process is ended."""
    store = Reader.open(folder, cache_bytes=Options().cache_bytes)
    engine = Engine()
    services = web.Services(
        source=Embedded(store, engine),
        ask=Embedded(store, engine).bound,
        queryable=store,
        catalogue=load(),
        zone=ZoneInfo("UTC"),
        lang="en",
        instance="bench",
        version="0",
        started_ms=END_MS,
        now_ms=lambda: END_MS,
    )
    listener = web.listen("127.0.0.1", port)
    web.serve(web.create_app(services), listener, ready=lambda: None, stop=threading.Event())


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
