"""How a query will be answered: the plan as a tree that people can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.engine import aggregations
from jipyo.promql.engine import hourly as statistics
from jipyo.promql.engine.plan import Node, Repeats, StepInvariant, below
from jipyo.promql.engine.ranges import RANGE_FUNCTIONS, WindowShape
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
from jipyo.promql.syntax.durations import format_duration
from jipyo.promql.syntax.printer import matcher_text, number_text
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Times
    from jipyo.promql.engine.options import Options


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, how, and what has to be there before."""

    what: str
    how: tuple[str, ...]
    parts: tuple[Step, ...] = ()

    def lines(self, indent: str = "") -> Iterator[str]:
        """The tree as text, one line a step."""
        how = f"  ({'; '.join(self.how)})" if self.how else ""
        yield f"{indent}{self.what}{how}"
        for part in self.parts:
            yield from part.lines(indent + "  ")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explains the nodes of one plan."""

    options: Options
    repeats: Repeats

    def step(self, node: Node, t_ms: Times) -> Step:
        """The step of a node, evaluated at these times."""
        once = isinstance(node, StepInvariant)
        while isinstance(node, StepInvariant):
            node, t_ms = node.expr, t_ms[:1]
        how = [*_how(node, t_ms, self.options)]
        if once:
            how.append("the same at every step: computed once")
        if self.repeats.number(node) is not None:
            how.append("asked for more than once: computed once")
        return Step(_what(node), tuple(how), tuple(self._parts(node, t_ms)))

    def _parts(self, node: Node, t_ms: Times) -> Iterator[Step]:
        if isinstance(node, Subquery):
            shape = WindowShape.of_subquery(node, t_ms)
            first, last = int(shape.end_ms.min()) - shape.range_ms, int(shape.end_ms.max())
            t_ms = np.array([first, last], np.int64)
        if isinstance(node, MatrixSelector):
            return
        for part in below(node):
            yield self.step(part, t_ms)


def _what(node: Node) -> str:
    match node:
        case NumberLiteral(value=value):
            text = number_text(value)
        case StringLiteral(value=value):
            text = quote(value)
        case VectorSelector():
            text = f"select {_selector(node)}"
        case MatrixSelector(selector=selector, range=range_ms):
            text = f"select {_selector(selector)}[{_duration(range_ms)}]"
        case Subquery(range=range_ms):
            text = f"subquery [{_duration(range_ms)}]"
        case Call(function=function):
            text = function.name
        case Aggregate():
            text = _aggregate(node)
        case Binary(op=op):
            text = op.value
        case _:
            text = "-" if isinstance(node, Unary) else type(node).__name__
    return text


def _selector(node: VectorSelector) -> str:
    return f"{{{', '.join(map(matcher_text, node.matchers))}}}"


def _duration(duration: object) -> str:
    assert isinstance(duration, int)
    return format_duration(duration)


def _aggregate(node: Aggregate) -> str:
    if not node.grouping and not node.without:
        return node.op.name
    kind = "without" if node.without else "by"
    return f"{node.op.name} {kind} ({', '.join(node.grouping)})"


def _how(node: Node, t_ms: Times, options: Options) -> Iterator[str]:
    match node:
        case VectorSelector(offset=offset):
            assert isinstance(offset, int)
            yield f"newest sample within {format_duration(options.lookback_ms)}"
            if offset:
                yield f"offset {format_duration(offset)}"
        case Call() if node.function.name in RANGE_FUNCTIONS:
            yield _window_reading(node, t_ms, options)
        case Aggregate():
            folded = node.op.name in aggregations.FOLDED
            yield "block by block" if folded else "all series at once"
        case Binary(matching=matching) if matching is not None:
            kind = "on" if matching.on else "ignoring"
            yield f"{matching.card.value}, {kind} ({', '.join(matching.labels)})"
        case _:
            return


def _window_reading(call: Call, t_ms: Times, options: Options) -> str:
    window = next(arg for arg in call.args if isinstance(arg, MatrixSelector | Subquery))
    if isinstance(window, MatrixSelector) and window.selector.extension is None:
        shape = WindowShape.of_selector(window, t_ms, options.lookback_ms)
        if statistics.on_the_hour(call.function.name, shape.end_ms, shape.range_ms):
            return "from hourly statistics"
    return "all windows of a block at once"
