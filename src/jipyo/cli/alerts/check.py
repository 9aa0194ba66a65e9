"""`jipyo alerts check`: whether rule files are right, before the server reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo import promql
from jipyo.alerts.rule_files.duplicates import find_duplicates
from jipyo.alerts.rule_files.read import read_rule_files
from jipyo.cli.localized import Command
from jipyo.cli.options import FILE, pass_config, print_line, print_warning

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("check", cls=Command, help=t("cli.alerts.check.help"))
    @click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
    @pass_config(t)
    def check(config: Config, words: Texts, files: tuple[Path, ...]) -> None:
        features = config.settings.query.features
        groups = read_rule_files(files, lambda text: promql.parse(text, features))
        for again, first in find_duplicates(groups):
            values = {"where": again.where, "name": again.name, "first": first.where}
            print_warning(words("cli.alerts.check.duplicate", **values))
        for file in files:
            rules = [rule for group in groups if group.file == str(file) for rule in group.rules]
            records = sum(bool(rule.record) for rule in rules)
            counts = {"alerts": len(rules) - records, "records": records}
            print_line(words("cli.alerts.check.valid", file=str(file), **counts))
