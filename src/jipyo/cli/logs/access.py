"""`jipyo logs access`: the review of a month's access records (접속기록 점검)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from jipyo.app.logs import open_logs
from jipyo.cli.localized import Command
from jipyo.cli.logs.options import NS_PER_MS, add_choices
from jipyo.cli.logs.rendering import write_json
from jipyo.cli.moments import parse_month
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_incomplete,
    print_note,
    print_warning,
    show_progress,
)
from jipyo.i18n import escape_controls
from jipyo.logs.activity.access import KINDS
from jipyo.logs.activity.access_month import MonthReview, review_month
from jipyo.logs.record import decode_text, format_iso
from jipyo.logs.services import find_services
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.logs.activity.access import AccessFinding

_MOST_ADDRESSES = 3
_CSV_COLUMNS = ("kind", "account", "records", "first", "last", "addresses")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "access", cls=Command, help=t("cli.logs.access.help"), short_help=t("cli.logs.access.short")
    )
    @click.argument("month", metavar="YYYY-MM")
    @click.option("--csv", "as_csv", is_flag=True, help=t("cli.logs.access.csv"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    @add_choices(t)
    @pass_config(t)
    def review(config: Config, words: Texts, month: str, **options: Any) -> int:
        period = parse_month(month, config.zone, SystemClock().now_ms())
        access = config.settings.logs.access
        with open_logs(config) as sources, show_progress(words("cli.logs.reading")):
            source = sources.find(options["source_name"] or "")
            chosen = find_services(source, options["services"] or access.services)
            found = review_month(source, period, chosen, access.rules, config.zone)
        if options["as_json"]:
            write_json({"complete": found.is_complete, **_describe(found)})
        elif options["as_csv"]:
            click.echo(_write_csv(found, config.zone), nl=False)
        else:
            _print(found, words, config.zone)
        if period.end_ms > SystemClock().now_ms():
            print_note(words("cli.logs.access.running"))
        print_incomplete(found.missing, words)
        return 0 if found.is_complete else 1


def _describe(found: MonthReview) -> dict[str, object]:
    return {
        "month": f"{found.month.first_day:%Y-%m}",
        "start_ms": found.month.start_ms,
        "end_ms": found.month.end_ms,
        "services": found.services,
        "log_records": found.log_records,
        "known_months": found.known_months,
        "oldest_ns": found.oldest_ns,
        "review": found.review,
        "missing": found.missing,
    }


def _write_csv(found: MonthReview, zone: ZoneInfo) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for each in found.review.findings:
        addresses = " ".join(map(decode_text, each.addresses))
        times = [format_iso(t_ns, zone) for t_ns in (each.first_ns, each.last_ns)]
        account = decode_text(each.account)
        writer.writerow([each.kind, account, each.records, *times, addresses])
    return text.getvalue()


def _print(found: MonthReview, t: Texts, zone: ZoneInfo) -> None:
    console = open_terminal()
    console.print(_build_summary(found, t, zone))
    console.print()
    if found.review.findings:
        console.print(_build_findings(found, t, zone))
    quiet = [kind for kind in KINDS if not any(one.kind == kind for one in found.review.findings)]
    if quiet:
        names = ", ".join(t(f"logs_access.{kind}") for kind in quiet)
        console.print(t("cli.logs.access.none", names=names))
    if not found.known_pairs:
        print_note(t("cli.logs.access.no_known"))
    if not found.is_complete:
        print_warning(t("cli.logs.access.differs"))


def _build_summary(found: MonthReview, t: Texts, zone: ZoneInfo) -> Table:
    review = found.review
    table = build_table(["", ""])
    table.show_header = False
    table.columns[0].style = "dim"
    oldest = t.number(None)
    if found.oldest_ns is not None:
        oldest = t.moment(found.oldest_ns // NS_PER_MS, zone, to_the_second=True)
    same = t(f"cli.logs.access.{'same' if found.is_complete else 'not_same'}")
    rows = [
        ("month", f"{found.month.first_day:%Y-%m}"),
        ("services", ", ".join(map(escape_controls, found.services))),
        ("records", f"{review.records:,}"),
        ("log_records", f"{found.log_records:,} ({same})"),
        ("accounts", f"{review.accounts:,}"),
        ("addresses", f"{review.addresses:,}"),
        ("downloads", f"{review.downloads:,}"),
        ("lacking", _describe_lacking(found, t)),
        ("oldest", oldest),
    ]
    for name, value in rows:
        table.add_row(t(f"cli.logs.access.{name}"), value)
    return table


def _describe_lacking(found: MonthReview, t: Texts) -> str:
    lacking = [(name, n) for name, n in found.review.lacking.items() if n]
    texts = (f"{t(f'logs_access.item.{name}')} {n:,}" for name, n in lacking)
    return ", ".join(texts) or t("cli.logs.access.nothing_lacking")


def _build_findings(found: MonthReview, t: Texts, zone: ZoneInfo) -> Table:
    headings = ("kind", "account", "n", "first", "last", "from")
    table = build_table([t(f"cli.logs.access.{name}") for name in headings])
    table.columns[2].justify = "right"
    for column in table.columns[3:5]:
        column.no_wrap = True
    for each in found.review.findings:
        table.add_row(
            t(f"logs_access.{each.kind}"),
            escape_controls(decode_text(each.account)) or t("cli.logs.absent"),
            f"{each.records:,}",
            *(format_iso(t, zone)[5:16].replace("T", " ") for t in (each.first_ns, each.last_ns)),
            _list_addresses(each),
        )
    return table


def _list_addresses(each: AccessFinding) -> str:
    shown = [escape_controls(decode_text(text)) or "–" for text in each.addresses[:_MOST_ADDRESSES]]
    left = len(each.addresses) - len(shown)
    return ", ".join(shown) + (f" +{left}" if left else "")
