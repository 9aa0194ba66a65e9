"""From a collector to another jipyo: `remote_write:` of a server, `jipyo agent`, and a reload."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from support import waiting
from support.product import jipyo, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.product import Product

ALONE = "collect: {interval: 1s, host: false, process: false, gpu: false}\n"
wait_until = partial(waiting.wait_until, seconds=20)


def write_config(folder: Path, name: str, url: str, more: str = "") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(
        f"instance: {name}\n{ALONE}remote_write:\n"
        f"- {{url: '{url}/api/v1/write', name: there, send_interval: 200ms{more}}}\n"
    )
    return file


@contextlib.contextmanager
def agent(folder: Path, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "jipyo", "agent", "--config", str(config)]
    with (folder / "agent.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "agent")], stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("server")
    config = folder / "server.yaml"
    config.write_text(f"instance: server\n{ALONE}")
    with up(folder / "data", "--config", str(config)) as running:
        yield running


Samples = dict[frozenset[tuple[str, str]], list[tuple[float, str]]]


def sent(server: Product, name: str) -> Samples:
    """What a server has of the metrics of another jipyo."""
    query = f'{{job="jipyo", instance="{name}"}}[1h]'
    rows = server.get("/api/v1/query", query=query)["data"]["result"]
    return {frozenset(row["metric"].items()): row["values"] for row in rows}


def test_a_server_sends_what_it_stores(tmp_path: Path, server: Product) -> None:
    config = write_config(tmp_path, "sender", server.url, ", external_labels: {site: 서울}")
    with up(tmp_path / "data", "--config", str(config)) as sender:
        wait_until(lambda: len(sent(server, "sender")) > 30)
        ours = sent(sender, "sender")
        newest = max(samples[-1][0] for samples in ours.values())
        wait_until(
            lambda: max(samples[-1][0] for samples in sent(server, "sender").values()) > newest
        )
        theirs = sent(server, "sender")
    for labels, samples in ours.items():
        found = theirs[labels | {("site", "서울")}]
        assert [one for one in found if one[0] <= newest] == samples
    assert server.get("/api/v1/metadata", metric="jipyo_build_info")["data"]


def test_an_agent_sends_and_ends_its_series_with_stale_markers(
    tmp_path: Path, server: Product
) -> None:
    with agent(tmp_path, write_config(tmp_path, "agent", server.url)) as process:
        wait_until(lambda: len(sent(server, "agent")) > 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    query = 'count({job="jipyo", instance="agent"})'
    assert server.get("/api/v1/query", query=query)["data"]["result"] == []


def test_a_reload_changes_where_an_agent_sends(tmp_path: Path, server: Product) -> None:
    config = write_config(tmp_path, "moving", "http://127.0.0.1:1")
    with agent(tmp_path, config) as process:
        queue = tmp_path / "agent" / "remote_write"
        wait_until(lambda: sum(file.stat().st_size for file in queue.glob("*")) > 10_000)
        assert sent(server, "moving") == {}
        reloaded_s = time.time()
        write_config(tmp_path, "moving", server.url)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(sent(server, "moving")) > 30)
        # What waited for the other address comes, too: the name is the same.
        first = min(samples[0][0] for samples in sent(server, "moving").values())
        assert first < reloaded_s
        config.write_text("remote_write: [{}]")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: b"not reloaded" in (tmp_path / "agent.log").read_bytes())
        assert process.poll() is None


def test_an_agent_without_a_server_to_send_to_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(ALONE)
    result = jipyo("agent", "--config", str(file), "--data", str(tmp_path / "data"))
    assert result.code == 2
    assert "names no server to send to" in result.err


def test_an_agent_cannot_share_the_data_folder_of_another(tmp_path: Path) -> None:
    config = write_config(tmp_path, "one", "http://127.0.0.1:1")
    with agent(tmp_path, config):
        wait_until((tmp_path / "agent" / "remote_write" / "there.position").exists)
        result = jipyo("agent", "--config", str(config), "--data", str(tmp_path / "agent"))
    assert result.code == 1
    assert "Another process is sending" in result.err
