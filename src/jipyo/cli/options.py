"""What all commands share: the configuration they run on, and how long work is shown."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jipyo.cli.localized import system_language
from jipyo.config import CliOverrides, load
from jipyo.i18n import LANGS, Lang, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def configured(t: Texts) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --config, --data and --lang, and hand it the `Config` they make."""
    file = click.Path(dir_okay=False, path_type=Path)
    folder = click.Path(file_okay=False, path_type=Path)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--config", type=file, metavar="FILE", help=t("cli.option.config"))
        @click.option("--data", type=folder, metavar="DIR", help=t("cli.option.data"))
        @click.option("--lang", type=click.Choice(LANGS), help=t("cli.option.lang"))
        @functools.wraps(command)
        def run(config: Path | None, data: Path | None, lang: Lang | None, **rest: Any) -> Any:
            given = CliOverrides(
                file=config,
                data=data,
                lang=lang,
                listen=rest.pop("listen", None),
                insecure=rest.pop("insecure", False),
            )
            return command(load(given, os.environ, system_language(os.environ)), **rest)

        return run

    return decorate


def terminal() -> Console:
    """Where answers go: colours only for a terminal."""
    return Console(highlight=False)


@contextlib.contextmanager
def progress(text: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show on the terminal's error side how far a long work is; gone when it is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)

        def advance(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
