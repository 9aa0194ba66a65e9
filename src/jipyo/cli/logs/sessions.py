"""`jipyo logs sessions`: who used a service, for how long, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.cli.localized import Command
from jipyo.cli.logs.options import NS_PER_MS, RecordRequest, pass_request, warn_unknown_fields
from jipyo.cli.logs.rendering import draw_bar, format_span, write_json
from jipyo.cli.moments import parse_length
from jipyo.cli.options import (
    build_table,
    open_terminal,
    print_incomplete,
    print_note,
    show_progress,
)
from jipyo.i18n import escape_controls
from jipyo.logs.activity.visits import ServiceVisits, Visits, summarise_visits
from jipyo.logs.record import decode_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from jipyo.i18n import Texts
    from jipyo.logs.activity.session_summary import SessionSummary

_BAR = 40
_COLUMNS = ("sessions", "visitors", "new", "returning", "pages", "median", "bounce", "bots")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "sessions",
        cls=Command,
        help=t("cli.logs.sessions.help"),
        short_help=t("cli.logs.sessions.short"),
    )
    @pass_request(t, "24h", level=False)
    @click.option("--gap", metavar="DURATION", default="30m", help=t("cli.logs.sessions.gap"))
    @click.option(
        "--lookback", metavar="DURATION", default="7d", help=t("cli.logs.sessions.lookback")
    )
    @click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        default=10,
        help=t("cli.logs.sessions.limit"),
    )
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    def show_sessions(
        request: RecordRequest, words: Texts, gap: str, lookback: str, limit: int, as_json: bool
    ) -> None:
        with show_progress(words("cli.logs.reading")):
            found = summarise_visits(
                request.source,
                request.query,
                request.zone,
                parse_length(lookback) * NS_PER_MS,
                parse_length(gap) * NS_PER_MS,
                limit,
            )
        if as_json:
            write_json(found)
        else:
            _print(found, request, words, lookback, limit)
        print_incomplete(found.missing, words)


def _print(found: Visits, request: RecordRequest, t: Texts, lookback: str, limit: int) -> None:
    span = format_span(request.span_ms, request.zone, request.now_ms)
    if not found.services:
        print_note(t("cli.logs.sessions.nothing", span=span))
        warn_unknown_fields(request, t)
        return
    console = open_terminal()
    console.print(_build_table(found, t))
    if len(found.services) == 1:
        _print_details(console, found.services[0], t, limit)
    print_note(t("cli.logs.sessions.basis", span=span, lookback=t.span(parse_length(lookback))))
    if len(found.services) > 1:
        print_note(t("cli.logs.sessions.one_service"))


def _build_table(found: Visits, t: Texts) -> Table:
    headings = [t("cli.logs.service_name"), *(t(f"cli.logs.sessions.{name}") for name in _COLUMNS)]
    table = build_table([*headings, t("cli.logs.sessions.now")])
    for column in table.columns[1:]:
        column.justify = "right"
    for one in found.services:
        cells = [*_list_cells(one.summary, t), f"{len(one.active):,}"]
        table.add_row(escape_controls(one.service), *cells)
    return table


def _list_cells(summary: SessionSummary, t: Texts) -> list[str]:
    """A service's row; what has no meaning without sessions is a dash."""
    n = summary.sessions
    duration = t.span(round(1000 * summary.median_duration_s)) if n else "–"
    return [
        f"{n:,}",
        f"{summary.visitors:,}",
        f"{summary.new_visitors:,}",
        f"{summary.returning_sessions:,}",
        t.number(summary.pages / n) if n else "–",
        duration,
        t.number(summary.bounce_percent, "percent") if n else "–",
        f"{summary.automatic_sessions:,}",
    ]


def _print_details(console: Console, one: ServiceVisits, t: Texts, limit: int) -> None:
    summary = one.summary
    if summary.sessions:
        hours = [f"{hour:02d}:00" for hour in range(24)]
        console.print()
        console.print(_build_bars(t("cli.logs.sessions.by_hour"), hours, summary.by_hour))
        days = [t(f"reports.weekday.{day}") for day in range(7)]
        console.print()
        console.print(_build_bars(t("cli.logs.sessions.by_weekday"), days, summary.by_weekday))
    for key, rows in (("entries", summary.entries), ("exits", summary.exits)):
        if rows:
            console.print()
            table = build_table([t(f"cli.logs.sessions.{key}"), t("cli.logs.sessions.sessions")])
            table.columns[1].justify = "right"
            for route, n in rows:
                table.add_row(escape_controls(decode_text(route)), f"{n:,}")
            console.print(table)
    if one.active:
        console.print()
        table = build_table([t("cli.logs.sessions.active")])
        for visitor in one.active[:limit]:
            table.add_row(escape_controls(decode_text(visitor)))
        if len(one.active) > limit:
            table.add_row(f"… +{len(one.active) - limit:,}")
        console.print(table)


def _build_bars(heading: str, labels: Sequence[str], counts: np.ndarray) -> Table:
    table = build_table([heading, "", ""])
    table.columns[1].justify = "right"
    top = int(counts.max(initial=0))
    for label, n in zip(labels, counts.tolist(), strict=True):
        table.add_row(label, f"{n:,}", draw_bar([(n, "cyan")], top, _BAR))
    return table
