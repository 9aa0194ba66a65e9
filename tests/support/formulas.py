"""Formulas of a workbook, computed anew from its cells: the few functions that ours use.

It shares no code with what writes them, and nothing is taken from the values beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from openpyxl.utils import range_boundaries

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.worksheet.worksheet import Worksheet

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Z]+)(?=\()
    |(?P<ref>[A-Z]+\d+(?::[A-Z]+\d+)?)|(?P<op><>|<=|>=|[-+*/=<>(),]))""",
    re.VERBOSE,
)
_ROUNDING = {"ROUND": ROUND_HALF_UP, "ROUNDDOWN": ROUND_DOWN, "ROUNDUP": ROUND_UP}


@dataclass
class Recalculation:
    """Computes the cells of one sheet."""

    sheet: Worksheet
    known: dict[tuple[int, int], Any] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Any:
        """The value of a cell; empty cells are an empty text."""
        if (row, column) not in self.known:
            written = self.sheet.cell(row, column).value
            is_formula = isinstance(written, str) and written.startswith("=")
            value = _Parser(self, written[1:]).compute() if is_formula else written
            self.known[row, column] = "" if value is None else value
        return self.known[row, column]

    def range(self, ref: str) -> list[Any]:
        """The values of a range, row by row."""
        left, top, right, bottom = range_boundaries(ref)
        assert None not in (left, top, right, bottom)
        return [
            self.cell(row, column)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]


class _Parser:
    def __init__(self, book: Recalculation, formula: str) -> None:
        self.book = book
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(formula):
            match = _TOKEN.match(formula, at)
            assert match, f"{formula!r} at {at}"
            assert match.lastgroup
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.tokens.append(("end", ""))

    def compute(self) -> Any:
        value = self._comparison()
        assert self.tokens[0][0] == "end", self.tokens
        return value

    def _take(self, *wanted: str) -> str | None:
        kind, text = self.tokens[0]
        if kind == "op" and text in wanted:
            self.tokens.pop(0)
            return text
        return None

    def _binary(self, inner: Callable[[], Any], operators: dict[str, Callable[..., Any]]) -> Any:
        value = inner()
        while (operator := self._take(*operators)) is not None:
            value = _each(operators[operator], value, inner())
        return value

    def _comparison(self) -> Any:
        return self._binary(
            self._sum,
            {
                "=": lambda a, b: a == b,
                "<>": lambda a, b: a != b,
                ">=": lambda a, b: a >= b,
                "<=": lambda a, b: a <= b,
                "<": lambda a, b: a < b,
                ">": lambda a, b: a > b,
            },
        )

    def _sum(self) -> Any:
        return self._binary(self._product, {"+": lambda a, b: a + b, "-": lambda a, b: a - b})

    def _product(self) -> Any:
        return self._binary(self._atom, {"*": lambda a, b: a * b, "/": lambda a, b: a / b})

    def _atom(self) -> Any:
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "ref":
            values = self.book.range(text)
            return values if ":" in text else values[0]
        if kind == "name":
            return self._call(text)
        assert (kind, text) == ("op", "("), (kind, text)
        value = self._comparison()
        assert self._take(")")
        return value

    def _call(self, name: str) -> Any:
        assert self._take("(")
        arguments = [self._comparison()]
        while self._take(","):
            arguments.append(self._comparison())
        assert self._take(")")
        if name in _ROUNDING:
            exact, decimals = Decimal(repr(float(arguments[0]))), int(arguments[1])
            return float(exact.quantize(Decimal(1).scaleb(-decimals), _ROUNDING[name]))
        match name, arguments:
            case "IF", [condition, one, other]:
                return one if condition else other
            case "SUM" | "SUMPRODUCT", [values]:
                return sum(value for value in values if isinstance(value, int | float))
            case "COUNT", cells:
                return sum(isinstance(cell, int | float) for cell in cells)
            case "COUNTIF", [values, wanted]:
                return sum(value == wanted for value in values)
        raise AssertionError(f"{name} of {len(arguments)} is not known here")


def _each(compute: Callable[..., Any], one: Any, other: Any) -> Any:
    """Arrays element by element, as SUMPRODUCT does; a division by nothing is an error value."""
    if isinstance(one, list) or isinstance(other, list):
        size = len(one if isinstance(one, list) else other)
        pairs = (
            (
                one[at] if isinstance(one, list) else one,
                other[at] if isinstance(other, list) else other,
            )
            for at in range(size)
        )
        return [_each(compute, *pair) for pair in pairs]
    try:
        return compute(one, other)
    except (ZeroDivisionError, TypeError):
        return "#VALUE!"  # as of the branch of an IF that is not taken
