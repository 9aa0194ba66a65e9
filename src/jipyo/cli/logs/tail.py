"""`jipyo logs tail`: records as they come."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from jipyo.app.logs import open_logs
from jipyo.cli.localized import Command
from jipyo.cli.logs.options import (
    LogChoice,
    add_choices,
    build_query,
    complete_fields,
    complete_query,
)
from jipyo.cli.logs.rendering import describe_record, show_record, write_json
from jipyo.cli.options import (
    open_terminal,
    pass_config,
    print_note,
    print_warning,
)
from jipyo.i18n import escape_controls
from jipyo.logs.language import resolve_field
from jipyo.model.clock import SystemClock
from jipyo.model.errors import LogSourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogRecord
    from jipyo.model.errors import JipyoError

_PAGE = 1000
_INTERVAL_S = 1.0
_LATE_NS = 60 * 10**9
"""Records that come so much later than younger ones are still shown."""
_FUTURE_MS = 366 * 86_400_000
"""Clocks of senders may be ahead."""
_BACK_MS = 7 * 86_400_000
"""How far back the first records are looked for."""


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "tail", cls=Command, help=t("cli.logs.tail.help"), short_help=t("cli.logs.tail.short")
    )
    @click.argument("query", nargs=-1, shell_complete=complete_query)
    @click.option(
        "--lines", type=click.IntRange(0), metavar="N", default=10, help=t("cli.logs.tail.lines")
    )
    @click.option(
        "--level",
        type=click.Choice(("trace", "debug", "info", "warn", "error", "fatal")),
        help=t("cli.logs.level"),
    )
    @click.option(
        "--field",
        "fields",
        metavar="FIELD",
        multiple=True,
        help=t("cli.logs.search.field"),
        shell_complete=complete_fields,
    )
    @click.option("--raw", is_flag=True, help=t("cli.logs.search.raw"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.search.json"))
    @add_choices(t)
    @pass_config(t)
    def tail(config: Config, words: Texts, **options: Any) -> None:
        _tail(config, words, _Options(**options))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options as they were written."""

    query: tuple[str, ...]
    lines: int
    level: str | None
    fields: tuple[str, ...]
    services: tuple[str, ...]
    source_name: str | None
    raw: bool
    as_json: bool


def _tail(config: Config, t: Texts, options: _Options) -> None:
    now_ms = SystemClock().now_ms()
    span_ms = (now_ms - _BACK_MS, now_ms + _FUTURE_MS)
    with open_logs(config) as sources:
        source = sources.find(options.source_name or "")
        choice = LogChoice(query=options.query, services=options.services, level=options.level)
        query = build_query(source, choice, span_ms)
        printer = _Printer(config, options)
        print_note(t("cli.logs.tail.following"))
        with contextlib.suppress(KeyboardInterrupt):
            for records in follow(source, query, options.lines, report_to(t), _pause):
                printer.print(records)


def _pause() -> bool:
    time.sleep(_INTERVAL_S)
    return True


def report_to(t: Texts) -> Callable[[JipyoError | None], None]:
    """Say once that the source fails, and once that it answers again."""
    failing: list[JipyoError] = []

    def report(error: JipyoError | None) -> None:
        if error is not None and not failing:
            print_warning(t.error(error))
            failing.append(error)
        elif error is None and failing:
            failing.clear()
            print_note(t("cli.logs.tail.again"))

    return report


def follow(
    source: LogSource,
    query: LogQuery,
    lines: int,
    report: Callable[[JipyoError | None], None],
    pause: Callable[[], bool],
) -> Iterator[Sequence[LogRecord]]:
    """The last records, then those that come, each once; in order of time within a turn.

    Args:
        source: is asked again and again.
        query: its range ends in the future.
        lines: how many records that are there already come first.
        report: gets an error while the source fails, and None while it answers.
        pause: waits for the next turn; False to end.
    """
    first = source.search(query, max(lines, 1))
    newest_ns = first.records[0].t_ns if first.records else query.start_ns
    seen = {record.id: record.t_ns for record in first.records}
    seen |= _list_seen(source, query, newest_ns)
    if first.records and lines:
        yield first.records[::-1]
    while pause():
        window = replace(query, start_ns=max(newest_ns - _LATE_NS, query.start_ns))
        try:
            found = [each for each in _read_all(source, window) if each.id not in seen]
        except (LogSourceError, StoreError) as error:
            report(error)
            continue
        report(None)
        seen |= {record.id: record.t_ns for record in found}
        newest_ns = max([newest_ns, *(record.t_ns for record in found)])
        seen = {name: t_ns for name, t_ns in seen.items() if t_ns >= newest_ns - _LATE_NS}
        if found:
            yield found


def _list_seen(source: LogSource, query: LogQuery, newest_ns: int) -> dict[str, int]:
    """What was there before the first turn, and would be found by it."""
    window = replace(query, start_ns=max(newest_ns - _LATE_NS, query.start_ns))
    return {record.id: record.t_ns for record in _read_all(source, window)}


def _read_all(source: LogSource, query: LogQuery) -> Iterator[LogRecord]:
    after: str | None = None
    while True:
        page = source.search(query, _PAGE, after, newest_first=False)
        yield from page.records
        after = page.next
        if after is None:
            return


class _Printer:
    """Prints records one a line."""

    def __init__(self, config: Config, options: _Options) -> None:
        self._zone, self._options = config.zone, options
        self._fields = [resolve_field(name) for name in options.fields]
        self._console = open_terminal()

    def print(self, records: Sequence[LogRecord]) -> None:
        """Print them at once."""
        now_ms = SystemClock().now_ms()
        for record in records:
            if self._options.as_json:
                write_json(describe_record(record, self._zone), indent=False)
            elif self._options.raw:
                message = record.message
                click.echo(escape_controls(message) if self._console.is_terminal else message)
            else:
                line = show_record(record, self._zone, now_ms, self._fields)
                self._console.print(line, soft_wrap=True)
