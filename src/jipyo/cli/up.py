"""`jipyo up`: watch this host, keep what was seen, serve the page, until told to stop."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING

import click
from rich.console import Console

from jipyo import app
from jipyo.cli.localized import Command
from jipyo.cli.options import configured
from jipyo.i18n import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.config import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("up", cls=Command, help=t("cli.up.help"), short_help=t("cli.up.short"))
    @click.option("--listen", metavar="HOST:PORT", help=t("cli.up.listen"))
    @click.option("--insecure", is_flag=True, help=t("cli.up.insecure"))
    @configured(t)
    def up(config: Config) -> None:
        _log_to_stderr()
        spoken = texts(config.lang)
        console = Console(stderr=True, highlight=False, soft_wrap=True)

        def started(address: str) -> None:
            console.print(spoken("cli.up.started", address=address), style="bold")
            console.print(spoken("cli.up.data", path=str(config.data)), markup=False)
            console.print(spoken("cli.up.stop"), style="dim")

        with _asked_to_stop() as stop:
            app.serve(config, started=started, stop=stop)
        console.print(spoken("cli.up.stopped"))


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, as long as the `with` lasts."""
    stop = threading.Event()
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, lambda _number, _frame: stop.set()) for one in wanted]
    try:
        yield stop
    finally:
        for one, handler in zip(wanted, before, strict=True):
            signal.signal(one, handler)


def _log_to_stderr() -> None:
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
