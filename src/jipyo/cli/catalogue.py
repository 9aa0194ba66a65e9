"""`jipyo catalogue`: what is measured, and whether a file describes it rightly."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from jipyo import app, promql
from jipyo.catalogue import check_file, describe
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import configured, terminal
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.config import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    catalogue = Group("catalogue", help=t("cli.catalogue.help"))
    group.add_command(catalogue)

    @catalogue.command("list", cls=Command, help=t("cli.catalogue.list.help"))
    @configured(t)
    def show_all(config: Config) -> None:
        spoken = texts(config.lang)
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("id", "name", "limits", "exporters"):
            table.add_column(spoken(f"cli.catalogue.{column}"), overflow="fold")
        for row in describe.list_metrics(app.load_catalogue(config), spoken):
            table.add_row(row.id, row.name, row.thresholds, ", ".join(row.exporters))
        terminal().print(table)

    @catalogue.command("show", cls=Command, help=t("cli.catalogue.show.help"))
    @click.argument("id")
    @configured(t)
    def show(config: Config, id: str) -> None:  # noqa: A002 - the argument's name in the help
        spoken = texts(config.lang)
        known = app.load_catalogue(config)
        metric = known.get(id)
        if metric is None:
            near = difflib.get_close_matches(id, [one.id for one in known.metrics], n=3, cutoff=0.4)
            raise ConfigError("cli.catalogue.unknown", id=id, near=", ".join(near) or "-")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for fact in describe.describe_metric(metric, known, spoken):
            table.add_row(fact.label, Text(fact.text))
        terminal().print(table)

    @catalogue.command("check", cls=Command, help=t("cli.catalogue.check.help"))
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @configured(t)
    def check(config: Config, file: Path) -> None:
        spoken = texts(config.lang)
        found = check_file(file, parse=promql.parse)
        terminal().print(
            describe.count_contents(str(file), found, spoken), markup=False, soft_wrap=True
        )
