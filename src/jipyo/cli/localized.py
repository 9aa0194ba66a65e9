"""Help and usage errors in the reader's language."""

from __future__ import annotations

import locale
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jipyo.config.sound import peek_language
from jipyo.i18n import LANGS, Lang, Texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_USAGE_KEYS: tuple[tuple[type[click.UsageError], str], ...] = (
    (click.NoSuchOption, "cli.error.no_such_option"),
    (click.MissingParameter, "cli.error.missing"),
    (click.BadParameter, "cli.error.bad_value"),
)


def find_language(arguments: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language before the options are parsed: of --lang, the configuration or the system."""
    option = _find_option("--lang", arguments)
    for lang in LANGS:
        if lang == option:
            return lang
    file = _find_checked_file(arguments) or _find_option("--config", arguments)
    return peek_language(Path(file) if file else None, environ) or find_system_language(environ)


def _find_checked_file(arguments: Sequence[str]) -> str:
    """The file of `jipyo config check FILE`; empty where there is none."""
    words = [word for word in arguments if not word.startswith("-")]
    return words[2] if words[:2] == ["config", "check"] and len(words) > 2 else ""


def _find_option(name: str, arguments: Sequence[str]) -> str:
    """The value of an option, as `--name value` or `--name=value`; empty where it has none."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return ""


def find_system_language(environ: Mapping[str, str]) -> Lang:
    """The language of the environment: $JIPYO_LANG, then the POSIX variables, then English."""
    for name in ("JIPYO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        code = locale.normalize(environ.get(name, "")).partition("_")[0]
        if code:
            return "ko" if code == "ko" else "en"
    return "en"


class Command(click.Command):
    """A command whose help page is in the language it was built in."""

    t: Texts

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=self.t("cli.panel.usage") + " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of options."""
        options = (item for item in self.get_params(ctx) if isinstance(item, click.Option))
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        if rows:
            with formatter.section(self.t("cli.panel.options")):
                formatter.write_dl(rows)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """--help, explained in our language."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = self.t("cli.help.help")
        return option


class UnknownCommandError(click.UsageError):
    """A group has no command of this name."""

    def __init__(self, name: str, known: Iterable[str], ctx: click.Context) -> None:
        """Keep what the message needs, in whichever language."""
        super().__init__(name, ctx)
        self.known = tuple(known)


class Group(Command, click.Group):
    """A group of commands whose help page is in the language it was built in."""

    def __init__(self, name: str, help: str) -> None:  # noqa: A002 - as click names it
        """Show the help page where the words end before a command."""
        super().__init__(
            name,
            help=help,
            invoke_without_command=True,
            subcommand_metavar="COMMAND [ARGS]...",
            callback=_require_command,
        )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names."""
        is_word = not (args[0].startswith("-") or ctx.resilient_parsing)
        if is_word and self.get_command(ctx, args[0]) is None:
            raise UnknownCommandError(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables of options and of commands."""
        super().format_options(ctx, formatter)
        rows = [
            (name, command.get_short_help_str(limit=100)) for name, command in self.commands.items()
        ]
        with formatter.section(self.t("cli.panel.commands")):
            formatter.write_dl(rows)


@click.pass_context
def _require_command(ctx: click.Context, /, **_: object) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)


def set_language(command: click.Command, t: Texts) -> None:
    """Give a command and all below it the texts of one language."""
    if isinstance(command, Command):
        command.t = t
    if isinstance(command, click.Group):
        for child in command.commands.values():
            set_language(child, t)


def describe_usage_error(error: click.UsageError, t: Texts) -> str:
    """What was wrong with the command line, in the reader's language where we know the case."""
    command = error.ctx.command_path if error.ctx else "jipyo"
    problem = t("cli.error.usage", reason=error.format_message())
    if isinstance(error, UnknownCommandError):
        known = ", ".join(error.known)
        problem = t("cli.error.no_such_command", name=error.message, known=known)
    for kind, key in _USAGE_KEYS:
        if isinstance(error, kind):
            problem = t(key, name=_find_parameter(error), reason=error.message)
            break
    return f"{problem}\n{t('cli.error.see_help', command=command)}"


def _find_parameter(error: click.UsageError) -> str:
    """The option or argument that is wrong, as the usage line writes it."""
    if isinstance(error, click.NoSuchOption):
        return error.option_name
    assert isinstance(error, click.BadParameter)
    return error.param.get_error_hint(error.ctx) if error.param and error.ctx else ""
