"""This host under node_exporter's names: `/proc` and `/sys`, read as they are."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jipyo.collect.host import cgroup, cpu, disk, memory, network, system
from jipyo.collect.host.files import Paths
from jipyo.model.family import Family, gauge

__all__ = ["Host", "HostOptions", "Part", "Paths", "parts"]

_LOG = logging.getLogger(__name__)

Part = Callable[[Paths, int], Iterable[Family]]
"""One file or folder of the kernel's -> families, at a moment (ms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Where the host's trees are, and what of them is left out (node_exporter's defaults)."""

    paths: Paths = field(default_factory=Paths)
    ignored_devices: str = disk.IGNORED_DEVICES
    ignored_mount_points: str = disk.IGNORED_MOUNT_POINTS
    ignored_file_systems: str = disk.IGNORED_FILE_SYSTEMS


def parts(options: HostOptions) -> dict[str, Part]:
    """The parts by node_exporter's name of the collector."""
    return {
        "arp": network.arp,
        "cgroup": cgroup.limits,
        "conntrack": network.tracked_connections,
        "cpu": cpu.CpuSeconds(),
        "diskstats": disk.Disks(options.ignored_devices),
        "entropy": system.entropy,
        "filefd": system.file_descriptors,
        "filesystem": disk.FileSystems(options.ignored_mount_points, options.ignored_file_systems),
        "kernel_hung": system.hung_tasks,
        "loadavg": cpu.load_average,
        "meminfo": memory.meminfo,
        "netclass": network.interfaces,
        "netdev": network.devices,
        "netstat": network.protocols,
        "os": system.release,
        "pressure": cpu.pressure,
        "schedstat": cpu.scheduler,
        "selinux": system.selinux,
        "sockstat": network.sockets,
        "softnet": network.softnet,
        "stat": cpu.stat,
        "thermal_zone": system.temperatures,
        "time": system.clock,
        "udp_queues": network.queues,
        "uname": system.uname,
        "vmstat": memory.vmstat,
    }


class Host:
    """Collects this host; each part fails alone and says so in `node_scrape_collector_success`."""

    def __init__(
        self, options: HostOptions | None = None, *, table: Mapping[str, Part] | None = None
    ) -> None:
        """Take the parts of `options`, or the given ones."""
        self._options = options or HostOptions()
        self._parts = dict(parts(self._options) if table is None else table)
        self._failing: set[str] = set()

    def collect(self, t_ms: int) -> list[Family]:
        """All parts at `t_ms`."""
        families: list[Family] = []
        seconds: dict[str, float] = {}
        for name, part in self._parts.items():
            start = time.perf_counter()
            families += self._one(name, part, t_ms)
            seconds[name] = time.perf_counter() - start
        families += self._about(seconds)
        return families

    def _one(self, name: str, part: Part, t_ms: int) -> list[Family]:
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

    def _about(self, seconds: Mapping[str, float]) -> Iterator[Family]:
        label = ("collector",)
        success = [((name,), float(name not in self._failing)) for name in seconds]
        text = "node_exporter: Whether a collector succeeded."
        yield gauge("node_scrape_collector_success", text, label, success)
        took = [((name,), value) for name, value in seconds.items()]
        text = "node_exporter: Duration of a collector scrape."
        yield gauge("node_scrape_collector_duration_seconds", text, label, took)
