"""What a container may use: the limits of its cgroup (version 2), beside what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_value
from jipyo.collect.members import Skip, read_members
from jipyo.model.family import single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_VALUES = (
    ("memory.current", "memory_usage_bytes", _G, "Memory charged to the cgroup."),
    ("memory.max", "memory_limit_bytes", _G, "Memory limit of the cgroup; absent if none."),
    ("memory.swap.current", "swap_usage_bytes", _G, "Swap charged to the cgroup."),
    ("memory.swap.max", "swap_limit_bytes", _G, "Swap limit of the cgroup; absent if none."),
    ("pids.current", "pids", _G, "Processes and threads in the cgroup."),
    ("pids.max", "pids_limit", _G, "Limit of processes and threads; absent if none."),
)
_CPU_STAT = (
    ("usage_usec", "cpu_usage_seconds_total", 1e-6, "CPU time used by the cgroup."),
    ("throttled_usec", "cpu_throttled_seconds_total", 1e-6, "Time the cgroup was throttled."),
    ("nr_periods", "cpu_periods_total", 1.0, "Enforcement periods that have passed."),
    ("nr_throttled", "cpu_throttled_periods_total", 1.0, "Periods that were throttled."),
)


def collect_limits(paths: Paths, t_ms: int) -> Iterator[Family]:
    """`jipyo_cgroup_*` of the cgroup that is the root of this namespace.

    On a bare host that root has no limits and no such files, and there are no families.
    """
    base = f"{paths.sys}/fs/cgroup"
    limits = {file: read_value(f"{base}/{file}") for file, *_ in _VALUES}
    files = [file for file, value in limits.items() if value is not None and value != "max"]
    values = dict(read_members(files, lambda file: float(limits[file] or ""), paths.skip))
    for file, metric, kind, text in _VALUES:
        if file in values:
            yield single(kind, f"jipyo_cgroup_{metric}", text, values[file])
    yield from _collect_cpu(base, paths.skip)
    events = _parse_counts(read_value(f"{base}/memory.events"), paths.skip)
    if "oom_kill" in events:
        text = "Processes of the cgroup killed for want of memory."
        yield single(_C, "jipyo_cgroup_oom_kills_total", text, events["oom_kill"])


def _collect_cpu(base: str, skip: Skip) -> Iterator[Family]:
    quota = read_value(f"{base}/cpu.max")
    if not quota:
        return
    limits = [] if quota.startswith("max") else [quota]
    for _, cpus in read_members(limits, _parse_quota, skip):
        text = "CPUs the cgroup may use; absent if not limited."
        yield single(_G, "jipyo_cgroup_cpu_limit_cores", text, cpus)
    counts = _parse_counts(read_value(f"{base}/cpu.stat"), skip)
    for name, metric, scale, text in _CPU_STAT:
        if name in counts:
            yield single(_C, f"jipyo_cgroup_{metric}", text, counts[name] * scale)


def _parse_quota(quota: str) -> float:
    """`150000 100000`, microseconds in a period of microseconds -> 1.5 CPUs."""
    allowed, period = quota.split()
    return int(allowed) / int(period)


def _parse_counts(text: str | None, skip: Skip) -> dict[str, float]:
    lines = (text or "").splitlines()
    counts = read_members(lines, lambda line: float(line.split()[1]), skip)
    return {line.split()[0]: value for line, value in counts}
