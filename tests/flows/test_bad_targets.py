"""Whatever a target does, it has a clear state, and everything else goes on untouched."""

from __future__ import annotations

import contextlib
import gzip
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from support.http_server import page, serving
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from support.http_server import Answer
    from support.product import Product


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A page that never ends, as fast as it is read."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain; version=0.0.4")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"# nothing but a comment\n" * 4096)


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Nothing at all for longer than anybody waits."""
    time.sleep(3)
    handler.close_connection = True


GIGABYTE = gzip.compress(b"# " + b"0" * (1 << 20) + b"\n") * 1024
"""A gigabyte of comments in a megabyte of gzip members."""
AHEAD = f"x 1 {int(time.time() + 90 * 86_400) * 1000}\nnew 1\n".encode()
DOWN: dict[str, tuple[Answer, str]] = {  # what the text must name
    "cut": (page(b"x 1\n", length=100), ""),
    "html": (page(b"<html>login</html>", content_type="text/html"), "text/html"),
    "garbage": (page(b"<html>\n"), "1"),
    "charset": (page('x{a="값"} 1\n'.encode("euc-kr")), "UTF-8"),
    "gigabyte": (page(GIGABYTE, content_encoding="gzip"), "64"),
    "endless": (endless, ""),
    "silent": (silent, ""),
    "refused": (page(b"", status=401), "401"),
    "broken": (page(b"", status=500), "500"),
}
UP: dict[str, Answer] = {
    "twice": page(b"x 1\nx 2\nother 3\n"),
    "ahead": page(AHEAD),
    "good": page(b"x 1\n"),
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("bad")
    answers = {name: answer for name, (answer, _) in DOWN.items()} | UP
    with contextlib.ExitStack() as stack:
        jobs = "".join(
            f"    - {{job: {name}, interval: {'1s' if name in UP else '5s'}, "
            f'url: "{stack.enter_context(serving(answer)).url}"}}\n'
            for name, answer in answers.items()
        )
        config = folder / "jipyo.yaml"
        gone = f'    - {{job: gone, interval: 5s, url: "http://127.0.0.1:1/metrics"}}\n{jobs}'
        config.write_text(
            f"instance: here\ncollect:\n  interval: 1s\n  scrape:\n{gone}", encoding="utf-8"
        )
        running = stack.enter_context(up(folder / "data", "--config", str(config)))
        end = time.monotonic() + 30
        while time.monotonic() < end and not is_settled(running):
            time.sleep(0.2)
        yield running


def is_settled(product: Product) -> bool:
    """Whether every target has been read, and the good one for some seconds."""
    if any(one["state"] == "unknown" for one in targets(product).values()):
        return False
    return len(next(iter(product.samples('up{job="good"}').values()))) >= 5


def targets(product: Product, lang: str = "en") -> dict[str, dict[str, Any]]:
    listed = product.get("/api/jipyo/targets", lang=lang)["targets"]
    return {target["job"]: target for target in listed}


@pytest.mark.parametrize("name", [*DOWN, "gone"])
def test_a_target_that_cannot_be_read_says_why_in_both_languages(
    product: Product, name: str
) -> None:
    english, korean = (targets(product, lang)[name] for lang in ("en", "ko"))
    assert english["state"] == korean["state"] == "down"
    assert DOWN.get(name, (None, ""))[1] in english["error"]
    assert english["error"] != korean["error"]
    assert "Traceback" not in english["error"]
    (vector,) = product.get("/api/v1/query", query=f'up{{job="{name}"}}')["data"]["result"]
    assert vector["value"][1] == "0"


@pytest.mark.parametrize(("name", "kept"), [("twice", "other"), ("ahead", "new"), ("good", "x")])
def test_what_is_good_of_a_page_is_kept_and_what_is_not_is_counted(
    product: Product, name: str, kept: str
) -> None:
    target = targets(product)[name]
    assert target["state"] == "up"
    assert product.get("/api/v1/query", query=f'{kept}{{job="{name}"}}')["data"]["result"]
    assert bool(target["rejected"] or target["notes"]) == (name != "good"), target


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/write", {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}),
        (
            "/api/v1/write",
            {
                "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "Content-Encoding": "snappy",
            },
        ),
        ("/v1/metrics", {"Content-Type": "application/x-protobuf"}),
        ("/v1/metrics", {"Content-Type": "application/json"}),
        ("/api/v1/import/prometheus", {"Content-Encoding": "gzip"}),
    ],
)
def test_a_damaged_body_is_refused_once_and_for_all(
    product: Product, path: str, headers: dict[str, str]
) -> None:
    answer = urllib3.request("POST", product.url + path, body=b"\xff\x00damaged", headers=headers)
    assert answer.status == 400
    assert answer.data


@pytest.mark.parametrize("job", ["node", "process", "good"])
def test_everything_else_goes_on_second_by_second(product: Product, job: str) -> None:
    (values,) = product.samples(f'up{{job="{job}"}}').values()
    times = [at for at, _ in values]
    assert len(times) >= 4
    assert all(value == "1" for _, value in values)
    assert max(b - a for a, b in pairwise(times)) < 2.1
