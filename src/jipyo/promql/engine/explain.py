"""How a query would be answered: its plan as readable text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.duration import format_duration
from jipyo.promql.engine.aggregations import incremental
from jipyo.promql.engine.functions import hourly
from jipyo.promql.engine.functions.range_functions import RANGE_FUNCTIONS
from jipyo.promql.engine.plan import Node, Repeats, StepInvariant, get_parts
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
from jipyo.promql.syntax.printer import format_duration_expr, format_matcher, format_number
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Times
    from jipyo.promql.engine.options import Options


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One operation, how it is done, and the operations whose results it needs."""

    what: str
    how: tuple[str, ...]
    parts: tuple[PlanStep, ...] = ()

    def lines(self, indent: str = "") -> Iterator[str]:
        """The tree as text, one line an operation, parts indented."""
        how = f"  ({'; '.join(self.how)})" if self.how else ""
        yield f"{indent}{self.what}{how}"
        for part in self.parts:
            yield from part.lines(indent + "  ")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explains the nodes of one plan."""

    options: Options
    repeats: Repeats

    def explain_node(self, node: Node, t_ms: Times) -> PlanStep:
        """The operation of a node, evaluated at these steps."""
        is_invariant = isinstance(node, StepInvariant)
        while isinstance(node, StepInvariant):
            node, t_ms = node.expr, t_ms[:1]
        how = [*_describe_method(node, t_ms, self.options)]
        if is_invariant:
            how.append("the same at every step: computed once")
        if self.repeats.find_number(node) is not None:
            how.append("asked for more than once: computed once")
        return PlanStep(_describe_node(node), tuple(how), tuple(self._explain_parts(node, t_ms)))

    def _explain_parts(self, node: Node, t_ms: Times) -> Iterator[PlanStep]:
        if isinstance(node, Subquery):
            shape = WindowShape.from_subquery(node, t_ms)
            first, last = int(shape.end_ms.min()) - shape.range_ms, int(shape.end_ms.max())
            t_ms = np.array([first, last], np.int64)
        if isinstance(node, MatrixSelector):
            return
        for part in get_parts(node):
            yield self.explain_node(part, t_ms)


def _describe_node(node: Node) -> str:
    match node:
        case NumberLiteral(value=value):
            text = format_number(value)
        case StringLiteral(value=value):
            text = quote(value)
        case VectorSelector():
            text = f"select {_format_selector(node)}"
        case MatrixSelector(selector=selector, range=range_):
            text = f"select {_format_selector(selector)}[{format_duration_expr(range_)}]"
        case Subquery(range=range_):
            text = f"subquery [{format_duration_expr(range_)}]"
        case Call(function=function):
            text = function.name
        case Aggregate():
            text = _describe_aggregate(node)
        case Binary(op=op):
            text = op.value
        case _:
            text = "-" if isinstance(node, Unary) else type(node).__name__
    return text


def _format_selector(node: VectorSelector) -> str:
    return f"{{{', '.join(map(format_matcher, node.matchers))}}}"


def _describe_aggregate(node: Aggregate) -> str:
    if not node.grouping and not node.without:
        return node.op.name
    kind = "without" if node.without else "by"
    return f"{node.op.name} {kind} ({', '.join(node.grouping)})"


def _describe_method(node: Node, t_ms: Times, options: Options) -> Iterator[str]:
    match node:
        case VectorSelector(offset=offset):
            assert isinstance(offset, int)
            yield f"newest sample within {format_duration(options.lookback_ms)}"
            if offset:
                yield f"offset {format_duration(offset)}"
        case Call() if node.function.name in RANGE_FUNCTIONS:
            yield _describe_window_reading(node, t_ms, options)
        case Aggregate():
            is_incremental = node.op.name in incremental.INCREMENTAL
            yield "block by block" if is_incremental else "all series at once"
        case Binary(matching=matching) if matching is not None:
            kind = "on" if matching.on else "ignoring"
            yield f"{matching.card.value}, {kind} ({', '.join(matching.labels)})"
        case _:
            return


def _describe_window_reading(call: Call, t_ms: Times, options: Options) -> str:
    window = next(arg for arg in call.args if isinstance(arg, MatrixSelector | Subquery))
    if isinstance(window, MatrixSelector):
        shape = WindowShape.from_selector(window, t_ms, options.lookback_ms)
        if hourly.is_answerable(call.function.name, shape):
            return "from hourly statistics"
    return "all windows of a block at once"
