"""A fleet of GPU servers: what the exporters of node, DCGM and vLLM give in a day.

A host has about 190 series at 30 s, under the names of the real exporters: eight cores, two
disks, two interfaces, two GPUs and a model server. Ten kinds of host are computed; the others
repeat them under names of their own, which costs a server as much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_MS = 86_400_000
SCRAPE_MS = 30_000
PATTERNS = 10
MODELS = 10
"""Different models that the fleet serves."""

Numbers = npt.NDArray[np.float64]

_PORTS = {"node": 9100, "dcgm": 9400, "vllm": 8000}
_EDGES = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_HISTOGRAMS = {
    "vllm:e2e_request_latency_seconds": 1.2,
    "vllm:time_to_first_token_seconds": 0.2,
    "vllm:inter_token_latency_seconds": 0.03,
    "vllm:request_queue_time_seconds": 0.05,
}
_HOST_RATES = {
    **{f"node_pressure_{what}_seconds_total": 0.02 for what in ("cpu_waiting", "io_stalled")},
    "node_pressure_memory_stalled_seconds_total": 0.001,
    **dict.fromkeys(("node_vmstat_pswpin", "node_vmstat_pswpout"), 0.1),
    "node_netstat_Tcp_RetransSegs": 0.5,
    "node_netstat_Tcp_OutSegs": 4000.0,
}
_DISK_RATES = {
    "node_disk_io_time_seconds_total": 0.2,
    "node_disk_io_time_weighted_seconds_total": 0.6,
    "node_disk_read_time_seconds_total": 0.1,
    "node_disk_write_time_seconds_total": 0.3,
    "node_disk_reads_completed_total": 120.0,
    "node_disk_writes_completed_total": 240.0,
    "node_disk_read_bytes_total": 2e7,
    "node_disk_written_bytes_total": 4e7,
}
_NETWORK_RATES = {
    "node_network_receive_bytes_total": 6e7,
    "node_network_transmit_bytes_total": 8e7,
    **{
        f"node_network_{way}_{what}_total": 0.0
        for way in ("receive", "transmit")
        for what in ("errs", "drop")
    },
}
_GPU_GAUGES = {
    "DCGM_FI_DEV_GPU_UTIL": (60.0, 1.0),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": (0.6, 1e-6),
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": (0.3, 1e-6),
    "DCGM_FI_PROF_DRAM_ACTIVE": (0.4, 1e-6),
    "DCGM_FI_DEV_GPU_TEMP": (58.0, 1.0),
    "DCGM_FI_DEV_MEMORY_TEMP": (66.0, 1.0),
    "DCGM_FI_DEV_POWER_USAGE": (420.0, 0.001),
    "DCGM_FI_DEV_SM_CLOCK": (1755.0, 15.0),
    "DCGM_FI_DEV_FB_USED": (61_000.0, 1.0),
    "DCGM_FI_DEV_ENC_UTIL": (1.0, 1.0),
    "DCGM_FI_PROF_PCIE_TX_BYTES": (2e9, 1.0),
    "DCGM_FI_PROF_NVLINK_TX_BYTES": (4e10, 1.0),
}


@dataclass
class _Host:
    """One kind of host while its series are made; its labels lack the name of a host."""

    rng: np.random.Generator
    load: Numbers
    """Between 0 and 1, shape (scrapes,)."""
    job: str = "node"
    labels: list[dict[str, str]] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)

    def add(self, name: str, values: Numbers | float, **labels: str) -> None:
        self.labels.append({"__name__": name, "job": self.job, **labels})
        self.values.append(np.broadcast_to(np.asarray(values, float), self.load.shape))

    def vary(self, level: float, rounded_to: float = 1e-3) -> Numbers:
        """A gauge about this level that follows the load."""
        noise = self.rng.normal(0, 0.04, self.load.size)
        value = level * np.clip(0.6 + 0.6 * self.load + noise, 0, None)
        return np.round(value / rounded_to) * rounded_to

    def count(self, per_second: float, rounded_to: float = 1e-2) -> Numbers:
        """A counter that rises at about this rate, faster under load."""
        rises = np.clip(self.vary(per_second * SCRAPE_MS / 1000, 1e-9), 0, None)
        return np.round(np.cumsum(rises) / rounded_to) * rounded_to


def list_blocks(hosts: int, start_ms: int) -> Iterator[SeriesBlock]:
    """A day of the fleet, a block a host."""
    t_ms = start_ms + 7_000 + SCRAPE_MS * np.arange(DAY_MS // SCRAPE_MS, dtype=np.int64)
    made: dict[int, _Host] = {}
    for number in range(hosts):
        pattern = number % PATTERNS
        if pattern not in made:
            made[pattern] = _make_host(pattern, t_ms.size)
        host = made[pattern]
        series = tuple(Labels.of(_name_host(labels, number)) for labels in host.labels)
        yield SeriesBlock(series, t_ms, np.stack(host.values))


def _name_host(labels: dict[str, str], number: int) -> dict[str, str]:
    own = {"instance": f"gpu{number:03d}.example:{_PORTS[labels['job']]}"}
    if labels["job"] == "vllm":
        own["model_name"] = f"llama-{number % MODELS}"
    if "UUID" in labels:
        own["UUID"] = f"GPU-{number:04d}-{labels['gpu']}"
    return {**labels, **own}


def _make_host(pattern: int, scrapes: int) -> _Host:
    rng = np.random.default_rng((13, pattern))
    wave = np.sin(np.arange(scrapes) * (2 * np.pi / scrapes) - 1.5 + 0.1 * pattern)
    noise = np.convolve(rng.normal(0, 0.05, scrapes + 19), np.full(20, 0.2), "valid")
    host = _Host(rng, np.clip(0.4 + 0.25 * wave + noise, 0.02, 0.8))
    for add in (_add_cpu, _add_node, _add_disks, _add_network, _add_gpus, _add_vllm):
        add(host)
    return host


def _add_cpu(host: _Host) -> None:
    shares = {"user": 0.5, "system": 0.15, "iowait": 0.02, "steal": 0.0}
    for cpu in map(str, range(8)):
        busy = [host.count(share) for share in shares.values()]
        for mode, seconds in zip(shares, busy, strict=True):
            host.add("node_cpu_seconds_total", seconds, cpu=cpu, mode=mode)
        elapsed = SCRAPE_MS / 1000 * np.arange(1, host.load.size + 1)
        host.add("node_cpu_seconds_total", elapsed - np.sum(busy, axis=0), cpu=cpu, mode="idle")


def _add_node(host: _Host) -> None:
    host.add("up", 1.0)
    host.add("node_load5", host.vary(5, 0.01))
    host.add("node_memory_MemTotal_bytes", 512e9)
    host.add("node_memory_MemAvailable_bytes", 512e9 - host.vary(200e9, 4096.0))
    host.add("node_memory_SwapTotal_bytes", 8e9)
    host.add("node_memory_SwapFree_bytes", 7.5e9)
    host.add("node_vmstat_oom_kill", 3.0)
    host.add("node_timex_sync_status", 1.0)
    host.add("node_timex_offset_seconds", host.rng.normal(0, 1e-5, host.load.size))
    for collector in ("cpu", "diskstats", "meminfo"):
        host.add("node_scrape_collector_success", 1.0, collector=collector)
    for name, per_second in _HOST_RATES.items():
        host.add(name, host.count(per_second))


def _add_disks(host: _Host) -> None:
    for device in ("nvme0n1", "nvme1n1"):
        for name, per_second in _DISK_RATES.items():
            host.add(name, host.count(per_second), device=device)
    for mountpoint in ("/", "/data"):
        labels = {"mountpoint": mountpoint, "fstype": "ext4", "device": mountpoint}
        size, used = 3.84e12, 1.9e12 + host.count(2e6, 4096.0)
        host.add("node_filesystem_size_bytes", size, **labels)
        host.add("node_filesystem_free_bytes", size - used, **labels)
        host.add("node_filesystem_avail_bytes", size - used - 1e11, **labels)
        host.add("node_filesystem_files", 2e8, **labels)
        host.add("node_filesystem_files_free", 1.9e8, **labels)
        host.add("node_filesystem_readonly", 0.0, **labels)


def _add_network(host: _Host) -> None:
    for device in ("eno1", "enp1s0"):
        for name, per_second in _NETWORK_RATES.items():
            host.add(name, host.count(per_second, 1.0), device=device)
        host.add("node_network_speed_bytes", 1.25e10, device=device)


def _add_gpus(host: _Host) -> None:
    host.job = "dcgm"
    host.add("up", 1.0)
    for gpu in ("0", "1"):
        labels = {"gpu": gpu, "UUID": f"GPU-{gpu}", "modelName": "NVIDIA H100 80GB HBM3"}
        for name, (level, rounded_to) in _GPU_GAUGES.items():
            host.add(name, np.minimum(host.vary(level, rounded_to), level * 1.25), **labels)
        host.add("DCGM_FI_DEV_FB_FREE", 81_559.0 - host.values[-4], **labels)
        host.add("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", host.count(420e3, 1.0), **labels)
        for name in ("THERMAL_VIOLATION", "PCIE_REPLAY_COUNTER", "XID_ERRORS", "ROW_REMAP_FAILURE"):
            host.add(f"DCGM_FI_DEV_{name}", 0.0, **labels)


def _add_vllm(host: _Host) -> None:
    host.job = "vllm"
    host.add("up", 1.0)
    requests = host.rng.poisson(8 * SCRAPE_MS / 1000 * host.load)
    for name, mean in _HISTOGRAMS.items():
        below = 1 - np.exp(-np.array((0.0, *_EDGES, np.inf)) / mean)
        counts = host.rng.multinomial(requests, np.diff(below))
        totals = np.cumsum(np.cumsum(counts, axis=1), axis=0)
        for number, edge in enumerate((*map(str, _EDGES), "+Inf")):
            host.add(f"{name}_bucket", totals[:, number].astype(float), le=edge)
        host.add(f"{name}_count", totals[:, -1].astype(float))
    done = np.cumsum(requests).astype(float)
    host.add("vllm:request_success_total", done, finished_reason="stop")
    host.add("vllm:request_success_total", np.floor(done / 200), finished_reason="abort")
    host.add("vllm:generation_tokens_total", host.count(2000, 1.0))
    host.add("vllm:prompt_tokens_total", host.count(9000, 1.0))
    host.add("vllm:kv_cache_usage_perc", host.vary(0.5, 1e-6))
    host.add("vllm:prefix_cache_hits_total", host.count(900, 1.0))
    host.add("vllm:prefix_cache_queries_total", host.count(2000, 1.0))
    host.add("vllm:num_requests_running", host.vary(12, 1.0))
    host.add("vllm:num_requests_waiting", np.floor(host.vary(1.0)))
    host.add("vllm:num_preemptions_total", np.floor(host.count(0.001)))
