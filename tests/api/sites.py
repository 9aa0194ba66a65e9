"""A site as an operator has one: a configuration file in its place, and a store with samples."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from api.stores import MEMORY
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_MS = 60_000
HOURS = 30
"""So that all of yesterday's last hours are there, whatever the time is."""
_SERIES = (
    ("node_cpu_seconds_total", {"cpu": "0", "mode": "idle"}, 0.6),
    ("node_cpu_seconds_total", {"cpu": "0", "mode": "user"}, 0.4),
    ("http_requests_total", {"job": "api", "status": "2xx"}, 99.93),
    ("http_requests_total", {"job": "api", "status": "5xx"}, 0.07),
)
"""Counters, and by how much they grow in a second."""
_GAUGES = (
    ("up", {}, 1.0),
    ("node_memory_MemTotal_bytes", {}, float(MEMORY)),
    ("node_memory_MemAvailable_bytes", {}, MEMORY / 20),
    ("DCGM_FI_DEV_GPU_UTIL", {"gpu": "0", "UUID": "GPU-a"}, 55.0),
    ("DCGM_FI_DEV_GPU_UTIL", {"gpu": "1", "UUID": "GPU-b"}, 95.0),
)


def list_scrapes(end_ms: int, hours: int = HOURS) -> list[Scrape]:
    """A host at 40% CPU and 95% memory, an API that fails 0.07%, a GPU at 95%."""
    series = tuple(
        Labels.of({"__name__": name, "instance": "gpu-server-1", "job": "node", **labels})
        for name, labels, _ in (*_SERIES, *_GAUGES)
    )
    start_ms = end_ms - hours * 60 * MINUTE_MS
    rates, levels = (np.array([value for *_, value in each]) for each in (_SERIES, _GAUGES))
    return [
        Scrape(t_ms, series, np.concatenate([rates * (t_ms - start_ms) / 1000, levels]))
        for t_ms in range(start_ms, end_ms + 1, MINUTE_MS)
    ]


def build_site(folder: Path) -> Path:
    """The folder for XDG_CONFIG_HOME, with `jipyo/jipyo.yaml` in it, and the data beside it."""
    data, config = folder / "data", folder / "config" / "jipyo" / "jipyo.yaml"
    now_ms = time.time_ns() // 1_000_000
    options = Options(durable=False, out_of_order_ms=None)
    with Store.open(data, options, now_ms=lambda: now_ms) as store:
        store.append(list_scrapes(now_ms))
    config.parent.mkdir(parents=True)
    config.write_text(f"data: {data}\ntimezone: Asia/Seoul\nlanguage: en\n", "utf-8")
    return config.parent.parent
