"""Processors: time by mode, load, pressure and scheduler statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_text
from jipyo.collect.members import read_members
from jipyo.model.family import Row, counter, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

_TICKS_PER_SECOND = 100.0
"""USER_HZ: 100 on every Linux architecture that matters, and node_exporter's constant."""
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_IDLE = 3
_IDLE_JUMP_SECONDS = 3.0
"""Beyond this a CPU went off line and came back: its counters start again."""


class CpuSeconds:
    """Seconds by CPU and mode; never decreasing, although the kernel's iowait sometimes does."""

    def __init__(self) -> None:
        """Nothing is read before the first call."""
        self._seconds: dict[str, list[float]] = {}

    def __call__(self, paths: Paths, t_ms: int) -> Iterator[Family]:
        """The families of `/proc/stat`'s cpu lines."""
        seconds = self._read_seconds(paths)
        modes: list[Row] = [
            ((cpu, mode), value)
            for cpu, values in seconds.items()
            for mode, value in zip(_MODES, values, strict=False)
        ]
        guests: list[Row] = [
            ((cpu, mode), value)
            for cpu, values in seconds.items()
            for mode, value in zip(("user", "nice"), values[8:10], strict=False)
        ]
        names = ("cpu", "mode")
        yield counter(
            "node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", names, modes
        )
        yield counter(
            "node_cpu_guest_seconds_total",
            "Seconds the CPUs spent in guests (VMs) for each mode.",
            names,
            guests,
        )

    def _read_seconds(self, paths: Paths) -> dict[str, list[float]]:
        """The seconds of every mode by CPU, never less than in the previous reading."""
        seconds: dict[str, list[float]] = {}
        lines = read_text(f"{paths.proc}/stat").splitlines()
        cpus = (line for line in lines if line.startswith("cpu") and line[3:4] != " ")
        for line, now in read_members(cpus, _parse_cpu, paths.skip):
            name = line.partition(" ")[0]
            before = self._seconds.get(name[3:], now)
            if before[_IDLE] - now[_IDLE] > _IDLE_JUMP_SECONDS:
                before = now
            seconds[name[3:]] = [max(pair) for pair in zip(before, now, strict=False)]
        self._seconds |= seconds
        return seconds


def _parse_cpu(line: str) -> list[float]:
    """The seconds of each mode.

    Raises:
        ValueError: they are no numbers, negative, or fewer than every kernel has.
    """
    ticks = [int(word) for word in line.split()[1:]]
    if len(ticks) <= _IDLE or min(ticks) < 0:
        raise ValueError(line)
    return [value / _TICKS_PER_SECOND for value in ticks]


_STAT = {
    "intr": ("node_intr_total", MetricType.COUNTER, "Interrupts serviced."),
    "ctxt": ("node_context_switches_total", MetricType.COUNTER, "Context switches."),
    "processes": ("node_forks_total", MetricType.COUNTER, "Forks."),
    "btime": ("node_boot_time_seconds", MetricType.GAUGE, "Node boot time, in unixtime."),
    "procs_running": ("node_procs_running", MetricType.GAUGE, "Processes in runnable state."),
    "procs_blocked": (
        "node_procs_blocked",
        MetricType.GAUGE,
        "Processes blocked waiting for I/O to complete.",
    ),
}


def collect_stat(paths: Paths, t_ms: int) -> Iterator[Family]:
    """The counts of `/proc/stat` beside CPU time."""
    lines = read_text(f"{paths.proc}/stat").splitlines()
    counts = (line for line in lines if line.partition(" ")[0] in _STAT)
    for line, value in read_members(counts, lambda line: float(line.split()[1]), paths.skip):
        metric, kind, text = _STAT[line.partition(" ")[0]]
        yield single(kind, metric, text, value)


def collect_load_average(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Load averages of 1, 5 and 15 minutes."""
    words = read_text(f"{paths.proc}/loadavg").split()
    for minutes, word in zip(("1", "5", "15"), words, strict=False):
        text = f"{minutes}m load average."
        yield single(MetricType.GAUGE, f"node_load{minutes}", text, float(word))


_PRESSURE = (
    ("cpu", "some", "node_pressure_cpu_waiting_seconds_total", "waited for CPU time"),
    ("io", "some", "node_pressure_io_waiting_seconds_total", "waited due to IO congestion"),
    ("io", "full", "node_pressure_io_stalled_seconds_total", "made no progress due to IO"),
    ("memory", "some", "node_pressure_memory_waiting_seconds_total", "waited for memory"),
    (
        "memory",
        "full",
        "node_pressure_memory_stalled_seconds_total",
        "made no progress due to memory",
    ),
    ("irq", "full", "node_pressure_irq_stalled_seconds_total", "made no progress due to IRQ"),
)


def collect_pressure(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Pressure stall information; a kernel without it has no such files."""
    files = read_members(
        ("cpu", "io", "memory", "irq"), lambda name: _read_stall_seconds(paths, name), paths.skip
    )
    totals = dict(files)
    for name, which, metric, what in _PRESSURE:
        seconds = totals.get(name, {}).get(which)
        if seconds is not None:
            text = f"Total time in seconds that processes have {what}."
            yield single(MetricType.COUNTER, metric, text, seconds)


def _read_stall_seconds(paths: Paths, name: str) -> dict[str, float]:
    try:
        lines = read_text(f"{paths.proc}/pressure/{name}").splitlines()
    except OSError:
        return {}
    # "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234", in microseconds
    return {line.split()[0]: int(line.rpartition("total=")[2]) / 1e6 for line in lines}


def collect_scheduler(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Run and wait time by CPU (`/proc/schedstat`, where the kernel has it)."""
    try:
        lines = read_text(f"{paths.proc}/schedstat").splitlines()
    except FileNotFoundError:
        return
    cpus = read_members(
        (line for line in lines if line.startswith("cpu")),
        lambda line: [float(int(word)) for word in line.split()[1:10]],
        paths.skip,
    )
    waits = [(line.split()[0][3:], counts) for line, counts in cpus if len(counts) == 9]
    for name, text, column, scale in (
        ("running_seconds_total", "Seconds CPU spent running a process.", 6, 1e9),
        ("waiting_seconds_total", "Seconds spent by processes waiting for this CPU.", 7, 1e9),
        ("timeslices_total", "Timeslices executed by CPU.", 8, 1.0),
    ):
        rows = [((cpu,), counts[column] / scale) for cpu, counts in waits]
        yield counter(f"node_schedstat_{name}", text, ("cpu",), rows)
