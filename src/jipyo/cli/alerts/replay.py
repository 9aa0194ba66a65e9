"""`jipyo alerts replay`: what rules would have made of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from jipyo import promql
from jipyo.alerts.incident.rules import build_grouping
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.replay import find_incidents, replay
from jipyo.alerts.rule import RecordingRule, list_metric_rules
from jipyo.alerts.rule_files.build import build_rules
from jipyo.alerts.rule_files.read import read_rule_files
from jipyo.alerts.wording import describe_alert, name_alert_state
from jipyo.analysis.wording import name_state
from jipyo.app.alerts.incidents import LOCAL_NAMES
from jipyo.app.alerts.rule_files import RuleFiles
from jipyo.app.offline import read_workspace
from jipyo.cli.incident.rows import build_incident_row
from jipyo.cli.incident.terminal import print_incidents
from jipyo.cli.incident.view import IncidentView
from jipyo.cli.localized import Command
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import (
    FILE,
    build_table,
    open_terminal,
    pass_config,
    print_line,
    print_warning,
    show_progress,
)
from jipyo.model.errors import ConfigError
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.replay import Replay
    from jipyo.alerts.rule import AlertRule, Rule
    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_WEEK_MS = 7 * 86_400_000
_COLUMNS = ("t", "severity", "change", "value", "alert")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("replay", cls=Command, help=t("cli.alerts.replay.help"))
    @click.option("--from", "start", metavar="TIME", help=t("cli.alerts.replay.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.query.to"))
    @click.option("--rules", "files", type=FILE, multiple=True, help=t("cli.alerts.replay.rules"))
    @click.option("--changes", "with_changes", is_flag=True, help=t("cli.alerts.replay.changes"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.alerts.replay.json"))
    @pass_config(t)
    def replay_rules(config: Config, words: Texts, files: tuple[Path, ...], **chosen: Any) -> None:
        with read_workspace(config) as workspace:
            now_ms = workspace.now_ms()
            start, end = chosen["start"], chosen["end"]
            end_ms = parse_moment(end, config.zone, now_ms) if end else now_ms
            start_ms = parse_moment(start, config.zone, now_ms) if start else end_ms - _WEEK_MS
            if start_ms >= end_ms:
                raise ConfigError("cli.alerts.replay.order")
            rules = _list_rules(config, workspace, files)
            alert_rules: list[AlertRule] = [
                rule for rule in rules if not isinstance(rule, RecordingRule)
            ]
            if not alert_rules:
                raise ConfigError("cli.alerts.replay.no_rules")
            _warn_of_unrecorded(rules, workspace, (start_ms, end_ms), words)
            with show_progress(words("cli.alerts.replay.working")) as advance:
                played = replay(alert_rules, workspace.source, start_ms, end_ms, advance)
        view = _build_view(config, workspace, rules, words, end_ms)
        if chosen["as_json"]:
            _print_json(played, view)
            return
        _print_head(played, alert_rules, view)
        print_incidents(find_incidents(played, view.grouping), view)
        if chosen["with_changes"]:
            _print_changes(played.transitions, view)


def _list_rules(config: Config, workspace: Workspace, files: Sequence[Path]) -> list[Rule]:
    """The rules of the files, or those in force."""
    options = config.settings.alerts or AlertsOptions()
    if files:
        features = config.settings.query.features
        groups = read_rule_files(files, lambda text: promql.parse(text, features))
        return [*build_rules(groups, options)]
    return [*list_metric_rules(workspace.catalogue, options), *RuleFiles(config).rules]


def _warn_of_unrecorded(
    rules: Sequence[Rule], workspace: Workspace, span: tuple[int, int], words: Texts
) -> None:
    """Series that only the server would have recorded."""
    names = dict.fromkeys(rule.record for rule in rules if isinstance(rule, RecordingRule))
    for name in names:
        selector = f"{{__name__={quote(name)}}}"
        if next(workspace.source.series([selector], *span, 1), None) is None:
            print_warning(words("cli.alerts.replay.unrecorded", name=name))


def _build_view(
    config: Config, workspace: Workspace, rules: Sequence[Rule], words: Texts, end_ms: int
) -> IncidentView:
    options = config.settings.alerts or AlertsOptions()
    hosts = dict.fromkeys(LOCAL_NAMES, config.instance)
    grouping = build_grouping(rules, options, hosts)
    return IncidentView(words, config.zone, end_ms, workspace.catalogue, grouping)


def _print_head(played: Replay, rules: Sequence[AlertRule], view: IncidentView) -> None:
    for rule, problem in played.problems.items():
        print_warning(view.t("cli.alerts.replay.problem", rule=rule, problem=view.t.error(problem)))
    start, end = (
        view.t.recent_moment(t_ms, view.zone, view.now_ms)
        for t_ms in (played.start_ms, played.end_ms)
    )
    counts = {"rules": len(rules), "changes": len(played.transitions)}
    print_line(view.t("cli.alerts.replay.done", start=start, end=end, **counts))


def _print_changes(transitions: Sequence[Transition], view: IncidentView) -> None:
    t = view.t
    table = build_table([t(f"cli.alerts.replay.column.{column}") for column in _COLUMNS])
    for one in transitions:
        alert = one.alert
        words = describe_alert(alert.key, view.catalogue, t)
        metric = view.catalogue.get(alert.key.rule)
        unit = metric.unit.value if metric is not None else "count"
        table.add_row(
            t.recent_moment(one.t_ms, view.zone, view.now_ms),
            name_state(alert.severity.state, t),
            f"{name_alert_state(one.before, t)} → {name_alert_state(alert.state, t)}",
            "" if alert.value is None else t.number(alert.value, unit),
            Text(words.title),
        )
    console = open_terminal()
    console.print()
    console.print(table)


def _print_json(played: Replay, view: IncidentView) -> None:
    incidents = find_incidents(played, view.grouping)
    changes = [
        {
            "t": one.t_ms / 1000,
            "rule": one.alert.key.rule,
            "labels": dict(one.alert.key.labels),
            "before": one.before.value,
            "state": one.alert.state.value,
            "severity": one.alert.severity.state.value,
            "value": one.alert.value,
            "reason": one.alert.reason and one.alert.reason.value,
        }
        for one in played.transitions
    ]
    document = {
        "from": played.start_ms / 1000,
        "to": played.end_ms / 1000,
        "incidents": [build_incident_row(one, view) for one in incidents],
        "changes": changes,
        "problems": {rule: view.t.error(error) for rule, error in played.problems.items()},
    }
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
