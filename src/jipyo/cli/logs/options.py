"""What the commands on logs share: the source, the range, services, levels and the query."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from jipyo.app.logs import open_logs
from jipyo.cli.moments import parse_length, parse_moment
from jipyo.cli.options import pass_config, print_warning
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.logs.language import parse_query
from jipyo.logs.language.fields import SHORT_NAMES
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, AnyOf, LogQuery
from jipyo.logs.record import Level
from jipyo.logs.services import find_services, find_unknown_fields
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, JipyoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from click.shell_completion import CompletionItem

    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.logs.base import LogSource

NS_PER_MS = 1_000_000
LEVELS = tuple(level.name.lower() for level in Level)
_RECENT_MS = 30 * 86_400_000
"""From when on services and fields are offered for completion."""
Handler: TypeAlias = "Callable[..., Any]"
"""What click calls."""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """The records that a command is asked for, and who has them."""

    source: LogSource
    query: LogQuery
    config: Config
    now_ms: int

    @property
    def zone(self) -> ZoneInfo:
        """Of the times that are shown."""
        return self.config.zone

    @property
    def span_ms(self) -> tuple[int, int]:
        """From when to when."""
        return self.query.start_ns // NS_PER_MS, self.query.end_ns // NS_PER_MS


def add_choices(t: Texts) -> Callable[[Handler], Handler]:
    """Add the options by which services and a source are chosen."""
    options = (
        click.option(
            "--service",
            "services",
            metavar="NAME",
            multiple=True,
            help=t("cli.logs.service"),
            shell_complete=complete_services,
        ),
        click.option(
            "--source",
            "source_name",
            metavar="NAME",
            help=t("cli.logs.source"),
            shell_complete=complete_sources,
        ),
    )
    return lambda command: functools.reduce(lambda made, add: add(made), reversed(options), command)


def pass_request(t: Texts, since: str, *, level: bool = True) -> Callable[[Handler], Handler]:
    """Give a command a query and the options of its range; call it with a `RecordRequest`.

    Without any time the range is from `since` to now.
    """

    def decorate(command: Handler) -> Handler:
        @click.argument("query", nargs=-1, shell_complete=complete_query)
        @click.option("--since", metavar="DURATION", help=t("cli.logs.since", default=since))
        @click.option("--from", "start", metavar="TIME", help=t("cli.logs.from"))
        @click.option("--to", "end", metavar="TIME", help=t("cli.logs.to"))
        @add_choices(t)
        @pass_config(t)
        @functools.wraps(command)
        def run(config: Config, words: Texts, **options: Any) -> Any:
            now_ms = SystemClock().now_ms()
            choice = LogChoice(*(options.pop(name, None) for name in LogChoice.__slots__))
            span_ms = parse_range(choice, config.zone, now_ms, default_since)
            with open_logs(config) as sources:
                source = sources.find(choice.source_name or "")
                query = build_query(source, choice, span_ms)
                return command(RecordRequest(source, query, config, now_ms), words, **options)

        if not level:
            return run
        kind = click.Choice(LEVELS[1:])
        return click.option("--level", type=kind, help=t("cli.logs.level"))(run)

    default_since = since
    return decorate


@dataclass(frozen=True, slots=True)
class LogChoice:
    """The options by which records are chosen, as they were written."""

    query: tuple[str, ...] = ()
    since: str | None = None
    start: str | None = None
    end: str | None = None
    services: tuple[str, ...] = ()
    source_name: str | None = None
    level: str | None = None


def parse_range(
    choice: LogChoice, zone: ZoneInfo, now_ms: int, default_since: str
) -> tuple[int, int]:
    """From and to in Unix milliseconds; the end is not in the range.

    Raises:
        ConfigError: one of them is not a time, both `since` and `start` are given, or it ends
            before it begins.
    """
    if choice.since and choice.start:
        raise ConfigError("cli.logs.two_starts")
    end_ms = parse_moment(choice.end, zone, now_ms) if choice.end else now_ms + 1
    if choice.start:
        start_ms = parse_moment(choice.start, zone, now_ms)
    else:
        length_ms = parse_length(choice.since or default_since)
        start_ms = (end_ms if choice.end else now_ms) - length_ms
    if end_ms <= start_ms:
        start = choice.start or f"-{choice.since or default_since}"
        raise ConfigError("cli.logs.no_range", start=start, end=choice.end or "now")
    return start_ms, end_ms


def build_query(source: LogSource, choice: LogChoice, span_ms: tuple[int, int]) -> LogQuery:
    """The query of a text, with the services and levels of options.

    Raises:
        LogQueryError: the text is not of the language, or there is no such service.
        LogSourceError: the source failed.
    """
    start_ns, end_ns = (t_ms * NS_PER_MS for t_ms in span_ms)
    query = parse_query(" ".join(choice.query), start_ns, end_ns)
    find_services(source, query.services)
    chosen = find_services(source, choice.services)
    if query.services and chosen:
        chosen = tuple(sorted(set(query.services) & set(chosen)))
        if not chosen:
            query = replace(query, where=AnyOf(()))
    if choice.level:
        levels = frozenset(each for each in Level if each >= Level[choice.level.upper()])
        query = replace(query, levels=query.levels & levels)
    return replace(query, services=chosen or query.services)


def warn_unknown_fields(request: RecordRequest, t: Texts) -> None:
    """Where nothing was found: name the fields of the query that no record has."""
    where = request.query.where
    for name, similar in find_unknown_fields(request.source, where, SHORT_NAMES):
        key = "logs_query.no_field.similar" if similar else "logs_query.no_field"
        print_warning(t(key, name=name, similar=", ".join(similar)))


def complete_services(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The services that begin so."""
    return _complete(ctx, incomplete, lambda source, span: source.services(*span))


def complete_fields(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The fields that begin so."""
    general = [SERVICE, LEVEL]
    return _complete(ctx, incomplete, lambda source, span: [*general, *source.fields(*span)])


def complete_query(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The field that the last word of a query begins, or the service or level that it names."""
    head, blank, word = incomplete.rpartition(" ")
    name, colon, value = word.partition(":")
    before = f"{head}{blank}{name}{colon}" if colon else f"{head}{blank}"
    if not colon:
        names = sorted({*SHORT_NAMES, MESSAGE, SERVICE, LEVEL})
        found = [f"{each}:" for each in names if word and each.startswith(word)]
    elif name == LEVEL:
        found = [each for each in LEVELS if each.startswith(value)]
    elif name == SERVICE:
        found = _complete(ctx, value, lambda source, span: source.services(*span))
    else:
        found = []
    return [f"{before}{each}" for each in found]


def complete_sources(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The log sources that begin so."""
    try:
        with open_logs(_load_config(ctx)) as sources:
            return [name for name in sources.names if name.startswith(incomplete)]
    except JipyoError:
        return []


def _complete(
    ctx: click.Context,
    incomplete: str,
    read: Callable[[LogSource, tuple[int, int]], Any],
) -> list[Any]:
    """Names of the source; a shell that waits for them shows no errors."""
    now_ms = SystemClock().now_ms()
    span = ((now_ms - _RECENT_MS) * NS_PER_MS, (now_ms + _RECENT_MS) * NS_PER_MS)
    try:
        with open_logs(_load_config(ctx)) as sources:
            names = read(sources.find(ctx.params.get("source_name") or ""), span)
    except JipyoError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _load_config(ctx: click.Context) -> Config:
    given = ctx.params
    overrides = CliOverrides(file=given.get("config"), data=given.get("data"), lang="en")
    return load(overrides, os.environ, "en")
