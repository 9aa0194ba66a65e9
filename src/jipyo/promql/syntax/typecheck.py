"""Checks a parsed tree: types, numbers of arguments, vector matching.

The checks run in the order of the reference (prometheus/promql/parser/parse.go, checkAST), so
that of several faults the same one is reported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from jipyo.model.errors import EmptySelectorError, QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from jipyo.promql.syntax.quoting import quote
from jipyo.promql.syntax.signatures import Function, ValueType

_NUMERIC = (ValueType.SCALAR, ValueType.VECTOR)


def check_types(expr: Expr, text: str) -> Expr:
    """Check a tree, and settle its `matching`: only between vectors, many-to-many for sets.

    Args:
        expr: the tree from the parser, in which every Binary has a `matching`.
        text: the query, for positions.

    Raises:
        QueryError: of kind BAD_DATA, with the position of the first fault.
    """
    return _Checker(text).visit(expr)


def format_position(text: str, start: int) -> str:
    """`line:column` of a position in the text, both from 1; columns count bytes, as there."""
    if not text:
        return "unknown position"
    line = text.count("\n", 0, start) + 1
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return f"{line}:{len(before.encode('utf-8', 'surrogateescape')) + 1}"


def format_error(text: str, start: int, message: str) -> str:
    """The message after its position in the query."""
    return f"{format_position(text, start)}: parse error: {message}"


def build_parse_error(text: str, start: int, message: str) -> QueryError:
    """The error of a query at a position in it."""
    return QueryError.bad_data(format_error(text, start, message))


class _Checker:
    def __init__(self, text: str) -> None:
        self._text = text

    def _fail(self, start: int, message: str) -> NoReturn:
        raise build_parse_error(self._text, start, message)

    def visit(self, expr: Expr) -> Expr:
        match expr:
            case VectorSelector():
                self._check_selector(expr)
            case MatrixSelector():
                self._check_selector(expr.selector)
            case NumberLiteral() | StringLiteral():
                pass
            case _:
                return self._visit_composed(expr)
        return expr

    def _visit_composed(self, expr: Binary | Call | Aggregate | Unary | Subquery | Paren) -> Expr:
        match expr:
            case Binary():
                return self._check_binary(expr)
            case Call():
                return self._check_call(expr)
            case Aggregate():
                return self._check_aggregate(expr)
            case Unary():
                return self._check_unary(expr)
            case Subquery():
                return self._check_subquery(expr)
            case _:
                return replace(expr, expr=self.visit(expr.expr))

    # Selectors, signs, subqueries.

    def _check_selector(self, selector: VectorSelector, *, any_series: bool = False) -> None:
        if selector.name:
            for matcher in selector.matchers[:-1]:
                if matcher.name == METRIC_NAME:
                    names = f"{quote(selector.name)} or {quote(matcher.value)}"
                    self._fail(selector.pos.start, f"metric name must not be set twice: {names}")
        elif not any_series and all(matcher.matches("") for matcher in selector.matchers):
            message = "vector selector must contain at least one non-empty matcher"
            raise EmptySelectorError(format_error(self._text, selector.pos.start, message))

    def _check_unary(self, unary: Unary) -> Unary:
        inner = self.visit(unary.expr)
        if inner.value_type not in _NUMERIC:
            got = quote(inner.value_type.documented)
            only = "unary expression only allowed on expressions of type scalar or instant vector"
            self._fail(unary.pos.start, f"{only}, got {got}")
        return replace(unary, expr=inner)

    def _check_subquery(self, subquery: Subquery) -> Subquery:
        inner = self.visit(subquery.expr)
        if inner.value_type is not ValueType.VECTOR:
            got = inner.value_type.value
            message = f"subquery is only allowed on instant vector, got {got} instead"
            self._fail(subquery.pos.start, message)
        return replace(subquery, expr=inner)

    # Calls and aggregations.

    def _check_call(self, call: Call) -> Call:
        self._check_arg_count(call)
        if call.function.name == "info" and len(call.args) > 1:
            self._check_info_labels(call)
        args = [self._check_argument(call.function, i, arg) for i, arg in enumerate(call.args)]
        return replace(call, args=tuple(args))

    def _check_arg_count(self, call: Call) -> None:
        function, got = call.function, len(call.args)
        least = len(function.arg_types) - (function.variadic != 0)
        most = least + function.variadic if function.variadic else least
        call_to = f"argument(s) in call to {quote(function.name)}, got {got}"
        if not function.variadic and got != least:
            self._fail(call.pos.start, f"expected {least} {call_to}")
        if got < least:
            self._fail(call.pos.start, f"expected at least {least} {call_to}")
        if function.variadic > 0 and got > most:
            self._fail(call.pos.start, f"expected at most {most} {call_to}")

    def _check_info_labels(self, call: Call) -> None:
        labels = call.args[1]
        if labels.value_type is not ValueType.VECTOR:
            got = labels.value_type.documented
            message = f'expected type instant vector in call to function "info", got {got}'
            self._fail(call.pos.start, message)
        if not isinstance(labels, VectorSelector):
            self._fail(labels.pos.start, "expected label selectors only")
        if labels.name:
            message = "expected label selectors only, got vector selector instead"
            self._fail(labels.pos.start, message)

    def _check_argument(self, function: Function, index: int, arg: Expr) -> Expr:
        wanted = function.arg_types[min(index, len(function.arg_types) - 1)]
        if function.name == "info" and index == 1 and isinstance(arg, VectorSelector):
            self._check_selector(arg, any_series=True)
            return arg
        checked = self.visit(arg)
        if checked.value_type is not wanted:
            self._fail_wrong_type(checked, wanted, f"call to function {quote(function.name)}")
        return checked

    def _fail_wrong_type(self, expr: Expr, wanted: ValueType, place: str) -> NoReturn:
        got = expr.value_type.documented
        message = f"expected type {wanted.documented} in {place}, got {got}"
        self._fail(expr.pos.start, message)

    def _check_aggregate(self, aggregate: Aggregate) -> Aggregate:
        inner = self.visit(aggregate.expr)
        if inner.value_type is not ValueType.VECTOR:
            self._fail_wrong_type(inner, ValueType.VECTOR, "aggregation expression")
        param = aggregate.param
        if param is not None and aggregate.op.param is not None:
            param = self.visit(param)
            if param.value_type is not aggregate.op.param:
                self._fail_wrong_type(param, aggregate.op.param, "aggregation parameter")
        return replace(aggregate, expr=inner, param=param)

    # Binary operations.

    def _check_binary(self, binary: Binary) -> Binary:
        left, right = self.visit(binary.left), self.visit(binary.right)
        operator = left.pos.end
        while self._text[operator].isspace():
            operator += 1
        matching = binary.matching
        assert matching is not None, "the parser gives every operation a matching"
        self._check_modifiers(binary, matching, operator)
        for side in (left, right):
            if side.value_type not in _NUMERIC:
                only = "binary expression must contain only scalar and instant vector types"
                self._fail(side.pos.start, only)
        checked_matching = self._settle_matching(binary, matching)
        return replace(binary, left=left, right=right, matching=checked_matching)

    def _check_modifiers(self, binary: Binary, matching: Matching, operator: int) -> None:
        if binary.return_bool and not binary.op.is_comparison:
            message = "bool modifier can only be used on comparison operators"
            self._fail(operator, message)
        scalars = binary.value_type is ValueType.SCALAR
        if binary.op.is_comparison and scalars and not binary.return_bool:
            self._fail(operator, "comparisons between scalars must use BOOL modifier")
        twice = [label for label in matching.labels if label in matching.include]
        if matching.on and twice:
            label = quote(twice[0])
            message = f"label {label} must not occur in ON and GROUP clause at once"
            self._fail(operator, message)

    def _settle_matching(self, binary: Binary, matching: Matching) -> Matching | None:
        vectors = binary.left.value_type is binary.right.value_type is ValueType.VECTOR
        if vectors:
            return self._settle_set_matching(binary, matching) if binary.op.is_set else matching
        if matching.labels:
            message = "vector matching only allowed between instant vectors"
            self._fail(binary.pos.start, message)
        if matching.fill_left or matching.fill_right:
            message = "filling in missing series only allowed between instant vectors"
            self._fail(binary.pos.start, message)
        if binary.op.is_set:
            message = (
                f"set operator {quote(binary.op.value)} not allowed in binary scalar expression"
            )
            self._fail(binary.pos.start, message)
        return None

    def _settle_set_matching(self, binary: Binary, matching: Matching) -> Matching:
        if matching.card is not Card.ONE_TO_ONE:
            message = f"no grouping allowed for {quote(binary.op.value)} operation"
            self._fail(binary.pos.start, message)
        if matching.fill_left or matching.fill_right:
            message = "filling in missing series not allowed for set operators"
            self._fail(binary.pos.start, message)
        return replace(matching, card=Card.MANY_TO_MANY)
