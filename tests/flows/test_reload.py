"""The file is changed while jipyo runs: what changed begins, what did not goes on, or all stays."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from support import waiting
from support.http_server import page, serving
from support.product import jipyo, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from support.http_server import Answer, Server
    from support.product import Product

STALE = "+Inf"
WEB = "web: {lifecycle: true}\n"
wait_until = partial(waiting.wait_until, seconds=15)


class Site:
    """A configuration file, some exporters and the running product."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.file = folder / "jipyo.yaml"
        self._stack = stack
        self._servers: dict[str, Server] = {}
        self._paces: dict[str, str] = {}
        self.write("good", text=WEB)
        self.log = folder / "data.log"
        self.product: Product = stack.enter_context(up(folder / "data", "--config", str(self.file)))

    def serve(self, job: str, answer: Answer | None = None, pace: str = "1s") -> str:
        self._paces.setdefault(job, pace)
        if job not in self._servers:
            body = page(f"value_of_{job} 1\n".encode())
            self._servers[job] = self._stack.enter_context(serving(answer or body))
        return self._servers[job].url

    def write(self, *jobs: str, text: str = WEB) -> None:
        entries = "".join(
            f'  - {{job: {job}, url: "{self.serve(job)}", interval: {self._paces[job]}, '
            f"timeout: {self._paces[job]}}}\n"
            for job in jobs
        )
        self.file.write_text(
            "instance: here\n"
            f"{text}collect:\n  interval: 1s\n  process: false\n  gpu: false\n  scrape:\n{entries}",
            "utf-8",
        )

    def post(self, method: str = "POST") -> tuple[int, str]:
        url = f"{self.product.url}/-/reload"
        answer = urllib3.request(method, url, timeout=20, retries=False)
        return answer.status, answer.data.decode()

    def hang_up(self) -> None:
        """Send SIGHUP and wait until it has been obeyed."""
        before = self.log.read_text().count("reloaded")
        self.product.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log.read_text().count("reloaded") > before)

    def up_values(self, job: str) -> list[tuple[float, str]]:
        answer = self.product.get("/api/v1/query", query=f'up{{job="{job}"}}[1h]')
        return [tuple(pair) for row in answer["data"]["result"] for pair in row["values"]]

    def now(self, expr: str) -> list[str]:
        result = self.product.get("/api/v1/query", query=expr)["data"]["result"]
        return [row["value"][1] for row in result]

    def status(self) -> str:
        """What `jipyo status` prints about the configuration, which need not be valid by now."""
        valid = self.file.with_name("valid.yaml")
        valid.write_text("instance: here")
        words = ("--config", str(valid), "--data", str(self.product.data), "--lang", "en")
        return jipyo("status", *words).out

    def configuration(self, lang: str = "en") -> dict[str, Any]:
        overview = self.product.get("/api/jipyo/overview", lang=lang)["configuration"]
        assert overview == self.product.get("/api/jipyo/status", lang=lang)["configuration"]
        return dict(overview)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with contextlib.ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("reload"), stack)


def test_new_targets_begin_old_ones_end_and_the_others_have_no_gap(site: Site) -> None:
    wait_until(lambda: len(site.up_values("good")) >= 2)
    site.write("good", "first")
    assert site.post() == (200, "")
    wait_until(lambda: site.now('up{job="first"}') == ["1"])
    site.write("good", "second")
    site.hang_up()
    wait_until(lambda: site.now('up{job="second"}') == ["1"])
    assert site.now('up{job="first"}') == []
    assert site.now("value_of_first") == []
    wait_until(lambda: len(site.up_values("good")) >= 8)
    for job in ("good", "node", "jipyo"):
        times = [at for at, _ in site.up_values(job)]
        assert max(b - a for a, b in pairwise(times)) < 2.1, job
        assert min(b - a for a, b in pairwise(times[1:])) > 0.5, job  # none was scraped twice
    assert site.now("count_over_time(up{job='good'}[1h]) == count_over_time(up{job='good'}[1h])")


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("collect: {interval: 5}\nlisten: x\n", [":1: collect.interval", ":2: listen"]),
        ("catalogue: {metrics: {nothing: {unit: bytes}}}\n", [":1: catalogue.metrics"]),
        ("collect: [\n", [":2"]),
    ],
)
def test_a_wrong_file_changes_nothing_and_every_mistake_is_said(
    site: Site, text: str, mistakes: list[str]
) -> None:
    site.write("good")
    assert site.post()[0] == 200
    assert site.configuration() == {"current": True, "text": ""}
    effective = site.product.get("/api/v1/status/config")
    site.file.write_text(text)
    logged = len(site.log.read_text())
    status, answer = site.post()
    assert (status, answer.startswith("failed to reload config: ")) == (500, True)
    lines = [
        line for line in site.log.read_text()[logged:].splitlines() if "not reloaded: " in line
    ]
    assert len(lines) == len(mistakes)
    for mistake, line in zip(mistakes, lines, strict=True):
        assert mistake in answer
        assert mistake in line
    assert site.product.get("/api/v1/status/config") == effective
    assert not site.product.get("/api/v1/status/runtimeinfo")["data"]["reloadConfigSuccess"]
    for lang in ("en", "ko"):
        shown = site.configuration(lang)
        assert not shown["current"]
        assert mistakes[0] in shown["text"]
    wait_until(lambda: site.now("jipyo_config_last_reload_successful") == ["0"])
    assert "jipyo config check" in site.status()
    site.write("good")
    assert site.post()[0] == 200
    wait_until(lambda: site.now("jipyo_config_last_reload_successful") == ["1"])
    wait_until(
        lambda: site.now("time() - jipyo_config_last_reload_success_timestamp_seconds < 9") != []
    )


def test_what_waits_for_a_start_is_named(site: Site) -> None:
    site.write("good", text=f"{WEB}listen: 127.0.0.1:1\nstore: {{retention: 30d, cache: 1MiB}}\n")
    status, answer = site.post("PUT")
    keys = "store.retention, store.cache"  # --listen of the command line wins over the file
    assert (status, answer) == (200, f"Takes effect at the next start: {keys}\n")
    assert f"takes effect at the next start: {keys}" in site.log.read_text()
    assert "retention: 396d" in site.product.get("/api/v1/status/config")["data"]["yaml"]
    assert keys in site.configuration("ko")["text"]


def test_a_file_that_was_changed_and_not_reloaded_is_noticed(site: Site) -> None:
    site.write("good")
    site.post()
    assert site.configuration()["current"]
    site.write("good", text=f"{WEB}organisation: x\n")
    assert "reload" in site.configuration()["text"]
    site.post()
    assert site.configuration()["current"]


def test_thresholds_names_language_and_limits_take_effect_at_once(site: Site) -> None:
    site.write("good")
    site.post()
    text = (
        f"{WEB}language: ko\ntimezone: Asia/Tokyo\nreceive: {{max_body_size: 1KiB}}\n"
        "query: {max_points: 12}\n"
        "catalogue: {metrics: {system.cpu.utilization: {thresholds: {warning: 1, critical: 2}}}}\n"
    )
    site.write("good", text=text)
    assert site.post() == (200, "")
    overview = site.product.get("/api/jipyo/overview")
    assert (overview["lang"], overview["timezone"]) == ("ko", "Asia/Tokyo")
    cpu = next(each for each in overview["metrics"] if each["id"] == "system.cpu.utilization")
    assert cpu["thresholds"]["warning"] == 1
    url = f"{site.product.url}/api/v1/import/prometheus"
    assert urllib3.request("POST", url, body=b"a 1\n" * 999).status == 413
    end = int(time.time())
    url = f"{site.product.url}/api/v1/query_range?query=up&start={end - 60}&end={end}&step=1"
    assert urllib3.request("GET", url).status == 400
    wait_until(lambda: "+0900" in site.log.read_text().splitlines()[-1], seconds=5)


def test_reloads_at_once_and_beside_a_hanging_target_return_promptly(site: Site) -> None:
    hangs, is_over = threading.Event(), threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        hangs.set()
        is_over.wait(60)
        handler.close_connection = True

    site.serve("hanging", hang, pace="20s")
    site.write("good", "hanging")
    assert site.post()[0] == 200
    assert hangs.wait(60)
    site.write("good", text=f"{WEB}organisation: y\n")
    start, answers = time.monotonic(), []
    threads = [threading.Thread(target=lambda: answers.append(site.post())) for _ in range(4)]
    for thread in threads:
        thread.start()
    site.product.process.send_signal(signal.SIGHUP)
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - start
    is_over.set()
    assert answers == [(200, "")] * 4
    # Each does its own work, one after another, and none waits for the target's 20 seconds.
    assert took_s < 15
    times = [at for at, _ in site.up_values("good")]
    assert max(b - a for a, b in pairwise(times)) < 2.1


def test_the_route_is_off_until_it_is_switched_on(site: Site) -> None:
    site.write("good", text="")
    site.hang_up()
    assert site.post() == (403, "Lifecycle API is not enabled.\n")
    assert site.post("PUT")[0] == 403
    assert site.post("GET") == (405, "Only POST or PUT requests allowed")
    site.write("good")
    site.hang_up()
    assert site.post()[0] == 200


def test_signals_during_the_start_and_the_stop_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text("collect: {host: false, process: false, gpu: false}")
    with up(tmp_path / "data", "--config", str(file)) as product:
        os.kill(product.process.pid, signal.SIGHUP)
        product.process.send_signal(signal.SIGTERM)
        for _ in range(20):
            with contextlib.suppress(ProcessLookupError):
                os.kill(product.process.pid, signal.SIGHUP)
            time.sleep(0.01)
        assert product.process.wait(20) in (0, -signal.SIGHUP)
