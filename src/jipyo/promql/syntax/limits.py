"""Rejects expressions that are too long or too deep before they cost anything.

The checks look at the text and its tokens only, so they take a few milliseconds at most.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.promql.syntax.lexer import Token, TokenKind

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 256 << 10
"""Grafana sends 35 KB for a panel with many variables; more costs more than a second."""
MAX_NESTING = 500
MAX_OPERATORS = 500

# Trees are at most MAX_NESTING + MAX_OPERATORS deep; a visitor may use ten frames a level.
_STACK_FRAMES = 12_000
_SHALLOW = 50

# Windows are chained like operators: `x[1m:][1m:]`.
_OPERATORS = frozenset({TokenKind.OPERATOR, TokenKind.LEFT_BRACKET})
_OPENING = frozenset({TokenKind.LEFT_PAREN, TokenKind.LEFT_BRACKET, TokenKind.LEFT_BRACE})
_CLOSING = frozenset({TokenKind.RIGHT_PAREN, TokenKind.RIGHT_BRACKET, TokenKind.RIGHT_BRACE})


def check_length(text: str) -> None:
    """Reject an expression that is too long.

    Raises:
        QueryError: it has more than MAX_BYTES.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise QueryError.bad_data(
            f"expression is too long: more than {MAX_BYTES:,} bytes are not accepted"
        )


def check_tokens(tokens: Sequence[Token]) -> None:
    """Reject an expression that is nested too deeply or has too many operators.

    A deep one that passes raises the interpreter's recursion limit for good, so that visitors
    of the tree can recurse. (Python code does not use the C stack.)

    Raises:
        QueryError: more than MAX_NESTING brackets are open at once, or it has more than
            MAX_OPERATORS operators.
    """
    operators = sum(token.kind in _OPERATORS for token in tokens)
    if operators > MAX_OPERATORS:
        raise QueryError.bad_data(
            f"expression has {operators:,} operators and windows: "
            f"more than {MAX_OPERATORS} are not accepted"
        )
    deepest = _measure_nesting(tokens)
    if deepest > MAX_NESTING:
        raise QueryError.bad_data(
            f"expression is nested {deepest:,} deep: more than {MAX_NESTING} is not accepted"
        )
    if operators + deepest > _SHALLOW and sys.getrecursionlimit() < _STACK_FRAMES:
        sys.setrecursionlimit(_STACK_FRAMES)


def _measure_nesting(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        if token.kind in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token.kind in _CLOSING:
            depth -= 1
    return deepest
