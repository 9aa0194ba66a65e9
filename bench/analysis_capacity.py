"""The capacity answer on simulated services: how near, how often, and how often refused.

Nine kinds that the method was made on, with fresh seeds, and eight that nothing was tuned on;
each week has its highest load at 30 to 95% of what breaks the objective. The simulators are
compiled by numba, which is no dependency: with JIPYO_ANALYSIS_PEERS=V/bin/python they run in
that interpreter (see `bench/analysis_peers.py`). JIPYO_CAPACITY_WEEKS is the weeks of a kind
(20), JIPYO_CAPACITY_SEED the first seed.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.capacity_services import Service
    from jipyo.analysis.capacity.answer import Capacity

ROOT = Path(__file__).parents[1]
PEAKS = ((0.3, 0.5), (0.5, 0.65), (0.65, 0.8), (0.8, 0.96))
HEADER = (
    "| {} | weeks | answered | of peaks > 65% | median error | within 10% | 80% covers"
    " | refused q10 above truth |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One week's answer beside the truth."""

    kind: str
    misleading: bool
    peak: float
    truth: float
    capacity: Capacity
    cpu_s: float

    @property
    def error(self) -> float:
        """Relative error of the middle; NaN where it was refused."""
        breaking = self.capacity.breaking
        return abs(breaking.median / self.truth - 1) if breaking else np.nan

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        breaking = self.capacity.breaking
        return breaking is not None and breaking.low <= self.truth <= breaking.high


def measure() -> None:
    """Print the tables, in this interpreter or in one that has numba."""
    if importlib.util.find_spec("numba") is not None:
        print_tables()
        return
    peers = os.environ.get("JIPYO_ANALYSIS_PEERS")
    if not peers:
        print("capacity: not measured, for want of numba (JIPYO_ANALYSIS_PEERS)\n")
        return
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [peers, "-m", "bench.analysis_capacity"]
    subprocess.run(command, env=environment, check=True)


def print_tables() -> None:
    """Simulate, answer and print, the kinds of the sheet and the others apart."""
    from bench.capacity_services import SHEET, UNSEEN  # noqa: PLC0415 - needs numba

    weeks = int(os.environ.get("JIPYO_CAPACITY_WEEKS", "20"))
    seed = int(os.environ.get("JIPYO_CAPACITY_SEED", "20261127"))
    for name, kinds in (("made on", SHEET), ("never tuned on", UNSEEN)):
        outcomes = [one for make in kinds for one in run_kind(make, weeks, seed)]
        print_kinds(f"kind ({name})", outcomes)


def run_kind(
    make: Callable[[np.random.Generator], Service], weeks: int, seed: int
) -> list[Outcome]:
    """Weeks of one kind, and their answers."""
    from bench.capacity_services import simulate_week  # noqa: PLC0415 - needs numba
    from jipyo.analysis.capacity.find import find_capacity  # noqa: PLC0415

    outcomes = []
    for i in range(weeks):
        week = simulate_week(make, seed + 7919 * i, (0.3, 0.95))
        started = time.process_time()
        capacity = find_capacity(week.history, week.objective)
        spent = time.process_time() - started
        kind, misleading = week.service.kind, week.service.misleading
        outcomes.append(Outcome(kind, misleading, week.peak_share, week.truth, capacity, spent))
    return outcomes


def print_kinds(title: str, outcomes: Sequence[Outcome]) -> None:
    """One row a kind, then by peak, then all."""
    useful = [one for one in outcomes if not one.misleading]
    print(HEADER.format(title))
    for kind in dict.fromkeys(one.kind for one in outcomes):
        print(describe_row(kind, [one for one in outcomes if one.kind == kind]))
    for low, high in PEAKS:
        chosen = [one for one in useful if low <= one.peak < high]
        print(describe_row(f"peak {low:.0%} to {high:.0%}", chosen))
    print(describe_row("busy share of the bottleneck", useful))
    print(describe_row("misleading busy share", [one for one in outcomes if one.misleading]))
    print(describe_row("all", outcomes))
    proven = [one.capacity.proven.rate / one.truth for one in outcomes if one.capacity.proven]
    spent = np.array([one.cpu_s for one in outcomes])
    print(
        f"\nproven load above the truth {np.mean(np.array(proven) > 1):.1%}, middle"
        f" {np.median(proven):.2f} of it; CPU {np.median(spent):.3f} s a service,"
        f" at most {spent.max():.3f} s\n"
    )


def describe_row(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the table."""
    answered = [one for one in outcomes if one.capacity.breaking]
    refused = [one for one in outcomes if not one.capacity.breaking]
    busy = [one.capacity.breaking is not None for one in outcomes if one.peak > 0.65]
    errors = np.array([one.error for one in answered])
    above = [(one.capacity.likely_above or 0) > one.truth for one in refused]
    cells = (
        f"{len(outcomes)}",
        _mean(np.isfinite([one.error for one in outcomes])),
        _mean(busy),
        f"{np.median(errors):.3f}" if len(errors) else "",
        _mean(errors <= 0.1),
        _mean([one.covers for one in answered]),
        _mean(above),
    )
    return f"| {name} | {' | '.join(cells)} |"


def _mean(values: Sequence[bool] | np.ndarray) -> str:
    return f"{np.mean(values):.2f}" if len(values) else ""


if __name__ == "__main__":
    print_tables()
