"""What looking ahead at 1,000 series costs: reading six weeks, the next hour, and computing."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from bench.machine import describe_machine
from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.forecast import Forecast
from jipyo.analysis.outlook import OutlookOptions
from jipyo.app.insight.histories import Histories
from jipyo.app.insight.workers import Workers
from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape, Times, Values
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.hourly import HOUR_MS
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.outlook import Outlook, SeriesHistory

NOW_MS = 1_795_132_800_000
HOSTS, MOUNTS = 125, 8
DAYS = 42
STEP_MS = 900_000


def make_shares(hours: Values, seed: int) -> Values:
    """Per cent used by each file system: trends, rhythms, resets and noise, (times, mounts)."""
    random = np.random.default_rng(seed)
    columns = []
    for mount in range(MOUNTS):
        noise = np.cumsum(random.normal(0, 0.05, len(hours)))
        rise = random.uniform(-0.1, 0.6) * (hours / 24 - DAYS)
        rhythm = random.uniform(0, 8) * np.sin(2 * np.pi * hours / 24)
        teeth = np.mod(hours, 24 * random.uniform(3, 9)) / 10 if mount % 4 == 0 else 0.0
        columns.append(random.uniform(30, 75) + rise + rhythm + noise + teeth)
    return np.clip(np.stack(columns, axis=1), 0.1, 99.9)


def fill(store: Store) -> None:
    """Six weeks of 1,000 file systems of 125 hosts."""
    count = DAYS * 86_400_000 // STEP_MS
    t_ms: Times = NOW_MS - STEP_MS * np.arange(count - 1, -1, -1, dtype=np.int64)
    hours = (t_ms - t_ms[0]) / HOUR_MS
    for host in range(HOSTS):
        labels = {"job": "node", "instance": f"host{host}", "fstype": "ext4"}
        names = ("size", "free", "avail")
        series = tuple(
            Labels.of(
                {**labels, "__name__": f"node_filesystem_{name}_bytes", "mountpoint": f"/m{mount}"}
            )
            for mount in range(MOUNTS)
            for name in names
        )
        free = 1e12 * (1 - make_shares(hours, host) / 100)
        rows = np.stack([np.full_like(free, 1e12), free, free], axis=2).reshape(len(t_ms), -1)
        store.append([Scrape(at, series, row) for at, row in zip(t_ms.tolist(), rows, strict=True)])
        while store.maintain():
            pass


@dataclass(frozen=True)
class Cost:
    """What a step took, in seconds of processor time."""

    step: str
    seconds: float
    note: str


def main() -> None:
    """Print the table."""
    print(f"{describe_machine()}\n\n| hourly run over 1,000 series | CPU | |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="jipyo-insight-") as folder:
        for cost in measure(Path(folder)):
            print(f"| {cost.step} | {cost.seconds:.1f} s | {cost.note} |")


def measure(folder: Path) -> Iterator[Cost]:
    """Reading the first time, reading the next hour, computing."""
    with Store.open(folder, Options(retention_ms=None), now_ms=lambda: NOW_MS) as store:
        fill(store)
        histories = Histories(Embedded(store, Engine()), load(), ZoneInfo("Asia/Seoul"), 1000)
        found: list[SeriesHistory] = []
        for step, end_ms in (("six weeks", NOW_MS - HOUR_MS), ("the next hour", NOW_MS)):
            started = time.process_time()
            found = [one for part in histories.read(end_ms) for one in part]
            seconds = time.process_time() - started
            yield Cost(f"read {step}", seconds, f"{len(found)} series")
        own, children = time.process_time(), spend_in_children()
        with Workers(OutlookOptions()) as workers:
            outlooks = workers.compute(found)
        yield Cost("send and receive", time.process_time() - own, "")
        yield Cost("compute, one process", spend_in_children() - children, describe(outlooks))


def spend_in_children() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def describe(outlooks: Sequence[Outlook]) -> str:
    """How many have a forecast, and a threshold to come; and the peak of memory."""
    forecasts = sum(isinstance(one.forecast, Forecast) for one in outlooks)
    states = [{each.state for each in one.crossing.crossings} for one in outlooks if one.crossing]
    expected = sum(CrossingState.EXPECTED in found for found in states)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{forecasts} forecasts, {expected} with a threshold to come; peak {peak:.0f} MiB"


if __name__ == "__main__":
    main()
