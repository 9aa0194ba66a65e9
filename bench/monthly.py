"""The monthly report in all formats, made in a process of its own.

    python -m bench monthly

`one server` is the month of the demonstration: a host, four GPUs, an API, models and a database,
31 days at 15 s and six weeks before them. `fleet` is six hosts with 1,140 series at 30 s, both
months, from the embedded store; BENCH_HOSTS=100 makes it larger. A table of the slowest parts
follows each. Processor time and peak memory are those of the whole process; wall time means
little on a machine that others use. A goal that is missed is marked.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bench.fleet import DAY_MS, list_blocks
from bench.machine import describe_machine
from jipyo.demo import write_month
from jipyo.model.calendar import PeriodKind, parse_month, period_containing
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.calendar import Period

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = parse_month("2026-10", SEOUL)
HOSTS = int(os.environ.get("BENCH_HOSTS", "6"))
GOALS = {"one server": (5.0, 400.0), "fleet": (10.0, 400.0), "one day": (2.0, 400.0)}
"""Seconds and MiB."""


def main() -> None:
    """Write the stores, make the reports, print what they cost."""
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as name:
        folder = Path(name)
        write_month(folder / "server", MONTH)
        measure("one server", folder / "server", "month")
        measure("one day", folder / "server", "day")
        write_fleet(folder / "fleet")
        measure("fleet", folder / "fleet", "month")


def write_fleet(folder: Path) -> None:
    """The month and the one before it, day by day."""
    store = Store.open(folder, Options(durable=False), now_ms=lambda: MONTH.end_ms)
    for number in range(-31, 31):
        store.load(list_blocks(HOSTS, MONTH.start_ms + number * DAY_MS))
    store.close()


def measure(name: str, folder: Path, kind: str) -> None:
    """Make the report in a process of its own, and print what it cost."""
    command = [sys.executable, "-m", "bench.monthly", str(folder), kind]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    seconds, mib = GOALS[name]
    missed = (" !" if row["wall"] > seconds else "") + (" ! MiB" if row["mib"] > mib else "")
    print(
        f"{name}: {row['metrics']} metrics, {row['series']} series, {row['bytes']:,} bytes,"
        f" wall {row['wall']:.1f} s, CPU {row['cpu']:.1f} s, peak {row['mib']:.0f} MiB{missed}"
    )
    for part, cpu_s in sorted(row["parts"].items(), key=lambda part: -part[1])[:10]:
        print(f"  {part:24} {cpu_s:6.2f} s CPU")


def report(folder: Path, period: Period) -> dict[str, Any]:
    """Make the report in all formats, and return what it cost."""
    from jipyo.app import reports  # noqa: PLC0415 - only in the child
    from jipyo.app.offline import open_workspace  # noqa: PLC0415
    from jipyo.reports import periodic  # noqa: PLC0415
    from jipyo.reports.render import FORMATS  # noqa: PLC0415

    parts: dict[str, float] = {}

    def run(part: str, work: Callable[[], Any]) -> Any:
        start_s = time.process_time()
        try:
            return work()
        finally:
            parts[part] = parts.get(part, 0.0) + time.process_time() - start_s

    started_s = time.monotonic()
    with open_workspace(data=folder, lang="ko") as workspace:
        inputs = run("read", partial(reports.gather_inputs, workspace, period))
        made = run("build", partial(periodic.build, inputs))
        files = [run(name, partial(kind.render, made, "ko")) for name, kind in FORMATS.items()]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall": time.monotonic() - started_s,
        "cpu": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,
        "bytes": sum(map(len, files)),
        "metrics": len(inputs.data.entries),
        "series": sum(len(entry.now.series) for entry in inputs.data.entries),
        "parts": parts,
    }


if __name__ == "__main__":
    day = period_containing(PeriodKind.DAY, MONTH.first_day.replace(day=15), SEOUL)
    print(json.dumps(report(Path(sys.argv[1]), MONTH if sys.argv[2] == "month" else day)))
