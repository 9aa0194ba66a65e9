"""Text -> tokens; which are allowed depends on the brackets around them.

Nothing is raised here: an error becomes the last token, and the parser raises it when it gets
there, so that the first error of a query is the one that is reported.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from jipyo.promql.syntax.quoting import quote, quote_char

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenKind(Enum):
    """The kind of a token; the value is its name in error messages."""

    EOF = "end of input"
    ERROR = "error"
    IDENTIFIER = "identifier"
    METRIC_IDENTIFIER = "metric identifier"
    STRING = "string"
    NUMBER = "number"
    DURATION = "duration"
    LEFT_PAREN = "("
    RIGHT_PAREN = ")"
    LEFT_BRACE = "{"
    RIGHT_BRACE = "}"
    LEFT_BRACKET = "["
    RIGHT_BRACKET = "]"
    COMMA = ","
    COLON = ":"
    ASSIGN = "="
    OPERATOR = "operator"
    """By its text: + - * / % ^ == != <= < >= > </ >/ =~ !~ @ and or unless atan2."""
    AGGREGATOR = "aggregator"
    KEYWORD = "keyword"
    WORD = "word"
    """`start end step range max_of min_of`: functions, metric names, or parts of modifiers."""

    # Members are single objects; the parser asks sets of them for every token.
    __hash__ = object.__hash__


class Token(NamedTuple):
    """A piece of the text; `text` is the error's message where the kind is ERROR."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in small letters: keywords and operators are not case-sensitive."""
        return self.text.lower()

    def __str__(self) -> str:
        """The token in error messages."""
        describe = _DESCRIPTIONS.get(self.kind)
        return describe(self) if describe else _clip_quoted(self.text)


def _clip_quoted(text: str) -> str:
    return quote(text[:10]) + "..." if len(text.encode("utf-8", "replace")) > 10 else quote(text)


_DESCRIPTIONS: dict[TokenKind, Callable[[Token], str]] = {
    TokenKind.EOF: lambda token: token.kind.value,
    TokenKind.OPERATOR: lambda token: f"<op:{token.text}>",
    TokenKind.AGGREGATOR: lambda token: f"<aggr:{token.text}>",
    TokenKind.KEYWORD: lambda token: f"<{token.text}>",
    TokenKind.IDENTIFIER: lambda token: f"identifier {quote(token.text)}",
    TokenKind.METRIC_IDENTIFIER: lambda token: f"metric identifier {quote(token.text)}",
    TokenKind.STRING: lambda token: f"string {_clip_quoted(token.text)}",
    TokenKind.NUMBER: lambda token: f"number {_clip_quoted(token.text)}",
    TokenKind.DURATION: lambda token: f"duration {_clip_quoted(token.text)}",
}

WORDS: dict[str, TokenKind] = {
    **dict.fromkeys(("and", "or", "unless", "atan2"), TokenKind.OPERATOR),
    **dict.fromkeys(
        (
            *("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk"),
            *("bottomk", "count_values", "quantile", "limitk", "limit_ratio"),
        ),
        TokenKind.AGGREGATOR,
    ),
    **dict.fromkeys(
        (
            *("offset", "smoothed", "anchored", "by", "without", "on", "ignoring", "bool"),
            *("group_left", "group_right", "fill", "fill_left", "fill_right"),
        ),
        TokenKind.KEYWORD,
    ),
    **dict.fromkeys(("start", "end", "step", "range", "max_of", "min_of"), TokenKind.WORD),
    **dict.fromkeys(("inf", "nan"), TokenKind.NUMBER),
}
"""Every word that is not merely a name, in small letters."""

_IN_DURATIONS = frozenset({"step", "range", "max_of", "min_of"})
_FILLS = frozenset({"fill", "fill_left", "fill_right"})

_BLANK = re.compile(r"(?:[ \t\n\r]+|#[^\r\n]*)+")
_WORD = re.compile(r"[A-Za-z_]+")
_ASCII_NAME = re.compile(r"[A-Za-z0-9_]*")
_OPERATOR = re.compile(r"==|!=|<=|</|>=|>/|[-+*/%^<>@]")
_PUNCTUATION = {
    "(": TokenKind.LEFT_PAREN,
    ")": TokenKind.RIGHT_PAREN,
    "{": TokenKind.LEFT_BRACE,
    "}": TokenKind.RIGHT_BRACE,
    "[": TokenKind.LEFT_BRACKET,
    "]": TokenKind.RIGHT_BRACKET,
    ",": TokenKind.COMMA,
    ":": TokenKind.COLON,
    "=": TokenKind.ASSIGN,
}

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
    rf"|(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_LOOSE_END = re.compile(r"_|[eE][+-]?")
_AFTER_NUMBER = re.compile(r"[A-Za-z0-9_.]")
_UNITS = re.compile(r"[smhdwy]s?(?:[0-9]+[smhdw]s?)*")
_BROKEN_UNITS = re.compile(rf"{_UNITS.pattern}(?:[0-9]+|.)|\.")
_ALNUM = re.compile(r"[A-Za-z0-9_]")

_PLAIN = re.compile(r"[^\\\n\"'`\ufffd\ud800-\udfff]+")
_ESCAPE_DIGITS = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}


class _LexicalError(Exception):
    """Ends the tokens; carries the message."""


def tokenize(text: str, *, unquoted_utf8: bool = True) -> list[Token]:
    """All tokens of a text without its comments, the last one EOF or ERROR.

    Args:
        text: the expression.
        unquoted_utf8: whether letters of any script, and dots inside, make names.
    """
    return _Lexer(text, unquoted_utf8).run()


class _Lexer:
    def __init__(self, text: str, unquoted_utf8: bool) -> None:
        self._text = text
        self._utf8 = unquoted_utf8
        self._at = 0
        self._start = 0
        self._tokens: list[Token] = []
        self._parens = 0
        self._in_braces = False
        self._in_brackets = False
        self._colon = False
        self._duration = False
        # After a number in brackets the reference continues as outside of them.
        self._strict = False

    def run(self) -> list[Token]:
        try:
            while self._skip_blank():
                self._read_next()
            self._finish()
        except _LexicalError as wrong:
            token = Token(TokenKind.ERROR, str(wrong), self._start, len(self._text))
            self._tokens.append(token)
        return self._tokens

    def _skip_blank(self) -> bool:
        blank = _BLANK.match(self._text, self._at)
        if blank:
            self._at = blank.end()
        self._start = self._at
        return self._at < len(self._text)

    def _finish(self) -> None:
        if self._in_braces:
            raise _LexicalError("unexpected end of input inside braces")
        if self._in_brackets and self._strict:
            raise _LexicalError("unexpected end of input in duration expression")
        if self._parens:
            raise _LexicalError("unclosed left parenthesis")
        if self._in_brackets:
            raise _LexicalError("unclosed left bracket")
        self._emit(TokenKind.EOF)

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self._text[place : place + 1]

    def _emit(self, kind: TokenKind) -> None:
        self._tokens.append(Token(kind, self._text[self._start : self._at], self._start, self._at))
        self._start = self._at

    def _take(self, kind: TokenKind, length: int = 1) -> None:
        self._at += length
        self._emit(kind)

    def _read_next(self) -> None:
        if self._in_braces:
            self._read_inside_braces()
        elif self._in_brackets and self._strict:
            self._read_inside_brackets()
        else:
            self._read_outside()

    # Names.

    def _is_name_start(self, char: str) -> bool:
        if char.isascii():
            return char.isalpha() or char == "_"
        return self._utf8 and char.isalpha()

    def _is_name_part(self, char: str) -> bool:
        return self._is_name_start(char) or "0" <= char <= "9" or (self._utf8 and char == ".")

    def _skip_name(self, extra: str = "") -> None:
        while (char := self._peek()) and (self._is_name_part(char) or char == extra):
            self._at += 1
            plain = _ASCII_NAME.match(self._text, self._at)
            self._at = plain.end() if plain else self._at

    def _read_name_or_word(self) -> None:
        self._skip_name(":")
        name = self._text[self._start : self._at]
        # A letter beyond ASCII may have an ASCII lower case: such a word is a name.
        kind = WORDS.get(name.lower()) if name.isascii() else None
        if kind is TokenKind.KEYWORD and name.lower() in _FILLS:
            blank = _BLANK.match(self._text, self._at)
            if not self._text.startswith("(", blank.end() if blank else self._at):
                kind = TokenKind.IDENTIFIER
        if kind is None:
            kind = TokenKind.METRIC_IDENTIFIER if ":" in name else TokenKind.IDENTIFIER
        self._emit(kind)

    # Outside of braces and brackets.

    def _read_outside(self) -> None:
        char = self._peek()
        if char == ",":
            self._take(TokenKind.COMMA)
        elif self._is_name_start(char) or char == ":":
            self._read_name_in_brackets() if self._in_brackets else self._read_name_or_word()
        elif "0" <= char <= "9" or (char == "." and "0" <= self._peek(1) <= "9"):
            self._read_number()
        elif char in "\"'`":
            self._read_string()
        elif char in "()[]{":
            self._read_bracket(char)
        else:
            self._read_operator(char)

    def _read_operator(self, char: str) -> None:
        operator = _OPERATOR.match(self._text, self._at)
        if operator:
            self._take(TokenKind.OPERATOR, len(operator.group()))
        elif char == "=" and self._peek(1) != "~":
            self._take(TokenKind.ASSIGN)
        elif char in "=!":
            following = quote_char(self._peek(1))
            raise _LexicalError(f"unexpected character after '{char}': {following}")
        else:
            raise _LexicalError(f"unexpected character: {quote_char(char)}")

    def _read_bracket(self, char: str) -> None:
        if char == "[" and self._in_brackets:
            raise _LexicalError(f"unexpected left bracket {quote_char(char)}")
        if char == "]" and not self._in_brackets:
            raise _LexicalError(f"unexpected right bracket {quote_char(char)}")
        if char == ")" and not self._parens:
            self._fail_after(f"unexpected right parenthesis {quote_char(char)}")
        self._take(_PUNCTUATION[char])
        match char:
            case "(":
                self._parens += 1
            case ")":
                self._parens -= 1
            case "{":
                self._in_braces = True
            case "[":
                self._in_brackets = self._strict = True
                self._colon = self._duration = False
            case _:
                self._in_brackets = False

    def _fail_after(self, message: str) -> NoReturn:
        """Reject a character at the position behind it, as the reference does for some."""
        self._at = self._start = self._at + 1
        raise _LexicalError(message)

    # Inside [ ].

    def _read_inside_brackets(self) -> None:
        char = self._peek()
        if char in "()]":
            self._read_bracket(char)
        elif char == ":":
            self._read_duration_colon()
        elif char in "+-*/%^":
            self._take(TokenKind.OPERATOR)
        elif char == ",":
            self._take(TokenKind.COMMA)
        elif "0" <= char <= "9" or (char == "." and "0" <= self._peek(1) <= "9"):
            self._duration = True
            self._read_number()
            self._strict = False
        elif self._accept_duration_word():
            self._duration = True
        else:
            raise _LexicalError(f"unexpected character in duration expression: {quote_char(char)}")

    def _read_duration_colon(self) -> None:
        if not self._duration:
            self._fail_after("unexpected colon before duration in duration expression")
        if self._colon:
            self._fail_after("unexpected repeated colon in duration expression")
        self._take(TokenKind.COLON)
        self._colon = True

    def _read_name_in_brackets(self) -> None:
        char = self._peek()
        if char == ":":
            if self._colon:
                raise _LexicalError(f"unexpected colon {quote_char(char)}")
            self._take(TokenKind.COLON)
            self._colon = True
        elif not self._accept_duration_word():
            raise _LexicalError(f"unexpected character: {quote_char(char)}, expected ':'")

    def _accept_duration_word(self) -> bool:
        word = _WORD.match(self._text, self._at)
        if not word or word.group().lower() not in _IN_DURATIONS:
            return False
        self._take(TokenKind.WORD, len(word.group()))
        return True

    # Inside { }.

    def _read_inside_braces(self) -> None:
        char = self._peek()
        if self._is_name_start(char):
            self._skip_name()
            self._emit(TokenKind.IDENTIFIER)
        elif char in "\"'`":
            self._read_string()
        elif char == ",":
            self._take(TokenKind.COMMA)
        elif char in "=!":
            self._read_match_operator(char)
        elif char == "}":
            self._take(TokenKind.RIGHT_BRACE)
            self._in_braces = False
        elif char == "{":
            raise _LexicalError(f"unexpected left brace {quote_char(char)}")
        else:
            raise _LexicalError(f"unexpected character inside braces: {quote_char(char)}")

    def _read_match_operator(self, char: str) -> None:
        following = self._peek(1)
        if following == "~" or (char == "!" and following == "="):
            self._take(TokenKind.OPERATOR, 2)
        elif char == "=":
            self._take(TokenKind.ASSIGN)
        else:
            raise _LexicalError(
                f"unexpected character after '!' inside braces: {quote_char(following)}"
            )

    # Numbers and durations.

    def _read_number(self) -> None:
        number = _NUMBER.match(self._text, self._at)
        if number and not _AFTER_NUMBER.match(self._text, number.end()):
            self._take(TokenKind.NUMBER, len(number.group()))
            return
        self._at = number.end() if number else self._at + 1
        loose = _LOOSE_END.match(self._text, self._at)
        self._at = loose.end() if loose else self._at
        self._read_duration_literal()

    def _read_duration_literal(self) -> None:
        units = _UNITS.match(self._text, self._at)
        if units and not _ALNUM.match(self._text, units.end()):
            self._at = units.end()
            self._emit(TokenKind.DURATION)
            return
        # The reference reports what it had read when it noticed.
        broken = _BROKEN_UNITS.match(self._text, self._at)
        self._at = broken.end() if broken else self._at
        read = self._text[self._start : self._at]
        raise _LexicalError(f"bad number or duration syntax: {quote(read)}")

    # Strings.

    def _read_string(self) -> None:
        mark = self._peek()
        self._at += 1
        raw = mark == "`"
        while (char := self._peek()) != mark:
            if not char or (char == "\n" and not raw):
                kind = "raw" if raw else "quoted"
                raise _LexicalError(f"unterminated {kind} string")
            if char == "\ufffd" or "\ud800" <= char <= "\udfff":
                raise _LexicalError("invalid UTF-8 rune")
            self._at += 1
            if char == "\\" and not raw:
                self._skip_escape(mark)
            elif plain := _PLAIN.match(self._text, self._at):
                self._at = plain.end()
        self._at += 1
        self._emit(TokenKind.STRING)

    def _skip_escape(self, mark: str) -> None:
        char = self._peek()
        if not char:
            raise _LexicalError("escape sequence not terminated")
        if char in "abfnrtv\\" or char == mark:
            self._at += 1
        elif char in "01234567":
            self._skip_code_point(3, 8, 0xFF)
        elif char in _ESCAPE_DIGITS:
            self._at += 1
            length, base = _ESCAPE_DIGITS[char]
            self._skip_code_point(length, base, 0xFF if char == "x" else 0x10FFFF)
        else:
            raise _LexicalError(f"unknown escape sequence {_format_rune(char)}")

    def _skip_code_point(self, length: int, base: int, highest: int) -> None:
        digits = self._text[self._at : self._at + length]
        for digit in digits:
            if digit not in "0123456789abcdefABCDEF"[: 22 if base == 16 else base]:
                raise _LexicalError(f"illegal character {_format_rune(digit)} in escape sequence")
        if len(digits) < length:
            raise _LexicalError("escape sequence not terminated")
        code = int(digits, base)
        if code > highest or 0xD800 <= code < 0xE000:
            raise _LexicalError("escape sequence is an invalid Unicode code point")
        self._at += length


def _format_rune(char: str) -> str:
    """A character as in Go's `%#U`."""
    name = f"U+{ord(char):04X}"
    return f"{name} '{char}'" if char.isprintable() else name
