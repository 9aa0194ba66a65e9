"""The daily report over VictoriaMetrics, for fleets of 10 and of 100 GPU servers.

`python -m bench remote_report` starts a server, writes the day and the same weekday before into
it, and makes the report in a process of its own, so that memory and processor time are the
report's alone. The reports use 71 metrics of the catalogue. `growth` is how many times as long
the last fleet took for each host as the first: 1 is linear. BENCH_HOSTS="10,100" sets the fleets.
A goal that is missed is marked.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench import peers, remote_write
from bench.fleet import DAY_MS, list_blocks
from bench.machine import describe_machine

END_MS = 1_795_132_800_000
"""2026-11-20T00:00:00Z."""
HOSTS = tuple(map(int, os.environ.get("BENCH_HOSTS", "10,100").split(",")))
EARLIER_DAYS = (7,)
GOAL_S, GOAL_MIB, GOAL_GROWTH = 20.0, 400.0, 1.0
_COLUMNS = (
    *(("hosts", 6), ("metrics", 9), ("series", 8), ("queries", 9), ("points", 11)),
    *(("MB", 6), ("seconds", 9), ("CPU s", 7), ("server CPU s", 14), ("MiB", 7)),
)


def main() -> None:
    """Load, report and print, one fleet after the other."""
    print(describe_machine())
    print("".join(f"{title:>{width}}" for title, width in _COLUMNS))
    seconds: list[float] = []
    for hosts in HOSTS:
        folder = tempfile.TemporaryDirectory(prefix="jipyo-bench-")
        with folder as name, peers.victoria(Path(name)) as server:
            load(server, hosts)
            row = measure(server)
        print_row(hosts, row)
        seconds.append(row["seconds"])
    growth = seconds[-1] / HOSTS[-1] / (seconds[0] / HOSTS[0])
    print(f"growth {growth:.2f}{_mark(growth, GOAL_GROWTH)}")


def load(server: peers.Server, hosts: int) -> None:
    """The day before `END_MS` and the earlier one that it is compared with."""
    for days in (*EARLIER_DAYS, 0):
        for block in list_blocks(hosts, END_MS - (1 + days) * DAY_MS):
            remote_write.write(f"{server.url}/api/v1/write", [block], DAY_MS)
    server.get("/internal/force_flush")
    peers.settle(server)


def measure(server: peers.Server) -> dict[str, Any]:
    """What the report of a process of its own cost, and the server's processor time."""
    before = peers.cpu_seconds(server.pid)
    command = [sys.executable, "-m", "bench.remote_report", server.url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return {**row, "server": peers.cpu_seconds(server.pid) - before}


def print_row(hosts: int, row: dict[str, Any]) -> None:
    cells = (
        *(f"{hosts}", f"{row['metrics']}", f"{row['series']}", f"{row['queries']}"),
        *(f"{row['points']}", f"{row['bytes'] / 1e6:.0f}"),
        f"{row['seconds']:.1f}{_mark(row['seconds'], GOAL_S)}",
        *(f"{row['cpu']:.1f}", f"{row['server']:.1f}"),
        f"{row['mib']:.0f}{_mark(row['mib'], GOAL_MIB)}",
    )
    widths = (width for _, width in _COLUMNS)
    print("".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))


def _mark(figure: float, goal: float) -> str:
    return "" if figure <= goal else " !"


def report(url: str) -> dict[str, Any]:
    """Make the report, and return what it cost."""
    from jipyo.app.reports import build_report  # noqa: PLC0415
    from jipyo.app.workspace import Workspace  # noqa: PLC0415
    from jipyo.catalogue import load as load_catalogue  # noqa: PLC0415 - only in the child
    from jipyo.model.calendar import PeriodKind, period_containing  # noqa: PLC0415
    from jipyo.source.prometheus import PrometheusOptions, PrometheusSource  # noqa: PLC0415
    from jipyo.source.recording import QueryKind, RecordingSource  # noqa: PLC0415

    remote = PrometheusSource(PrometheusOptions(name="bench", url=url))
    source = RecordingSource(remote, time.monotonic)
    catalogue = load_catalogue()
    day = datetime.fromtimestamp(END_MS / 1000 - 1, UTC).date()
    zone, here = ZoneInfo("UTC"), Path()
    workspace = Workspace(
        source=source, catalogue=catalogue, zone=zone, now_ms=lambda: END_MS, out_dir=here
    )
    started_s = time.monotonic()
    build_report(workspace, period_containing(PeriodKind.DAY, day, zone))
    seconds = time.monotonic() - started_s
    used = resource.getrusage(resource.RUSAGE_SELF)
    answered = [query for query in source.queries if query.points]
    return {
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,
        "queries": len(source.queries),
        "points": sum(query.points for query in answered),
        "bytes": sum(query.stats.bytes for query in answered),
        "metrics": len({query.purpose for query in answered if "." in query.purpose}),
        "series": sum(query.series for query in answered if query.kind is QueryKind.RANGE),
    }


if __name__ == "__main__":
    print(json.dumps(report(sys.argv[1])))
