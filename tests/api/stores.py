"""A workspace over samples in memory, for the tests of the Python API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.api import Workspace
from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
NOW_MS = 1_795_186_800_000 + 9 * HOUR_MS  # 2026-11-21 09:00 in Seoul
SEOUL = ZoneInfo("Asia/Seoul")
MEMORY = 256 * 2**30


def add_gauge(store: MemoryStore, name: str, value: float, hours: int = 2, **labels: str) -> None:
    """A sample a minute with the same value."""
    times = range(NOW_MS - hours * HOUR_MS, NOW_MS + 1, MINUTE_MS)
    full = {"__name__": name, "instance": "gpu-server-1", "job": "node", **labels}
    store.put(Labels.of(full), times, (value for _ in times))


def add_counter(store: MemoryStore, name: str, per_second: float, **labels: str) -> None:
    """A sample a minute of a counter that grows evenly."""
    times = range(NOW_MS - 2 * HOUR_MS, NOW_MS + 1, MINUTE_MS)
    full = {"__name__": name, "instance": "gpu-server-1", "job": "node", **labels}
    store.put(Labels.of(full), times, (per_second * (t - times[0]) / 1000 for t in times))


def build_store() -> MemoryStore:
    """A host at 40% CPU and 95% memory, with an API that fails 0.07% of its requests."""
    store = MemoryStore()
    for cpu in "01":
        add_counter(store, "node_cpu_seconds_total", 0.6, cpu=cpu, mode="idle")
        add_counter(store, "node_cpu_seconds_total", 0.4, cpu=cpu, mode="user")
    add_gauge(store, "node_memory_MemTotal_bytes", MEMORY)
    add_gauge(store, "node_memory_MemAvailable_bytes", MEMORY / 20)
    add_counter(store, "http_requests_total", 99.93, status="2xx", job="api")
    add_counter(store, "http_requests_total", 0.07, status="5xx", job="api")
    return store


def build_workspace(store: MemoryStore, out_dir: Path) -> Workspace:
    return Workspace(
        source=Embedded(store, Engine()),
        catalogue=load(),
        zone=SEOUL,
        now_ms=lambda: NOW_MS,
        out_dir=out_dir,
    )
