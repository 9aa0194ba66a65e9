"""Disks and file systems."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, exclude_matching, read_text, read_value
from jipyo.collect.limits import LimitedCalls
from jipyo.collect.members import read_members
from jipyo.model.family import Row, counter, gauge
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jipyo.model.family import Family

EXCLUDED_DISKS = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
EXCLUDED_MOUNT_POINTS = (
    r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
)
EXCLUDED_FILE_SYSTEMS = (
    r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs"
    r"|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs"
    r"|squashfs|erofs|sysfs|tracefs)$"
)
"""node_exporter's default exclusions."""

_SECTOR = 512.0
_C, _G = MetricType.COUNTER, MetricType.GAUGE
_DISK = (
    ("reads_completed_total", "reads completed successfully", 1.0, _C),
    ("reads_merged_total", "reads merged", 1.0, _C),
    ("read_bytes_total", "bytes read successfully", _SECTOR, _C),
    ("read_time_seconds_total", "seconds spent by all reads", 1e-3, _C),
    ("writes_completed_total", "writes completed successfully", 1.0, _C),
    ("writes_merged_total", "writes merged", 1.0, _C),
    ("written_bytes_total", "bytes written successfully", _SECTOR, _C),
    ("write_time_seconds_total", "seconds spent by all writes", 1e-3, _C),
    ("io_now", "I/Os currently in progress", 1.0, _G),
    ("io_time_seconds_total", "seconds spent doing I/Os", 1e-3, _C),
    ("io_time_weighted_seconds_total", "weighted seconds spent doing I/Os", 1e-3, _C),
    ("discards_completed_total", "discards completed successfully", 1.0, _C),
    ("discards_merged_total", "discards merged", 1.0, _C),
    ("discarded_sectors_total", "sectors discarded successfully", 1.0, _C),
    ("discard_time_seconds_total", "seconds spent by all discards", 1e-3, _C),
    ("flush_requests_total", "flush requests completed successfully", 1.0, _C),
    ("flush_requests_time_seconds_total", "seconds spent by all flush requests", 1e-3, _C),
)


class Disks:
    """Operations, bytes and times by block device."""

    def __init__(self, excluded: str = EXCLUDED_DISKS) -> None:
        """Leave out the devices whose name matches."""
        self._is_excluded = exclude_matching(excluded)

    def __call__(self, paths: Paths, t_ms: int) -> Iterator[Family]:
        """The families of `/proc/diskstats`; older kernels have fewer columns."""
        lines = read_text(f"{paths.proc}/diskstats").splitlines()
        counts = {
            device: numbers
            for _, (device, numbers) in read_members(lines, _parse_disk, paths.skip)
            if not self._is_excluded(device[2])
        }
        for column, (name, text, scale, kind) in enumerate(_DISK):
            rows: list[Row] = [
                ((device[2],), numbers[column] * scale)
                for device, numbers in counts.items()
                if column < len(numbers)
            ]
            make = counter if kind is _C else gauge
            yield make(f"node_disk_{name}", f"The number of {text}.", ("device",), rows)
        yield _build_disk_info(paths, counts)


def _parse_disk(line: str) -> tuple[tuple[str, str, str], list[float]]:
    """Major and minor number and name of a device, and its counts."""
    major, minor, device, *counts = line.split()
    return (major, minor, device), [float(int(word)) for word in counts]


_DISK_INFO = (
    "device",
    "major",
    "minor",
    "model",
    "path",
    "revision",
    "serial",
    "wwn",
    "rotational",
)


def _build_disk_info(paths: Paths, disks: Iterable[tuple[str, str, str]]) -> Family:
    """Labels of every disk from udev's database and `/sys/block`."""
    rows: list[Row] = []
    root = paths.root.rstrip("/")
    for major, minor, device in disks:
        lines = (read_value(f"{root}/run/udev/data/b{major}:{minor}") or "").splitlines()
        pairs = (line[2:].partition("=") for line in lines if line.startswith("E:"))
        udev = {name: value for name, _, value in pairs}
        model = udev.get("ID_MODEL", "")
        serial = udev.get("SCSI_IDENT_SERIAL") or udev.get("ID_SERIAL_SHORT", "")
        path, revision = udev.get("ID_PATH", ""), udev.get("ID_REVISION", "")
        wwn = udev.get("ID_WWN", "")
        rotational = read_value(f"{paths.sys}/block/{device}/queue/rotational") or ""
        rows.append(((device, major, minor, model, path, revision, serial, wwn, rotational), 1.0))
    text = "Info of /sys/block/<block_device>."
    return gauge("node_disk_info", text, _DISK_INFO, rows)


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table."""

    device: str
    mount_point: str
    type: str
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Usage:
    """The result of statvfs, or why there is none."""

    values: os.statvfs_result | None
    error: str = ""


_TIMEOUT_S = 1.5


class FileSystems:
    """Sizes and inodes by mounted file system.

    A file system whose server or disk is gone blocks its caller, whatever its type: one that
    hangs is not read again until that call has returned.
    """

    def __init__(
        self,
        mount_points: str = EXCLUDED_MOUNT_POINTS,
        types: str = EXCLUDED_FILE_SYSTEMS,
        statvfs: Callable[[str], os.statvfs_result] = os.statvfs,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """Leave out what matches these patterns."""
        self._is_excluded_point = exclude_matching(mount_points)
        self._is_excluded_type = exclude_matching(types)
        self._statvfs = statvfs
        self._limits = LimitedCalls("filesystem", timeout_s)

    def __call__(self, paths: Paths, t_ms: int) -> Iterator[Family]:
        """The families of the file systems in the first process's mount table."""
        mounts = list(self._select_mounts(paths))
        root = paths.root.rstrip("/")
        outcomes = self._limits.run(
            {
                mount.mount_point: partial(self._call_statvfs, root + mount.mount_point)
                for mount in mounts
            }
        )
        hanging = Usage(None, "mountpoint timeout")
        usages = [(mount, outcomes[mount.mount_point].result or hanging) for mount in mounts]
        yield from _build_usage_families(usages)
        yield _build_mount_info(paths, [mount for mount, _ in usages])

    def _select_mounts(self, paths: Paths) -> Iterable[Mount]:
        distinct: dict[tuple[str, str, str], Mount] = {}
        for mount in _read_mounts(paths):
            # In a container the overlay at its root is the only disk there is to see.
            is_container_root = mount.mount_point == "/" and mount.type == "overlay"
            is_excluded = not is_container_root and self._is_excluded_type(mount.type)
            if not is_excluded and not self._is_excluded_point(mount.mount_point):
                distinct[mount.device, mount.mount_point, mount.type] = mount
        return distinct.values()

    def _call_statvfs(self, where: str) -> Usage:
        try:
            return Usage(self._statvfs(where))
        except OSError as error:
            return Usage(None, (error.strerror or "error").lower())
        except ValueError as error:  # a name that no system call takes
            return Usage(None, str(error))


_OCTAL = re.compile(r"\\(040|011|012|134)")


def _read_mounts(paths: Paths) -> Iterator[Mount]:
    try:
        text = read_text(f"{paths.proc}/1/mounts")
    except (FileNotFoundError, PermissionError):
        text = read_text(f"{paths.proc}/mounts")
    root = paths.root.rstrip("/")

    def parse(line: str) -> Mount:
        device, point, kind, options, *_ = line.split(" ")
        return Mount(device, _resolve_mount_point(point, root), kind, frozenset(options.split(",")))

    yield from (mount for _, mount in read_members(text.splitlines(), parse, paths.skip))


_FILE_SYSTEM: tuple[tuple[str, str, Callable[[os.statvfs_result], int]], ...] = (
    ("size_bytes", "Filesystem size in bytes.", lambda v: v.f_blocks * v.f_frsize),
    ("free_bytes", "Filesystem free space in bytes.", lambda v: v.f_bfree * v.f_frsize),
    (
        "avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        lambda v: v.f_bavail * v.f_frsize,
    ),
    ("files", "Filesystem total file nodes.", lambda v: v.f_files),
    ("files_free", "Filesystem total free file nodes.", lambda v: v.f_ffree),
    ("purgeable_bytes", "Filesystem space that could be purged (none on Linux).", lambda v: 0),
)


def _build_usage_families(usages: list[tuple[Mount, Usage]]) -> Iterator[Family]:
    names = ("device", "mountpoint", "fstype", "device_error")
    keys = {mount: (mount.device, mount.mount_point, mount.type) for mount, _ in usages}
    for name, text, value in _FILE_SYSTEM:
        rows: list[Row] = [
            ((*keys[mount], ""), float(value(usage.values)))
            for mount, usage in usages
            if usage.values is not None
        ]
        yield gauge(f"node_filesystem_{name}", text, names, rows)
    readonly = [
        ((*keys[mount], usage.error), float("ro" in mount.options)) for mount, usage in usages
    ]
    yield gauge("node_filesystem_readonly", "Filesystem read-only status.", names, readonly)
    failed = [((*keys[mount], usage.error), float(usage.values is None)) for mount, usage in usages]
    text = "Whether an error occurred while getting statistics for the given device."
    yield gauge("node_filesystem_device_error", text, names, failed)


def _build_mount_info(paths: Paths, mounts: list[Mount]) -> Family:
    """The device number of every mounted file system, by which disks are joined to it."""
    text = read_value(f"{paths.proc}/1/mountinfo") or read_value(f"{paths.proc}/self/mountinfo")
    root = paths.root.rstrip("/")
    lines = [line.split(" ") for line in (text or "").splitlines()]
    numbers = {_resolve_mount_point(words[4], root): words[2] for words in lines if len(words) > 4}
    rows: list[Row] = []
    for mount in mounts:
        major, _, minor = numbers.get(mount.mount_point, "").partition(":")
        rows.append(((mount.device, major, minor, mount.mount_point), 1.0))
    names = ("device", "major", "minor", "mountpoint")
    return gauge("node_filesystem_mount_info", "Filesystem mount information.", names, rows)


def _resolve_mount_point(point: str, root: str) -> str:
    """A mount point as the host names it: without escapes, relative to the host's root."""
    point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), point)
    return (point[len(root) :] or "/") if root and point.startswith(root) else point
