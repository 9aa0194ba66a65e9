"""`jipyo logs errors`: the share of errors over time, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from jipyo.cli.localized import Command
from jipyo.cli.logs.options import RecordRequest, pass_request, warn_unknown_fields
from jipyo.cli.logs.rendering import (
    draw_bar,
    format_minute,
    format_share,
    format_span,
    format_starts,
    write_json,
)
from jipyo.cli.logs.search import choose_step
from jipyo.cli.options import build_table, open_terminal, print_incomplete, print_note
from jipyo.i18n import escape_controls
from jipyo.logs.activity.errors import ErrorSummary, summarise_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from jipyo.i18n import Texts
    from jipyo.logs.answer import LogTemplate

_BAR = 24


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "errors", cls=Command, help=t("cli.logs.errors.help"), short_help=t("cli.logs.errors.short")
    )
    @pass_request(t, "24h", level=False)
    @click.option(
        "--limit", type=click.IntRange(1), metavar="N", default=10, help=t("cli.logs.errors.limit")
    )
    @click.option("--step", metavar="DURATION", help=t("cli.logs.search.step"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    def show_errors(
        request: RecordRequest, words: Texts, limit: int, step: str | None, as_json: bool
    ) -> None:
        query = request.query
        interval = choose_step(step, request)
        found = summarise_errors(request.source, query, interval, request.zone, limit)
        if as_json:
            names = (name for name in found.__slots__)  # the fields of a slotted data class
            write_json({"share": found.share, **{name: getattr(found, name) for name in names}})
        elif not found.records:
            span = format_span(request.span_ms, request.zone, request.now_ms)
            print_note(words("cli.logs.nothing", span=span))
            warn_unknown_fields(request, words)
        else:
            _print(open_terminal(), found, request, words)
        print_incomplete(found.missing, words)


def _print(console: Console, found: ErrorSummary, request: RecordRequest, t: Texts) -> None:
    line = t(
        "cli.logs.errors.sum",
        errors=f"{found.errors:,}",
        records=f"{found.records:,}",
        share=format_share(found.share, t),
        span=format_span(request.span_ms, request.zone, request.now_ms),
    )
    console.print(line, style="bold red" if found.errors else "green")
    console.print(_build_time_table(found, request, t))
    if not found.errors:
        return
    console.print()
    console.print(_build_service_table(found, t))
    console.print()
    console.print(build_template_table(found.templates, found.errors, request, t))
    left = found.template_count - len(found.templates)
    if left > 0:
        print_note(t("cli.logs.patterns.more", n=f"{left:,}"))
    if found.exceptions:
        console.print()
        table = build_table([t("cli.logs.errors.exception"), t("cli.logs.records")])
        table.columns[1].justify = "right"
        for name, n in found.exceptions:
            table.add_row(escape_controls(name), f"{n:,}")
        console.print(table)


def _build_time_table(found: ErrorSummary, request: RecordRequest, t: Texts) -> Table:
    headings = ("time", "records", "errors", "error_share")
    table = build_table([t(f"cli.logs.{name}") for name in headings])
    table.add_column("", no_wrap=True)
    for column in table.columns[1:4]:
        column.justify = "right"
    rows = zip(
        format_starts(found.starts_ns, request.zone),
        found.records_over_time.tolist(),
        found.errors_over_time.tolist(),
        strict=True,
    )
    top = int(found.errors_over_time.max(initial=0))
    for label, n, errors in rows:
        share = format_share(errors / n if n else float("nan"), t)
        table.add_row(label, f"{n:,}", f"{errors:,}", share, draw_bar([(errors, "red")], top, _BAR))
    return table


def _build_service_table(found: ErrorSummary, t: Texts) -> Table:
    headings = ("service_name", "records", "errors", "error_share")
    table = build_table([t(f"cli.logs.{name}") for name in headings])
    for column in table.columns[1:]:
        column.justify = "right"
    for one in found.services:
        if one.errors:
            share = format_share(one.errors / one.records, t)
            table.add_row(
                escape_controls(one.service), f"{one.records:,}", f"{one.errors:,}", share
            )
    return table


def build_template_table(
    templates: Sequence[LogTemplate], total: int, request: RecordRequest, t: Texts
) -> Table:
    """A row a template: records, share, first and last, services, id, text."""
    headings = ("records", "share", "first", "last", "template")
    table = build_table([t(f"cli.logs.{name}") for name in headings])
    for column in table.columns[:2]:
        column.justify = "right"
    for column in table.columns[:4]:
        column.no_wrap = True
    for one in templates:
        table.add_row(
            f"{one.n:,}",
            format_share(one.n / total if total else float("nan"), t),
            format_minute(one.first_ns, request.zone, request.now_ms),
            format_minute(one.last_ns, request.zone, request.now_ms),
            describe_template(one),
        )
    return table


def describe_template(one: LogTemplate) -> Text:
    """Its text, and below it the id and the services."""
    services = sorted(one.by_service.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(escape_controls(name) for name, _ in services[:3])
    more = f" +{len(services) - 3}" if len(services) > 3 else ""
    text = escape_controls(one.text)[:500] or "–"
    return Text.assemble(text, "\n", (f"{one.id}  {names}{more}", "bright_black"))
