"""Quotients from samples, added up over the promised time of a month."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix, Vector
from jipyo.promql import format_expr, parse_cached
from jipyo.promql.syntax.ast import MatrixSelector, walk
from jipyo.sla.profile_file import fill_query
from jipyo.sla.records import MeasuredRatio
from jipyo.sla.spans import add_up

if TYPE_CHECKING:
    from jipyo.sla.profile import Indicator
    from jipyo.sla.spans import Spans
    from jipyo.sla.systems import ContractedSystem
    from jipyo.source.base import Source

_PIECE_MS = 300_000
"""With a sample in it, so much time is known."""


def measure_ratio(
    source: Source, indicator: Indicator, system: ContractedSystem, promised: Spans
) -> MeasuredRatio:
    """The quotient of an indicator over the promised time: both sides added up over its spans.

    Raises:
        SourceError: the source failed.
    """
    texts = indicator.numerator, indicator.denominator
    queries = tuple(text.replace("$targets", system.selector) for text in texts)
    try:
        numerator = _add_up(source, indicator.numerator, system, promised)
        denominator = _add_up(source, indicator.denominator, system, promised)
        samples, known_ms = _count_samples(source, indicator, system, promised)
    except QueryError:
        return MeasuredRatio(
            indicator=indicator.id, numerator=None, denominator=None, queries=queries
        )
    return MeasuredRatio(
        indicator=indicator.id,
        numerator=numerator,
        denominator=denominator,
        queries=queries,
        samples=samples,
        coverage=known_ms / add_up(promised) if promised else 0.0,
    )


def _add_up(source: Source, text: str, system: ContractedSystem, promised: Spans) -> float | None:
    """The sum over all spans and series; None where no span has any."""
    found: list[float] = []
    for start_ms, end_ms in promised:
        value = source.instant(fill_query(text, system.selector, end_ms - start_ms), end_ms).value
        values = value.values.tolist() if isinstance(value, Vector) else []
        found.extend(one for one in values if np.isfinite(one))
    return sum(found) if found else None


def _count_samples(
    source: Source, indicator: Indicator, system: ContractedSystem, promised: Spans
) -> tuple[int, int]:
    """The samples behind the denominator, and how much of the promised time has some."""
    if not promised:
        return 0, 0
    text = fill_query(indicator.denominator, system.selector, _PIECE_MS)
    selectors = [node for node in walk(parse_cached(text)) if isinstance(node, MatrixSelector)]
    if not selectors:
        return 0, 0
    start_ms = promised[0][0] // _PIECE_MS * _PIECE_MS + _PIECE_MS
    end_ms = -(-promised[-1][1] // _PIECE_MS) * _PIECE_MS
    expr = f"sum(count_over_time({_write_selector(selectors[0])}))"
    matrix = source.range(expr, start_ms, end_ms, _PIECE_MS).value
    assert isinstance(matrix, Matrix), f"BUG: {expr} gave {type(matrix).__name__}"
    edges = np.array(promised)
    before = np.concatenate(([0], np.cumsum(edges[:, 1] - edges[:, 0])))
    # How much is promised up to a moment: flat between the spans, rising within them.
    totals = np.stack([before[:-1], before[1:]], axis=1).ravel()
    ends = matrix.t_ms
    inside = np.interp(ends, edges.ravel(), totals) - np.interp(
        ends - _PIECE_MS, edges.ravel(), totals
    )
    counted = matrix.present & (inside > 0)
    known_ms = np.where(counted.any(axis=0), inside, 0).sum()
    return int(np.where(counted, matrix.values, 0).sum()), round(float(known_ms))


def _write_selector(matrix: MatrixSelector) -> str:
    """Without `anchored`, which counts of samples do not have."""
    return format_expr(replace(matrix, selector=replace(matrix.selector, extension=None)))
