"""`jipyo catalogue`: the metrics, and whether a catalogue file is right."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from jipyo import promql
from jipyo.app.offline import load_catalogue
from jipyo.catalogue import check_file, describe
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import FILE, build_table, open_terminal, pass_config, print_line
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_COLUMNS = ("id", "name", "thresholds", "exporters")


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    catalogue = Group("catalogue", help=t("cli.catalogue.help"))
    group.add_command(catalogue)

    @catalogue.command("list", cls=Command, help=t("cli.catalogue.list.help"))
    @pass_config(t)
    def list_metrics(config: Config, words: Texts) -> None:
        table = build_table([words(f"cli.catalogue.{column}") for column in _COLUMNS])
        for row in describe.list_metrics(load_catalogue(config), words):
            table.add_row(row.id, row.name, row.thresholds, ", ".join(row.exporters))
        open_terminal().print(table)

    @catalogue.command("show", cls=Command, help=t("cli.catalogue.show.help"))
    @click.argument("id")
    @pass_config(t)
    def show_metric(config: Config, words: Texts, id: str) -> None:  # noqa: A002 - its name in the help
        metrics = load_catalogue(config)
        facts = describe.describe_metric(find_metric(metrics, id), metrics, words)
        width = max(cell_len(fact.label) for fact in facts)
        for fact in facts:
            label = Text(f"{set_cell_size(fact.label, width)}  ", style="dim")
            # PromQL is to be copied, so no line may be broken.
            open_terminal().print(label.append(fact.text, style="not dim"), soft_wrap=True)

    @catalogue.command("check", cls=Command, help=t("cli.catalogue.check.help"))
    @click.argument("file", type=FILE)
    @pass_config(t)
    def check(_: Config, words: Texts, file: Path) -> None:
        metrics = check_file(file, parse=promql.parse)
        print_line(describe.count_contents(str(file), metrics, words))


def find_metric(catalogue: Catalogue, metric_id: str) -> Metric:
    """The metric of this id.

    Raises:
        ConfigError: there is no such metric; the message names similar ones.
    """
    metric = catalogue.get(metric_id)
    if metric is None:
        ids = [known.id for known in catalogue.metrics]
        near = difflib.get_close_matches(metric_id, ids, n=3, cutoff=0.4)
        if near:
            raise ConfigError("cli.catalogue.unknown.near", id=metric_id, near=", ".join(near))
        raise ConfigError("cli.catalogue.unknown", id=metric_id)
    return metric
