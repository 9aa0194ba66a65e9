"""The load of each service in windows, with latency, errors and busy shares: for the capacity.

What is read follows from the catalogue: the buckets within `histogram_quantile` of a latency
metric, the error rate of the same group of metrics, and the shares in use of whatever may give
out first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.history import LoadHistory, Resource
from jipyo.analysis.series_names import name_series
from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import Call, NumberLiteral, walk
from jipyo.promql.syntax.features import ALL
from jipyo.source.metric_data import label_series, read_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.catalogue import Catalogue, Metric, MetricQuery
    from jipyo.i18n import Lang
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory

WINDOW_MS = 900_000
"""A quarter of an hour: in shorter windows the rate itself is chance."""
_WINDOW = "15m"
_DAY_MS = 86_400_000
_LE = "le"
_RESOURCES = (
    "system.cpu.utilization",
    "system.gpu.engine_active",
    "app.pool.connections",
    "app.pool.threads",
    "db.connections",
)
"""Shares in use, in per cent; NVIDIA's "GPU utilisation" is none."""
_ERRORS: Mapping[str, str] = {"app": "app.error_rate", "ai": "ai.failures"}
_MOST_RESOURCES = 16


@dataclass(frozen=True, slots=True)
class LatencyBuckets:
    """The histogram that a latency metric is a quantile of."""

    query: MetricQuery
    quantile: float
    expression: str
    """Requests a second by the upper bound of their latency, in windows of 15 minutes."""


@dataclass(frozen=True, slots=True)
class ServiceLoad:
    """The load of one service."""

    labels: Labels
    exporter: str
    expression: str
    quantile: float
    history: LoadHistory

    @property
    def name(self) -> str:
        """What people call it."""
        return name_series(self.labels)


def list_latency_buckets(metric: Metric) -> Iterator[LatencyBuckets]:
    """The histograms that the metric's queries are quantiles of, in their order."""
    for query in metric.queries:
        tree = parse(query.expression(_WINDOW), ALL)
        for node in walk(tree):
            if isinstance(node, Call) and node.function.name == "histogram_quantile":
                quantile, buckets = node.args
                if isinstance(quantile, NumberLiteral):
                    yield LatencyBuckets(query, quantile.value, format_expr(buckets))
                break


@dataclass(frozen=True, slots=True)
class ServiceReader:
    """Reads from one source the windows of some days."""

    source: Source
    catalogue: Catalogue
    t_ms: Times
    """The end of each window."""
    inventory: Inventory
    lang: Lang

    def read(self, metric: Metric) -> tuple[ServiceLoad, ...]:
        """The load of every service that the latency metric has.

        Raises:
            QueryError: an expression was rejected.
            SourceError: the source failed.
        """
        found: dict[Labels, ServiceLoad] = {}
        resources: tuple[Resource, ...] | None = None
        for buckets in list_latency_buckets(metric):
            if not self.inventory.may_have_answer(buckets.expression):
                continue
            start_ms, end_ms = int(self.t_ms[0]), int(self.t_ms[-1])
            matrix = self.source.range(buckets.expression, start_ms, end_ms, WINDOW_MS).value
            assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
            services = _group_bounds(matrix, metric, buckets.query)
            if services and resources is None:
                resources = self._read_resources()
            for labels, rows in services.items():
                errors = self._read_errors(metric, labels)
                history = _build_history(self.t_ms, matrix, rows, errors, resources or ())
                if history is not None:
                    load = ServiceLoad(
                        labels,
                        buckets.query.exporter,
                        buckets.expression,
                        buckets.quantile,
                        history,
                    )
                    found.setdefault(labels, load)
        return tuple(found.values())

    def _read_errors(self, metric: Metric, labels: Labels) -> Values:
        """The share of requests that failed in each window, 0 where it is not known."""
        errors = self.catalogue.get(_ERRORS.get(metric.id.partition(".")[0], ""))
        if errors is None:
            return np.zeros(len(self.t_ms))
        matrix = self._read_windows(errors)
        rows = [row for row, one in enumerate(matrix.series) if one == labels]
        if not rows:
            return np.zeros(len(self.t_ms))
        return np.where(matrix.present[rows[0]], matrix.values[rows[0]] / 100, 0.0)

    def _read_resources(self) -> tuple[Resource, ...]:
        """What may give out first; a metric whose query is rejected is none of it."""
        found: list[Resource] = []
        for metric_id in _RESOURCES:
            metric = self.catalogue.get(metric_id)
            if metric is None:
                continue
            try:
                matrix = self._read_windows(metric)
            except QueryError:
                continue
            for row, labels in enumerate(matrix.series):
                busy = np.where(matrix.present[row], matrix.values[row] / 100, np.nan)
                name = f"{metric.name(self.lang)} ({name_series(labels)})"
                found.append(Resource(name, busy))
        return tuple(found[:_MOST_RESOURCES])

    def _read_windows(self, metric: Metric) -> Matrix:
        wide = replace(metric, window_ms=WINDOW_MS)
        return read_series(self.source, wide, self.t_ms, WINDOW_MS, self.inventory).matrix


def make_windows(end_ms: int, days: int) -> Times:
    """The ends of the windows of so many days up to a moment."""
    last_ms = end_ms // WINDOW_MS * WINDOW_MS
    count = days * _DAY_MS // WINDOW_MS
    return last_ms - WINDOW_MS * np.arange(count - 1, -1, -1, dtype=np.int64)


def _group_bounds(
    matrix: Matrix, metric: Metric, query: MetricQuery
) -> dict[Labels, list[tuple[float, int]]]:
    """The rows of each service with their bounds in seconds, ascending."""
    groups: dict[Labels, list[tuple[float, int]]] = {}
    scale = 1000.0 if query.expression(_WINDOW).endswith("/ 1000") else 1.0
    for row, labels in enumerate(matrix.series):
        try:
            bound = float(labels.get(_LE, ""))
        except ValueError:
            continue
        about = label_series(labels.drop((_LE,)), metric, query)
        groups.setdefault(about, []).append((bound / scale, row))
    return {labels: sorted(rows) for labels, rows in groups.items()}


def _build_history(
    t_ms: Times,
    matrix: Matrix,
    rows: list[tuple[float, int]],
    error_shares: Values,
    resources: tuple[Resource, ...],
) -> LoadHistory | None:
    """The windows that have counts; None where the histogram has no bound or no end."""
    bounds = np.array([bound for bound, _ in rows])
    if len(bounds) < 2 or not math.isinf(bounds[-1]) or bounds[0] <= 0:
        return None
    at = [row for _, row in rows]
    rates = np.where(matrix.present[at], matrix.values[at], np.nan).T
    counts = np.maximum.accumulate(rates * (WINDOW_MS / 1000), axis=1)
    requests = counts[:, -1]
    known = np.isfinite(requests)
    history = LoadHistory(
        t_ms=t_ms,
        window_s=WINDOW_MS / 1000,
        requests=requests,
        errors=requests * error_shares,
        buckets=np.diff(counts, axis=1, prepend=0.0),
        bounds_s=bounds[:-1],
        resources=resources,
    )
    return history.select(known) if known.any() else None
