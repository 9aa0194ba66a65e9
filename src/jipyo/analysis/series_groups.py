"""Series of a metric narrowed to some, or taken together by a label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.catalogue import Across, Direction
from jipyo.model.labels import Labels
from jipyo.model.matcher import select_all
from jipyo.model.result import Matrix
from jipyo.source.metric_data import pick_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.catalogue import Metric
    from jipyo.model.matcher import Matcher
    from jipyo.model.sample import Mask, Values
    from jipyo.source.metric_data import MetricData


def select_series(data: MetricData, matchers: Sequence[Matcher]) -> MetricData:
    """Only the series that all of the matchers select."""
    if not matchers:
        return data
    series = data.matrix.series
    return pick_rows(data, [row for row, one in enumerate(series) if select_all(matchers, one)])


def keep_worst_series(data: MetricData, limit: int) -> MetricData:
    """The series with the worst values of all steps, at most so many, in their order."""
    matrix = data.matrix
    if len(matrix.series) <= limit:
        return data
    sign = -1 if data.metric.direction is Direction.LOWER_IS_WORSE else 1
    worst = np.where(matrix.present, sign * matrix.values, -np.inf).max(axis=1)
    kept = np.sort(np.argsort(-worst, kind="stable")[:limit]).tolist()
    return replace(
        data,
        matrix=Matrix(
            tuple(matrix.series[row] for row in kept),
            matrix.t_ms,
            matrix.values[kept],
            matrix.present[kept],
        ),
        queries=tuple(data.queries[row] for row in kept),
        n=None if data.n is None else data.n[kept],
    )


def group_series(data: MetricData, by: Sequence[str]) -> MetricData:
    """One series for each combination of the labels' values, in the order of their first series.

    Several become one as the metric's headline in a report does: their sum or mean where it is
    that, else the worst of each step, as always where there are thresholds, which are about
    single series. The cases of shares are no longer known then.
    """
    matrix = data.matrix
    rows: dict[Labels, list[int]] = {}
    for row, labels in enumerate(matrix.series):
        key = Labels.of({name: labels[name] for name in by if name in labels})
        rows.setdefault(key, []).append(row)
    if not by or len(rows) == len(matrix.series):
        return data
    values = [_fold(data.metric, matrix.values[of], matrix.present[of]) for of in rows.values()]
    present = [matrix.present[of].any(axis=0) for of in rows.values()]
    folded = Matrix(tuple(rows), matrix.t_ms, np.array(values), np.array(present))
    queries = tuple(data.queries[of[0]] for of in rows.values())
    n = None if data.n is None else np.full(folded.values.shape, np.nan)
    return replace(data, matrix=folded, queries=queries, n=n)


def fold_series(data: MetricData) -> Values:
    """One value for each step, as `group_series` takes series together; NaN where there is none."""
    matrix = data.matrix
    values = _fold(data.metric, matrix.values, matrix.present)
    return np.where(matrix.present.any(axis=0), values, np.nan)


def _fold(metric: Metric, values: Values, present: Mask) -> Values:
    """One value for each step of rows of shape (series, steps); any where none is present."""
    across = Across.MAX if metric.thresholds else metric.report.across[0]
    if across is Across.SUM:
        total: Values = np.where(present, values, 0).sum(axis=0)
        return total
    if across is Across.AVG:
        mean: Values = np.where(present, values, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        return mean
    if across is Across.MIN or metric.direction is Direction.LOWER_IS_WORSE:
        least: Values = np.where(present, values, np.inf).min(axis=0)
        return least
    greatest: Values = np.where(present, values, -np.inf).max(axis=0)
    return greatest
