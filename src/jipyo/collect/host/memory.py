"""Memory and paging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_text, read_value
from jipyo.collect.members import read_members
from jipyo.model.family import single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

_PARENTHESES = str.maketrans({"(": "_", ")": None})


def collect_meminfo(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Every line of `/proc/meminfo`, kB turned into bytes."""
    lines = read_text(f"{paths.proc}/meminfo").splitlines()
    for _, (field, value) in read_members(lines, _parse_field, paths.skip):
        text = f"Memory information field {field}."
        yield single(MetricType.GAUGE, f"node_memory_{field}", text, value)


def _parse_field(line: str) -> tuple[str, float]:
    name, _, rest = line.partition(":")
    words = rest.split()
    field = name.translate(_PARENTHESES)
    if len(words) > 1:
        return f"{field}_bytes", float(words[0]) * 1024
    return field, float(words[0])


def collect_vmstat(paths: Paths, t_ms: int) -> Iterator[Family]:
    """node_exporter's default selection: `^(oom_kill|pgpg|pswp|pg.*fault).*`."""
    lines = read_text(f"{paths.proc}/vmstat").splitlines()
    for line, value in read_members(lines, lambda line: float(line.split()[1]), paths.skip):
        name = line.partition(" ")[0]
        if name.startswith(("oom_kill", "pgpg", "pswp")) or (
            name.startswith("pg") and "fault" in name
        ):
            text = f"/proc/vmstat information field {name}."
            yield single(MetricType.UNKNOWN, f"node_vmstat_{name}", text, value)


def collect_zfs(paths: Paths, t_ms: int) -> Iterator[Family]:
    """The size of ZFS' cache and its limits; it counts as used, and shrinks when asked to."""
    lines = (read_value(f"{paths.proc}/spl/kstat/zfs/arcstats") or "").splitlines()
    wanted = (line for line in lines if line.partition(" ")[0] in _ARC)
    for line, value in read_members(wanted, lambda line: float(line.split()[2]), paths.skip):
        name = line.partition(" ")[0]
        text = f"kstat.zfs.misc.arcstats.{name}"
        yield single(MetricType.UNKNOWN, f"node_zfs_arc_{name}", text, value)


_ARC = frozenset({"size", "c", "c_min", "c_max", "hits", "misses"})
