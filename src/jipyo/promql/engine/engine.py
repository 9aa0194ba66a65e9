"""PromQL asked of a store: the limits around an evaluation, and its answer."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
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
)
from jipyo.model.sample import SeriesBlock, Times, Values
from jipyo.promql.engine.annotations import Annotations
from jipyo.promql.engine.block import assembled, without_name
from jipyo.promql.engine.budget import Guard
from jipyo.promql.engine.evaluation import Evaluation
from jipyo.promql.engine.explain import Explanation, Step
from jipyo.promql.engine.options import Options
from jipyo.promql.engine.plan import Node, Period, Repeats, StepInvariant, plan, walk
from jipyo.promql.engine.rates import extended_points
from jipyo.promql.syntax.ast import Aggregate, Call, Expr, StringLiteral
from jipyo.promql.syntax.parser import parse_cached
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.store import Queryable
    from jipyo.promql.engine.ranges import WindowShape

_ORDERING = frozenset({"sort", "sort_desc", "sort_by_label", "sort_by_label_desc"})
_ORDERING_AGGREGATORS = frozenset({"topk", "bottomk"})


class Engine:
    """Answers PromQL over any store; safe to share between threads."""

    def __init__(
        self, options: Options | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the limits, and what measures the time a query takes."""
        self.options = options or Options()
        self._clock = clock
        self._slots = threading.BoundedSemaphore(self.options.max_concurrency)

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
            QueryError: the question is wrong, cannot be answered, or takes too much.
        """
        period = Period(t_ms, t_ms, 0)
        tree = parse_cached(expr, self.options.features)
        with self._running(store, tree, period, cancel) as (evaluation, node):
            value = _instant(evaluation, node, t_ms)
            return self._result(evaluation, expr, value)

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
            QueryError: the question is wrong, cannot be answered, or takes too much.
        """
        self._check_period(start_ms, end_ms, step_ms)
        tree = parse_cached(expr, self.options.features)
        if tree.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise QueryError.bad_data(
                f'invalid expression type "{tree.value_type.documented}" for range query, '
                "must be Scalar or instant Vector"
            )
        period = Period(start_ms, end_ms, step_ms)
        with self._running(store, tree, period, cancel) as (evaluation, node):
            value = _ranged(evaluation, node, np.arange(start_ms, end_ms + 1, step_ms))
            return self._result(evaluation, expr, value)

    def explain(self, expr: str, start_ms: int, end_ms: int, step_ms: int = 0) -> Step:
        """How the question would be answered; a step of 0 asks at `end_ms` only.

        Raises:
            QueryError: the question is wrong.
        """
        if step_ms:
            self._check_period(start_ms, end_ms, step_ms)
        period = Period(start_ms if step_ms else end_ms, end_ms, step_ms)
        node = plan(parse_cached(expr, self.options.features), period)
        t_ms = np.arange(period.start_ms, end_ms + 1, step_ms or 1)
        return Explanation(self.options, Repeats.of(node)).step(node, t_ms)

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
    def _running(
        self, store: Queryable, tree: Expr, period: Period, cancel: threading.Event | None
    ) -> Iterator[tuple[Evaluation, Node]]:
        guard = Guard(self.options.max_samples, self.options.timeout_s, self._clock, cancel)
        with self._slot(guard), np.errstate(all="ignore"):
            node = plan(tree, period)
            yield (
                Evaluation(
                    store=store,
                    options=self.options,
                    guard=guard,
                    notes=Annotations(),
                    repeats=Repeats.of(node),
                    ranged=period.start_ms != period.end_ms,
                    known={},
                ),
                node,
            )

    @contextmanager
    def _slot(self, guard: Guard) -> Iterator[None]:
        """One of the places for queries that run at once."""
        while not self._slots.acquire(timeout=_WAIT_S):
            guard.check("query queue")
        try:
            yield
        finally:
            self._slots.release()

    def _result(self, evaluation: Evaluation, query: str, value: Value) -> QueryResult:
        warnings, infos = evaluation.notes.texts(query, self.options.max_annotations)
        guard = evaluation.guard
        stats = QueryStats(guard.samples, guard.series, guard.seconds)
        return QueryResult(value, warnings, infos, stats)


_WAIT_S = 0.05


def _instant(evaluation: Evaluation, node: Node, t_ms: int) -> Value:
    step = np.array([t_ms], np.int64)
    match node.value_type:
        case ValueType.SCALAR:
            return Scalar(t_ms, float(evaluation.scalar(node, step)[0]))
        case ValueType.STRING:
            assert isinstance(node, StringLiteral)
            return String(t_ms, node.value)
        case ValueType.MATRIX:
            return _raw(evaluation, node, step)
        case _:
            return _vector(evaluation, node, step)


def _vector(evaluation: Evaluation, node: Node, step: Times) -> Vector:
    block = evaluation.block(node, step).seen().finished()
    if not _is_ordered(node):
        block = block.by_labels()
    return Vector(int(step[0]), block.series, np.ascontiguousarray(block.values[:, 0]))


def _is_ordered(node: Node) -> bool:
    """Whether something in the expression puts the series in order."""
    return any(map(_orders, walk(node)))


def _orders(node: Node) -> bool:
    match node:
        case Call(function=function):
            return function.name in _ORDERING
        case Aggregate(op=op):
            return op.name in _ORDERING_AGGREGATORS
        case _:
            return False


def _ranged(evaluation: Evaluation, node: Node, t_ms: Times) -> Matrix:
    if node.value_type is ValueType.SCALAR:
        values = evaluation.scalar(node, t_ms)[None, :]
        return Matrix((EMPTY,), t_ms, values, np.ones(values.shape, np.bool_))
    block = assembled(evaluation.stream(node, t_ms), len(t_ms))
    return Matrix(
        block.series,
        t_ms,
        np.ascontiguousarray(block.values),
        np.ascontiguousarray(block.present),
    )


def _raw(evaluation: Evaluation, node: Node, step: Times) -> RawMatrix:
    """The samples of a range vector, series by series, ordered by labels."""
    inner = node.expr if isinstance(node, StepInvariant) else node
    found = []
    for samples, shape in evaluation.samples(inner, step):
        evaluation.guard.hold(samples.values.size)
        for row, labels in enumerate(samples.series):
            t_ms, values = _within(samples.t_ms, samples.values[row], shape)
            if len(t_ms):
                name = without_name(labels) if samples.nameless[row] else labels
                found.append(SeriesBlock((name,), t_ms, values[None, :]))
    found.sort(key=lambda block: block.series[0].pairs)
    return RawMatrix(tuple(found))


def _within(t_ms: Times, values: Values, shape: WindowShape) -> tuple[Times, Values]:
    windows = shape.windows(t_ms)
    if shape.extension is not None:
        return extended_points(t_ms, values, windows, smoothed=shape.smoothed)
    at = slice(int(windows.lo[0]), int(windows.hi[0]))
    return t_ms[at], values[at]
