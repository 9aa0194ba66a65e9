"""`jipyo doctor`: which metrics have data, and how to enable the others."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import click
from rich.text import Text

from jipyo import app
from jipyo.analysis.coverage import examine_catalogue
from jipyo.analysis.remedies import describe_remedy
from jipyo.cli.localized import Command
from jipyo.cli.options import build_table, open_terminal, pass_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.catalogue import Catalogue
    from jipyo.config import Config
    from jipyo.i18n import Texts

_COLUMNS = ("metric", "source", "series")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("doctor", cls=Command, help=t("cli.doctor.help"))
    @click.option("--required", is_flag=True, help=t("cli.doctor.required"))
    @pass_config(t)
    def print_coverage(config: Config, words: Texts, required: bool) -> None:
        with app.read_workspace(config) as workspace:
            catalogue = workspace.catalogue
            coverage = examine_catalogue(workspace.source, catalogue, workspace.now_ms())
        if required:
            coverage = tuple(metric for metric in coverage if metric.metric.required)
        _print_sources(coverage, words)
        _print_remedies(coverage, catalogue, words)


def _print_sources(coverage: Sequence[MetricCoverage], t: Texts) -> None:
    console = open_terminal()
    with_data = [metric for metric in coverage if metric.has_data]
    console.print(t("cli.doctor.found", n=len(with_data), all=len(coverage)), style="bold")
    table = build_table([t(f"cli.doctor.{column}") for column in _COLUMNS])
    for metric in with_data:
        exporters = ", ".join(provider.exporter for provider in metric.providers)
        table.add_row(metric.metric.name(t.lang), exporters, str(metric.series))
    console.print(table)


def _print_remedies(coverage: Sequence[MetricCoverage], catalogue: Catalogue, t: Texts) -> None:
    console = open_terminal()
    for metric in coverage:
        if not metric.has_data:
            remedy = metric.problem or describe_remedy(metric.metric, catalogue, t)
            console.print()
            console.print(Text(f"✗ {metric.metric.name(t.lang)}", style="yellow"))
            # Lines of configuration are to be copied, so none may be broken.
            console.print(Text(indent(remedy, "  ")), soft_wrap=True)
