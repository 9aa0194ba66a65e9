"""What commands have in common that run until they are asked to stop: signals, and the log."""

from __future__ import annotations

import contextlib
import logging
import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING

from jipyo.app.commands import ServerCommand
from jipyo.i18n.log_lines import WordErrors, word_log

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
