"""The whole server in this process: every path that is served is documented, every part runs."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3
from starlette.applications import Starlette
from starlette.routing import Route

from jipyo import web
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.incidents import IncidentRecorder
from jipyo.app.alerts.schema import STEPS
from jipyo.app.alerts.service import Alerting
from jipyo.app.build_collect import Collection
from jipyo.app.build_logs import LogIngest
from jipyo.app.build_store import open_store
from jipyo.app.build_web import (
    Watch,
    WebApps,
    WebServer,
    build_connections,
    check_exposure,
    is_loopback,
)
from jipyo.app.configuration import Configuration
from jipyo.app.offline import load_catalogue
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.requests import ReportRequests
from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides
from jipyo.config.start import keep_start_settings
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from support.web import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("http-api.md", "http-api.ko.md")
RECEIVERS = ("receivers.md", "receivers.ko.md")


def load_config(folder: Path, listen: str = "127.0.0.1:0", *, insecure: bool = False) -> Config:
    overrides = CliOverrides(data=folder / "data", listen=listen, insecure=insecure)
    return load(overrides, {"HOME": str(folder)}, "en")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    config = load_config(tmp_path_factory.mktemp("app"))
    clock = SystemClock()
    with open_store(config, clock) as store:
        collection = Collection(config, store, tuple, clock)
        configuration = Configuration(config, clock, keep=keep_start_settings, apply=lambda _: None)
        logs = LogIngest(config, clock)
        apps = WebApps(store, collection, logs, configuration, clock)
        alerts = AlertStore.open(config.data, STEPS)
        alerting = Alerting(alerts, store, clock, ())
        requests = ReportRequests(ReportJobs(), alerts, clock)
        apps.watch = Watch(alerts, alerting, IncidentRecorder(), requests)
        built = apps.build(config, load_catalogue(config))
        assert isinstance(built, Starlette)
        yield built
        alerts.close()


def read_pages(names: tuple[str, ...]) -> list[str]:
    return [(DOCS / name).read_text("utf-8") for name in names]


def list_routes(app: Starlette) -> list[tuple[str, set[str]]]:
    """Every path but that of the dashboard, with its methods, HEAD aside."""
    return [
        (route.path.replace(":path}", "}"), set(route.methods or ()) - {"HEAD"})
        for route in app.routes
        if isinstance(route, Route) and route.path != "/{path:path}"
    ]


def test_every_path_is_documented_in_both_languages(app: Starlette) -> None:
    routes = list_routes(app)
    assert len(routes) > 30
    for path, methods in routes:
        is_receiver = "GET" not in methods and not path.startswith(("/-/", "/api/jipyo/"))
        names = RECEIVERS if is_receiver else PAGES
        shown = path.replace("/metrics/{group}", "/metrics/job/")
        for text in read_pages(names):
            assert f"`{shown}" in text, path


def test_the_documented_methods_are_those_that_are_accepted(app: Starlette) -> None:
    routes = dict(list_routes(app))
    for text in read_pages(PAGES):
        for path, methods in routes.items():
            if "GET" not in methods or not path.startswith("/api/v1"):
                continue
            line = next(
                line for line in text.splitlines() if line.startswith("|") and f"`{path}`" in line
            )
            assert ("GET POST" in line) is ("POST" in methods), line


def test_the_dashboard_comes_last(app: Starlette) -> None:
    last = app.routes[-1]
    assert isinstance(last, Route)
    assert last.path == "/{path:path}"


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("monitor.example", False),
    ],
)
def test_only_loopback_needs_no_consent(tmp_path: Path, host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local
    listen = f"[{host}]:0" if ":" in host else f"{host}:0"
    expected = contextlib.nullcontext() if is_local else pytest.raises(ConfigError)
    with expected:
        check_exposure(load_config(tmp_path, listen))
    check_exposure(load_config(tmp_path, listen, insecure=True))


# --- the part that serves


def test_the_server_runs_from_start_to_stop(app: Starlette) -> None:
    exited = threading.Event()
    listener = web.listen("127.0.0.1", 0)
    server = WebServer(app, listener, web.Connections(), lambda: iter(()), exited.set)
    server.start()
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        client = Client(web.url_of(listener), pool)
        assert client.get("/-/healthy").status == 200
        assert client.get("/-/ready").status == 503  # nothing is collected here
        assert client.get("/api/v1/status/buildinfo").data["version"]
        targets = client.get("/api/jipyo/targets").json
        assert (targets["targets"], targets["state"]) == ([], "unknown")
    assert not exited.is_set()
    server.stop()
    assert exited.is_set()


def test_a_server_that_cannot_start_says_why(app: Starlette) -> None:
    exited = threading.Event()
    listener = web.listen("127.0.0.1", 0)
    listener.close()
    server = WebServer(app, listener, web.Connections(), lambda: iter(()), exited.set)
    with pytest.raises((OSError, ValueError)):
        server.start()
    assert exited.is_set()


@pytest.mark.parametrize(
    ("max_open", "max_files", "limit"),
    [(512, 1 << 30, 512), (512, 1024, 512), (512, 256, 128), (5000, 1024, 512), (512, 1, 1)],
)
def test_clients_get_at_most_half_of_the_descriptors(
    max_open: int, max_files: int, limit: int
) -> None:
    assert build_connections(max_open, max_files).limits.max_open == limit
