"""The `jipyo` command: its parts put together, and how it ends."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from jipyo.cli.localized import Group, describe_usage_error, find_language, set_language
from jipyo.cli.service import warn_on_stderr
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ConfigError, JipyoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.i18n import Texts

_INTERRUPTED = 130
PARTS = (
    "up",
    "demo",
    "agent",
    "status",
    "targets",
    "doctor",
    "report",
    "verify",
    "inspect",
    "query",
    "forecast",
    "anomalies",
    "capacity",
    "alerts",
    "slo",
    "sla",
    "logs",
    "incident",
    "event",
    "silence",
    "maintenance",
    "config",
    "catalogue",
    "glossary",
    "db",
    "completion",
)
"""The files of the commands, each named as its first command, in the order of the help."""
_SERVICES = frozenset({"up", "demo", "agent"})
"""Commands that write a log of their own."""


def build_command(t: Texts, parts: Sequence[str] = PARTS) -> click.Group:
    """The command in one language: the whole one, or with some of its parts."""
    group = Group("jipyo", help=t("cli.help"))
    language = click.Option(  # before a command, too; `find_language` has read it by then
        ["--lang"], type=click.Choice(LANGS), expose_value=False, help=t("cli.option.lang")
    )
    group.params += [language, _build_version_option(t)]
    for part in parts:
        import_module(f"jipyo.cli.{part}").register(group, t)
    set_language(group, t)
    return group


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the world failed, 2 wrong usage or configuration."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale may lack some of our characters
    words = list(sys.argv[1:] if arguments is None else arguments)
    t = texts(find_language(words, os.environ))
    if find_command(words) not in _SERVICES:
        warn_on_stderr(t)
    sys.exit(run(words, t))


def run(words: Sequence[str], t: Texts) -> int:
    """Run the command line in one language; the exit code."""
    try:
        command = build_command(t, find_parts(words))
        code = command.main(list(words), prog_name="jipyo", standalone_mode=False)
    except click.UsageError as error:
        return _print_failure(describe_usage_error(error, t), 2)
    except ConfigError as error:
        return _print_failure(t.error(error), 2)
    except JipyoError as error:
        return _print_failure(t.error(error), 1)
    except (click.Abort, KeyboardInterrupt):
        return _print_failure(t("cli.interrupted"), _INTERRUPTED)
    return code if isinstance(code, int) else 0


def find_parts(words: Sequence[str]) -> Sequence[str]:
    """The part of the command that is run, since all of them take two seconds to import.

    All where none is named, or none has that name: they are listed then, or one has two commands.
    """
    command = find_command(words)
    return (command,) if command in PARTS else PARTS


def find_command(words: Sequence[str]) -> str:
    """The first word that is neither an option nor the value of one; empty where none is.

    While the shell asks for completions there are no words, and so all commands.
    """
    rest = iter(words)
    for word in rest:
        if word == "--lang":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _print_failure(text: str, code: int) -> int:
    from rich.console import Console  # noqa: PLC0415 - an agent that runs needs none

    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
    first, _, rest = text.partition("\n")
    console.print(first, style="bold red", markup=False)
    if rest:
        console.print(rest, markup=False)
    return code


def _build_version_option(t: Texts) -> click.Option:
    def print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            click.echo(f"jipyo {version('jipyo')}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=print_version,
        help=t("cli.help.version"),
    )
