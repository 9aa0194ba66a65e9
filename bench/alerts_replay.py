"""What it takes to replay 31 days of the catalogue's rules for one host with 4 GPUs.

`python -m bench alerts_replay`: node_exporter and DCGM every 15 s, in a store on disk. The GPUs
are warm at times, one is gone for an hour, and a target does not answer now and then. A day of
it is evaluated at every moment too: the plain form, which must give the same transitions.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.machine import describe_machine
from jipyo.alerts.evaluation import RuleMemory, evaluate
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.replay import replay
from jipyo.alerts.rule import list_metric_rules
from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Options
from jipyo.source import Embedded
from jipyo.source.inventory import take_inventory
from jipyo.tsdb import Options as StoreOptions
from jipyo.tsdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.rule import MetricRule
    from jipyo.model.sample import Values

STEP_MS = 15_000
DAY_MS = 86_400_000
DAYS = 31
START_MS = 1_795_132_800_000 // DAY_MS * DAY_MS
STEPWISE_MS = 3_600_000
"""So long is evaluated at every moment."""
GOAL_S = 60.0
_BATCH = 960


def main() -> None:
    """Print how long the replay took, and whether the plain form agrees."""
    rules = tuple(list_metric_rules(load(), AlertsOptions()))
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
        options = StoreOptions(retention_ms=10 * 365 * DAY_MS)
        end_ms = START_MS + DAYS * DAY_MS
        with Store.open(Path(folder), now_ms=lambda: end_ms, options=options) as store:
            samples = sum(_append(store, scrapes) for scrapes in build_month())
            source = Embedded(store, Engine(Options()))
            print(describe_machine())
            print(f"{samples:,} samples, {len(rules)} rules")
            started, cpu = time.perf_counter(), time.process_time()
            played = replay(rules, source, START_MS, end_ms)
            took, cpu = time.perf_counter() - started, time.process_time() - cpu
            assert not played.problems, played.problems
            print(f"{DAYS} days: {took:.1f} s ({cpu:.1f} s of CPU; at most {GOAL_S:g} s)")
            print(f"{len(played.transitions):,} changes")
            _compare(rules, source)


def _compare(rules: tuple[MetricRule, ...], source: Embedded) -> None:
    """Evaluate a stretch at every moment, and the replay of it."""
    start_ms = START_MS + 3 * DAY_MS
    started = time.process_time()
    stepwise = evaluate_stepwise(rules, source, start_ms, start_ms + STEPWISE_MS)
    step_s = time.process_time() - started
    started = time.process_time()
    played = replay(rules, source, start_ms, start_ms + STEPWISE_MS)
    block_s = time.process_time() - started
    same = sorted(stepwise, key=_order) == sorted(played.transitions, key=_order)
    print(f"an hour at every moment: {step_s:.1f} s, in blocks {block_s:.2f} s of CPU")
    print(f"{len(stepwise)} changes, {'equal' if same else 'NOT EQUAL'}")


def _order(one: Transition) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    return one.t_ms, one.alert.key.rule, one.alert.key.labels.pairs


def evaluate_stepwise(
    rules: tuple[MetricRule, ...], source: Embedded, start_ms: int, end_ms: int
) -> list[Transition]:
    """The plain form: every rule at every moment of its grid."""
    memories = {rule.id: RuleMemory() for rule in rules}
    found: list[Transition] = []
    base_ms = min(rule.interval_ms for rule in rules)
    for t_ms in range(-(-start_ms // base_ms) * base_ms, end_ms + 1, base_ms):
        due = [rule for rule in rules if t_ms % rule.interval_ms == 0]
        inventory = take_inventory(source, t_ms)
        for rule in due:
            evaluation = evaluate(rule, source, t_ms, memories[rule.id], inventory)
            memories[rule.id] = evaluation.memory
            found += evaluation.transitions
    return found


def _append(store: Store, scrapes: list[Scrape]) -> int:
    store.append(scrapes)
    return sum(len(scrape.values) for scrape in scrapes)


def build_month() -> Iterator[list[Scrape]]:
    """The samples in the order of time, some hours at once."""
    rng = np.random.default_rng(1)
    names, columns = _build_columns(rng, DAYS * DAY_MS // STEP_MS)
    series = tuple(names)
    gone = [at for at, labels in enumerate(series) if labels.get("UUID") == "GPU-3"]
    without = tuple(labels for labels in series if labels.get("UUID") != "GPU-3")
    keep = np.setdiff1d(np.arange(len(series)), gone)
    scrapes: list[Scrape] = []
    for at in range(columns.shape[1]):
        t_ms = START_MS + at * STEP_MS
        if 10 * DAY_MS <= at * STEP_MS < 10 * DAY_MS + 3_600_000:
            scrapes.append(Scrape(t_ms, without, columns[keep, at]))
        else:
            scrapes.append(Scrape(t_ms, series, columns[:, at]))
        if len(scrapes) == _BATCH:
            yield scrapes
            scrapes = []
    yield scrapes


@dataclass
class _Columns:
    """Series and their values at all steps."""

    steps: int
    names: list[Labels] = field(default_factory=list)
    rows: list[Values] = field(default_factory=list)

    def add(self, name: str, values: Values | float, **labels: str) -> None:
        self.names.append(Labels.of({"__name__": name, "instance": "host1", **labels}))
        self.rows.append(np.broadcast_to(np.asarray(values, float), self.steps))

    def count(self, name: str, per_second: Values | float, **labels: str) -> None:
        rate = np.broadcast_to(np.asarray(per_second, float), self.steps)
        self.add(f"{name}_total", np.cumsum(rate * STEP_MS / 1000), **labels)


def _build_columns(rng: np.random.Generator, steps: int) -> tuple[list[Labels], Values]:
    """Series and their values, shape (series, steps)."""
    hour = np.arange(steps) * STEP_MS / 3_600_000
    daily = 0.4 + 0.35 * np.sin(hour * 2 * np.pi / 24) + rng.normal(0, 0.02, steps)
    busy = np.clip(daily, 0.02, 0.99)
    columns = _Columns(steps)
    columns.add("up", (rng.random(steps) > 0.0005).astype(float), job="node")
    columns.add("up", 1, job="dcgm")
    _add_host(columns, busy)
    _add_disks(columns, busy, hour)
    for gpu in range(4):
        _add_gpu(columns, busy, 55 + 38 * busy + rng.normal(0, 0.5, steps), gpu)
    return columns.names, np.array(columns.rows)


def _add_host(columns: _Columns, busy: Values) -> None:
    for cpu in range(16):
        shares = {"idle": 1 - busy, "user": busy * 0.8, "system": busy * 0.2}
        for mode, share in shares.items():
            labels = {"cpu": str(cpu), "mode": mode, "job": "node"}
            columns.count("node_cpu_seconds", share, **labels)
    memory: tuple[tuple[str, Values | float], ...] = (
        ("MemTotal", 1.0),
        ("MemAvailable", 1 - 0.9 * busy),
        ("SwapTotal", 0.1),
        ("SwapFree", 0.09),
    )
    for name, size in memory:
        columns.add(f"node_memory_{name}_bytes", 256e9 * size, job="node")
    for minutes in (1, 5, 15):
        columns.add(f"node_load{minutes}", busy * 16, job="node")
    for name in ("receive_bytes", "transmit_bytes", "receive_errs", "transmit_errs"):
        rate = busy * 1e6 if "bytes" in name else 0
        columns.count(f"node_network_{name}", rate, device="eth0", job="node")


def _add_disks(columns: _Columns, busy: Values, hour: Values) -> None:
    used = 0.5 + 0.4 * np.mod(hour / 24 / 5, 1)
    for mount in ("/", "/data", "/var", "/models"):
        labels = {"mountpoint": mount, "fstype": "ext4", "device": f"/dev{mount}", "job": "node"}
        columns.add("node_filesystem_size_bytes", 4e12, **labels)
        columns.add("node_filesystem_avail_bytes", 4e12 * (1 - used), **labels)
        columns.add("node_filesystem_free_bytes", 4e12 * (1 - used), **labels)
        columns.add("node_filesystem_files", 4e8, **labels)
        columns.add("node_filesystem_files_free", 3.6e8, **labels)
        columns.add("node_filesystem_readonly", 0, **labels)
    for device in ("sda", "nvme0n1"):
        for name in ("reads_completed", "writes_completed", "io_time_seconds", "read_time_seconds"):
            columns.count(f"node_disk_{name}", busy * 0.5, device=device, job="node")


def _add_gpu(columns: _Columns, busy: Values, heat: Values, gpu: int) -> None:
    labels = {"job": "dcgm", "gpu": str(gpu), "UUID": f"GPU-{gpu}", "modelName": "H100"}
    for name, values in (
        ("DEV_GPU_TEMP", heat),
        ("DEV_MEMORY_TEMP", heat + 5),
        ("DEV_GPU_UTIL", 100 * busy),
        ("DEV_POWER_USAGE", 700 * busy),
        ("DEV_FB_USED", 70e3 * busy),
        ("DEV_FB_FREE", 80e3 - 70e3 * busy),
        ("DEV_ECC_DBE_VOL_TOTAL", 0),
        ("DEV_XID_ERRORS", 0),
        ("PROF_GR_ENGINE_ACTIVE", busy),
    ):
        columns.add(f"DCGM_FI_{name}", values, **labels)


if __name__ == "__main__":
    main()
