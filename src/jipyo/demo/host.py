"""The machine: what node_exporter and process-exporter give of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import DAY_MS, STEP_S, DemoDay, TargetDay

if TYPE_CHECKING:
    from jipyo.model.sample import Values

CPUS = 16
MEMORY_BYTES = 512 * 2**30
_DISKS = {"/": (1.6e12, 0.412, 0.0004), "/data": (7.68e12, 0.612, 0.0058)}
"""Size, share in use when the month begins, and how much more of it every day."""
_NETWORK_BYTES = {"receive": 1.1e7, "transmit": 4.6e7}
_PROCESSES = {"vllm": 88e9, "postgres": 36e9, "java": 14e9, "text-embeddings": 9e9, "python3": 6e9}
SERVICE_LOSES = 0.7
"""How much of the load is not served while the service answers with errors."""


def serve(day: DemoDay) -> Values:
    """What of the load reaches the machine: less while the service is out of order."""
    lost = SERVICE_LOSES * day.during(day.story.outage)
    return np.where(day.during(day.story.maintenance), 0.01, day.load * (1 - lost))


def add_host(target: TargetDay) -> None:
    """CPU, memory, network, clock."""
    day, served = target.day, serve(target.day)
    batch = day.between_hours(2.0, 3.6)
    _add_cpus(target, 0.05 + 0.48 * served + 0.16 * batch)
    busy = 0.05 + 0.48 * served + 0.16 * batch
    target.gauge("node_load5", np.round(CPUS * busy * 0.92 * target.jitter(0.03), 2))
    used = 0.34 + 0.22 * served + 0.00035 * np.clip(day.month_days, 0, None)
    available = MEMORY_BYTES * (1 - used * target.jitter(0.006))
    target.gauge("node_memory_MemTotal_bytes", MEMORY_BYTES)
    target.gauge("node_memory_MemAvailable_bytes", np.round(available / 4096) * 4096)
    target.gauge("node_memory_SwapTotal_bytes", 16 * 2**30)
    target.gauge("node_memory_SwapFree_bytes", 15.6 * 2**30)
    for name, share in (("cpu_waiting", 0.03), ("io_stalled", 0.004), ("memory_stalled", 0.0003)):
        rise = np.round(STEP_S * share * (0.3 + served) * target.jitter(0.1), 4)
        target.count(f"node_pressure_{name}_seconds_total", np.clip(rise, 0, None))
    for name in ("node_vmstat_oom_kill", "node_vmstat_pswpin", "node_vmstat_pswpout"):
        target.count(name, 0.0)
    target.count("node_netstat_Tcp_OutSegs", np.round(STEP_S * 21_000 * (0.1 + served)))
    target.count("node_netstat_Tcp_RetransSegs", np.round(STEP_S * 3.1 * (0.1 + served)))
    target.gauge("node_timex_sync_status", 1.0)
    offset = 2e-4 * target.jitter(0.4)
    target.gauge("node_timex_offset_seconds", np.round(offset, 6))
    target.gauge("node_boot_time_seconds", 1_780_000_000.0)
    for collector in ("cpu", "diskstats", "filesystem", "meminfo", "netdev"):
        target.gauge("node_scrape_collector_success", 1.0, collector=collector)
    _add_network(target)
    _add_disks(target)


def _add_cpus(target: TargetDay, busy: Values) -> None:
    for cpu in range(CPUS):
        share = np.clip(busy * target.jitter(0.05) * (1.06 - 0.008 * cpu), 0.005, 0.985)
        work = np.round(STEP_S * share, 2)
        waits = np.round(STEP_S * 0.006 * (0.4 + share), 2)
        labels = {"cpu": str(cpu)}
        target.count("node_cpu_seconds_total", np.round(work * 0.78, 2), mode="user", **labels)
        system = work - np.round(work * 0.78, 2)
        target.count("node_cpu_seconds_total", system, mode="system", **labels)
        target.count("node_cpu_seconds_total", waits, mode="iowait", **labels)
        target.count("node_cpu_seconds_total", 0.0, mode="steal", **labels)
        target.count("node_cpu_seconds_total", STEP_S - work - waits, mode="idle", **labels)


def _add_network(target: TargetDay) -> None:
    served = serve(target.day)
    for way, per_second in _NETWORK_BYTES.items():
        rate = per_second * (0.04 + served) * target.jitter(0.06)
        rise = np.round(STEP_S * np.clip(rate, 0, None))
        target.count(f"node_network_{way}_bytes_total", rise, device="eno1")
        for what in ("errs", "drop"):
            target.count(f"node_network_{way}_{what}_total", 0.0, device="eno1")
    target.gauge("node_network_speed_bytes", 1.25e9, device="eno1")
    target.gauge("node_network_flags", 4099.0, device="eno1")


def _add_disks(target: TargetDay) -> None:
    day, served = target.day, serve(target.day)
    for mountpoint, (size, share, growth) in _DISKS.items():
        rhythm = 0.0005 * np.sin(2 * np.pi * day.hours / 24)
        used = size * np.clip(share + growth * day.month_days + rhythm, 0.05, 0.97)
        free = np.round((size - used) / 4096) * 4096
        labels = {"mountpoint": mountpoint, "fstype": "ext4", "device": f"/dev/md{len(mountpoint)}"}
        target.gauge("node_filesystem_size_bytes", size, **labels)
        target.gauge("node_filesystem_free_bytes", free, **labels)
        target.gauge("node_filesystem_avail_bytes", free, **labels)
        target.gauge("node_filesystem_files", 2.4e8, **labels)
        files = 2.31e8 - np.round(2.2e4 * (day.t_ms - day.story.month.start_ms) / DAY_MS)
        target.gauge("node_filesystem_files_free", files, **labels)
        target.gauge("node_filesystem_readonly", 0.0, **labels)
    for device, part in (("nvme0n1", 0.3), ("nvme1n1", 1.0)):
        work = part * (0.15 + served + 2.2 * day.between_hours(3.0, 3.5)) * target.jitter(0.07)
        work = np.clip(work, 0.01, None)
        for name, per_second in _DISK_RATES.items():
            target.count(name, np.round(STEP_S * per_second * work, 3), device=device)


_DISK_RATES = {
    "node_disk_io_time_seconds_total": 0.16,
    "node_disk_io_time_weighted_seconds_total": 0.4,
    "node_disk_read_time_seconds_total": 0.05,
    "node_disk_write_time_seconds_total": 0.3,
    "node_disk_reads_completed_total": 140.0,
    "node_disk_writes_completed_total": 620.0,
    "node_disk_read_bytes_total": 1.2e7,
    "node_disk_written_bytes_total": 4.4e7,
}


def add_processes(target: TargetDay) -> None:
    """The memory of what runs on it."""
    served = serve(target.day)
    for group, size in _PROCESSES.items():
        used = np.round(size * (0.82 + 0.18 * served) * target.jitter(0.004) / 4096) * 4096
        for memtype in ("resident", "proportionalResident"):
            target.gauge(
                "namedprocess_namegroup_memory_bytes", used, groupname=group, memtype=memtype
            )
