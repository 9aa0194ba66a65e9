"""What a container may use: the limits of its cgroup (version 2), beside what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_value
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
    for file, metric, kind, text in _VALUES:
        value = read_value(f"{base}/{file}")
        if value is not None and value != "max":
            yield single(kind, f"jipyo_cgroup_{metric}", text, float(value))
    yield from _collect_cpu(base)
    events = _parse_counts(read_value(f"{base}/memory.events"))
    if "oom_kill" in events:
        text = "Processes of the cgroup killed for want of memory."
        yield single(_C, "jipyo_cgroup_oom_kills_total", text, events["oom_kill"])


def _collect_cpu(base: str) -> Iterator[Family]:
    quota = (read_value(f"{base}/cpu.max") or "").split()
    if not quota:
        return
    if quota[0] != "max":
        text = "CPUs the cgroup may use; absent if not limited."
        cpus = int(quota[0]) / int(quota[1])
        yield single(_G, "jipyo_cgroup_cpu_limit_cores", text, cpus)
    counts = _parse_counts(read_value(f"{base}/cpu.stat"))
    for name, metric, scale, text in _CPU_STAT:
        if name in counts:
            yield single(_C, f"jipyo_cgroup_{metric}", text, counts[name] * scale)


def _parse_counts(text: str | None) -> dict[str, float]:
    pairs = (line.split() for line in (text or "").splitlines())
    return {name: float(value) for name, value in pairs}
