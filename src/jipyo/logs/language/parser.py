r"""Text -> condition: a parser by recursive descent.

    any_of  = all_of { ("OR" | "||") all_of }
    all_of  = unary { [ "AND" | "&&" ] unary }
    unary   = ("NOT" | "!" | "-" | "+") unary | "(" any_of ")" | clause
    clause  = [ field ":" ] value                   without a field: a text of the message
    value   = word | phrase                         `*` in a word stands for any text
            | ">=" number | ">" | "<=" | "<"        of a level by its name
            | "[" number "TO" number "]"            `{` and `}` exclude the bound, `*` is none
            | "/" RE2 "/" | "=" value | "~" value   exactly; somewhere inside, in either case
            | "(" any_of ")"                        all values in it are of the field

A word ends at a blank, a parenthesis or a quotation mark; a backslash takes the next character
as it is. A field's name begins with a letter, `_` or `@`, and its colon is followed by a value:
so `12:30`, `error: timeout`, `std::panic` and `http://` are words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from jipyo.logs.language.fields import EXISTS, SHORT_NAMES, TIME_FIELDS, resolve_field
from jipyo.logs.language.simplify import simplify
from jipyo.logs.language.values import (
    build_compared,
    build_equal,
    build_phrase,
    build_range,
    build_text,
    build_word,
)
from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    TEMPLATE,
    All,
    AnyOf,
    Contains,
    HasTemplate,
    Matches,
    Not,
    compile_search,
)
from jipyo.logs.record import encode_text
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.logs.query import Condition

Target: TypeAlias = "str | Callable[[str], Condition]"
"""The field that a value is of, or what becomes of the value."""
MAX_CHARACTERS = 10_000
MAX_DEPTH = 50
"""Of parentheses and negations."""
_SPACE = re.compile(r"\s*")
_OR = re.compile(r'OR(?=[\s()"]|$)|\|\|')
_AND = re.compile(r'AND(?=[\s()"]|$)|&&')
_NOT = re.compile(r'NOT(?=[\s()"]|$)|[!+-](?=[^\s)])')
_FIELD = re.compile(r"((?:[^\W\d]|@|\\.)(?:[\w.@/-]|\\.)*):(?=(.)?)(?!//)", re.DOTALL)
_WORD = re.compile(r'(?:\\.|[^\s()"\\]|\\$)+', re.DOTALL)
_PIECE = re.compile(r"\\(.)|(\*)|(.)", re.DOTALL)
_PHRASE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_PHRASE_ESCAPE = re.compile(r'\\(["\\])')
_PATTERN = re.compile(r"/((?:\\.|[^/\\])+)/(?=[\s)]|$)", re.DOTALL)
_COMPARISON = re.compile(r"[<>]=?")
_RANGE = re.compile(r"([\[{])\s*(\S+)\s+TO\s+([^\s\]}]+)\s*([\]}])")
_NO_VALUE = frozenset(" \t\r\n\f\v):")
_KNOWN_NAMES = frozenset({*SHORT_NAMES, EXISTS, LEVEL, SERVICE, TEMPLATE})


def parse_condition(text: str) -> Condition:
    """What the text means, in its simplest form; of an empty text every record.

    Raises:
        LogQueryError: it is not of the language; `at` is the position, from 1.
    """
    if len(text) > MAX_CHARACTERS:
        raise LogQueryError("logs_query.too_long", limit=MAX_CHARACTERS)
    try:
        encode_text(text)
    except UnicodeEncodeError as error:
        raise LogQueryError("logs_query.not_text", at=error.start + 1) from error
    parser = _Parser(text)
    return simplify(parser.parse())


class _Parser:
    """A position in a text, which moves on as its parts are read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> Condition:
        """The whole text."""
        if not self._text.strip():
            return All()
        condition = self._parse_any_of(None)
        if self._at < len(self._text):
            raise LogQueryError(
                "logs_query.unopened", hint="logs_query.quote.hint", at=self._at + 1
            )
        return condition

    def _parse_any_of(self, target: Target | None) -> Condition:
        parts = [self._parse_all_of(target)]
        while self._skip(_OR):
            parts.append(self._parse_all_of(target))
        return AnyOf(tuple(parts))

    def _parse_all_of(self, target: Target | None) -> Condition:
        parts = [self._parse_unary(target)]
        while self._skip(_AND) or not self._is_at_end():
            parts.append(self._parse_unary(target))
        return All(tuple(parts))

    def _is_at_end(self) -> bool:
        """Whether nothing follows that `AND` could stand before."""
        return self._peek() in ("", ")") or _OR.match(self._text, self._at) is not None

    def _parse_unary(self, target: Target | None) -> Condition:
        sign = self._skip(_NOT)
        if sign is None and self._peek() != "(":
            return self._parse_clause(target)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise LogQueryError("logs_query.too_deep", at=self._at + 1, limit=MAX_DEPTH)
        inner = self._parse_unary(target) if sign else self._parse_group(target)
        self._depth -= 1
        return inner if sign in (None, "+") else Not(inner)

    def _parse_group(self, target: Target | None) -> Condition:
        opened = self._at
        self._at += 1
        condition = self._parse_any_of(target)
        if self._peek() != ")":
            raise LogQueryError("logs_query.unclosed", at=opened + 1, opened="(", closed=")")
        self._at += 1
        return condition

    def _parse_clause(self, target: Target | None) -> Condition:
        operator = _OR.match(self._text, self._at) or _AND.match(self._text, self._at)
        if self._peek() in ("", ")") or operator:
            self._reject_missing(operator[0] if operator else self._peek())
        if target is not None:
            return self._parse_value(target)
        found = _FIELD.match(self._text, self._at)
        if found is None or self._is_word(found):
            return self._parse_text()
        self._at = found.end()
        return self._parse_value(self._find_target(found))

    def _reject_missing(self, found: str) -> NoReturn:
        if found:
            raise LogQueryError(
                "logs_query.no_condition_before",
                hint="logs_query.quote.hint",
                at=self._at + 1,
                found=found,
            )
        raise LogQueryError("logs_query.no_condition", at=self._at + 1)

    def _is_word(self, found: re.Match[str]) -> bool:
        """Whether what looks like a field's name is a word with a colon.

        Raises:
            LogQueryError: it is the name of a field, but without a value.
        """
        name, following = found[1], found[2] or " "
        if following not in _NO_VALUE:
            return False
        if name in _KNOWN_NAMES and following != ":":
            raise LogQueryError(
                "logs_query.no_value",
                hint="logs_query.no_value.hint",
                at=found.end() + 1,
                field=name,
            )
        return True

    def _find_target(self, found: re.Match[str]) -> Target:
        """The field of a name, or what a special name means; one with a backslash is a field's."""
        name = found[1]
        if name in TIME_FIELDS:
            raise LogQueryError(
                "logs_query.time", hint="logs_query.time.hint", at=found.start() + 1, field=name
            )
        if name in _SPECIAL:
            return _SPECIAL[name]
        if "\\" in name:
            return re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL)
        return resolve_field(name)

    def _parse_text(self) -> Condition:
        """A word or phrase of the message."""
        return (
            build_text(self._parse_word())
            if self._peek() != '"'
            else build_phrase(MESSAGE, self._parse_phrase())
        )

    def _parse_value(self, target: Target) -> Condition:
        if self._peek() == "(":
            return self._parse_group(target)
        if not isinstance(target, str):
            return target(self._parse_literal())
        if self._peek() == '"':
            return build_phrase(target, self._parse_phrase())
        found = _PATTERN.match(self._text, self._at)
        if found:
            return self._read_pattern(target, found)
        return self._parse_operator(target)

    def _parse_operator(self, field: str) -> Condition:
        """A range, an operator with a text, or a word."""
        first, at = self._text[self._at], self._at + 1
        if first in "[{":
            return self._parse_range(field)
        if comparison := self._skip(_COMPARISON):
            return build_compared(field, comparison, self._parse_literal(), at)
        if first not in "=~":
            return build_word(field, self._parse_word(), at)
        self._at += 1
        literal = self._parse_literal()
        return build_equal(field, literal) if first == "=" else Contains(literal, field)

    def _read_pattern(self, field: str, found: re.Match[str]) -> Condition:
        self._at = found.end()
        pattern = re.sub(r"\\(.)", _unescape_slash, found[1], flags=re.DOTALL)
        compile_search(pattern)
        return Matches(pattern, field)

    def _parse_range(self, field: str) -> Condition:
        found = _RANGE.match(self._text, self._at)
        if found is None:
            raise LogQueryError("logs_query.range", hint="logs_query.range.hint", at=self._at + 1)
        self._at = found.end()
        opened, low, high, closed = found.groups()
        at = found.start() + 1
        return build_range(field, (low, high), (opened == "[", closed == "]"), at)

    def _parse_literal(self) -> str:
        """A phrase, or a word in which `*` is a character like any other."""
        return self._parse_phrase() if self._peek() == '"' else "*".join(self._parse_word())

    def _parse_word(self) -> tuple[str, ...]:
        """The texts between the asterisks of a word, of which there is at least one."""
        found = _WORD.match(self._text, self._at)
        if found is None:
            self._reject_missing(self._peek())
        self._at = found.end()
        texts = [""]
        for escaped, star, plain in _PIECE.findall(found[0]):
            if star:
                texts.append("")
            else:
                texts[-1] += escaped or plain
        return tuple(texts)

    def _parse_phrase(self) -> str:
        found = _PHRASE.match(self._text, self._at)
        if found is None:
            raise LogQueryError("logs_query.unclosed", at=self._at + 1, opened='"', closed='"')
        self._at = found.end()
        return _PHRASE_ESCAPE.sub(r"\1", found[1])

    def _peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        self._skip(_SPACE)
        return self._text[self._at : self._at + 1]

    def _skip(self, token: re.Pattern[str]) -> str | None:
        """Move behind a token, and the blanks before it, if it is next."""
        space = _SPACE.match(self._text, self._at)
        start = space.end() if space and token is not _SPACE else self._at
        found = token.match(self._text, start)
        if found is None:
            return None
        self._at = found.end()
        return found[0]


def _build_exists(name: str) -> Condition:
    return build_word(resolve_field(name), ("", ""), 0)


_SPECIAL: dict[str, Callable[[str], Condition]] = {
    EXISTS: _build_exists,
    TEMPLATE: lambda name: All() if name == "*" else HasTemplate(name),
}


def _unescape_slash(found: re.Match[str]) -> str:
    return "/" if found[1] == "/" else found[0]
