"""The tree evaluated over all steps of a query at once, block by block where that can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.engine import aggregations, arithmetic, functions, matching, relabel
from jipyo.promql.engine import topk as selections
from jipyo.promql.engine.block import Block, concatenate
from jipyo.promql.engine.plan import Node, Repeats, StepInvariant
from jipyo.promql.engine.ranges import WindowShape
from jipyo.promql.engine.samples import Samples, of_subquery, stored
from jipyo.promql.engine.selectors import instant
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
    from jipyo.promql.engine.budget import Guard
    from jipyo.promql.engine.options import Options

_REMEMBERED = 4_000_000
"""So many values of what is asked for more than once are kept; beyond, they are computed again."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One query being answered: over what, within what limits, and what there is to say."""

    store: Queryable
    options: Options
    guard: Guard
    notes: Annotations
    repeats: Repeats
    ranged: bool
    """Whether this is a range query, whose answer is ordered by labels."""
    known: dict[tuple[int, int], tuple[Times, list[Block]]]
    """Blocks of what is asked for more than once, by node and steps."""

    @property
    def delayed(self) -> bool:
        """Whether names are dropped at the end only."""
        return self.options.delayed_name_removal

    def block(self, node: Node, t_ms: Times) -> Block:
        """All series of a vector expression."""
        return concatenate(self.stream(node, t_ms), len(t_ms))

    def stream(self, node: Node, t_ms: Times) -> Iterator[Block]:
        """The series of a vector expression, some at a time."""
        if not len(t_ms):
            return
        number = self.repeats.number(node)
        if number is None:
            yield from self._pieces(node, t_ms)
            return
        known = self.known.get((number, id(t_ms)))
        if known is not None:
            yield from known[1]
        else:
            yield from self._remembering(number, node, t_ms)

    def _remembering(self, number: int, node: Node, t_ms: Times) -> Iterator[Block]:
        """The blocks, which are kept for the next who asks unless they are too large."""
        kept: list[Block] = []
        size = 0
        for block in self._pieces(node, t_ms):
            size += block.values.size
            if size <= _REMEMBERED:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if size <= _REMEMBERED:
            # The steps are kept too, so that no others can have their identity.
            self.known[number, id(t_ms)] = (t_ms, kept)

    def _pieces(self, node: Node, t_ms: Times) -> Iterator[Block]:
        self.guard.check()
        if self.delayed:
            yield from _vector(self, node, t_ms)
        else:
            yield concatenate(_vector(self, node, t_ms), len(t_ms)).merged()

    def gathered(self, make: Callable[[], Block]) -> Iterator[Block]:
        """A block made of others, which are let go once it is made."""
        with self.guard.scope():
            block = make()
        self.guard.hold(block.values.size)
        yield block

    def scalar(self, node: Node, t_ms: Times) -> Values:
        """A scalar expression, shape (steps,)."""
        return _scalar(self, node, t_ms)

    def samples(self, node: Node, t_ms: Times) -> Iterator[tuple[Samples, WindowShape]]:
        """What a range vector expression looks at, and how its windows lie."""
        if isinstance(node, MatrixSelector):
            shape = WindowShape.of_selector(node, t_ms, self.options.lookback_ms)
            for stored_block in self.read(node.selector, *shape.reach()):
                for samples in stored(stored_block):
                    yield samples, shape
            return
        assert isinstance(node, Subquery)
        shape = WindowShape.of_subquery(node, t_ms)
        step = node.step or self.options.subquery_step_ms
        assert isinstance(step, int)
        inner_ms = shape.steps(step, self.guard)
        for block in self.stream(node.expr, inner_ms):
            for samples in of_subquery(block, inner_ms):
                yield samples, shape

    def read(self, selector: VectorSelector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        """The matching series as the store gives them."""
        for block in self.store.select(selector.matchers, start_ms, end_ms):
            self.guard.check()
            self.guard.read(len(block.series), block.values.size)
            yield block


def _vector(self: Evaluation, node: Node, t_ms: Times) -> Iterator[Block]:
    match node:
        case StepInvariant(expr=expr):
            for block in self.stream(expr, t_ms[:1]):
                yield _repeated(block, len(t_ms), self.guard)
        case VectorSelector():
            yield from instant(self, node, t_ms)
        case Call():
            yield from functions.of_vector(self, node, t_ms)
        case Aggregate():
            yield from self.gathered(lambda: _aggregate(self, node, t_ms))
        case Binary():
            yield from _binary(self, node, t_ms)
        case _:
            assert isinstance(node, Unary)
            for block in self.stream(node.expr, t_ms):
                negative = replace(block, values=-block.values)
                yield negative.without_names(delayed=self.delayed)


def _repeated(block: Block, steps: int, guard: Guard) -> Block:
    guard.hold(len(block.series) * (steps - 1))
    shape = (len(block.series), steps)
    return replace(
        block,
        values=np.broadcast_to(block.values, shape),
        present=np.broadcast_to(block.present, shape),
    )


def _scalar(self: Evaluation, node: Node, t_ms: Times) -> Values:
    match node:
        case NumberLiteral(value=value):
            return np.full(len(t_ms), value)
        case StepInvariant(expr=expr):
            return np.repeat(_scalar(self, expr, t_ms[:1]), len(t_ms))
        case Unary(expr=expr):
            return -_scalar(self, expr, t_ms)
        case Binary(op=op, left=left, right=right):
            return arithmetic.of_scalars(op, _scalar(self, left, t_ms), _scalar(self, right, t_ms))
        case _:
            assert isinstance(node, Call)
            return functions.of_scalar(self, node, t_ms)


def _aggregate(self: Evaluation, node: Aggregate, t_ms: Times) -> Block:
    name = node.op.name
    if name in aggregations.FOLDED:
        return aggregations.fold(node, lambda: self.stream(node.expr, t_ms), len(t_ms))
    if name == "count_values":
        return _count_values(self, node, t_ms)
    assert node.param is not None
    param = self.scalar(node.param, t_ms)
    block = self.block(node.expr, t_ms)
    match name:
        case "quantile":
            return selections.quantile(node, block, param, self.notes)
        case "topk" | "bottomk":
            return selections.top(node, block.by_labels(), param)
        case "limitk":
            return selections.limit(node, block.by_labels(), param)
        case _:
            return selections.limit_ratio(node, block, param, self.notes)


def _count_values(self: Evaluation, node: Aggregate, t_ms: Times) -> Block:
    assert isinstance(node.param, StringLiteral)
    label = node.param.value
    relabel.check_label(label, "invalid label name ")
    block = self.block(node.expr, t_ms)
    return selections.count_values(node, block, label, self.guard.hold)


def _binary(self: Evaluation, node: Binary, t_ms: Times) -> Iterator[Block]:
    left_type, right_type = node.left.value_type, node.right.value_type
    if node.op in arithmetic.FOR_HISTOGRAMS:
        yield from self.gathered(lambda: _no_histograms(self, node, t_ms))
        return
    if right_type is ValueType.SCALAR or left_type is ValueType.SCALAR:
        swapped = left_type is ValueType.SCALAR
        vector, number = (node.right, node.left) if swapped else (node.left, node.right)
        scalar = self.scalar(number, t_ms)
        for block in self.stream(vector, t_ms):
            yield arithmetic.with_scalar(node, block, scalar, swapped=swapped, delayed=self.delayed)
        return
    yield from self.gathered(lambda: _of_vectors(self, node, t_ms))


def _of_vectors(self: Evaluation, node: Binary, t_ms: Times) -> Block:
    left, right = self.block(node.left, t_ms), self.block(node.right, t_ms)
    assert node.matching is not None
    if node.op.is_set:
        return matching.set_operation(node.op, node.matching, left, right)
    return matching.combine(node, left, right, delayed=self.delayed)


def _no_histograms(self: Evaluation, node: Binary, t_ms: Times) -> Block:
    sides = [side for side in (node.left, node.right) if side.value_type is ValueType.VECTOR]
    if all(self.block(side, t_ms).present.any() for side in sides):
        self.notes.not_for_floats(node.op.value, node.pos)
    return Block.empty(len(t_ms))
