"""Cells by their names, and formulas that are copied to another row."""

from __future__ import annotations

import re

from jipyo.reports.render.xlsx.cells import name_column

_NAME = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_MAX_ROW, _MAX_COLUMN = 1_048_576, 16_384
# A text, a quoted sheet, or a cell that is no part of a longer name or of a function.
_PARTS = re.compile(
    r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|'
    r"(?<![A-Za-z0-9_.$])(\$?)([A-Z]{1,3})(\$?)([1-9][0-9]{0,6})(?![A-Za-z0-9_.(])"
)


def parse_cell(name: str) -> tuple[int, int] | None:
    """Row and column of a cell, from 1 on; None where it is no cell of a sheet."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    row = int(found[2])
    return (row, column) if row <= _MAX_ROW and column <= _MAX_COLUMN else None


def parse_range(name: str) -> tuple[int, int, int, int] | None:
    """First row, first column, last row and last column of a range or a single cell."""
    first, _, last = name.partition(":")
    begin, end = parse_cell(first), parse_cell(last or first)
    return (*begin, *end) if begin and end else None


def name_cell(row: int, column: int) -> str:
    """`B5` for row 5 and column 2."""
    return f"{name_column(column - 1)}{row}"


def move_formula(formula: str, rows: int) -> str:
    """A formula as it reads when it is copied so many rows down.

    >>> move_formula('SUM(A1:$B$2)&"A1"&LOG10(C3)', 2)
    'SUM(A3:$B$2)&"A1"&LOG10(C5)'
    """

    def move(match: re.Match[str]) -> str:
        if match[2] is None or match[3]:
            return match[0]
        return f"{match[1]}{match[2]}{int(match[4]) + rows}"

    return _PARTS.sub(move, formula)
