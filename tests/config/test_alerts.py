"""`alerts:` matchers, times of day, schedules, and names of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.options import AlertsOptions, Weekday
from jipyo.analysis.thresholds import Severity
from jipyo.config.load import load, parse
from jipyo.config.overrides import CliOverrides
from jipyo.model.labels import Labels
from jipyo.model.matcher import select_all

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
alerts:
  rules:
    system.cpu.utilization: {runbook: "http://wiki/cpu", keep_firing: 1m}
    site.yaml/web/TooSlow: {enabled: false}
  channels:
  - {name: ops, url: "slack://hush/hush/hush", headers: {X-Key: hush}}
  - {name: boss, kind: mail, url_file: mail-url, language: en}
  routes:
  - {channels: [ops, boss], match: 'severity!="warning", job=~"vllm|web"'}
  escalation: [{after: 10m, channels: [boss]}]
  quiet_hours: [{from: 22:00, to: 07:00, days: [sat]}]
  maintenance: [{name: db, schedule: "0 2 * * sun", duration: 2h, match: '{job="db"}'}]
  dependencies: [{match: 'job="vllm"', needs: 'job="node"', equal: [host]}]
  heartbeat: {url: "https://hc.example/hush", interval: 5m}
"""


def read(text: str) -> AlertsOptions:
    alerts = parse(text, "/etc/jipyo/jipyo.yaml").alerts
    assert alerts is not None
    return alerts


def test_every_table_of_alerts_is_read() -> None:
    alerts = read(FULL)
    assert alerts.rule("system.cpu.utilization").runbook == "http://wiki/cpu"
    assert not alerts.rule("site.yaml/web/TooSlow").enabled
    assert alerts.rule("another").enabled
    assert str(alerts.channels[1].url_file) == "/etc/jipyo/mail-url"
    assert alerts.escalation[0].severity is Severity.CRITICAL
    hours = alerts.quiet_hours[0]
    assert (hours.from_minute, hours.to_minute, hours.days) == (
        22 * 60,
        7 * 60,
        (Weekday.SATURDAY,),
    )
    assert alerts.heartbeat is not None
    assert alerts.heartbeat.interval_ms == 300_000


@pytest.mark.parametrize(
    ("labels", "matches"),
    [
        ({"severity": "critical", "job": "vllm"}, True),
        ({"severity": "critical", "job": "vllm-2"}, False),
        ({"severity": "warning", "job": "web"}, False),
        ({"job": "web"}, True),
    ],
)
def test_a_route_selects_alerts_by_matchers(labels: dict[str, str], matches: bool) -> None:
    assert select_all(read(FULL).routes[0].matchers, Labels.of(labels)) is matches


@pytest.mark.parametrize("match", ['severity!="critical"', '{severity=~".*"}', "{}"])
def test_matchers_may_match_everything(match: str) -> None:
    route = f"{{channels: [a], match: '{match}'}}"
    alerts = read(f"alerts: {{channels: [{{name: a, url: 'env:A'}}], routes: [{route}]}}")
    assert select_all(alerts.routes[0].matchers, Labels.of({"severity": "warning"}))


def test_alerts_can_be_switched_off() -> None:
    assert parse("alerts: false", "a.yaml").alerts is None
    assert parse("alerts: true", "a.yaml").alerts == AlertsOptions()


def test_no_secret_of_a_channel_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(FULL, "utf-8")
    config = load(CliOverrides(file=file, data=tmp_path), {"TZ": "UTC"}, "en")
    assert "hush" not in config.effective
    assert "hush" not in repr(config.settings.alerts)
    assert parse(config.effective, str(file)).alerts is not None
