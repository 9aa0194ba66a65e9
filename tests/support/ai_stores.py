"""Stores with a quarter of an hour of AI servers, scraped every 15 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.wire.exposition import Parser
from support.ai_servers import DECLARATIONS, Server, Traffic
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

END_MS = 1_795_186_800_000
MINUTES = np.arange(0, 15.01, 0.25).tolist()
"""When a server is scraped; the last scrape is at `END_MS`."""
_MODEL = "meta-llama/Llama-3.1-8B-Instruct"


def count_traffic(minutes: float) -> Traffic:
    """Six hundred requests a minute, of which one in a hundred is aborted by its client."""
    n = int(minutes * 600)
    return Traffic(completed=n - n // 100, aborted=n // 100, preempted=int(minutes))


def record_servers(
    *servers: Server, traffic: Callable[[float], Traffic] = count_traffic
) -> Embedded:
    """A quarter of an hour of these servers, each under a job of its name."""
    store = MemoryStore()
    for server in servers:
        record_server(store, server.exporter, server, traffic=traffic)
    return Embedded(store, Engine())


def record_server(
    store: MemoryStore,
    job: str,
    server: Server,
    *,
    traffic: Callable[[float], Traffic] = count_traffic,
    scrapes: int = len(MINUTES),
) -> None:
    """Append the first so many scrapes of a server."""
    pages = (server.write(_MODEL, traffic(minute)) for minute in MINUTES[:scrapes])
    record_pages(store, job, pages)


def record_file(name: str) -> Embedded:
    """A quarter of an hour of an exposition that is kept as its server writes it."""
    store, text = MemoryStore(), (DECLARATIONS / f"{name}.txt").read_text("utf-8")
    record_pages(store, name, (_multiply_counts(text, nth) for nth in range(len(MINUTES))))
    return Embedded(store, Engine())


def record_pages(store: MemoryStore, job: str, pages: Iterable[str]) -> None:
    """Append what a target of this job served at one scrape after another."""
    parser = Parser(lambda labels: labels.put({"job": job, "instance": f"{job}:8000"}))
    for minute, page in zip(MINUTES, pages, strict=False):
        reading = parser.parse(page)
        t_ms = END_MS - round((MINUTES[-1] - minute) * 60_000)
        store.append([Scrape(t_ms, tuple(reading.series), np.asarray(reading.values))])


def _multiply_counts(text: str, factor: int) -> str:
    """The exposition with every count so many times as large."""
    lines, counts = [], False
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            counts = line.split()[3] != "gauge"
        elif counts and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            lines.append(f"{series} {float(value) * factor}")
            continue
        lines.append(line)
    return "\n".join([*lines, ""])
