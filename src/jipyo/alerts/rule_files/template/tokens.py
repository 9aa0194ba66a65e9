"""The text of a template -> tokens, as Go's text/template/parse/lex.go takes it apart."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACES = " \t\r\n"
_LONGEST_SHOWN = 10
KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template")
) | {"with"}


class TemplateTokenKind(Enum):
    """What a token is."""

    ERROR = auto()
    BOOL = auto()
    CHAR = auto()
    CHAR_CONSTANT = auto()
    ASSIGN = auto()
    DECLARE = auto()
    EOF = auto()
    FIELD = auto()
    IDENTIFIER = auto()
    LEFT = auto()
    LEFT_PAREN = auto()
    NUMBER = auto()
    PIPE = auto()
    RIGHT = auto()
    RIGHT_PAREN = auto()
    SPACE = auto()
    STRING = auto()
    TEXT = auto()
    VARIABLE = auto()
    DOT = auto()
    KEYWORD = auto()


class TemplateToken(NamedTuple):
    """A piece of the text; `at` is where it begins, in characters."""

    kind: TemplateTokenKind
    text: str
    at: int

    def __str__(self) -> str:
        """As messages name it."""
        if self.kind is TemplateTokenKind.EOF:
            return "EOF"
        if self.kind is TemplateTokenKind.ERROR:
            return self.text
        if self.kind in {TemplateTokenKind.KEYWORD, TemplateTokenKind.DOT}:
            return f"<{self.text}>"
        if len(self.text) > _LONGEST_SHOWN:
            return quote(self.text[:_LONGEST_SHOWN]) + "..."
        return quote(self.text)


_WORD = r"[^\W]+"
_TOKENS = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+)
    |(?P<DECLARE>:=)|(?P<ASSIGN>=)|(?P<PIPE>\|)|(?P<LEFT_PAREN>\()|(?P<RIGHT_PAREN>\))
    |(?P<STRING>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    |(?P<CHAR_CONSTANT>'(?:[^'\\\n]|\\[^\n])*')
    |(?P<VARIABLE>\$\w*)
    |(?P<NUMBER>[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
        |0[oO][0-7_]*|0[bB][01_]*|(?=\.?[0-9]|[+-])[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?))
    |(?P<FIELD>\.\w+)|(?P<DOT>\.)
    |(?P<IDENTIFIER>\w+)
    |(?P<CHAR>[!-~])""",
    re.VERBOSE,
)
_UNTERMINATED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
    ":": "expected :=",
}
_ENDS_WORD = frozenset(_SPACES + ".,|:)(")
_WORDS = frozenset(
    (
        TemplateTokenKind.IDENTIFIER,
        TemplateTokenKind.FIELD,
        TemplateTokenKind.VARIABLE,
        TemplateTokenKind.DOT,
    )
)


def split_tokens(text: str) -> Iterator[TemplateToken]:
    """The tokens; the last one is the end or an error."""
    at = 0
    while True:
        left = text.find("{{", at)
        if left < 0:
            if at < len(text):
                yield TemplateToken(TemplateTokenKind.TEXT, text[at:], at)
            yield TemplateToken(TemplateTokenKind.EOF, "", len(text))
            return
        trims = _starts_trim(text, left + 2)
        before = text[at:left].rstrip(_SPACES) if trims else text[at:left]
        if before:
            yield TemplateToken(TemplateTokenKind.TEXT, before, at)
        inside = left + 4 if trims else left + 2
        if text.startswith("/*", inside):
            closed = _skip_comment(text, inside)
            if isinstance(closed, TemplateToken):
                yield closed
                return
            at = closed
            continue
        yield TemplateToken(TemplateTokenKind.LEFT, "{{", left)
        for token in _split_action(text, inside):
            yield token
            if token.kind is TemplateTokenKind.ERROR:
                return
        right, trims = _find_right(text, token.at)
        at = _skip_spaces(text, right) if trims else right


def _starts_trim(text: str, at: int) -> bool:
    return text.startswith("-", at) and text[at + 1 : at + 2] in tuple(_SPACES)


def _skip_spaces(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(_SPACES))


def _find_right(text: str, at: int) -> tuple[int, bool]:
    """The end of a closing delimiter that begins here, and whether it trims; -1 for none."""
    if text.startswith("}}", at):
        return at + 2, text[at - 1 : at] == "-" and text[at - 2 : at - 1] in tuple(_SPACES)
    if text[at : at + 1] in tuple(_SPACES) and text.startswith("-}}", at + 1):
        return at + 4, True
    return -1, False


def _skip_comment(text: str, at: int) -> int | TemplateToken:
    """Where the text goes on after a comment, or what is wrong with it."""
    close = text.find("*/", at + 2)
    if close < 0:
        return TemplateToken(TemplateTokenKind.ERROR, "unclosed comment", at)
    end, trims = _find_right(text, close + 2)
    if end < 0:
        return TemplateToken(TemplateTokenKind.ERROR, "comment ends before closing delimiter", at)
    return _skip_spaces(text, end) if trims else end


def _split_action(text: str, at: int) -> Iterator[TemplateToken]:
    """The tokens of an action, up to its closing delimiter or an error."""
    depth = 0
    while True:
        if text.startswith("}}", at) or _find_right(text, at)[0] > 0:
            if depth:
                yield TemplateToken(TemplateTokenKind.ERROR, "unclosed left paren", at)
            else:
                yield TemplateToken(
                    TemplateTokenKind.RIGHT, "}}", at if text.startswith("}}", at) else at + 2
                )
            return
        token = _read_token(text, at)
        depth += (token.kind is TemplateTokenKind.LEFT_PAREN) - (
            token.kind is TemplateTokenKind.RIGHT_PAREN
        )
        if depth < 0:
            token = TemplateToken(TemplateTokenKind.ERROR, "unexpected right paren", at)
        yield token
        if token.kind is TemplateTokenKind.ERROR:
            return
        at += len(token.text)


def _read_token(text: str, at: int) -> TemplateToken:  # noqa: PLR0911 - a case for each mistake
    if at >= len(text):
        return TemplateToken(TemplateTokenKind.ERROR, "unclosed action", at)
    match = _TOKENS.match(text, at)
    if match is None or (match[0] in _UNTERMINATED):
        problem = _UNTERMINATED.get(text[at])
        return TemplateToken(TemplateTokenKind.ERROR, problem or _refuse_character(text[at]), at)
    kind = TemplateTokenKind[str(match.lastgroup)]
    word, end = match[0], match.end()
    if kind is TemplateTokenKind.SPACE and text.startswith("-}}", end):
        if len(word) == 1:  # `_split_action` has taken it for the delimiter
            return TemplateToken(kind, word, at)
        return TemplateToken(kind, word[:-1], at)
    if kind is TemplateTokenKind.NUMBER and (
        text[end : end + 1].isalnum() or text[end : end + 1] == "_"
    ):
        return TemplateToken(
            TemplateTokenKind.ERROR, f"bad number syntax: {quote(text[at : end + 1])}", at
        )
    if kind in _WORDS:
        following = text[end : end + 1]
        if following and following not in _ENDS_WORD and not text.startswith("}}", end):
            return TemplateToken(
                TemplateTokenKind.ERROR, f"bad character {_name_character(following)}", at
            )
    if kind is TemplateTokenKind.IDENTIFIER:
        kind = _find_word_kind(word)
    return TemplateToken(kind, word, at)


def _find_word_kind(word: str) -> TemplateTokenKind:
    if word in KEYWORDS:
        return TemplateTokenKind.KEYWORD
    return TemplateTokenKind.BOOL if word in {"true", "false"} else TemplateTokenKind.IDENTIFIER


def _refuse_character(char: str) -> str:
    return f"unrecognized character in action: {_name_character(char)}"


def _name_character(char: str) -> str:
    """As Go's `%#U` writes it."""
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
