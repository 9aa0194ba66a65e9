"""`jipyo query`: a PromQL question in the terminal."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.table import Table
from rich.text import Text

from jipyo import app, promql
from jipyo.cli import plot
from jipyo.cli.localized import Command
from jipyo.cli.options import configured, terminal
from jipyo.i18n import texts
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, String, Vector
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from jipyo.config import Config
    from jipyo.i18n import Texts

_RELATIVE = re.compile(r"(?:now)?(?:-((?:\d+[smhdw])+))?")
_PART = re.compile(r"(\d+)([smhdw])")
_PART_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_CHART_HEIGHT = 12
_CHART_MARGIN = 14
_CHART_STEPS = 240
_COLOURS = ("blue", "green", "yellow", "magenta", "cyan", "red")

FORMATS = ("table", "chart", "json", "csv")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("query", cls=Command, help=t("cli.query.help"), short_help=t("cli.query.short"))
    @click.argument("expr")
    @click.option("--at", metavar="TIME", help=t("cli.query.at"))
    @click.option("--from", "start", metavar="TIME", help=t("cli.query.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.query.to"))
    @click.option("--step", metavar="DURATION", help=t("cli.query.step"))
    @click.option("--format", "shape", type=click.Choice(FORMATS), help=t("cli.query.format"))
    @click.option("--explain", is_flag=True, help=t("cli.query.explain"))
    @configured(t)
    def query(config: Config, expr: str, shape: str | None, explain: bool, **when: str) -> None:
        spoken = texts(config.lang)
        span = _span(when, config.zone, SystemClock().now_ms())
        if explain:
            asked = (span, span, 0) if isinstance(span, int) else span
            plan = promql.Engine(config.settings.query).explain(expr, *asked)
            click.echo("\n".join(plan.lines()))
            return
        with app.read_workspace(config) as here:
            if isinstance(span, int):
                result = here.source.instant(expr, span)
            else:
                result = here.source.range(expr, *span)
        _show(result, shape or _usual(result), config.zone, spoken)


def _span(when: dict[str, str], zone: ZoneInfo, now_ms: int) -> int | tuple[int, int, int]:
    """One moment, or start, end and step."""
    if not when.get("start"):
        return moment(when.get("at") or "now", zone, now_ms)
    start = moment(when["start"], zone, now_ms)
    end = moment(when.get("end") or "now", zone, now_ms)
    step = when.get("step")
    usual = max(1000, (end - start) // _CHART_STEPS // 1000 * 1000)
    return start, end, _duration_ms(step) if step else usual


def moment(text: str, zone: ZoneInfo, now_ms: int) -> int:
    """A time as people write it: `now`, `-1h`, `2026-11-21`, `2026-11-21T09:00`, Unix seconds.

    Raises:
        ConfigError: it is none of these.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative and text:
        return now_ms - (_duration_ms(relative[1]) if relative[1] else 0)
    try:
        return int(float(text) * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError("cli.query.not_a_time", value=text) from error
    local = written if written.tzinfo else written.replace(tzinfo=zone)
    return int(local.timestamp() * 1000)


def _duration_ms(text: str) -> int:
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not text:
        raise ConfigError("cli.query.not_a_duration", value=text)
    return sum(int(number) * _PART_MS[unit] for number, unit in parts)


def _usual(result: QueryResult) -> str:
    return "chart" if isinstance(result.value, Matrix) else "table"


def _show(result: QueryResult, shape: str, zone: ZoneInfo, t: Texts) -> None:
    if shape == "json":
        click.echo(b"".join(encode.answer(result)).decode())
        return
    if shape == "csv":
        _write_csv(result)
        return
    console = terminal()
    if shape == "chart" and isinstance(result.value, Matrix) and result.value.series:
        _print_chart(console, result.value, zone, t)
    else:
        _print_table(console, result, zone, t)
    for note in (*result.warnings, *result.infos):
        console.print(note, style="yellow", markup=False)


def _rows(result: QueryResult) -> list[tuple[str, int, str]]:
    """Series, time and value of every sample; values as the HTTP API writes them."""
    value = result.value
    if isinstance(value, String):
        return [("", value.t_ms, value.value)]
    if isinstance(value, Scalar):
        return [("", value.t_ms, encode.format_number(value.value))]
    if isinstance(value, Vector):
        pairs = zip(value.series, value.values, strict=True)
        return [(str(labels), value.t_ms, encode.format_number(float(v))) for labels, v in pairs]
    return _matrix_rows(value)


def _matrix_rows(value: Matrix | RawMatrix) -> list[tuple[str, int, str]]:
    if isinstance(value, RawMatrix):
        return [
            (str(labels), int(t), encode.format_number(float(v)))
            for block in value.blocks
            for labels, line in zip(block.series, block.values, strict=True)
            for t, v in zip(block.t_ms, line, strict=True)
        ]
    return [
        (str(labels), int(value.t_ms[step]), encode.format_number(line[step]))
        for labels, line, there in zip(value.series, value.values, value.present, strict=True)
        for step in np.flatnonzero(there)
    ]


def _write_csv(result: QueryResult) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("series", "time", "value"))
    writer.writerows((labels, t_ms / 1000, value) for labels, t_ms, value in _rows(result))
    click.echo(text.getvalue(), nl=False)


def _print_table(console: Console, result: QueryResult, zone: ZoneInfo, t: Texts) -> None:
    rows = _rows(result)
    if not rows:
        console.print(t("cli.query.nothing"))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(t("cli.query.series"), overflow="fold")
    table.add_column(t("cli.query.time"))
    table.add_column(t("cli.query.value"), justify="right")
    for labels, t_ms, value in rows:
        table.add_row(Text(labels), _clock(t_ms, zone), value)
    console.print(table)


def _print_chart(console: Console, matrix: Matrix, zone: ZoneInfo, t: Texts) -> None:
    width = max(20, console.width - _CHART_MARGIN)
    canvas = plot.draw(matrix.values, matrix.present, width, _CHART_HEIGHT)
    low, high = plot.bounds(matrix.values, matrix.present)
    for at, row in enumerate(canvas.rows()):
        share = at / (_CHART_HEIGHT - 1)
        label = f"{high - (high - low) * share:.4g}" if at % 3 == 0 or share == 1 else ""
        line = Text(f"{label:>10} ┤" if label else f"{'':>10} │")
        for character, series in row:
            line.append(character, style=_COLOURS[series % len(_COLOURS)] if series >= 0 else "")
        console.print(line)
    start, end = _clock(int(matrix.t_ms[0]), zone), _clock(int(matrix.t_ms[-1]), zone)
    console.print(f"{'':>12}{start}{end:>{max(1, width - len(start))}}")
    for index, labels in enumerate(matrix.series[: console.height]):
        console.print(Text("■ ", style=_COLOURS[index % len(_COLOURS)]) + Text(str(labels)))
    hidden = len(matrix.series) - console.height
    if hidden > 0:
        console.print(t("cli.query.more", n=hidden))


def _clock(t_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(t_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
