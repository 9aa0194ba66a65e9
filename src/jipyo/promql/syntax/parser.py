"""Tokens -> tree, by precedence climbing; the grammar is that of Prometheus 3.16.

Errors have the reference's words and order: syntax errors are raised at once, wrong types and
numbers of arguments only when the whole text has been parsed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from jipyo.model.duration import parse_duration
from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp, compile_regex
from jipyo.promql.syntax import features as features_
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Boundary,
    Call,
    Card,
    Duration,
    DurationCall,
    DurationFunction,
    DurationNegation,
    DurationNode,
    DurationOp,
    DurationOperation,
    DurationParen,
    Expr,
    Extension,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    UnaryOp,
    VectorSelector,
)
from jipyo.promql.syntax.durations import MAX_SECONDS, seconds_to_ms
from jipyo.promql.syntax.features import Feature, Features
from jipyo.promql.syntax.lexer import Token, TokenKind, tokenize
from jipyo.promql.syntax.limits import check_length, check_tokens
from jipyo.promql.syntax.names import needs_quotes
from jipyo.promql.syntax.printer import format_matcher
from jipyo.promql.syntax.quoting import quote, unquote
from jipyo.promql.syntax.signatures import AGGREGATORS, FUNCTIONS
from jipyo.promql.syntax.typecheck import build_parse_error, check_types

if TYPE_CHECKING:
    from collections.abc import Sequence

_POWER = {
    **dict.fromkeys((BinaryOp.OR,), 1),
    **dict.fromkeys((BinaryOp.AND, BinaryOp.UNLESS), 2),
    **dict.fromkeys(
        (
            *(BinaryOp.EQ, BinaryOp.NE, BinaryOp.LE, BinaryOp.LT),
            *(BinaryOp.GE, BinaryOp.GT, BinaryOp.TRIM_UPPER, BinaryOp.TRIM_LOWER),
        ),
        3,
    ),
    **dict.fromkeys((BinaryOp.ADD, BinaryOp.SUB), 4),
    **dict.fromkeys((BinaryOp.MUL, BinaryOp.DIV, BinaryOp.MOD, BinaryOp.ATAN2), 5),
    BinaryOp.POW: 6,
}
_SIGN_POWER = 5
_BINARY = {op.value: op for op in BinaryOp}

_DURATION_POWER = {
    DurationOp.ADD: 1,
    DurationOp.SUB: 1,
    DurationOp.MUL: 2,
    DurationOp.DIV: 2,
    DurationOp.MOD: 2,
    DurationOp.POW: 3,
}
_DURATION_SIGN_POWER = 2
_DURATION_OPS = {op.value: op for op in DurationOp}
_DURATION_FUNCTIONS = {function.value: function for function in DurationFunction}

_METRIC_WORDS = frozenset(
    (
        *("by", "without", "offset", "anchored", "smoothed", "fill", "fill_left", "fill_right"),
        *("and", "or", "unless"),
    )
)
"""Keywords and operators that may be metric names."""

_LABEL_KINDS = frozenset(
    {
        TokenKind.IDENTIFIER,
        TokenKind.METRIC_IDENTIFIER,
        TokenKind.AGGREGATOR,
        TokenKind.KEYWORD,
        TokenKind.WORD,
    }
)
_LABEL_OPERATORS = frozenset({"and", "or", "unless", "atan2"})

_DURATION_WANTED = "number, duration, step(), or range()"
_FAR_MS = 2**62
"""Times beyond leave no room to add offsets in 64 bits."""


def parse(text: str, features: Features = features_.DEFAULT) -> Expr:
    """The tree of an expression.

    Args:
        text: PromQL; bytes that are not UTF-8 are kept as surrogate escapes.
        features: parts of the language that are enabled.

    Raises:
        QueryError: of kind BAD_DATA: `1:5: parse error: unclosed left parenthesis`.
    """
    check_length(text)
    tokens = tokenize(text, unquoted_utf8=Feature.UNQUOTED_UTF8_NAMES in features)
    check_tokens(tokens)
    return _Parser(text, tokens, features).parse_expression()


def parse_cached(text: str, features: Features = features_.DEFAULT) -> Expr:
    """As `parse`, with a cache: dashboards, surveys and rules repeat the same expressions.

    Raises:
        QueryError: as `parse`.
    """
    return (_parse_and_keep if len(text) <= _MAX_KEPT_CHARS else parse)(text, features)


_MAX_KEPT_CHARS = 2048
_parse_and_keep = lru_cache(maxsize=512)(parse)


def parse_selector(text: str, features: Features = features_.DEFAULT) -> tuple[Matcher, ...]:
    """The matchers of a plain selector, as in `match[]`.

    Raises:
        QueryError: of kind BAD_DATA; it is not a selector, or selects everything.
    """
    check_length(text)
    tokens = tokenize(text, unquoted_utf8=Feature.UNQUOTED_UTF8_NAMES in features)
    check_tokens(tokens)
    return _Parser(text, tokens, features).parse_selector().matchers


class _Parser:
    def __init__(self, text: str, tokens: Sequence[Token], features: Features) -> None:
        self._text = text
        self._tokens = tokens
        self._features = features
        self._at = 0
        self._token = tokens[0]
        self._last_end = 0
        # What an unexpected token is reported to be in: the innermost construct that says it.
        self._inside: list[tuple[str, str]] = [("", "")]

    def parse_expression(self) -> Expr:
        if self._token.kind is TokenKind.EOF:
            self._fail(0, "no expression found in input")
        expr = self._parse_expr(0)
        self._expect_end()
        return check_types(expr, self._text)

    def parse_selector(self) -> VectorSelector:
        selector = self._parse_vector_selector()
        self._expect_end()
        check_types(selector, self._text)
        return selector

    def _expect_end(self) -> None:
        if self._token.kind is not TokenKind.EOF:
            self._fail_unexpected()

    # Tokens and errors.

    def _take(self) -> Token:
        """Consume a token that is not the last one."""
        token = self._token
        self._at += 1
        self._token = self._tokens[self._at]
        self._last_end = token.end
        return token

    def _is_called(self) -> bool:
        """Whether a parenthesis follows the token."""
        following = self._tokens[self._at + 1 : self._at + 2]
        return bool(following) and following[0].kind is TokenKind.LEFT_PAREN

    def _accept(self, kind: TokenKind, *words: str) -> Token | None:
        token = self._token
        if token.kind is kind and (not words or token.word in words):
            return self._take()
        return None

    def _expect(self, kind: TokenKind, context: str = "", wanted: str = "") -> Token:
        if self._token.kind is not kind:
            self._fail_unexpected(context, wanted)
        return self._take()

    def _fail_unexpected(self, context: str = "", wanted: str = "") -> NoReturn:
        token = self._token
        self._check_lexed()
        if not context:
            context, wanted = self._inside[-1]
        within = f" in {context}" if context else ""
        instead = f", expected {wanted}" if wanted else ""
        self._fail(token.start, f"unexpected {token}{within}{instead}")

    def _check_lexed(self) -> None:
        """Raise the lexer's error; no production accepts an ERROR token, so this is in time."""
        if self._token.kind is TokenKind.ERROR:
            self._fail(self._token.start, self._token.text)

    def _fail(self, start: int, message: str) -> NoReturn:
        raise build_parse_error(self._text, start, message)

    def _span(self, start: int) -> Span:
        return Span(start, self._last_end)

    # Operators.

    def _parse_expr(self, power: int) -> Expr:
        left = self._parse_operand()
        while (op := self._peek_binary_op()) and _POWER[op] > power:
            left = self._parse_binary(left, op)
        return left

    def _peek_binary_op(self) -> BinaryOp | None:
        token = self._token
        return _BINARY.get(token.word) if token.kind is TokenKind.OPERATOR else None

    def _parse_binary(self, left: Expr, op: BinaryOp) -> Binary:
        self._take()
        return_bool = bool(self._accept(TokenKind.KEYWORD, "bool"))
        matching = self._parse_matching()
        right = self._parse_expr(_POWER[op] - (op is BinaryOp.POW))
        filled = matching.fill_left or matching.fill_right
        if filled and Feature.FILL_MODIFIERS not in self._features:
            message = "binop fill modifiers are experimental and not enabled"
            self._fail(left.pos.start, message)
        return Binary(op, left, right, matching, return_bool, self._span(left.pos.start))

    def _parse_matching(self) -> Matching:
        matching = Matching()
        if keyword := self._accept(TokenKind.KEYWORD, "on", "ignoring"):
            matching = replace(matching, on=keyword.word == "on", labels=self._parse_grouping())
            if side := self._accept(TokenKind.KEYWORD, "group_left", "group_right"):
                left = side.word == "group_left"
                card = Card.MANY_TO_ONE if left else Card.ONE_TO_MANY
                matching = replace(matching, card=card, include=self._parse_include())
        return self._parse_fills(matching)

    def _parse_include(self) -> tuple[str, ...]:
        token = self._token
        is_fill = token.kind is TokenKind.KEYWORD and token.word in (
            "fill",
            "fill_left",
            "fill_right",
        )
        if token.kind is not TokenKind.LEFT_PAREN and (is_fill or self._is_expression_start()):
            return ()
        return self._parse_grouping()

    def _parse_fills(self, matching: Matching) -> Matching:
        if self._accept(TokenKind.KEYWORD, "fill"):
            value = self._parse_fill_value()
            return replace(matching, fill_left=value, fill_right=value)
        left = self._parse_fill("fill_left")
        right = self._parse_fill("fill_right")
        # They may come the other way round.
        left = left or self._parse_fill("fill_left")
        return replace(matching, fill_left=left, fill_right=right)

    def _parse_fill(self, keyword: str) -> NumberLiteral | None:
        return self._parse_fill_value() if self._accept(TokenKind.KEYWORD, keyword) else None

    def _parse_fill_value(self) -> NumberLiteral:
        self._expect(TokenKind.LEFT_PAREN)
        sign = self._accept(TokenKind.OPERATOR, "+", "-")
        # `fill(5m)` is 300, and is printed so.
        number = replace(self._parse_number(), duration=False)
        self._expect(TokenKind.RIGHT_PAREN)
        return number if sign is None else _apply_sign(sign, number)

    def _parse_grouping(self) -> tuple[str, ...]:
        self._expect(TokenKind.LEFT_PAREN, "grouping opts", '"("')
        labels: list[str] = []
        while not self._accept(TokenKind.RIGHT_PAREN):
            labels.append(self._parse_grouping_label())
            if self._accept(TokenKind.RIGHT_PAREN):
                break
            self._expect(TokenKind.COMMA, "grouping opts", '"," or ")"')
        return tuple(labels)

    def _parse_grouping_label(self) -> str:
        token = self._token
        if token.kind is TokenKind.STRING:
            label = unquote(self._take().text)
            valid = label != "" and not any("\ud800" <= char <= "\udfff" for char in label)
        elif token.kind in _LABEL_KINDS or token.word in _LABEL_OPERATORS:
            label = self._take().text
            utf8 = Feature.UNQUOTED_UTF8_NAMES in self._features
            valid = not (utf8 and needs_quotes(label, unquoted_utf8=True))
        else:
            self._fail_unexpected("grouping opts", "label")
        if not valid:
            self._fail(token.start, f"invalid label name for grouping: {quote(label)}")
        return label

    # Operands.

    def _parse_operand(self) -> Expr:
        token = self._token
        sign = self._accept(TokenKind.OPERATOR, "+", "-")
        if sign is None:
            return self._parse_modifiers(self._parse_plain_operand(token))
        expr = self._parse_expr(_SIGN_POWER)
        if isinstance(expr, NumberLiteral):
            return _apply_sign(sign, expr)
        return Unary(UnaryOp(sign.text), expr, self._span(sign.start))

    def _parse_plain_operand(self, token: Token) -> Expr:
        called = self._is_called()
        match token.kind:
            case TokenKind.NUMBER | TokenKind.DURATION:
                return self._parse_number()
            case TokenKind.STRING:
                return StringLiteral(unquote(self._take().text), Span(token.start, token.end))
            case TokenKind.LEFT_PAREN:
                return self._parse_paren()
            case TokenKind.IDENTIFIER | TokenKind.WORD if called:
                return self._parse_call()
            case TokenKind.AGGREGATOR if called or self._is_grouping_next():
                return self._parse_aggregate()
            case _:
                return self._parse_vector_selector()

    def _is_grouping_next(self) -> bool:
        following = self._tokens[self._at + 1]
        return following.kind is TokenKind.KEYWORD and following.word in ("by", "without")

    def _is_selector_start(self) -> bool:
        token = self._token
        if token.kind in (TokenKind.KEYWORD, TokenKind.OPERATOR):
            return token.word in _METRIC_WORDS
        return token.kind in _LABEL_KINDS or token.kind is TokenKind.LEFT_BRACE

    def _parse_paren(self) -> Paren:
        start = self._take().start
        expr = self._parse_expr(0)
        self._expect(TokenKind.RIGHT_PAREN)
        return Paren(expr, self._span(start))

    def _parse_number(self) -> NumberLiteral:
        token = self._token
        if token.kind not in (TokenKind.NUMBER, TokenKind.DURATION):
            self._fail_unexpected()
        self._take()
        pos = Span(token.start, token.end)
        try:
            if token.kind is TokenKind.DURATION:
                return NumberLiteral(parse_duration(token.text) / 1e3, duration=True, pos=pos)
            return NumberLiteral(_parse_number_text(token.text), pos=pos)
        except ValueError as error:
            self._fail(token.start, str(error))

    # Calls.

    def _parse_call(self) -> Call:
        name = self._take()
        args = self._parse_arguments()
        function = FUNCTIONS.get(name.text)
        if function is None:
            self._fail(name.start, f"unknown function with name {quote(name.text)}")
        if function.experimental and Feature.EXPERIMENTAL_FUNCTIONS not in self._features:
            self._fail(name.start, f"function {quote(name.text)} is not enabled")
        return Call(function, args, self._span(name.start))

    def _parse_arguments(self) -> tuple[Expr, ...]:
        self._expect(TokenKind.LEFT_PAREN)
        args: list[Expr] = []
        if self._accept(TokenKind.RIGHT_PAREN):
            return ()
        args.append(self._parse_expr(0))
        while comma := self._accept(TokenKind.COMMA):
            if not self._is_expression_start():
                self._check_lexed()
                self._fail(comma.start, "trailing commas not allowed in function call args")
            args.append(self._parse_expr(0))
        self._expect(TokenKind.RIGHT_PAREN)
        return tuple(args)

    def _is_expression_start(self) -> bool:
        token = self._token
        return (
            token.kind
            in (TokenKind.NUMBER, TokenKind.DURATION, TokenKind.STRING, TokenKind.LEFT_PAREN)
            or (token.kind is TokenKind.OPERATOR and token.text in ("+", "-"))
            or self._is_selector_start()
        )

    def _parse_aggregate(self) -> Aggregate:
        op = self._take()
        self._inside.append(("aggregation", ""))
        by, grouping = self._parse_aggregate_grouping()
        args = self._parse_arguments()
        end = self._last_end
        self._inside.pop()
        if by is None:
            self._check_lexed()
            by, grouping = self._parse_aggregate_grouping()
            end = self._last_end
        span = Span(op.start, end)
        param, expr = self._split_operands(op, args)
        without = by is not None and by.word == "without"
        aggregator = AGGREGATORS[op.word]
        return Aggregate(aggregator, expr, param, grouping, without, span)

    def _parse_aggregate_grouping(self) -> tuple[Token | None, tuple[str, ...]]:
        by = self._accept(TokenKind.KEYWORD, "by", "without")
        return by, self._parse_grouping() if by else ()

    def _split_operands(self, op: Token, args: tuple[Expr, ...]) -> tuple[Expr | None, Expr]:
        aggregator = AGGREGATORS[op.word]
        if not args:
            self._fail(op.start, "no arguments for aggregate expression provided")
        if aggregator.experimental and Feature.EXPERIMENTAL_FUNCTIONS not in self._features:
            flag = f"--enable-feature={Feature.EXPERIMENTAL_FUNCTIONS.value}"
            message = f"{aggregator.name}() is experimental and must be enabled with {flag}"
            self._fail(op.start, message)
        wanted = 1 if aggregator.param is None else 2
        if len(args) != wanted:
            message = "wrong number of arguments for aggregate expression provided"
            self._fail(op.start, f"{message}, expected {wanted}, got {len(args)}")
        return (None, args[0]) if wanted == 1 else (args[0], args[1])

    # Selectors.

    def _parse_vector_selector(self) -> VectorSelector:
        if not self._is_selector_start():
            self._fail_unexpected()
        start = self._token.start
        name = "" if self._token.kind is TokenKind.LEFT_BRACE else self._take().text
        braces = self._token.kind is TokenKind.LEFT_BRACE
        written = self._parse_matchers() if braces else []
        matchers = sorted(written, key=format_matcher)
        if name:
            named = Matcher(METRIC_NAME, MatchOp.EQ, name)
            written.append(named)
            matchers.append(named)
        return VectorSelector(name, tuple(matchers), written=tuple(written), pos=self._span(start))

    def _parse_matchers(self) -> list[Matcher]:
        self._expect(TokenKind.LEFT_BRACE)
        matchers: list[Matcher] = []
        while not self._accept(TokenKind.RIGHT_BRACE):
            matchers.append(self._parse_matcher())
            if self._accept(TokenKind.RIGHT_BRACE):
                break
            self._expect(TokenKind.COMMA, "label matching", '"," or "}"')
        return matchers

    def _parse_matcher(self) -> Matcher:
        label = self._token
        if label.kind not in (TokenKind.IDENTIFIER, TokenKind.STRING):
            self._fail_unexpected("label matching", 'identifier or "}"')
        self._take()
        operator = self._accept(TokenKind.ASSIGN) or self._accept(
            TokenKind.OPERATOR, "!=", "=~", "!~"
        )
        op = MatchOp(operator.text) if operator else None
        if label.kind is TokenKind.STRING:
            name = unquote(label.text)
            if op is None:
                return Matcher(METRIC_NAME, MatchOp.EQ, name)
        else:
            name = label.text
            if op is None:
                self._fail_unexpected("label matching", "label matching operator")
        value = unquote(self._expect(TokenKind.STRING, "label matching", "string").text)
        if op in (MatchOp.RE, MatchOp.NRE):
            try:
                compile_regex(value)
            except QueryError as error:
                self._fail(label.start, error.message)
        return Matcher(name, op, value)

    # Modifiers.

    def _parse_modifiers(self, expr: Expr) -> Expr:
        while True:
            token = self._token
            if token.kind is TokenKind.LEFT_BRACKET:
                expr = self._parse_window(expr)
            elif token.kind is TokenKind.OPERATOR and token.text == "@":
                expr = self._parse_at(expr)
            elif token.kind is TokenKind.KEYWORD and token.word == "offset":
                expr = self._parse_offset(expr)
            elif token.kind is TokenKind.KEYWORD and token.word in ("anchored", "smoothed"):
                expr = self._parse_extension(expr)
            else:
                return expr

    def _parse_window(self, expr: Expr) -> Expr:
        bracket = self._take()
        span = self._parse_positive_duration(
            "subquery or range selector", _DURATION_WANTED, bracket
        )
        if self._accept(TokenKind.COLON):
            return self._parse_subquery(expr, span)
        self._expect(TokenKind.RIGHT_BRACKET, "subquery or range", '":" or "]"')
        if not isinstance(expr, VectorSelector):
            self._fail(bracket.start, "ranges only allowed for vector selectors")
        if expr.offset != 0:
            self._fail(bracket.start, "no offset modifiers allowed before range")
        if expr.at is not None:
            self._fail(bracket.start, "no @ modifiers allowed before range")
        return MatrixSelector(expr, span, self._span(expr.pos.start))

    def _parse_subquery(self, expr: Expr, span: Duration) -> Subquery:
        step = None
        if self._token.kind is not TokenKind.RIGHT_BRACKET:
            wanted = 'number, duration, step(), range(), or "]"'
            step = self._parse_positive_duration("subquery selector", wanted, self._token)
        self._expect(TokenKind.RIGHT_BRACKET, "subquery selector", '"]"')
        return Subquery(expr, span, step, pos=self._span(expr.pos.start))

    def _parse_positive_duration(self, context: str, wanted: str, at: Token) -> Duration:
        """A positive duration; `context` and `wanted` are for errors inside it."""
        self._inside.append((context, wanted))
        node = self._parse_duration(0)
        self._inside.pop()
        if not isinstance(node, NumberLiteral):
            return node
        span_ms = seconds_to_ms(node.value)
        if span_ms <= 0:
            self._check_lexed()
            self._fail(node.pos.start, "duration must be greater than 0")
        return span_ms

    def _parse_extension(self, expr: Expr) -> Expr:
        word = self._take().word
        extension = Extension(word)
        match expr:
            case (
                VectorSelector(extension=before)
                | MatrixSelector(selector=VectorSelector(extension=before))
            ):
                if before not in (None, extension):
                    message = "anchored and smoothed modifiers cannot be used together"
                    self._fail(expr.pos.start, message)
            case Subquery():
                message = f"{word} modifier is not supported for subqueries"
                self._fail(expr.pos.start, message)
            case _:
                self._fail(expr.pos.start, f"{word} modifier not implemented")
        if isinstance(expr, MatrixSelector):
            return replace(expr, selector=replace(expr.selector, extension=extension))
        return replace(expr, extension=extension)

    def _parse_offset(self, expr: Expr) -> Expr:
        self._take()
        self._inside.append(("offset", _DURATION_WANTED))
        node = self._parse_offset_duration()
        self._inside.pop()
        offset = seconds_to_ms(node.value) if isinstance(node, NumberLiteral) else node
        if not isinstance(expr, VectorSelector | MatrixSelector | Subquery):
            self._fail_misplaced("offset modifier", expr)
        target = expr.selector if isinstance(expr, MatrixSelector) else expr
        if target.offset != 0:
            self._fail(expr.pos.start, "offset may not be set multiple times")
        pos = self._span(expr.pos.start)
        if isinstance(expr, MatrixSelector):
            return replace(expr, selector=replace(expr.selector, offset=offset), pos=pos)
        return replace(expr, offset=offset, pos=pos)

    def _fail_misplaced(self, modifier: str, expr: Expr) -> NoReturn:
        places = "an instant vector selector or range vector selector or a subquery"
        self._fail(expr.pos.start, f"{modifier} must be preceded by {places}")

    def _parse_at(self, expr: Expr) -> Expr:
        self._take()
        self._inside.append(("@", "timestamp"))
        boundary = self._accept_boundary()
        at = boundary or self._parse_timestamp(expr)
        self._inside.pop()
        if not isinstance(expr, VectorSelector | MatrixSelector | Subquery):
            self._fail_misplaced("@ modifier", expr)
        target = expr.selector if isinstance(expr, MatrixSelector) else expr
        if target.at is not None:
            self._fail(expr.pos.start, "@ <timestamp> may not be set multiple times")
        pos = self._span(expr.pos.start)
        if isinstance(expr, MatrixSelector):
            return replace(expr, selector=replace(expr.selector, at=at), pos=pos)
        return replace(expr, at=at, pos=pos)

    def _accept_boundary(self) -> Boundary | None:
        word = self._accept(TokenKind.WORD, "start", "end")
        if word is None:
            return None
        self._expect(TokenKind.LEFT_PAREN)
        self._expect(TokenKind.RIGHT_PAREN)
        return Boundary(word.word)

    def _parse_timestamp(self, expr: Expr) -> int:
        sign = self._accept(TokenKind.OPERATOR, "+", "-")
        number = self._parse_number()
        seconds = -number.value if sign and sign.text == "-" else number.value
        if not abs(seconds * 1e3) < _FAR_MS:
            message = f"timestamp out of bounds for @ modifier: {format_go_float(seconds)}"
            self._fail(expr.pos.start, message)
        return int(math.copysign(math.floor(abs(seconds) * 1e3 + 0.5), seconds))

    # Durations.

    def _parse_offset_duration(self) -> DurationNode:
        """One literal or call; only parentheses make room for arithmetic."""
        token = self._token
        sign = self._accept(TokenKind.OPERATOR, "+", "-")
        if sign is None:
            grouped = token.kind is TokenKind.LEFT_PAREN
            return self._parse_duration(0) if grouped else self._parse_duration_operand()
        if self._token.kind in (TokenKind.NUMBER, TokenKind.DURATION):
            return self._apply_duration_sign(sign, self._parse_number(), sign.start)
        if self._token.kind is TokenKind.OPERATOR:
            node = self._parse_duration(_DURATION_SIGN_POWER)
            if isinstance(node, DurationOperation):
                # An offset has no room for arithmetic without parentheses.
                node = DurationParen(node, node.pos)
        else:
            node = self._parse_duration_operand()
        return self._apply_duration_sign(sign, node, sign.start)

    def _parse_duration(self, power: int) -> DurationNode:
        left = self._parse_duration_operand()
        while (op := self._peek_duration_op()) and _DURATION_POWER[op] > power:
            at = self._take().start
            right = self._parse_duration(_DURATION_POWER[op] - (op is DurationOp.POW))
            if isinstance(right, NumberLiteral) and right.value == 0:
                if op is DurationOp.DIV:
                    self._fail(at, "division by zero")
                if op is DurationOp.MOD:
                    self._fail(at, "modulo by zero")
            left = DurationOperation(op, left, right, self._span(left.pos.start))
        return left

    def _peek_duration_op(self) -> DurationOp | None:
        token = self._token
        return _DURATION_OPS.get(token.text) if token.kind is TokenKind.OPERATOR else None

    def _parse_duration_operand(self) -> DurationNode:
        token = self._token
        if sign := self._accept(TokenKind.OPERATOR, "+", "-"):
            node = self._parse_duration(_DURATION_SIGN_POWER)
            return self._apply_duration_sign(sign, node, token.start)
        if self._accept(TokenKind.LEFT_PAREN):
            inside = self._parse_duration(0)
            self._expect(TokenKind.RIGHT_PAREN)
            expr = inside.expr if isinstance(inside, DurationParen) else inside
            return DurationParen(expr, self._span(token.start))
        if token.kind is TokenKind.WORD and token.word in _DURATION_FUNCTIONS:
            return self._parse_duration_call()
        number = self._parse_number()
        self._check_duration_range(number.value, token.start)
        return number

    def _apply_duration_sign(self, sign: Token, node: DurationNode, start: int) -> DurationNode:
        if isinstance(node, NumberLiteral):
            number = _apply_sign(sign, node)
            self._check_duration_range(number.value, start)
            return number
        return DurationNegation(node, self._span(start)) if sign.text == "-" else node

    def _check_duration_range(self, seconds: float, start: int) -> None:
        if not abs(seconds) <= MAX_SECONDS:
            self._fail(start, "duration out of range")

    def _parse_duration_call(self) -> DurationCall:
        word = self._take()
        function = _DURATION_FUNCTIONS[word.word]
        self._expect(TokenKind.LEFT_PAREN)
        args: tuple[DurationNode, ...] = ()
        if function in (DurationFunction.MIN_OF, DurationFunction.MAX_OF):
            first = self._parse_duration(0)
            self._expect(TokenKind.COMMA)
            args = (first, self._parse_duration(0))
        self._expect(TokenKind.RIGHT_PAREN)
        return DurationCall(function, args, self._span(word.start))


def _apply_sign(sign: Token, number: NumberLiteral) -> NumberLiteral:
    value = -number.value if sign.text == "-" else number.value
    return NumberLiteral(value, number.duration, Span(sign.start, number.pos.end))


def _parse_number_text(text: str) -> float:
    """The value of a number token.

    Raises:
        ValueError: with Prometheus' reason; it is beyond a float64.
    """
    digits = text.replace("_", "")
    hexadecimal = digits[:2] in ("0x", "0X")
    octal = digits[0] == "0" and set(digits) <= set("01234567")
    if hexadecimal or octal:
        whole = int(digits, 16 if hexadecimal else 8)
        if whole < 2**63:
            return float(whole)
    complaint = f"error parsing number: strconv.ParseFloat: parsing {quote(text)}"
    if hexadecimal:
        raise ValueError(f"{complaint}: invalid syntax")
    value = float(digits)
    if math.isinf(value) and not text.isalpha():
        raise ValueError(f"{complaint}: value out of range")
    return value


def format_go_float(value: float) -> str:
    """Go's `%f`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:f}"
