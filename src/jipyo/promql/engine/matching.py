"""Binary operations between two vectors: their series are matched, and checked at every step.

Follows promql/engine.go (VectorBinop, VectorAnd, VectorOr, VectorUnless), all steps at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.promql.engine.arithmetic import apply_elementwise, is_arithmetic
from jipyo.promql.engine.block import NAME_LABELS, VectorBlock, join_blocks
from jipyo.promql.engine.groups import make_group_key
from jipyo.promql.syntax.ast import Binary, BinaryOp, Card, Matching, NumberLiteral
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jipyo.model.sample import Mask, Times

_Pairs = tuple[tuple[str, str], ...]


def make_match_key(matching: Matching) -> Callable[[Labels], _Pairs]:
    """A function that returns the labels by which series of both sides are matched."""
    return make_group_key(matching.labels, without=not matching.on)


def apply_set_operator(
    op: BinaryOp, matching: Matching, left: VectorBlock, right: VectorBlock
) -> VectorBlock:
    """The series that `and`, `or` or `unless` leaves."""
    key = make_match_key(matching)
    numbers: dict[_Pairs, int] = {}
    left_groups = _number_groups(numbers, key, left)
    right_groups = _number_groups(numbers, key, right)
    if op is BinaryOp.OR:
        occupied = _find_present_groups(len(numbers), left_groups, left)
        added = replace(right, present=right.present & ~occupied[right_groups])
        return join_blocks((left, added.drop_empty()), left.values.shape[1]).merge_duplicates()
    matched = _find_present_groups(len(numbers), right_groups, right)[left_groups]
    keep = matched if op is BinaryOp.AND else ~matched
    return replace(left, present=left.present & keep).drop_empty()


def _number_groups(
    numbers: dict[_Pairs, int], key: Callable[[Labels], _Pairs], block: VectorBlock
) -> Times:
    return np.array(
        [numbers.setdefault(key(labels), len(numbers)) for labels in block.series], np.int64
    )


def _find_present_groups(groups: int, numbers: Times, block: VectorBlock) -> Mask:
    """Whether any series of a group is present, shape (groups, steps)."""
    some = np.zeros((groups, block.values.shape[1]), np.bool_)
    np.logical_or.at(some, numbers, block.present)
    return some


@dataclass(frozen=True, slots=True)
class _Side:
    """One operand: its series, and the number of the match group of each, shape (series,)."""

    block: VectorBlock
    numbers: Times

    def add_series(self, labels: list[Labels], groups: Times, value: float, present: Mask) -> _Side:
        """The side with series of one value, where `fill` makes up for missing ones."""
        values = np.full(present.shape, value)
        filled = VectorBlock.of(labels, values, present)
        return _Side(
            join_blocks((self.block, filled), present.shape[1]),
            np.concatenate((self.numbers, groups)),
        )


def combine(expr: Binary, left: VectorBlock, right: VectorBlock, *, delayed: bool) -> VectorBlock:
    """Arithmetic and comparisons between vectors.

    Raises:
        QueryError: more series match one another than the matching allows.
    """
    matching = expr.matching
    assert matching is not None
    numbers: dict[_Pairs, int] = {}
    key = make_match_key(matching)
    sides = tuple(_Side(block, _number_groups(numbers, key, block)) for block in (left, right))
    fills = (matching.fill_left, matching.fill_right)
    flipped = matching.card is Card.ONE_TO_MANY
    many, one = reversed(sides) if flipped else sides
    many_fill, one_fill = reversed(fills) if flipped else fills
    _check_one_side(matching, many.block, one, fills)
    many, one = _fill_sides(list(numbers), (many, many_fill), (one, one_fill))
    return _Join(expr, matching, many, one, delayed).join()


def _fill_sides(
    groups: list[_Pairs],
    many: tuple[_Side, NumberLiteral | None],
    one: tuple[_Side, NumberLiteral | None],
) -> tuple[_Side, _Side]:
    """Both sides with the series that `fill` adds."""
    (first, first_fill), (second, second_fill) = many, one
    if first_fill is None and second_fill is None:
        return first, second
    ours = _find_present_groups(len(groups), first.numbers, first.block)
    theirs = _find_present_groups(len(groups), second.numbers, second.block)
    labels = [Labels(pairs) for pairs in groups]
    every = np.arange(len(groups))
    if first_fill is not None:
        first = first.add_series(labels, every, first_fill.value, theirs & ~ours)
    if second_fill is not None:
        second = second.add_series(labels, every, second_fill.value, ours & ~theirs)
    return first, second


def _check_one_side(
    matching: Matching, many: VectorBlock, one: _Side, fills: Iterable[NumberLiteral | None]
) -> None:
    """Raise if two series of a match group are present at a step on the `one` side."""
    size = np.bincount(one.numbers, minlength=1)
    if size.max(initial=0) < 2:
        return
    filling = any(fill is not None for fill in fills)
    active = one.block.present.any(axis=0) & (many.present.any(axis=0) | filling)
    for group in np.flatnonzero(size > 1):
        rows = np.flatnonzero(one.numbers == group)
        twice = (one.block.present[rows].sum(axis=0) > 1) & active
        if twice.any():
            step = int(twice.argmax())
            both = [one.block.series[row] for row in rows if one.block.present[row, step]]
            raise _build_duplicates_error(matching, both)


def _build_duplicates_error(matching: Matching, series: list[Labels]) -> QueryError:
    side = "left" if matching.card is Card.ONE_TO_MANY else "right"
    group = format_braces(Labels(make_match_key(matching)(series[0])))
    first, second = sorted(map(format_braces, series[:2]))
    return QueryError.execution(
        f"found duplicate series for the match group {group} on the {side} hand-side of the "
        f"operation: [{first}, {second}];many-to-many matching not allowed: "
        "matching labels must be unique on one side"
    )


def format_braces(labels: Labels) -> str:
    """Labels as in Prometheus' messages, the name among them: `{__name__="x", a="b"}`."""
    inside = ", ".join(f"{name}={quote(value)}" for name, value in labels.pairs)
    return f"{{{inside}}}"


@dataclass(frozen=True, slots=True)
class _Join:
    """The matched series of two sides; `one` has at most one series of a group at a step."""

    expr: Binary
    matching: Matching
    many: _Side
    one: _Side
    delayed: bool

    def join(self) -> VectorBlock:
        many, one = self._pair_rows()
        both_present = self.many.block.present[many] & self.one.block.present[one]
        some = both_present.any(axis=1)
        many, one, both_present = many[some], one[some], both_present[some]
        labels = [self._build_labels(m, o) for m, o in zip(many, one, strict=True)]
        groups = self.many.numbers[many]
        self._check_unique(groups, labels, both_present)
        left, right = self.many.block.values[many], self.one.block.values[one]
        if self.matching.card is Card.ONE_TO_MANY:
            left, right = right, left
        values, holds = apply_elementwise(self.expr, left, right, left)
        present = both_present if holds is None else both_present & holds
        nameless = np.full(len(labels), self.expr.return_bool)
        return VectorBlock(tuple(labels), values, present, nameless).drop_empty().merge_duplicates()

    def _pair_rows(self) -> tuple[Times, Times]:
        """The rows of series that match, of both sides, in the order of the many side."""
        partners: dict[int, list[int]] = {}
        for row, group in enumerate(self.one.numbers.tolist()):
            partners.setdefault(group, []).append(row)
        row_pairs = [
            (row, partner)
            for row, group in enumerate(self.many.numbers.tolist())
            for partner in partners.get(group, ())
        ]
        pairs = np.array(row_pairs, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _build_labels(self, many: int, one: int) -> Labels:
        """The labels of a result (promql/engine.go, resultMetric)."""
        matching = self.matching
        pairs = self.many.block.series[many].pairs
        if is_arithmetic(self.expr.op) or (self.expr.return_bool and not self.delayed):
            pairs = tuple(pair for pair in pairs if pair[0] not in NAME_LABELS)
        if matching.card is Card.ONE_TO_ONE:
            pairs = tuple(pair for pair in pairs if (pair[0] in matching.labels) is matching.on)
        if not matching.include:
            return Labels(pairs)
        partner = self.one.block.series[one]
        return Labels(pairs).put({name: partner.get(name, "") for name in matching.include})

    def _check_unique(self, groups: Times, labels: list[Labels], present: Mask) -> None:
        if self.matching.card is Card.ONE_TO_ONE:
            keys: list[object] = list(groups.tolist())
            problem = (
                "multiple matches for labels: many-to-one matching must be explicit "
                "(group_left/group_right)"
            )
        else:
            keys = list(zip(groups.tolist(), labels, strict=True))
            problem = "multiple matches for labels: grouping labels must ensure unique matches"
        if _has_overlap(keys, present):
            raise QueryError.execution(problem)


def _has_overlap(keys: list[object], present: Mask) -> bool:
    """Whether rows with the same key are present at the same step."""
    rows: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return any(
        len(same) > 1 and bool((present[same].sum(axis=0) > 1).any()) for same in rows.values()
    )
