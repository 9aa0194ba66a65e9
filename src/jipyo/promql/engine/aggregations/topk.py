"""Aggregations that need all series at once: quantile, topk, limitk, count_values and others."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.promql.engine.aggregations.xxhash import hash64
from jipyo.promql.engine.block import VectorBlock
from jipyo.promql.engine.functions.over_time import select_quantiles
from jipyo.promql.engine.groups import GroupIndex, make_group_key, split_by_size
from jipyo.promql.syntax.number_format import format_short
from jipyo.promql.syntax.printer import format_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.sample import Mask, Times, Values
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.syntax.ast import Aggregate

_INT64 = 2.0**63


def compute_quantile(
    aggregate: Aggregate, block: VectorBlock, q: Values, annotations: Annotations
) -> VectorBlock:
    """The quantile of each group at each step."""
    _warn_invalid_quantile(aggregate, q, annotations)
    groups = GroupIndex.of(aggregate)
    numbers = groups.assign(block.series, block.nameless)
    shape = (len(groups), block.values.shape[1])
    values, present = np.zeros(shape), np.zeros(shape, np.bool_)
    for which, rows in split_by_size(numbers):
        for group, row in zip(which, rows, strict=True):
            present_here = block.present[row]
            count = present_here.sum(axis=0)
            some = np.flatnonzero(count)
            filled = np.where(present_here, block.values[row], np.inf).T[some]
            values[group, some] = select_quantiles(filled, count[some], q[some])
            present[group, some] = True
    return replace(VectorBlock.of(groups.labels, values, present), nameless=groups.nameless)


def _warn_invalid_quantile(aggregate: Aggregate, q: Values, annotations: Annotations) -> None:
    assert aggregate.param is not None
    pos = aggregate.param.pos
    if np.isnan(q).any():
        annotations.warn_invalid_quantile(math.nan, pos)
    if (q > 1).any():
        annotations.warn_invalid_quantile(float(np.nanmax(q)), pos)
    if (q < 0).any():
        annotations.warn_invalid_quantile(float(np.nanmin(q)), pos)


def select_top(aggregate: Aggregate, block: VectorBlock, k: Values) -> VectorBlock:
    """`topk` and `bottomk`: at each step the k greatest or smallest of each group; NaN last.

    At a single step they come in order, group by group.
    """
    count = _check_count(k)
    if count.max(initial=0) < 1:
        return VectorBlock.empty(block.values.shape[1])
    sign = -1.0 if aggregate.op.name == "topk" else 1.0
    groups = GroupIndex.of(aggregate)
    numbers = groups.assign(block.series, block.nameless)
    chosen = np.zeros(block.present.shape, np.bool_)
    for _, rows in split_by_size(numbers):
        for row in rows:
            chosen[row] = _select_smallest(sign * block.values[row], block.present[row], count)
    picked = replace(block, present=chosen)
    if block.values.shape[1] > 1:
        return picked.drop_empty()
    rows = np.flatnonzero(chosen[:, 0])
    key = sign * block.values[rows, 0]
    return picked.take_rows(rows[np.lexsort((key, numbers[rows]))])


def _check_count(k: Values) -> Times:
    if k.max(initial=0.0) < 1:
        return np.zeros(len(k), np.int64)
    if np.isnan(k).any():
        raise QueryError.execution("Parameter value is NaN")
    if k.min() <= -_INT64:
        raise QueryError.execution(f"Scalar value {_format_value(float(k.min()))} underflows int64")
    if k.max() >= _INT64:
        raise QueryError.execution(f"Scalar value {_format_value(float(k.max()))} overflows int64")
    return np.trunc(k).astype(np.int64)


def _format_value(number: float) -> str:
    """As Go's `%v`: without an exponent below 1e21."""
    is_plain = abs(number) < 1e21 and math.isfinite(number)
    return format_number(number) if is_plain else format_short(number)


def _select_smallest(values: Values, present: Mask, k: Times) -> Mask:
    """The k smallest of each column, the first ones where values are equal."""
    absent = ~present
    nan = np.isnan(values)
    # Three classes: numbers, then NaN, then what is not there.
    number = present & ~nan
    keyed = np.where(number, values, np.inf)
    wanted = np.minimum(k, number.sum(axis=0))
    chosen = np.zeros(values.shape, np.bool_)
    for size in np.unique(wanted[wanted > 0]):
        at = np.flatnonzero(wanted == size)
        column = keyed[:, at].T
        edge = np.partition(column, size - 1, axis=1)[:, size - 1 : size]
        below = column < edge
        level = (column == edge) & number[:, at].T
        room = size - below.sum(axis=1, keepdims=True)
        chosen[:, at] = (below | (level & (np.cumsum(level, axis=1) <= room))).T
    rest = k - wanted
    if (rest > 0).any():
        unknown = nan & ~absent
        chosen |= unknown & (np.cumsum(unknown, axis=0) <= rest)
    return chosen


def select_first(aggregate: Aggregate, block: VectorBlock, k: Values) -> VectorBlock:
    """`limitk`: at each step the first k of each group."""
    count = _check_count(k)
    groups = GroupIndex.of(aggregate)
    numbers = groups.assign(block.series, block.nameless)
    chosen = np.zeros(block.present.shape, np.bool_)
    for _, rows in split_by_size(numbers):
        for row in rows:
            present = block.present[row]
            chosen[row] = present & (np.cumsum(present, axis=0) <= count)
    return replace(block, present=chosen).drop_empty()


def select_ratio(
    aggregate: Aggregate, block: VectorBlock, ratio: Values, annotations: Annotations
) -> VectorBlock:
    """`limit_ratio`: a share of the series, by the hash of their labels; -r selects the others."""
    if np.isnan(ratio).any():
        raise QueryError.execution("Ratio value is NaN")
    assert aggregate.param is not None
    if ratio.max() > 1:
        annotations.warn_invalid_ratio(float(ratio.max()), 1.0, aggregate.param.pos)
    if ratio.min() < -1:
        annotations.warn_invalid_ratio(float(ratio.min()), -1.0, aggregate.param.pos)
    place = np.array([_hash_to_unit(labels) for labels in block.series]).reshape(-1, 1)
    share = np.clip(ratio, -1.0, 1.0)
    chosen = np.where(share >= 0, place < share, place >= 1 + share)
    return replace(block, present=block.present & chosen).drop_empty()


def _hash_to_unit(labels: Labels) -> float:
    """The hash of a series as a number from 0 to 1 (promql/engine.go, HashRatioSampler)."""
    data = bytearray()
    for pair in labels.pairs:
        for text in pair:
            raw = text.encode("utf-8", "surrogateescape")
            size = len(raw)
            data += bytes([size]) if size < 0xFF else b"\xff" + size.to_bytes(3, "little")
            data += raw
    return float(hash64(bytes(data))) / float(2**64 - 1)


def count_values(
    aggregate: Aggregate, block: VectorBlock, label: str, hold: Callable[[int], None]
) -> VectorBlock:
    """`count_values`: a series for each value, which the label names, with its number."""
    names = aggregate.grouping if aggregate.without else (*aggregate.grouping, label)
    key = make_group_key(names, without=aggregate.without)
    rows: dict[tuple[tuple[str, str], ...], Values] = {}
    steps = block.values.shape[1]
    for labels, values, present in zip(block.series, block.values, block.present, strict=True):
        at = np.flatnonzero(present)
        unique, which = np.unique(values[at], return_inverse=True)
        for nth, value in enumerate(unique):
            group = key(labels.put({label: format_number(float(value))}))
            if group not in rows:
                hold(steps)
                rows[group] = np.zeros(steps)
            rows[group][at[which == nth]] += 1
    values = np.array(list(rows.values())).reshape(len(rows), steps)
    return VectorBlock.of(tuple(map(Labels, rows)), values, values > 0)
