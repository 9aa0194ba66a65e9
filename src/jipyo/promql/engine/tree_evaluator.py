"""Evaluates the tree over all steps of a query at once, block by block where possible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.engine import arithmetic, matching
from jipyo.promql.engine.aggregations import incremental, topk
from jipyo.promql.engine.block import VectorBlock, join_blocks
from jipyo.promql.engine.functions import relabel, table
from jipyo.promql.engine.plan import Node, Repeats, StepInvariant
from jipyo.promql.engine.samples import Samples, split_at_stale_markers, split_subquery
from jipyo.promql.engine.selectors import select_newest
from jipyo.promql.engine.windows import WindowShape
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    Call,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.sample import SeriesBlock, Times, Values
    from jipyo.model.store import Queryable
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.budget import QueryBudget
    from jipyo.promql.engine.options import Options

_MAX_CACHED_VALUES = 4_000_000
"""The most values that are kept of a repeated expression; a larger one is computed again."""


@dataclass(frozen=True, slots=True)
class TreeEvaluator:
    """One query: the store it reads, the limits it keeps to, and the annotations of its answer.

    The `Evaluator` that selectors, functions and aggregations see.
    """

    store: Queryable
    options: Options
    budget: QueryBudget
    annotations: Annotations
    repeats: Repeats
    is_range_query: bool
    """Whether this is a range query, whose answer is ordered by labels."""
    cache: dict[tuple[int, int], tuple[Times, list[VectorBlock]]]
    """Blocks of repeated expressions, by the expression's number and the identity of the steps."""

    @property
    def delays_names(self) -> bool:
        """Whether names are dropped at the end only."""
        return self.options.delayed_name_removal

    def evaluate_vector(self, node: Node, t_ms: Times) -> VectorBlock:
        """All series of a vector expression."""
        return join_blocks(self.stream_vector(node, t_ms), len(t_ms))

    def stream_vector(self, node: Node, t_ms: Times) -> Iterator[VectorBlock]:
        """The series of a vector expression, some at a time."""
        if not len(t_ms):
            return
        number = self.repeats.find_number(node)
        if number is None:
            yield from self._stream_uncached(node, t_ms)
            return
        node = self.repeats.find_last(number)
        cached = self.cache.get((number, id(t_ms)))
        if cached is not None:
            yield from cached[1]
        else:
            yield from self._stream_and_cache(number, node, t_ms)

    def _stream_and_cache(self, number: int, node: Node, t_ms: Times) -> Iterator[VectorBlock]:
        """The blocks, kept for the next reader unless they grow too large."""
        kept: list[VectorBlock] = []
        size = 0
        for block in self._stream_uncached(node, t_ms):
            size += block.values.size
            if size <= _MAX_CACHED_VALUES:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if size <= _MAX_CACHED_VALUES:
            # Keeping the steps, too, makes sure that no other array gets their identity.
            self.cache[number, id(t_ms)] = (t_ms, kept)

    def _stream_uncached(self, node: Node, t_ms: Times) -> Iterator[VectorBlock]:
        self.budget.check()
        if self.delays_names:
            yield from _stream_node(self, node, t_ms)
        else:
            yield join_blocks(_stream_node(self, node, t_ms), len(t_ms)).merge_duplicates()

    def materialize(self, make: Callable[[], VectorBlock]) -> Iterator[VectorBlock]:
        """One block computed from others, whose memory is given back once it is there."""
        with self.budget.release_at_exit():
            block = make()
        self.budget.hold(block.values.size)
        yield block

    def evaluate_scalar(self, node: Node, t_ms: Times) -> Values:
        """A scalar expression, shape (steps,)."""
        return _evaluate_scalar(self, node, t_ms)

    def read_samples(self, node: Node, t_ms: Times) -> Iterator[tuple[Samples, WindowShape]]:
        """The samples of a range vector expression, and the shape of its windows."""
        if isinstance(node, MatrixSelector):
            shape = WindowShape.from_selector(node, t_ms, self.options.lookback_ms)
            for stored in self.read_series(node.selector, *shape.find_reach()):
                for samples in split_at_stale_markers(stored):
                    yield samples, shape
            return
        assert isinstance(node, Subquery)
        shape = WindowShape.from_subquery(node, t_ms)
        step = node.step or self.options.subquery_step_ms
        assert isinstance(step, int)
        inner_ms = shape.list_steps(step, self.budget)
        for block in self.stream_vector(node.expr, inner_ms):
            for samples in split_subquery(block, inner_ms):
                yield samples, shape

    def read_series(
        self, selector: VectorSelector, start_ms: int, end_ms: int
    ) -> Iterator[SeriesBlock]:
        """The matching series as the store returns them."""
        for block in self.store.select(selector.matchers, start_ms, end_ms):
            self.budget.check()
            self.budget.count_read(len(block.series), block.values.size)
            yield block


def _stream_node(ev: TreeEvaluator, node: Node, t_ms: Times) -> Iterator[VectorBlock]:
    match node:
        case StepInvariant(expr=expr):
            for block in ev.stream_vector(expr, t_ms[:1]):
                yield _repeat_at_steps(block, len(t_ms), ev.budget)
        case VectorSelector():
            for block, _ in select_newest(ev, node, t_ms):
                yield block
        case Call():
            yield from table.call_vector_function(ev, node, t_ms)
        case Aggregate():
            yield from ev.materialize(lambda: _evaluate_aggregate(ev, node, t_ms))
        case Binary():
            yield from _stream_binary(ev, node, t_ms)
        case _:
            assert isinstance(node, Unary)
            for block in ev.stream_vector(node.expr, t_ms):
                negative = replace(block, values=-block.values)
                yield negative.drop_names(delayed=ev.delays_names)


def _repeat_at_steps(block: VectorBlock, steps: int, budget: QueryBudget) -> VectorBlock:
    budget.hold(len(block.series) * (steps - 1))
    shape = (len(block.series), steps)
    return replace(
        block,
        values=np.broadcast_to(block.values, shape),
        present=np.broadcast_to(block.present, shape),
    )


def _evaluate_scalar(ev: TreeEvaluator, node: Node, t_ms: Times) -> Values:
    match node:
        case NumberLiteral(value=value):
            return np.full(len(t_ms), value)
        case StepInvariant(expr=expr):
            return np.repeat(_evaluate_scalar(ev, expr, t_ms[:1]), len(t_ms))
        case Unary(expr=expr):
            return -_evaluate_scalar(ev, expr, t_ms)
        case Binary(op=op, left=left, right=right):
            return arithmetic.compute_scalars(
                op, _evaluate_scalar(ev, left, t_ms), _evaluate_scalar(ev, right, t_ms)
            )
        case _:
            assert isinstance(node, Call)
            return table.call_scalar_function(ev, node, t_ms)


def _evaluate_aggregate(ev: TreeEvaluator, node: Aggregate, t_ms: Times) -> VectorBlock:
    name = node.op.name
    if name in incremental.INCREMENTAL:
        return incremental.aggregate_blocks(
            node, lambda: ev.stream_vector(node.expr, t_ms), len(t_ms)
        )
    if isinstance(node.param, StringLiteral):
        label = node.param.value
        relabel.check_label(label, "invalid label name ")
        block = ev.evaluate_vector(node.expr, t_ms)
        return topk.count_values(node, block, label, ev.budget.hold)
    assert node.param is not None
    param = ev.evaluate_scalar(node.param, t_ms)
    block = ev.evaluate_vector(node.expr, t_ms)
    match name:
        case "quantile":
            return topk.compute_quantile(node, block, param, ev.annotations)
        case "topk" | "bottomk":
            return topk.select_top(node, block.sort_by_labels(), param)
        case "limitk":
            return topk.select_first(node, block.sort_by_labels(), param)
        case _:
            return topk.select_ratio(node, block, param, ev.annotations)


def _stream_binary(ev: TreeEvaluator, node: Binary, t_ms: Times) -> Iterator[VectorBlock]:
    left_type, right_type = node.left.value_type, node.right.value_type
    if node.op in arithmetic.FOR_HISTOGRAMS:
        yield from ev.materialize(lambda: _evaluate_histogram_operator(ev, node, t_ms))
        return
    if right_type is ValueType.SCALAR or left_type is ValueType.SCALAR:
        swapped = left_type is ValueType.SCALAR
        vector, number = (node.right, node.left) if swapped else (node.left, node.right)
        scalar = ev.evaluate_scalar(number, t_ms)
        for block in ev.stream_vector(vector, t_ms):
            yield arithmetic.combine_with_scalar(
                node, block, scalar, swapped=swapped, delayed=ev.delays_names
            )
        return
    yield from ev.materialize(lambda: _combine_vectors(ev, node, t_ms))


def _combine_vectors(ev: TreeEvaluator, node: Binary, t_ms: Times) -> VectorBlock:
    left, right = ev.evaluate_vector(node.left, t_ms), ev.evaluate_vector(node.right, t_ms)
    assert node.matching is not None
    if node.op.is_set:
        return matching.apply_set_operator(node.op, node.matching, left, right)
    return matching.combine(node, left, right, delayed=ev.delays_names)


def _evaluate_histogram_operator(ev: TreeEvaluator, node: Binary, t_ms: Times) -> VectorBlock:
    sides = [side for side in (node.left, node.right) if side.value_type is ValueType.VECTOR]
    if all(ev.evaluate_vector(side, t_ms).present.any() for side in sides):
        ev.annotations.note_float_operands(node.op.value, node.pos)
    return VectorBlock.empty(len(t_ms))
