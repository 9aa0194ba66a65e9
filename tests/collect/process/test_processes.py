"""Processes in groups under process-exporter's names."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil
import pytest

from collect.helpers import of, samples, write_tree
from jipyo.collect.process import GroupRule, Processes, ProcessOptions, read
from jipyo.collect.process.grouping import look_up_user
from jipyo.model.errors import CollectError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_400_000_000
PAGE = os.sysconf("SC_PAGESIZE")
SERVICE = "0::/system.slice/nginx.service\n"
CONTAINER = f"0::/system.slice/docker-{'ab12' * 16}.scope\n"


@dataclass(frozen=True, kw_only=True)
class Fake:
    """A process as /proc shows it."""

    pid: int
    comm: str = "python3"
    cmdline: str = "/usr/bin/python3 app.py"
    state: str = "S"
    flags: int = 0
    user: int = 100
    system: int = 50
    start: int = 1000
    pages: int = 10
    read: int = 4096
    pss_kb: int | None = 8
    cgroup: str = "0::/\n"
    fds: int = 2


def put(root: Path, *processes: Fake) -> Path:
    """A /proc with exactly these processes."""
    for folder in root.glob("[0-9]*"):
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()
    write_tree(root, {"stat": "cpu  1 2 3 4\nbtime 1795000000\nprocesses 1\n"})
    for one in processes:
        write_tree(root / str(one.pid), files_of(one))
    return root


def files_of(one: Fake) -> dict[str, str]:
    numbers = f"1 1 1 0 -1 {one.flags} 11 0 3 0 {one.user} {one.system} 0 0 20 0 2 0 {one.start}"
    files = {
        "stat": f"{one.pid} ({one.comm}) {one.state} {numbers} {1 << 20} {one.pages} 18446 1 1\n",
        "cmdline": one.cmdline.replace(" ", "\0") + ("\0" if one.cmdline else ""),
        "status": "Name:\tx\nVmSwap:\t   4 kB\nvoluntary_ctxt_switches:\t7\n"
        "nonvoluntary_ctxt_switches:\t2\n",
        "io": f"rchar: 1\nwchar: 1\nread_bytes: {one.read}\nwrite_bytes: 512\n",
        "limits": "Limit  Soft  Hard  Units\nMax open files  10   20   files\n",
        "cgroup": one.cgroup,
        **{f"fd/{number}": "" for number in range(one.fds)},
    }
    if one.pss_kb is not None:
        files["smaps_rollup"] = (
            f"00-ff ---p 0 [rollup]\nRss: 9 kB\nPss: {one.pss_kb} kB\nSwapPss: 1 kB\n"
        )
    return files


def collector(root: Path, **options: object) -> Processes:
    given = ProcessOptions(proc=str(root), **options)  # type: ignore[arg-type]
    return Processes(given, names=lambda uid: "alice")


def groups(processes: Processes, metric: str, t_ms: int = NOW) -> dict[str, float]:
    return of(processes.collect(t_ms), f"namedprocess_namegroup_{metric}")


def test_processes_of_one_program_are_summed(tmp_path: Path) -> None:
    put(
        tmp_path,
        Fake(pid=1),
        Fake(pid=2, state="R", start=500),
        Fake(pid=3, comm="sh", cmdline="sh"),
    )
    found = samples(collector(tmp_path).collect(NOW))
    name = "namedprocess_namegroup_"
    assert found[f'{name}num_procs{{groupname="python3"}}'] == 2
    assert found[f'{name}num_procs{{groupname="sh"}}'] == 1
    assert found[f'{name}num_threads{{groupname="python3"}}'] == 4
    assert found[f'{name}memory_bytes{{groupname="python3",memtype="resident"}}'] == 20 * PAGE
    assert found[f'{name}memory_bytes{{groupname="python3",memtype="virtual"}}'] == 2 << 20
    assert found[f'{name}memory_bytes{{groupname="python3",memtype="swapped"}}'] == 8192
    pss = f'{name}memory_bytes{{groupname="python3",memtype="proportionalResident"}}'
    assert found[pss] == 2 * 8192
    assert found[f'{name}worst_fd_ratio{{groupname="sh"}}'] > 0
    oldest = found[f'{name}oldest_start_time_seconds{{groupname="python3"}}']
    assert oldest == 1795000000 + 5
    assert found[f'{name}states{{groupname="python3",state="Running"}}'] == 1
    assert found[f'{name}states{{groupname="python3",state="Sleeping"}}'] == 1


def test_a_counter_starts_at_zero_for_what_ran_before_us(tmp_path: Path) -> None:
    processes = collector(put(tmp_path, Fake(pid=1, user=100)))
    user = '{groupname="python3",mode="user"}'
    assert groups(processes, "cpu_seconds_total")[user] == 0.0
    put(tmp_path, Fake(pid=1, user=130))
    assert groups(processes, "cpu_seconds_total")[user] == pytest.approx(0.3)


def test_a_process_that_started_after_us_counts_whole(tmp_path: Path) -> None:
    processes = collector(put(tmp_path, Fake(pid=1)))
    processes.collect(NOW)
    put(tmp_path, Fake(pid=1), Fake(pid=2, user=250, read=1000))
    found = samples(processes.collect(NOW))
    name = "namedprocess_namegroup_"
    assert found[f'{name}cpu_seconds_total{{groupname="python3",mode="user"}}'] == 2.5
    assert found[f'{name}read_bytes_total{{groupname="python3"}}'] == 1000


def test_a_counter_never_goes_down_when_a_process_ends(tmp_path: Path) -> None:
    processes = collector(put(tmp_path, Fake(pid=1), Fake(pid=2)))
    processes.collect(NOW)
    put(tmp_path, Fake(pid=1, user=200), Fake(pid=2, user=300))
    before = groups(processes, "cpu_seconds_total")['{groupname="python3",mode="user"}']
    put(tmp_path, Fake(pid=1, user=210))
    after = groups(processes, "cpu_seconds_total")['{groupname="python3",mode="user"}']
    assert before == pytest.approx(3.0)
    assert after == pytest.approx(3.1)


def test_a_pid_used_again_is_another_process(tmp_path: Path) -> None:
    processes = collector(put(tmp_path, Fake(pid=1, user=500)))
    processes.collect(NOW)
    put(tmp_path, Fake(pid=1, user=40, start=9000, comm="sh", cmdline="sh"))
    found = groups(processes, "cpu_seconds_total")
    assert found['{groupname="sh",mode="user"}'] == 0.4
    assert found['{groupname="python3",mode="user"}'] == 0.0


def test_a_group_without_processes_is_shown_a_while_and_then_forgotten(tmp_path: Path) -> None:
    processes = collector(put(tmp_path, Fake(pid=1)), keep_empty_ms=1000)
    processes.collect(NOW)
    put(tmp_path)
    assert groups(processes, "num_procs", NOW + 500) == {'{groupname="python3"}': 0.0}
    assert groups(processes, "num_procs", NOW + 2000) == {}


def test_a_shell_that_becomes_another_program_changes_its_group(tmp_path: Path) -> None:
    shell = Fake(pid=1, comm="sh", cmdline="sh")
    processes = collector(put(tmp_path, shell))
    processes.collect(NOW)
    put(tmp_path, replace(shell, comm="nginx", cmdline="nginx"))
    found = groups(processes, "num_procs")
    assert found == {'{groupname="sh"}': 0.0, '{groupname="nginx"}': 1.0}


@pytest.mark.parametrize(
    "kind",
    [Fake(pid=2, flags=0x00200000), Fake(pid=2, cmdline="", comm="defunct", state="Z")],
    ids=["kernel thread", "zombie"],
)
def test_what_runs_no_program_belongs_to_no_group(tmp_path: Path, kind: Fake) -> None:
    processes = collector(put(tmp_path, Fake(pid=1), kind))
    assert groups(processes, "num_procs") == {'{groupname="python3"}': 1.0}
    assert groups(processes, "num_procs") == {'{groupname="python3"}': 1.0}


@pytest.mark.parametrize(
    ("fake", "by", "name"),
    [
        (Fake(pid=1), "exe", "python3"),
        (Fake(pid=1), "user", "alice"),
        (Fake(pid=1, cgroup=SERVICE), "unit", "nginx.service"),
        (Fake(pid=1, cgroup=CONTAINER), "container", "ab12ab12ab12"),
        (Fake(pid=1), "unit", "python3"),  # not in a unit: by its program
        (Fake(pid=1, comm="nginx", cmdline="nginx: worker"), "exe", "nginx"),
        (Fake(pid=1, comm="bash", cmdline="-bash"), "exe", "bash"),
        (Fake(pid=1, comm="odd (1) name", cmdline="/opt/x"), "comm", "odd (1) name"),
        (Fake(pid=1, cgroup=f"0::/kubepods/pod1/{'cd' * 32}\n"), "container", "cdcdcdcdcdcd"),
    ],
)
def test_what_no_rule_names_is_grouped_by_one_attribute(
    tmp_path: Path, fake: Fake, by: str, name: str
) -> None:
    processes = collector(put(tmp_path, fake), group_by=by)
    assert groups(processes, "num_procs") == {f'{{groupname="{name}"}}': 1.0}


RULES = (
    GroupRule(name="vllm {model}", cmdline=r"vllm serve (?P<model>\S+)"),
    GroupRule(name="web", unit="^nginx"),
    GroupRule(name="{user}'s python", exe="^python", user="alice"),
    GroupRule(name="in {container}", container="."),
)


@pytest.mark.parametrize(
    ("fake", "name"),
    [
        (Fake(pid=1, cmdline="/bin/vllm serve llama --port 1"), "vllm llama"),
        (Fake(pid=1, cmdline="nginx", cgroup=SERVICE), "web"),
        (Fake(pid=1), "alice's python"),
        (Fake(pid=1, cmdline="redis", cgroup=CONTAINER), "in ab12ab12ab12"),
        (Fake(pid=1, cmdline="redis"), None),
    ],
)
def test_the_first_rule_that_fits_names_the_group(
    tmp_path: Path, fake: Fake, name: str | None
) -> None:
    processes = collector(put(tmp_path, fake), rules=RULES, group_by="")
    expected = {} if name is None else {f'{{groupname="{name}"}}': 1.0}
    assert groups(processes, "num_procs") == expected


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"rules": (GroupRule(name="x", cmdline="(("),)}, "collect.bad_pattern"),
        ({"group_by": "colour"}, "collect.bad_group_by"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Processes(ProcessOptions(**options))  # type: ignore[arg-type]
    assert caught.value.key == key


def test_groups_beyond_the_limit_are_put_together(tmp_path: Path) -> None:
    fakes = [Fake(pid=n, cmdline=f"program{n}", comm=f"c{n}") for n in range(1, 5)]
    processes = collector(put(tmp_path, *fakes), max_groups=2)
    found = groups(processes, "num_procs")
    assert sum(found.values()) == 4
    assert found['{groupname="other"}'] == 2


def test_sizes_that_may_not_be_read_count_as_resident_and_are_told(tmp_path: Path) -> None:
    put(tmp_path, Fake(pid=1), Fake(pid=2, cmdline="sh"))
    asked = []

    def measure(proc: str, pid: int) -> read.Proportional:
        asked.append(pid)
        if pid == 1:
            raise PermissionError
        return read.read_proportional(proc, pid)

    processes = Processes(ProcessOptions(proc=str(tmp_path)), names=str, measure=measure)
    processes.collect(NOW)
    found = samples(processes.collect(NOW))
    assert asked.count(1) == 1
    assert found["jipyo_process_memory_unmeasured"] == 1
    key = 'namedprocess_namegroup_memory_bytes{{groupname="{}",memtype="proportionalResident"}}'
    assert found[key.format("python3")] == 10 * PAGE
    assert found[key.format("sh")] == 8192


def test_memory_is_measured_in_turns_when_the_budget_is_small(tmp_path: Path) -> None:
    fakes = [Fake(pid=n, cmdline=f"p{n}", comm=f"p{n}", pss_kb=4) for n in range(1, 5)]
    clock = iter(range(1000))
    processes = Processes(
        ProcessOptions(proc=str(put(tmp_path, *fakes)), memory_budget_ms=1500, first_budgets=1),
        names=str,
        cpu_time=lambda: float(next(clock)),
    )
    measured = []
    for _ in range(4):
        found = groups(processes, "memory_bytes")
        measured.append(sum(v == 4096 for k, v in found.items() if "proportionalResident" in k))
    assert measured[0] < measured[-1] == 4


def test_where_no_size_may_be_read_none_is_given(tmp_path: Path) -> None:
    def measure(proc: str, pid: int) -> read.Proportional:
        raise PermissionError

    put(tmp_path, Fake(pid=1))
    processes = Processes(ProcessOptions(proc=str(tmp_path)), names=str, measure=measure)
    memtypes = {series.rpartition("memtype=")[2] for series in groups(processes, "memory_bytes")}
    assert memtypes == {'"resident"}', '"virtual"}', '"swapped"}'}


def test_a_process_that_ends_while_it_is_read_is_counted_and_left_out(tmp_path: Path) -> None:
    put(tmp_path, Fake(pid=1), Fake(pid=2, cmdline="sh"))
    (tmp_path / "2/stat").write_text("2 (sh", encoding="utf-8")
    (tmp_path / "1/io").unlink()
    found = samples(collector(tmp_path).collect(NOW))
    assert found["namedprocess_scrape_procread_errors"] == 1
    assert found["namedprocess_scrape_partial_errors"] >= 1
    assert found['namedprocess_namegroup_num_procs{groupname="python3"}'] == 1


@pytest.mark.parametrize(("limit", "has_ratio"), [("0", 0), ("unlimited", 0), ("4", 1)])
def test_a_process_that_may_open_no_file_has_no_ratio_and_costs_nobody(
    tmp_path: Path, limit: str, has_ratio: int
) -> None:
    put(tmp_path, Fake(pid=1, cmdline="odd"), Fake(pid=2, cmdline="sh"))
    write_tree(
        tmp_path, {"1/limits": f"Limit  Soft  Hard  Units\nMax open files  {limit}  20  f\n"}
    )
    found = groups(collector(tmp_path), "worst_fd_ratio")
    assert {series: ratio > 0 for series, ratio in found.items()} == {
        '{groupname="odd"}': has_ratio,
        '{groupname="sh"}': True,
    }


@pytest.mark.parametrize(
    "stat", [b"", b"1", b"1 (x", b"1 (\xff) S 1 1", b"1 (a) S " + b"9" * 400, b"\0" * 80, b"() ()"]
)
def test_a_process_whose_file_makes_no_sense_is_skipped_alone(tmp_path: Path, stat: bytes) -> None:
    put(tmp_path, Fake(pid=1), Fake(pid=2, cmdline="sh"))
    (tmp_path / "1/stat").write_bytes(stat)
    processes = collector(tmp_path)
    for n in (1, 2):
        found = samples(processes.collect(NOW))
        assert found['namedprocess_namegroup_num_procs{groupname="sh"}'] == 1
        skipped = 'jipyo_collect_skipped_members_total{collector="process",part="process"}'
        assert found[skipped] == n
    [note] = processes.notes()
    assert dict(note.values)["member"] == "process 1"


def test_a_process_that_cannot_be_read_once_does_not_count_twice(tmp_path: Path) -> None:
    put(tmp_path, Fake(pid=1))
    processes = collector(tmp_path)
    processes.collect(NOW)
    for content in (b"1 (x", None):
        put(tmp_path, Fake(pid=1, user=110))
        if content is not None:
            (tmp_path / "1/stat").write_bytes(content)
        found = groups(processes, "cpu_seconds_total")
    assert found['{groupname="python3",mode="user"}'] == pytest.approx(0.1)


def test_a_process_whose_files_hang_is_left_out_until_they_return(tmp_path: Path) -> None:
    put(tmp_path, Fake(pid=1, cmdline="odd"), Fake(pid=2, cmdline="sh"))
    gone = threading.Event()

    def measure(proc: str, pid: int) -> read.Proportional:
        if pid == 1:
            gone.wait(30)
        return read.read_proportional(proc, pid)

    processes = Processes(
        ProcessOptions(proc=str(tmp_path)), names=str, measure=measure, limit_s=0.1
    )
    processes.collect(NOW)
    found = samples(processes.collect(NOW))
    assert found['namedprocess_namegroup_num_procs{groupname="sh"}'] == 1
    assert found['namedprocess_namegroup_num_procs{groupname="odd"}'] == 0
    assert found['jipyo_collect_hanging_parts{collector="process",part="process 1"}'] == 1
    gone.set()
    end = time.monotonic() + 5
    while processes.notes():
        assert time.monotonic() < end
    found = samples(processes.collect(NOW))
    assert found['namedprocess_namegroup_num_procs{groupname="odd"}'] == 1


def test_without_proc_the_target_fails(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        collector(tmp_path / "nothing").collect(NOW)
    assert caught.value.key == "collect.proc_unreadable"


def test_open_files_are_counted_and_those_of_nobody_are_not() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(["cat"], stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert read.count_descriptors("/proc", child.pid) == 3
        child.kill()
    assert read.count_descriptors("/proc", 0) is None


def test_a_limit_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read.read_descriptor_limit(str(tmp_path), 1) == float("inf")


def test_an_unknown_user_keeps_its_number() -> None:
    assert look_up_user(4_000_000_000) == "4000000000"
    assert look_up_user(0) == "root"


def test_a_real_process_has_the_size_that_psutil_tells() -> None:
    code = "import time; x = bytearray(30 << 20); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        rule = GroupRule(name="child", cmdline=r"x = bytearray\(30")
        processes = Processes(ProcessOptions(rules=(rule,), group_by=""))
        found = groups(processes, "memory_bytes", time.time_ns() // 1_000_000)
        told = psutil.Process(child.pid).memory_full_info()
        child.kill()
    resident = found['{groupname="child",memtype="resident"}']
    assert resident == pytest.approx(told.rss, rel=0.02)
    proportional = found['{groupname="child",memtype="proportionalResident"}']
    assert proportional == pytest.approx(told.pss, rel=0.02)
