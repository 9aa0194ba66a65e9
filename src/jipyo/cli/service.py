"""What commands have in common that run until they are asked to stop: signals, and the log."""

from __future__ import annotations

import contextlib
import logging
import signal
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING

from jipyo.app.commands import ServerCommand
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts

_COMMANDS = {
    signal.SIGINT: ServerCommand.STOP,
    signal.SIGTERM: ServerCommand.STOP,
    signal.SIGHUP: ServerCommand.RELOAD,
}


@contextlib.contextmanager
def catch_signals() -> Iterator[SimpleQueue[ServerCommand]]:
    """What signals ask for, as long as the `with` lasts.

    A SimpleQueue, as its `put` may interrupt its `get`.
    """
    commands: SimpleQueue[ServerCommand] = SimpleQueue()

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
                join_lines(self._t.error(value)) if isinstance(value, JipyoError) else value
                for value in record.args
            )
        return True


def join_lines(text: str) -> str:
    """The lines of an error as one; the words of another program get the stop they lack."""
    *lines, last = text.split("\n")
    return " ".join([*(f"{line.removesuffix('.')}." for line in lines), last])


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


def log_to_stderr(t: Texts, zone: ZoneInfo) -> logging.Handler:
    """Write the log to standard error, in a language and a zone."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    handler = logging.StreamHandler()
    word_log(handler, t, zone)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return handler


def warn_on_stderr(t: Texts) -> None:
    """Write the warnings of a command that ends by itself, with errors in a language."""
    handler = logging.StreamHandler()
    handler.filters = [WordErrors(t)]
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    # That a source does not answer is part of what these commands print.
    logging.getLogger("jipyo.source.remote").setLevel(logging.ERROR)


def word_log(handler: logging.Handler, t: Texts, zone: ZoneInfo) -> None:
    """Write errors in a language and times in a zone from now on."""
    handler.filters = [WordErrors(t)]
    handler.setFormatter(ZonedFormatter(zone))
