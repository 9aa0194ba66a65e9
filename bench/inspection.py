"""What the inspection sheet of a month costs: reading and judging it, and each format of it."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bench.machine import describe_machine
from jipyo import catalogue as catalogues
from jipyo.model.plain import to_plain
from jipyo.reports.document import Issuer
from jipyo.reports.render import FORMATS
from jipyo.reports.sheets import build_inspection_report
from jipyo.sla.inspection import inspect_month
from jipyo.sla.inspection_items import load_items
from jipyo.sla.recomputation import find_differences
from sla.months import eventful, month_of, source_of, store_month

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.sla.inspection import InspectionSheet

T = TypeVar("T")
HOSTS = (2, 20, 100)


def measure(compute: Callable[[], T]) -> tuple[T, float]:
    """The result and the seconds of CPU that it took."""
    start_s = time.process_time()
    return compute(), time.process_time() - start_s


def inspect(hosts: int) -> tuple[InspectionSheet, float]:
    """The sheet of an eventful month of so many hosts, from a real store."""
    period = month_of("2027-01-01")
    names = tuple(f"ai-node-{number}" for number in range(1, hosts + 1))
    month = replace(eventful(period, step_ms=120_000), hosts=names)
    catalogue = catalogues.load()
    items = load_items(None, catalogue)
    with tempfile.TemporaryDirectory() as folder, store_month(Path(folder), month) as store:
        source = source_of(store)
        return measure(lambda: inspect_month(source, catalogue, items, period, period.end_ms))


def main() -> None:
    """Print the table."""
    print(describe_machine())
    print("inspection of a month\n  hosts  cells  one-minute values   CPU s")
    sheets = {}
    for hosts in HOSTS:
        sheet, seconds = inspect(hosts)
        sheets[hosts] = sheet
        values = sum(
            check.samples
            for row in sheet.rows
            for cell in row.cells
            if cell
            for check in cell.checks
        )
        print(f"{hosts:7} {sheet.due:6} {values:18,} {seconds:7.2f}")
    sheet, catalogue = sheets[HOSTS[0]], catalogues.load()
    plain, seconds = measure(lambda: to_plain(sheet))
    print(f"as plain values {seconds:.3f} s", end="")
    print(f", compared {measure(lambda: list(find_differences(plain, plain)))[1]:.3f} s")
    report = build_inspection_report(sheet, catalogue, sheet.period.end_ms, Issuer())
    for name, kind in FORMATS.items():
        kind.render(report, "ko")  # what is loaded once is not the cost of a sheet
        content, seconds = measure(lambda render=kind.render: render(report, "ko"))  # type: ignore[misc]
        print(f"{name:5} {seconds:6.3f} s {len(content):10,} bytes")


if __name__ == "__main__":
    main()
