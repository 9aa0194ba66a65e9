"""The tree of a template; every node knows where it was written, and prints as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from jipyo.promql.syntax.quoting import quote


@dataclass(frozen=True, slots=True)
class TemplateNode:
    """A part of a template; `at` is its place, in characters."""

    at: int


@dataclass(frozen=True, slots=True)
class Identifier(TemplateNode):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Dot(TemplateNode):
    """The value that the template is about at this place."""

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Nil(TemplateNode):
    """No value."""

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Field(TemplateNode):
    """Fields of the dot: `.Labels.job`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable(TemplateNode):
    """A variable, and fields of it: `$labels.job`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Chain(TemplateNode):
    """Fields of what another node gives: `(query "up" | first).Labels`."""

    node: TemplateNode
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipeline) else str(self.node)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Constant(TemplateNode):
    """A boolean, number or text."""

    value: bool | int | float | str
    written: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class TemplateCommand(TemplateNode):
    """Operands; the first one may be a function of the others."""

    operands: tuple[TemplateNode, ...]

    def __str__(self) -> str:
        return " ".join(
            f"({one})" if isinstance(one, Pipeline) else str(one) for one in self.operands
        )


@dataclass(frozen=True, slots=True)
class Pipeline(TemplateNode):
    """Commands, each with the value of the one before as its last argument."""

    commands: tuple[TemplateCommand, ...]
    variables: tuple[Variable, ...] = ()
    assigns: bool = False
    """Whether the variables exist already."""

    def __str__(self) -> str:
        names = ", ".join(map(str, self.variables))
        declared = f"{names} {'=' if self.assigns else ':='} " if names else ""
        return declared + " | ".join(map(str, self.commands))


@dataclass(frozen=True, slots=True)
class Text(TemplateNode):
    """Text outside of actions."""

    text: str


@dataclass(frozen=True, slots=True)
class Action(TemplateNode):
    """A pipeline whose value is written."""

    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{{{{{self.pipeline}}}}}"


@dataclass(frozen=True, slots=True)
class TemplateBody(TemplateNode):
    """Nodes one after the other."""

    nodes: tuple[TemplateNode, ...]


@dataclass(frozen=True, slots=True)
class Branch(TemplateNode):
    """`if`, `with` or `range`."""

    word: str
    pipeline: Pipeline
    body: TemplateBody
    otherwise: TemplateBody | None


@dataclass(frozen=True, slots=True)
class Jump(TemplateNode):
    """`break` or `continue`."""

    word: str


@dataclass(frozen=True, slots=True)
class Include(TemplateNode):
    """`template`: another template of this text."""

    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        given = f" {self.pipeline}" if self.pipeline else ""
        return f"{{{{template {quote(self.name)}{given}}}}}"


@dataclass(frozen=True, slots=True)
class End(TemplateNode):
    """`end` or `else`; not in a finished tree."""

    word: str
    following: str = ""
    """`if` or `with` after an `else`."""

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """A parsed template, and those that it defines."""

    name: str
    text: str
    body: TemplateBody
    defined: dict[str, TemplateBody] = field(default_factory=dict)

    def describe_place(self, at: int) -> str:
        """Name, line, and column in bytes from 0, as Go's `ErrorContext`."""
        before = self.text[:at]
        line = before.rpartition("\n")[2]
        return f"{self.name}:{before.count(chr(10)) + 1}:{len(line.encode('utf-8', 'replace'))}"
