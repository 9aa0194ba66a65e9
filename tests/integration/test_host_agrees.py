"""Our host and process collectors beside the exporters whose names they speak, at one time."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import urllib3
from rich.console import Console
from rich.table import Table

from jipyo.collect.host import Host
from jipyo.collect.process import Processes
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType
from jipyo.wire.exposition import Parser
from support import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from jipyo.model.family import Family

pytestmark = pytest.mark.integration

HARDWARE = "bcache bonding btrfs mdadm md zfs xfs nfs nfsd fibrechannel infiniband tape drbd ipvs"
BOARD = "hwmon power_supply rapl edac dmi nvme cooling_device watchdog"
CPU = "scaling frequency core_throttles package_throttles online isolated"
NOT_OURS = {
    r"node_timex_pps_.*|node_time_zone_offset_seconds": "no pulses; times are UTC",
    r"node_nf_conntrack_stat_.*": "needs netlink; entries and their limit are there",
    r"node_textfile_.*": "a file of metrics is sent to the receiver instead",
    r"node_exporter_build_info": "the exporter's own version",
    r"node_scrape_collector_.*": "ours has a row for each of our own parts",
    rf"node_({HARDWARE.replace(' ', '|')})_.*": "special hardware or file system",
    rf"node_({BOARD.replace(' ', '|')})_.*": "sensors of the board; the manual asks for none",
    rf"node_cpu_({CPU.replace(' ', '|')}).*|node_zoneinfo_.*": "not in the manual",
    r"node_selinux_(config|current)_mode": "not in the manual",
    r"namedprocess_namegroup_thread.*": "a file for each thread: too dear; num_threads is there",
    r"namedprocess_scrape_errors": "up = 0 shows it",
}
"""Names that an exporter has and we have not, and why."""

VOLATILE = {
    "memory": 128 << 20, "sockstat": 30, "netstat": 30, "filefd": 300, "procs": 50, "udp": 1e6,
}  # fmt: skip
"""How far a gauge may move between two readings a moment apart."""


@dataclass
class Compared:
    """What was found of one metric."""

    series: int = 0
    worst: float = 0.0


def page(url: str) -> tuple[dict[Labels, float], dict[str, MetricType]]:
    response = urllib3.request("GET", url, timeout=30)
    reading = Parser().parse(response.data.decode())
    values = dict(zip(reading.series, map(float, reading.values), strict=True))
    return values, {one.metric: one.type for one in reading.metadata}


def ours(families: Iterable[Family]) -> tuple[dict[Labels, float], dict[str, MetricType]]:
    families = list(families)
    values = {s.labels: s.value for family in families for s in family.samples}
    return values, {family.name: family.type for family in families}


def outside(value: float, one: float, other: float) -> float:
    """How far a value lies outside the two that we read before and after."""
    low, high = min(one, other), max(one, other)
    return max(low - value, value - high, 0.0)


def reason(metric: str) -> str | None:
    return next((why for names, why in NOT_OURS.items() if re.fullmatch(names, metric)), None)


def slack(metric: str, value: float) -> float:
    absolute = next((room for part, room in VOLATILE.items() if f"_{part}" in metric), 0.0)
    return absolute + 0.05 * abs(value) + 1e-6


@pytest.fixture
def node_exporter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    port = services.free_port()
    command = [services.binary(*request.param), f"--web.listen-address=127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}/metrics"
    command += ["--no-collector.systemd"] if "prometheus" in request.param[0] else []
    with services.running(command, url, tmp_path / "exporter.log"):
        yield url


def show(title: str, found: dict[str, Compared], lacking: dict[str, str]) -> None:
    console = Console(width=150, file=sys.stdout)
    table = Table("metric", "series", "worst difference", title=title)
    for metric, one in sorted(found.items()):
        table.add_row(metric, str(one.series), f"{one.worst:.6g}")
    console.print(table)
    missing = Table("not ours", "because")
    for metric, why in sorted(lacking.items()):
        missing.add_row(metric, why)
    console.print(missing)


def compare(
    prefix: str,
    read: Callable[[], Iterable[Family]],
    url: str,
    skip: Callable[[Labels], bool] = lambda _: False,
) -> None:
    """Read ours, theirs, ours again, and compare names, types, labels and values."""
    before, types = ours(read())
    theirs, their_types = page(url)
    after, _ = ours(read())
    found: dict[str, Compared] = {}
    lacking: dict[str, str] = {}
    wrong: list[str] = []
    for labels, value in theirs.items():
        metric = labels.metric
        if not metric.startswith(prefix) or skip(labels):
            continue
        why = reason(metric)
        if why is not None:
            lacking[metric] = why
        elif labels not in before or labels not in after:
            wrong.append(f"{labels} is not ours")
        else:
            far = outside(value, before[labels], after[labels])
            entry = found.setdefault(metric, Compared())
            entry.series += 1
            entry.worst = max(entry.worst, far)
            counts = their_types[metric] is MetricType.COUNTER
            if far > (0.02 + 1e-9 * abs(value) if counts else slack(metric, value)):
                wrong.append(f"{labels}: {value} outside {before[labels]} … {after[labels]}")
            if types[metric] is not their_types[metric]:
                wrong.append(f"{metric}: {types[metric]} is not {their_types[metric]}")
    show(url, found, lacking)
    assert wrong == []
    assert found


def older_shape(labels: Labels) -> bool:
    """Series that older releases of the exporter name by fewer labels."""
    lacks = {"node_disk_info": "rotational", "node_network_info": "adminstate"}
    return labels.metric in lacks and lacks[labels.metric] not in labels


@pytest.mark.parametrize(
    "node_exporter", [("prometheus-node-exporter",), ("node_exporter",)], indirect=True,
    ids=["debian", "newest"],
)  # fmt: skip
def test_the_host_is_what_node_exporter_exposes(node_exporter: str) -> None:
    host = Host()
    mounts = {s.labels for f in host.collect(0) for s in f.samples}
    ours_devices = {labels.get("device") for labels in mounts if "disk" in labels.metric}

    def skip(labels: Labels) -> bool:
        # Older releases count compressed memory disks; newer ones, like us, leave them out.
        older = labels.metric.startswith("node_disk_") and labels["device"] not in ours_devices
        return labels.metric == "node_time_seconds" or older_shape(labels) or older

    compare("node_", lambda: host.collect(time.time_ns() // 1_000_000), node_exporter, skip)


@pytest.mark.parametrize("node_exporter", [("node_exporter",)], indirect=True, ids=["newest"])
def test_cpu_use_over_some_seconds_is_the_same(node_exporter: str) -> None:
    host = Host()

    def idle(values: dict[Labels, float]) -> float:
        return sum(
            value
            for labels, value in values.items()
            if labels.metric == "node_cpu_seconds_total" and labels["mode"] == "idle"
        )

    first_ours, first_theirs = idle(ours(host.collect(0))[0]), idle(page(node_exporter)[0])
    time.sleep(10)
    last_theirs, last_ours = idle(page(node_exporter)[0]), idle(ours(host.collect(0))[0])
    assert last_ours - first_ours == pytest.approx(last_theirs - first_theirs, abs=0.5)


CONFIG = 'process_names:\n  - name: "{{.ExeBase}}"\n    cmdline: [".+"]\n'
BUSY = "import time; e = time.time() + 4\nwhile time.time() < e: sum(range(1000))\ntime.sleep(60)"


@pytest.fixture
def process_exporter(tmp_path: Path) -> Iterator[str]:
    config = tmp_path / "process.yml"
    config.write_text(CONFIG, encoding="utf-8")
    port = services.free_port()
    program = services.binary("prometheus-process-exporter")
    command = [program, f"-config.path={config}", f"-web.listen-address=127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}/metrics"
    with services.running(command, url, tmp_path / "exporter.log"):
        yield url


def compared_groups(
    mine: dict[Labels, float], theirs: dict[Labels, float]
) -> tuple[dict[str, Compared], dict[Labels, tuple[float | None, float]]]:
    """What there is to compare by metric, and the series that do not agree."""
    table: dict[str, Compared] = {}
    apart: dict[Labels, tuple[float | None, float]] = {}
    for labels, value in theirs.items():
        if labels.get("groupname") != "jipyo-busy" or reason(labels.metric):
            continue
        own = mine.get(labels)
        entry = table.setdefault(labels.metric, Compared())
        entry.series += 1
        if own is None or own != pytest.approx(value, rel=0.05, abs=1.1):
            apart[labels] = (own, value)
        else:
            entry.worst = max(entry.worst, abs(own - value))
    return table, apart


def test_processes_are_what_process_exporter_exposes(process_exporter: str, tmp_path: Path) -> None:
    program = tmp_path / "jipyo-busy"
    program.symlink_to(sys.executable)
    processes = Processes()
    processes.collect(0)
    page(process_exporter)
    # The exporter counts a process from its start only if that lies behind its own first
    # look, and it knows starts by the second.
    time.sleep(2)
    name = {"groupname": "jipyo-busy"}
    with subprocess.Popen([str(program), "-c", BUSY]) as child:
        try:
            time.sleep(5)
            # The two readings are not of one moment: what differs must agree at a later look.
            for _ in range(5):
                time.sleep(1)
                mine, types = ours(processes.collect(0))
                theirs, their_types = page(process_exporter)
                table, apart = compared_groups(mine, theirs)
                if not apart:
                    break
        finally:
            child.kill()
    assert not apart
    assert all(types[metric] is their_types[metric] for metric in table)
    show(process_exporter, table, {m: why for m in their_types if (why := reason(m))})
    mode = {METRIC_NAME: "namedprocess_namegroup_cpu_seconds_total", **name, "mode": "user"}
    assert mine[Labels.of(mode)] > 1
    assert len(table) >= 12
