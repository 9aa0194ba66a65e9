"""This host under node_exporter's names: `/proc` and `/sys`, read as they are."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jipyo.collect.host import cgroup, cpu, disk, memory, network, system
from jipyo.collect.host.files import Paths
from jipyo.model.family import Family, gauge

__all__ = ["Host", "HostOptions", "Part", "Paths", "build_parts"]

_LOG = logging.getLogger(__name__)

Part = Callable[[Paths, int], Iterable[Family]]
"""Reads one file or folder of the kernel; gets where the trees are and the time in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Where the host's trees are, and what is left out of them (node_exporter's defaults)."""

    paths: Paths = field(default_factory=Paths)
    ignored_devices: str = disk.IGNORED_DEVICES
    ignored_mount_points: str = disk.IGNORED_MOUNT_POINTS
    ignored_file_systems: str = disk.IGNORED_FILE_SYSTEMS


def build_parts(options: HostOptions) -> dict[str, Part]:
    """The parts by the names of node_exporter's collectors."""
    return {
        "arp": network.collect_arp,
        "cgroup": cgroup.collect_limits,
        "conntrack": network.collect_tracked_connections,
        "cpu": cpu.CpuSeconds(),
        "diskstats": disk.Disks(options.ignored_devices),
        "entropy": system.collect_entropy,
        "filefd": system.collect_file_descriptors,
        "filesystem": disk.FileSystems(options.ignored_mount_points, options.ignored_file_systems),
        "kernel_hung": system.collect_hung_tasks,
        "loadavg": cpu.collect_load_average,
        "meminfo": memory.collect_meminfo,
        "netclass": network.collect_interfaces,
        "netdev": network.collect_devices,
        "netstat": network.collect_protocols,
        "os": system.collect_os_release,
        "pressure": cpu.collect_pressure,
        "schedstat": cpu.collect_scheduler,
        "selinux": system.collect_selinux,
        "sockstat": network.collect_sockets,
        "softnet": network.collect_softnet,
        "stat": cpu.collect_stat,
        "thermal_zone": system.collect_temperatures,
        "time": system.collect_clock,
        "udp_queues": network.collect_udp_queues,
        "uname": system.collect_uname,
        "vmstat": memory.collect_vmstat,
    }


class Host:
    """Collects this host; each part fails alone, shown by `node_scrape_collector_success`."""

    def __init__(
        self, options: HostOptions | None = None, *, table: Mapping[str, Part] | None = None
    ) -> None:
        """Take the parts of `options`, or the given ones."""
        self._options = options or HostOptions()
        self._parts = dict(build_parts(self._options) if table is None else table)
        self._failing: set[str] = set()

    def collect(self, t_ms: int) -> list[Family]:
        """All parts at `t_ms`."""
        families: list[Family] = []
        seconds: dict[str, float] = {}
        for name, part in self._parts.items():
            start = time.perf_counter()
            families += self._collect_part(name, part, t_ms)
            seconds[name] = time.perf_counter() - start
        families += self._build_scrape_families(seconds)
        return families

    def _collect_part(self, name: str, part: Part, t_ms: int) -> list[Family]:
        try:
            families = [family for family in part(self._options.paths, t_ms) if family.samples]
        except Exception as error:  # noqa: BLE001 - the edge: one part never takes down another
            if name not in self._failing:
                self._failing.add(name)
                _LOG.warning("host: %s cannot be collected: %r", name, error)
            return []
        if name in self._failing:
            self._failing.discard(name)
            _LOG.info("host: %s is collected again", name)
        return families

    def _build_scrape_families(self, seconds: Mapping[str, float]) -> Iterator[Family]:
        label = ("collector",)
        success = [((name,), float(name not in self._failing)) for name in seconds]
        text = "node_exporter: Whether a collector succeeded."
        yield gauge("node_scrape_collector_success", text, label, success)
        durations = [((name,), value) for name, value in seconds.items()]
        text = "node_exporter: Duration of a collector scrape."
        yield gauge("node_scrape_collector_duration_seconds", text, label, durations)
