"""The dashboard's files, and its page at every address that the dashboard routes itself."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.static_files import find_file, is_page_route, routes, set_base
from support.web import Client

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., Client]


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
    client = serve(*routes(static))
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
    client = serve(*routes(static))
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
    answer = serve(*routes(static)).get(path)
    assert answer.status == 404
    assert answer.json["errorType"] == "not_found"


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/", "./"),
        ("/index.html", "./"),
        ("/logs", "./"),
        ("/logs?from=now-1h", "./"),
        ("/metrics/system.cpu.utilization", "../"),
        ("/targets/", "../"),
        ("/reports/a%2Fb", "../"),
        ("/metrics/a%3Fb", "../"),
        ("/metrics/%ED%95%9C", "../"),
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
    answer = serve(*routes(static)).get(path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert f'<base href="{base}">' in page
    assert page.count("<base") == 1
    assert "secret" not in page


@pytest.mark.parametrize("prefix", ["", "/jipyo", "/tools/jipyo"])
@pytest.mark.parametrize("view", ["/", "/logs", "/metrics/a%2Fb", "/a/b/c/"])
def test_relative_addresses_reach_the_assets_behind_any_prefix(prefix: str, view: str) -> None:
    html = set_base(b'<base href="./">', view.encode()).decode()
    base = urllib.parse.urljoin(f"https://host{prefix}{view}", html.split('"')[1])
    assert urllib.parse.urljoin(base, "assets/a.js") == f"https://host{prefix}/assets/a.js"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_view_is_only_read(serve: Serve, static: Path, method: str) -> None:
    assert serve(*routes(static)).ask(method, "/metrics/x").status == 405


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/read", "/api/v1/admin/tsdb/snapshot", "/api/x", "/v1/x"])
def test_what_no_program_is_served_is_not_there_for_any_method(
    serve: Serve, static: Path, method: str, path: str
) -> None:
    answer = serve(*routes(static)).ask(method, path)
    assert (answer.status, answer.json["errorType"]) == (404, "not_found")


def test_a_dashboard_that_was_not_built_says_so_in_both_languages(
    serve: Serve, tmp_path: Path
) -> None:
    page = serve(*routes(tmp_path)).get("/metrics/x")
    assert page.status == 503
    assert "대시보드가 빌드되지 않았습니다" in page.body.decode()
    assert "The dashboard was not built" in page.body.decode()
    assert '<base href="../">' in page.body.decode()


SEGMENTS = st.lists(
    st.sampled_from(
        ["metric", "a%2Fb", "..", ".", "%2e%2e", "secret.txt", "way-out", "api", "-", ""]
    ),
    max_size=6,
)


@given(segments=SEGMENTS)
def test_no_path_leads_out_of_the_folder(
    segments: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    folder = outside / "static"
    folder.mkdir()
    (outside / "secret.txt").write_text("secret")
    (folder / "way-out").symlink_to(outside / "secret.txt")
    (folder / "index.html").write_text("page")
    file = find_file(folder, urllib.parse.unquote("/".join(segments)))
    assert file is None or file.is_relative_to(folder.resolve())


@given(st.lists(st.text("ab%2F", min_size=1), min_size=1, max_size=5), st.booleans())
def test_the_base_always_leads_to_the_root(segments: list[str], slash: bool) -> None:
    path = "/" + "/".join(segments) + "/" * slash
    base = set_base(b'<base href="./">', path.encode()).decode().split('"')[1]
    assert urllib.parse.urljoin(f"https://host/prefix{path}", base) == "https://host/prefix/"


@pytest.mark.parametrize(
    ("path", "is_page"),
    [
        ("", True),
        ("logs", True),
        ("metrics/system.cpu.utilization", True),
        ("apis", True),
        ("metrics.old", True),
        ("api", False),
        ("api/v1/nothing", False),
        ("v1/logs", False),
        ("metrics/", False),
        ("metrics/job/x", False),
        ("federate/x", False),
        ("-/reload", False),
        ("assets/gone", False),
        ("favicon.ico", False),
        ("a\0b", False),
    ],
)
def test_views_are_what_belongs_to_no_machine(path: str, is_page: bool) -> None:
    assert is_page_route(path) is is_page
