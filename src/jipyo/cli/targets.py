"""`jipyo targets`: everything that is collected, and what fails and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.analysis.targets import ScrapeState, read_targets
from jipyo.analysis.wording import name_cause, name_remedy
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command
from jipyo.cli.options import build_table, open_terminal, pass_config, print_incomplete

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.targets import TargetNow
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.failure import FailureReason

_COLUMNS = ("job", "instance", "state", "since", "cause", "last", "samples")
_STYLES = {ScrapeState.UP: "green", ScrapeState.DOWN: "bold red", ScrapeState.GONE: "magenta"}


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("targets", cls=Command, help=t("cli.targets.help"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.targets.json"))
    @pass_config(t)
    def print_targets(config: Config, words: Texts, as_json: bool) -> None:
        with read_workspace(config) as workspace:
            now_ms = workspace.now_ms()
            targets = read_targets(workspace.source, now_ms)
            missing = workspace.source.find_missing()
        if as_json:
            rows = [build_row(target, words) for target in targets]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        else:
            _print_table(targets, words, config.zone, now_ms)
        print_incomplete(missing, words)


def build_row(target: TargetNow, t: Texts) -> dict[str, object]:
    """A target as a row of JSON; times in Unix seconds."""
    return {
        "job": target.job,
        "instance": target.instance,
        "state": target.state.value,
        "since": target.since_ms / 1000,
        "since_open": target.since_open,
        "reason": None if target.reason is None else target.reason.value,
        "cause": "" if target.reason is None else name_cause(target.reason, t),
        "remedy": "" if target.reason is None else name_remedy(target.reason, t),
        "last": target.last_ms / 1000,
        "samples": target.samples,
    }


def _print_table(targets: Sequence[TargetNow], t: Texts, zone: ZoneInfo, now_ms: int) -> None:
    console = open_terminal()
    failing = sum(target.state is ScrapeState.DOWN for target in targets)
    if not targets:
        console.print(t("cli.targets.none"))
        return
    key = "cli.targets.failing" if failing else "cli.targets.all_up"
    console.print(t(key, n=len(targets), failing=failing))
    table = build_table([t(f"cli.targets.{column}") for column in _COLUMNS])
    for target in targets:
        key = "health.since_open" if target.since_open else "health.since"
        table.add_row(
            target.job,
            target.instance,
            Text(t(f"collect.state.{target.state.value}"), style=_STYLES[target.state]),
            t(key, span=t.span(now_ms - target.since_ms)),
            "" if target.reason is None else _describe_cause(target.reason, t),
            t.recent_moment(target.last_ms, zone, now_ms),
            t.number(target.samples),
        )
    console.print(table)


def _describe_cause(reason: FailureReason, t: Texts) -> str:
    """Why a target fails and what to do, in one cell."""
    return t("cli.targets.why", cause=name_cause(reason, t), remedy=name_remedy(reason, t))
