"""Help and usage errors in the reader's language."""

from __future__ import annotations

import locale
from typing import TYPE_CHECKING

import click

from jipyo.i18n import LANGS, Lang, Texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_USAGE_KEYS: tuple[tuple[type[click.UsageError], str], ...] = (
    (click.NoSuchOption, "cli.error.no_such_option"),
    (click.MissingParameter, "cli.error.missing"),
    (click.BadParameter, "cli.error.bad_value"),
)


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language to speak before the options are read: --lang, then the environment."""
    for at, word in enumerate(arguments):
        for lang in LANGS:
            if word == f"--lang={lang}" or [word, *arguments[at + 1 : at + 2]] == ["--lang", lang]:
                return lang
    return system_language(environ)


def system_language(environ: Mapping[str, str]) -> Lang:
    """The language of the environment: $JIPYO_LANG, then the POSIX variables, then English."""
    for name in ("JIPYO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        code = locale.normalize(environ.get(name, "")).partition("_")[0]
        if code:
            return "ko" if code == "ko" else "en"
    return "en"


class Command(click.Command):
    """A command whose help page speaks the language it was built in."""

    t: Texts

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        _usage(self, self.t, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of options."""
        _options(self, self.t, ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """--help, explained in our language."""
        return _help_option(super().get_help_option(ctx), self.t)


class Group(click.Group):
    """A group of commands whose help page speaks the language it was built in."""

    t: Texts

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        _usage(self, self.t, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables of options and of commands."""
        _options(self, self.t, ctx, formatter)
        rows = [
            (name, command.get_short_help_str(limit=100)) for name, command in self.commands.items()
        ]
        with formatter.section(self.t("cli.panel.commands")):
            formatter.write_dl(rows)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """--help, explained in our language."""
        return _help_option(super().get_help_option(ctx), self.t)


def worded(command: click.Command, t: Texts) -> None:
    """Let a command and all below it speak one language."""
    if isinstance(command, Command | Group):
        command.t = t
    if isinstance(command, click.Group):
        for child in command.commands.values():
            worded(child, t)


def _usage(
    command: click.Command, t: Texts, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=t("cli.panel.usage") + " ")


def _options(
    command: click.Command, t: Texts, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    options = (p for p in command.get_params(ctx) if isinstance(p, click.Option))
    rows = [row for option in options if (row := option.get_help_record(ctx))]
    if rows:
        with formatter.section(t("cli.panel.options")):
            formatter.write_dl(rows)


def _help_option(option: click.Option | None, t: Texts) -> click.Option | None:
    if option is not None:
        option.help = t("cli.help.help")
    return option


def usage_error(error: click.UsageError, t: Texts) -> str:
    """What was wrong with the command line, in the reader's language where we know the case."""
    command = error.ctx.command_path if error.ctx else "jipyo"
    return f"{_what(error, t)}\n{t('cli.error.see_help', command=command)}"


def _what(error: click.UsageError, t: Texts) -> str:
    for kind, key in _USAGE_KEYS:
        if isinstance(error, kind):
            return t(key, name=_name(error), reason=error.message)
    return t("cli.error.usage", reason=error.format_message())


def _name(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption):
        return error.option_name
    assert isinstance(error, click.BadParameter)
    return error.param.get_error_hint(error.ctx) if error.param and error.ctx else ""
