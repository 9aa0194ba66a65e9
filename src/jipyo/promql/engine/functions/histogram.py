"""Quantiles and fractions of classic histograms (promql/quantile.go)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Mask, Times, Values
from jipyo.promql.engine.annotations import Annotations, Flattening
from jipyo.promql.engine.block import VectorBlock, join_blocks
from jipyo.promql.engine.functions.over_time import apply_quantile_limits

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Span

_TOLERANCE = 1e-12
"""Relative differences between buckets below this come from rounding."""

_Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Cumulative counts of one histogram at the steps where it has the same bounds.

    `bounds` (buckets,), ascending, each once; `counts` (buckets, columns); `steps` (columns,)
    are the indices of the steps.
    """

    bounds: Values
    counts: Values
    steps: Times

    @property
    def has_infinite_bound(self) -> bool:
        """Whether there is a bucket `+Inf`, which counts all observations."""
        return bool(len(self.bounds)) and math.isinf(self.bounds[-1]) and self.bounds[-1] > 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """One histogram of a vector: its labels without `le`, the rows of its buckets, their bounds."""

    labels: Labels
    nameless: bool
    bounds: Values
    rows: list[int]


def find_histograms(block: VectorBlock, annotations: Annotations, pos: Span) -> list[Histogram]:
    """The histograms among the series; one without a proper `le` is left out with a warning."""
    members_by_key: dict[_Pairs, list[tuple[float, int]]] = {}
    for row, labels in enumerate(block.series):
        text = labels.get("le", "")
        bound = _parse_bound(text)
        if bound is None:
            annotations.warn_bad_bucket(text, labels.metric, pos)
            continue
        key = tuple(pair for pair in labels.pairs if pair[0] != "le")
        members_by_key.setdefault(key, []).append((bound, row))
    return [_build_histogram(block, key, group) for key, group in members_by_key.items()]


def _build_histogram(
    block: VectorBlock, key: _Pairs, members: list[tuple[float, int]]
) -> Histogram:
    members.sort(key=lambda member: member[0])
    rows = [row for _, row in members]
    nameless = bool(block.nameless[rows].any())
    return Histogram(Labels(key), nameless, np.array([bound for bound, _ in members]), rows)


def _parse_bound(text: str) -> float | None:
    try:
        bound = float(text.replace("_", "x"))
    except ValueError:
        return None
    return None if math.isnan(bound) or text != text.strip() else bound


def _split_by_buckets(histogram: Histogram, block: VectorBlock) -> Iterator[Buckets]:
    """The histogram's buckets, split by which of them are present at a step."""
    present = block.present[histogram.rows]
    counts = block.values[histogram.rows]
    if present.all():
        yield _merge_equal_bounds(histogram.bounds, counts, np.arange(counts.shape[1]))
        return
    # Sorting all columns takes longer than the histogram: gaps begin and end at few of them.
    differs = (present[:, 1:] != present[:, :-1]).any(axis=0)
    starts = np.flatnonzero(np.concatenate(([True], differs)))
    patterns, of_run = np.unique(present[:, starts], axis=1, return_inverse=True)
    which = np.repeat(of_run.reshape(-1), np.diff(np.append(starts, present.shape[1])))
    for nth, pattern in enumerate(patterns.T):
        if pattern.any():
            steps = np.flatnonzero(which == nth)
            yield _merge_equal_bounds(
                histogram.bounds[pattern], counts[np.ix_(pattern, steps)], steps
            )


def _merge_equal_bounds(bounds: Values, counts: Values, steps: Times) -> Buckets:
    """Add up the counts of buckets with equal bounds (`1` and `1.0`)."""
    edges, start = np.unique(bounds, return_index=True)
    if len(edges) < len(bounds):
        counts = np.add.reduceat(counts, start, axis=0)
    return Buckets(edges, counts, steps)


_Evaluate = Callable[[Histogram, Buckets], Values]


def _evaluate_histograms(
    block: VectorBlock, histograms: list[Histogram], evaluate: _Evaluate
) -> VectorBlock:
    steps = block.values.shape[1]
    values = np.zeros((len(histograms), steps))
    present = np.zeros(values.shape, np.bool_)
    for row, histogram in enumerate(histograms):
        for buckets in _split_by_buckets(histogram, block):
            values[row, buckets.steps] = evaluate(histogram, buckets)
            present[row, buckets.steps] = True
    return VectorBlock.of([histogram.labels for histogram in histograms], values, present)


@dataclass(frozen=True, slots=True)
class HistogramContext:
    """What a histogram function needs besides its arguments."""

    t_ms: Times
    annotations: Annotations
    pos: Span
    delayed: bool
    advice: bool


def compute_quantile(block: VectorBlock, q: Values, context: HistogramContext) -> VectorBlock:
    """`histogram_quantile` of each histogram at each step; `q` (steps,)."""
    histograms = find_histograms(block, context.annotations, context.pos)
    return _evaluate_quantiles(block, histograms, q, context).drop_names(delayed=context.delayed)


@dataclass(frozen=True, slots=True)
class RequestedQuantile:
    """A quantile, its text for the label, and at which steps (steps,) it is wanted."""

    text: str
    q: float
    at_steps: Mask


def compute_quantiles(
    block: VectorBlock, wanted: list[RequestedQuantile], label: str, context: HistogramContext
) -> VectorBlock:
    """`histogram_quantiles`: one series for each histogram and quantile, which a label names."""
    histograms = find_histograms(block, context.annotations, context.pos)
    parts = []
    for quantile in wanted:
        q = np.full(len(quantile.at_steps), quantile.q)
        part = _evaluate_quantiles(block, histograms, q, context)
        series = tuple(labels.put({label: quantile.text}) for labels in part.series)
        parts.append(replace(part, series=series, present=part.present & quantile.at_steps))
    return join_blocks(parts, block.values.shape[1]).drop_names(delayed=context.delayed)


def _evaluate_quantiles(
    block: VectorBlock, histograms: list[Histogram], q: Values, context: HistogramContext
) -> VectorBlock:
    def evaluate(histogram: Histogram, buckets: Buckets) -> Values:
        result = np.full(len(buckets.steps), np.nan)
        q_here = q[buckets.steps]
        if buckets.has_infinite_bound:
            flat, flattening = flatten_buckets(buckets, context.t_ms)
            metric = histogram.labels.metric if context.delayed else ""
            if flattening is not None:
                context.annotations.note_flattening(metric, flattening, context.pos)
            if len(buckets.bounds) > 1:
                result, is_guess = _interpolate(flat, q_here)
                if context.advice and is_guess.any():
                    context.annotations.note_first_bucket(context.pos)
        return apply_quantile_limits(q_here, result)

    return _evaluate_histograms(block, histograms, evaluate)


def flatten_buckets(buckets: Buckets, t_ms: Times) -> tuple[Buckets, Flattening | None]:
    """The buckets without decreases, and how they had to be changed.

    Source: promql/quantile.go, ensureMonotonicAndIgnoreSmallDeltas.
    """
    rise = np.diff(buckets.counts, axis=0)
    small = np.abs(rise) < _TOLERANCE * (np.abs(buckets.counts[1:]) + np.abs(buckets.counts[:-1]))
    if not ((rise < 0) | (small & (rise != 0)) | np.isnan(rise)).any():
        return buckets, None
    counts = buckets.counts.copy()
    forced = np.zeros(counts.shape, np.bool_)
    apart = np.zeros(counts.shape)
    for nth in range(1, len(counts)):
        before, now = counts[nth - 1], counts[nth].copy()
        same = _is_almost_equal(before, now)
        fell = ~same & (now < before)
        counts[nth] = np.where(same | fell, before, now)
        forced[nth], apart[nth] = fell, np.where(fell, before - now, 0.0)
    flattening = _summarize_flattening(buckets, forced, apart, t_ms) if forced.any() else None
    return replace(buckets, counts=counts), flattening


def _is_almost_equal(a: Values, b: Values) -> Mask:
    """Equal but for rounding, as in Prometheus' util/almost."""
    size = np.abs(a) + np.abs(b)
    least = np.finfo(np.float64).tiny
    tiny = (a == 0) | (b == 0) | (size < least)
    scale = np.where(tiny, least, np.minimum(size, np.finfo(np.float64).max))
    apart = np.abs(a - b)
    near: Mask = (a == b) | (apart < _TOLERANCE * scale) | (np.isnan(a) & np.isnan(b))
    return near


def _summarize_flattening(buckets: Buckets, forced: Mask, apart: Values, t_ms: Times) -> Flattening:
    bounds = buckets.bounds[forced.any(axis=1)]
    columns = np.flatnonzero(forced.any(axis=0))
    when = t_ms[buckets.steps[columns]]
    return Flattening(
        float(bounds.min()),
        float(bounds.max()),
        float(apart.max()),
        len(columns),
        int(when.min()),
        int(when.max()),
    )


def _find_first_reached(reached: Mask, *, is_sorted: bool) -> Times:
    """Of each column the row from which on the rank is reached; the number of rows if nowhere.

    A count that is NaN reaches nothing, wherever it stands: then the row is the one that
    bisecting ends at, as Go's sort.Search does.
    """
    rows, columns = reached.shape
    if is_sorted:
        place: Times = (~reached).sum(axis=0)
        return place
    low, high, column = np.zeros(columns, np.int64), np.full(columns, rows), np.arange(columns)
    while (is_open := low < high).any():
        middle = (low + high) // 2
        hit = reached[np.minimum(middle, rows - 1), column]
        high = np.where(is_open & hit, middle, high)
        low = np.where(is_open & ~hit, middle + 1, low)
    return low


def _interpolate(buckets: Buckets, q: Values) -> tuple[Values, Mask]:
    """The quantile of each column, and where it is a guess: in a first bucket that starts at 0."""
    bounds, counts = buckets.bounds, buckets.counts
    total = counts[-1]
    rank = q * total
    place = _find_first_reached(counts[:-1] >= rank, is_sorted=not np.isnan(counts).any())
    column = np.arange(counts.shape[1])
    last = len(bounds) - 2
    inside = np.minimum(place, last)
    below = np.maximum(inside - 1, 0)
    start = np.where(inside > 0, bounds[below], 0.0)
    before = np.where(inside > 0, counts[below, column], 0.0)
    in_bucket = counts[inside, column] - before
    value = start + (bounds[inside] - start) * ((rank - before) / in_bucket)
    value = np.where((place == 0) & (bounds[0] <= 0), bounds[0], value)
    value = np.where(place > last, bounds[last], value)
    nothing = total == 0
    guessed: Mask = (place == 0) & (bounds[0] > 0) & ~nothing & (rank > 0)
    return np.where(nothing, np.nan, value), guessed


def compute_fraction(
    block: VectorBlock, lower: Values, upper: Values, context: HistogramContext
) -> VectorBlock:
    """`histogram_fraction`: the share of observations between two values, both (steps,)."""
    histograms = find_histograms(block, context.annotations, context.pos)

    def evaluate(_: Histogram, buckets: Buckets) -> Values:
        if not buckets.has_infinite_bound:
            return np.full(len(buckets.steps), np.nan)
        low, high = lower[buckets.steps], upper[buckets.steps]
        if context.advice:
            _warn_missing_boundaries(buckets, np.concatenate((low, high)), context)
        return _compute_share(buckets, low, high)

    return _evaluate_histograms(block, histograms, evaluate).drop_names(delayed=context.delayed)


def _warn_missing_boundaries(buckets: Buckets, values: Values, context: HistogramContext) -> None:
    for value in np.unique(values[np.isfinite(values)]):
        if value not in buckets.bounds and 0 < value < buckets.bounds[-2:][0]:
            context.annotations.note_no_boundary(float(value), context.pos)


def _compute_share(buckets: Buckets, lower: Values, upper: Values) -> Values:
    total = buckets.counts[-1]
    share = (_count_below(buckets, upper) - _count_below(buckets, lower)) / total
    share = np.where(lower >= upper, 0.0, share)
    unknown = (total == 0) | np.isnan(lower) | np.isnan(upper)
    return np.where(unknown, np.nan, share)


def _count_below(buckets: Buckets, value: Values) -> Values:
    """How many observations lie below the value, interpolated within its bucket; (columns,)."""
    bounds, counts = buckets.bounds, buckets.counts
    column = np.arange(counts.shape[1])
    place: Times = np.searchsorted(bounds, value, "right")
    inside = np.minimum(place, len(bounds) - 1)
    below = np.maximum(inside - 1, 0)
    floor = 0.0 if bounds[0] > 0 else -math.inf
    start = np.where(inside > 0, bounds[below], floor)
    before = np.where(inside > 0, counts[below, column], 0.0)
    up_to_bound = counts[inside, column]
    rank = before + (up_to_bound - before) * (value - start) / (bounds[inside] - start)
    rank = np.where(start == -math.inf, up_to_bound, rank)
    rank = np.where(start >= value, before, rank)
    below_value: Values = np.where(place >= len(bounds), counts[-1], np.minimum(rank, counts[-1]))
    return below_value
