"""`jipyo report send`: an issued report through the notification channels."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from jipyo.alerts.options import ChannelKind
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.offline import find_archive
from jipyo.app.publishing.delivery import queue_report
from jipyo.app.publishing.made import describe_issue
from jipyo.cli.localized import Command
from jipyo.cli.options import pass_config, print_line, print_note
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from jipyo.reports.archive.archive import find_issue
from jipyo.schema import unknown_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(report: click.Group, t: Texts) -> None:
    """Add the command."""

    @report.command("send", cls=Command, help=t("cli.report.send.help"))
    @click.argument("number")
    @click.option("--issue", type=click.IntRange(1), default=None, help=t("cli.report.send.issue"))
    @click.option("--channel", "channels", multiple=True, help=t("cli.report.send.channel"))
    @pass_config(t)
    def send(
        config: Config, words: Texts, number: str, issue: int | None, channels: tuple[str, ...]
    ) -> None:
        names = choose_channels(config, channels)
        made = describe_issue(find_issue(find_archive(config), number, issue or 0))
        now_ms = SystemClock().now_ms()
        key = f"report/{made.number}/{made.issue}/{now_ms}"
        with (
            contextlib.closing(AlertStore.open(config.data, STEPS)) as store,
            store.transaction() as db,
        ):
            queue_report(db, made, names, key, now_ms)
        print_line(made.title(words.lang))
        for name in names:
            print_line(words("cli.report.send.queued", channel=name))
        print_note(words("cli.report.send.server"))


def choose_channels(config: Config, wanted: Sequence[str]) -> list[str]:
    """The channels of these names; without names all that take reports.

    Raises:
        ConfigError: there are none, or none of such a name.
    """
    alerts = config.settings.alerts
    kinds = {one.name: one.kind for one in alerts.channels} if alerts else {}
    able = [name for name, kind in kinds.items() if kind is not ChannelKind.ALERTMANAGER]
    if not able:
        raise ConfigError("cli.report.send.no_channels", hint="cli.alerts.test.no_channels.hint")
    for name in wanted:
        if name not in able:
            raise unknown_word("config.unknown_channel", "--channel", name, able)
    return list(dict.fromkeys(wanted)) or able
