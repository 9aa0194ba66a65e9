"""`jipyo logs routes`: requests a second, errors and latency by route, from access logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.cli.localized import Command
from jipyo.cli.logs.options import RecordRequest, pass_request, warn_unknown_fields
from jipyo.cli.logs.rendering import format_share, format_span, write_json
from jipyo.cli.options import build_table, open_terminal, print_incomplete, print_note
from jipyo.i18n import escape_controls
from jipyo.logs.activity.routes import RouteLatency, RouteSummary, summarise_routes

if TYPE_CHECKING:
    from rich.table import Table

    from jipyo.i18n import Texts

_PERCENTS = (50, 95, 99)
_SORTS = ("requests", "errors", "p95")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "routes", cls=Command, help=t("cli.logs.routes.help"), short_help=t("cli.logs.routes.short")
    )
    @pass_request(t, "1h", level=False)
    @click.option(
        "--limit", type=click.IntRange(1), metavar="N", default=20, help=t("cli.logs.routes.limit")
    )
    @click.option(
        "--sort", type=click.Choice(_SORTS), default="requests", help=t("cli.logs.routes.sort")
    )
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    def show_routes(
        request: RecordRequest, words: Texts, limit: int, sort: str, as_json: bool
    ) -> None:
        found = summarise_routes(request.source, request.query, _PERCENTS)
        span = format_span(request.span_ms, request.zone, request.now_ms)
        if as_json:
            write_json(found)
        elif not found.total.requests:
            print_note(words("cli.logs.routes.nothing", span=span))
            warn_unknown_fields(request, words)
        else:
            open_terminal().print(_build_table(found, sort, limit, words))
            _print_notes(found, limit, span, words)
        print_incomplete(found.missing, words)


def _build_table(found: RouteSummary, sort: str, limit: int, t: Texts) -> Table:
    names = ("route", "requests", "per_second", "errors", "error_share", "p50", "p95", "p99")
    table = build_table([t(f"cli.logs.{name}") for name in names])
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for row in sort_routes(found.routes, sort)[:limit]:
        table.add_row(escape_controls(row.route), *_list_cells(row, t))
    table.add_row(t("cli.logs.routes.total"), *_list_cells(found.total, t), style="bold")
    return table


def sort_routes(routes: tuple[RouteLatency, ...], sort: str) -> list[RouteLatency]:
    """The routes with the most requests, the most errors or the longest p95 first."""
    keys = {
        "requests": lambda row: -row.requests,
        "errors": lambda row: -row.errors,
        "p95": lambda row: -row.percentiles_s[1] if row.percentiles_s else 1.0,
    }
    return sorted(routes, key=keys[sort])


def _list_cells(row: RouteLatency, t: Texts) -> list[str]:
    share = row.errors / row.requests if row.requests else float("nan")
    cells = [f"{row.requests:,}", t.number(row.per_second), f"{row.errors:,}"]
    cells.append(format_share(share, t))
    if not row.percentiles_s:
        return [*cells, *["–"] * len(_PERCENTS)]
    return [*cells, *(t.number(value, "seconds") for value in row.percentiles_s)]


def _print_notes(found: RouteSummary, limit: int, span: str, t: Texts) -> None:
    values = {"n": f"{found.total.requests:,}", "timed": f"{found.total.timed:,}", "span": span}
    print_note(t("cli.logs.routes.sum", **values))
    if found.monitors:
        print_note(t("cli.logs.routes.monitors", n=f"{found.monitors:,}"))
    left = len(found.routes) - limit
    if left > 0 or found.others:
        values = {"routes": f"{max(left, 0):,}", "others": f"{found.others:,}"}
        print_note(t("cli.logs.routes.left", **values))
    if found.estimated:
        print_note(t("cli.logs.routes.estimated"))
