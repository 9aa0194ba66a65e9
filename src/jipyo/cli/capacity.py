"""`jipyo capacity`: at which load an objective breaks, from the hours that were seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.analysis.capacity.answer import judge_target
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.capacity.wording import describe_capacity, describe_target
from jipyo.analysis.service_load import ServiceReader, list_latency_buckets, make_windows
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command
from jipyo.cli.metric_names import find_metric
from jipyo.cli.options import open_terminal, pass_config, show_progress
from jipyo.model.errors import ConfigError
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.capacity.answer import Capacity, TargetAnswer
    from jipyo.analysis.service_load import ServiceLoad
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

    Answer = tuple[ServiceLoad, Capacity, TargetAnswer | None]

_OBJECTIVE = re.compile(r"\s*([\w.]+)\s*<=\s*(\d+(?:\.\d+)?)\s*(ms|s|m)?\s*")
_TARGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*(s|m|h)|tps|rps)?\s*", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%?\s*")
_DEFAULT = "app.response_time <= 2s"


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("capacity", cls=Command, help=t("cli.capacity.help"))
    @click.option("--objective", default=_DEFAULT, metavar="TEXT", help=t("cli.capacity.objective"))
    @click.option("--errors", default="1%", metavar="PERCENT", help=t("cli.capacity.errors"))
    @click.option("--target", default="", metavar="RATE", help=t("cli.capacity.target"))
    @click.option("--service", default="", metavar="TEXT", help=t("cli.capacity.service"))
    @click.option(
        "--days", type=click.IntRange(2, 90), default=14, metavar="N", help=t("cli.capacity.days")
    )
    @click.option("--json", "as_json", is_flag=True, help=t("cli.capacity.json"))
    @pass_config(t)
    def print_capacity(
        config: Config, words: Texts, days: int, as_json: bool, **texts: str
    ) -> None:
        rate = parse_rate(texts["target"]) if texts["target"] else None
        most_errors = parse_share(texts["errors"])
        with show_progress(words("cli.capacity.working")), read_workspace(config) as workspace:
            metric, limit_s = parse_objective(texts["objective"], workspace.catalogue)
            now_ms = workspace.now_ms()
            reader = ServiceReader(
                workspace.source,
                workspace.catalogue,
                make_windows(now_ms, days),
                take_inventory(workspace.source, now_ms),
                words.lang,
            )
            loads = [load for load in reader.read(metric) if texts["service"] in load.name]
            answers = [_answer(load, limit_s, most_errors, rate) for load in loads]
        if as_json:
            rows = [build_row(*answer, config.zone, words) for answer in answers]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        elif answers:
            _print_answers(metric, answers, config.zone, words)
        else:
            text = words("cli.capacity.nothing", metric=metric.id, days=days)
            open_terminal().print(text, soft_wrap=True)


def _answer(load: ServiceLoad, limit_s: float, most_errors: float, rate: float | None) -> Answer:
    objective = CapacityObjective(limit_s, load.quantile, most_errors)
    capacity = find_capacity(load.history, objective)
    return load, capacity, None if rate is None else judge_target(capacity, rate)


def parse_objective(text: str, catalogue: Catalogue) -> tuple[Metric, float]:
    """`app.response_time <= 2s`: a latency metric, and its limit in seconds.

    Raises:
        ConfigError: it is something else, or the metric has no histogram to judge by.
    """
    match = _OBJECTIVE.fullmatch(text)
    if match is None or float(match[2]) == 0:
        raise ConfigError("cli.capacity.not_an_objective", value=text)
    metric = find_metric(match[1], catalogue)
    if next(list_latency_buckets(metric), None) is None:
        hint = "cli.capacity.no_histogram.hint"
        raise ConfigError("cli.capacity.no_histogram", hint=hint, metric=metric.id)
    return metric, float(match[2]) * _SECONDS[match[3] or "s"]


def parse_rate(text: str) -> float:
    """`100/s`, `100 TPS`, `6000/m`, in requests per second.

    Raises:
        ConfigError: it is something else.
    """
    match = _TARGET.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise ConfigError("cli.capacity.not_a_rate", value=text)
    return float(match[1]) / _SECONDS[(match[2] or "s").lower()]


def parse_share(text: str) -> float:
    """`1%` as a share of 1.

    Raises:
        ConfigError: it is something else, or not between 0 and 100%.
    """
    match = _PERCENT.fullmatch(text)
    if match is None or not 0 < float(match[1]) < 100:
        raise ConfigError("cli.capacity.not_a_share", value=text)
    return float(match[1]) / 100


def _print_answers(metric: Metric, answers: list[Answer], zone: ZoneInfo, t: Texts) -> None:
    console = open_terminal()
    for load, capacity, answer in answers:
        console.print(Text(load.name or metric.name(t.lang), style="bold"))
        if answer is not None:
            console.print(Text(describe_target(answer, t), style="bold"), soft_wrap=True)
        for line in describe_capacity(capacity, t, zone):
            console.print(Text(line), soft_wrap=True)
        console.print()


def build_row(
    load: ServiceLoad, capacity: Capacity, answer: TargetAnswer | None, zone: ZoneInfo, t: Texts
) -> dict[str, object]:
    """The answer for a service as a row of JSON; rates in requests a second."""
    breaking, proven = capacity.breaking, capacity.proven
    return {
        "service": dict(load.labels.pairs),
        "exporter": load.exporter,
        "expression": load.expression,
        "objective": {
            "quantile": load.quantile,
            "latency_s": capacity.objective.latency_s,
            "most_errors": capacity.objective.most_errors,
        },
        "breaking_rate": breaking
        and {"low": breaking.low, "median": breaking.median, "high": breaking.high},
        "refused": capacity.refusal is not None,
        "likely_above": capacity.likely_above,
        "proven_rate": proven and proven.rate,
        "limiting": capacity.limiting,
        "basis": capacity.basis.value,
        "target": answer and {"rate": answer.rate, "verdict": answer.verdict.value},
        "text": [
            *([] if answer is None else [describe_target(answer, t)]),
            *describe_capacity(capacity, t, zone),
        ],
    }
