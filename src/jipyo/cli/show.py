"""`jipyo status` and `jipyo doctor`: the verdict, and what has data, in the terminal."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from jipyo import app
from jipyo.analysis import wording as words
from jipyo.analysis.coverage import examine_catalogue
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.remedies import describe_remedy
from jipyo.analysis.thresholds import State
from jipyo.cli.localized import Command
from jipyo.cli.options import configured, terminal
from jipyo.i18n import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.catalogue import Catalogue
    from jipyo.config import Config
    from jipyo.i18n import Texts

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
    """Add the commands."""

    @group.command("status", cls=Command, help=t("cli.status.help"))
    @click.option("--all", "everything", is_flag=True, help=t("cli.status.all"))
    @click.option("--exit-code", is_flag=True, help=t("cli.status.exit_code"))
    @configured(t)
    def status(config: Config, everything: bool, exit_code: bool) -> int:
        with app.read_workspace(config) as here:
            health = assess_catalogue(here.source, here.catalogue, here.now_ms())
        _print_health(health, config, everything=everything)
        return _EXIT_CODES[health.state] if exit_code else 0

    @group.command("doctor", cls=Command, help=t("cli.doctor.help"))
    @click.option("--required", is_flag=True, help=t("cli.doctor.required"))
    @configured(t)
    def doctor(config: Config, required: bool) -> None:
        with app.read_workspace(config) as here:
            findings = examine_catalogue(here.source, here.catalogue, here.now_ms())
        wanted = [one for one in findings if one.metric.required or not required]
        _print_findings(wanted, here.catalogue, texts(config.lang))


def _print_health(health: Health, config: Config, *, everything: bool) -> None:
    t = texts(config.lang)
    console = terminal()
    console.print(words.describe_verdict(health, t), style=_STYLES[health.state], markup=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("metric", "state", "value", "since", "reason"):
        table.add_column(t(f"cli.status.{column}"), overflow="fold")
    shown = [one for one in health.metrics if everything or not one.is_absent]
    for one in sorted(shown, key=lambda one: -one.state.severity):
        table.add_row(
            one.metric.name(config.lang),
            _state(one, t),
            words.describe_value(one.value, one.proportion, one.metric.unit.value, t),
            words.describe_duration(one, t, health.t_ms),
            Text(words.describe_reason(one, t, config.zone, health.t_ms)),
        )
    if shown:
        console.print(table)


def _state(one: MetricHealth, t: Texts) -> Text:
    if one.state is State.OK and not one.judged:
        return Text("·", style="dim")
    return Text(words.name_state(one.state, t), style=_STYLES[one.state])


def _print_findings(findings: Sequence[MetricCoverage], catalogue: Catalogue, t: Texts) -> None:
    console = terminal()
    found = [one for one in findings if one.has_data]
    console.print(t("cli.doctor.found", n=len(found), all=len(findings)), style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("metric", "source", "series"):
        table.add_column(t(f"cli.doctor.{column}"), overflow="fold")
    for one in found:
        exporters = ", ".join(provider.exporter for provider in one.providers)
        table.add_row(one.metric.name(t.lang), exporters, str(one.series))
    console.print(table)
    for one in findings:
        if not one.has_data:
            console.print()
            console.print(Text(f"✗ {one.metric.name(t.lang)}", style="yellow"))
            said = one.problem or describe_remedy(one.metric, catalogue, t)
            # Lines of configuration are to be copied, so none may be broken.
            console.print(Text(indent(said, "  ")), soft_wrap=True)
