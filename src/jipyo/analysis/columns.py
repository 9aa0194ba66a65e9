"""What a chart of a certain width can show of a series: the least and greatest of each column.

A mean would hide the peaks that a chart is looked at for, and every n-th value would miss most of
them. So each pixel column keeps its least and its greatest value, in the order in which they came.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.result import Matrix

if TYPE_CHECKING:
    import numpy.typing as npt

    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.metric_data import MetricData


def thin_to_columns(data: MetricData, column_ms: int) -> MetricData:
    """The least and the greatest value of each column of each series, and the cases behind them.

    Columns begin at multiples of `column_ms`. Each has two moments, its beginning and its middle,
    at which all series have their two values in the order of time; a single value stands at both.
    Data that have no more than two steps a column stay as they are.
    """
    matrix = data.matrix
    columns = matrix.t_ms // column_ms
    if len(columns) == 0:
        return data
    first = int(columns[0])
    count = int(columns[-1]) - first + 1
    if len(columns) <= 2 * count:
        return data
    begins_ms = (first + np.arange(count, dtype=np.int64)) * column_ms
    t_ms = np.stack([begins_ms, begins_ms + column_ms // 2], axis=1).ravel()
    steps = _find_extremes(columns - first, count, matrix.values, matrix.present)
    values = np.take_along_axis(matrix.values, steps, axis=1)
    present = np.take_along_axis(matrix.present, steps, axis=1)
    n = None if data.n is None else np.take_along_axis(data.n, steps, axis=1)
    return replace(data, matrix=Matrix(matrix.series, t_ms, values, present), n=n)


def _find_extremes(
    columns: Times, count: int, values: Values, present: Mask
) -> npt.NDArray[np.intp]:
    """The steps of the two values of each column, shape (series, 2 * columns)."""
    starts = np.searchsorted(columns, np.arange(count))
    widest = int(np.bincount(columns, minlength=count).max())
    # Columns side by side, the shorter ones filled with their own last step.
    ends = np.append(starts[1:], len(columns)) - 1
    grid = np.minimum(starts[:, None] + np.arange(widest), np.maximum(ends, 0)[:, None])
    known = present & ~np.isnan(values)
    least = np.where(known, values, np.inf)[:, grid].argmin(axis=2)
    greatest = np.where(known, values, -np.inf)[:, grid].argmax(axis=2)
    lower, upper = (
        np.take_along_axis(grid[None], at[..., None], 2)[..., 0] for at in (least, greatest)
    )
    both: npt.NDArray[np.intp] = np.stack(
        [np.minimum(lower, upper), np.maximum(lower, upper)], axis=2
    )
    return both.reshape(len(values), 2 * count)
