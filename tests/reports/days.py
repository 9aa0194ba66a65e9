"""Made-up days of an AI service, shaped as real ones: names, labels and types of exporters.

Values are drawn from a seeded generator over a daily curve; `Day` says what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.model.calendar import start_of_day
from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock, Times, Values
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from pathlib import Path

SEOUL = ZoneInfo("Asia/Seoul")
DAY = date(2026, 11, 21)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
GIB = 2.0**30
EDGES = (0.1, 0.25, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, float("inf"))


@dataclass(frozen=True)
class Trouble:
    """From hour to hour of the local day something is raised by so much."""

    what: str
    start_h: float
    end_h: float
    by: float


@dataclass(frozen=True)
class Site:
    """What runs there, and how often it is asked."""

    cores: int = 4
    gpus: int = 0
    api: bool = False
    interval_s: int = 60
    zone: ZoneInfo = SEOUL
    host: str = "ai-node-1"


@dataclass(frozen=True)
class Day:
    """One local day: its troubles, and the hours without any sample."""

    day: date = DAY
    troubles: tuple[Trouble, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    load: float = 1.0
    seed: int = 7


@dataclass
class Samples:
    """Series of one target that share their times."""

    site: Site
    job: str
    t_ms: Times
    rows: list[tuple[Labels, Values]] = field(default_factory=list)

    def put(self, name: str, values: Values | float, **labels: str) -> None:
        all_labels = {"__name__": name, "instance": self.site.host, "job": self.job, **labels}
        row = np.broadcast_to(np.asarray(values, np.float64), self.t_ms.shape)
        self.rows.append((Labels.of(all_labels), row))

    def count(self, name: str, per_second: Values, **labels: str) -> None:
        """A counter: the running total of a rate, started at its own time's worth."""
        steps = np.diff(self.t_ms, prepend=self.t_ms[0] - self.site.interval_s * 1000) / 1000
        start = float(self.t_ms[0] // 1000) * 0.001
        self.put(name, start + np.cumsum(per_second * steps), **labels)

    def block(self, kept: np.ndarray) -> SeriesBlock:
        values = np.array([row for _, row in self.rows])[:, kept]
        return SeriesBlock(tuple(labels for labels, _ in self.rows), self.t_ms[kept], values)


def blocks(site: Site, days: tuple[Day, ...]) -> Iterator[SeriesBlock]:
    """The samples of these days (ascending, counters run on through all of them)."""
    zone, step = site.zone, site.interval_s * 1000
    start, end = (
        start_of_day(days[0].day, zone),
        start_of_day(days[-1].day + timedelta(days=1), zone),
    )
    t_ms = np.arange(start - 10 * MINUTE_MS, end + 1, step, dtype=np.int64)
    kept = np.ones(t_ms.size, bool)
    raised: dict[str, Values] = {}
    level = np.zeros(t_ms.size)
    for day in days:
        begin = start_of_day(day.day, zone)
        hours = (t_ms - begin) / HOUR_MS
        inside = (t_ms >= begin - 10 * MINUTE_MS) & (
            t_ms <= start_of_day(day.day + timedelta(1), zone)
        )
        level[inside] = day.load * _curve(hours[inside], day.seed)
        for trouble in day.troubles:
            on = (hours >= trouble.start_h) & (hours < trouble.end_h)
            raised.setdefault(trouble.what, np.zeros(t_ms.size))[on] += trouble.by
        for first, last in day.gaps:
            kept &= ~((hours >= first) & (hours < last))
    trouble_of = lambda name: raised.get(name, np.zeros(t_ms.size))  # noqa: E731
    for make in (_host, _processes, _gpus, _service, _models):
        samples = make(site, t_ms, level, trouble_of)
        if samples.rows:
            samples.put("up", 1.0)
            yield samples.block(kept)


def _curve(hours: Values, seed: int) -> Values:
    """Quiet nights, busy afternoons, and noise; 0 to 1."""
    random = np.random.default_rng(seed)
    curve = (
        0.22
        + 0.38 * np.exp(-(((hours - 14.5) / 4.6) ** 2))
        + 0.1 * np.exp(-(((hours - 9.5) / 1.2) ** 2))
    )
    noise = np.convolve(random.normal(0, 1, hours.size + 8), np.ones(9) / 9, "valid")
    return np.clip(curve + 0.045 * noise + 0.015 * random.normal(0, 1, hours.size), 0.01, 0.97)


Raised = Callable[[str], Values]


def _host(site: Site, t_ms: Times, level: Values, raised: Raised) -> Samples:
    node = Samples(site, "node", t_ms)
    busy = np.clip(level + raised("cpu"), 0, 0.99)
    for cpu in range(site.cores):
        own = np.clip(busy * (0.9 + 0.2 * cpu / max(site.cores - 1, 1)), 0, 1)
        for mode, part in (("user", 0.7), ("system", 0.3)):
            node.count("node_cpu_seconds_total", own * part, cpu=str(cpu), mode=mode)
        node.count("node_cpu_seconds_total", (1 - own) * 0.98, cpu=str(cpu), mode="idle")
        node.count("node_cpu_seconds_total", (1 - own) * 0.02, cpu=str(cpu), mode="iowait")
        node.count("node_cpu_seconds_total", own * 0, cpu=str(cpu), mode="steal")
    node.put("node_load5", busy * site.cores * 0.9)
    node.count("node_pressure_cpu_waiting_seconds_total", np.clip(busy - 0.55, 0, 1) * 0.4)
    node.count("node_pressure_memory_stalled_seconds_total", busy * 0.001)
    node.count("node_pressure_io_stalled_seconds_total", busy * 0.01)
    total = 256 * GIB
    node.put("node_memory_MemTotal_bytes", total)
    used = 0.42 + 0.25 * level + raised("memory")
    node.put("node_memory_MemAvailable_bytes", total * (1 - np.clip(used, 0, 0.99)))
    node.put("node_memory_SwapTotal_bytes", 8 * GIB)
    node.put("node_memory_SwapFree_bytes", 7.4 * GIB)
    node.count("node_vmstat_pswpin", level * 0.02)
    node.count("node_vmstat_pswpout", level * 0.02)
    node.put("node_vmstat_oom_kill", np.floor(np.cumsum(raised("oom") > 0)))
    _disks(node, t_ms, level, raised)
    for name, rate in (("receive", 24e6), ("transmit", 61e6)):
        node.count(f"node_network_{name}_bytes_total", level * rate, device="eth0")
        for what in ("errs", "drop"):
            node.count(f"node_network_{name}_{what}_total", level * 0, device="eth0")
    node.count("node_netstat_Tcp_OutSegs", level * 8000)
    node.count("node_netstat_Tcp_RetransSegs", level * 8000 * 0.0012)
    return node


def _disks(node: Samples, t_ms: Times, level: Values, raised: Raised) -> None:
    grown = np.arange(t_ms.size) / t_ms.size
    for mount, size, used in (("/", 200 * GIB, 0.46), ("/data", 4096 * GIB, 0.735)):
        part = used + 0.012 * grown + (raised("disk") if mount == "/data" else 0.0)
        labels = {"mountpoint": mount, "device": "/dev/" + mount.strip("/"), "fstype": "ext4"}
        node.put("node_filesystem_size_bytes", size, **labels)
        node.put("node_filesystem_free_bytes", size * (1 - part), **labels)
        node.put("node_filesystem_avail_bytes", size * (1 - part), **labels)
        node.put("node_filesystem_files", 1e8, **labels)
        node.put("node_filesystem_files_free", 9.1e7, **labels)
    for name, rate in (("reads", 90.0), ("writes", 210.0)):
        node.count(f"node_disk_{name}_completed_total", level * rate, device="nvme0n1")
    node.count("node_disk_read_time_seconds_total", level * 0.11, device="nvme0n1")
    node.count("node_disk_write_time_seconds_total", level * 0.4, device="nvme0n1")
    node.count("node_disk_read_bytes_total", level * 9e6, device="nvme0n1")
    node.count("node_disk_written_bytes_total", level * 31e6, device="nvme0n1")
    node.count("node_disk_io_time_seconds_total", level * 0.3, device="nvme0n1")
    node.count("node_disk_io_time_weighted_seconds_total", level * 0.5, device="nvme0n1")


def _processes(site: Site, t_ms: Times, level: Values, raised: Raised) -> Samples:
    groups = Samples(site, "process", t_ms)
    sizes = (("vllm", 61), ("postgres", 24), ("python3", 13), ("triton", 9), ("redis-server", 4),
             ("jipyo", 0.11), ("nginx", 0.3))  # fmt: skip
    for name, size in sizes:
        values = size * GIB * (0.9 + 0.2 * level)
        groups.put(
            "namedprocess_namegroup_memory_bytes", values, groupname=name, memtype="resident"
        )
    return groups


def _gpus(site: Site, t_ms: Times, level: Values, raised: Raised) -> Samples:
    gpus = Samples(site, "gpu", t_ms)
    for gpu in range(site.gpus):
        hot = raised("gpu.temperature") * (gpu == 2)
        busy = np.clip(level * (0.75 + 0.12 * gpu) + raised("gpu"), 0, 1)
        labels = {"gpu": str(gpu), "uuid": f"GPU-{gpu}", "modelName": "NVIDIA RTX 4000 Ada"}
        gpus.put("DCGM_FI_DEV_GPU_UTIL", 100 * busy, **labels)
        gpus.put("DCGM_FI_DEV_GPU_TEMP", 42 + 26 * busy + hot, **labels)
        gpus.put("DCGM_FI_DEV_FB_USED", 20480 * (0.55 + 0.1 * busy), **labels)
        gpus.put("DCGM_FI_DEV_FB_FREE", 20480 * (0.45 - 0.1 * busy), **labels)
        gpus.put("DCGM_FI_DEV_POWER_USAGE", 40 + 85 * busy, **labels)
    return gpus


def _service(site: Site, t_ms: Times, level: Values, raised: Raised) -> Samples:
    api = Samples(site, "api", t_ms)
    if not site.api:
        return api
    requests = level * 138
    errors = 0.0003 + raised("errors")
    for status, part in (("2xx", 1 - errors), ("5xx", errors)):
        api.count("http_requests_total", requests * part, handler="/v1/chat", status=status)
    slow = raised("latency")
    name = "http_request_duration_highr_seconds"
    for edge in EDGES:
        api.count(f"{name}_bucket", requests * _within(edge, 0.35 + slow), le=_le(edge))
    api.count(f"{name}_count", requests)
    api.put("jipyo_active_sessions", np.round(level * 420))
    return api


def _models(site: Site, t_ms: Times, level: Values, raised: Raised) -> Samples:
    models = Samples(site, "vllm", t_ms)
    if not (site.api and site.gpus):
        return models
    labels = {"model_name": "solar-10.7b", "engine": "0"}
    requests = level * 20
    for edge in EDGES:
        within = requests * _within(edge, 0.22 + raised("latency") / 2)
        models.count("vllm:e2e_request_latency_seconds_bucket", within, le=_le(edge), **labels)
    models.put("vllm:num_requests_waiting", np.round(np.clip(level - 0.5, 0, 1) * 14), **labels)
    models.put("vllm:kv_cache_usage_perc", level * 0.8, **labels)
    models.count("vllm:generation_tokens_total", level * 900, **labels)
    models.put(
        "jipyo_model_accuracy_ratio", 0.934 - 0.004 * level, model="solar-10.7b", dataset="faq"
    )
    # Truth comes in for some of the answers, one by one.
    cases = level * 2.4 * site.interval_s / 60
    share = 0.919 - raised("accuracy")
    right, wrong = (np.floor(np.cumsum(cases * part)) for part in (share, 1 - share))
    models.put("jipyo_predictions_labelled_total", right + wrong, model="bge-reranker")
    models.put("jipyo_predictions_correct_total", right, model="bge-reranker")
    return models


def _within(edge: float, mean: Values | float) -> Values:
    """The part of requests that are done within the edge, exponentially distributed."""
    return 1 - np.exp(-edge / np.asarray(mean, np.float64))


def _le(edge: float) -> str:
    return "+Inf" if edge == float("inf") else str(edge)


def filled(path: Path, site: Site, *days: Day) -> Store:
    """A store with these days."""
    end_ms = start_of_day(days[-1].day + timedelta(days=1), site.zone)
    store = Store.open(path, Options(durable=False), now_ms=lambda: end_ms)
    store.load(blocks(site, days))
    return store


def source(store: Store) -> Embedded:
    return Embedded(store, Engine())
