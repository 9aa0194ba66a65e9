"""`/api/jipyo/metrics`: every metric of the catalogue as it is now, with its last 24 hours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.series_groups import fold_series
from jipyo.model.errors import QueryError
from jipyo.source.metric_data import read_series
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.overview import MetricNow, MetricTopic, build_metric, build_topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.health import Health
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang, Texts
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest
    from jipyo.web.server_info import ServerInfo

DAY_MS = 86_400_000
STEP_MS = 600_000
"""How far apart the values of a line are: 145 of them in a small chart."""


@dataclass(frozen=True, slots=True)
class DayLine:
    """The last 24 hours of a metric: of several series what decides at each step."""

    id: str
    values: tuple[float | None, ...]
    series: int
    """How many series there were."""


@dataclass(frozen=True, slots=True)
class DayLines:
    """The last 24 hours of all metrics that have data, at common times."""

    start: float
    step: float
    lines: tuple[DayLine, ...]


@dataclass(frozen=True, slots=True)
class MetricIndex:
    """Every metric as it is now, in the catalogue's order."""

    t: float
    topics: tuple[MetricTopic, ...]
    metrics: tuple[MetricNow, ...]


INDEX = Operation("/metrics", MetricIndex, "Every metric as it is now.")
DAY = Operation("/metrics/day", DayLines, "The last 24 hours of every metric.")
OPERATIONS = (INDEX, DAY)


def routes(
    server: ServerInfo,
    catalogue: Catalogue,
    health: Callable[[], Health],
    read_day: Callable[[], DayLines],
) -> list[Route]:
    """The routes; `read_day` gives the lines, which change every few minutes only."""

    def build(_request: WebRequest, t: Texts) -> MetricIndex:
        now = health()
        return MetricIndex(
            now.t_ms / 1000,
            build_topics(catalogue, t.lang),
            tuple(build_metric(one, t, server, now.t_ms) for one in now.metrics),
        )

    lang: Lang = server.lang
    return [
        json_route(INDEX, build, lang),
        json_route(DAY, lambda _request, _t: read_day(), lang),
    ]


def read_day_lines(
    source: Source, catalogue: Catalogue, inventory: Inventory, now_ms: int
) -> DayLines:
    """The lines of all metrics; a metric whose query is refused has none.

    Raises:
        SourceError: the source failed.
    """
    end_ms = now_ms // STEP_MS * STEP_MS
    t_ms = np.arange(end_ms - DAY_MS, end_ms + 1, STEP_MS, dtype=np.int64)
    lines: list[DayLine] = []
    for metric in catalogue.metrics:
        try:
            data = read_series(source, metric, t_ms, STEP_MS, inventory)
        except QueryError:
            continue  # its own page says why
        if data.matrix.series:
            values = fold_series(data).tolist()
            rounded = tuple(float(f"{one:.4g}") if math.isfinite(one) else None for one in values)
            lines.append(DayLine(metric.id, rounded, len(data.matrix.series)))
    return DayLines(int(t_ms[0]) / 1000, STEP_MS / 1000, tuple(lines))
