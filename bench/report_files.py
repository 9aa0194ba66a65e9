"""A report with every kind of block as files: time, memory, and the same bytes on any machine.

The document is made up (`tests/reports/month.py`): what reading a month costs is measured by
`monthly`. Each row is a fresh process; 20 processes with two zones and two locales must give one
hash for each format.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.machine import describe_machine

RUNS = 20
_ZONES, _LOCALES = ("UTC", "Asia/Seoul"), ("C", "ko_KR.UTF-8")
_SCRIPT = """
import hashlib, json, resource, sys, time
from reports.month import build_month
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import to_json
report = build_month()
renderers = {name: lambda one=one: one.render(report, "ko") for name, one in FORMATS.items()}
renderers["json"] = lambda: to_json(report)
chosen = sys.argv[1:] or list(renderers)
for name in chosen:
    wall, cpu = time.perf_counter(), time.process_time()
    content = renderers[name]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"name": name, "wall": time.perf_counter() - wall,
                      "cpu": time.process_time() - cpu, "peak": peak, "size": len(content),
                      "hash": hashlib.sha256(content).hexdigest()}))
"""


def run_fresh(*formats: str, zone: str = "UTC", locale: str = "C") -> list[dict[str, float | str]]:
    """What a fresh process says of each format that it made."""
    tests = str(Path(__file__).parents[1] / "tests")
    env = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": tests}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *formats], env=env, capture_output=True, check=True
    )
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Print a row for each format, and one for all of them in one process."""
    console = Console()
    console.print(describe_machine())
    together = run_fresh()
    grid = Table("format", "kB", "wall s", "cpu s", "peak MB", "hashes of 20 runs")
    hashes: dict[str, set[str]] = defaultdict(set)
    machines = itertools.islice(itertools.cycle(itertools.product(_ZONES, _LOCALES)), RUNS)
    for zone, locale in machines:
        for one in run_fresh(zone=zone, locale=locale):
            hashes[str(one["name"])].add(str(one["hash"]))
    for one in together:
        (alone,) = run_fresh(str(one["name"]))
        grid.add_row(
            str(alone["name"]),
            f"{float(alone['size']) / 1000:,.0f}",
            f"{float(alone['wall']):.2f}",
            f"{float(alone['cpu']):.2f}",
            f"{float(alone['peak']) / 1024:.0f}",
            str(len(hashes[str(one["name"])])),
        )
    wall, cpu = (sum(float(one[key]) for one in together) for key in ("wall", "cpu"))
    peak = max(float(one["peak"]) for one in together) / 1024
    grid.add_row("all in one process", "", f"{wall:.2f}", f"{cpu:.2f}", f"{peak:.0f}", "")
    console.print(grid)


if __name__ == "__main__":
    main()
