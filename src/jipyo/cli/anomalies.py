"""`jipyo anomalies`: what is unusual now or was over a range, and compared with what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click
import numpy as np
import orjson
from rich.text import Text

from jipyo.analysis.anomaly.wording import describe_anomaly
from jipyo.analysis.anomaly_events import find_target_anomalies
from jipyo.analysis.anomaly_steps import read_watched
from jipyo.app.offline import read_workspace
from jipyo.cli.forecast import check_forecastable
from jipyo.cli.localized import Command
from jipyo.cli.metric_names import METRIC, find_metric
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import open_terminal, pass_config, print_incomplete, show_progress
from jipyo.model.errors import ConfigError
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.anomaly_events import AnomalyEvent, TargetAnomaly
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

STEP_MS = 300_000
LEARN_MS = 7 * 86_400_000
"""Before the range: what is usual is learned from it."""
_NOW_MS = 3_600_000
"""Without a range: what deviated in the last hour."""
_LONGEST_MS = 31 * 86_400_000


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("anomalies", cls=Command, help=t("cli.anomalies.help"))
    @click.argument("metrics", nargs=-1, type=METRIC, metavar="[METRIC]...")
    @click.option("--from", "start", metavar="TIME", help=t("cli.anomalies.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.query.to"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.anomalies.json"))
    @pass_config(t)
    def print_anomalies(
        config: Config,
        words: Texts,
        metrics: tuple[str, ...],
        start: str | None,
        end: str | None,
        as_json: bool,
    ) -> None:
        with show_progress(words("cli.anomalies.working")), read_workspace(config) as workspace:
            ids = [find_metric(name, workspace.catalogue) for name in metrics]
            for metric in ids:
                check_forecastable(metric)
            since_ms, until_ms = parse_times(start, end, config.zone, workspace.now_ms())
            last_ms = until_ms // STEP_MS * STEP_MS
            steps = (until_ms - since_ms + LEARN_MS) // STEP_MS
            t_ms = last_ms - STEP_MS * np.arange(steps - 1, -1, -1, dtype=np.int64)
            inventory = take_inventory(workspace.source, until_ms)
            only = [metric.id for metric in ids]
            source, catalogue = workspace.source, workspace.catalogue
            watched = read_watched(source, catalogue, t_ms, STEP_MS, inventory, only)
            found = find_target_anomalies(watched, t_ms, STEP_MS, config.zone, since_ms)
        if as_json:
            rows = [_build_row(one, catalogue, words) for one in found]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        else:
            n = len(watched.series)
            _print_found(found, n, catalogue, words, config.zone, until_ms)
        print_incomplete(watched.missing, words)


def parse_times(start: str | None, end: str | None, zone: ZoneInfo, now_ms: int) -> tuple[int, int]:
    """From and to; without a start the last hour.

    Raises:
        ConfigError: one of them is not a time, or they are the wrong way round or far apart.
    """
    until_ms = parse_moment(end or "now", zone, now_ms)
    since_ms = parse_moment(start, zone, now_ms) if start else until_ms - _NOW_MS
    if not STEP_MS <= until_ms - since_ms <= _LONGEST_MS:
        raise ConfigError("cli.anomalies.bad_range")
    return since_ms, until_ms


def _print_found(
    found: Sequence[TargetAnomaly],
    series: int,
    catalogue: Catalogue,
    t: Texts,
    zone: ZoneInfo,
    now_ms: int,
) -> None:
    console = open_terminal()
    for one in found:
        start = t.recent_moment(one.start_ms, zone, now_ms)
        end = t.recent_moment(one.end_ms, zone, now_ms)
        moment = start if one.start_ms == one.end_ms else f"{start} – {end}"
        heading = t("cli.anomalies.target", target=one.target, moment=moment, n=len(one.events))
        console.print(Text(heading, style="bold"))
        for event in one.events:
            console.print(Text(f"  {describe_event(event, catalogue, t)}"), soft_wrap=True)
    key = "cli.anomalies.count" if found else "cli.anomalies.none"
    console.print(Text(t(key, n=len(found), series=series), style="dim"))


def describe_event(event: AnomalyEvent, catalogue: Catalogue, t: Texts) -> str:
    """The strongest deviation in words."""
    metric = catalogue.get(event.series.metric_id)
    assert metric is not None, f"BUG: {event.series.metric_id} is not in the catalogue"
    rest = [
        value
        for name, value in event.series.labels.pairs
        if name not in metric.labels[:1] and value not in event.series.target
    ]
    name = " · ".join([metric.name(t.lang), *rest])
    return describe_anomaly(event.peak, name, metric.unit.value, t)


def _build_row(one: TargetAnomaly, catalogue: Catalogue, t: Texts) -> dict[str, object]:
    return {
        "target": one.target,
        "start": one.start_ms / 1000,
        "end": one.end_ms / 1000,
        "score": round(one.score, 3),
        "series": [
            {
                "metric": event.series.metric_id,
                "labels": dict(event.series.labels.pairs),
                "start": event.start_ms / 1000,
                "end": event.end_ms / 1000,
                "t": event.peak_ms / 1000,
                "score": round(event.peak.score, 3),
                "value": event.peak.value,
                "expected": event.peak.expected,
                "expectation": event.peak.expectation.name.lower(),
                "deviation": event.peak.deviation if math.isfinite(event.peak.deviation) else None,
                "text": describe_event(event, catalogue, t),
            }
            for event in one.events
        ],
    }
