"""Log records and counts as the terminal shows them; nothing in a record can command it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import click
import numpy as np
import orjson
from rich.cells import cell_len
from rich.text import Text

from jipyo.api.json_object import to_plain
from jipyo.cli.logs.options import NS_PER_MS
from jipyo.cli.options import build_table
from jipyo.i18n import escape_controls
from jipyo.logs.query import MESSAGE
from jipyo.logs.record import Level, format_iso
from jipyo.model.calendar import local_day, local_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray
    from rich.console import Console
    from rich.table import Table

    from jipyo.i18n import Texts
    from jipyo.logs.record import LogRecord

LEVEL_STYLES = {
    "fatal": "bold red",
    "error": "red",
    "warn": "yellow",
    "info": "green",
    "debug": "blue",
    "trace": "bright_black",
    "unknown": "white",
}
_STYLES = ("cyan", "magenta", "green", "yellow", "blue", "red")
_LONGEST = 2000
_MOST_GROUPS = 6
_LEAST_BAR = 8
_MICROS = 1000
_PARTS = " ▏▎▍▌▋▊▉"
_DAY = timedelta(days=1)


def write_json(value: object, *, indent: bool = True) -> None:
    """Print a value as JSON."""
    options = orjson.OPT_INDENT_2 if indent else 0
    click.echo(orjson.dumps(to_plain(value), option=options).decode())


def describe_record(record: LogRecord, zone: ZoneInfo) -> dict[str, object]:
    """A record as JSON has it; its time with all digits, in the zone."""
    return {
        "time": format_iso(record.t_ns, zone),
        "service": record.service,
        "level": record.level.name.lower(),
        "message": record.message,
        "fields": dict(record.fields),
        "id": record.id,
    }


def format_time(t_ns: int, zone: ZoneInfo, now_ms: int, *, millis: bool = True) -> str:
    """The time of day, with its date where that is not today."""
    moment = local_time(t_ns // NS_PER_MS, zone)
    is_today = moment.date() == local_day(now_ms, zone)
    text = moment.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")
    return f"{text}.{moment.microsecond // _MICROS:03d}" if millis else text


def format_minute(t_ns: int, zone: ZoneInfo, now_ms: int) -> str:
    """A moment to the minute, as short as it is clear."""
    moment, now = local_time(t_ns // NS_PER_MS, zone), local_time(now_ms, zone)
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    return f"{moment:%m-%d %H:%M}" if moment.year == now.year else f"{moment:%Y-%m-%d %H:%M}"


def format_span(span_ms: tuple[int, int], zone: ZoneInfo, now_ms: int) -> str:
    """From when to when: dates where they are not today."""
    start, end = (format_time(t_ms * NS_PER_MS, zone, now_ms, millis=False) for t_ms in span_ms)
    return f"{start} – {end}"


def show_record(
    record: LogRecord, zone: ZoneInfo, now_ms: int, fields: Sequence[str] = (), mark: str = ""
) -> Text:
    """A line: time, level, service, the fields that are asked for, and the message."""
    level = record.level.name.lower()
    text = Text(mark)
    text.append(format_time(record.t_ns, zone, now_ms), style="bright_black")
    name = "-" if record.level is Level.UNKNOWN else level.upper()
    text.append(f" {name:<5} ", style=LEVEL_STYLES[level])
    text.append(escape_controls(record.service) + " ", style="cyan")
    for field in fields:
        value = escape_controls(str(record.fields.get(field, "-")))
        text.append(f"{field}={value} ", style="magenta")
    if MESSAGE not in fields:
        text.append(shorten(escape_controls(record.message)).replace("\n", "\n    "))
    return text


def shorten(text: str) -> str:
    """A text of bearable length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … (+{len(text) - _LONGEST:,})"


def find_style(name: str, place: int) -> str:
    """The colour of a group."""
    return LEVEL_STYLES.get(name, _STYLES[place % len(_STYLES)])


def build_count_table(
    console: Console,
    starts_ns: NDArray[np.int64],
    counts: Mapping[str, NDArray[np.int64]],
    by: str | None,
    zone: ZoneInfo,
    t: Texts,
) -> Table:
    """A row an interval: its beginning, the count, those of the largest groups, a bar."""
    totals = sum(counts.values(), np.zeros(len(starts_ns), np.int64))
    order = sorted(counts, key=lambda name: (-int(counts[name].sum()), name)) if by else []
    groups = {name: counts[name] for name in order[:_MOST_GROUPS]}
    rest = totals - sum(groups.values(), np.zeros(len(starts_ns), np.int64))
    headings = [name or t("cli.logs.absent") for name in groups]
    others = [t("cli.logs.others")] if by and rest.any() else []
    table = build_table([t("cli.logs.time"), t("cli.logs.records")])
    for heading in (*headings, *others):
        table.add_column(escape_controls(heading), justify="right", overflow="fold")
    table.add_column("", no_wrap=True)
    for column in table.columns[1:-1]:
        column.justify = "right"
        column.no_wrap = True
    labels = format_starts(starts_ns, zone)
    columns = [[f"{n:,}" for n in totals.tolist()]]
    columns += [[f"{n:,}" for n in each.tolist()] for each in groups.values()]
    columns += [[f"{n:,}" for n in rest.tolist()]] if others else []
    heads = [t("cli.logs.records"), *headings, *others]
    used = max(map(len, labels), default=0) + sum(
        2 + max([cell_len(head), *map(len, column)])
        for head, column in zip(heads, columns, strict=True)
    )
    width = max(_LEAST_BAR, min(console.width, 120) - used - 4)
    top = int(totals.max(initial=0))
    for row, label in enumerate(labels):
        parts = [
            (int(each[row]), find_style(name, place))
            for place, (name, each) in enumerate(groups.items())
        ]
        parts.append((int(rest[row]), "white" if by else "cyan"))
        cells = [column[row] for column in columns]
        table.add_row(label, *cells, draw_bar(parts, top, width))
    return table


def draw_bar(parts: Sequence[tuple[int, str]], top: int, width: int) -> Text:
    """A bar of coloured parts; what is there is always seen."""
    text, filled, total = Text(), 0, 0
    for n, style in parts:
        total += n
        end = round(total / top * width) if top else 0
        text.append("█" * (end - filled), style=style)
        filled = max(end, filled)
    if total and not filled:
        text.append("▏", style=next(style for n, style in parts if n))
    return text


def format_starts(starts_ns: NDArray[np.int64], zone: ZoneInfo) -> list[str]:
    """The beginnings of intervals, as short as they are clear."""
    moments = [local_time(t_ns // NS_PER_MS, zone) for t_ns in starts_ns.tolist()]
    days = {moment.date() for moment in moments}
    if len(moments) > 1 and all(b - a >= _DAY for a, b in pairwise(moments)):
        return [f"{moment:%Y-%m-%d}" for moment in moments]
    seconds = any(moment.second for moment in moments)
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return [moment.strftime(clock if len(days) == 1 else f"%m-%d {clock}") for moment in moments]


def format_share(value: float, t: Texts) -> str:
    """A share of 1 as percent; no data where there is none."""
    return t.number(None if np.isnan(value) else 100 * value, "percent")
