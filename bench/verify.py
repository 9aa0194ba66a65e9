"""200 changes of what a report rests on and of its files: how many `jipyo verify` finds.

A quarter is of samples and of the catalogue's thresholds and queries, each with the report of a
day computed again from a store of its own; a quarter of the figures in the JSON; a half of the
files, by a digit each (of a PDF a bit). What was not changed must be equal each time.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.machine import describe_machine
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.verify.rendered import compare_files
from jipyo.reports.verify.verification import compare_with_recomputed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.catalogue import Catalogue
    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from reports.days import DAY, Day, Site, blocks
from reports.verify import injections

RECOMPUTED, WRITTEN, FILES = 17, 50, 20
"""Changes of each of three inputs, of the JSON, and of each of five formats: 201."""
FEW = injections.FEW


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing to change; what finds a change answers whether it did."""

    name: str
    changes: int
    find: Callable[[random.Random], bool]
    find_unchanged: Callable[[], bool]


def main() -> None:
    """Print how many of the changes are found, by what was changed."""
    samples = list(blocks(Site(cores=2, gpus=1), (Day(DAY),)))
    printed = read_report(to_json(build(samples)))
    kinds = (
        *list_inputs(printed, samples),
        list_written(printed),
        *(list_files(printed, name) for name in FORMATS),
    )
    console, grid = Console(), Table("what was changed", "changes", "found", "false", "cpu s each")
    console.print(describe_machine())
    totals = [0, 0, 0]
    for kind in kinds:
        start = time.process_time()
        found = sum(kind.find(random.Random(seed)) for seed in range(kind.changes))
        each = (time.process_time() - start) / kind.changes
        row = (kind.changes, found, int(kind.find_unchanged()))
        totals = [sum(pair) for pair in zip(totals, row, strict=True)]
        grid.add_row(kind.name, *map(str, row), f"{each:.2f}")
    grid.add_row("all", *map(str, totals), "")
    console.print(grid)


def build(samples: Sequence[SeriesBlock], catalogue: Catalogue = FEW) -> Report:
    """The report of the day from a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return injections.build(Path(folder), samples, catalogue)


def list_inputs(printed: Report, samples: Sequence[SeriesBlock]) -> Iterator[Kind]:
    """Samples, thresholds and queries: each change is a report computed again."""

    def find(again: Report) -> bool:
        # As if nobody compared the hash of the catalogue.
        again = replace(again, catalogue=printed.catalogue)
        return bool(compare_with_recomputed(printed, again).differences)

    def find_unchanged() -> bool:
        return find(build(samples))

    def find_sample(draw: random.Random) -> bool:
        return find(build(injections.change_sample(samples, draw)))

    def find_threshold(draw: random.Random) -> bool:
        return find(build(samples, injections.change_threshold(FEW, draw)))

    def find_query(draw: random.Random) -> bool:
        return find(build(samples, injections.change_query(FEW, draw)))

    yield Kind("sample of the store", RECOMPUTED, find_sample, find_unchanged)
    yield Kind("threshold of the catalogue", RECOMPUTED, find_threshold, find_unchanged)
    yield Kind("query of the catalogue", RECOMPUTED, find_query, find_unchanged)


def list_written(printed: Report) -> Kind:
    """Values in the JSON."""
    content = to_json(printed)

    def find(written: bytes) -> bool:
        return bool(compare_with_recomputed(read_report(written), printed).differences)

    return Kind(
        "figure, query or period in the JSON",
        WRITTEN,
        lambda draw: find(injections.change_figure(content, draw)),
        lambda: find(content),
    )


def list_files(printed: Report, name: str) -> Kind:
    """Digits of a file in one format."""
    issued = FORMATS[name].render(printed, "ko")

    def find(file: bytes) -> bool:
        return bool(compare_files(FORMATS[name].render(printed, "ko"), file, name))

    return Kind(
        f"file, {name}",
        FILES,
        lambda draw: find(injections.change_file(issued, draw)),
        lambda: find(issued),
    )


if __name__ == "__main__":
    main()
