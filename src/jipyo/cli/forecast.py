"""`jipyo forecast`: what is expected of a metric, and when its thresholds are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import numpy as np
import orjson
from rich.text import Text

from jipyo.analysis.forecast import Forecast
from jipyo.analysis.outlook import (
    DAY_HOURS,
    DAY_MS,
    WEEK_HOURS,
    OutlookOptions,
    build_outlook,
    is_forecastable,
    read_histories,
)
from jipyo.analysis.outlook_wording import describe_backtest, describe_crossings, sort_by_urgency
from jipyo.analysis.series_names import name_series_apart
from jipyo.app.offline import read_workspace
from jipyo.cli.chart import print_chart, print_legend
from jipyo.cli.localized import Command
from jipyo.cli.metric_names import METRIC, find_metric
from jipyo.cli.moments import parse_length
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_warning,
    show_progress,
)
from jipyo.model.errors import ConfigError
from jipyo.source.hourly import HOUR_MS
from jipyo.source.inventory import take_inventory
from jipyo.web.api.outlook import build_outlooks

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from jipyo.analysis.outlook import Outlook
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Metric
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.progress import Progress

_SHOWN = 3
"""Series that are drawn; of the others the sentences are printed."""
_ROWS = 8
"""Moments in the table of a series."""
_LONGEST_MS = 90 * DAY_MS


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("forecast", cls=Command, help=t("cli.forecast.help"))
    @click.argument("metric", type=METRIC)
    @click.option("--horizon", metavar="DURATION", default="7d", help=t("cli.forecast.horizon"))
    @click.option("--series", metavar="TEXT", default="", help=t("cli.forecast.series"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.forecast.json"))
    @pass_config(t)
    def print_forecast(
        config: Config, words: Texts, metric: str, horizon: str, series: str, as_json: bool
    ) -> None:
        options = OutlookOptions(forecast_hours=parse_horizon(horizon))
        with (
            show_progress(words("cli.forecast.working")) as advance,
            read_workspace(config) as workspace,
        ):
            wanted = find_metric(metric, workspace.catalogue)
            check_forecastable(wanted)
            outlooks = compute_outlooks(workspace, wanted, options, series, advance)
        if as_json:
            document = build_outlooks(wanted, outlooks, words, config.zone)
            click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
            return
        _print_outlooks(wanted, outlooks, config.zone, words)


def parse_horizon(text: str) -> int:
    """A length of time from an hour to 90 days, in hours.

    Raises:
        ConfigError: it is something else.
    """
    length_ms = parse_length(text)
    if not HOUR_MS <= length_ms <= _LONGEST_MS:
        raise ConfigError("cli.forecast.bad_horizon", value=text)
    return length_ms // HOUR_MS


def check_forecastable(metric: Metric) -> None:
    """Raise where a forecast of the metric would say nothing."""
    if not is_forecastable(metric):
        hint = "cli.forecast.not_forecastable.hint"
        raise ConfigError("cli.forecast.not_forecastable", hint=hint, metric=metric.id)


def compute_outlooks(
    workspace: Workspace,
    metric: Metric,
    options: OutlookOptions,
    series: str,
    progress: Progress,
) -> list[Outlook]:
    """The outlooks of the series whose name contains the text, the most urgent first."""
    now_ms = workspace.now_ms()
    inventory = take_inventory(workspace.source, now_ms)
    histories = read_histories(
        workspace.source, metric, now_ms, workspace.zone, inventory, hours=options.history_hours
    )
    names = name_series_apart([history.labels for history in histories])
    chosen = [one for one, name in zip(histories, names, strict=True) if series in name]
    found: list[Outlook] = []
    for history in chosen:
        progress(len(found), len(chosen))
        found.append(build_outlook(history, options))
    return sort_by_urgency(found)


def _print_outlooks(metric: Metric, outlooks: list[Outlook], zone: ZoneInfo, t: Texts) -> None:
    console = open_terminal()
    if not outlooks:
        print_warning(t("cli.forecast.nothing", metric=metric.id))
        return
    names = name_series_apart([outlook.labels for outlook in outlooks])
    for place, (outlook, name) in enumerate(zip(outlooks, names, strict=True)):
        title = f"{metric.name(t.lang)} · {name}" if name else metric.name(t.lang)
        console.print(Text(title, style="bold"))
        forecast = outlook.forecast
        if isinstance(forecast, Forecast) and place < _SHOWN:
            _print_forecast(console, outlook, forecast, metric.unit.value, zone, t)
        for sentence in describe_crossings(outlook, metric.unit.value, t, zone):
            console.print(sentence, soft_wrap=True)
        console.print(Text(describe_backtest(outlook, t), style="dim"), soft_wrap=True)
        console.print()


def _print_forecast(
    console: Console, outlook: Outlook, forecast: Forecast, unit: str, zone: ZoneInfo, t: Texts
) -> None:
    """The past, as long as the forecast, then the forecast with its interval, and a table."""
    history = outlook.history
    ahead_ms = int(forecast.t_ms[-1] - history.t_ms[-1])
    recent = history.t_ms > history.t_ms[-1] - ahead_ms
    past, t_ms = history.values[recent], np.concatenate([history.t_ms[recent], forecast.t_ms])
    low, high = forecast.interval_80
    lines = np.full((4, len(t_ms)), np.nan)
    lines[0, : len(past)] = past
    lines[1:, len(past) :] = forecast.median, low, high
    print_chart(console, lines, np.isfinite(lines), t_ms, zone)
    keys = ("past", "expected", "low", "high")
    print_legend(console, [t(f"cli.forecast.{key}") for key in keys], t)
    table = build_table([t(f"cli.forecast.{key}") for key in ("time", "expected", "interval")])
    for step in choose_rows(len(forecast.t_ms), forecast.t_ms):
        ends = f"{t.number(float(low[step]), unit)} – {t.number(float(high[step]), unit)}"
        moment = t.recent_moment(int(forecast.t_ms[step]), zone, int(history.t_ms[-1]))
        table.add_row(moment, t.number(float(forecast.median[step]), unit), ends)
    console.print(table)


def choose_rows(steps: int, t_ms: np.ndarray) -> list[int]:
    """At most eight steps with the last, whole days apart where the forecast is long enough."""
    apart = max(-(-steps // _ROWS), 1)
    a_day = DAY_HOURS if len(t_ms) > 1 and t_ms[1] - t_ms[0] == HOUR_MS else 1
    if steps >= WEEK_HOURS:
        apart = -(-apart // a_day) * a_day
    return list(range(steps - 1, -1, -apart))[::-1]
