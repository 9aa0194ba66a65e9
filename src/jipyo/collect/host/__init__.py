"""This host under node_exporter's names: `/proc` and `/sys`, read as they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.host import cgroup, clock, cpu, disk, memory, network, ntp, system
from jipyo.collect.host.files import Paths, exclude_matching
from jipyo.collect.limits import LIMIT_S, CallOutcome, LimitedCalls
from jipyo.collect.members import SkippedMembers
from jipyo.model.errors import JipyoError
from jipyo.model.family import Family, gauge

if TYPE_CHECKING:
    from jipyo.model.reading import ReadingNote

__all__ = ["Exclusions", "Host", "HostOptions", "Part", "Paths", "build_parts"]

_LOG = logging.getLogger(__name__)

Part = Callable[[Paths, int], Iterable[Family]]
"""Reads one file or folder of the kernel; gets where the trees are and the time in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """RE2 of what is left out, with node_exporter's defaults; an empty one leaves out nothing."""

    mount_points: str = disk.EXCLUDED_MOUNT_POINTS
    """`--collector.filesystem.mount-points-exclude`."""
    file_systems: str = disk.EXCLUDED_FILE_SYSTEMS
    """`--collector.filesystem.fs-types-exclude`."""
    disks: str = disk.EXCLUDED_DISKS
    """`--collector.diskstats.device-exclude`."""
    interfaces: str = ""
    """`--collector.netdev.device-exclude`, `.netclass.ignored-devices`, `.arp.device-exclude`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Where the host's trees are, what is left out of them, and who knows the time."""

    paths: Paths = field(default_factory=Paths)
    exclude: Exclusions = field(default_factory=Exclusions)
    ntp: tuple[str, ...] = ()
    """Time servers to compare the clock with, `host` or `host:port`."""


def build_parts(options: HostOptions) -> dict[str, Part]:
    """The parts by the names of node_exporter's collectors."""
    exclude = options.exclude
    interfaces = exclude_matching(exclude.interfaces)
    return {
        "arp": partial(network.collect_arp, is_excluded=interfaces),
        "cgroup": cgroup.collect_limits,
        "conntrack": network.collect_tracked_connections,
        "cpu": cpu.CpuSeconds(),
        "diskstats": disk.Disks(exclude.disks),
        "entropy": system.collect_entropy,
        "filefd": system.collect_file_descriptors,
        "filesystem": disk.FileSystems(exclude.mount_points, exclude.file_systems),
        "kernel_hung": system.collect_hung_tasks,
        "loadavg": cpu.collect_load_average,
        "meminfo": memory.collect_meminfo,
        "netclass": partial(network.collect_interfaces, is_excluded=interfaces),
        "netdev": partial(network.collect_devices, is_excluded=interfaces),
        "netstat": network.collect_protocols,
        **({"ntp": ntp.NtpServers(options.ntp)} if options.ntp else {}),
        "os": system.collect_os_release,
        "pressure": cpu.collect_pressure,
        "schedstat": cpu.collect_scheduler,
        "selinux": system.collect_selinux,
        "sockstat": network.collect_sockets,
        "softnet": network.collect_softnet,
        "stat": cpu.collect_stat,
        "thermal_zone": system.collect_temperatures,
        "time": system.collect_clock,
        "timex": clock.Timex(),
        "udp_queues": network.collect_udp_queues,
        "uname": system.collect_uname,
        "vmstat": memory.collect_vmstat,
        "zfs": memory.collect_zfs,
    }


class Host:
    """Collects this host; each part fails or hangs alone.

    `node_scrape_collector_success` shows which parts could be read, notes and
    `jipyo_collect_*` which of them hang or skipped something.
    """

    def __init__(
        self,
        options: HostOptions | None = None,
        *,
        table: Mapping[str, Part] | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        """Take the parts of `options`, or the given ones; each may take `limit_s`."""
        options = options or HostOptions()
        parts = build_parts(options) if table is None else table
        self._skipped = SkippedMembers("node")
        self._limits = LimitedCalls("node", limit_s)
        self._readers: dict[str, Callable[[int], list[Family]]] = {
            name: partial(
                _read_part, part, replace(options.paths, skip=partial(self._skipped.record, name))
            )
            for name, part in parts.items()
        }
        self._failing: set[str] = set()

    def collect(self, t_ms: int) -> list[Family]:
        """All parts at `t_ms`."""
        self._skipped.begin()
        calls = {name: partial(read, t_ms) for name, read in self._readers.items()}
        outcomes = self._limits.run(calls)
        families: list[Family] = []
        for name, outcome in outcomes.items():
            self._log_change(name, outcome.error)
            families += outcome.result or ()
        families += _build_scrape_families(outcomes)
        for family in (*self._skipped.families(), *self._limits.families()):
            families += [family] if family.samples else []
        return families

    def notes(self) -> tuple[ReadingNote, ...]:
        """Parts that hang, and members that the last reading skipped."""
        return (*self._limits.notes(), *self._skipped.notes())

    def _log_change(self, name: str, error: Exception | None) -> None:
        if error is not None and name not in self._failing:
            self._failing.add(name)
            reason = error if isinstance(error, JipyoError) else repr(error)
            _LOG.warning("host: %s cannot be collected: %s", name, reason)
        elif error is None and name in self._failing:
            self._failing.discard(name)
            _LOG.info("host: %s is collected again", name)


def _read_part(part: Part, paths: Paths, t_ms: int) -> list[Family]:
    return [family for family in part(paths, t_ms) if family.samples]


def _build_scrape_families(outcomes: Mapping[str, CallOutcome[list[Family]]]) -> Iterator[Family]:
    label = ("collector",)
    success = [((name,), float(outcome.error is None)) for name, outcome in outcomes.items()]
    text = "node_exporter: Whether a collector succeeded."
    yield gauge("node_scrape_collector_success", text, label, success)
    durations = [((name,), outcome.seconds) for name, outcome in outcomes.items()]
    text = "node_exporter: Duration of a collector scrape."
    yield gauge("node_scrape_collector_duration_seconds", text, label, durations)
