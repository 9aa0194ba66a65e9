"""Rule files give the alerts of Prometheus: `for`, `keep_firing_for`, labels, recorded series.

promtool evaluates the same file on the same samples with Prometheus' own code; `ALERTS` and
`ALERTS_FOR_STATE` must be the same after every evaluation, so every transition is.
"""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import urllib3
import yaml

from jipyo.alerts.evaluation import RuleMemory, evaluate, restore_clock
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.recording import record_samples
from jipyo.alerts.rule import RecordingRule
from jipyo.alerts.rule_files.build import build_rules
from jipyo.alerts.rule_files.read import parse_rule_file
from jipyo.analysis.thresholds import LevelClock
from jipyo.app.alerts.series import build_alert_series
from jipyo.app.insight.series import SeriesWriter
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Options, parse, parse_selector
from jipyo.source import Embedded
from support.memory import MemoryStore
from support.services import binary, free_port, running
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.alerts.rule_files.build import FileRules

pytestmark = pytest.mark.integration

MINUTE_MS = 60_000
MINUTES = 50
RULES = """\
groups:
- name: load
  labels: {team: ops}
  rules:
  - record: instance:load:max
    expr: max by (instance) (load)
    labels: {kind: recorded}
  - {alert: AtOnce, expr: 'instance:load:max > 70'}
  - {alert: After, expr: 'load > 70', for: 3m, labels: {severity: page}}
  - {alert: Kept, expr: 'load > 70', keep_firing_for: 4m}
  - {alert: Both, expr: 'load > 50', for: 2m, keep_firing_for: 2m, labels: {team: own}}
  - alert: Named
    expr: load > 60
    for: 1m
    labels:
      level: '{{ if gt $value 80.0 }}high{{ else }}low{{ end }}'
      at: '{{ $labels.instance | toUpper }}'
  - {alert: Gone, expr: 'absent(load{instance="a"})', for: 1m}
  - {alert: Scalar, expr: 'vector(1) > bool 0'}
  - {alert: OfAlerts, expr: 'count(ALERTS{alertstate="firing"}) > 3', for: 1m}
"""


def make_inputs(seed: int) -> dict[str, list[float | None]]:
    """Series that cross the thresholds now and then, with samples missing."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, list[float | None]] = {}
    for instance in "abc":
        values = np.round(60 + np.cumsum(rng.normal(0, 12, MINUTES)) % 40 - 10, 1)
        missing = rng.random(MINUTES) < 0.1
        series = f'load{{instance="{instance}"}}'
        pairs = zip(values.tolist(), missing.tolist(), strict=True)
        inputs[series] = [None if is_missing else value for value, is_missing in pairs]
    return inputs


def read_rules() -> FileRules:
    return build_rules(parse_rule_file(RULES, "r.yml", parse), AlertsOptions(interval_ms=MINUTE_MS))


def read_labels(text: str) -> Labels:
    return Labels.of({one.name: one.value for one in parse_selector(text)})


def evaluate_here(inputs: dict[str, list[float | None]]) -> list[dict[Labels, float]]:
    """`ALERTS` and `ALERTS_FOR_STATE` after each evaluation."""
    store, rules = MemoryStore(), read_rules()
    source = Embedded(store, Engine(Options()))
    memories = {rule.id: RuleMemory() for rule in rules}
    writers = {rule.id: SeriesWriter() for rule in rules}
    labels = {
        text: Labels.of({one.name: one.value for one in parse_selector(text)}) for text in inputs
    }
    shown: list[dict[Labels, float]] = []
    for minute in range(MINUTES):
        t_ms = minute * MINUTE_MS
        for text, values in inputs.items():
            value = values[minute]
            if value is not None:
                store.append([Scrape(t_ms, (labels[text],), np.array([value]))])
        shown.append({})
        for rule in rules:
            if isinstance(rule, RecordingRule):
                samples = record_samples(rule, source, t_ms)
            else:
                memories[rule.id] = evaluate(rule, source, t_ms, memories[rule.id]).memory
                series = memories[rule.id].series.values()
                alerts = [one.alert.alert for one in series if one.alert.alert is not None]
                samples = dict(build_alert_series(alerts, {rule.id: rule}, EMPTY))
                shown[-1] |= samples
            store.append(writers[rule.id].build(t_ms, samples))
    return shown


def write_case(inputs: dict[str, list[float | None]]) -> dict[str, Any]:
    """A test of promtool that expects what was evaluated here."""
    shown = evaluate_here(inputs)
    expected = [
        {
            "expr": name,
            "eval_time": f"{minute}m",
            "exp_samples": [
                {"labels": str(labels), "value": value}
                for labels, value in samples.items()
                if labels.metric == name
            ],
        }
        for minute, samples in enumerate(shown)
        for name in ("ALERTS", "ALERTS_FOR_STATE")
    ]
    assert any(case["exp_samples"] for case in expected)
    return {
        "interval": "1m",
        "input_series": [
            {
                "series": series,
                "values": " ".join("_" if value is None else f"{value}" for value in values),
            }
            for series, values in inputs.items()
        ],
        "promql_expr_test": expected,
    }


def test_every_transition_is_that_of_prometheus(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    cases = [write_case(make_inputs(seed)) for seed in range(6)]
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
    command = [binary("promtool"), "test", "rules", "tests.yml"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, (run.stdout + run.stderr)[:4000]


# --- after a restart

PENDING = """\
groups:
- name: pending
  interval: 1s
  rules:
  - {alert: Long, expr: vector(1), for: 90s}
  - {alert: Near, expr: vector(1), for: 40s}
"""
CONFIG = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
GRACE_MS = 39_000


def read_active(port: int, alert: str) -> list[tuple[float, float]]:
    """The samples of `ALERTS_FOR_STATE` of the last minute."""
    fields = {"query": f'ALERTS_FOR_STATE{{alertname="{alert}"}}[1m]'}
    url = f"http://127.0.0.1:{port}/api/v1/query"
    found = urllib3.request("GET", url, fields=fields).json()["data"]["result"]
    return [(float(t), float(value)) for t, value in found[0]["values"]] if found else []


@contextlib.contextmanager
def running_prometheus(folder: Path) -> Iterator[int]:
    port = free_port()
    command = [
        binary("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--rules.alert.for-grace-period={GRACE_MS // 1000}s",
    ]
    with running(command, f"http://127.0.0.1:{port}/-/ready", folder / "log"):
        yield port


def test_what_is_pending_is_restored_as_prometheus_does(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(PENDING)
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    with running_prometheus(tmp_path) as port:
        wait_until(lambda: len(read_active(port, "Near")) >= 3, 30)
        before = {alert: read_active(port, alert)[-1] for alert in ("Long", "Near")}
    with running_prometheus(tmp_path) as port:
        for alert, for_ms in (("Long", 90_000), ("Near", 40_000)):
            down_s = before[alert][0]
            wait_until(lambda: read_active(port, alert)[-1][0] > down_s + 2, 30)  # noqa: B023
            samples = read_active(port, alert)
            last = max(at for at, (_, value) in enumerate(samples) if value == before[alert][1])
            down_s, active_s = samples[last]
            resumed_s = samples[last + 1][0] - 1  # the first evaluation writes nothing
            clock = LevelClock(int(active_s * 1000))
            t_ms = int(resumed_s * 1000)
            restored = restore_clock(clock, int(down_s * 1000), t_ms, for_ms, GRACE_MS)
            assert restored.reached_ms is not None
            assert abs(restored.reached_ms / 1000 - samples[last + 1][1]) <= 2
            assert restored.reached_ms / 1000 > active_s + 1
