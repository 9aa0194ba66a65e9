"""A replay gives the transitions of an evaluation at each moment, on histories of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jipyo.alerts.evaluation import RuleMemory, evaluate
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.replay import replay
from jipyo.alerts.rule import AlertRule, ExpressionRule, list_metric_rules
from jipyo.catalogue import Catalogue, load
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Options
from jipyo.source import Embedded
from jipyo.source.inventory import take_inventory
from support.memory import MemoryStore

STEP_MS = 15_000
START_MS = 1_795_186_800_000
STEPS = 400
IDS = frozenset(
    ("system.gpu.temperature", "system.collection.failed", "system.gpu.lost",
     "system.memory.utilization", "system.load.per_core")
)  # fmt: skip
OPTIONS = AlertsOptions(interval_ms=75_000, keep_firing_ms=150_000)
KNOWN = Catalogue(
    tuple(
        replace(one, thresholds=replace(one.thresholds, for_ms=min(one.thresholds.for_ms, 150_000)))
        for one in load().metrics
        if one.id in IDS and one.thresholds is not None
    )
)
RULES: tuple[AlertRule, ...] = (
    *list_metric_rules(KNOWN, OPTIONS),
    ExpressionRule(
        id="r/g/Hot",
        name="Hot",
        expression="DCGM_FI_DEV_GPU_TEMP > 85",
        for_ms=45_000,
        keep_firing_ms=30_000,
        labels=(("level", "{{ if gt $value 92.0 }}a{{ else }}b{{ end }}"),),
    ),
    ExpressionRule(id="r/g/Full", name="Full", expression="node_memory_MemAvailable_bytes < 20"),
    ExpressionRule(id="r/g/Off", name="Off", expression="up == 0", interval_ms=30_000, limit=1),
    ExpressionRule(id="r/g/No", name="No", expression="absent(up)", offset_ms=20_000),
)


def make_store(seed: int) -> MemoryStore:
    """A host whose readings fail at times, with GPUs that are warm at times, or gone."""
    rng = np.random.default_rng(seed)
    store = MemoryStore()
    host = {"instance": "h", "job": "node"}
    gpus = [{"instance": "h", "job": "dcgm", "gpu": str(gpu), "UUID": f"G{gpu}"} for gpu in "01"]
    temperatures = [Labels.of({"__name__": "DCGM_FI_DEV_GPU_TEMP", **gpu}) for gpu in gpus]
    memory = [
        Labels.of({"__name__": f"node_memory_{name}_bytes", **host})
        for name in ("MemTotal", "MemAvailable")
    ]
    up = Labels.of({"__name__": "up", **host})
    heat = 80 + np.cumsum(rng.normal(0, 2.5, (2, STEPS)), axis=1) % 20
    used = 0.7 + np.cumsum(rng.normal(0, 0.02, STEPS)) % 0.3
    alive = np.repeat(rng.random(STEPS // 8) < 0.8, 8)
    there = np.repeat(rng.random((2, STEPS // 20)) < 0.85, 20, axis=1)
    for at in range(STEPS):
        t_ms = START_MS + at * STEP_MS
        series, values = [up], [float(alive[at])]
        if alive[at]:
            series += memory
            values += [100.0, 100 * (1 - used[at])]
        for gpu in range(2):
            if there[gpu, at]:
                series.append(temperatures[gpu])
                values.append(float(heat[gpu, at]))
        store.append([Scrape(t_ms, tuple(series), np.array(values))])
    return store


def evaluate_stepwise(source: Embedded, start_ms: int, end_ms: int) -> list[object]:
    """The plain form: every rule at every moment of its grid."""
    memories = {rule.id: RuleMemory() for rule in RULES}
    found: list[object] = []
    base_ms = min(rule.interval_ms for rule in RULES)
    for t_ms in range(-(-start_ms // base_ms) * base_ms, end_ms + 1, base_ms):
        inventory = take_inventory(source, t_ms)
        for rule in RULES:
            if t_ms % rule.interval_ms:
                continue
            evaluation = evaluate(rule, source, t_ms, memories[rule.id], inventory)
            memories[rule.id] = evaluation.memory
            found += evaluation.transitions
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_gives_what_an_evaluation_at_each_moment_gives(seed: int) -> None:
    source = Embedded(make_store(seed), Engine(Options()))
    start_ms, end_ms = START_MS + 20 * STEP_MS, START_MS + (STEPS + 30) * STEP_MS
    expected = evaluate_stepwise(source, start_ms, end_ms)
    played = replay(RULES, source, start_ms, end_ms, block_ms=1_800_000)
    key = lambda one: (one.t_ms, one.alert.key.rule, one.alert.key.labels.pairs)  # noqa: E731
    assert sorted(played.transitions, key=key) == sorted(expected, key=key)
    assert not played.problems
    assert len({one.alert.key.rule for one in played.transitions}) >= 4
