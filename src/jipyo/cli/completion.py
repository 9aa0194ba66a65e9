"""`jipyo completion`: the shell's completion script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from jipyo.cli.localized import Command

if TYPE_CHECKING:
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("completion", cls=Command, help=t("cli.completion.help"))
    @click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
    def print_completion(shell: str) -> None:
        script = get_completion_class(shell)
        assert script is not None
        click.echo(script(group, {}, "jipyo", "_JIPYO_COMPLETE").source())
