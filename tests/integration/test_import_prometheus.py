"""History moves in from real servers: bit for bit, whatever interrupts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import urllib3

from jipyo.app import store_admin
from jipyo.model.errors import StoreError
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_NAN, Scrape, SeriesBlock, is_stale
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Reader, Store
from jipyo.wire.exposition.write import format_series
from support import metric_servers
from support.history import load_history
from support.product import jipyo
from support.services import binary, free_port, wait_http

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.model.result import Vector
    from support.metric_servers import MetricServer

pytestmark = pytest.mark.integration

STEP_MS, HOUR_MS, DAY_MS = 15_000, 3_600_000, 86_400_000
END_MS = (int(time.time() * 1000) // DAY_MS - 1) * DAY_MS
START_MS = END_MS - 3 * DAY_MS
DAYS = ("--from", str(START_MS / 1000), "--to", str(END_MS / 1000))
Samples = dict[Labels, list[tuple[int, int]]]
"""Of each series the times and the bits of the values."""


def make_history(hosts: int, metrics: int) -> Iterator[tuple[Labels, np.ndarray, np.ndarray]]:
    """Three days of counters and gauges, with gaps, ends and values that are hard to write."""
    rng = np.random.default_rng(13)
    odd = np.array([np.nan, np.inf, -np.inf, -0.0, 0.1 + 0.2, 5e-324, 1.7e308, 2.0**53 + 1])
    for host in range(hosts):
        t_ms = np.arange(START_MS + 1000 + 137 * host, END_MS + 1, STEP_MS)
        for metric in range(metrics):
            name = f"m{metric}" + ("_total" if metric % 2 else "")
            labels = {"__name__": name, "instance": f"서버{host}:9100", "job": "node"}
            steps = rng.integers(0, 50, len(t_ms)).astype(float)
            values = np.cumsum(steps) if metric % 2 else np.round(steps * 1.1, 3)
            keep = np.ones(len(t_ms), bool)
            if metric == 2:
                values[100 : 100 + len(odd)] = odd
            if metric == 3:
                keep[3000:3200] = False
            if metric == 4:
                keep[7000 + host :] = False
            yield Labels.of(labels), t_ms[keep], values[keep]


def gather_truth(hosts: int, metrics: int) -> Samples:
    return {
        labels: list(zip(t_ms.tolist(), values.view(np.uint64).tolist(), strict=True))
        for labels, t_ms, values in make_history(hosts, metrics)
    }


def read_store(data: Path) -> Samples:
    """All samples but stale markers; a NaN as Python writes it, for JSON has only one."""
    samples: Samples = {}
    with Reader.open(data) as store:
        for block in store.select([], 0, 1 << 60):
            keep = ~is_stale(block.values)
            bits = np.where(np.isnan(block.values), np.nan, block.values).view(np.uint64)
            for labels, row, which in zip(block.series, bits, keep, strict=True):
                pairs = zip(block.t_ms[which].tolist(), row[which].tolist(), strict=True)
                samples.setdefault(labels, []).extend(pairs)
    return samples


@dataclass
class Prometheus:
    """A server over blocks that promtool made; it can be killed and come back."""

    program: str
    folder: Path
    flags: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Prometheus:
        self.port = self.port or free_port()
        (self.folder / "prometheus.yml").write_text("{}")
        command = [
            self.program,
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--storage.tsdb.retention.time=30y",
            *self.flags,
        ]
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        wait_http(f"{self.url}/-/ready", self.process)
        return self

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number is signal.SIGKILL:
            self.process.wait()


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of 200 series in Prometheus' own format."""
    series = make_history(10, 20)
    history = (SeriesBlock((labels,), t_ms, values[None]) for labels, t_ms, values in series)
    return load_history(tmp_path_factory.mktemp("blocks"), history)


@contextlib.contextmanager
def serving(program: str, blocks: Path, folder: Path, *flags: str) -> Iterator[Prometheus]:
    folder.mkdir()
    (folder / "data").mkdir()
    for block in blocks.iterdir():
        subprocess.run(["cp", "-rl", block, folder / "data"], check=True)
    server = Prometheus(program, folder, flags)
    try:
        yield server.start()
    finally:
        server.send(signal.SIGCONT)
        server.send(signal.SIGKILL)


def start(url: str, data: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jipyo", "import", "prometheus", "--url", url, *DAYS]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*command, "--data", str(data), "--lang", "en", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environ,
    )


def wait_for_samples(data: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many samples are stored."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "it was done before it could be interrupted"
        with contextlib.suppress(StoreError):
            if store_admin.read_stats(data).samples >= count:
                return
        time.sleep(0.05)
    raise AssertionError("nothing was stored")


def move_in(url: str, data: Path, *options: str) -> tuple[int, str]:
    result = jipyo("import", "prometheus", "--url", url, "--data", str(data), *options)
    return result.code, result.out + result.err


@pytest.mark.parametrize("program", ["prometheus", "/usr/bin/prometheus"])
def test_every_sample_of_prometheus_arrives_bit_for_bit(
    program: str, blocks: Path, tmp_path: Path
) -> None:
    flags = ("--query.max-samples=400000",)
    with serving(binary(program), blocks, tmp_path / "server", *flags) as server:
        code, text = move_in(server.url, tmp_path / "data", *DAYS, "--lang", "en")
        assert code == 0, text
        assert "all 20 metrics have the same counts and sums" in text
        assert read_store(tmp_path / "data") == gather_truth(10, 20)
        again, text = move_in(server.url, tmp_path / "data", *DAYS, "--lang", "en")
        assert again == 0
        assert "0 samples of 0 series imported" in text
    assert jipyo("db", "check", "--data", str(tmp_path / "data")).code == 0


def test_source_selectors_and_times_choose_what_is_copied(blocks: Path, tmp_path: Path) -> None:
    hours = ("--from", str(START_MS / 1000 + 3600), "--to", str(START_MS / 1000 + 7200))
    selectors = ("--match", 'm1_total{instance="서버3:9100"}', "--match", '{__name__=~"m[06]"}')
    config = tmp_path / "jipyo.yaml"
    with serving(binary("prometheus"), blocks, tmp_path / "server") as server:
        config.write_text(f"sources: [{{name: central, url: {server.url}}}]\n")
        named = ("--source", "central", "--config", str(config), "--data", str(tmp_path / "data"))
        result = jipyo("import", "prometheus", *named, *hours, *selectors)
    assert result.code == 0, result.err
    window = range(START_MS + HOUR_MS + 1, START_MS + 2 * HOUR_MS + 1)
    assert read_store(tmp_path / "data") == {
        labels: [sample for sample in samples if sample[0] in window]
        for labels, samples in gather_truth(10, 20).items()
        if labels.metric in {"m0", "m6"}
        or (labels.metric == "m1_total" and labels["instance"] == "서버3:9100")
    }


def test_killed_at_any_moment_it_goes_on_and_doubles_nothing(blocks: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(binary("prometheus"), blocks, tmp_path / "server") as server:
        for count in (1, 500_000, 1_000_000):
            process = start(server.url, data)
            wait_for_samples(data, count, process)
            process.kill()
            process.communicate()
        process = start(server.url, data)
        wait_for_samples(data, 1_300_000, process)
        process.send_signal(signal.SIGINT)
        text = process.communicate(timeout=20)[0].decode()
        assert process.returncode == 130
        assert "Run the same command again" in text
        code, text = move_in(server.url, data, *DAYS, "--lang", "en")
        assert code == 0, text
        assert "same counts and sums" in text
    assert read_store(data) == gather_truth(10, 20)


def test_a_server_that_dies_or_hangs_ends_it_in_bounded_time(blocks: Path, tmp_path: Path) -> None:
    data, stored = tmp_path / "data", 0
    with serving(binary("prometheus"), blocks, tmp_path / "server") as server:
        for number, words in (
            (signal.SIGKILL, "refused"),
            (signal.SIGSTOP, "did not complete within 3 s"),
        ):
            process = start(server.url, data, "--timeout", "3s")
            wait_for_samples(data, stored + 300_000, process)
            server.send(number)
            began = time.monotonic()
            text = process.communicate(timeout=30)[0].decode()
            assert process.returncode == 1, text
            assert time.monotonic() - began < 15
            assert words in text, text
            assert "Run the same command again" in text
            stored = store_admin.read_stats(data).samples
            if number is signal.SIGKILL:
                server.start()
            else:
                server.send(signal.SIGCONT)
        code, text = move_in(server.url, data, *DAYS)
        assert code == 0, text
    assert read_store(data) == gather_truth(10, 20)


def test_a_restart_of_the_server_is_waited_for(blocks: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(binary("prometheus"), blocks, tmp_path / "server") as server:
        process = start(server.url, data)
        wait_for_samples(data, 300_000, process)
        server.send(signal.SIGKILL)
        time.sleep(1)
        server.start()
        text = process.communicate(timeout=60)[0].decode()
        assert process.returncode == 0, text
    assert read_store(data) == gather_truth(10, 20)


def test_what_differs_is_named_and_read_again(blocks: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    labels, t_ms, _ = next(make_history(1, 1))
    with Store.open(data, now_ms=lambda: START_MS + DAY_MS) as store:
        store.append([Scrape(int(t_ms[5]), (labels,), np.array([12345.0]))])
    select = ("--match", "m0", *DAYS, "--lang", "en")
    with serving(binary("prometheus"), blocks, tmp_path / "server") as server:
        code, text = move_in(server.url, data, *select)
        assert code == 1
        assert "1 of 1 metric differ from the server" in text
        assert "m0: 1 series, from " in text
        assert "1 rejected: duplicate sample for timestamp" in text
        jipyo("db", "delete", "m0", "--yes", "--data", str(data))
        code, text = move_in(server.url, data, *select)
        assert code == 1  # the other days were complete, and are compared with nothing
        code, text = move_in(server.url, data, *select)
        assert code == 0, text
    truth = gather_truth(10, 20)
    assert read_store(data) == {k: v for k, v in truth.items() if k.metric == "m0"}


def test_a_store_in_use_is_left_alone_and_the_remedy_named(blocks: Path, tmp_path: Path) -> None:
    with (
        serving(binary("prometheus"), blocks, tmp_path / "server") as server,
        Store.open(tmp_path / "data", now_ms=lambda: END_MS),
    ):
        code, text = move_in(server.url, tmp_path / "data", *DAYS, "--lang", "en")
    assert code == 1
    assert "Stop the running jipyo first" in text


# --- stale markers


def make_scrapes() -> list[Scrape]:
    """An hour of three series: one ends, one pauses for ten minutes, one for two."""
    series = tuple(Labels.of({"__name__": "g", "of": name}) for name in ("end", "pause", "blink"))
    scrapes = []
    for t_ms in range(START_MS + STEP_MS, START_MS + HOUR_MS, STEP_MS):
        minute = (t_ms - START_MS) / 60_000
        lives = (minute < 20, not 20 <= minute < 30, not 20 <= minute < 22)
        rows = [n for n in range(3) if lives[n] or minute == 20]
        values = np.where([lives[n] for n in rows], minute, np.array([STALE_NAN]))
        scrapes.append(Scrape(t_ms, tuple(series[n] for n in rows), values))
    return scrapes


def read_steps(source: Embedded) -> list[dict[str, float]]:
    """What an instant query of each 15 s sees."""
    answers: Sequence[Vector] = [
        source.instant("g", t_ms).value  # type: ignore[misc]  # a selector gives a vector
        for t_ms in range(START_MS + STEP_MS, START_MS + HOUR_MS, STEP_MS)
    ]
    return [
        {k["of"]: v for k, v in zip(one.series, one.values.tolist(), strict=True)}
        for one in answers
    ]


@contextlib.contextmanager
def stale_server(kind: str, folder: Path) -> Iterator[MetricServer]:
    if kind == "prometheus":
        config = "{storage: {tsdb: {out_of_order_time_window: 30d}}}"
        with metric_servers.prometheus(folder, binary("prometheus"), config) as server:
            yield server
    else:
        with metric_servers.victoria(folder, binary(kind)) as server:
            yield server


@pytest.mark.parametrize("kind", ["prometheus", "victoria-metrics", "/usr/bin/victoria-metrics"])
def test_series_end_where_they_ended_at_the_server(kind: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with stale_server(kind, tmp_path / "server") as server:
        server.load(make_scrapes())
        code, text = move_in(server.url, data, *DAYS, "--lang", "en")
        assert code == 0, text
    with Reader.open(data) as store:
        seen = read_steps(Embedded(store, Engine()))
    true = []
    for scrape in make_scrapes():
        keep = ~is_stale(scrape.values)
        names = [labels["of"] for labels in scrape.series]
        pairs = zip(names, scrape.values.tolist(), keep, strict=True)
        true.append({name: value for name, value, which in pairs if which})
    different = {
        name
        for ours, theirs in zip(seen, true, strict=True)
        for name in ("end", "pause", "blink")
        if ours.get(name) != theirs.get(name)
    }
    # Prometheus does not show its markers: a pause within the lookback is not seen.
    assert different == ({"blink"} if kind == "prometheus" else set())


@pytest.mark.parametrize("program", ["victoria-metrics", "/usr/bin/victoria-metrics"])
def test_every_sample_of_victoria_metrics_arrives(program: str, tmp_path: Path) -> None:
    with metric_servers.victoria(tmp_path / "server", binary(program)) as server:
        truth: Samples = {}
        lines = []
        for labels, t_ms, values in make_history(3, 2):
            truth[labels] = list(zip(t_ms.tolist(), values.view(np.uint64).tolist(), strict=True))
            name = format_series(labels)
            pairs = zip(values.tolist(), t_ms.tolist(), strict=True)
            lines += [f"{name} {value!r} {t}\n" for value, t in pairs]
        body = "".join(lines).encode()
        url = f"{server.url}/api/v1/import/prometheus"
        assert urllib3.request("POST", url, body=body).status == 204
        urllib3.request("GET", f"{server.url}/internal/force_flush")
        code, text = move_in(server.url, tmp_path / "data", *DAYS, "--lang", "en")
        assert code == 0, text
        assert "all 2 metrics have the same counts and sums" in text
    assert read_store(tmp_path / "data") == truth
