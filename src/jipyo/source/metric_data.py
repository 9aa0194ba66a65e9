"""A catalogue metric -> its series: for each target those of the first query that has data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.result import Matrix
from jipyo.source.dialect import to_dialect
from jipyo.source.prune import answerable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.catalogue import Metric, MetricQuery
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.base import Source
    from jipyo.source.prune import Names

_UNITS = ((3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"))


@dataclass(frozen=True, slots=True)
class MetricData:
    """A metric's series over steps, and which query each is from.

    `matrix` has every step; an answer of NaN (a ratio or a quantile over nothing) counts
    as absent.
    """

    metric: Metric
    matrix: Matrix
    queries: tuple[MetricQuery, ...]
    """The query that each series is from."""
    expressions: tuple[tuple[str, str], ...]
    """Exporter and PromQL of each query that had series."""
    warnings: tuple[str, ...]
    n: Values | None = None
    """Of how many cases each value is a share, shaped as the matrix, NaN where they are not
    counted; None for a metric that is no share of counted cases."""

    @property
    def exporters(self) -> tuple[str, ...]:
        """The exporter of each series."""
        return tuple(query.exporter for query in self.queries)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The series of one query, all of targets that no earlier one covers."""

    query: MetricQuery
    expression: str
    matrix: Matrix
    warnings: tuple[str, ...]
    n: Values | None = None

    def select(self, rows: Mask) -> _Answer:
        """Only some of the series; `rows` has shape (series,)."""
        matrix = self.matrix
        series = tuple(labels for labels, keep in zip(matrix.series, rows, strict=True) if keep)
        selected = Matrix(series, matrix.t_ms, matrix.values[rows], matrix.present[rows])
        return replace(self, matrix=selected)


def read_metric(
    source: Source,
    metric: Metric,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    names: Names | None = None,
) -> MetricData:
    """Read a metric at `start + i * step` up to and including `end`.

    The rate window is the metric's own, or the step where that is longer, so that no
    time between two steps goes unseen. With the `names` of all metrics that the source has
    (`metric_names`), queries that cannot have an answer are not sent.

    Raises:
        QueryError: an expression was refused.
        SourceError: the source failed.
    """
    t_ms = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
    window = rate_window(metric, step_ms)
    answers: list[_Answer] = []
    covered: set[str] = set()
    # Sorting is stable: fallbacks come last, all else keeps its order.
    for query in sorted(metric.queries, key=lambda query: query.fallback):
        if answers and (query.fallback or not metric.labels):
            break
        expression = to_dialect(query.expression(window), source.dialect)
        if names is not None and not answerable(expression, names):
            continue
        answer = _query_range(source, query, expression, t_ms)
        targets = [_find_target(metric, series) for series in answer.matrix.series]
        answer = answer.select(np.array([target not in covered for target in targets], bool))
        covered.update(targets)
        if answer.matrix.series:
            answers.append(_count_cases(source, answer, window))
    return _join_answers(metric, t_ms, answers)


def rate_window(metric: Metric, step_ms: int) -> str:
    """What `$w` becomes at this step."""
    ms = max(metric.window_ms, step_ms)
    size, unit = next(unit for unit in _UNITS if ms % unit[0] == 0)
    return f"{ms // size}{unit}"


def rename_labels(labels: Labels, names: Mapping[str, str]) -> Labels:
    """An answer's labels under the catalogue's names; one that is there already stays."""
    moved = {new: labels[old] for old, new in names.items() if old in labels and new not in labels}
    return labels.drop(names).put(moved) if moved else labels


def _find_target(metric: Metric, labels: Labels) -> str:
    """What tells the targets of a metric apart: the value of its first label."""
    return labels.get(metric.labels[0], "") if metric.labels else ""


def _query_range(source: Source, query: MetricQuery, expr: str, t_ms: Times) -> _Answer:
    """The series of a query that have any value."""
    step_ms = int(t_ms[1] - t_ms[0]) if len(t_ms) > 1 else 1
    result = source.range(expr, int(t_ms[0]), int(t_ms[-1]), step_ms)
    matrix = result.value
    assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
    present = matrix.present & ~np.isnan(matrix.values)
    series = tuple(rename_labels(labels, query.rename) for labels in matrix.series)
    renamed = Matrix(series, matrix.t_ms, matrix.values, present)
    return _Answer(query, expr, renamed, result.warnings).select(np.asarray(present.any(axis=1)))


def _count_cases(source: Source, answer: _Answer, window: str) -> _Answer:
    """The answer with the number of cases of each of its values, where they are counted."""
    query, t_ms = answer.query, answer.matrix.t_ms
    if query.total_promql is None:
        return answer
    counting = replace(query, promql=query.total_promql)
    expression = to_dialect(counting.expression(window), source.dialect)
    cases = _query_range(source, counting, expression, t_ms).matrix
    rows = {labels: row for row, labels in enumerate(cases.series)}
    n = np.full(answer.matrix.values.shape, np.nan)
    for at, labels in enumerate(answer.matrix.series):
        if labels in rows:
            row = rows[labels]
            n[at] = np.where(cases.present[row], cases.values[row], np.nan)
    return replace(answer, n=n)


def _join_answers(metric: Metric, t_ms: Times, answers: Sequence[_Answer]) -> MetricData:
    nothing = np.empty((0, len(t_ms)))
    matrices = [answer.matrix for answer in answers]
    cases = [
        np.full(answer.matrix.values.shape, np.nan) if answer.n is None else answer.n
        for answer in answers
    ]
    return MetricData(
        metric=metric,
        matrix=Matrix(
            series=tuple(labels for matrix in matrices for labels in matrix.series),
            t_ms=t_ms,
            values=np.concatenate([nothing, *(matrix.values for matrix in matrices)]),
            present=np.concatenate([nothing > 0, *(matrix.present for matrix in matrices)]),
        ),
        queries=tuple(answer.query for answer in answers for _ in answer.matrix.series),
        expressions=tuple((answer.query.exporter, answer.expression) for answer in answers),
        warnings=tuple(dict.fromkeys(text for answer in answers for text in answer.warnings)),
        n=np.concatenate([nothing, *cases]) if metric.counted else None,
    )
