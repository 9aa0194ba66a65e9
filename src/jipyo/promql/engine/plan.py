"""The tree as it is evaluated: times resolved, parentheses removed, invariant parts marked."""

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
class QueryPeriod:
    """The start, end and step (0 for an instant query) of a query, in milliseconds."""

    start_ms: int
    end_ms: int
    step_ms: int


def build_plan(expr: Expr, period: QueryPeriod) -> Node:
    """Prepare a parsed expression for evaluation over a period.

    Raises:
        QueryError: a duration cannot be computed.
    """
    range_ms = period.end_ms - period.start_ms
    node, fixed = _Planner(period).visit(resolve(expr, period.step_ms, range_ms))
    return _mark_invariant(node) if fixed else node


def _mark_invariant(node: Expr) -> Expr:
    """Mark a node as step-invariant; literals and windows are cheap or cannot be repeated."""
    if isinstance(node, NumberLiteral | StringLiteral | MatrixSelector | Subquery):
        return node
    # No node of the syntax tree, but the evaluator handles it.
    return cast("Expr", StepInvariant(node, node.pos))


class _Planner:
    """Returns for each node what to evaluate, and whether it is the same at every step."""

    def __init__(self, period: QueryPeriod) -> None:
        self._period = period

    def visit(self, expr: Expr) -> tuple[Expr, bool]:
        match expr:
            case VectorSelector() | MatrixSelector():
                planned = self._plan_selector(expr)
            case Paren(expr=inner):
                planned = self.visit(inner)
            case Unary(expr=inner, op=op):
                node, fixed = self.visit(inner)
                planned = (replace(expr, expr=node) if op is UnaryOp.MINUS else node), fixed
            case Subquery(expr=inner):
                node, fixed = self.visit(inner)
                node, at = _mark_invariant(node) if fixed else node, self._resolve_at(expr.at)
                planned = replace(expr, expr=node, at=at), at is not None
            case Binary():
                planned = self._plan_binary(expr)
            case Aggregate():
                planned = self._plan_aggregate(expr)
            case Call():
                planned = self._plan_call(expr)
            case _:
                planned = expr, True
        return planned

    def _resolve_at(self, at: int | Boundary | None) -> int | None:
        if isinstance(at, Boundary):
            return self._period.start_ms if at is Boundary.START else self._period.end_ms
        return at

    def _plan_selector(self, expr: VectorSelector | MatrixSelector) -> tuple[Expr, bool]:
        if isinstance(expr, MatrixSelector):
            selector = replace(expr.selector, at=self._resolve_at(expr.selector.at))
            return replace(expr, selector=selector), selector.at is not None
        at = self._resolve_at(expr.at)
        return replace(expr, at=at), at is not None

    def _plan_binary(self, expr: Binary) -> tuple[Expr, bool]:
        left, left_fixed = self.visit(expr.left)
        right, right_fixed = self.visit(expr.right)
        if left_fixed and right_fixed:
            return replace(expr, left=left, right=right), True
        left = _mark_invariant(left) if left_fixed else left
        right = _mark_invariant(right) if right_fixed else right
        return replace(expr, left=left, right=right), False

    def _plan_aggregate(self, expr: Aggregate) -> tuple[Expr, bool]:
        inner, fixed = self.visit(expr.expr)
        if expr.param is None:
            return replace(expr, expr=inner), fixed
        param, param_fixed = self.visit(expr.param)
        if fixed and param_fixed:
            return replace(expr, expr=inner, param=param), True
        inner = _mark_invariant(inner) if fixed else inner
        param = _mark_invariant(param) if param_fixed else param
        return replace(expr, expr=inner, param=param), False

    def _plan_call(self, expr: Call) -> tuple[Expr, bool]:
        name = expr.function.name
        literal = self._evaluate_query_function(name)
        if literal is not None:
            return NumberLiteral(literal, pos=expr.pos), True
        visited = [self.visit(arg) for arg in expr.args]
        args = tuple(node for node, _ in visited)
        fixed = all(is_fixed for _, is_fixed in visited)
        if fixed and self._is_timeless(name, args):
            return replace(expr, args=args), True
        return replace(
            expr, args=tuple(_mark_invariant(arg) if is_fixed else arg for arg, is_fixed in visited)
        ), False

    def _is_timeless(self, name: str, args: tuple[Expr, ...]) -> bool:
        if name == "timestamp":
            return isinstance(args[0], VectorSelector)
        # info() looks at the step where its argument has no time of its own.
        return name not in _DEPEND_ON_TIME and name != "info"

    def _evaluate_query_function(self, name: str) -> float | None:
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


def get_parts(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    return (node.expr,) if isinstance(node, StepInvariant) else children(node)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, parents first."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(get_parts(current)))


@dataclass(frozen=True, slots=True)
class Repeats:
    """Vectors of a plan that are evaluated more than once over the same steps."""

    _numbers: Mapping[int, int]
    """By the identity of a node: one number for all equal nodes."""
    _last: Mapping[int, Node]
    """The last node, in the order of the text, of each number that repeats."""

    @classmethod
    def find(cls, root: Node) -> Repeats:
        """Find them; a vector that repeats only within a repeated one does not count."""
        numbers = _number_by_meaning(root)
        uses: Counter[tuple[int, int | None]] = Counter()
        waiting: list[tuple[Node, int | None]] = [(root, None)]
        while waiting:
            node, around = waiting.pop()
            number = numbers[id(node)]
            if node.value_type is ValueType.VECTOR:
                uses[number, around] += 1
                if uses[number, around] > 1:
                    continue
            if isinstance(node, MatrixSelector):
                continue  # its selector is never evaluated by itself
            if isinstance(node, Subquery | StepInvariant):
                around = number
            waiting.extend((part, around) for part in get_parts(node))
        repeated = {number for (number, _), count in uses.items() if count > 1}
        last = {numbers[id(node)]: node for node in walk(root) if numbers[id(node)] in repeated}
        return cls(numbers, last)

    def find_number(self, node: Node) -> int | None:
        """The number of a repeated vector; None for any other node."""
        number = self._numbers.get(id(node))
        return number if number in self._last else None

    def find_last(self, number: int) -> Node:
        """The last vector of a number: of equal annotations, Prometheus gives the last place."""
        return self._last[number]


def _number_by_meaning(root: Node) -> dict[int, int]:
    """Numbers by the identity of nodes, equal for equal nodes; from the leaves up, each once."""
    numbers: dict[int, int] = {}
    number_of: dict[object, int] = {}
    for node in reversed(list(walk(root))):
        parts = tuple(numbers[id(part)] for part in get_parts(node))
        numbers[id(node)] = number_of.setdefault(
            (type(node), _strip_parts(node), parts), len(number_of)
        )
    return numbers


def _strip_parts(node: Node) -> object:
    """What a node is without the nodes below it; hashable."""
    match node:
        case Binary(op=op, matching=matching, return_bool=return_bool):
            content: object = op, matching, return_bool
        case Call(function=function):
            content = function.name
        case Aggregate(op=op, grouping=grouping, without=without, param=param):
            content = op.name, grouping, without, param is None
        case Subquery(range=range_ms, step=step, offset=offset, at=at):
            content = range_ms, step, offset, at
        case MatrixSelector(range=range_ms):
            content = range_ms
        case Unary() | StepInvariant() | Paren():
            content = None
        case _:
            content = node
    return content
