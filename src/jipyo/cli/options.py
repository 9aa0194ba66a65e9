"""What all commands share: their configuration, the terminal, a progress bar."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import progress as bars
from rich.console import Console
from rich.table import Table

from jipyo.cli.localized import find_system_language
from jipyo.config.load import load, load_sound_part
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import LANGS, Lang, Texts, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jipyo.model.errors import JipyoError
    from jipyo.model.progress import Progress

_PIPE_WIDTH = 100_000
"""No line is broken for a program that reads it."""
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def pass_config(
    t: Texts, *, tolerant: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --config, --data and --lang; call it with a `Config` and its `Texts`.

    A `tolerant` command goes on with the sound part of a wrong file, which it gets as `part`.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--config", type=FILE, metavar="FILE", help=t("cli.option.config"))
        @click.option("--data", type=FOLDER, metavar="DIR", help=t("cli.option.data"))
        @click.option("--lang", type=click.Choice(LANGS), help=t("cli.option.lang"))
        @functools.wraps(command)
        def run(config: Path | None, data: Path | None, lang: Lang | None, **rest: Any) -> Any:
            overrides = CliOverrides(
                file=rest.pop("checked_file", None) or config,
                data=data,
                lang=lang,
                listen=rest.pop("listen", None),
                insecure=rest.pop("insecure", False),
            )
            environment = os.environ, find_system_language(os.environ)
            if tolerant:
                settings, rest["part"] = load_sound_part(overrides, *environment)
            else:
                settings = load(overrides, *environment)
            return command(settings, texts(settings.lang), **rest)

        return run

    return decorate


def open_terminal() -> Console:
    """Where answers are printed: colours and line breaks only on a terminal; never markup."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def find_chart_width(console: Console) -> int:
    """How many characters wide a chart may be; in a pipe as $COLUMNS says, or 80."""
    return console.width if console.is_terminal else shutil.get_terminal_size().columns


def print_line(text: str) -> None:
    """Print a line as it is: not wrapped, without markup, so that it can be copied."""
    open_terminal().print(text, markup=False, soft_wrap=True)


def print_warning(text: str) -> None:
    """Print what is to be known beside the answer, on standard error."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(text, style="yellow")


def print_note(text: str) -> None:
    """Print what explains the answer, on standard error."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(text, style="bright_black")


def print_incomplete(errors: Iterable[JipyoError], t: Texts) -> None:
    """Warn that the answer is incomplete, and why."""
    for error in errors:
        print_warning(t("cli.incomplete", problem=t.error(error)))


def build_table(headings: Sequence[str]) -> Table:
    """A table without borders, whose cells fold rather than being cut."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


@contextlib.contextmanager
def show_progress(text: str) -> Iterator[Progress]:
    """Show the progress of long work on standard error, as long as the `with` lasts."""
    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    hidden = not console.is_terminal  # it would leave an empty line
    with bars.Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(text, total=None)

        def advance(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
