"""The examples with folders of their own: every command of the README, in order, as it stands.

Only the addresses are those of this machine. A server is a namespace with a host name of its
own where an example has several.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from support import services
from support.metric_servers import built, prometheus
from support.readme import EXAMPLES, copy_example, read_commands
from support.services import binary, free_port, running
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

GPU_SERVERS = ("gpu-server-1", "gpu-server-2", "gpu-server-3")


@contextmanager
def shell(folder: Path, script: str, host: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A script in a folder, and what it started in the background, for the length of a `with`."""
    programs = (Path(sys.executable).parent, services.folder() / "bin")
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path, "HOME": str(folder), "JIPYO_LANG": "en"}
    command = ["bash", "-euo", "pipefail", "-c", f"{script}\ntouch followed\nsleep infinity"]
    if host:
        command = ["unshare", "--uts", "bash", "-c", f'hostname {host} && exec "$@"', "-", *command]
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def finish(process: subprocess.Popen[bytes], folder: Path, seconds: float = 90) -> str:
    """What the script has printed once all of its commands are done."""
    followed = folder / "followed"
    wait_until(lambda: followed.exists() or process.poll() is not None, seconds)
    text = (folder / "output.log").read_text()
    assert followed.exists(), text
    return text


def get(url: str, **fields: str) -> Any:
    response = urllib3.request("GET", url, fields=fields, retries=False, timeout=10)
    assert response.status == 200, response.data
    return response.json()


def read_last_minute(url: str, query: str) -> list[Any]:
    """What a server has at the last whole minute: a report has a value a minute."""
    minute = str(time.time() // 60 * 60)
    fields = {"query": query, "start": minute, "end": minute, "step": "60"}
    return list(get(f"{url}/api/v1/query_range", **fields)["data"]["result"])


def read_report(folder: Path) -> str:
    (report,) = (folder / "reports").iterdir()
    return report.read_text("utf-8")


@contextmanager
def existing_prometheus(folder: Path) -> Iterator[str]:
    """A Prometheus that scrapes a node_exporter, as a site has one."""
    exporter = f"127.0.0.1:{free_port()}"
    config = (
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{exporter}']}}]}}]\n"
    )
    node = [binary("node_exporter"), f"--web.listen-address={exporter}"]
    with (
        running(node, f"http://{exporter}/", folder / "node.log"),
        prometheus(folder, built("prometheus"), config) as server,
    ):
        ready = "count(rate(node_cpu_seconds_total[1m]))"
        wait_until(lambda: read_last_minute(server.url, ready), 120)
        yield server.url


def test_jipyo_over_an_existing_prometheus(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with existing_prometheus(tmp_path / "site") as url:
        own = f"127.0.0.1:{free_port()}"
        addresses = {"http://prometheus:9090": url, "127.0.0.1:9797": own}
        folder = copy_example("existing-prometheus", tmp_path / "jipyo", addresses)
        config = folder / "jipyo.yaml"
        config.write_text(config.read_text() + f"listen: {own}\n")
        scripts = read_commands(folder / "README.md")
        *before, stop = scripts.values()
        with shell(folder, "".join(before)) as process:
            output = finish(process, folder)
            verdict = get(f"http://{own}/api/jipyo/overview")["verdict"]
        (folder / "followed").unlink()
        with shell(folder, f"{before[1]}{stop}wait %1\n") as process:
            finish(process, folder)
    assert '{job="node",source="prometheus"}' in output
    assert "\nCPU utilisation " in output
    assert verdict["state"] in ("ok", "pending", "warning", "critical")
    assert verdict["counts"]["absent"] < 120
    assert "node_cpu_seconds_total" in read_report(folder)  # the query of a metric


def has_values(address: str, metric: str) -> bool:
    """Whether the overview of a server shows a metric."""
    metrics = get(f"http://{address}/api/jipyo/overview")["metrics"]
    return any(one["id"] == metric and not one["absent"] for one in metrics)


def test_three_agents_into_victoriametrics_and_one_jipyo(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        services.missing("host names of their own need root")
    binary("victoria-metrics")
    monitor, own = (f"127.0.0.1:{free_port()}" for _ in range(2))
    addresses = {"monitor:8428": monitor, "127.0.0.1:9797": own}
    victoria, agent, jipyo = read_commands(EXAMPLES / "agents" / "README.md")
    with ExitStack() as stack:

        def follow(part: str, name: str, host: str = "") -> str:
            """Follow a part of the README in a folder of its own."""
            folder = copy_example("agents", tmp_path / name, addresses)
            if part == jipyo:
                config = folder / "jipyo.yaml"
                config.write_text(config.read_text() + f"listen: {own}\n")
            script = read_commands(folder / "README.md")[part]
            return finish(stack.enter_context(shell(folder, script, host)), folder)

        follow(victoria, "victoria")
        for server in GPU_SERVERS:
            follow(agent, server, server)
        wait_until(lambda: find_instances(f"http://{monitor}") == set(GPU_SERVERS), 150)
        output = follow(jipyo, "jipyo")
        wait_until(lambda: has_values(own, "system.memory.utilization"), 60)
    for server in GPU_SERVERS:
        assert f'{{instance="{server}",source="fleet"}}' in output
        assert server in read_report(tmp_path / "jipyo")


def find_instances(url: str) -> set[str]:
    """The hosts that VictoriaMetrics has samples of at the last whole minute."""
    try:
        rows = read_last_minute(url, "count by (instance) (node_memory_MemTotal_bytes)")
    except urllib3.exceptions.HTTPError:
        return set()
    return {row["metric"]["instance"] for row in rows}
