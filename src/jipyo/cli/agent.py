"""`jipyo agent`: collect and send until asked to stop, without a store and a dashboard.

It loads nothing that an agent does without, so that it is small.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jipyo.cli.localized import Command, find_system_language
from jipyo.cli.service import catch_signals, log_to_stderr
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import LANGS, texts
from jipyo.i18n.log_lines import word_log

if TYPE_CHECKING:
    from jipyo.config.agent import AgentConfig
    from jipyo.i18n import Lang, Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("agent", cls=Command, help=t("cli.agent.help"), short_help=t("cli.agent.short"))
    @click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=t("cli.option.config"),
    )
    @click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=t("cli.option.data"),
    )
    @click.option("--lang", type=click.Choice(LANGS), help=t("cli.option.lang"))
    def collect_and_send(config: Path | None, data: Path | None, lang: Lang | None) -> None:
        # numpy's library of linear algebra makes a thread with a stack for each processor.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from jipyo.app.agent import run_agent  # noqa: PLC0415 - after that
        from jipyo.config.agent import load_agent  # noqa: PLC0415

        overrides = CliOverrides(file=config, data=data, lang=lang)
        settings = load_agent(overrides, os.environ, find_system_language(os.environ))
        words = texts(settings.lang)
        log = log_to_stderr(words, settings.zone)

        def print_destinations() -> None:
            for destination in settings.settings.remote_write:
                line = words("cli.agent.sends", name=destination.name, url=destination.url)
                click.echo(line, err=True)
            click.echo(words("cli.up.data", path=str(settings.data)), err=True)
            click.echo(words("cli.up.stop"), err=True)

        def follow_config(new: AgentConfig) -> None:
            word_log(log, texts(new.lang), new.zone)

        with catch_signals() as commands:
            run_agent(
                settings, started=print_destinations, commands=commands, applied=follow_config
            )
        click.echo(words("cli.agent.stopped"), err=True)
