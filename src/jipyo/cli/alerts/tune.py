"""`jipyo alerts tune`: how often other thresholds would have fired on the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import find_keep_firing_ms
from jipyo.alerts.tuning import FiringCount, read_history, tune
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command
from jipyo.cli.metric_names import METRIC, find_metric
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_line,
    show_progress,
)
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.alerts.tuning import Tuning
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_MONTH_MS = 30 * 86_400_000


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("tune", cls=Command, help=t("cli.alerts.tune.help"))
    @click.argument("name", type=METRIC, metavar="METRIC")
    @click.option("--from", "start", metavar="TIME", help=t("cli.alerts.tune.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.query.to"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.alerts.tune.json"))
    @pass_config(t)
    def tune_metric(
        config: Config, words: Texts, name: str, start: str | None, end: str | None, as_json: bool
    ) -> None:
        options = config.settings.alerts or AlertsOptions()
        with read_workspace(config) as workspace:
            metric = find_metric(name, workspace.catalogue)
            if metric.thresholds is None:
                raise ConfigError("cli.alerts.tune.no_thresholds", name=metric.id)
            now_ms = workspace.now_ms()
            end_ms = parse_moment(end, config.zone, now_ms) if end else now_ms
            start_ms = parse_moment(start, config.zone, now_ms) if start else end_ms - _MONTH_MS
            if start_ms >= end_ms:
                raise ConfigError("cli.alerts.replay.order")
            span = (start_ms, end_ms, options.interval_ms)
            with show_progress(words("cli.alerts.tune.working")) as advance:
                history = read_history(workspace.source, metric, *span, advance)
                tuning = tune(history, find_keep_firing_ms(metric, options))
        if as_json:
            click.echo(orjson.dumps(_build_json(tuning), option=orjson.OPT_INDENT_2).decode())
        else:
            _print_tuning(tuning, words)


def _print_tuning(tuning: Tuning, t: Texts) -> None:
    history = tuning.history
    metric, unit = history.metric, history.metric.unit.value
    seen = t.span(history.seen_ms)
    head = {"name": metric.name(t.lang), "series": len(history.series), "span": seen}
    print_line(t("cli.alerts.tune.head", **head))
    if not history.series:
        return
    durations = sorted({one.for_ms for one in tuning.counts})
    headings = [_name_duration(for_ms, t) for for_ms in durations]
    table = build_table([t("cli.alerts.tune.threshold"), *headings])
    for column in table.columns[1:]:
        column.justify = "right"
    rows: dict[float, list[Text]] = {}
    for one in tuning.counts:
        is_current = one == tuning.current
        text = Text(f"{one.fired:,}" + (" *" if is_current else "  "))
        text.stylize("bold" if is_current else "dim" if not one.fired else "")
        rows.setdefault(one.threshold, []).append(text)
    for threshold, cells in rows.items():
        table.add_row(t.number(threshold, unit), *cells)
    open_terminal().print(table)
    print_line(_describe_advice(tuning, t))


def _name_duration(for_ms: int, t: Texts) -> str:
    return t("cli.alerts.tune.for", span=t.span(for_ms)) if for_ms else t("cli.alerts.tune.at_once")


def _describe_advice(tuning: Tuning, t: Texts) -> str:
    """What the history says about the pair in force."""
    history, unit = tuning.history, tuning.history.metric.unit.value
    current, better = tuning.current, tuning.better
    values: dict[str, object] = {"span": t.span(history.seen_ms)}
    if current is not None:
        values |= {"fired": current.fired, "firing": t.span(current.firing_ms)}
    if tuning.worst is not None:
        values["worst"] = t.number(tuning.worst, unit)
    if better is not None:
        values["threshold"] = t.number(better.threshold, unit)
        values["duration"] = _name_duration(better.for_ms, t)
        values["better"] = better.fired
    return t(f"cli.alerts.tune.advice.{tuning.advice.value}", **values)


def _build_json(tuning: Tuning) -> dict[str, object]:
    history = tuning.history
    return {
        "metric": history.metric.id,
        "from": int(history.t_ms[0]) / 1000,
        "to": int(history.t_ms[-1]) / 1000,
        "series": len(history.series),
        "seen_seconds": history.seen_ms / 1000,
        "worst": tuning.worst,
        "current": tuning.current and _build_count(tuning.current),
        "counts": [_build_count(one) for one in tuning.counts],
        "advice": tuning.advice.value,
        "better": tuning.better and _build_count(tuning.better),
    }


def _build_count(count: FiringCount) -> dict[str, object]:
    return {
        "threshold": count.threshold,
        "for_seconds": count.for_ms / 1000,
        "fired": count.fired,
        "firing_seconds": count.firing_ms / 1000,
        "series": count.series,
    }
