"""The syntax tree of PromQL; positions do not count in comparisons.

Expr
├── NumberLiteral    `1`, `0x8f`, `NaN`, `5m` (seconds, `duration=True`); a sign is folded in
├── StringLiteral    bytes that are not UTF-8 are kept as surrogate escapes
├── VectorSelector   `x{a="b"}` with `offset`, `@`, `anchored`, `smoothed`
├── MatrixSelector   `x[5m]`; offset, `@` and extension are those of its `selector`
├── Subquery         `expr[1h:5m]`; `step is None` means the default interval
├── Call             a row of `signatures.FUNCTIONS` and arguments
├── Aggregate        a row of `signatures.AGGREGATORS`, parameter, grouping
├── Binary           `matching` is None unless both sides are vectors
├── Unary            `-x`, `+x` over anything but a number
└── Paren            kept for printing and for the API's tree

Types and argument counts are checked while parsing, so visitors of the tree can rely on them:
`Aggregate.param` is present exactly when its aggregator takes one, the last arguments are
missing only where `Function.variadic` allows, `info()`'s second argument is a VectorSelector.
A scalar argument is any expression of type scalar, not always a NumberLiteral.

Durations and times are integer milliseconds. A `Duration` is an int, or a `DurationExpr`
that may depend on the query's step and range: `durations.evaluate(duration, step_ms, range_ms)`
returns the milliseconds of one, `durations.resolve(expr, step_ms, range_ms)` a tree in which
every duration is an int. Offsets are as written (positive looks back) and belong to their own
selector or subquery; nothing is added up.

Nodes are hashable and compare by meaning: matchers are in one canonical order (that of the
printed form, the one for `name` last), NaN equals NaN, 0 differs from -0. A tree can be as
deep as `limits` allows (about 1,000); `parse` makes sure that plain recursion over it is safe.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.promql.syntax.signatures import Aggregator, Function, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.matcher import Matcher


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of the query's text, in characters."""

    start: int
    end: int


NOWHERE = Span(-1, -1)
"""The position of a node that was not read from text."""


class BinaryOp(Enum):
    """Binary operators; the value is how they are written."""

    OR = "or"
    AND = "and"
    UNLESS = "unless"
    EQ = "=="
    NE = "!="
    LE = "<="
    LT = "<"
    GE = ">="
    GT = ">"
    TRIM_UPPER = "</"
    """Keeps what lies below in a native histogram; drops floats."""
    TRIM_LOWER = ">/"
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    ATAN2 = "atan2"
    POW = "^"

    @property
    def is_set(self) -> bool:
        """Whether this is `and`, `or` or `unless`."""
        return self in _SET_OPS

    @property
    def is_comparison(self) -> bool:
        """Whether this filters, or gives 0 and 1 with `bool`."""
        return self in _COMPARISONS


_SET_OPS = frozenset({BinaryOp.OR, BinaryOp.AND, BinaryOp.UNLESS})
_COMPARISONS = frozenset(
    {BinaryOp.EQ, BinaryOp.NE, BinaryOp.LE, BinaryOp.LT, BinaryOp.GE, BinaryOp.GT}
)


class UnaryOp(Enum):
    """Signs."""

    PLUS = "+"
    MINUS = "-"


class Card(Enum):
    """How many series of one side may match how many of the other."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    """`group_left`: the left side is the many side."""
    ONE_TO_MANY = "one-to-many"
    """`group_right`."""
    MANY_TO_MANY = "many-to-many"
    """Set operators."""


class Boundary(Enum):
    """`@ start()` and `@ end()`: the ends of the query."""

    START = "start"
    END = "end"


class Extension(Enum):
    """How a selector treats the edges of its window."""

    ANCHORED = "anchored"
    SMOOTHED = "smoothed"


@dataclass(frozen=True, slots=True, eq=False)
class NumberLiteral:
    """A number; as a duration it counts seconds and is printed as `1h30m`."""

    value: float
    duration: bool = False
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.SCALAR

    def _key(self) -> tuple[bytes, bool]:
        # Any NaN is as good as another, but -0 is not 0.
        value = math.nan if math.isnan(self.value) else self.value
        return struct.pack("<d", value), self.duration

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberLiteral):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class DurationOp(Enum):
    """Arithmetic in durations."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"


class DurationFunction(Enum):
    """Functions in durations; the first two take no argument, the others two."""

    STEP = "step"
    RANGE = "range"
    MIN_OF = "min_of"
    MAX_OF = "max_of"


@dataclass(frozen=True, slots=True)
class DurationOperation:
    """`5m * 2`."""

    op: DurationOp
    left: DurationNode
    right: DurationNode
    pos: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DurationNegation:
    """`-step()`; a negative number is a NumberLiteral."""

    operand: DurationNode
    pos: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DurationCall:
    """`step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`."""

    function: DurationFunction
    args: tuple[DurationNode, ...] = ()
    pos: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DurationParen:
    """`(1h / 2)`; double parentheses are folded into one."""

    expr: DurationNode
    pos: Span = field(default=NOWHERE, compare=False)


DurationExpr = DurationOperation | DurationNegation | DurationCall | DurationParen
DurationNode = DurationExpr | NumberLiteral
Duration = int | DurationExpr
"""Milliseconds, or an expression that is computed when the query starts."""

At = int | Boundary | None
"""Milliseconds since 1970, an end of the query, or the evaluation time."""


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A text."""

    value: str
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.STRING


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """Series by matchers; `name`, written before the braces, has a matcher, too.

    `matchers` are in one order for one meaning, so that equal selectors are equal trees;
    `written` are the same in the order of the text.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset: Duration = 0
    at: At = None
    extension: Extension | None = None
    written: tuple[Matcher, ...] = field(default=(), compare=False)
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.VECTOR


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """The window `range` of a selector."""

    selector: VectorSelector
    range: Duration
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.MATRIX


@dataclass(frozen=True, slots=True)
class Subquery:
    """An instant vector expression evaluated at every `step` of a window."""

    expr: Expr
    range: Duration
    step: Duration | None = None
    offset: Duration = 0
    at: At = None
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.MATRIX


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    function: Function
    args: tuple[Expr, ...]
    pos: Span = field(default=NOWHERE, compare=False)

    @property
    def value_type(self) -> ValueType:
        """The type of the function."""
        return self.function.return_type


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation; neither `by` nor `without` is the same as `by ()`."""

    op: Aggregator
    expr: Expr
    param: Expr | None = None
    grouping: tuple[str, ...] = ()
    without: bool = False
    pos: Span = field(default=NOWHERE, compare=False)

    value_type = ValueType.VECTOR


@dataclass(frozen=True, slots=True)
class Matching:
    """How series of two vectors are matched.

    `labels` are those of `on`, or of `ignoring` where `on` is false; `include` are those of
    `group_left`/`group_right`; a fill is the value of a series that is missing on its side.
    """

    card: Card = Card.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fill_left: NumberLiteral | None = None
    fill_right: NumberLiteral | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operation; `matching` is there exactly when both sides are vectors."""

    op: BinaryOp
    left: Expr
    right: Expr
    matching: Matching | None = None
    return_bool: bool = False
    pos: Span = field(default=NOWHERE, compare=False)
    value_type: ValueType = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scalars = self.left.value_type is self.right.value_type is ValueType.SCALAR
        object.__setattr__(self, "value_type", ValueType.SCALAR if scalars else ValueType.VECTOR)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an expression."""

    op: UnaryOp
    expr: Expr
    pos: Span = field(default=NOWHERE, compare=False)
    value_type: ValueType = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_type", self.expr.value_type)


@dataclass(frozen=True, slots=True)
class Paren:
    """Parentheses."""

    expr: Expr
    pos: Span = field(default=NOWHERE, compare=False)
    value_type: ValueType = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_type", self.expr.value_type)


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregate
    | Binary
    | Unary
    | Paren
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below, in the order in which they are evaluated."""
    match expr:
        case Binary(left=left, right=right):
            return left, right
        case Call(args=args):
            return args
        case Aggregate(expr=inner, param=param):
            return (inner,) if param is None else (param, inner)
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return (inner,)
        case MatrixSelector(selector=selector):
            return (selector,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it, parents first; needs no recursion."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def strip_parens(expr: Expr) -> Expr:
    """The expression without parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def transform(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The tree with `change` applied to every node, those below first.

    The selector within a MatrixSelector must stay a VectorSelector.
    """
    match expr:
        case Binary(left=left, right=right):
            return change(
                replace(expr, left=transform(left, change), right=transform(right, change))
            )
        case Call(args=args):
            return change(replace(expr, args=tuple([transform(arg, change) for arg in args])))
        case Aggregate(expr=inner, param=param):
            changed_param = None if param is None else transform(param, change)
            return change(replace(expr, expr=transform(inner, change), param=changed_param))
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return change(replace(expr, expr=transform(inner, change)))
        case MatrixSelector(selector=selector):
            changed = transform(selector, change)
            assert isinstance(changed, VectorSelector), "BUG: a range is of a selector"
            return change(replace(expr, selector=changed))
        case _:
            return change(expr)
