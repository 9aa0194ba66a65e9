"""`/metrics`, `/-/healthy`, `/-/ready`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType
from jipyo.web.exporter import routes
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.metrics import RequestMetrics
from support.web import Client

Serve = Callable[..., Client]


def show_page(_request: WebRequest) -> WebResponse:
    return WebResponse(b"<!doctype html>", media_type="text/html")


def build_families() -> list[Family]:
    sample = FamilySample(Labels.of({"__name__": "node_load1"}), 0.5)
    return [Family("node_load1", MetricType.GAUGE, "Load.", (sample,))]


def test_metrics_are_what_was_collected(serve: Serve) -> None:
    metrics = RequestMetrics()
    metrics.observe("/api/v1/query", 200, 0.02)
    client = serve(
        *routes(lambda: [*build_families(), *metrics.families()], lambda: True, show_page)
    )
    text = client.get("/metrics").body.decode()
    assert "# TYPE node_load1 gauge\nnode_load1 0.5\n" in text
    assert 'jipyo_http_requests_total{code="200",handler="/api/v1/query"} 1\n' in text
    histogram = "jipyo_http_request_duration_seconds"
    assert f'{histogram}_count{{handler="/api/v1/query"}} 1\n' in text
    assert f'{histogram}_bucket{{handler="/api/v1/query",le="0.01"}} 0\n' in text
    assert f'{histogram}_bucket{{handler="/api/v1/query",le="0.025"}} 1\n' in text
    assert f'{histogram}_bucket{{handler="/api/v1/query",le="+Inf"}} 1' in text


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain; version=0.0.4", b"0.5\n"),
        ("text/plain", "text/plain; version=0.0.4", b"0.5\n"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", b"# EOF\n"),
    ],
)
def test_the_format_is_negotiated(serve: Serve, accept: str, content_type: str, end: bytes) -> None:
    answer = serve(*routes(build_families, lambda: True, show_page)).get(
        "/metrics", {"accept": accept}
    )
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.body.endswith(end)


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("*/*", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*", False),
        ("", False),
    ],
)
def test_a_browser_gets_the_list_of_metrics(serve: Serve, accept: str, is_page: bool) -> None:
    answer = serve(*routes(build_families, lambda: True, show_page)).get(
        "/metrics", {"accept": accept}
    )
    assert (b"<!doctype html>" in answer.body) is is_page
    assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize(("is_ready", "status"), [(True, 200), (False, 503)])
def test_ready_waits_for_the_first_stored_scrape(serve: Serve, is_ready: bool, status: int) -> None:
    client = serve(*routes(list, lambda: is_ready, show_page))
    assert client.get("/-/healthy").status == 200
    answer = client.get("/-/ready")
    assert answer.status == status
    assert (b"not ready" in answer.body) is not is_ready
