"""Each part of the host collector over small files, and over broken ones."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from collect.helpers import FIXTURES, of, samples, write_tree
from jipyo.collect.host import (
    Exclusions,
    Host,
    HostOptions,
    Part,
    Paths,
    build_parts,
    clock,
    cpu,
    disk,
    memory,
    network,
    system,
)

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.family import Family

HOST = FIXTURES / "host"
NOW = 1_795_400_000_000


def collect(part: Part, root: Path, files: dict[str, str]) -> dict[str, float]:
    """What a part makes of these files, `/proc`, `/sys` and `/` being one folder."""
    write_tree(root, files)
    return samples(part(Paths(proc=str(root), sys=str(root), root=str(root)), NOW))


@pytest.mark.parametrize(
    ("part", "files", "expected"),
    [
        (
            cpu.CpuSeconds(),
            {"stat": "cpu 9 9\ncpu0 100 200 300 400 500 600 700 800 900 1000\nintr 1\n"},
            {
                **{
                    f'node_cpu_seconds_total{{cpu="0",mode="{mode}"}}': float(second)
                    for second, mode in enumerate(
                        ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"), 1
                    )
                },
                'node_cpu_guest_seconds_total{cpu="0",mode="user"}': 9.0,
                'node_cpu_guest_seconds_total{cpu="0",mode="nice"}': 10.0,
            },
        ),
        (
            cpu.collect_stat,
            {"stat": "intr 5 1 2\nctxt 6\nbtime 7\nprocesses 8\nprocs_running 1\nx 2\n"},
            {
                "node_intr_total": 5,
                "node_context_switches_total": 6,
                "node_boot_time_seconds": 7,
                "node_forks_total": 8,
                "node_procs_running": 1,
            },
        ),
        (
            cpu.collect_load_average,
            {"loadavg": "0.25 1.50 2.00 3/456 7890\n"},
            {"node_load1": 0.25, "node_load5": 1.5, "node_load15": 2},
        ),
        (
            cpu.collect_pressure,
            {"pressure/memory": "some avg10=0.00 total=2000000\nfull avg10=0.00 total=500000\n"},
            {
                "node_pressure_memory_waiting_seconds_total": 2,
                "node_pressure_memory_stalled_seconds_total": 0.5,
            },
        ),
        (
            memory.collect_meminfo,
            {"meminfo": "MemTotal:  16 kB\nInactive(file): 4 kB\nHugePages_Free: 3\n"},
            {
                "node_memory_MemTotal_bytes": 16_384,
                "node_memory_Inactive_file_bytes": 4096,
                "node_memory_HugePages_Free": 3,
            },
        ),
        (
            network.collect_arp,
            {"net/arp": "IP HW Flags HWaddr Mask Device\n1 1 2 a * eth0\n2 1 2 b * eth0\n"},
            {'node_arp_entries{device="eth0"}': 2},
        ),
        (
            network.collect_sockets,
            {"net/sockstat": "sockets: used 5\nTCP: inuse 3 mem 2\n"},
            {
                "node_sockstat_sockets_used": 5,
                "node_sockstat_TCP_inuse": 3,
                "node_sockstat_TCP_mem": 2,
                "node_sockstat_TCP_mem_bytes": 8192,
            },
        ),
        (
            network.collect_tracked_connections,
            {
                "sys/net/netfilter/nf_conntrack_count": "12\n",
                "sys/net/netfilter/nf_conntrack_max": "100\n",
            },
            {"node_nf_conntrack_entries": 12, "node_nf_conntrack_entries_limit": 100},
        ),
        (
            system.collect_file_descriptors,
            {"sys/fs/file-nr": "1024\t0\t9223372036854775807\n"},
            {"node_filefd_allocated": 1024, "node_filefd_maximum": 9223372036854775807},
        ),
        (
            system.collect_entropy,
            {"sys/kernel/random/entropy_avail": "256\n"},
            {"node_entropy_available_bits": 256},
        ),
        (system.collect_entropy, {}, {}),
        (
            system.collect_hung_tasks,
            {"sys/kernel/hung_task_detect_count": "2\n"},
            {"node_kernel_hung_tasks_total": 2},
        ),
        (system.collect_hung_tasks, {}, {}),
        (system.collect_selinux, {}, {"node_selinux_enabled": 0}),
        (system.collect_selinux, {"fs/selinux/enforce": "0\n"}, {"node_selinux_enabled": 1}),
        (
            system.collect_clock,
            {"devices/system/clocksource/clocksource0/current_clocksource": "tsc\n"},
            {
                "node_time_seconds": NOW / 1000,
                'node_time_clocksource_current_info{clocksource="tsc",device="0"}': 1,
            },
        ),
        (system.collect_temperatures, {}, {}),
    ],
)
def test_a_part_over_small_files(
    tmp_path: Path, part: Part, files: dict[str, str], expected: dict[str, float]
) -> None:
    assert collect(part, tmp_path, files) == pytest.approx(expected)


def test_interfaces_are_counted_by_name(tmp_path: Path) -> None:
    heading = "Inter-| Receive | Transmit\n face |bytes |bytes\n"
    line = "  eth0: 100 2 3 4 0 0 0 8 900 10 11 12 0 0 15 0\n"
    found = collect(network.collect_devices, tmp_path, {"net/dev": heading + line})
    assert found['node_network_receive_bytes_total{device="eth0"}'] == 100
    assert found['node_network_receive_errs_total{device="eth0"}'] == 3
    assert found['node_network_transmit_bytes_total{device="eth0"}'] == 900
    assert found['node_network_transmit_carrier_total{device="eth0"}'] == 15


@pytest.mark.parametrize(
    ("files", "up", "admin"),
    [
        ({"operstate": "up", "flags": "0x1003"}, 1, "up"),
        ({"operstate": "down", "flags": "0x1002"}, 0, "down"),
        ({"operstate": "unknown", "flags": "0x49"}, 0, "up"),  # as the loopback device
        ({"operstate": "up"}, 1, ""),
        ({}, 0, ""),
    ],
)
def test_whether_an_interface_is_up(
    tmp_path: Path, files: dict[str, str], up: float, admin: str
) -> None:
    files = {f"class/net/eth0/{name}": f"{text}\n" for name, text in files.items()}
    found = collect(network.collect_interfaces, tmp_path, {**files, "class/net/eth0/x": ""})
    assert found['node_network_up{device="eth0"}'] == up
    [info] = [series for series in found if series.startswith("node_network_info")]
    assert (f'adminstate="{admin}"' in info) is bool(admin)


@pytest.mark.parametrize(
    ("files", "is_stacked"),
    [
        ({"uevent": "INTERFACE=storage\nIFINDEX=7\nDEVTYPE=vlan"}, 1),
        ({"uevent": "DEVTYPE=bridge\nINTERFACE=lan"}, 1),
        ({"uevent": "INTERFACE=uplink", "lower_eth0/ifindex": "2"}, 1),
        ({"uevent": "INTERFACE=office", "tun_flags": "0x1002"}, 1),
        ({"uevent": "INTERFACE=eth0", "upper_bond0/ifindex": "4"}, 0),
        ({"uevent": "DEVTYPE=wlan\nINTERFACE=wlp2s0"}, 0),
        # A container's end of a veth, whose other end is in another namespace.
        ({"uevent": "INTERFACE=eth0", "ifindex": "2", "iflink": "12"}, 0),
        ({"flags": "0x1003"}, 0),
    ],
)
def test_an_interface_over_others_is_known_whatever_its_name(
    tmp_path: Path, files: dict[str, str], is_stacked: float
) -> None:
    files = {f"class/net/x/{name}": f"{text}\n" for name, text in files.items()}
    found = collect(network.collect_interfaces, tmp_path, files)
    assert found['jipyo_network_stacked{device="x"}'] == is_stacked


@pytest.mark.parametrize(
    ("point", "root", "shown"),
    [
        ("/srv", "/", "/srv"),
        ("/srv/my\\040data", "/", "/srv/my data"),
        ("/srv/back\\134slash", "/", "/srv/back\\slash"),
        ("/host", "/host", "/"),
        ("/host/data", "/host", "/data"),
        ("/other", "/host", "/other"),
    ],
)
def test_mount_points_are_named_as_the_host_names_them(
    tmp_path: Path, point: str, root: str, shown: str
) -> None:
    write_tree(tmp_path, {"mounts": f"/dev/sda1 {point} ext4 rw 0 0\n"})
    systems = disk.FileSystems(statvfs=lambda _: _Statvfs)  # type: ignore[arg-type, return-value]
    families = systems(Paths(proc=str(tmp_path), root=root), NOW)
    [series] = of(families, "node_filesystem_readonly")
    assert f'mountpoint="{shown}"' in series.replace("\\\\", "\\")


class _Statvfs:
    f_blocks = f_bfree = f_bavail = f_files = f_ffree = f_frsize = 1


@pytest.mark.parametrize(
    ("excluded", "metric", "shown"),
    [
        ({"interfaces": "^(veth|cali)"}, "node_network_mtu_bytes", {"eth0", "lo"}),
        ({"interfaces": "^(veth|cali)"}, "node_network_receive_bytes_total", {"eth0", "lo"}),
        ({"interfaces": "^(veth|cali)"}, "node_network_receive_nohandler_total", {"eth0"}),
        ({"interfaces": "^(veth|cali)"}, "node_arp_entries", {"eth0"}),
        ({"interfaces": "0"}, "node_network_receive_bytes_total", {"lo"}),  # found anywhere
        ({}, "node_network_receive_bytes_total", {"eth0", "lo", "veth0"}),
        ({"disks": "^dm-"}, "node_disk_io_now", {"sda", "sda1", "loop0"}),
        ({"disks": ""}, "node_disk_io_now", {"sda", "sda1", "loop0", "dm-0"}),
        ({}, "node_disk_io_now", {"sda", "dm-0"}),
        ({"mount_points": "^/backup"}, "node_filesystem_readonly", {"/", "/sys/x", "/ext"}),
        ({"file_systems": "^ext4$"}, "node_filesystem_readonly", {"/", "/backup"}),
        ({"mount_points": "", "file_systems": ""}, "node_filesystem_readonly",
         {"/", "/backup", "/sys/x", "/ext"}),
        ({}, "node_filesystem_readonly", {"/", "/backup", "/ext"}),
        ({"mount_points": "^/$"}, "node_filesystem_readonly", {"/backup", "/sys/x", "/ext"}),
    ],
)  # fmt: skip
def test_a_site_leaves_out_what_node_exporter_would(
    tmp_path: Path, excluded: dict[str, str], metric: str, shown: set[str]
) -> None:
    counts = " ".join(["1"] * 16)
    disks = "".join(f"8 0 {disk} {counts}\n" for disk in ("sda", "sda1", "loop0", "dm-0"))
    write_tree(
        tmp_path,
        {
            "net/dev": "\n\n" + "".join(f"{name}: {counts}\n" for name in ("lo", "eth0", "veth0")),
            "net/arp": "head\n" + "".join(f"a b {name}\n" for name in ("eth0", "veth0", "eth0")),
            "diskstats": disks,
            "1/mounts": "overlay / overlay rw 0 0\nb /backup xfs rw 0 0\nx /sys/x xfs rw 0 0\n"
            "e /ext ext4 rw 0 0\n",
            **{f"class/net/{name}/mtu": "1500" for name in ("lo", "eth0", "veth0")},
            **{f"class/net/{name}/statistics/rx_nohandler": "0" for name in ("eth0", "veth0")},
        },
    )
    paths = Paths(proc=str(tmp_path), sys=str(tmp_path), root="/")
    options = HostOptions(paths=paths, exclude=Exclusions(**excluded))
    label = "mountpoint" if "filesystem" in metric else "device"
    families = Host(options).collect(NOW)
    found = {
        sample.labels.get(label, "")
        for family in families
        for sample in family.samples
        if sample.labels.metric == metric
    }
    assert found == shown


FILES = sorted(str(path.relative_to(HOST)) for path in (HOST / "proc").rglob("*") if path.is_file())


def collect_host(proc: Path) -> list[Family]:
    paths = Paths(proc=str(proc), sys=str(HOST / "sys"), root=str(HOST / "root"))
    return Host(HostOptions(paths=paths)).collect(NOW)


def failed_parts(families: list[Family]) -> set[str]:
    return {
        series.removeprefix('{collector="').removesuffix('"}')
        for series, ok in of(families, "node_scrape_collector_success").items()
        if not ok
    }


@pytest.mark.parametrize("damage", ["empty", "half", "binary", "negative", "folder", "gone"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_costs_at_most_the_parts_that_read_it(
    tmp_path: Path, name: str, damage: str
) -> None:
    shutil.copytree(HOST / "proc", tmp_path / "proc")
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "half":
            path.write_bytes(content[: len(content) // 2])
        case "binary":
            path.write_bytes(b"\xff\x00\xfe\n" * 50)
        case "negative":
            path.write_bytes(content.replace(b" ", b" -"))
        case "folder":
            path.mkdir()
    families = collect_host(tmp_path / "proc")
    assert len(failed_parts(families)) <= 2  # /proc/stat is read by two
    assert len({family.name for family in families}) > 100


def test_the_parts_are_named_as_node_exporter_names_its_collectors() -> None:
    assert build_parts(HostOptions()).keys() == {
        "arp", "cgroup", "conntrack", "cpu", "diskstats", "entropy", "filefd", "filesystem",
        "kernel_hung", "loadavg", "meminfo", "netclass", "netdev", "netstat", "os", "pressure",
        "schedstat", "selinux", "sockstat", "softnet", "stat", "thermal_zone", "time", "timex",
        "udp_queues", "uname", "vmstat", "zfs",
    }  # fmt: skip


def test_the_kernel_clock_is_in_seconds_and_says_whether_it_is_in_step() -> None:
    answer = clock.KernelClock(
        synchronised=True,
        status=0x2001,
        offset=-1_500_000,
        frequency=65_536_000,
        maximum_error_us=2_000,
        estimated_error_us=1_000,
        constant=7,
        tick_us=10_000,
        tai_s=37,
    )
    assert samples(clock.Timex(lambda: answer)(Paths(), NOW)) == {
        "node_timex_sync_status": 1,
        "node_timex_status": 0x2001,
        "node_timex_offset_seconds": -0.0015,
        "node_timex_maxerror_seconds": 0.002,
        "node_timex_estimated_error_seconds": 0.001,
        "node_timex_frequency_adjustment_ratio": 1.001,
        "node_timex_loop_time_constant": 7,
        "node_timex_tick_seconds": 0.01,
        "node_timex_tai_offset_seconds": 37,
    }


def test_the_kernel_of_this_machine_answers_about_its_clock() -> None:
    answer = clock.read_kernel_clock()
    assert answer.tick_us > 0
    assert abs(answer.offset_s) < 1


def test_a_kernel_that_refuses_fails_the_part_alone() -> None:
    def refuse() -> clock.KernelClock:
        raise PermissionError(1, "Operation not permitted")

    host = Host(table={"timex": clock.Timex(refuse), "uname": system.collect_uname})
    found = samples(host.collect(NOW))
    assert found['node_scrape_collector_success{collector="timex"}'] == 0
    assert found['node_scrape_collector_success{collector="uname"}'] == 1
