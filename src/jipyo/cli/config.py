"""`jipyo config`: whether a configuration file is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.app.alerts.rule_files import RuleFiles
from jipyo.app.build_collect import list_site_targets
from jipyo.app.server import check_config
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import FILE, pass_config, print_line

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""
    config_group = Group("config", help=t("cli.config.help"))
    group.add_command(config_group)

    @config_group.command("check", cls=Command, help=t("cli.config.check.help"))
    @click.argument("checked_file", type=FILE, metavar="[FILE]", required=False)
    @pass_config(t)
    def check(config: Config, words: Texts) -> None:
        check_config(config)
        RuleFiles(config)
        targets = len(list_site_targets(config))
        key = "cli.config.check.valid" if config.file else "cli.config.check.no_file"
        print_line(words(key, file=str(config.file), targets=targets))
        prometheus_yml = config.settings.collect.prometheus_yml
        for place in prometheus_yml.unsupported if prometheus_yml else ():
            print_line(words("cli.config.check.ignored", place=place))
