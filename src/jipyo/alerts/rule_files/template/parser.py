"""Tokens -> the tree of a template, with the errors of Go's text/template/parse/parse.go."""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from jipyo.alerts.rule_files.template.errors import TemplateError
from jipyo.alerts.rule_files.template.functions import FUNCTIONS
from jipyo.alerts.rule_files.template.tokens import TemplateToken, TemplateTokenKind, split_tokens
from jipyo.alerts.rule_files.template.tree import (
    Action,
    Branch,
    Chain,
    Constant,
    Dot,
    End,
    Field,
    Identifier,
    Include,
    Jump,
    Nil,
    ParsedTemplate,
    Pipeline,
    TemplateBody,
    TemplateCommand,
    TemplateNode,
    Text,
    Variable,
)
from jipyo.promql.syntax.quoting import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 100
"""Go allows 10,000 pairs of parentheses, and no bound to nested blocks."""
_MAX_CHARACTERS = 100_000
_BOUNDS = (-(1 << 63), (1 << 63) - 1)
_LITERAL = re.compile(
    r"""["](?:[^\\]|\\(?:[abfnrtv\\'"]|x[0-9a-fA-F]{2}|[0-3][0-7]{2}
    |u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
    |U(?!0000[dD][89a-fA-F])00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))*["]""",
    re.VERBOSE,
)
_OPERANDS = frozenset(
    TemplateTokenKind[name]
    for name in (
        "BOOL", "CHAR_CONSTANT", "DOT", "FIELD", "IDENTIFIER", "NUMBER", "STRING", "VARIABLE",
        "LEFT_PAREN",
    )
)  # fmt: skip


@lru_cache(maxsize=1024)
def parse_template(text: str, name: str) -> ParsedTemplate:
    """The tree of a template; `name` is in its messages.

    Raises:
        TemplateError: in the words of Go.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TemplateError(f"template: {name}: longer than {_MAX_CHARACTERS} characters")
    return _Parser(text, name).parse()


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.lexer: Iterator[TemplateToken] = split_tokens(text)
        self.newest = TemplateToken(TemplateTokenKind.EOF, "", 0)
        self.waiting: list[TemplateToken] = []
        """Tokens that were put back, the next one last."""
        self.variables = ["$"]
        self.defined: dict[str, TemplateBody] = {}
        self.action_line = 0
        self.loops = 0
        self.depth = 0

    def parse(self) -> ParsedTemplate:
        nodes: list[TemplateNode] = []
        while (token := self.next()).kind is not TemplateTokenKind.EOF:
            if token.kind is TemplateTokenKind.LEFT:
                word = self.next_word()
                if (word.kind, word.text) == (TemplateTokenKind.KEYWORD, "define"):
                    self.define()
                    continue
                self.put_back(word)
            self.put_back(token)
            node = self.text_or_action()
            if isinstance(node, End):
                self.fail(f"unexpected {node}")
            nodes.append(node)
        return ParsedTemplate(self.name, self.text, TemplateBody(0, tuple(nodes)), self.defined)

    # --- tokens

    def next(self) -> TemplateToken:
        if self.waiting:
            return self.waiting.pop()
        # After the end or an error there is nothing more.
        self.newest = next(self.lexer, TemplateToken(TemplateTokenKind.EOF, "", len(self.text)))
        return self.newest

    def next_word(self) -> TemplateToken:
        """The next token that is no space."""
        while (token := self.next()).kind is TemplateTokenKind.SPACE:
            pass
        return token

    def put_back(self, token: TemplateToken) -> None:
        self.waiting.append(token)

    def peek(self) -> TemplateToken:
        token = self.next()
        self.put_back(token)
        return token

    def peek_word(self) -> TemplateToken:
        token = self.next_word()
        self.put_back(token)
        return token

    def expect(self, kind: TemplateTokenKind, context: str) -> TemplateToken:
        token = self.next_word()
        if token.kind is not kind:
            self.refuse(token, context)
        return token

    def line_of(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def fail(self, problem: str) -> NoReturn:
        line = self.line_of(self.newest.at)
        raise TemplateError(f"template: {self.name}:{line}: {problem}")

    def refuse(self, token: TemplateToken, context: str) -> NoReturn:
        if token.kind is not TemplateTokenKind.ERROR:
            self.fail(f"unexpected {token} in {context}")
        started = ""
        if self.action_line not in {0, self.line_of(token.at)}:
            action = "" if token.text.endswith(" action") else " in action"
            started = f"{action} started at {self.name}:{self.action_line}"
        self.fail(f"{token}{started}")

    @contextlib.contextmanager
    def deeper(self, problem: str) -> Iterator[None]:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(problem)
        yield
        self.depth -= 1

    # --- text and blocks

    def text_or_action(self) -> TemplateNode:
        token = self.next_word()
        if token.kind is TemplateTokenKind.TEXT:
            return Text(token.at, token.text)
        if token.kind is not TemplateTokenKind.LEFT:
            self.refuse(token, "input")
        self.action_line = self.line_of(token.at)
        node = self.action()
        self.action_line = 0
        return node

    def body(self) -> tuple[TemplateBody, End]:
        at = self.peek_word().at
        nodes: list[TemplateNode] = []
        while self.peek_word().kind is not TemplateTokenKind.EOF:
            node = self.text_or_action()
            if isinstance(node, End):
                return TemplateBody(at, tuple(nodes)), node
            nodes.append(node)
        return self.fail("unexpected EOF")

    def action(self) -> TemplateNode:  # noqa: PLR0911 - a case for each keyword
        token = self.next_word()
        if token.kind is TemplateTokenKind.KEYWORD:
            match token.text:
                case "if" | "with" | "range":
                    with self.deeper("max expression depth exceeded"):
                        return self.branch(token.text)
                case "break" | "continue":
                    return self.jump(token)
                case "else":
                    return self.otherwise()
                case "end":
                    return End(self.expect(TemplateTokenKind.RIGHT, "end").at, "end")
                case "template":
                    return self.include()
                case "block":
                    with self.deeper("max expression depth exceeded"):
                        return self.block()
                case _:
                    pass
        self.put_back(token)
        return Action(token.at, self.pipeline("command", TemplateTokenKind.RIGHT))

    def jump(self, token: TemplateToken) -> Jump:
        following = self.next_word()
        if following.kind is not TemplateTokenKind.RIGHT:
            self.refuse(following, f"{{{{{token.text}}}}}")
        if not self.loops:
            self.fail(f"{{{{{token.text}}}}} outside {{{{range}}}}")
        return Jump(token.at, token.text)

    def otherwise(self) -> End:
        token = self.peek_word()
        if token.kind is TemplateTokenKind.KEYWORD and token.text in {"if", "with"}:
            return End(token.at, "else", token.text)
        return End(self.expect(TemplateTokenKind.RIGHT, "else").at, "else")

    def branch(self, word: str) -> Branch:
        known = len(self.variables)
        pipeline = self.pipeline(word, TemplateTokenKind.RIGHT)
        self.loops += word == "range"
        body, end = self.body()
        self.loops -= word == "range"
        otherwise = self.else_body(word, end) if end.word == "else" else None
        del self.variables[known:]
        return Branch(pipeline.at, word, pipeline, body, otherwise)

    def else_body(self, word: str, end: End) -> TemplateBody:
        following = self.peek()
        if word in {"if", "with"} and following.text == word and end.following == word:
            self.next()
            with self.deeper("max expression depth exceeded"):
                return TemplateBody(end.at, (self.branch(word),))
        body, after = self.body()
        if after.word != "end":
            self.fail(f"expected end; found {after}")
        return body

    def define(self) -> None:
        name = self.unquote(self.expect(TemplateTokenKind.STRING, "define clause"))
        self.expect(TemplateTokenKind.RIGHT, "define clause")
        self.add_definition(name, "define clause")

    def block(self) -> Include:
        token = self.next_word()
        name = self.template_name(token, "block clause")
        pipeline = self.pipeline("block clause", TemplateTokenKind.RIGHT)
        self.add_definition(name, "block clause")
        return Include(token.at, name, pipeline)

    def add_definition(self, name: str, context: str) -> None:
        outside, self.variables = self.variables, ["$"]
        loops, self.loops = self.loops, 0
        body, end = self.body()
        if end.word != "end":
            self.fail(f"unexpected {end} in {context}")
        self.variables, self.loops = outside, loops
        if name in self.defined and not (_is_empty(body) or _is_empty(self.defined[name])):
            self.fail(f"template: multiple definition of template {quote(name)}")
        if name not in self.defined or _is_empty(self.defined[name]):
            self.defined[name] = body

    def include(self) -> Include:
        token = self.next_word()
        name = self.template_name(token, "template clause")
        following = self.next_word()
        if following.kind is TemplateTokenKind.RIGHT:
            return Include(token.at, name, None)
        self.put_back(following)
        return Include(token.at, name, self.pipeline("template clause", TemplateTokenKind.RIGHT))

    def template_name(self, token: TemplateToken, context: str) -> str:
        if token.kind is not TemplateTokenKind.STRING:
            self.refuse(token, context)
        return self.unquote(token)

    def unquote(self, token: TemplateToken) -> str:
        if token.text[0] == '"' and not _LITERAL.fullmatch(token.text):
            self.fail("invalid syntax")
        return unquote(token.text)

    # --- pipelines

    def pipeline(self, context: str, end: TemplateTokenKind) -> Pipeline:
        at = self.peek_word().at
        variables, assigns = self.declarations(context)
        commands: list[TemplateCommand] = []
        while (token := self.next_word()).kind is not end:
            is_nil = (token.kind, token.text) == (TemplateTokenKind.KEYWORD, "nil")
            if token.kind not in _OPERANDS and not is_nil:
                self.refuse(token, context)
            self.put_back(token)
            commands.append(self.command())
        if not commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], Constant | Dot | Nil):
                self.fail(f"non executable command in pipeline stage {stage}")
        return Pipeline(at, tuple(commands), variables, assigns)

    def declarations(self, context: str) -> tuple[tuple[Variable, ...], bool]:
        variables: list[Variable] = []
        while self.peek_word().kind is TemplateTokenKind.VARIABLE:
            token = self.next_word()
            following = self.next()
            space = following if following.kind is TemplateTokenKind.SPACE else None
            mark = self.next_word() if space else following
            if mark.kind in {TemplateTokenKind.ASSIGN, TemplateTokenKind.DECLARE}:
                self.declare(variables, token)
                return tuple(variables), mark.kind is TemplateTokenKind.ASSIGN
            if (mark.kind, mark.text) != (TemplateTokenKind.CHAR, ","):
                self.put_back(mark)
                if space:
                    self.put_back(space)
                self.put_back(token)
                break
            self.declare(variables, token)
            if context != "range" or len(variables) > 1:
                self.fail(f"too many declarations in {context}")
            ends = {
                TemplateTokenKind.VARIABLE,
                TemplateTokenKind.RIGHT,
                TemplateTokenKind.RIGHT_PAREN,
            }
            if self.peek_word().kind not in ends:
                self.fail("range can only initialize variables")
        return tuple(variables), False

    def declare(self, variables: list[Variable], token: TemplateToken) -> None:
        variables.append(Variable(token.at, (token.text,)))
        self.variables.append(token.text)

    def command(self) -> TemplateCommand:
        at = self.peek_word().at
        operands: list[TemplateNode] = []
        while True:
            operand = self.operand()
            if operand is not None:
                operands.append(operand)
            token = self.next()
            if token.kind is TemplateTokenKind.SPACE:
                continue
            if token.kind in {TemplateTokenKind.RIGHT, TemplateTokenKind.RIGHT_PAREN}:
                self.put_back(token)
            elif token.kind is not TemplateTokenKind.PIPE:
                self.refuse(token, "operand")
            if not operands:
                self.fail("empty command")
            return TemplateCommand(at, tuple(operands))

    def operand(self) -> TemplateNode | None:
        node = self.term()
        if node is None or self.peek().kind is not TemplateTokenKind.FIELD:
            return node
        at = self.peek().at
        names: list[str] = []
        while self.peek().kind is TemplateTokenKind.FIELD:
            names.append(self.next().text[1:])
        if isinstance(node, Field):
            return Field(at, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(at, (*node.names, *names))
        if isinstance(node, Constant | Nil | Dot):
            self.fail(f"unexpected . after term {quote(str(node))}")
        return Chain(at, node, tuple(names))

    def term(self) -> TemplateNode | None:  # noqa: C901, PLR0911 - a case for each kind
        token = self.next_word()
        at, text = token.at, token.text
        match token.kind:
            case TemplateTokenKind.IDENTIFIER:
                if text not in FUNCTIONS:
                    self.fail(f"function {quote(text)} not defined")
                return Identifier(at, text)
            case TemplateTokenKind.DOT:
                return Dot(at)
            case TemplateTokenKind.KEYWORD if text == "nil":
                return Nil(at)
            case TemplateTokenKind.VARIABLE:
                if text not in self.variables:
                    self.fail(f"undefined variable {quote(text)}")
                return Variable(at, (text,))
            case TemplateTokenKind.FIELD:
                return Field(at, (text[1:],))
            case TemplateTokenKind.BOOL:
                return Constant(at, text == "true", text)
            case TemplateTokenKind.STRING:
                return Constant(at, self.unquote(token), text)
            case TemplateTokenKind.NUMBER | TemplateTokenKind.CHAR_CONSTANT:
                return Constant(at, self.number(token), text)
            case TemplateTokenKind.LEFT_PAREN:
                with self.deeper("max expression depth exceeded"):
                    return self.pipeline("parenthesized pipeline", TemplateTokenKind.RIGHT_PAREN)
            case _:
                self.put_back(token)
                return None

    def number(self, token: TemplateToken) -> int | float:
        text = token.text
        if token.kind is TemplateTokenKind.CHAR_CONSTANT:
            letters = unquote(text) if _LITERAL.fullmatch(f'"{text[1:-1]}"') else ""
            if len(letters) != 1:
                malformed = f"malformed character constant: {text}"
                self.fail(malformed if letters else "invalid syntax")
            return ord(letters)
        try:
            value = int(_write_octal(text), 0)
        except ValueError:
            return self.fraction(text)
        if not _BOUNDS[0] <= value <= _BOUNDS[1]:
            self.fail(f"integer overflow: {quote(text)}")
        return value

    def fraction(self, text: str) -> float:
        is_hex = text.lstrip("+-")[:2] in {"0x", "0X"}
        try:
            value = float.fromhex(text) if is_hex and "p" in text.lower() else float(text)
        except (ValueError, OverflowError):
            self.fail(f"illegal number syntax: {quote(text)}")
        if not any(mark in text for mark in ".eEpP"):
            self.fail(f"integer overflow: {quote(text)}")
        return value


def _is_empty(body: TemplateBody) -> bool:
    """Whether a template writes nothing but spaces."""
    return all(isinstance(node, Text) and not node.text.strip() for node in body.nodes)


def _write_octal(text: str) -> str:
    """`017` as Python writes it."""
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567_":
        return text[: len(text) - len(digits)] + "0o" + digits[1:]
    return text
