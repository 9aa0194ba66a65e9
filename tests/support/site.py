"""A site for tests: real servers of every kind behind breakable paths, and a `jipyo.yaml`."""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import psutil

from support import databases, services
from support.ai_servers import Traffic, read_server
from support.http_server import page, serving
from support.network_link import LinkState, NetworkLink, linked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from support.databases import Server
    from support.http_server import Answer

COLLECTORS = ("meminfo", "netdev", "time", "uname")
"""Of node_exporter: not the load of the machine that runs the test."""
MODEL = "meta-llama/Llama-3.1-8B-Instruct"
REQUESTS_PER_S = 5
PROMPT_ANSWERS = {
    "first_token": ((0.2, 100),),
    "response": ((0.6, 100),),
    "inter_token": ((0.02, 100),),
    "queue": ((0.05, 100),),
}
"""How long requests to the model server take: within every threshold."""


class Blow(Enum):
    """What a source suffers."""

    STOPPED = "stopped"
    """The server is ended, and its address refuses connections."""
    HUNG = "hung"
    """Every process of the server is frozen (SIGSTOP); or, where it runs within the test,
    connections open and nothing gets through."""
    CUT = "cut"
    """Connections break in the middle of an answer."""


@dataclass(frozen=True)
class SiteSource:
    """Something that the site watches, and the path to it."""

    job: str
    instance: str
    link: NetworkLink
    server: Server | None
    """None for one that runs within the test."""
    is_scraped: bool = True
    """Whether jipyo itself reads it; else an exporter does, which stays up."""

    @property
    def name(self) -> str:
        """As the verdict has it."""
        return f"{self.job} {self.instance}"

    def suffer(self, blow: Blow) -> None:
        """Break it."""
        match blow:
            case Blow.STOPPED:
                self.link.set_state(LinkState.REFUSED)
                if self.server is not None:
                    self.server.stop()
            case Blow.HUNG if self.server is None:
                self.link.set_state(LinkState.SILENT)
            case Blow.HUNG:
                self._signal(signal.SIGSTOP)
            case Blow.CUT:
                self.link.set_state(LinkState.CUT)

    def recover(self) -> None:
        """Make it whole again, whatever it suffered; returns once the server answers."""
        if self.server is not None:
            self._signal(signal.SIGCONT)
            if self.server.process is None:
                self.server.start()
        self.link.set_state(LinkState.OPEN)

    def _signal(self, number: signal.Signals) -> None:
        if self.server is None or self.server.process is None:
            return
        main = psutil.Process(self.server.process.pid)
        for process in (main, *main.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)


@dataclass(frozen=True)
class Site:
    """All that is watched, and the configuration that watches it."""

    config: Path
    sources: tuple[SiteSource, ...]


@contextlib.contextmanager
def build_site(folder: Path, timezone: str) -> Iterator[Site]:
    """A running site; databases keep their data in a folder that their users may enter."""
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(databases.folder())
        made = {
            "postgres": databases.postgres(where),
            "mysql": databases.mariadb(where),
            "redis": databases.redis_server(where),
            "nginx": databases.nginx(_folder(where, "web")),
            "front": databases.nginx(_folder(where, "front")),
            "node": _node_exporter(where),
            "monitor": databases.prometheus(_folder(where, "monitor"), {}, 15),
        }
        for server in made.values():
            stack.enter_context(databases.started(server))
        databases.prepare_postgres(made["postgres"].port)
        databases.prepare_mariadb(made["mysql"].port)
        links = {name: stack.enter_context(linked(server.port)) for name, server in made.items()}
        links["vllm"] = stack.enter_context(linked(stack.enter_context(serving(vllm_page())).port))
        exporter = databases.nginx_exporter(where, links["nginx"].port)
        stack.enter_context(databases.started(exporter))
        sources = [
            SiteSource(name, f"127.0.0.1:{links[name].port}", links[name], made.get(name))
            for name in ("postgres", "mysql", "redis", "node", "vllm", "monitor")
        ]
        about = f"127.0.0.1:{exporter.port}"
        sources.append(SiteSource("nginx", about, links["nginx"], made["nginx"], False))
        sources.append(SiteSource("front", "front", links["front"], made["front"]))
        config = folder / "jipyo.yaml"
        ports = {name: link.port for name, link in links.items()}
        config.write_text(_write_config(folder, where, ports, exporter.port, timezone), "utf-8")
        yield Site(config, tuple(sources))
        for source in sources:
            source.recover()  # a frozen process would not end


def _folder(where: Path, name: str) -> Path:
    made = where / name
    made.mkdir()
    made.chmod(0o755)
    return made


def _node_exporter(where: Path) -> Server:
    port = services.free_port()
    command = [services.binary("node_exporter"), f"--web.listen-address=127.0.0.1:{port}"]
    command += ["--collector.disable-defaults", *(f"--collector.{name}" for name in COLLECTORS)]
    ready = databases.answers(f"http://127.0.0.1:{port}/metrics")
    return databases.Server("node", command, port, where, ready)


def _write_config(
    folder: Path, where: Path, ports: dict[str, int], nginx_exporter: int, timezone: str
) -> str:
    """The site's `jipyo.yaml`, with the `prometheus.yml` and the target file beside it."""
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 15s}\n"
        "rule_files: [alerts.yml]\n"
        "scrape_configs:\n"
        "- job_name: monitor\n"
        "  file_sd_configs: [{files: [targets/*.json]}]\n",
        "utf-8",
    )
    (folder / "targets").mkdir()
    targets = f'[{{"targets": ["127.0.0.1:{ports["monitor"]}"]}}]'
    (folder / "targets" / "monitor.json").write_text(targets, "utf-8")
    address = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    return f"""\
timezone: {timezone}
instance: site
collect:
  host: false
  gpu: false
  prometheus_yml: prometheus.yml
  databases:
  - kind: postgres
    url: postgresql://jipyo@{address["postgres"]}/postgres
    password_file: {where}/password
  - {{kind: mysql, url: "mysql://jipyo@{address["mysql"]}/", password_file: {where}/password}}
  - {{kind: redis, url: "redis://{address["redis"]}", password_file: {where}/password}}
  scrape:
  - {{job: node, url: "http://{address["node"]}/metrics"}}
  - {{job: vllm, url: "http://{address["vllm"]}/metrics"}}
  - {{job: nginx, url: "http://127.0.0.1:{nginx_exporter}/metrics"}}
  probes:
  - {{job: front, url: "http://{address["front"]}/", instance: front, expect_body: all is well}}
"""


def vllm_page() -> Answer:
    """The page of vLLM under steady traffic, of which one in a hundred is aborted."""
    vllm, began = read_server("vllm-0.33.0"), time.monotonic()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        n = int((time.monotonic() - began) * REQUESTS_PER_S)
        traffic = Traffic(completed=n - n // 100, aborted=n // 100)
        page(vllm.write(MODEL, traffic, PROMPT_ANSWERS).encode())(handler)

    return answer
