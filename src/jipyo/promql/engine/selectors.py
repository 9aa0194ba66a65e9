"""Instant selectors: the newest sample of each series at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import Times, Values, is_stale
from jipyo.promql.engine.block import VectorBlock
from jipyo.promql.engine.samples import Samples, split_at_stale_markers
from jipyo.promql.syntax.ast import Extension, VectorSelector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.promql.engine.evaluator import Evaluator


def select_newest(
    ev: Evaluator, node: VectorSelector, t_ms: Times
) -> Iterator[tuple[VectorBlock, Values]]:
    """The newest samples within the lookback, and when they were, in seconds (steps,)."""
    assert isinstance(node.offset, int)
    lookback_ms = ev.options.lookback_ms
    at_ms = np.full(len(t_ms), node.at) if isinstance(node.at, int) else t_ms
    at_ms = at_ms - node.offset
    smoothed = node.extension is Extension.SMOOTHED
    first_ms = int(at_ms.min()) - lookback_ms + 1
    last_ms = int(at_ms.max()) + lookback_ms * smoothed
    for stored in ev.read_series(node, first_ms, last_ms):
        if smoothed:
            for samples in split_at_stale_markers(stored):
                block = _interpolate_smoothed(samples, at_ms, lookback_ms)
                ev.budget.hold(block.values.size)
                yield block, at_ms / 1000
            continue
        index = np.searchsorted(stored.t_ms, at_ms, "right") - 1
        near = (index >= 0) & (stored.t_ms[index] > at_ms - lookback_ms)
        if not near.any():
            continue
        values = stored.values.take(np.maximum(index, 0), axis=1)
        present = np.broadcast_to(near, values.shape)
        if np.isnan(values).any():
            present = near & ~is_stale(values)
        block = VectorBlock.of(stored.series, values, present).drop_empty()
        ev.budget.hold(block.values.size)
        yield block, stored.t_ms[index] / 1000


def _interpolate_smoothed(samples: Samples, at_ms: Times, lookback_ms: int) -> VectorBlock:
    """On the line between the samples around each step (promql/engine.go, smoothSeries)."""
    t_ms = samples.t_ms
    after = np.searchsorted(t_ms, at_ms, "left")
    before = after - 1
    reachable = after < len(t_ms)
    reachable &= t_ms[np.where(reachable, after, 0)] <= at_ms + lookback_ms
    exact = reachable & (t_ms[np.where(reachable, after, 0)] == at_ms)
    recent = (before >= 0) & (t_ms[np.maximum(before, 0)] > at_ms - lookback_ms)
    left = np.where(exact, after, before)
    right = np.where(reachable & (recent | exact), after, left)
    present = exact | recent
    left, right = np.where(present, left, 0), np.where(present, right, 0)
    apart = t_ms[right] - t_ms[left]
    start, end = samples.values.take(left, axis=1), samples.values.take(right, axis=1)
    line = start + (end - start) * (at_ms - t_ms[left]) / np.where(apart == 0, 1, apart)
    values = np.where(apart == 0, start, line)
    return VectorBlock.of(samples.series, values, np.broadcast_to(present, values.shape))
