"""`jipyo logs patterns`: templates with their counts, what changed, and the numbers in one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.text import Text

from jipyo.cli.localized import Command
from jipyo.cli.logs.errors import build_template_table, describe_template
from jipyo.cli.logs.options import NS_PER_MS, RecordRequest, pass_request, warn_unknown_fields
from jipyo.cli.logs.rendering import format_minute, format_span, format_starts, write_json
from jipyo.cli.logs.search import choose_step
from jipyo.cli.moments import parse_length
from jipyo.cli.options import (
    build_table,
    open_terminal,
    print_incomplete,
    print_note,
    show_progress,
)
from jipyo.i18n import escape_controls
from jipyo.logs.activity.exact_times import find_exact_times
from jipyo.logs.activity.template_values import (
    TemplatePlace,
    TemplateValues,
    read_template_values,
)
from jipyo.logs.comparison import ChangeKind
from jipyo.logs.evaluate.source import list_starts
from jipyo.logs.query import MESSAGE, All, HasTemplate
from jipyo.logs.templates.comparison import (
    TemplateChange,
    TemplateComparison,
    compare_templates,
)
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from jipyo.i18n import Texts
    from jipyo.logs.answer import LogTemplate
    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogBatch
    from jipyo.model.progress import Progress

_WHOLE_FROM = 1000
_STYLES = {"new": "bold red", "surging": "yellow", "receding": "blue", "vanished": "magenta"}
_BAR = 20


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "patterns",
        cls=Command,
        help=t("cli.logs.patterns.help"),
        short_help=t("cli.logs.patterns.short"),
    )
    @pass_request(t, "24h")
    @click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        default=20,
        help=t("cli.logs.patterns.limit"),
    )
    @click.option("--new", is_flag=True, help=t("cli.logs.patterns.new"))
    @click.option("--surging", is_flag=True, help=t("cli.logs.patterns.surging"))
    @click.option("--receding", is_flag=True, help=t("cli.logs.patterns.receding"))
    @click.option("--vanished", is_flag=True, help=t("cli.logs.patterns.vanished"))
    @click.option("--baseline", metavar="DURATION", help=t("cli.logs.patterns.baseline"))
    @click.option("--numbers", metavar="ID", help=t("cli.logs.patterns.numbers"))
    @click.option("--place", type=click.IntRange(1), metavar="N", help=t("cli.logs.patterns.place"))
    @click.option("--step", metavar="DURATION", help=t("cli.logs.search.step"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    def show_patterns(request: RecordRequest, words: Texts, **options: Any) -> None:
        kinds = tuple(kind for kind in ChangeKind if options.pop(kind.value))
        chosen = _Options(**options, kinds=kinds)
        if chosen.numbers:
            _print_numbers(request, words, chosen)
        elif kinds or chosen.baseline:
            _print_changes(request, words, chosen)
        else:
            _print_templates(request, words, chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options as they were written."""

    kinds: tuple[ChangeKind, ...]
    limit: int
    baseline: str | None
    numbers: str | None
    place: int | None
    step: str | None
    as_json: bool


def build_baseline(query: LogQuery, length: str | None) -> LogQuery:
    """The same query before its range: seven times as long, or as long as `length` says.

    Raises:
        ConfigError: it is no length of time.
    """
    duration_ns = 7 * (query.end_ns - query.start_ns)
    if length is not None:
        duration_ns = parse_length(length) * NS_PER_MS
        if not duration_ns:
            raise ConfigError("cli.query.not_a_duration", value=length)
    return replace(query, start_ns=max(query.start_ns - duration_ns, 0), end_ns=query.start_ns)


def _print_templates(request: RecordRequest, t: Texts, options: _Options) -> None:
    limit = options.limit
    found = request.source.templates(request.query)
    span = format_span(request.span_ms, request.zone, request.now_ms)
    if options.as_json:
        write_json(found)
    elif not found.total:
        print_note(t("cli.logs.nothing", span=span))
        warn_unknown_fields(request, t)
    else:
        shown = find_exact_times(request.source, request.query, found, found.templates[:limit])
        open_terminal().print(build_template_table(shown, found.total, request, t))
        values = {"n": len(found.templates), "records": f"{found.total:,}", "span": span}
        print_note(t("cli.logs.patterns.sum", **values))
        if len(found.templates) > limit:
            rest = sum(one.n for one in found.templates[limit:])
            more = {"n": f"{len(found.templates) - limit:,}", "records": f"{rest:,}"}
            print_note(t("cli.logs.patterns.left", **more))
    print_incomplete(found.missing, t)


def find_changes(request: RecordRequest, before: LogQuery, limit: int) -> TemplateComparison:
    """Templates against a baseline; the surest ones of each kind with exact times."""
    query, source = request.query, request.source
    share = (query.end_ns - query.start_ns) / (before.end_ns - before.start_ns)
    now = source.templates(query)
    found = compare_templates(now, source.templates(before), share)
    there = [each.template for each in found.changes if each.change.n][: len(ChangeKind) * limit]
    exact = {one.id: one for one in find_exact_times(source, query, now, there)}
    changes = [
        replace(each, template=exact.get(each.template.id, each.template)) for each in found.changes
    ]
    return replace(found, changes=tuple(changes))


def _print_changes(request: RecordRequest, t: Texts, options: _Options) -> None:
    before, limit = build_baseline(request.query, options.baseline), options.limit
    found = find_changes(request, before, limit)
    kinds = options.kinds or tuple(ChangeKind)
    chosen = [each for each in found.changes if each.change.kind in kinds]
    if options.as_json:
        write_json(replace(found, changes=tuple(chosen)))
        return
    if chosen:
        open_terminal().print(build_change_table(chosen[:limit], request, t))
    if len(chosen) > limit:
        print_note(t("cli.logs.patterns.more", n=f"{len(chosen) - limit:,}"))
    print_note(describe_comparison(request, found, before, t))
    if not found.baseline_total:
        print_note(t("cli.logs.patterns.no_baseline"))
    print_incomplete(found.missing, t)


def describe_comparison(
    request: RecordRequest, found: TemplateComparison, before: LogQuery, t: Texts
) -> str:
    """What a comparison rests on."""
    earlier = (before.start_ns // NS_PER_MS, before.end_ns // NS_PER_MS)
    return t(
        "cli.logs.patterns.basis",
        compared=f"{found.comparison.compared:,}",
        total=f"{found.total:,}",
        span=format_span(request.span_ms, request.zone, request.now_ms),
        before=f"{found.baseline_total:,}",
        earlier=format_span(earlier, request.zone, request.now_ms),
        dispersion=found.comparison.dispersion,
        traffic=found.comparison.traffic,
    )


def build_change_table(
    changes: Sequence[TemplateChange], request: RecordRequest, t: Texts
) -> Table:
    """A row a template that differs: records, expected, ratio, G, the first of them, its text."""
    headings = ("change", "records", "expected", "times", "g", "first", "template")
    table = build_table([t(f"cli.logs.{name}") for name in headings])
    for column in table.columns[1:6]:
        column.justify = "right"
        column.no_wrap = True
    for one in changes:
        change = one.change
        table.add_row(
            name_kind(change.kind, t),
            f"{change.n:,}",
            t.number(change.expected),
            format_ratio(change.n, change.expected),
            t.number(change.g),
            format_minute(one.template.first_ns, request.zone, request.now_ms),
            describe_template(one.template),
        )
    return table


def name_kind(kind: ChangeKind, t: Texts) -> Text:
    """The kind of a change in its colour."""
    return Text(t(f"cli.logs.change.{kind.value}"), style=_STYLES[kind.value])


def format_ratio(n: int, expected: float) -> str:
    """How many times as many as expected."""
    return f"×{n / expected:.3g}" if expected else "–"


def _print_numbers(request: RecordRequest, t: Texts, options: _Options) -> None:
    template_id = options.numbers or ""
    query = replace(request.query, where=All((request.query.where, HasTemplate(template_id))))
    template = _find_template(request, query, template_id)
    with show_progress(t("cli.logs.reading")) as advance:
        batches = _count_read(request.source.batches(query, [MESSAGE]), template.n, advance)
        values = read_template_values(template.text, batches)
    missing = request.source.find_missing()
    place = _choose_place(values, options.place)
    if options.as_json:
        write_json({"template": template, "values": values, "missing": missing})
        return
    console = open_terminal()
    console.print(escape_controls(template.text))
    console.print(_build_place_table(values, t))
    if place is not None and len(place.values):
        interval = choose_step(options.step, request)
        starts = list_starts(query.start_ns, query.end_ns, interval, request.zone)
        console.print()
        console.print(_build_number_table(place, np.array(starts, np.int64), request, t))
    if values.unread:
        print_note(t("cli.logs.patterns.unread", n=f"{values.unread:,}"))
    print_incomplete(missing, t)


def _find_template(request: RecordRequest, query: LogQuery, template_id: str) -> LogTemplate:
    for one in request.source.templates(query).templates:
        if one.id == template_id:
            return one
    raise ConfigError("cli.logs.no_template", hint="cli.logs.no_template.hint", id=template_id)


def _choose_place(values: TemplateValues, number: int | None) -> TemplatePlace | None:
    if number is None:
        return values.find_numeric()
    if number > len(values.places):
        raise ConfigError("cli.logs.no_place", place=number, n=len(values.places))
    return values.places[number - 1]


def _build_place_table(values: TemplateValues, t: Texts) -> Table:
    table = build_table([t(f"cli.logs.{name}") for name in _PLACE_COLUMNS])
    for column in table.columns[2:-1]:
        column.justify = "right"
    for one in values.places:
        table.add_row(*_list_place_cells(one))
    return table


_PLACE_COLUMNS = ("place", "unit", "numbers", "least", "median", "p95", "most", "examples")


def _list_place_cells(one: TemplatePlace) -> list[str]:
    cells = [f"{one.number}", one.unit or "–", f"{len(one.values):,}"]
    if len(one.values):
        cells += [format_number(np.percentile(one.values, q)) for q in (0, 50, 95, 100)]
    else:
        cells += ["–"] * 4
    return [*cells, escape_controls(", ".join(one.examples))]


def format_number(value: float) -> str:
    """A number as it may be in a message: four digits, or as many as its whole part has."""
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


def _build_number_table(
    place: TemplatePlace, starts_ns: np.ndarray, request: RecordRequest, t: Texts
) -> Table:
    """A row an interval: how many numbers, their median and highest, a bar of the median."""
    heading = t("cli.logs.patterns.place_title", n=place.number, unit=place.unit)
    names = ("time", "numbers", "median", "p95", "most")
    table = build_table([t(f"cli.logs.{name}") for name in names])
    table.title, table.title_justify = heading.strip(), "left"
    table.add_column("", no_wrap=True)
    for column in table.columns[1:5]:
        column.justify = "right"
    at = np.searchsorted(starts_ns, place.t_ns, side="right") - 1
    top = float(np.abs(place.values).max())
    for row, label in enumerate(format_starts(starts_ns, request.zone)):
        own = place.values[at == row]
        if not len(own):
            table.add_row(label, "0", "–", "–", "–", "")
            continue
        median, p95, most = (float(np.percentile(own, q)) for q in (50, 95, 100))
        bar = "█" * max(1, round(abs(median) / top * _BAR)) if top else ""
        cells = [format_number(value) for value in (median, p95, most)]
        table.add_row(label, f"{len(own):,}", *cells, Text(bar, style="cyan"))
    return table


def _count_read(batches: Iterator[LogBatch], total: int, advance: Progress) -> Iterator[LogBatch]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        advance(done, total)
