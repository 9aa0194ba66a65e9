"""Answers PromQL queries over a store, within limits of time, memory and concurrency."""

from __future__ import annotations

import time
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import EMPTY
from jipyo.model.result import (
    Matrix,
    QueryResult,
    QueryStats,
    RawMatrix,
    Scalar,
    String,
    Value,
    Vector,
    count_samples,
)
from jipyo.model.sample import SeriesBlock, Times, Values
from jipyo.promql.engine.annotations import Annotations
from jipyo.promql.engine.block import assemble_range, drop_name
from jipyo.promql.engine.budget import QueryBudget
from jipyo.promql.engine.explain import Explanation, PlanStep
from jipyo.promql.engine.functions.rates import extract_extended_points
from jipyo.promql.engine.lanes import Lanes
from jipyo.promql.engine.options import Options
from jipyo.promql.engine.plan import Node, QueryPeriod, Repeats, StepInvariant, build_plan, walk
from jipyo.promql.engine.tree_evaluator import TreeEvaluator
from jipyo.promql.syntax.ast import Aggregate, Call, Expr, StringLiteral
from jipyo.promql.syntax.parser import parse_cached
from jipyo.promql.syntax.signatures import ORDERING, ValueType

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from jipyo.model.store import Queryable
    from jipyo.promql.engine.windows import WindowShape


class Engine:
    """Answers PromQL over any store; safe to share between threads."""

    def __init__(
        self, options: Options | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the limits, and the clock (in seconds) that times queries."""
        self.options = options or Options()
        self._clock = clock
        # Two queries may be as large as one can be.
        self.lanes = Lanes(
            self.options.max_concurrency, self.options.max_heavy, 2 * self.options.max_samples
        )

    def with_lookback(self, lookback_ms: int) -> Engine:
        """The same engine with another lookback; the queries of both share their places."""
        engine = copy(self)
        engine.options = replace(self.options, lookback_ms=lookback_ms)
        return engine

    def instant(
        self,
        store: Queryable,
        expr: str,
        t_ms: int,
        *,
        cancel: threading.Event | None = None,
    ) -> QueryResult:
        """The value of an expression at one moment.

        Returns:
            A Scalar, String, Vector or RawMatrix. A Vector is ordered by labels unless the
            expression orders it (`sort`, `topk`).

        Raises:
            QueryError: the query is wrong, cannot be evaluated, was cancelled or takes too much.
        """
        period = QueryPeriod(t_ms, t_ms, 0)
        tree = parse_cached(expr, self.options.features)
        with self._start_evaluation(store, expr, tree, period, cancel) as (evaluator, node):
            value = _evaluate_instant(evaluator, node, t_ms)
            return self._build_result(evaluator, expr, value)

    def range(
        self,
        store: Queryable,
        expr: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        cancel: threading.Event | None = None,
    ) -> QueryResult:
        """The values of an expression at `start + i * step` up to and including `end`.

        Returns:
            A Matrix, ordered by labels.

        Raises:
            QueryError: the query is wrong, cannot be evaluated, was cancelled or takes too much.
        """
        self._check_period(start_ms, end_ms, step_ms)
        tree = parse_cached(expr, self.options.features)
        if tree.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise QueryError.bad_data(
                f'invalid expression type "{tree.value_type.documented}" for range query, '
                "must be Scalar or instant Vector"
            )
        period = QueryPeriod(start_ms, end_ms, step_ms)
        with self._start_evaluation(store, expr, tree, period, cancel) as (evaluator, node):
            value = _evaluate_range(evaluator, node, np.arange(start_ms, end_ms + 1, step_ms))
            return self._build_result(evaluator, expr, value)

    def explain(self, expr: str, start_ms: int, end_ms: int, step_ms: int = 0) -> PlanStep:
        """How a query would be answered; a step of 0 means an instant query at `end_ms`.

        Raises:
            QueryError: the query is wrong.
        """
        if step_ms:
            self._check_period(start_ms, end_ms, step_ms)
        period = QueryPeriod(start_ms if step_ms else end_ms, end_ms, step_ms)
        node = build_plan(parse_cached(expr, self.options.features), period)
        t_ms = np.arange(period.start_ms, end_ms + 1, step_ms or 1)
        return Explanation(self.options, Repeats.find(node)).explain_node(node, t_ms)

    def _check_period(self, start_ms: int, end_ms: int, step_ms: int) -> None:
        if end_ms < start_ms:
            raise QueryError.bad_data("end timestamp must not be before start time")
        if step_ms <= 0:
            raise QueryError.bad_data(
                "zero or negative query resolution step widths are not accepted. "
                "Try a positive integer"
            )
        if (end_ms - start_ms) // step_ms > self.options.max_points:
            raise QueryError.bad_data(
                f"exceeded maximum resolution of {self.options.max_points:,} points per "
                "timeseries. Try decreasing the query resolution (?step=XX)"
            )

    @contextmanager
    def _start_evaluation(
        self,
        store: Queryable,
        expr: str,
        tree: Expr,
        period: QueryPeriod,
        cancel: threading.Event | None,
    ) -> Iterator[tuple[TreeEvaluator, Node]]:
        budget = QueryBudget(self.options.max_samples, self.options.timeout_s, self._clock, cancel)
        # The hash, for of an expression there may be 256 KiB.
        key = hash((expr, period.end_ms - period.start_ms, period.step_ms))
        with self.lanes.enter(budget, key), np.errstate(all="ignore"):
            node = build_plan(tree, period)
            yield (
                TreeEvaluator(
                    store=store,
                    options=self.options,
                    budget=budget,
                    annotations=Annotations(),
                    repeats=Repeats.find(node),
                    is_range_query=period.start_ms != period.end_ms,
                    cache={},
                ),
                node,
            )

    def _build_result(self, evaluator: TreeEvaluator, query: str, value: Value) -> QueryResult:
        warnings, infos = evaluator.annotations.format_texts(query, self.options.max_annotations)
        budget = evaluator.budget
        budget.hold_only(count_samples(value))
        stats = QueryStats(budget.samples, budget.series, budget.elapsed_s)
        return QueryResult(value, warnings, infos, stats)


def _evaluate_instant(evaluator: TreeEvaluator, node: Node, t_ms: int) -> Value:
    step = np.array([t_ms], np.int64)
    match node.value_type:
        case ValueType.SCALAR:
            return Scalar(t_ms, float(evaluator.evaluate_scalar(node, step)[0]))
        case ValueType.STRING:
            assert isinstance(node, StringLiteral)
            return String(t_ms, node.value)
        case ValueType.MATRIX:
            return _collect_raw_samples(evaluator, node, step)
        case _:
            return _evaluate_vector(evaluator, node, step)


def _evaluate_vector(evaluator: TreeEvaluator, node: Node, step: Times) -> Vector:
    block = evaluator.evaluate_vector(node, step).drop_empty().drop_marked_names()
    if not _is_ordered(node):
        block = block.sort_by_labels()
    return Vector(int(step[0]), block.series, np.ascontiguousarray(block.values[:, 0]))


def _is_ordered(node: Node) -> bool:
    """Whether a function or an aggregator in the expression puts the series in order."""
    return any(
        (isinstance(part, Call) and part.function.name in ORDERING)
        or (isinstance(part, Aggregate) and part.op.name in ORDERING)
        for part in walk(node)
    )


def _evaluate_range(evaluator: TreeEvaluator, node: Node, t_ms: Times) -> Matrix:
    if node.value_type is ValueType.SCALAR:
        values = evaluator.evaluate_scalar(node, t_ms)[None, :]
        return Matrix((EMPTY,), t_ms, values, np.ones(values.shape, np.bool_))
    block = assemble_range(evaluator.stream_vector(node, t_ms), len(t_ms))
    return Matrix(
        block.series,
        t_ms,
        np.ascontiguousarray(block.values),
        np.ascontiguousarray(block.present),
    )


def _collect_raw_samples(evaluator: TreeEvaluator, node: Node, step: Times) -> RawMatrix:
    """The samples of a range vector, series by series, ordered by labels."""
    inner = node.expr if isinstance(node, StepInvariant) else node
    blocks = []
    for samples, shape in evaluator.read_samples(inner, step):
        evaluator.budget.hold(samples.values.size)
        for row, labels in enumerate(samples.series):
            t_ms, values = _cut_to_window(samples.t_ms, samples.values[row], shape)
            if len(t_ms):
                name = drop_name(labels) if samples.nameless[row] else labels
                blocks.append(SeriesBlock((name,), t_ms, values[None, :]))
    blocks.sort(key=lambda block: block.series[0].pairs)
    return RawMatrix(tuple(blocks))


def _cut_to_window(t_ms: Times, values: Values, shape: WindowShape) -> tuple[Times, Values]:
    windows = shape.place(t_ms)
    if shape.extension is not None:
        return extract_extended_points(t_ms, values, windows, smoothed=shape.smoothed)
    at = slice(int(windows.lo[0]), int(windows.hi[0]))
    return t_ms[at], values[at]
