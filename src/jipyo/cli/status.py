"""`jipyo status`: the current health in the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.text import Text

from jipyo.analysis import wording
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.thresholds import State
from jipyo.app.alerts.delivery import check_delivery
from jipyo.app.alerts.summary import read_summary
from jipyo.app.offline import read_workspace
from jipyo.app.publishing.status import check_reports
from jipyo.cli.alert_lines import print_alert_lines
from jipyo.cli.localized import Command
from jipyo.cli.options import build_table, open_terminal, pass_config
from jipyo.model.errors import JipyoError
from jipyo.model.result import Vector

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.health import Health
    from jipyo.app.alerts.summary import AlertSummary
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.config.sound import SoundPart
    from jipyo.i18n import Texts
    from jipyo.source import Source

_RELOADED = "jipyo_config_last_reload_success"
_LOOKED_AHEAD = "jipyo_insight_last_run_successful"
_COLUMNS = ("metric", "state", "value", "since", "reason")
_STYLES = {
    State.OK: "green",
    State.PENDING: "cyan",
    State.WARNING: "yellow",
    State.CRITICAL: "bold red",
    State.UNKNOWN: "magenta",
}
# The exit codes that monitoring plugins use (Monitoring Plugins Development Guidelines).
_EXIT_CODES = {State.OK: 0, State.PENDING: 0, State.WARNING: 1, State.CRITICAL: 2, State.UNKNOWN: 3}


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("status", cls=Command, help=t("cli.status.help"))
    @click.option("--all", "show_all", is_flag=True, help=t("cli.status.all"))
    @click.option("--exit-code", is_flag=True, help=t("cli.status.exit_code"))
    @pass_config(t, tolerant=True)
    def print_status(
        config: Config, words: Texts, show_all: bool, exit_code: bool, part: SoundPart
    ) -> int:
        try:
            health, warning, summary, catalogue = _read_state(config)
        except JipyoError:
            if part.error is None:
                raise
            raise part.error from None  # which may be why
        _print_health(health, words, config.zone, show_all=show_all)
        delivery = check_delivery(config, words, health.t_ms)[1]
        problems = (*delivery, *check_reports(config, words))
        print_alert_lines(summary, catalogue, words, config.zone, problems)
        code = _EXIT_CODES[health.state] if exit_code else 0
        if part.error is not None:
            _print_warning(words("cli.status.config_wrong", keys=", ".join(part.left_out)))
            click.echo(words.error(part.error), err=True)
            return max(code, 1) if exit_code else 2
        if warning:
            _print_warning(words(warning))
        return code


def _read_state(config: Config) -> tuple[Health, str, AlertSummary, Catalogue]:
    """The health, the key of a warning about the configuration or an empty text, and alerts."""
    with read_workspace(config) as workspace:
        now_ms = workspace.now_ms()
        source, catalogue = workspace.source, workspace.catalogue
        summary = read_summary(config, catalogue, now_ms)
        health = assess_catalogue(source, catalogue, now_ms, known=summary.health)
        warning = find_config_warning(source, config, now_ms)
        return health, warning, summary, workspace.catalogue


def _print_warning(text: str) -> None:
    open_terminal().print(text, style="yellow", soft_wrap=True)


def find_config_warning(source: Source, config: Config, now_ms: int) -> str:
    """The key of a text where a running server works with other settings than the file has.

    Or where it cannot look ahead.
    """
    own = f'{{job="jipyo",instance={json.dumps(config.instance)}}}'
    if _read_values(source, f"{_RELOADED}ful{own} == 0", now_ms):
        return "cli.status.config_refused"
    if _read_values(source, f"{_LOOKED_AHEAD}{own} == 0", now_ms):
        return "cli.status.insight_failed"
    loaded_s = _read_values(source, f"{_RELOADED}_timestamp_seconds{own}", now_ms)
    changed_s = config.file.stat().st_mtime if config.file else 0.0
    return "cli.status.config_changed" if any(changed_s > s for s in loaded_s) else ""


def _read_values(source: Source, expr: str, now_ms: int) -> list[float]:
    value = source.instant(expr, now_ms).value
    assert isinstance(value, Vector), "BUG: a selector gives a vector"
    return list(map(float, value.values))


def _print_health(health: Health, t: Texts, zone: ZoneInfo, *, show_all: bool) -> None:
    console = open_terminal()
    console.print(wording.describe_verdict(health, t), style=_STYLES[health.state], markup=False)
    table = build_table([t(f"cli.status.{column}") for column in _COLUMNS])
    metrics = [metric for metric in health.metrics if show_all or not metric.is_absent]
    for metric in sorted(metrics, key=lambda metric: -metric.state.severity):
        is_judged = metric.judged or metric.state is not State.OK
        table.add_row(
            metric.metric.name(t.lang),
            Text(wording.name_state(metric.state, t), style=_STYLES[metric.state])
            if is_judged
            else Text("·", style="dim"),
            wording.describe_value(metric.value, metric.proportion, metric.metric.unit.value, t),
            wording.describe_duration(metric, t, health.t_ms),
            Text(wording.describe_reason(metric, t, zone, health.t_ms)),
        )
    if metrics:
        console.print(table)
