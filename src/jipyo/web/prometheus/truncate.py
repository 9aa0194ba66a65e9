"""The `limit` of a query: only the first series of its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.model.result import Matrix, RawMatrix, Vector

if TYPE_CHECKING:
    from jipyo.model.result import QueryResult


def truncate(result: QueryResult, limit: int) -> tuple[QueryResult, bool]:
    """At most `limit` series, and whether there were more; 0 means no limit.

    A vector keeps its order, which a query may have asked for; a matrix is cut after its
    series have been sorted by labels. Scalars and strings stay whole.
    """
    value = result.value
    if not limit:
        return result, False
    if isinstance(value, Vector):
        vector = Vector(value.t_ms, value.series[:limit], value.values[:limit])
        return replace(result, value=vector), len(value.series) > limit
    if isinstance(value, Matrix):
        matrix, total = _truncate_matrix(value, limit)
        return replace(result, value=matrix), total > limit
    if isinstance(value, RawMatrix):
        raw, total = _truncate_raw(value, limit)
        return replace(result, value=raw), total > limit
    return result, False


def _truncate_matrix(matrix: Matrix, limit: int) -> tuple[Matrix, int]:
    """The first series that have any value, and how many there are in all."""
    rows = [row for row in range(len(matrix.series)) if matrix.present[row].any()]
    rows.sort(key=lambda row: matrix.series[row].pairs)
    first = rows[:limit]
    series = tuple(matrix.series[row] for row in first)
    return Matrix(series, matrix.t_ms, matrix.values[first], matrix.present[first]), len(rows)


def _truncate_raw(raw: RawMatrix, limit: int) -> tuple[RawMatrix, int]:
    """The first series, each in a block of its own, and how many there are in all."""
    places = sorted(
        (labels.pairs, block_index, row)
        for block_index, block in enumerate(raw.blocks)
        for row, labels in enumerate(block.series)
    )
    blocks = [
        replace(
            raw.blocks[block_index],
            series=(raw.blocks[block_index].series[row],),
            values=raw.blocks[block_index].values[row : row + 1],
        )
        for _, block_index, row in places[:limit]
    ]
    return RawMatrix(tuple(blocks)), len(places)
