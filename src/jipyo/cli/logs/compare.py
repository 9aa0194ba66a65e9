"""`jipyo logs compare`: what is different in a window, against the time before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from jipyo.cli.localized import Command
from jipyo.cli.logs.options import NS_PER_MS, RecordRequest, complete_fields, pass_request
from jipyo.cli.logs.patterns import (
    build_baseline,
    build_change_table,
    describe_comparison,
    find_changes,
    format_ratio,
    name_kind,
)
from jipyo.cli.logs.rendering import write_json
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import build_table, open_terminal, print_incomplete, print_note
from jipyo.i18n import escape_controls
from jipyo.logs.activity.incident import FIELDS, MOST_VALUES, compare_windows
from jipyo.logs.language import resolve_field
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.i18n import Texts
    from jipyo.logs.activity.incident import FieldComparison
    from jipyo.logs.query import LogQuery
    from jipyo.logs.templates.comparison import TemplateComparison


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "compare",
        cls=Command,
        help=t("cli.logs.compare.help"),
        short_help=t("cli.logs.compare.short"),
    )
    @pass_request(t, "1h")
    @click.option("--baseline", metavar="DURATION", help=t("cli.logs.patterns.baseline"))
    @click.option("--baseline-from", metavar="TIME", help=t("cli.logs.compare.baseline_from"))
    @click.option("--baseline-to", metavar="TIME", help=t("cli.logs.compare.baseline_to"))
    @click.option(
        "--field",
        "fields",
        metavar="FIELD",
        multiple=True,
        help=t("cli.logs.compare.field"),
        shell_complete=complete_fields,
    )
    @click.option(
        "--limit", type=click.IntRange(1), metavar="N", default=20, help=t("cli.logs.compare.limit")
    )
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    def compare(request: RecordRequest, words: Texts, **options: Any) -> None:
        before = _find_baseline(request, options)
        named = [resolve_field(name) for name in options["fields"]]
        by_field = compare_windows(request.source, request.query, before, named or FIELDS)
        templates = find_changes(request, before, options["limit"])
        if options["as_json"]:
            span = {"start_ns": before.start_ns, "end_ns": before.end_ns}
            write_json({"baseline": span, "fields": by_field, "templates": templates})
        else:
            _print(request, words, _Differences(by_field, templates, before), options["limit"])


@dataclass(frozen=True, slots=True)
class _Differences:
    """What was found, and against which time."""

    by_field: tuple[FieldComparison, ...]
    templates: TemplateComparison
    before: LogQuery


def _find_baseline(request: RecordRequest, options: Mapping[str, str | None]) -> LogQuery:
    names = ("baseline", "baseline_from", "baseline_to")
    length, start, end = (options[name] for name in names)
    if not start and not end:
        return build_baseline(request.query, length)
    if length or not (start and end):
        raise ConfigError("cli.logs.compare.bad_baseline")
    first, last = (parse_moment(text, request.zone, request.now_ms) for text in (start, end))
    if last <= first:
        raise ConfigError("cli.logs.no_range", start=start, end=end)
    return replace(request.query, start_ns=first * NS_PER_MS, end_ns=last * NS_PER_MS)


def _print(request: RecordRequest, t: Texts, found: _Differences, limit: int) -> None:
    by_field, templates = found.by_field, found.templates
    console = open_terminal()
    headings = ("change", "field", "value", "records", "expected", "times", "g")
    values = build_table([t(f"cli.logs.{name}") for name in headings])
    for column in values.columns[3:]:
        column.justify = "right"
        column.no_wrap = True
    rows = [
        (each.field, change)
        for each in by_field
        if each.comparison
        for change in each.comparison.changes
    ]
    for field, change in sorted(rows, key=lambda row: -row[1].g)[:limit]:
        values.add_row(
            name_kind(change.kind, t),
            field,
            escape_controls(change.value) or t("cli.logs.absent"),
            f"{change.n:,}",
            t.number(change.expected),
            format_ratio(change.n, change.expected),
            t.number(change.g),
        )
    if rows:
        console.print(values)
        console.print()
    if templates.changes:
        surest = sorted(templates.changes, key=lambda each: -each.change.g)
        console.print(build_change_table(surest[:limit], request, t))
    if not rows and not templates.changes:
        console.print(t("cli.logs.compare.same"))
    for hidden in (len(rows) - limit, len(templates.changes) - limit):
        if hidden > 0:
            print_note(t("cli.logs.compare.more", n=f"{hidden:,}"))
    for each in by_field:
        if each.comparison is None:
            print_note(t("cli.logs.compare.too_many", field=each.field, most=f"{MOST_VALUES:,}"))
    print_note(describe_comparison(request, templates, found.before, t))
    missing = (*templates.missing, *(error for each in by_field for error in each.missing))
    print_incomplete(dict.fromkeys(missing), t)
