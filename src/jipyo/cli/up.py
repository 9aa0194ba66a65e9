"""`jipyo up`: collect, store and serve until asked to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from jipyo.app.demonstration import check_real
from jipyo.app.server import serve
from jipyo.cli.localized import Command
from jipyo.cli.options import pass_config
from jipyo.cli.service import catch_signals, log_to_stderr
from jipyo.i18n import texts
from jipyo.i18n.log_lines import word_log

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("up", cls=Command, help=t("cli.up.help"), short_help=t("cli.up.short"))
    @click.option("--listen", metavar="HOST:PORT", help=t("cli.up.listen"))
    @click.option("--insecure", is_flag=True, help=t("cli.up.insecure"))
    @pass_config(t)
    def run_server(config: Config, words: Texts) -> None:
        check_real(config.data)
        log = log_to_stderr(words, config.zone)
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)

        def print_address(address: str) -> None:
            console.print(words("cli.up.started", address=address), style="bold")
            console.print(words("cli.up.data", path=str(config.data)), markup=False)
            console.print(words("cli.up.stop"), style="dim")

        def follow_config(new: Config) -> None:
            word_log(log, texts(new.lang), new.zone)

        with catch_signals() as commands:
            serve(config, started=print_address, commands=commands, applied=follow_config)
        console.print(words("cli.up.stopped"))
