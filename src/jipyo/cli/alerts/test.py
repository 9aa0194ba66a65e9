"""`jipyo alerts test`: send a message through the channels, and say how it went."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from rich.text import Text

from jipyo.app.alerts.testing import send_test_message
from jipyo.cli.localized import Command
from jipyo.cli.options import open_terminal, pass_config
from jipyo.model.errors import ConfigError
from jipyo.schema import unknown_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.options import ChannelOptions
    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("test", cls=Command, help=t("cli.alerts.test.help"))
    @click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
    @pass_config(t)
    def test(config: Config, words: Texts, channels: tuple[str, ...]) -> int:
        console = open_terminal()
        failed = 0
        for options in select_channels(config, channels):
            started_s = time.monotonic()
            with console.status(words("cli.alerts.test.sending", channel=options.name)):
                error = send_test_message(options, config)
            span = words.span(round(1000 * (time.monotonic() - started_s)))
            if error is None:
                line = words("cli.alerts.test.delivered", channel=options.name, span=span)
                console.print(Text(f"✓ {line}", style="green"), soft_wrap=True)
            else:
                failed += 1
                text = f"✗ {options.name}: {words.error(error)}".replace("\n", "\n  ")
                console.print(Text(text, style="red"), soft_wrap=True)
        return 1 if failed else 0


def select_channels(config: Config, names: Sequence[str]) -> Sequence[ChannelOptions]:
    """The channels of these names; without names all.

    Raises:
        ConfigError: there are none, or none of such a name.
    """
    alerts = config.settings.alerts
    channels = {} if alerts is None else {one.name: one for one in alerts.channels}
    if not channels:
        raise ConfigError("cli.alerts.test.no_channels", hint="cli.alerts.test.no_channels.hint")
    for name in names:
        if name not in channels:
            raise unknown_word("config.unknown_channel", "jipyo alerts test", name, channels)
    return [channels[name] for name in names] or list(channels.values())
