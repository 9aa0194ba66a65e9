"""Every path that is served stands in the documentation of the HTTP API, in both languages."""

from pathlib import Path

import pytest

from jipyo.web import exporter as pages
from jipyo.web.api.routes import ENDPOINTS
from jipyo.web.prometheus import query as prometheus_api

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("file", ["http-api.md", "http-api.ko.md"])
def test_every_path_is_documented(file: str) -> None:
    text = (DOCS / file).read_text("utf-8")
    paths = [
        f"/api/v1{row.path}".replace("{name:path}", "{name}") for row in prometheus_api.table()
    ]
    paths += [path for path, _ in pages.table()]
    paths += [f"/api/jipyo{row.path}" for row in ENDPOINTS]
    assert [path for path in paths if f"`{path}`" not in text] == []


@pytest.mark.parametrize("file", ["http-api.md", "http-api.ko.md"])
def test_the_methods_are_those_that_are_taken(file: str) -> None:
    lines = (DOCS / file).read_text("utf-8").splitlines()
    for row in prometheus_api.table():
        path = f"`/api/v1{row.path}`".replace("{name:path}", "{name}")
        line = next(one for one in lines if one.startswith("|") and path in one)
        assert ("GET POST" in line) is row.post, line
