"""`jipyo alerts list`: what is pending, firing, recovering or without data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.text import Text

from jipyo.alerts.wording import describe_alert, name_alert_state
from jipyo.analysis.wording import name_cause, name_state
from jipyo.app.alerts.delivery import check_delivery
from jipyo.app.alerts.summary import read_summary
from jipyo.app.offline import load_catalogue
from jipyo.cli.alert_lines import print_alert_lines
from jipyo.cli.localized import Command
from jipyo.cli.options import build_table, open_terminal, pass_config, print_line
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from jipyo.alerts.alert import Alert
    from jipyo.app.alerts.summary import AlertSummary
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_COLUMNS = ("alert", "state", "severity", "value", "threshold", "since", "incident")
_STYLES = {"critical": "bold red", "warning": "yellow"}


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("list", cls=Command, help=t("cli.alerts.list.help"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.alerts.list.json"))
    @pass_config(t)
    def list_(config: Config, words: Texts, as_json: bool) -> None:
        now_ms, catalogue = SystemClock().now_ms(), load_catalogue(config)
        summary = read_summary(config, catalogue, now_ms)
        if as_json:
            rows = [_build_row(one, summary, catalogue, words) for one in _sort(summary)]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        _print_table(summary, catalogue, words, now_ms)
        problems = check_delivery(config, words, now_ms)[1]
        print_alert_lines(summary, catalogue, words, config.zone, problems)


def _sort(summary: AlertSummary) -> list[Alert]:
    """Open ones first, the gravest first, the oldest first."""
    return sorted(
        summary.alerts, key=lambda one: (not one.state.is_open, -one.severity, one.active_ms)
    )


def _find_incident(alert: Alert, summary: AlertSummary) -> int | None:
    found = (one.incident for one in summary.incidents if one.incident.find_alert(alert.key))
    return next((incident.number for incident in found), None)


def _print_table(summary: AlertSummary, catalogue: Catalogue, t: Texts, now_ms: int) -> None:
    if not summary.alerts:
        print_line(t("cli.alerts.list.none"))
        return
    table = build_table([t(f"cli.alerts.list.{column}") for column in _COLUMNS])
    for alert in _sort(summary):
        words, severity = describe_alert(alert.key, catalogue, t), alert.severity.state
        number = _find_incident(alert, summary)
        value = t.number(alert.value, words.unit)
        table.add_row(
            Text(words.title),
            name_alert_state(alert.state, t),
            Text(name_state(severity, t), style=_STYLES[severity.value]),
            value if alert.reason is None else name_cause(alert.reason, t),
            "" if alert.threshold is None else t.number(alert.threshold, words.unit),
            t.span(now_ms - alert.active_ms),
            "" if number is None else f"#{number}",
        )
    open_terminal().print(table)


def _build_row(
    alert: Alert, summary: AlertSummary, catalogue: Catalogue, t: Texts
) -> dict[str, object]:
    reason = alert.reason
    return {
        "rule": alert.key.rule,
        "name": describe_alert(alert.key, catalogue, t).title,
        "labels": dict(alert.key.labels.pairs),
        "state": alert.state.value,
        "severity": alert.severity.state.value,
        "value": alert.value,
        "threshold": alert.threshold,
        "since": alert.active_ms / 1000,
        "cause": None if reason is None else name_cause(reason, t),
        "incident": _find_incident(alert, summary),
    }
