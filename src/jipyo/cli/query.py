"""`jipyo query`: a PromQL query in the terminal."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.table import Table
from rich.text import Text

from jipyo import promql
from jipyo.app.offline import read_workspace
from jipyo.cli.chart import format_time, print_chart, print_legend
from jipyo.cli.localized import Command
from jipyo.cli.moments import parse_length, parse_moment
from jipyo.cli.options import open_terminal, pass_config, print_incomplete
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, String, Vector
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_CHART_STEPS = 240

SampleRow = tuple[Labels, int, str]
"""Series, time in ms and value; a scalar has the empty series."""
FORMATS = ("table", "chart", "json", "csv")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("query", cls=Command, help=t("cli.query.help"), short_help=t("cli.query.short"))
    @click.argument("expr")
    @click.option("--at", metavar="TIME", help=t("cli.query.at"))
    @click.option("--from", "start", metavar="TIME", help=t("cli.query.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.query.to"))
    @click.option("--step", metavar="DURATION", help=t("cli.query.step"))
    @click.option("--format", "format_name", type=click.Choice(FORMATS), help=t("cli.query.format"))
    @click.option("--explain", is_flag=True, help=t("cli.query.explain"))
    @pass_config(t)
    def run_query(
        config: Config,
        words: Texts,
        expr: str,
        format_name: str | None,
        explain: bool,
        **times: str | None,
    ) -> None:
        start_ms, end_ms, step_ms = parse_range(times, config.zone, SystemClock().now_ms())
        if explain:
            engine = promql.Engine(config.settings.query)
            click.echo("\n".join(engine.explain(expr, start_ms, end_ms, step_ms).lines()))
            return
        with read_workspace(config) as workspace:
            if step_ms:
                result = workspace.source.range(expr, start_ms, end_ms, step_ms)
            else:
                result = workspace.source.instant(expr, end_ms)
        _print_result(result, format_name, config.zone, words)


def parse_range(
    times: Mapping[str, str | None], zone: ZoneInfo, now_ms: int
) -> tuple[int, int, int]:
    """Start, end and step in milliseconds from `at`, `start`, `end` and `step`.

    Without a start it is a single moment: start and end are equal and the step is 0.

    Raises:
        ConfigError: one of them is not a time, or the step is not a duration above 0.
    """
    start, step = times.get("start"), times.get("step")
    if not start:
        moment_ms = parse_moment(times.get("at") or "now", zone, now_ms)
        return moment_ms, moment_ms, 0
    start_ms = parse_moment(start, zone, now_ms)
    end_ms = parse_moment(times.get("end") or "now", zone, now_ms)
    default_step_ms = max(1000, (end_ms - start_ms) // _CHART_STEPS // 1000 * 1000)
    step_ms = parse_length(step) if step else default_step_ms
    if step_ms == 0:
        raise ConfigError("cli.query.not_a_duration", value=step)
    return start_ms, end_ms, step_ms


def _print_result(result: QueryResult, format_name: str | None, zone: ZoneInfo, t: Texts) -> None:
    """Print in a format; without one, a range as a chart and anything else as a table."""
    missing = [t.error(error) for error in result.missing]
    if format_name == "json":
        result = replace(result, warnings=(*missing, *result.warnings))
        click.echo(b"".join(encode.answer(result)).decode())
        return
    if format_name == "csv":
        click.echo(_write_csv(list_samples(result)), nl=False)
        print_incomplete(result.missing, t)
        return
    console, value = open_terminal(), result.value
    if isinstance(value, Matrix) and value.series and format_name in (None, "chart"):
        print_chart(console, value.values, value.present, value.t_ms, zone)
        print_legend(console, list(map(str, value.series)), t)
    else:
        _print_table(console, list_samples(result), zone, t)
    estimated = (t("cli.query.estimated"),) if result.estimated else ()
    incomplete = [t("cli.incomplete", problem=problem) for problem in missing]
    for note in (*incomplete, *estimated, *result.warnings, *result.infos):
        console.print(note, style="yellow", markup=False)


def _write_csv(rows: list[SampleRow]) -> str:
    """A row a sample: a column for each label, the name of the metric first, time and value."""
    names = sorted({name for labels, _, _ in rows for name in labels})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*names, "time", "value"))
    writer.writerows(
        (*(labels.get(name, "") for name in names), t_ms / 1000, value)
        for labels, t_ms, value in rows
    )
    return text.getvalue()


def list_samples(result: QueryResult) -> list[SampleRow]:
    """Series, time and value of every sample; values as the HTTP API writes them."""
    value = result.value
    if isinstance(value, String):
        return [(Labels.of({}), value.t_ms, value.value)]
    if isinstance(value, Scalar):
        return [(Labels.of({}), value.t_ms, encode.format_number(value.value))]
    if isinstance(value, Vector):
        pairs = zip(value.series, value.values, strict=True)
        return [(labels, value.t_ms, encode.format_number(float(v))) for labels, v in pairs]
    return _list_range_samples(value)


def _list_range_samples(value: Matrix | RawMatrix) -> list[SampleRow]:
    if isinstance(value, RawMatrix):
        return [
            (labels, int(t), encode.format_number(float(v)))
            for block in value.blocks
            for labels, line in zip(block.series, block.values, strict=True)
            for t, v in zip(block.t_ms, line, strict=True)
        ]
    return [
        (labels, int(value.t_ms[step]), encode.format_number(float(line[step])))
        for labels, line, there in zip(value.series, value.values, value.present, strict=True)
        for step in np.flatnonzero(there)
    ]


def _print_table(console: Console, rows: list[SampleRow], zone: ZoneInfo, t: Texts) -> None:
    if not rows:
        console.print(t("cli.query.nothing"))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(t("cli.query.series"), overflow="fold")
    table.add_column(t("cli.query.time"))
    table.add_column(t("cli.query.value"), justify="right")
    for labels, t_ms, value in rows:
        table.add_row(Text(str(labels)), format_time(t_ms, zone), value)
    console.print(table)
