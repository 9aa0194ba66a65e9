"""Tree -> text: on one line, as Prometheus prints it, or over lines of limited length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jipyo.model.duration import format_duration
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql.syntax.ast import (
    Aggregate,
    At,
    Binary,
    BinaryOp,
    Boundary,
    Call,
    Card,
    Duration,
    DurationNegation,
    DurationNode,
    DurationOperation,
    DurationParen,
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
from jipyo.promql.syntax.durations import seconds_to_ms
from jipyo.promql.syntax.names import needs_quotes
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE_LENGTH = 100
_INDENT = "  "


def format_expr(expr: Expr, *, unquoted_utf8: bool = True) -> str:
    """The expression on one line; parsing it gives an equal tree.

    Args:
        expr: a checked tree.
        unquoted_utf8: whether label names in any letters go without quotes.
    """
    return _Printer(unquoted_utf8).format_line(expr)


def format_pretty(expr: Expr, *, unquoted_utf8: bool = True) -> str:
    """The expression over several lines where it is longer than LINE_LENGTH characters."""
    return "\n".join(_Printer(unquoted_utf8).format_lines(expr, 0))


def format_matcher(matcher: Matcher, *, unquoted_utf8: bool = True) -> str:
    """`job="api"`, the name in quotes where it needs them."""
    quoted = needs_quotes(matcher.name, unquoted_utf8=unquoted_utf8)
    name = quote(matcher.name) if quoted else matcher.name
    return f"{name}{matcher.op.value}{quote(matcher.value)}"


def format_number(value: float) -> str:
    """The shortest decimal that reads back as the same float, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    digits, exponent = text.lstrip("-").split("e")
    whole, _, fraction = digits.partition(".")
    fraction = fraction.removesuffix("0") if fraction == "0" else fraction
    point = len(whole) + int(exponent)
    digits = whole + fraction
    sign = "-" if value < 0 else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits.ljust(point, '0')}"


def _format_general(value: float) -> str:
    """Go's `%v` of a float: as `format_number`, but exponents below 1e-4 and from 1e6."""
    if value and math.isfinite(value) and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:e}".split("e")
        shortest = repr(value).lstrip("-").split("e")[0].replace(".", "").strip("0")
        fraction = f".{shortest[1:]}" if len(shortest) > 1 else ""
        sign = "-" if mantissa.startswith("-") else ""
        return f"{sign}{shortest[0]}{fraction}e{exponent}"
    return format_number(value)


def format_duration_expr(duration: Duration) -> str:
    """`5m`, or the expression that computes it."""
    return (
        format_duration(duration) if isinstance(duration, int) else _format_duration_node(duration)
    )


def _format_duration_node(node: DurationNode) -> str:
    match node:
        case NumberLiteral():
            return _format_literal(node)
        case DurationNegation(operand=operand):
            return f"-{_format_duration_node(operand)}"
        case DurationParen(expr=expr):
            return f"({_format_duration_node(expr)})"
        case DurationOperation(op=op, left=left, right=right):
            return f"{_format_duration_node(left)} {op.value} {_format_duration_node(right)}"
        case _:
            args = [_format_duration_node(arg) for arg in node.args]
            return f"{node.function.value}({', '.join(args)})"


def _format_literal(number: NumberLiteral) -> str:
    if number.duration:
        return format_duration(seconds_to_ms(number.value))
    return format_number(number.value)


def _format_at(at: At) -> str:
    match at:
        case None:
            return ""
        case Boundary():
            return f" @ {at.value}()"
        case _:
            return f" @ {at / 1e3:.3f}"


def _format_offset(offset: Duration) -> str:
    return "" if offset == 0 else f" offset {format_duration_expr(offset)}"


def _format_window(subquery: Subquery) -> str:
    step = "" if subquery.step is None else format_duration_expr(subquery.step)
    window = f"[{format_duration_expr(subquery.range)}:{step}]"
    return f"{window}{_format_at(subquery.at)}{_format_offset(subquery.offset)}"


class _Printer:
    def __init__(self, unquoted_utf8: bool) -> None:
        self._utf8 = unquoted_utf8
        # By identity: `format_lines` needs the text of every part many times.
        self._text_by_id: dict[int, str] = {}

    # On one line.

    def format_line(self, expr: Expr) -> str:
        text = self._text_by_id.get(id(expr))
        if text is None:
            text = self._text_by_id[id(expr)] = self._print(expr)
        return text

    def _print(self, expr: Expr) -> str:
        match expr:
            case NumberLiteral():
                return _format_literal(expr)
            case StringLiteral():
                return quote(expr.value)
            case VectorSelector():
                return self._format_selector(expr)
            case MatrixSelector():
                return self._format_matrix(expr)
            case Subquery():
                return f"{self.format_line(expr.expr)}{_format_window(expr)}"
            case _:
                return self._print_composed(expr)

    def _print_composed(self, expr: Call | Aggregate | Binary | Unary | Paren) -> str:
        match expr:
            case Call():
                args = ", ".join([self.format_line(arg) for arg in expr.args])
                return f"{expr.function.name}({args})"
            case Aggregate():
                param = "" if expr.param is None else f"{self.format_line(expr.param)}, "
                return f"{self._format_aggregator(expr)}({param}{self.format_line(expr.expr)})"
            case Binary():
                left, right = self.format_line(expr.left), self.format_line(expr.right)
                if left == "+Inf" and expr.op is BinaryOp.POW:
                    left = "Inf"  # `+Inf ^ 2` would be read as `+(Inf ^ 2)`.
                return f"{left} {self._format_operator(expr)} {right}"
            case Unary():
                return f"{expr.op.value}{self.format_line(expr.expr)}"
            case _:
                return f"({self.format_line(expr.expr)})"

    def _format_labels(self, labels: Iterable[str]) -> str:
        return ", ".join(
            quote(label) if needs_quotes(label, unquoted_utf8=self._utf8) else label
            for label in labels
        )

    def _format_aggregator(self, aggregate: Aggregate) -> str:
        name = aggregate.op.name
        if aggregate.without:
            return f"{name} without ({self._format_labels(aggregate.grouping)}) "
        if aggregate.grouping:
            return f"{name} by ({self._format_labels(aggregate.grouping)}) "
        return name

    def _format_operator(self, binary: Binary) -> str:
        return_bool = " bool" if binary.return_bool else ""
        matching = "" if binary.matching is None else self._format_matching(binary.matching)
        return f"{binary.op.value}{return_bool}{matching}"

    def _format_matching(self, matching: Matching) -> str:
        sides = {Card.MANY_TO_ONE: "group_left", Card.ONE_TO_MANY: "group_right"}
        side = sides.get(matching.card)
        text = ""
        if matching.labels or matching.on or side:
            keyword = "on" if matching.on else "ignoring"
            text = f" {keyword} ({self._format_labels(matching.labels)})"
        if side:
            text += f" {side} ({self._format_labels(matching.include)})"
        return text + _format_fills(matching)

    def _format_matchers(self, selector: VectorSelector) -> str:
        name_matcher = Matcher(METRIC_NAME, MatchOp.EQ, selector.name)
        texts = (
            format_matcher(matcher, unquoted_utf8=self._utf8)
            for matcher in selector.matchers
            if not (selector.name and matcher == name_matcher)
        )
        inside = ",".join(sorted(texts))
        return f"{selector.name}{{{inside}}}" if inside or not selector.name else selector.name

    def _format_selector(self, selector: VectorSelector) -> str:
        extension = f" {selector.extension.value}" if selector.extension else ""
        times = f"{_format_at(selector.at)}{extension}{_format_offset(selector.offset)}"
        return f"{self._format_matchers(selector)}{times}"

    def _format_matrix(self, matrix: MatrixSelector) -> str:
        selector = matrix.selector
        extension = f" {selector.extension.value}" if selector.extension else ""
        times = f"{extension}{_format_at(selector.at)}{_format_offset(selector.offset)}"
        return f"{self._format_matchers(selector)}[{format_duration_expr(matrix.range)}]{times}"

    # Over lines.

    def format_lines(self, expr: Expr, level: int) -> list[str]:
        """The expression as lines, indented by their level."""
        indent = _INDENT * level
        text = self.format_line(expr)
        match expr:
            case Unary():
                first, *rest = self.format_lines(expr.expr, level)
                return [f"{indent}{expr.op.value}{first.lstrip()}", *rest]
            case Subquery() if len(text) <= LINE_LENGTH:
                return [text]
            case Subquery():
                *rest, last = self.format_lines(expr.expr, level)
                return [*rest, last + _format_window(expr)]
            case _:
                return (
                    [indent + text] if len(text) <= LINE_LENGTH else self._split_lines(expr, level)
                )

    def _split_lines(self, expr: Expr, level: int) -> list[str]:
        match expr:
            case Binary():
                left = self.format_lines(expr.left, level + 1)
                operator = _INDENT * level + self._format_operator(expr)
                return [*left, operator, *self.format_lines(expr.right, level + 1)]
            case Aggregate():
                inside = [expr.expr] if expr.param is None else [expr.param, expr.expr]
                return self._wrap_lines(self._format_aggregator(expr), inside, level)
            case Call():
                return self._wrap_lines(expr.function.name, expr.args, level)
            case Paren():
                return self._wrap_lines("", [expr.expr], level)
            case _:
                return [_INDENT * level + self.format_line(expr)]

    def _wrap_lines(self, name: str, exprs: Iterable[Expr], level: int) -> list[str]:
        indent = _INDENT * level
        lines = [f"{indent}{name}("]
        for expr in exprs:
            lines += self.format_lines(expr, level + 1)
            lines[-1] += ","
        lines[-1] = lines[-1].removesuffix(",")
        return [*lines, f"{indent})"]


def _format_fills(matching: Matching) -> str:
    left, right = matching.fill_left, matching.fill_right
    if left and right and left.value == right.value:
        return f" fill ({_format_general(left.value)})"
    text = f" fill_left ({_format_general(left.value)})" if left else ""
    return text + (f" fill_right ({_format_general(right.value)})" if right else "")
