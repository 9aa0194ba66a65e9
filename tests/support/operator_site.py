"""What an operator watches for a day: real servers behind paths that a test can break."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support import databases
from support.http_server import page, serving
from support.network_link import NetworkLink, linked
from support.site import vllm_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    import psycopg

    from support.databases import Server

GPU_MEMORY_MIB = 81_559
USED_MIB = (41_000, 40_800, 39_500, 9_400)
"""Of each GPU, well below every threshold."""
GPU_SERIES = """\
DCGM_FI_DEV_GPU_UTIL{{{labels}}} {utilisation}
DCGM_FI_DEV_GPU_TEMP{{{labels}}} {temperature}
DCGM_FI_DEV_POWER_USAGE{{{labels}}} {power}
DCGM_FI_DEV_FB_USED{{{labels}}} {used}
DCGM_FI_DEV_FB_FREE{{{labels}}} {free}
"""
CONFIG = """\
timezone: '{timezone}'
instance: ai-node-1
alerts: {{interval: 1s, keep_firing: {keep_firing_s}s}}
insight: false
collect:
  interval: 1s
  host: false
  process: false
  gpu: false
  databases:
  - kind: postgres
    url: postgresql://jipyo@127.0.0.1:{postgres}/postgres
    password_file: {folder}/password
    instance: ai-node-1:5432
    interval: 1s
  - kind: redis
    url: redis://127.0.0.1:{redis}
    password_file: {folder}/password
    instance: ai-node-1:6379
    interval: 1s
  scrape:
  - {{job: vllm, url: "http://127.0.0.1:{vllm}/metrics", labels: {{instance: "ai-node-1:8000"}}}}
  - {{job: gpu, url: "http://127.0.0.1:{gpu}/metrics", labels: {{instance: ai-node-1}}}}
  probes:
  - job: front
    url: http://127.0.0.1:{front}/
    instance: front
    interval: 2s
    expect_body: all is well
catalogue:
  metrics:
    db.connections: {{thresholds: {{warning: 70, critical: 95, for: {breach_s}s}}}}
    db.cache_hit_ratio: {{thresholds: null}}
"""


@dataclass
class Gpus:
    """Four GPUs as dcgm-exporter shows them; those that are lost are not on its page."""

    lost: set[int] = field(default_factory=set)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Write the page of this moment."""
        text = "".join(
            GPU_SERIES.format(
                labels=f'gpu="{index}",UUID="GPU-{index}",modelName="NVIDIA H100 80GB HBM3"',
                utilisation=60 - index,
                temperature=58 + index,
                power=400 + index,
                used=used,
                free=GPU_MEMORY_MIB - used,
            )
            for index, used in enumerate(USED_MIB)
            if index not in self.lost
        )
        page(text.encode())(handler)


@dataclass
class OperatorSite:
    """The running servers, and what happens to them."""

    folder: Path
    servers: dict[str, Server]
    ports: dict[str, int]
    vllm: NetworkLink
    gpus: Gpus
    _sessions: list[psycopg.Connection[tuple[object, ...]]] = field(default_factory=list)

    def write_config(self, path: Path, timezone: str, breach_s: int, keep_firing_s: int) -> None:
        """Write the `jipyo.yaml` that watches all of it.

        Args:
            path: the file.
            timezone: of the site.
            breach_s: connections of a database are a warning so long after their threshold.
            keep_firing_s: how long an alert recovers.
        """
        text = CONFIG.format(
            timezone=timezone,
            folder=self.folder,
            breach_s=breach_s,
            keep_firing_s=keep_firing_s,
            **self.ports,
        )
        path.write_text(text, "utf-8")

    def fill_connections(self, count: int) -> None:
        """Open so many sessions in PostgreSQL, which allows 50."""
        while len(self._sessions) < count:
            self._sessions.append(databases.postgres_admin(self.ports["postgres"]))

    def free_connections(self) -> None:
        """Close all of them."""
        while self._sessions:
            self._sessions.pop().close()


@contextlib.contextmanager
def operator_site() -> Iterator[OperatorSite]:
    """PostgreSQL, Redis, nginx, a vLLM page and four GPUs, all well when it begins."""
    with contextlib.ExitStack() as stack:
        folder, gpus = stack.enter_context(databases.folder()), Gpus()
        servers = {
            "postgres": databases.postgres(folder),
            "redis": databases.redis_server(folder),
            "front": databases.nginx(folder),
        }
        for server in servers.values():
            stack.enter_context(databases.started(server))
        databases.prepare_postgres(servers["postgres"].port)
        vllm = stack.enter_context(linked(stack.enter_context(serving(vllm_page())).port))
        ports = {name: server.port for name, server in servers.items()}
        ports |= {"vllm": vllm.port, "gpu": stack.enter_context(serving(gpus.answer)).port}
        site = OperatorSite(folder, servers, ports, vllm, gpus)
        stack.callback(site.free_connections)
        yield site


def write_zone(folder: Path, name: str, offset_s: int) -> None:
    """Put a zone of a fixed offset where `PYTHONTZPATH` finds it (RFC 8536, version 2)."""
    designation = b"LOC\0"
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, len(designation))
    block = header + struct.pack(">lbB", offset_s, 0, 0) + designation
    sign, minutes = "-" if offset_s >= 0 else "+", abs(offset_s) // 60
    footer = f"\n<LOC>{sign}{minutes // 60}:{minutes % 60:02}\n".encode()
    (folder / name).write_bytes(block + block + footer)
