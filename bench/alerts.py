"""What 1,000 rules cost every 15 s, over samples that go on coming.

`python -m bench alerts`: half of the rules compare gauges, half rates of five minutes, each of
three instances; one series in a hundred is beyond its threshold, and goes there and back.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.machine import describe_machine
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.alerts.service import LAG_MS, Alerting
from jipyo.catalogue import (
    Catalogue,
    Direction,
    Metric,
    MetricGroup,
    MetricQuery,
    Thresholds,
    Unit,
)
from jipyo.config.load import load as load_config
from jipyo.config.overrides import CliOverrides
from jipyo.model.bilingual import Bilingual
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

START_MS = 1_795_132_800_000
STEP_MS = 15_000
RULES, INSTANCES = 1000, 3
WARM, MEASURED = 100, 40
"""Ticks before and while it is measured."""


@dataclass
class SetClock:
    """A clock that is set by hand."""

    at_ms: int = START_MS
    used: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        """The moment it is set to."""
        return self.at_ms

    def monotonic_ms(self) -> float:
        """The time of this machine."""
        return time.monotonic() * 1000

    def wait(self, stop: threading.Event, _delay_ms: float) -> bool:
        """Until it is stopped: the ticks are called by hand."""
        return stop.wait()


def build_catalogue() -> Catalogue:
    """The rules' metrics."""

    def build(number: int) -> Metric:
        name = Bilingual(ko="지표", en="metric")
        series = f"bench_{number}"
        inner = f"rate({series}_total[$w])" if number % 2 else series
        return Metric(
            id=f"bench.m{number}",
            group=MetricGroup.SYSTEM,
            name=name,
            description=name,
            unit=Unit.PERCENT,
            direction=Direction.HIGHER_IS_WORSE,
            labels=("instance",),
            thresholds=Thresholds(warning=70, critical=85, for_ms=60_000),
            queries=(MetricQuery(exporter="bench", promql=f"max by (instance) ({inner})"),),
        )

    return Catalogue(tuple(build(number) for number in range(RULES)))


@dataclass
class Samples:
    """The samples of all series at one moment after the other."""

    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(16))
    step: int = 0
    totals: np.ndarray = field(default_factory=lambda: np.zeros(RULES * INSTANCES))

    def __post_init__(self) -> None:
        self.series = tuple(
            Labels.of(
                {
                    "__name__": f"bench_{number}{'_total' if number % 2 else ''}",
                    "instance": f"host{instance}",
                    "job": "bench",
                }
            )
            for number in range(RULES)
            for instance in range(INSTANCES)
        )
        self.is_counter = np.repeat(np.arange(RULES) % 2 == 1, INSTANCES)

    def next(self, t_ms: int) -> Scrape:
        """The samples at `t_ms`."""
        self.step += 1
        values = self.random.normal(50, 5, len(self.series))
        hot = (np.arange(len(values)) % 100 == 0) & (self.step // 40 % 2 == 1)
        values[hot] += 40
        self.totals += values * STEP_MS / 1000
        return Scrape(t_ms, self.series, np.where(self.is_counter, self.totals, values))


def measure(folder: Path) -> Iterator[float]:
    """The processor seconds of each tick that is measured."""
    clock, samples = SetClock(), Samples()
    with Store.open(folder, Options(retention_ms=None), now_ms=clock.now_ms) as store:
        config = load_config(CliOverrides(data=folder), {}, "en")
        alerting = Alerting(AlertStore.open(folder, STEPS), store, clock, ())
        alerting.apply(config, Embedded(store, Engine()), build_catalogue())
        alerting.start()
        for tick in range(WARM + MEASURED):
            t_ms = START_MS + tick * STEP_MS
            store.append([samples.next(t_ms)])
            clock.at_ms = t_ms + LAG_MS
            if tick < WARM - 10:
                continue
            started = time.process_time()
            alerting.tick()
            if tick >= WARM:
                yield time.process_time() - started
        counts = {one.name: one.samples for one in alerting.families()}
        failures = sum(one.value for one in counts["jipyo_alerts_evaluation_failures_total"])
        changes = sum(one.value for one in counts["jipyo_alerts_transitions_total"])
        assert failures == 0, f"{failures:.0f} evaluations failed"
        assert changes, "no alert changed"
        alerting.stop()


def main() -> None:
    """Print the table."""
    print(
        f"{describe_machine()}\n\n| {RULES:,} rules every 15 s | measured | goal |\n|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="jipyo-alerts-") as folder:
        seconds = sorted(measure(Path(folder)))
    mean = sum(seconds) / len(seconds)
    print(f"| CPU of a tick, mean / longest | {mean:.2f} / {seconds[-1]:.2f} s | |")
    print(f"| share of a core | {mean / (STEP_MS / 1000):.1%} | 10% |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| peak memory | {peak:.0f} MiB | |")


if __name__ == "__main__":
    main()
