"""A catalogue metric -> its series: for each target the first alternative that has data."""

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
    """What a metric was, and who said so.

    `matrix` has every step; an answer of NaN (a ratio or a quantile over nothing) counts
    as absent. `alternatives` has one entry a series.
    """

    metric: Metric
    matrix: Matrix
    alternatives: tuple[MetricQuery, ...]
    expressions: tuple[tuple[str, str], ...]
    """Exporter and PromQL of each question that gave a series."""
    warnings: tuple[str, ...]
    n: Values | None = None
    """Of how many cases each value is a share, shaped as the matrix, NaN where nobody
    counted; None for a metric that is no share of counted cases."""

    @property
    def exporters(self) -> tuple[str, ...]:
        """Who gave each series."""
        return tuple(one.exporter for one in self.alternatives)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One alternative's series, all of targets that no earlier one covers."""

    alternative: MetricQuery
    expression: str
    matrix: Matrix
    warnings: tuple[str, ...]
    n: Values | None = None


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
    time between two steps goes unseen. With the `names` of all metrics that there are
    (`metric_names`), alternatives that cannot have an answer are not asked.

    Raises:
        QueryError: an expression was refused.
        SourceError: whoever answers failed.
    """
    t_ms = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
    window = rate_window(metric, step_ms)
    answers: list[_Answer] = []
    covered: set[str] = set()
    # Sorting is stable: fallbacks come last, all else keeps its order.
    for alternative in sorted(metric.queries, key=lambda one: one.fallback):
        if answers and (alternative.fallback or not metric.labels):
            break
        expression = to_dialect(alternative.expression(window), source.dialect)
        if names is not None and not answerable(expression, names):
            continue
        answer = _ask(source, alternative, expression, t_ms)
        targets = [_target(metric, series) for series in answer.matrix.series]
        answer = _kept(answer, np.array([target not in covered for target in targets], bool))
        covered.update(targets)
        if answer.matrix.series:
            answers.append(_counted(source, answer, window))
    return _together(metric, t_ms, answers)


def rate_window(metric: Metric, step_ms: int) -> str:
    """What `$w` becomes at this step."""
    ms = max(metric.window_ms, step_ms)
    size, unit = next(one for one in _UNITS if ms % one[0] == 0)
    return f"{ms // size}{unit}"


def _ask(source: Source, alternative: MetricQuery, expr: str, t_ms: Times) -> _Answer:
    step_ms = int(t_ms[1] - t_ms[0]) if len(t_ms) > 1 else 1
    result = source.range(expr, int(t_ms[0]), int(t_ms[-1]), step_ms)
    matrix = result.value
    assert isinstance(matrix, Matrix), "BUG: a range question is answered by a Matrix"
    present = matrix.present & ~np.isnan(matrix.values)
    series = tuple(renamed(labels, alternative.rename) for labels in matrix.series)
    answer = Matrix(series, matrix.t_ms, matrix.values, present)
    some = np.asarray(present.any(axis=1))
    return _kept(_Answer(alternative, expr, answer, result.warnings), some)


def _counted(source: Source, answer: _Answer, window: str) -> _Answer:
    """The answer with the number of cases of each of its values, where they are counted."""
    alternative, t_ms = answer.alternative, answer.matrix.t_ms
    if alternative.total_promql is None:
        return answer
    counting = replace(alternative, promql=alternative.total_promql)
    expression = to_dialect(counting.expression(window), source.dialect)
    cases = _ask(source, counting, expression, t_ms).matrix
    rows = {labels: row for row, labels in enumerate(cases.series)}
    nobody = np.full(len(t_ms), np.nan)
    n = [
        np.where(cases.present[rows[labels]], cases.values[rows[labels]], np.nan)
        if labels in rows
        else nobody
        for labels in answer.matrix.series
    ]
    return replace(answer, n=np.stack(n))


def renamed(labels: Labels, names: Mapping[str, str]) -> Labels:
    """An answer's labels under the catalogue's names; one that is there already stays."""
    moved = {new: labels[old] for old, new in names.items() if old in labels and new not in labels}
    return labels.drop(names).put(moved) if moved else labels


def _target(metric: Metric, labels: Labels) -> str:
    return labels.get(metric.labels[0], "") if metric.labels else ""


def _kept(answer: _Answer, rows: Mask) -> _Answer:
    matrix = answer.matrix
    series = tuple(labels for labels, keep in zip(matrix.series, rows, strict=True) if keep)
    kept = Matrix(series, matrix.t_ms, matrix.values[rows], matrix.present[rows])
    return replace(answer, matrix=kept)


def _together(metric: Metric, t_ms: Times, answers: Sequence[_Answer]) -> MetricData:
    nothing = np.empty((0, len(t_ms)))
    matrices = [answer.matrix for answer in answers]
    return MetricData(
        metric=metric,
        matrix=Matrix(
            series=tuple(labels for matrix in matrices for labels in matrix.series),
            t_ms=t_ms,
            values=np.concatenate([nothing, *(matrix.values for matrix in matrices)]),
            present=np.concatenate([nothing > 0, *(matrix.present for matrix in matrices)]),
        ),
        alternatives=tuple(one.alternative for one in answers for _ in one.matrix.series),
        expressions=tuple((one.alternative.exporter, one.expression) for one in answers),
        warnings=tuple(dict.fromkeys(text for one in answers for text in one.warnings)),
        n=np.concatenate([nothing, *map(_cases, answers)]) if metric.counted else None,
    )


def _cases(answer: _Answer) -> Values:
    return answer.n if answer.n is not None else np.full(answer.matrix.values.shape, np.nan)
