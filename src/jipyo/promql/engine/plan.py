"""The tree as it is evaluated: times known, parentheses gone, what never changes marked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from jipyo.promql.syntax.ast import (
    NOWHERE,
    Aggregate,
    Binary,
    Boundary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    UnaryOp,
    VectorSelector,
    children,
)
from jipyo.promql.syntax.durations import resolve
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class StepInvariant:
    """An expression that is the same at every step, so that one step is enough."""

    expr: Node
    pos: Span = field(default=NOWHERE, compare=False)

    @property
    def value_type(self) -> ValueType:
        """That of the expression."""
        return self.expr.value_type


Node = Expr | StepInvariant

_DEPEND_ON_TIME = frozenset(
    (
        *("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute"),
        *("month", "year", "predict_linear", "time", "timestamp"),
    )
)


@dataclass(frozen=True, slots=True)
class Period:
    """The query's start, end and step (0 for an instant), in milliseconds."""

    start_ms: int
    end_ms: int
    step_ms: int


def plan(expr: Expr, period: Period) -> Node:
    """Make a parsed expression ready for evaluation.

    Raises:
        QueryError: a duration cannot be computed.
    """
    range_ms = period.end_ms - period.start_ms
    node, fixed = _Planner(period).visit(resolve(expr, period.step_ms, range_ms))
    return _once(node) if fixed else node


def _once(node: Expr) -> Expr:
    """Mark a node; literals and windows are cheap or cannot be repeated."""
    if isinstance(node, NumberLiteral | StringLiteral | MatrixSelector | Subquery):
        return node
    # The tree knows no such node, but whoever evaluates it does.
    return cast("Expr", StepInvariant(node, node.pos))


class _Planner:
    """Gives for each node what to evaluate, and whether it is the same at every step."""

    def __init__(self, period: Period) -> None:
        self._period = period

    def visit(self, expr: Expr) -> tuple[Expr, bool]:
        match expr:
            case VectorSelector() | MatrixSelector():
                planned = self._selector(expr)
            case Paren(expr=inner):
                planned = self.visit(inner)
            case Unary():
                planned = self._unary(expr)
            case Subquery():
                planned = self._subquery(expr)
            case Binary():
                planned = self._binary(expr)
            case Aggregate():
                planned = self._aggregate(expr)
            case Call():
                planned = self._call(expr)
            case _:
                planned = expr, True
        return planned

    def _at(self, at: int | Boundary | None) -> int | None:
        if isinstance(at, Boundary):
            return self._period.start_ms if at is Boundary.START else self._period.end_ms
        return at

    def _selector(self, expr: VectorSelector | MatrixSelector) -> tuple[Expr, bool]:
        if isinstance(expr, MatrixSelector):
            selector = replace(expr.selector, at=self._at(expr.selector.at))
            return replace(expr, selector=selector), selector.at is not None
        at = self._at(expr.at)
        return replace(expr, at=at), at is not None

    def _unary(self, expr: Unary) -> tuple[Expr, bool]:
        node, fixed = self.visit(expr.expr)
        return (replace(expr, expr=node) if expr.op is UnaryOp.MINUS else node), fixed

    def _subquery(self, expr: Subquery) -> tuple[Expr, bool]:
        inner, fixed = self.visit(expr.expr)
        at = self._at(expr.at)
        return replace(expr, expr=_once(inner) if fixed else inner, at=at), at is not None

    def _binary(self, expr: Binary) -> tuple[Expr, bool]:
        left, left_fixed = self.visit(expr.left)
        right, right_fixed = self.visit(expr.right)
        if left_fixed and right_fixed:
            return replace(expr, left=left, right=right), True
        left = _once(left) if left_fixed else left
        right = _once(right) if right_fixed else right
        return replace(expr, left=left, right=right), False

    def _aggregate(self, expr: Aggregate) -> tuple[Expr, bool]:
        inner, fixed = self.visit(expr.expr)
        if expr.param is None:
            return replace(expr, expr=inner), fixed
        param, param_fixed = self.visit(expr.param)
        if fixed and param_fixed:
            return replace(expr, expr=inner, param=param), True
        inner = _once(inner) if fixed else inner
        param = _once(param) if param_fixed else param
        return replace(expr, expr=inner, param=param), False

    def _call(self, expr: Call) -> tuple[Expr, bool]:
        name = expr.function.name
        literal = self._of_query(name)
        if literal is not None:
            return NumberLiteral(literal, pos=expr.pos), True
        visited = [self.visit(arg) for arg in expr.args]
        args = tuple(node for node, _ in visited)
        fixed = all(is_fixed for _, is_fixed in visited)
        if fixed and self._timeless(name, args):
            return replace(expr, args=args), True
        return replace(
            expr, args=tuple(_once(arg) if known else arg for arg, known in visited)
        ), False

    def _timeless(self, name: str, args: tuple[Expr, ...]) -> bool:
        if name == "timestamp":
            return isinstance(args[0], VectorSelector)
        # info() looks at the step where its argument has no time of its own.
        return name not in _DEPEND_ON_TIME and name != "info"

    def _of_query(self, name: str) -> float | None:
        period = self._period
        match name:
            case "start":
                return period.start_ms / 1000
            case "end":
                return period.end_ms / 1000
            case "range":
                return (period.end_ms - period.start_ms) / 1000
            case "step":
                return 0.0 if period.start_ms == period.end_ms else period.step_ms / 1000
            case _:
                return None


def below(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    return (node.expr,) if isinstance(node, StepInvariant) else children(node)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, parents first."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(below(current)))


@dataclass(frozen=True, slots=True)
class Repeats:
    """Vectors of a plan that are asked for more than once over the same steps."""

    _numbers: Mapping[int, int]
    """By the identity of a node: one number for all nodes that mean the same."""
    _repeated: frozenset[int]

    @classmethod
    def of(cls, root: Node) -> Repeats:
        """Find them; what stands only within such a vector is none."""
        numbers = _meanings(root)
        seen: Counter[tuple[int, int | None]] = Counter()
        waiting: list[tuple[Node, int | None]] = [(root, None)]
        while waiting:
            node, around = waiting.pop()
            number = numbers[id(node)]
            if node.value_type is ValueType.VECTOR:
                seen[number, around] += 1
                if seen[number, around] > 1:
                    continue
            if isinstance(node, Subquery | StepInvariant):
                around = number
            waiting.extend((part, around) for part in below(node))
        return cls(numbers, frozenset(number for (number, _), n in seen.items() if n > 1))

    def number(self, node: Node) -> int | None:
        """What a repeated vector is known by; None for any other."""
        number = self._numbers.get(id(node))
        return number if number in self._repeated else None


def _meanings(root: Node) -> dict[int, int]:
    """Numbers of nodes by identity, from the leaves up, so that each is looked at once."""
    numbers: dict[int, int] = {}
    known: dict[object, int] = {}
    for node in reversed(list(walk(root))):
        parts = tuple(numbers[id(part)] for part in below(node))
        numbers[id(node)] = known.setdefault((type(node), _alone(node), parts), len(known))
    return numbers


def _alone(node: Node) -> object:
    """A node without what stands below it."""
    match node:
        case Binary(op=op, matching=matching, return_bool=return_bool):
            alone: object = op, matching, return_bool
        case Call(function=function):
            alone = function.name
        case Aggregate(op=op, grouping=grouping, without=without, param=param):
            alone = op.name, grouping, without, param is None
        case Subquery(range=range_ms, step=step, offset=offset, at=at):
            alone = range_ms, step, offset, at
        case MatrixSelector(range=range_ms):
            alone = range_ms
        case Unary() | StepInvariant() | Paren():
            alone = None
        case _:
            alone = node
    return alone
