"""Rules as Prometheus' API lists them: thresholds of the catalogue, and rules of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo import catalogue
from jipyo.alerts.alert import Alert, AlertKey, AlertState
from jipyo.alerts.evaluation import RuleMemory, SeriesMemory
from jipyo.alerts.options import AlertsOptions, RuleOptions
from jipyo.alerts.rule import ExpressionRule, MetricRule, RecordingRule
from jipyo.alerts.state import AlertMemory
from jipyo.analysis.thresholds import JudgeState, Severity
from jipyo.app.alerts.rule_status import list_groups
from jipyo.model.errors import SourceError
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.alerts.rule import Rule

CPU = catalogue.load().get("system.cpu.utilization")
assert CPU is not None
NOWHERE = Embedded(MemoryStore(), Engine())
HOST = Labels.of({"instance": "a"})
OPTIONS = AlertsOptions(rules=((CPU.id, RuleOptions(runbook="http://wiki/cpu")),))
FIRING = Alert(
    key=AlertKey(CPU.id, HOST),
    state=AlertState.FIRING,
    severity=Severity.CRITICAL,
    value=97.0,
    threshold=85.0,
    active_ms=1000,
)
MEMORY = RuleMemory(2000, {HOST: SeriesMemory(JudgeState(), AlertMemory(FIRING))})
SLOW = ExpressionRule(
    id="/etc/site.yaml/web/Slow",
    name="Slow",
    expression="latency > 1",
    labels=(("severity", "page"),),
    annotations=(("summary", "{{ $value }}"),),
)
RECORD = RecordingRule(id="/etc/site.yaml/web/a:b", record="a:b", expression="sum(c)")


def test_a_metric_is_a_rule_for_each_threshold_in_the_group_of_its_topic() -> None:
    assert CPU is not None
    (group,) = list_groups([(MetricRule(metric=CPU), MEMORY, None)], OPTIONS, "en", NOWHERE)
    assert (group.file, group.name, group.evaluated_ms) == ("catalogue", "system.cpu", 2000)
    by_severity = {rule.labels["severity"]: rule for rule in group.rules}
    warning, critical = by_severity["warning"], by_severity["critical"]
    assert critical.query.endswith(">= 85")
    assert (warning.state, critical.state) == ("inactive", "firing")
    (alert,) = critical.alerts
    assert alert.labels == HOST.put({"alertname": critical.name, "severity": "critical"})
    assert dict(critical.annotations)["runbook_url"] == "http://wiki/cpu"
    assert "85%" in dict(critical.annotations)["summary"]


def test_rules_of_a_file_are_in_its_groups_with_their_errors() -> None:
    failed = SourceError("source.failed", source="x", problem="refused")
    rules: list[tuple[Rule, RuleMemory, Exception | None]] = [
        (SLOW, RuleMemory(), failed),
        (RECORD, RuleMemory(3000), None),
    ]
    (group,) = list_groups(rules, OPTIONS, "en", NOWHERE)
    assert (group.file, group.name) == ("/etc/site.yaml", "web")
    slow, record = group.rules
    assert (slow.name, slow.health, slow.labels["severity"]) == ("Slow", "unknown", "page")
    assert slow.error
    assert (record.is_recording, record.name, record.health) == (True, "a:b", "ok")
