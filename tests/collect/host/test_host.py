"""This host under node_exporter's names, over folders of real files."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collect.helpers import FIXTURES, of, samples, write_tree
from jipyo.collect.host import Host, HostOptions, Paths, cgroup, cpu, disk, memory, network, system
from jipyo.collect.host.files import read_number
from jipyo.wire.exposition import Parser

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.family import Family

HOST = FIXTURES / "host"
PATHS = Paths(proc=str(HOST / "proc"), sys=str(HOST / "sys"), root=str(HOST / "root"))
NOW = 1_795_400_000_000

OLDER_EXPORTER_LEFT_OUT = {
    # node_exporter 1.12.1 knows a fixed list of meminfo's fields.
    "node_memory_KReclaimable_bytes",
    "node_memory_SecPageTables_bytes",
    "node_memory_FileHugePages_bytes",
    "node_memory_FilePmdMapped_bytes",
    "node_memory_Balloon_bytes",
    "node_memory_Hugetlb_bytes",
    # It has these only where it asks the kernel by netlink, or reads them elsewhere.
    "node_network_receive_nohandler_total",
}
OURS_ALONE = {
    "jipyo_network_stacked",
    "node_scrape_collector_success",
    "node_scrape_collector_duration_seconds",
}
OF_THE_MACHINE = {"node_time_seconds", "node_uname_info"} | {
    f"node_filesystem_{name}"
    for name in ("size_bytes", "free_bytes", "avail_bytes", "files", "files_free")
}


def host_families() -> list[Family]:
    return Host(HostOptions(paths=PATHS)).collect(NOW)


def test_every_sample_is_the_one_node_exporter_gives_on_the_same_files() -> None:
    reading = Parser().parse((HOST / "node_exporter.txt").read_text("utf-8"))
    theirs = {str(k): v for k, v in zip(reading.series, reading.values, strict=True)}
    ours = samples(host_families())
    assert {series: ours.get(series) for series in theirs} == pytest.approx(theirs)
    known = OLDER_EXPORTER_LEFT_OUT | OURS_ALONE | OF_THE_MACHINE
    extra = {series.partition("{")[0] for series in ours if series not in theirs}
    # The kernel's clock is asked by a call, so it is this machine's.
    assert {name for name in extra - known if not name.startswith("node_timex_")} == set()


def test_every_type_is_the_one_node_exporter_gives() -> None:
    text = (HOST / "node_exporter.txt").read_text("utf-8")
    theirs = {m.metric: m.type for m in Parser().parse(text).metadata}
    ours = {family.name: family.type for family in host_families()}
    assert {name: ours[name] for name in theirs if name in ours} == {
        name: kind for name, kind in theirs.items() if name in ours
    }
    assert theirs.keys() - ours.keys() == set()


def test_the_host_of_this_machine_is_collected_whole() -> None:
    families = Host().collect(NOW)
    failed = [s for s, ok in of(families, "node_scrape_collector_success").items() if not ok]
    assert failed == []
    assert samples(families)["node_time_seconds"] == NOW / 1000


def test_a_series_is_the_same_object_at_every_reading() -> None:
    host = Host(HostOptions(paths=PATHS))
    first, second = (
        [s.labels for family in host.collect(NOW) for s in family.samples] for _ in range(2)
    )
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_a_part_that_fails_takes_no_other_down_and_is_told_once_at_each_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = [True, True, False, False]

    def sometimes(paths: Paths, t_ms: int) -> list[Family]:
        if broken[0]:
            raise ValueError("odd file")
        return list(cpu.collect_load_average(paths, t_ms))

    host = Host(
        HostOptions(paths=PATHS), table={"loadavg": sometimes, "meminfo": memory.collect_meminfo}
    )
    success = []
    with caplog.at_level(logging.INFO):
        while broken:
            families = host.collect(NOW)
            success.append(of(families, "node_scrape_collector_success"))
            assert "node_memory_MemTotal_bytes" in samples(families)
            broken.pop(0)
    assert [row['{collector="loadavg"}'] for row in success] == [0.0, 0.0, 1.0, 1.0]
    assert len(caplog.records) == 2


def test_without_proc_and_sys_every_part_fails_and_nothing_is_raised(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nothing")
    families = Host(HostOptions(paths=Paths(proc=nowhere, sys=nowhere, root=nowhere))).collect(NOW)
    metrics = {family.name for family in families}
    assert "node_memory_MemTotal_bytes" not in metrics
    assert of(families, "node_scrape_collector_success")['{collector="cpu"}'] == 0.0


def cpu_line(idle: int, iowait: int) -> dict[str, str]:
    return {"stat": f"cpu  0 0 0 0\ncpu0 100 0 50 {idle} {iowait} 0 0 0 0 0\nbtime 1\n"}


@pytest.mark.parametrize(
    ("lines", "iowait"),
    [
        ([(1000, 500), (1100, 450)], 5.0),  # the kernel's iowait may fall; ours does not
        ([(1000, 500), (1100, 600)], 6.0),
        ([(1000, 500), (100, 20)], 0.2),  # the CPU was away and counts from the start
    ],
)
def test_cpu_time_never_goes_back_unless_the_cpu_did(
    tmp_path: Path, lines: list[tuple[int, int]], iowait: float
) -> None:
    seconds = cpu.CpuSeconds()
    paths = Paths(proc=str(tmp_path))
    families: list[Family] = []
    for idle, waited in lines:
        write_tree(tmp_path, cpu_line(idle, waited))
        families = list(seconds(paths, NOW))
    found = of(families, "node_cpu_seconds_total")
    assert found['{cpu="0",mode="iowait"}'] == pytest.approx(iowait)


@pytest.mark.parametrize(
    ("text", "number"), [("12\n", 12.0), ("0x10\n", 16.0), ("unknown\n", None), (None, None)]
)
def test_a_file_of_one_number_may_hold_none(
    tmp_path: Path, text: str | None, number: float | None
) -> None:
    write_tree(tmp_path, {} if text is None else {"n": text})
    assert read_number(str(tmp_path / "n")) == number


def test_a_kernel_without_pressure_gives_none_and_does_not_fail(tmp_path: Path) -> None:
    assert list(cpu.collect_pressure(Paths(proc=str(tmp_path)), NOW)) == []


def test_schedstat_is_read_where_the_kernel_keeps_it(tmp_path: Path) -> None:
    text = "version 15\ntimestamp 4\ncpu0 0 0 0 0 0 0 2000000000 1000000000 7\ndomain0 3 0\n"
    write_tree(tmp_path, {"schedstat": text})
    found = samples(cpu.collect_scheduler(Paths(proc=str(tmp_path)), NOW))
    assert found == {
        'node_schedstat_running_seconds_total{cpu="0"}': 2.0,
        'node_schedstat_waiting_seconds_total{cpu="0"}': 1.0,
        'node_schedstat_timeslices_total{cpu="0"}': 7.0,
    }


def statvfs_of(blocks: int) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, blocks, 50, 40, 1000, 900, 900, 0, 255))


def test_a_file_system_whose_server_is_gone_blocks_nobody() -> None:
    gone = threading.Event()
    asked = []

    def statvfs(path: str) -> os.statvfs_result:
        asked.append(path)
        if path.endswith("/mnt/share"):
            gone.wait(30)
        return statvfs_of(100)

    systems = disk.FileSystems(statvfs=statvfs, timeout_s=0.05)
    first, second = list(systems(PATHS, NOW)), list(systems(PATHS, NOW))
    for families in (first, second):
        errors = of(families, "node_filesystem_device_error")
        stuck = [series for series, value in errors.items() if value]
        assert len(stuck) == 1
        assert 'device_error="mountpoint timeout"' in stuck[0]
        assert len(of(families, "node_filesystem_size_bytes")) == 3
    assert sum(path.endswith("/mnt/share") for path in asked) == 1
    gone.set()


@pytest.mark.parametrize("kind", ["beegfs", "gpfs", "virtiofs", "fuseblk", "zfs", "ext4", "xfs"])
def test_a_file_system_of_any_type_may_hang_and_is_read_again_when_it_returns(
    tmp_path: Path, kind: str
) -> None:
    write_tree(
        tmp_path, {"mounts": f"a /a ext4 rw 0 0\nodd /odd {kind} rw 0 0\nb /b ext4 rw 0 0\n"}
    )
    gone = threading.Event()

    def statvfs(path: str) -> os.statvfs_result:
        if path == "/odd":
            gone.wait(30)
        return statvfs_of(100)

    systems = disk.FileSystems(statvfs=statvfs, timeout_s=0.05)
    paths = Paths(proc=str(tmp_path))
    for _ in range(2):
        found = of(systems(paths, NOW), "node_filesystem_size_bytes")
        assert [series.rpartition("=")[2] for series in found] == ['"/a"}', '"/b"}']
    gone.set()
    end = time.monotonic() + 5
    while len(of(systems(paths, NOW), "node_filesystem_size_bytes")) < 3:
        assert time.monotonic() < end


def test_a_part_that_hangs_leaves_the_others_and_is_named() -> None:
    gone = threading.Event()
    calls: list[int] = []

    def hang(paths: Paths, t_ms: int) -> list[Family]:
        calls.append(t_ms)
        gone.wait(30)
        return []

    table = {"loadavg": hang, "meminfo": memory.collect_meminfo, "stat": cpu.collect_stat}
    host = Host(HostOptions(paths=PATHS), table=table, limit_s=0.1)
    threads = set(threading.enumerate())
    for t_ms in range(4):
        families = host.collect(t_ms)
        found = samples(families)
        assert "node_memory_MemTotal_bytes" in found
        assert "node_boot_time_seconds" in found
        assert found['jipyo_collect_hanging_parts{collector="node",part="loadavg"}'] == 1
        assert of(families, "node_scrape_collector_success")['{collector="loadavg"}'] == 0
        assert [note.key for note in host.notes()] == ["collect.hangs"]
    assert calls == [0]
    assert len(set(threading.enumerate()) - threads) == 1
    gone.set()


ODD_LINES = {
    "stat": "cpu7 1 x 3\n",
    "diskstats": "8 0\n",
    "mounts": "odd\n",
    "1/mounts": "odd\n",
    "net/dev": "odd: 1 2\n",
    "meminfo": "Odd: kB\n",
    "vmstat": "oom_kill x\n",
    "net/sockstat": "TCP: inuse\n",
    "net/udp": "1: odd\n",
    "net/softnet_stat": "xyz\n",
}


@pytest.mark.parametrize("name", ODD_LINES)
def test_an_odd_line_costs_nothing_but_itself_and_is_counted(tmp_path: Path, name: str) -> None:
    shutil.copytree(HOST / "proc", tmp_path / "proc")
    path = tmp_path / "proc" / name
    path.write_bytes(path.read_bytes() + ODD_LINES[name].encode())
    paths = Paths(proc=str(tmp_path / "proc"), sys=PATHS.sys, root=PATHS.root)
    host = Host(HostOptions(paths=paths))
    before, families = host_families(), host.collect(NOW)
    is_read = name != "mounts"  # that of process 1 comes first
    skipped = of(families, "jipyo_collect_skipped_members_total")
    assert len(skipped) == is_read
    assert len(host.notes()) == is_read
    clock = "node_scrape_collector_duration_seconds"
    wanted = {series for series in samples(before) if not series.startswith(clock)}
    assert wanted <= samples(families).keys()
    assert set(of(families, "node_scrape_collector_success").values()) == {1.0}


NAMES = st.sampled_from(sorted(ODD_LINES))


@settings(max_examples=60, deadline=None)
@given(NAMES, st.binary(max_size=300), st.integers(0, 5000))
def test_whatever_bytes_stand_in_a_file_other_parts_are_collected(
    tmp_path_factory: pytest.TempPathFactory, name: str, odd: bytes, at: int
) -> None:
    root = tmp_path_factory.mktemp("odd")
    shutil.copytree(HOST / "proc", root / "proc")
    path = root / "proc" / name
    content = path.read_bytes()
    path.write_bytes(content[:at] + odd + content[at:])
    host = Host(HostOptions(paths=Paths(proc=str(root / "proc"), sys=PATHS.sys, root=PATHS.root)))
    families = host.collect(NOW)
    success = of(families, "node_scrape_collector_success")
    assert sum(not ok for ok in success.values()) <= (name == "stat") + 1


def test_a_remote_file_system_that_answers_is_read_like_any_other() -> None:
    systems = disk.FileSystems(statvfs=lambda _: statvfs_of(100))
    found = of(systems(PATHS, NOW), "node_filesystem_size_bytes")
    share = '{device="nfs.example:/export",fstype="nfs4",mountpoint="/mnt/share"}'
    assert found[share] == 100 * 4096


def test_a_file_system_that_refuses_says_why() -> None:
    def refuse(_: str) -> os.statvfs_result:
        raise PermissionError(13, "Permission denied")

    families = list(disk.FileSystems(statvfs=refuse)(PATHS, NOW))
    errors = of(families, "node_filesystem_device_error")
    assert all("permission denied" in series for series in errors)
    assert set(errors.values()) == {1.0}


def test_read_only_mounts_and_names_with_blanks_are_told() -> None:
    found = of(disk.FileSystems()(PATHS, NOW), "node_filesystem_readonly")
    assert found['{device="/dev/vdb",fstype="ext4",mountpoint="/srv/my data"}'] == 1.0
    assert found['{device="/dev/vda",fstype="ext4",mountpoint="/"}'] == 0.0


def test_in_a_container_mounts_are_named_as_the_host_names_them(tmp_path: Path) -> None:
    lines = "/dev/sda1 /host ext4 rw 0 0\n/dev/sdb1 /host/data ext4 rw 0 0\n"
    write_tree(tmp_path, {"mounts": lines})
    seen = []

    def statvfs(path: str) -> os.statvfs_result:
        seen.append(path)
        return statvfs_of(1)

    paths = Paths(proc=str(tmp_path), root="/host")
    found = of(disk.FileSystems(statvfs=statvfs)(paths, NOW), "node_filesystem_size_bytes")
    assert [series.rpartition("mountpoint=")[2] for series in found] == ['"/"}', '"/data"}']
    assert seen == ["/host/", "/host/data"]


def test_a_container_sees_its_root_and_no_other_layer(tmp_path: Path) -> None:
    lines = "overlay / overlay rw 0 0\noverlay /var/lib/docker/x overlay rw 0 0\n"
    write_tree(tmp_path, {"mounts": lines})
    systems = disk.FileSystems(statvfs=lambda _: statvfs_of(1))
    found = of(systems(Paths(proc=str(tmp_path)), NOW), "node_filesystem_size_bytes")
    assert list(found) == ['{device="overlay",fstype="overlay",mountpoint="/"}']


def test_disks_of_older_kernels_have_fewer_columns(tmp_path: Path) -> None:
    write_tree(tmp_path, {"diskstats": "   8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"})
    families = list(disk.Disks()(Paths(proc=str(tmp_path), root=str(tmp_path)), NOW))
    assert of(families, "node_disk_read_bytes_total") == {'{device="sda"}': 3 * 512}
    assert of(families, "node_disk_discards_completed_total") == {}


@pytest.mark.parametrize("name", ["loop0", "ram1", "zram0", "sda1", "nvme0n1p2", "xvdb3"])
def test_partitions_and_memory_disks_are_left_out(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path, {"diskstats": f"   8 0 {name} 1 2 3 4 5 6 7 8 9 10 11\n"})
    families = disk.Disks()(Paths(proc=str(tmp_path)), NOW)
    assert samples(families) == {}


def test_limits_of_a_container_are_told_beside_what_it_uses(tmp_path: Path) -> None:
    base = "fs/cgroup"
    files = {
        "memory.current": "1048576\n", "memory.max": "2097152\n", "memory.swap.max": "max\n",
        "memory.swap.current": "0\n", "pids.current": "3\n", "pids.max": "max\n",
        "cpu.max": "150000 100000\n",
        "cpu.stat": "usage_usec 5000000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 1500000\n",
        "memory.events": "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n",
    }  # fmt: skip
    write_tree(tmp_path, {f"{base}/{name}": text for name, text in files.items()})
    assert samples(cgroup.collect_limits(Paths(sys=str(tmp_path)), NOW)) == {
        "jipyo_cgroup_memory_usage_bytes": 1048576.0,
        "jipyo_cgroup_memory_limit_bytes": 2097152.0,
        "jipyo_cgroup_swap_usage_bytes": 0.0,
        "jipyo_cgroup_pids": 3.0,
        "jipyo_cgroup_cpu_limit_cores": 1.5,
        "jipyo_cgroup_cpu_usage_seconds_total": 5.0,
        "jipyo_cgroup_cpu_periods_total": 10.0,
        "jipyo_cgroup_cpu_throttled_periods_total": 2.0,
        "jipyo_cgroup_cpu_throttled_seconds_total": 1.5,
        "jipyo_cgroup_oom_kills_total": 1.0,
    }


def test_a_cgroup_without_limits_names_none(tmp_path: Path) -> None:
    write_tree(tmp_path, {"fs/cgroup/cpu.max": "max 100000\n", "fs/cgroup/memory.max": "max\n"})
    assert samples(cgroup.collect_limits(Paths(sys=str(tmp_path)), NOW)) == {}


def test_a_bare_host_has_no_limits_and_says_nothing(tmp_path: Path) -> None:
    assert samples(cgroup.collect_limits(Paths(sys=str(tmp_path)), NOW)) == {}


def test_an_interface_that_is_gone_while_it_is_read_leaves_the_others(tmp_path: Path) -> None:
    shutil.copytree(HOST / "sys", tmp_path / "sys")
    for name in ("flags", "mtu", "operstate"):
        (tmp_path / "sys/class/net/eth0" / name).unlink()
    families = list(network.collect_interfaces(Paths(sys=str(tmp_path / "sys")), NOW))
    assert '{device="lo"}' in of(families, "node_network_mtu_bytes")
    assert '{device="eth0"}' not in of(families, "node_network_mtu_bytes")


def test_conntrack_is_told_only_where_it_is_loaded(tmp_path: Path) -> None:
    assert samples(network.collect_tracked_connections(Paths(proc=str(tmp_path)), NOW)) == {}


def test_a_host_without_ipv6_is_read(tmp_path: Path) -> None:
    shutil.copytree(HOST / "proc/net", tmp_path / "net")
    for name in ("snmp6", "sockstat6", "udp6"):
        (tmp_path / "net" / name).unlink()
    paths = Paths(proc=str(tmp_path))
    assert "node_netstat_Ip6_InOctets" not in samples(network.collect_protocols(paths, NOW))
    assert "node_sockstat_TCP_inuse" in samples(network.collect_sockets(paths, NOW))
    assert of(network.collect_udp_queues(paths, NOW), "node_udp_queues").keys() == {
        '{ip="v4",queue="rx"}',
        '{ip="v4",queue="tx"}',
    }


def test_bytes_waiting_in_udp_sockets_are_summed(tmp_path: Path) -> None:
    line = " {}: 0100007F:0035 00000000:0000 07 0000000A:00000{}00 00:00000000 0 0 0 1 2 3 0\n"
    text = "  sl  local_address rem_address st tx_queue rx_queue\n" + line.format(1, 1)
    write_tree(tmp_path, {"net/udp": text + line.format(2, 2)})
    found = of(network.collect_udp_queues(Paths(proc=str(tmp_path)), NOW), "node_udp_queues")
    assert found == {'{ip="v4",queue="tx"}': 20.0, '{ip="v4",queue="rx"}': float(0x300)}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('ID=debian\nVERSION_ID="12"\n', {'{id="debian"}': 12.0}),
        ("ID=ubuntu\nVERSION_ID='24.04'\n# a comment\n", {'{id="ubuntu"}': 24.04}),
        ("ID=arch\nBUILD_ID=rolling\n", {}),
    ],
)
def test_the_distribution_is_read_from_os_release(
    tmp_path: Path, text: str, version: dict[str, float]
) -> None:
    write_tree(tmp_path, {"usr/lib/os-release": text})
    families = list(system.collect_os_release(Paths(root=str(tmp_path)), NOW))
    assert of(families, "node_os_version") == version


def test_without_os_release_the_system_is_nameless(tmp_path: Path) -> None:
    families = list(system.collect_os_release(Paths(root=str(tmp_path)), NOW))
    assert of(families, "node_os_info") == {"": 1.0}


def test_zones_of_the_board_are_told_in_degrees(tmp_path: Path) -> None:
    zone = "class/thermal/thermal_zone0"
    write_tree(tmp_path, {f"{zone}/temp": "45000\n", f"{zone}/type": "x86_pkg_temp\n"})
    write_tree(tmp_path, {"class/thermal/thermal_zone1/type": "broken\n"})
    found = samples(system.collect_temperatures(Paths(sys=str(tmp_path)), NOW))
    assert found == {'node_thermal_zone_temp{type="x86_pkg_temp",zone="0"}': 45.0}


def test_huge_pages_are_counted_and_not_sized(tmp_path: Path) -> None:
    write_tree(tmp_path, {"meminfo": "Active(anon): 4 kB\nHugePages_Total:   3\n"})
    found = samples(memory.collect_meminfo(Paths(proc=str(tmp_path)), NOW))
    assert found == {"node_memory_Active_anon_bytes": 4096.0, "node_memory_HugePages_Total": 3.0}
