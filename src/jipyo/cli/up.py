"""`jipyo up`: collect, store and serve until asked to stop."""

from __future__ import annotations

import contextlib
import logging
import signal
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click
from rich.console import Console

from jipyo import app
from jipyo.cli.localized import Command
from jipyo.cli.options import pass_config
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from zoneinfo import ZoneInfo

    from jipyo.config import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("up", cls=Command, help=t("cli.up.help"), short_help=t("cli.up.short"))
    @click.option("--listen", metavar="HOST:PORT", help=t("cli.up.listen"))
    @click.option("--insecure", is_flag=True, help=t("cli.up.insecure"))
    @pass_config(t)
    def run_server(config: Config, words: Texts) -> None:
        log = _log_to_stderr(words, config.zone)
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)

        def print_address(address: str) -> None:
            console.print(words("cli.up.started", address=address), style="bold")
            console.print(words("cli.up.data", path=str(config.data)), markup=False)
            console.print(words("cli.up.stop"), style="dim")

        def follow_config(new: Config) -> None:
            _word_log(log, texts(new.lang), new.zone)

        with _catch_signals() as commands:
            app.serve(config, started=print_address, commands=commands, applied=follow_config)
        console.print(words("cli.up.stopped"))


_COMMANDS = {
    signal.SIGINT: app.ServerCommand.STOP,
    signal.SIGTERM: app.ServerCommand.STOP,
    signal.SIGHUP: app.ServerCommand.RELOAD,
}


@contextlib.contextmanager
def _catch_signals() -> Iterator[SimpleQueue[app.ServerCommand]]:
    """What signals ask for, as long as the `with` lasts.

    A SimpleQueue, as its `put` may interrupt its `get`.
    """
    commands: SimpleQueue[app.ServerCommand] = SimpleQueue()

    def pass_on(number: int, _frame: FrameType | None) -> None:
        commands.put(_COMMANDS[signal.Signals(number)])

    before = {number: signal.signal(number, pass_on) for number in _COMMANDS}
    try:
        yield commands
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class WordErrors(logging.Filter):
    """Puts the words of errors, in the reader's language, into log lines; keeps every record."""

    def __init__(self, t: Texts) -> None:
        """Use the texts of one language."""
        super().__init__()
        self._t = t

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the errors among the arguments, each by one line."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                " ".join(self._t.error(value).split("\n"))
                if isinstance(value, JipyoError)
                else value
                for value in record.args
            )
        return True


class ZonedFormatter(logging.Formatter):
    """Lines that begin with the time in a zone: `2026-11-26T09:00:00+0900 WARNING …`."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Write times in this zone."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - of logging
        """The time of a record, to the second."""
        moment = datetime.fromtimestamp(record.created, self._zone)
        return moment.strftime(datefmt or "%Y-%m-%dT%H:%M:%S%z")


def _log_to_stderr(t: Texts, zone: ZoneInfo) -> logging.Handler:
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    handler = logging.StreamHandler()
    _word_log(handler, t, zone)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return handler


def _word_log(handler: logging.Handler, t: Texts, zone: ZoneInfo) -> None:
    """Write errors in a language and times in a zone from now on."""
    handler.filters = [WordErrors(t)]
    handler.setFormatter(ZonedFormatter(zone))
