"""`jipyo slo`: the objectives with what was reached, the budget, and how fast it is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.analysis.objectives import Result
from jipyo.analysis.slo import wording
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_incomplete,
    print_note,
    show_progress,
)
from jipyo.model.errors import ConfigError
from jipyo.web.api.slo import build_result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.analysis.slo.result import SloResult
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_COLUMNS = ("objective", "promise", "period", "reached", "left", "burn", "result")
_HOUR_MS = 3_600_000
_SHOWN_BURN_MS = (_HOUR_MS, 24 * _HOUR_MS)
_STYLES = {Result.MET: "green", Result.MISSED: "bold red", Result.UNKNOWN: "magenta"}


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("slo", cls=Command, help=t("slo.cli.help"))
    @click.argument("name", required=False, default="", metavar="[NAME]")
    @click.option("--at", default="now", metavar="TIME", help=t("slo.cli.at"))
    @click.option("--previous", is_flag=True, help=t("slo.cli.previous"))
    @click.option("--json", "as_json", is_flag=True, help=t("slo.cli.json"))
    @pass_config(t)
    def print_slo(
        config: Config, words: Texts, name: str, at: str, previous: bool, as_json: bool
    ) -> None:
        with show_progress(words("slo.cli.working")), read_workspace(config) as workspace:
            objectives = choose(workspace.objectives, name)
            now_ms = parse_moment(at, config.zone, workspace.now_ms())
            reader = CountReader(workspace.source)
            results = evaluate_levels(reader, objectives, now_ms, config.zone, previous=previous)
        if as_json:
            rows = [build_result(result, words, config.zone) for result in results]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        elif name:
            for result in results:
                _print_details(result, words, config.zone)
        elif results:
            _print_table(results, words, config.zone)
        else:
            open_terminal().print(words("slo.none"), soft_wrap=True)
        missing = dict.fromkeys(error for result in results for error in result.missing)
        print_incomplete(missing, words)


def choose(
    objectives: Sequence[ServiceLevelObjective], name: str
) -> Sequence[ServiceLevelObjective]:
    """All objectives, or the one of a name.

    Raises:
        ConfigError: there is none of that name.
    """
    found = [one for one in objectives if not name or one.id == name]
    if name and not found:
        known = ", ".join(one.id for one in objectives)
        raise ConfigError("slo.not_found", hint="slo.not_found.hint", name=name, known=known)
    return found


def _print_table(results: Sequence[SloResult], t: Texts, zone: ZoneInfo) -> None:
    console = open_terminal()
    table = build_table([t(f"slo.cli.column.{column}") for column in _COLUMNS])
    for result in results:
        objective = result.objective
        burns = (one for one in result.burn_rates if one.window_ms in _SHOWN_BURN_MS)
        table.add_row(
            Text(wording.describe_subject(result, t)),
            wording.describe_promise(objective, t),
            wording.describe_period(objective.period, t),
            wording.describe_share(objective, result.compliance, t),
            wording.describe_budget_left(result, t),
            " · ".join(wording.describe_burn_rate(one, t) for one in burns),
            Text(wording.describe_result(result, t), style=_STYLES[result.result]),
        )
    console.print(table)
    for result in results:
        for line in wording.list_remarks(result, t, zone):
            console.print(Text(f"{wording.describe_subject(result, t)}: {line}"), soft_wrap=True)
    print_note(t("slo.cli.note"))


def _print_details(result: SloResult, t: Texts, zone: ZoneInfo) -> None:
    console = open_terminal()
    console.print(Text(wording.describe_subject(result, t), style="bold"))
    for label, text in _list_details(result, t, zone):
        console.print(Text.assemble((f"{label}  ", "dim"), text), soft_wrap=True)
    console.print()


def _list_details(result: SloResult, t: Texts, zone: ZoneInfo) -> list[tuple[str, str]]:
    """All that the figures are made from, for who computes them again."""
    objective, period = result.objective, result.period
    ends = (t.moment(t_ms, zone) for t_ms in (period.start_ms, result.cut_ms))
    rows = [
        ("name", objective.id),
        ("promise", wording.describe_promise(objective, t)),
        ("window", t("slo.cli.window", start=next(ends), end=next(ends), zone=zone.key)),
    ]
    if result.refusal is not None:
        rows.append(("result", wording.describe_refusal(result, result.refusal, t)))
    else:
        reached = wording.describe_share(objective, result.compliance, t)
        rows += [
            ("counts", wording.describe_counts(result, t)),
            ("reached", f"{reached} ({wording.describe_result(result, t)})"),
            ("budget", wording.describe_budget(result, t)),
            ("end", wording.describe_end(result, t, zone)),
            ("coverage", wording.describe_coverage(result)),
            *(("burn", _describe_burns(result, t)) for _ in result.burn_rates[:1]),
            ("exporter", result.exporter),
            *result.expressions.items(),
        ]
    return [(t(f"slo.cli.column.{name}"), text) for name, text in rows if text]


def _describe_burns(result: SloResult, t: Texts) -> str:
    return " · ".join(
        f"{wording.name_window(one.window_ms)} {wording.describe_burn_rate(one, t)}"
        for one in result.burn_rates
    )
