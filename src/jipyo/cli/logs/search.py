"""`jipyo logs search`: records, their number, or their number over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from jipyo.cli.localized import Command
from jipyo.cli.logs.options import (
    RecordRequest,
    complete_fields,
    pass_request,
    warn_unknown_fields,
)
from jipyo.cli.logs.rendering import (
    build_count_table,
    describe_record,
    format_span,
    show_record,
    write_json,
)
from jipyo.cli.moments import parse_length
from jipyo.cli.options import open_terminal, print_incomplete, print_note
from jipyo.i18n import escape_controls
from jipyo.logs.activity.intervals import choose_interval
from jipyo.logs.language import resolve_field
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.i18n import Texts
    from jipyo.logs.record import LogRecord

_PAGE = 1000
_MOST_INTERVALS = 30
_NS_PER_MS = 1_000_000


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "search", cls=Command, help=t("cli.logs.search.help"), short_help=t("cli.logs.search.short")
    )
    @pass_request(t, "1h")
    @click.option(
        "--limit", type=click.IntRange(1), metavar="N", default=100, help=t("cli.logs.search.limit")
    )
    @click.option("--oldest", is_flag=True, help=t("cli.logs.search.oldest"))
    @click.option(
        "--context", type=click.IntRange(0), metavar="N", help=t("cli.logs.search.context")
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
    @click.option("--count", is_flag=True, help=t("cli.logs.search.count"))
    @click.option("--chart", is_flag=True, help=t("cli.logs.search.chart"))
    @click.option(
        "--by", metavar="FIELD", help=t("cli.logs.search.by"), shell_complete=complete_fields
    )
    @click.option("--step", metavar="DURATION", help=t("cli.logs.search.step"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.search.json"))
    def search(request: RecordRequest, words: Texts, **options: Any) -> None:
        chosen = _Options(**options)
        if chosen.count:
            _print_count(request, words, as_json=chosen.as_json)
        elif chosen.chart or chosen.by or chosen.step:
            _print_chart(request, words, chosen)
        else:
            _Printer(request, words, chosen).print()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options as they were written."""

    limit: int
    oldest: bool
    context: int | None
    fields: tuple[str, ...]
    raw: bool
    count: bool
    chart: bool
    by: str | None
    step: str | None
    as_json: bool


def _print_count(request: RecordRequest, t: Texts, *, as_json: bool) -> None:
    found = request.source.count(request.query)
    if as_json:
        write_json({"count": found.n, "missing": found.missing})
    else:
        click.echo(found.n)
    print_incomplete(found.missing, t)
    if not found.n:
        warn_unknown_fields(request, t)


def _print_chart(request: RecordRequest, t: Texts, options: _Options) -> None:
    query = request.query
    interval = choose_step(options.step, request)
    field = None if options.by is None else resolve_field(options.by)
    found = request.source.histogram(query, interval, request.zone, field)
    total = sum(int(counts.sum()) for counts in found.counts.values())
    if options.as_json:
        rows = {"interval_ns": interval, "starts_ns": found.starts_ns, "counts": found.counts}
        write_json({**rows, "total": total, "missing": found.missing})
    elif total:
        console = open_terminal()
        console.print(
            build_count_table(console, found.starts_ns, found.counts, field, request.zone, t)
        )
        print_note(t("cli.logs.total", n=f"{total:,}", span=_format_span(request)))
    print_incomplete(found.missing, t)
    if not total and not options.as_json:
        _print_nothing(request, t)


def choose_step(step: str | None, request: RecordRequest) -> int | None:
    """The interval of a chart; None for whole days.

    Raises:
        ConfigError: it is no length of time, or there would be too many.
    """
    query = request.query
    if step is None:
        return choose_interval(query.start_ns, query.end_ns, _MOST_INTERVALS, request.zone)
    interval = parse_length(step) * _NS_PER_MS
    if not interval or (query.end_ns - query.start_ns) / interval > _PAGE:
        raise ConfigError("cli.logs.step", value=step, most=_PAGE)
    return interval


def _print_nothing(request: RecordRequest, t: Texts) -> None:
    print_note(t("cli.logs.nothing", span=_format_span(request)))
    warn_unknown_fields(request, t)


def _format_span(request: RecordRequest) -> str:
    return format_span(request.span_ms, request.zone, request.now_ms)


class _Printer:
    """Prints records as they are found."""

    def __init__(self, request: RecordRequest, t: Texts, options: _Options) -> None:
        self._request, self._t, self._options = request, t, options
        self._fields = [resolve_field(name) for name in options.fields]
        self._console = open_terminal()

    def print(self) -> None:
        """Print as many records as are wanted, with those around them."""
        n, has_more = 0, False
        context = self._options.context or 0
        shown: set[str] = set()
        for records, more in self._read():
            has_more = more
            hits = {record.id for record in records}
            for record in records:
                n += 1
                if context:
                    self._print_around(record, context, hits, shown)
                else:
                    self._print_record(record)
        if not n:
            _print_nothing(self._request, self._t)
        elif has_more:
            print_note(self._t("cli.logs.more", n=f"{n:,}", span=_format_span(self._request)))

    def _read(self) -> Iterator[tuple[Sequence[LogRecord], bool]]:
        """Page by page, and whether there are more."""
        after: str | None = None
        limit, newest_first = self._options.limit, not self._options.oldest
        while True:
            page = self._request.source.search(
                self._request.query, min(limit, _PAGE), after, newest_first=newest_first
            )
            limit -= len(page.records)
            after = page.next
            yield page.records, after is not None
            if after is None or not page.records or limit <= 0:
                print_incomplete(page.missing, self._t)
                return

    def _print_around(
        self, record: LogRecord, context: int, hits: set[str], shown: set[str]
    ) -> None:
        if record.id in shown:
            return
        page = self._request.source.around(record.id, context, context)
        if shown and not self._options.as_json:
            self._console.print(Text("--", style="bright_black"))
        for each in page.records:
            if each.id not in shown:
                shown.add(each.id)
                self._print_record(each, "> " if each.id in hits else "  ")

    def _print_record(self, record: LogRecord, mark: str = "") -> None:
        zone, now_ms = self._request.zone, self._request.now_ms
        if self._options.as_json:
            write_json(describe_record(record, zone), indent=False)
        elif self._options.raw:
            is_terminal = self._console.is_terminal
            click.echo(escape_controls(record.message) if is_terminal else record.message)
        else:
            line = show_record(record, zone, now_ms, self._fields, mark)
            self._console.print(line, soft_wrap=True)
