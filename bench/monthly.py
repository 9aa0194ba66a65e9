"""The monthly report in all formats, made in a process of its own.

    python -m bench monthly

`one server` is the month of the demonstration: a host, four GPUs, an API, models and a database,
31 days at 15 s and six weeks before them. `fleet` is six hosts with 1,140 series at 30 s, both
months, from the embedded store; BENCH_HOSTS=100 makes it larger. `over a server` is the month of
100 such hosts, every two minutes, over VictoriaMetrics, where that is built (`make services`);
BENCH_AFAR_HOSTS=10 makes it smaller. A table of the slowest parts follows each. Processor time and
peak memory are those of the process and its forks; wall time means little on a machine that others
use: what the process itself computes is the least that it can be.
A goal that is missed is marked. BENCH_ONLY="one server,one day" measures only some.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from bench import peers
from bench.fleet import DAY_MS, PATTERNS, list_blocks
from bench.machine import describe_machine
from jipyo.demo import write_month
from jipyo.model.calendar import PeriodKind, parse_month, period_containing
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.app.workspace import Workspace
    from jipyo.model.calendar import Period

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = parse_month("2026-10", SEOUL)
HOSTS = int(os.environ.get("BENCH_HOSTS", "6"))
AFAR_HOSTS = int(os.environ.get("BENCH_AFAR_HOSTS", "100"))
AFAR_EVERY = 4
"""Of the samples of a fleet every fourth, one in two minutes: a month is 400 million of them."""
GOALS = {
    "one server": (5.0, 400.0),
    "one day": (2.0, 400.0),
    "fleet": (10.0, 400.0),
    "over a server": (60.0, 400.0),
}
"""Seconds and MB."""
_ONLY = os.environ.get("BENCH_ONLY", ",".join(GOALS)).split(",")


def main() -> None:
    """Write the data, make the reports, print what they cost."""
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as name:
        folder = Path(name)
        if {"one server", "one day"} & set(_ONLY):
            write_month(folder / "server", MONTH)
        if "one server" in _ONLY:
            measure("one server", str(folder / "server"), "month")
        if "one day" in _ONLY:
            measure("one day", str(folder / "server"), "day")
        if "fleet" in _ONLY:
            write_fleet(folder / "fleet")
            measure("fleet", str(folder / "fleet"), "month")
        if "over a server" in _ONLY and peers.binary("victoria-metrics") is None:
            print("over a server: not measured, run `make services`")
        elif "over a server" in _ONLY:
            measure_over_server(folder / "victoria")


def measure_over_server(folder: Path) -> None:
    """The month of a fleet over VictoriaMetrics, and what it cost the server."""
    with peers.victoria(folder) as server:
        started_s = time.monotonic()
        for number in range(MONTH.duration_ms // DAY_MS):
            load_day(server, MONTH.start_ms + number * DAY_MS)
        server.get("/internal/force_flush")
        peers.settle(server)
        print(f"over a server: {AFAR_HOSTS} hosts loaded in {time.monotonic() - started_s:.0f} s")
        before_s = peers.cpu_seconds(server.pid)
        measure("over a server", server.url, "month")
        print(f"  {'server':24} {peers.cpu_seconds(server.pid) - before_s:6.2f} s CPU")


def load_day(server: peers.Server, start_ms: int) -> None:
    """A day of every host, a line a series; hosts of one kind have equal values."""
    values: dict[int, list[bytes]] = {}
    for number, block in enumerate(list_blocks(AFAR_HOSTS, start_ms)):
        kind = number % PATTERNS
        if kind not in values:
            rows = np.ascontiguousarray(block.values[:, ::AFAR_EVERY])
            values[kind] = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in rows]
        t_ms = orjson.dumps(block.t_ms[::AFAR_EVERY].tolist())
        lines = (
            b'{"metric":%b,"values":%b,"timestamps":%b}' % (orjson.dumps(dict(labels)), own, t_ms)
            for labels, own in zip(block.series, values[kind], strict=True)
        )
        server.post("/api/v1/import", b"\n".join(lines))


def write_fleet(folder: Path) -> None:
    """The month and the one before it, day by day."""
    store = Store.open(folder, Options(durable=False), now_ms=lambda: MONTH.end_ms)
    for number in range(-31, 31):
        store.load(list_blocks(HOSTS, MONTH.start_ms + number * DAY_MS))
    store.close()


def measure(name: str, place: str, kind: str) -> None:
    """Make the report in a process of its own, and print what it cost."""
    command = [sys.executable, "-m", "bench.monthly", place, kind]
    # An installed program is compiled.
    compiled = {name: of for name, of in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=compiled) as process:
        assert process.stdout is not None
        with watch_memory(process.pid) as peak:
            row: dict[str, Any] = json.load(process.stdout)
    seconds, megabytes = GOALS[name]
    row["mb"] = max(peak) / 1e6
    missed = (" ! s" if row["wall"] > seconds else "") + (" ! MB" if row["mb"] > megabytes else "")
    print(
        f"{name}: {row['metrics']} metrics, {row['series']} series, {row['bytes']:,} bytes,"
        f" wall {row['wall']:.1f} s, CPU {row['cpu']:.1f} s, {row['own_cpu']:.1f} s of it one after"
        f" the other, peak {row['mb']:.0f} MB{missed}"
    )
    for part, cpu_s in sorted(row["parts"].items(), key=lambda part: -part[1])[:10]:
        print(f"  {part:24} {cpu_s:6.2f} s CPU")


@contextlib.contextmanager
def watch_memory(pid: int) -> Iterator[list[int]]:
    """What a process and its forks take together, in bytes, twenty times a second."""
    found, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            forks = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
            found.append(sum(map(read_memory, [str(pid), *forks])))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        is_over.set()
        watcher.join()


def read_memory(pid: str) -> int:
    """Bytes in memory; what processes share is divided among them. 0 for one that is over."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def report(place: str, period: Period) -> dict[str, Any]:
    """Make the report in all formats, and return what it cost.

    Args:
        place: a data folder, or the URL of a server.
        period: what is reported on.
    """
    started_s = time.monotonic()
    from jipyo.app import reports  # noqa: PLC0415 - only in the child, which this costs
    from jipyo.reports import periodic  # noqa: PLC0415
    from jipyo.reports.render import FORMATS, write_reports  # noqa: PLC0415

    parts: dict[str, float] = {"import": time.process_time()}

    def run(part: str, work: Callable[[], Any]) -> Any:
        start_s = time.process_time()
        try:
            return work()
        finally:
            parts[part] = parts.get(part, 0.0) + time.process_time() - start_s

    with open_place(place, period) as workspace:
        inputs = run("read", partial(reports.gather_inputs, workspace, period))
        made = run("build", partial(periodic.build, inputs))
        with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as folder:
            write = partial(write_reports, made, "ko", tuple(FORMATS), Path(folder))
            size = sum(file.stat().st_size for file in run("write", write))
    wall_s = time.monotonic() - started_s
    used = (resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own_s, forks_s = (one.ru_utime + one.ru_stime for one in used)
    return {
        "wall": wall_s,
        "cpu": own_s + forks_s,
        "own_cpu": own_s,
        "bytes": size,
        "metrics": len(inputs.data.entries),
        "series": sum(len(entry.now.series) for entry in inputs.data.entries),
        "parts": parts,
    }


@contextlib.contextmanager
def open_place(place: str, period: Period) -> Iterator[Workspace]:
    """A workspace over a data folder, or over a server by URL."""
    from jipyo import catalogue  # noqa: PLC0415 - only in the child
    from jipyo.app.offline import read_workspace  # noqa: PLC0415
    from jipyo.app.workspace import Workspace  # noqa: PLC0415
    from jipyo.config.load import load  # noqa: PLC0415
    from jipyo.config.overrides import CliOverrides  # noqa: PLC0415
    from jipyo.source.prometheus import PrometheusOptions, PrometheusSource  # noqa: PLC0415

    if not place.startswith("http"):
        config = load(CliOverrides(data=Path(place), lang="ko"), os.environ, "ko")
        with read_workspace(config, is_forkable=True) as workspace:
            yield workspace
        return
    yield Workspace(
        source=PrometheusSource(PrometheusOptions(name="bench", url=place)),
        catalogue=catalogue.load(),
        zone=SEOUL,
        now_ms=lambda: period.end_ms + DAY_MS,
        out_dir=Path(),
    )


if __name__ == "__main__":
    day = period_containing(PeriodKind.DAY, MONTH.first_day.replace(day=15), SEOUL)
    print(json.dumps(report(sys.argv[1], MONTH if sys.argv[2] == "month" else day)))
