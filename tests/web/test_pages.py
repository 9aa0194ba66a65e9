"""What other machines read, the page, and what stands before every route."""

import asyncio
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from jipyo import web
from jipyo.model.errors import ServeError
from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_NAN, MetricType, Scrape
from jipyo.tsdb import Store
from jipyo.web.http import endpoint as edge
from jipyo.web.http.metrics import RequestMetrics
from jipyo.web.middleware import SECURITY_HEADERS
from jipyo.web.services import HeadStats, Options, Services
from jipyo.web.static_files import set_base

from .conftest import NOW_MS, T0_MS, Client, Serve


def _families() -> tuple[Family, ...]:
    sample = FamilySample(Labels.of({"__name__": "node_load1"}), 0.5)
    return (Family("node_load1", MetricType.GAUGE, "Load.", (sample,)),)


def test_metrics_gives_what_was_collected_and_what_we_count(serve: Serve) -> None:
    meter = RequestMetrics()
    client = serve(collected=_families, meter=meter)
    client.get("/api/v1/query", query="1")
    _counts(meter, 1)
    page = client.get("/metrics").body.decode()
    assert "# TYPE node_load1 gauge\nnode_load1 0.5\n" in page
    assert 'jipyo_http_requests_total{code="200",handler="/api/v1/query"} 1\n' in page
    counted = 'jipyo_http_request_duration_seconds_count{handler="/api/v1/query"} 1\n'
    assert counted in page
    assert 'jipyo_http_request_duration_seconds_bucket{handler="/api/v1/query",le="+Inf"} 1' in page


def test_metrics_speaks_openmetrics_when_asked(client: Client) -> None:
    answer = client.get("/metrics", {"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_what_the_collectors_already_carry_is_not_said_twice(serve: Serve) -> None:
    meter = RequestMetrics()
    page = serve(collected=meter.families, meter=meter).get("/metrics").body
    assert page.count(b"# TYPE jipyo_http_requests_total") == 1


def test_requests_are_counted_by_route_and_never_by_address(serve: Serve) -> None:
    meter = RequestMetrics()
    client = serve(meter=meter)
    client.get("/api/v1/label/job/values")
    client.get("/api/v1/label/instance/values")
    client.get("/assets/none.js")
    client.post("/api/v1/rules", a="b")
    counts = _counts(meter, 4)
    assert counts["/api/v1/label/{name:path}/values", "200"] == 2
    assert counts["/{path:path}", "404"] == 1
    assert sum(counts.values()) == 4


def _counts(meter: RequestMetrics, requests: int) -> dict[tuple[str, str], float]:
    """By handler and code; a request is counted only after its answer is out."""
    end = time.monotonic() + 5
    while True:
        samples = meter.families()[0].samples
        counts = {(one.labels["handler"], one.labels["code"]): one.value for one in samples}
        if sum(counts.values()) >= requests or time.monotonic() > end:
            return counts
        time.sleep(0.01)


def test_federate_gives_the_newest_samples_with_their_times(serve: Serve, store: Store) -> None:
    alive, ended = (Labels.of({"__name__": "fed", "i": i}) for i in ("alive", "ended"))
    for t_ms, values in ((NOW_MS - 20_000, [1.0, 1.0]), (NOW_MS - 5_000, [2.5, STALE_NAN])):
        store.append([Scrape(t_ms, (alive, ended), np.array(values))])
    client = serve()
    answer = client.ask("GET", "/federate", fields=[("match[]", "fed"), ("match[]", '{i="alive"}')])
    assert answer.status == 200
    assert answer.body.decode() == (f'# TYPE fed untyped\nfed{{i="alive"}} 2.5 {NOW_MS - 5_000}\n')
    assert client.get("/federate").body == b""
    assert client.get("/federate", **{"match[]": "fed{"}).status == 400


def test_ready_waits_for_the_first_stored_scrape(serve: Serve) -> None:
    client = serve(ready=lambda: False)
    assert client.get("/-/healthy").status == 200
    assert client.get("/-/ready").status == 503
    assert b"not ready" in client.get("/-/ready").body


def test_the_ready_one_says_so(client: Client) -> None:
    assert (client.get("/-/ready").status, client.get("/-/healthy").status) == (200, 200)


def test_status_tells_how_the_server_stands(serve: Serve) -> None:
    client = serve(
        config_text=lambda: "timezone: Asia/Seoul\n",
        flags={"listen": "127.0.0.1:9797"},
        head=lambda: HeadStats(series=3, chunks=2, min_ms=1, max_ms=5),
        now_ms=lambda: NOW_MS - 1_200_000,
    )
    build = client.get("/api/v1/status/buildinfo").json["data"]
    assert all(isinstance(value, str) for value in build.values())
    assert (build["version"], "features" in build) == ("0.1.0", False)
    assert client.get("/api/v1/status/config").data == {"yaml": "timezone: Asia/Seoul\n"}
    assert client.get("/api/v1/status/flags").data == {"listen": "127.0.0.1:9797"}
    runtime = client.get("/api/v1/status/runtimeinfo").json["data"]
    assert runtime["serverTime"] == "2026-11-01T02:36:40Z"
    status = client.get("/api/v1/status/tsdb", limit=2).json["data"]
    assert status["headStats"] == {
        "numSeries": 3,
        "numLabelPairs": 10,
        "chunkCount": 2,
        "minTime": 1,
        "maxTime": 5,
    }
    assert status["seriesCountByMetricName"][0] == {"name": "demo_bucket", "value": 6}
    assert len(status["seriesCountByLabelValuePair"]) == 2
    assert client.get("/api/v1/status/tsdb", limit=0).status == 400
    assert client.get("/api/v1/status/tsdb", limit=10_001).status == 400


# ------------------------------------------------------------------------------------ the page


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<!doctype html><base href="./"><title>지표</title>' + "x" * 600
    )
    (folder / "assets" / "index-abc.js").write_text("export {}" * 100)
    (folder / "assets" / "a.woff2").write_bytes(b"w" * 2000)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "secret.txt")
    return folder


def test_the_page_is_asked_for_again_and_its_hashed_files_are_kept(
    serve: Serve, static: Path
) -> None:
    client = serve(static=static)
    page = client.get("/", {"accept-encoding": "gzip"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (page.headers["cache-control"], page.headers["content-encoding"]) == ("no-cache", "gzip")
    again = client.get("/", {"if-none-match": page.headers["etag"]})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", page.headers["etag"])
    script = client.get("/assets/index-abc.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    font = client.get("/assets/a.woff2", {"accept-encoding": "gzip"})
    assert font.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in font.headers
    head = client.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")


def test_a_changed_page_has_another_tag(serve: Serve, static: Path) -> None:
    client = serve(static=static)
    before = client.get("/").headers["etag"]
    (static / "index.html").write_text("new")
    assert client.get("/", {"if-none-match": before}).body == b"new"


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/index-old.js",
        "/assets/of/an/older/version",
        "/favicon.ico",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/a%00b",
        "/api",
        "/api/v2/query",
        "/api/jipyo/nothing",
        "/v1",
        "/v1/traces",
        "/metrics/job/x",
        "/-/reload",
    ],
)
def test_only_files_and_views_of_the_dashboard_are_served(
    serve: Serve, static: Path, path: str
) -> None:
    answer = serve(static=static).get(path)
    assert answer.status == 404
    assert answer.json["errorType"] == "not_found"


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/", "./"),
        ("/index.html", "./"),
        ("/logs", "./"),
        ("/logs?from=now-1h", "./"),
        ("/metric/system.cpu.utilization", "../"),
        ("/metric/", "../"),
        ("/metric/a%2Fb", "../"),
        ("/metric/a%3Fb", "../"),
        ("/metric/%ED%95%9C", "../"),
        ("/reports/2026/11/01", "../../../"),
        ("//etc/passwd", "../../"),
        ("/way-out", "./"),
        ("/..%2f..%2fetc/passwd", "../"),
        ("/metrics.old", "./"),
        ("/apix/y", "../"),
        ("/" + "x" * 300, "./"),
    ],
)
def test_views_get_the_page_with_a_base_that_leads_to_the_root(
    serve: Serve, static: Path, path: str, base: str
) -> None:
    answer = serve(static=static).get(path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert f'<base href="{base}">' in page
    assert page.count("<base") == 1
    assert "secret" not in page


@pytest.mark.parametrize("prefix", ["", "/jipyo", "/tools/jipyo"])
@pytest.mark.parametrize("view", ["/", "/logs", "/metric/a%2Fb", "/a/b/c/"])
def test_relative_addresses_reach_the_assets_behind_any_prefix(prefix: str, view: str) -> None:
    html = set_base(b'<base href="./">', view.encode()).decode()
    base = urllib.parse.urljoin(f"https://host{prefix}{view}", html.split('"')[1])
    assert urllib.parse.urljoin(base, "assets/a.js") == f"https://host{prefix}/assets/a.js"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_view_is_only_read(serve: Serve, static: Path, method: str) -> None:
    assert serve(static=static).ask(method, "/metric/x").status == 405


def test_a_page_that_was_not_built_says_so_in_both_languages(client: Client) -> None:
    page = client.get("/")
    assert page.status == 503
    assert "대시보드가 빌드되지 않았습니다" in page.body.decode()
    assert "The dashboard was not built" in page.body.decode()


# ------------------------------------------------------------------------------- the guard


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for path in ("/", "/metrics", "/api/v1/query", "/assets/none.js"):
        headers = client.get(path).headers
        assert SECURITY_HEADERS.items() <= headers.items()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9797", 200),
        ("127.8.8.8", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:9797", 200),
        ("monitor.example:80", 200),
        ("rebound.example", 403),
        ("127.0.0.1.rebound.example", 403),
        ("10.0.0.1:9797", 403),
        ("[bad", 403),
        ("", 403),
    ],
)
def test_on_loopback_the_host_header_must_name_us(serve: Serve, host: str, status: int) -> None:
    client = serve(options=Options(allowed_hosts=("Monitor.example",)))
    assert client.get("/-/healthy", {"host": host}).status == status


def test_beyond_loopback_any_name_may_be_ours(serve: Serve) -> None:
    client = serve(loopback=False)
    assert client.get("/-/healthy", {"host": "monitor.example"}).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("{base}", 200), (None, 200)],
)
def test_other_sites_cannot_make_a_browser_post_here(
    client: Client, origin: str | None, status: int
) -> None:
    headers = {"origin": origin.format(base=client.base)} if origin else {}
    answer = client.ask("POST", "/api/v1/query", headers=headers, fields={"query": "1"})
    assert answer.status == status
    assert client.get("/api/v1/query", headers, query="1").status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(serve: Serve, chunked: bool) -> None:
    client = serve(options=Options(max_body_bytes=1000))
    body = iter([b"query=1&x=", b"x" * 2000]) if chunked else b"query=1&x=" + b"x" * 2000
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.pool.request(
        "POST", client.base + "/api/v1/query", body=body, headers=headers, chunked=chunked
    )
    assert answer.status == 413
    assert client.post("/api/v1/query", query="1").status == 200


def test_a_body_that_is_no_form_is_not_read_as_one(client: Client) -> None:
    answer = client.ask("POST", "/api/v1/query?query=1", body=b"query=2")
    assert answer.json["data"]["result"][1] == "1"


def test_other_rooms_may_bring_their_routes(serve: Serve) -> None:
    async def write(request: object) -> PlainTextResponse:
        return PlainTextResponse("taken")

    client = serve(routes=[Route("/api/v1/write", write, methods=["POST"])])
    assert client.ask("POST", "/api/v1/write", body=b"x").body == b"taken"


# ------------------------------------------------------------------------------ the listener


def test_a_port_in_use_is_said_before_anything_is_opened() -> None:
    with web.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ServeError) as error:
            web.listen("127.0.0.1", port)
    assert (error.value.key, error.value.values["port"]) == ("web.port_in_use", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(ServeError) as error:
        web.listen(host, 0)
    assert error.value.key == "web.no_such_address"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
    ],
)
def test_the_address_is_one_that_a_browser_can_call(host: str, shown: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with web.listen(host, 0) as listener:
        assert web.address(listener) == f"{shown}{listener.getsockname()[1]}"


def test_a_question_in_an_address_may_be_as_long_as_a_question(client: Client) -> None:
    query = "1" + "+1" * 400 + " " * 15_000
    with urllib.request.urlopen(
        f"{client.base}/api/v1/query?query={query.replace('+', '%2B').replace(' ', '%20')}"
    ) as answer:
        assert b'"401"' in answer.read()


def test_stopping_lets_a_running_answer_end(serve: Serve) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        began.set()
        go_on.wait(10)
        return "late"

    client = serve(config_text=slowly)
    answers: list[object] = []
    asking = threading.Thread(
        target=lambda: answers.append(client.get("/api/v1/status/config").data)
    )
    asking.start()
    assert began.wait(10)
    threading.Timer(0.3, go_on.set).start()
    asking.join(10)
    assert answers == [{"yaml": "late"}]


def _connect(client: Client) -> socket.socket:
    host, port = client.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_who_leaves_within_a_request_or_an_answer_harms_nobody(serve: Serve) -> None:
    meter = RequestMetrics()
    client = serve(meter=meter)
    half = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nquery="
    with _connect(client) as leaving:
        leaving.sendall(half)
    query = urllib.parse.quote("demo_bucket * 1.1")
    begin, end = T0_MS / 1000, T0_MS / 1000 + 600
    address = f"/api/v1/query_range?query={query}&start={begin}&end={end}&step=0.06"
    with _connect(client) as leaving:
        leaving.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert leaving.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert client.get("/-/healthy").status == 200


def test_an_answer_nobody_waits_for_is_not_made() -> None:
    gone = threading.Event()
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for i in range(10):
            made.append(i)
            yield b"x" * (2 << 20)

    gathered = edge.gathered(pieces(), gone)
    assert len(next(gathered)) == 2 << 20
    gone.set()
    assert list(gathered) == []
    assert made == [0, 1]


def test_the_application_can_be_run_by_any_asgi_server(services: Services) -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(web.create_app(services)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
