"""Processes in groups, under process-exporter's names.

A counter of a group sums the increases of its processes since they were first seen, so it
never goes down when one of them ends. A process that ran before us counts from zero; one
that started later counts whole.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.limits import LIMIT_S, LimitedCalls
from jipyo.collect.members import SkippedMembers
from jipyo.collect.process import read
from jipyo.collect.process.grouping import Grouping, GroupRule, identify, look_up_user
from jipyo.model.errors import CollectError
from jipyo.model.family import Row, counter, gauge, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.family import Family
    from jipyo.model.reading import ReadingNote

__all__ = ["GroupRule", "ProcessOptions", "Processes"]

_OTHER = "other"
_QUIET_TICKS = 4
"""The other counters of an idle process are read every so many ticks only."""
_SETTLED_TICKS = 16
"""A process whose memory did not change is measured anew every so many ticks only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOptions:
    """How processes are grouped, and the CPU budget for it."""

    proc: str = "/proc"
    rules: tuple[GroupRule, ...] = ()
    """The first that fits names the group."""
    group_by: str = "exe"
    """For what no rule fits: exe, comm, user, unit or container; "" leaves it out."""
    memory_budget_ms: float = 15.0
    """CPU time a tick for proportional sizes; processes beyond it wait their turn."""
    first_budgets: int = 20
    """The first reading may take so many budgets, so that sizes are right from the start."""
    keep_empty_ms: int = 3_600_000
    """A group without processes is shown for so long, with 0 processes."""
    max_groups: int = 500
    """What comes after so many groups is put together as "other"."""


@dataclass(frozen=True, slots=True)
class _ProcessCounts:
    """The counters of a process since it started."""

    user_s: float = 0.0
    system_s: float = 0.0
    read_bytes: float = 0.0
    written_bytes: float = 0.0
    major_faults: float = 0.0
    minor_faults: float = 0.0
    voluntary: float = 0.0
    nonvoluntary: float = 0.0

    def to_tuple(self) -> tuple[float, ...]:
        return (
            self.user_s, self.system_s, self.read_bytes, self.written_bytes,
            self.major_faults, self.minor_faults, self.voluntary, self.nonvoluntary,
        )  # fmt: skip


@dataclass(slots=True)
class _Process:
    """One process between ticks."""

    pid: int
    raw: bytes
    """`/proc/PID/stat` as it was last read; as long as it is the same, nothing happened."""
    stat: read.Stat
    group: str
    descriptor_limit: float
    counts: _ProcessCounts
    swapped: float = 0.0
    descriptors: int = 0
    proportional: read.Proportional | None = None
    memory_denied: bool = False
    measured_tick: int = -1
    measured_stat: read.Stat | None = None

    def is_settled(self) -> bool:
        """Whether its memory has not changed since it was measured."""
        then, now = self.measured_stat, self.stat
        return then is not None and (
            then.resident_bytes == now.resident_bytes and then.minor_faults == now.minor_faults
        )


@dataclass(slots=True)
class _Group:
    """The sums over a group's living processes in one tick."""

    processes: int = 0
    threads: int = 0
    resident: float = 0.0
    virtual: float = 0.0
    swapped: float = 0.0
    proportional: float = 0.0
    proportional_swapped: float = 0.0
    descriptors: int = 0
    worst_ratio: float = 0.0
    oldest_s: float = 0.0
    states: dict[str, int] = field(default_factory=dict)

    def add(self, process: _Process, boot_s: float) -> None:
        stat, pss = process.stat, process.proportional
        self.processes += 1
        self.threads += stat.threads
        self.resident += stat.resident_bytes
        self.virtual += stat.virtual_bytes
        self.swapped += process.swapped
        # A process that is not ours to see, or not yet read, counts with its resident size.
        self.proportional += stat.resident_bytes if pss is None else pss.resident
        self.proportional_swapped += process.swapped if pss is None else pss.swapped
        self.descriptors += process.descriptors
        if process.descriptor_limit > 0:  # a process may be allowed none
            ratio = process.descriptors / process.descriptor_limit
            self.worst_ratio = max(self.worst_ratio, ratio)
        start_s = boot_s + stat.start_s
        self.oldest_s = min(self.oldest_s or start_s, start_s)
        self.states[stat.state] = self.states.get(stat.state, 0) + 1


@dataclass(slots=True)
class _ReadErrors:
    """Processes that could not be read, since the start."""

    process: int = 0
    partial: int = 0


@dataclass(slots=True)
class _Budget:
    """CPU time left for one tick."""

    left_s: float


class Processes:
    """All processes of this host, summed up by group."""

    def __init__(
        self,
        options: ProcessOptions | None = None,
        *,
        names: Callable[[int], str] = look_up_user,
        cpu_time: Callable[[], float] = time.thread_time,
        measure: Callable[[str, int], read.Proportional] = read.read_proportional,
        limit_s: float = LIMIT_S,
    ) -> None:
        """Group by `options`; `names` turns a user id into a name.

        A process whose files cannot be read within `limit_s` is left out until they can.

        Raises:
            ConfigError: a rule cannot be understood.
        """
        self._options = options or ProcessOptions()
        self._grouping = Grouping(self._options.rules, self._options.group_by)
        self._names = names
        self._cpu_time = cpu_time
        self._measure = measure
        self._known: dict[int, _Process] = {}
        self._kernel_threads: set[int] = set()
        self._totals: dict[str, list[float]] = {}
        self._last_seen_ms: dict[str, int] = {}
        self._tick = 0
        self._errors = _ReadErrors()
        self._page_size = os.sysconf("SC_PAGESIZE")
        self._limits = LimitedCalls("process", limit_s)
        self._skipped = SkippedMembers("process")

    def collect(self, t_ms: int) -> list[Family]:
        """Every group at `t_ms`.

        Raises:
            CollectError: `/proc` itself cannot be read.
        """
        proc = self._options.proc
        try:
            pids, boot_s = read.list_process_ids(proc), read.read_boot_time_s(proc)
        except (OSError, ValueError) as error:
            raise CollectError("collect.proc_unreadable", path=proc, reason=str(error)) from error
        living = self._update_processes(pids)
        self._kernel_threads.intersection_update(pids)
        members = [process for process in living if process.group]
        self._measure_memory(members)
        groups = {name: _Group() for name in tuple(self._totals)}
        for process in members:
            groups[process.group].add(process, boot_s)
        self._forget_groups(groups, t_ms)
        self._tick += 1
        unmeasured = sum(process.memory_denied for process in members)
        return list(self._build_families(groups, unmeasured, len(members)))

    def notes(self) -> tuple[ReadingNote, ...]:
        """Processes whose files hang, and the first that the last reading skipped."""
        return (*self._limits.notes(), *self._skipped.notes())

    def _update_processes(self, pids: Sequence[int]) -> list[_Process]:
        self._skipped.begin()
        calls = {f"process {pid}": partial(self._update_process, pid) for pid in pids}
        outcomes = self._limits.run(calls)
        ended = (FileNotFoundError, ProcessLookupError)
        for name, outcome in outcomes.items():
            self._errors.process += outcome.error is not None
            if outcome.error is not None and not isinstance(outcome.error, (*ended, CollectError)):
                self._skipped.record("process", name, outcome.error)
        living = [each.result for each in outcomes.values() if each.result is not None]
        # One that could not be read stays known, or it would count whole when it can.
        known = self._known | {process.pid: process for process in living}
        self._known = {pid: known[pid] for pid in pids if pid in known}
        return living

    def _update_process(self, pid: int) -> _Process | None:
        """A process with its group's counters updated; None for a kernel thread.

        Raises:
            OSError, ValueError, IndexError: it has ended, or its files make no sense.
        """
        turn = (pid + self._tick) % _QUIET_TICKS == 0
        if pid in self._kernel_threads and not turn:
            return None
        raw = read.read_once(f"{self._options.proc}/{pid}/stat")
        process = self._known.get(pid)
        if process is None or process.raw != raw:
            process = self._handle_change(pid, raw, process)
            turn = True
        if process is not None and process.group and turn:
            self._add_to_totals(process)
        return process

    def _handle_change(self, pid: int, raw: bytes, process: _Process | None) -> _Process | None:
        """A process that is new, or was active since the last tick."""
        stat = read.parse_stat(raw, self._page_size)
        if stat.kernel_thread:
            self._kernel_threads.add(pid)
            return None
        self._kernel_threads.discard(pid)
        if process is None or process.stat.start_s != stat.start_s:
            limit = read.read_descriptor_limit(self._options.proc, pid)
            group = self._find_group(pid, stat)
            process = _Process(pid, raw, stat, group, limit, _ProcessCounts())
            if self._tick == 0 and group:
                process.counts = self._read_counts(process)
            return process
        if process.stat.comm != stat.comm:
            # A forked shell that has become another program counts for that from now on.
            process.group = self._find_group(pid, stat)
        process.raw, process.stat = raw, stat
        return process

    def _find_group(self, pid: int, stat: read.Stat) -> str:
        identity = identify(self._options.proc, pid, stat.comm, self._names)
        name = self._grouping.choose_group(identity) if identity is not None else ""
        if name and name not in self._totals and len(self._totals) >= self._options.max_groups:
            name = _OTHER
        if name:
            self._totals.setdefault(name, [0.0] * len(_ProcessCounts().to_tuple()))
        return name

    def _add_to_totals(self, process: _Process) -> None:
        now = self._read_counts(process)
        total = self._totals[process.group]
        pairs = zip(process.counts.to_tuple(), now.to_tuple(), strict=True)
        for index, (before, after) in enumerate(pairs):
            total[index] += max(after - before, 0.0)
        process.counts = now
        process.descriptors = read.count_descriptors(self._options.proc, process.pid) or 0

    def _read_counts(self, process: _Process) -> _ProcessCounts:
        """The current counters; what cannot be read keeps its value."""
        base, before, stat = f"{self._options.proc}/{process.pid}", process.counts, process.stat
        read_bytes, written = before.read_bytes, before.written_bytes
        voluntary, nonvoluntary = before.voluntary, before.nonvoluntary
        try:
            status = read.read_once(f"{base}/status")
            voluntary = read.find_number(status, b"\nvoluntary_ctxt_switches:")
            nonvoluntary = read.find_number(status, b"\nnonvoluntary_ctxt_switches:")
            process.swapped = read.find_number(status, b"\nVmSwap:", 0.0) * 1024
            io = read.read_once(f"{base}/io")
            read_bytes = read.find_number(io, b"\nread_bytes:")
            written = read.find_number(io, b"\nwrite_bytes:")
        except (OSError, ValueError):
            self._errors.partial += 1
        return _ProcessCounts(
            stat.user_s, stat.system_s, read_bytes, written,
            stat.major_faults, stat.minor_faults, voluntary, nonvoluntary,
        )  # fmt: skip

    def _measure_memory(self, members: Sequence[_Process]) -> None:
        """Read proportional sizes, the longest unread first, until the budget is spent."""
        budgets = 1 if self._tick else self._options.first_budgets
        budget = _Budget(self._options.memory_budget_ms / 1000 * budgets)
        wanted = [
            process
            for process in members
            if not process.memory_denied
            and ((process.pid + self._tick) % _SETTLED_TICKS == 0 or not process.is_settled())
        ]
        wanted.sort(key=lambda process: process.measured_tick)
        calls = {
            f"process {process.pid}": partial(self._measure_process, process, budget)
            for process in wanted
        }
        self._limits.run(calls)

    def _measure_process(self, process: _Process, budget: _Budget) -> None:
        if budget.left_s < 0:
            return
        start = self._cpu_time()
        process.measured_tick, process.measured_stat = self._tick, process.stat
        try:
            process.proportional = self._measure(self._options.proc, process.pid)
        except PermissionError:
            process.memory_denied = True
        except (OSError, ValueError, IndexError):
            process.proportional = None
        budget.left_s -= self._cpu_time() - start

    def _forget_groups(self, groups: dict[str, _Group], t_ms: int) -> None:
        for name, group in list(groups.items()):
            if group.processes:
                self._last_seen_ms[name] = t_ms
            elif t_ms - self._last_seen_ms.setdefault(name, t_ms) > self._options.keep_empty_ms:
                del groups[name], self._totals[name], self._last_seen_ms[name]

    def _build_families(
        self, groups: dict[str, _Group], unmeasured: int, processes: int
    ) -> Iterator[Family]:
        yield from _build_counter_families(dict(self._totals))
        for name, text, value_of in _GAUGES:
            rows = [((group,), float(value_of(summed))) for group, summed in groups.items()]
            yield gauge(f"namedprocess_namegroup_{name}", text, _LABEL, rows)
        yield _build_memory_family(groups, with_proportional=unmeasured < processes)
        text = "Processes whose proportional size may not be read: they count as resident."
        name = "jipyo_process_memory_unmeasured"
        yield single(MetricType.GAUGE, name, text, float(unmeasured))
        yield _build_states_family(groups)
        for name, value, text in (
            ("scrape_procread_errors", self._errors.process, "processes that could not be read"),
            ("scrape_partial_errors", self._errors.partial, "processes read in part only"),
        ):
            yield single(MetricType.COUNTER, f"namedprocess_{name}", text, float(value))
        yield from self._skipped.families()
        yield from self._limits.families()


_LABEL = ("groupname",)
_COUNTERS: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[int, tuple[str, ...]], ...]], ...] = (
    (
        "cpu_seconds_total",
        "Cpu user usage in seconds",
        ("mode",),
        ((0, ("user",)), (1, ("system",))),
    ),
    ("read_bytes_total", "number of bytes read by this group", (), ((2, ()),)),
    ("write_bytes_total", "number of bytes written by this group", (), ((3, ()),)),
    ("major_page_faults_total", "Major page faults", (), ((4, ()),)),
    ("minor_page_faults_total", "Minor page faults", (), ((5, ()),)),
    (
        "context_switches_total",
        "Context switches",
        ("ctxswitchtype",),
        ((6, ("voluntary",)), (7, ("nonvoluntary",))),
    ),
)


def _build_counter_families(totals: dict[str, list[float]]) -> Iterator[Family]:
    for name, text, labels, columns in _COUNTERS:
        rows: list[Row] = [
            ((group, *values), counts[column])
            for group, counts in totals.items()
            for column, values in columns
        ]
        yield counter(f"namedprocess_namegroup_{name}", text, (*_LABEL, *labels), rows)


_GAUGES: tuple[tuple[str, str, Callable[[_Group], float]], ...] = (
    ("num_procs", "number of processes in this group", lambda g: g.processes),
    ("num_threads", "Number of threads", lambda g: g.threads),
    ("open_filedesc", "number of open file descriptors for this group", lambda g: g.descriptors),
    (
        "worst_fd_ratio",
        "the worst (closest to 1) ratio between open fds and max fds among all procs",
        lambda g: g.worst_ratio,
    ),
    (
        "oldest_start_time_seconds",
        "start time in seconds since 1970/01/01 of oldest process in group",
        lambda g: g.oldest_s,
    ),
)


def _build_memory_family(groups: dict[str, _Group], *, with_proportional: bool) -> Family:
    rows: list[Row] = []
    for name, group in groups.items():
        rows += [
            ((name, "resident"), group.resident),
            ((name, "virtual"), group.virtual),
            ((name, "swapped"), group.swapped),
        ]
        if with_proportional:
            rows += [
                ((name, "proportionalResident"), group.proportional),
                ((name, "proportionalSwapped"), group.proportional_swapped),
            ]
    text = "number of bytes of memory in use"
    return gauge("namedprocess_namegroup_memory_bytes", text, (*_LABEL, "memtype"), rows)


_STATES = {"Running": "R", "Sleeping": "S", "Waiting": "D", "Zombie": "Z"}


def _build_states_family(groups: dict[str, _Group]) -> Family:
    rows: list[Row] = []
    for name, group in groups.items():
        counts = {state: group.states.get(letter, 0) for state, letter in _STATES.items()}
        counts["Other"] = group.processes - sum(counts.values())
        rows += [((name, state), float(count)) for state, count in counts.items()]
    text = "Number of processes in states Running, Sleeping, Waiting, Zombie, or Other"
    return gauge("namedprocess_namegroup_states", text, (*_LABEL, "state"), rows)
