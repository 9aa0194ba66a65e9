"""The tree of a template -> its text, with the errors of Go's text/template/exec.go."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NoReturn

from jipyo.alerts.rule_files.template.errors import TemplateError, TooMuchError
from jipyo.alerts.rule_files.template.formatting import check_length
from jipyo.alerts.rule_files.template.functions import (
    FUNCTIONS,
    METHODS,
    Surroundings,
    TemplateFunction,
)
from jipyo.alerts.rule_files.template.tree import (
    Action,
    Branch,
    Chain,
    Constant,
    Dot,
    Field,
    Identifier,
    Include,
    Jump,
    Nil,
    ParsedTemplate,
    Pipeline,
    TemplateBody,
    TemplateNode,
    Text,
    Variable,
)
from jipyo.alerts.rule_files.template.values import (
    AlertData,
    Arguments,
    Sample,
    TemplateQueryResult,
    Value,
    is_true,
    name_type,
    print_value,
)
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.rule_files.template.tree import TemplateCommand

_MOST_STEPS = 20_000
"""Nodes that may be visited: a table of thousand series takes ten each."""
_DEEPEST = 50
"""Templates within templates."""


class _Missing:
    """No value comes through the pipeline."""


_MISSING = _Missing()
_Called = tuple[str, TemplateNode, TemplateNode]
"""The name of a function, its place, and the place of errors of its own."""
_ANY_TYPES = frozenset(("interface {}", "reflect.Value"))
_NIL_TYPES = _ANY_TYPES | {"*template.sample", "template.queryResult"}


class _Jump(Exception):  # noqa: N818 - a way through the template, and no error
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(slots=True)
class _Output:
    """The text so far, and what it took."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    steps: int = 0

    def write(self, text: str) -> None:
        self.length += len(text)
        check_length(self.length)
        self.pieces.append(text)

    def count_step(self) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooMuchError(f"more than {_MOST_STEPS} steps")


def execute(template: ParsedTemplate, data: Value, around: Surroundings) -> str:
    """The text of a template.

    Raises:
        TemplateError: in the words of Go.
    """
    output = _Output()
    run = _Run(template, template.name, around, output, [("$", data)])
    try:
        run.walk(data, template.body)
    except TooMuchError as error:
        raise TemplateError(f"template: {template.name}: {error}") from error
    return "".join(output.pieces)


@dataclass(slots=True)
class _Run:
    template: ParsedTemplate
    name: str
    """Of the template that is executed: the whole, or one that it defines."""
    around: Surroundings
    output: _Output
    variables: list[tuple[str, Value]]
    depth: int = 0

    def fail(self, node: TemplateNode, problem: str) -> NoReturn:
        place = self.template.describe_place(node.at)
        raise TemplateError(
            f"template: {place}: executing {quote(self.name)} at <{node}>: {problem}"
        )

    # --- blocks

    def walk(self, dot: Value, node: TemplateNode) -> None:
        self.output.count_step()
        match node:
            case Text(text=text):
                self.output.write(text)
            case Action(pipeline=pipeline):
                value = self.pipeline(dot, pipeline)
                if not pipeline.variables:
                    self.output.write(print_value(value))
            case TemplateBody(nodes=nodes):
                for inner in nodes:
                    self.walk(dot, inner)
            case Branch(word="range"):
                self.loop(dot, node)
            case Branch():
                self.branch(dot, node)
            case Jump(word=word):
                raise _Jump(word)
            case Include():
                self.include(dot, node)
            case _:
                raise AssertionError(f"BUG: {type(node).__name__} outside of an action")

    def branch(self, dot: Value, node: Branch) -> None:
        known = len(self.variables)
        value = self.pipeline(dot, node.pipeline)
        if is_true(value):
            self.walk(value if node.word == "with" else dot, node.body)
        elif node.otherwise is not None:
            self.walk(dot, node.otherwise)
        del self.variables[known:]

    def loop(self, dot: Value, node: Branch) -> None:
        known = len(self.variables)
        value = self.pipeline(dot, node.pipeline)
        inside = len(self.variables)
        is_empty = True
        try:
            for index, element in self.iterate(node, value):
                is_empty = False
                self.set_loop_variables(node.pipeline, index, element)
                try:
                    self.walk(element, node.body)
                except _Jump as jump:
                    if jump.word == "break":
                        break
                finally:
                    del self.variables[inside:]
            if is_empty and node.otherwise is not None:
                self.walk(dot, node.otherwise)
        finally:
            del self.variables[known:]

    def iterate(self, node: Branch, value: Value) -> Iterator[tuple[Value, Value]]:
        place = node.pipeline.commands[-1].operands[0]
        if isinstance(value, bool) or not isinstance(
            value, int | dict | TemplateQueryResult | None
        ):
            self.fail(place, f"range can't iterate over {print_value(value)}")
        if isinstance(value, dict):
            return iter(sorted(value.items()))
        if isinstance(value, int):
            if len(node.pipeline.variables) > 1:
                self.fail(place, f"can't use {value} to iterate over more than one variable")
            return ((None, number) for number in range(value))
        return iter(enumerate(value or ()))

    def set_loop_variables(self, pipeline: Pipeline, index: Value, element: Value) -> None:
        values = [element] if len(pipeline.variables) == 1 else [index, element]
        pairs = list(zip((one.names[0] for one in pipeline.variables), values, strict=False))
        if pipeline.assigns:
            for name, value in pairs:
                self.assign(pipeline, name, value)
        elif pairs:
            self.variables[-len(pairs) :] = pairs

    def include(self, dot: Value, node: Include) -> None:
        body = self.template.defined.get(node.name)
        if body is None and node.name == self.template.name:
            body = self.template.body
        if body is None:
            self.fail(node, f"template {quote(node.name)} not defined")
        if self.depth == _DEEPEST:
            self.fail(node, f"exceeded maximum template depth ({_DEEPEST})")
        value = self.pipeline(dot, node.pipeline) if node.pipeline else None
        inner = replace(self, name=node.name, variables=[("$", value)], depth=self.depth + 1)
        inner.walk(value, body)

    # --- values

    def assign(self, pipeline: Pipeline, name: str, value: Value) -> None:
        known = [at for at, (variable, _) in enumerate(self.variables) if variable == name]
        if not known:
            self.fail(pipeline.commands[-1].operands[0], f"undefined variable: {name}")
        self.variables[known[-1]] = (name, value)

    def pipeline(self, dot: Value, pipeline: Pipeline) -> Value:
        self.output.count_step()
        value: Any = _MISSING
        for command in pipeline.commands:
            value = self.command(dot, command, value)
        for variable in pipeline.variables:
            if pipeline.assigns:
                self.assign(pipeline, variable.names[0], value)
            else:
                self.variables.append((variable.names[0], value))
        return value

    def command(self, dot: Value, command: TemplateCommand, final: Any) -> Value:
        self.output.count_step()
        first, *rest = command.operands
        match first:
            case Identifier():
                called = (first.name, first, command)
                return self.call(dot, FUNCTIONS[first.name], called, rest, final)
            case Field() | Chain():
                return self.fields(dot, first, rest, final)
            case Variable(names=(_, _, *_)):
                return self.fields(dot, first, rest, final)
            case _:
                pass
        if rest or final is not _MISSING:
            self.fail(first, f"can't give argument to non-function {first}")
        if isinstance(first, Nil):
            self.fail(first, "nil is not a command")
        return self.evaluate(dot, first)

    def evaluate(self, dot: Value, node: TemplateNode) -> Value:
        """The value of an operand that gets no arguments."""
        self.output.count_step()
        match node:
            case Dot():
                return dot
            case Constant(value=value):
                return value
            case Pipeline():
                return self.pipeline(dot, node)
            case Identifier():
                called = (node.name, node, node)
                return self.call(dot, FUNCTIONS[node.name], called, [], _MISSING)
            case Variable(names=(name,)):
                return next(value for known, value in reversed(self.variables) if known == name)
            case _:
                return self.fields(dot, node, [], _MISSING)

    def fields(
        self, dot: Value, node: TemplateNode, arguments: list[TemplateNode], final: Any
    ) -> Value:
        match node:
            case Field(names=names):
                value = dot
            case Variable(names=(name, *names)):
                value = self.evaluate(dot, Variable(node.at, (name,)))
            case Chain(node=inner, names=names):
                if isinstance(inner, Nil):
                    self.fail(node, f"indirection through explicit nil in {node}")
                value = self.evaluate(dot, inner)
            case _:
                raise AssertionError(f"BUG: {type(node).__name__} has no fields")
        for name in names[:-1]:
            value = self.field(dot, node, name, value, [], _MISSING)
        return self.field(dot, node, names[-1], value, arguments, final)

    def field(
        self,
        dot: Value,
        node: TemplateNode,
        name: str,
        value: Value,
        arguments: list[TemplateNode],
        final: Any,
    ) -> Value:
        if value is None:
            return None
        method = METHODS.get(type(value), {}).get(name)
        if method is not None:
            bound = replace(method, call=lambda *given: method.call(value, *given))
            return self.call(dot, bound, (name, node, node), arguments, final)
        has_arguments = bool(arguments) or final is not _MISSING
        if isinstance(value, dict):
            if has_arguments:
                self.fail(node, f"{name} is not a method but has arguments")
            return value.get(name, None if isinstance(value, Arguments) else "")
        if isinstance(value, Sample | AlertData) and name in {one.name for one in fields(value)}:
            if has_arguments:
                self.fail(node, f"{name} has arguments but cannot be invoked as function")
            return getattr(value, name)
        return self.fail(node, f"can't evaluate field {name} in type {name_type(value)}")

    # --- calls

    def call(
        self,
        dot: Value,
        function: TemplateFunction,
        called: _Called,
        arguments: list[TemplateNode],
        final: Any,
    ) -> Value:
        """The value of a function of operands."""
        name, word, whole = called
        self.check_count(function, word, name, len(arguments), final is not _MISSING)
        if name in {"and", "or"} and isinstance(word, Identifier):
            return self.decide(dot, name, arguments, final)
        values = [
            self.argument(dot, node, function.type_of(at)) for at, node in enumerate(arguments)
        ]
        if final is not _MISSING:
            values.append(self.check_type(word, final, function.type_of(len(values))))
        given = [self.around, *values] if function.needs_surroundings else values
        try:
            value = function.call(*given)
        except TooMuchError:
            raise
        except TemplateError as error:
            self.fail(whole, f"error calling {name}: {error}")
        if isinstance(value, str):
            check_length(len(value))
        return value

    def check_count(
        self, function: TemplateFunction, word: TemplateNode, name: str, count: int, has_final: bool
    ) -> None:
        given, fixed = count + has_final, function.fixed
        if function.is_variadic and given < fixed:
            self.fail(word, f"wrong number of args for {name}: want at least {fixed} got {count}")
        if not function.is_variadic and given != fixed:
            self.fail(word, f"wrong number of args for {name}: want {fixed} got {given}")

    def decide(self, dot: Value, name: str, arguments: list[TemplateNode], final: Any) -> Value:
        """`and` and `or`, which evaluate no more than they need."""
        value: Value = None
        for node in arguments:
            value = self.argument(dot, node, "reflect.Value")
            if is_true(value) == (name == "or"):
                return value
        return value if final is _MISSING else final

    def argument(self, dot: Value, node: TemplateNode, wanted: str) -> Value:
        if isinstance(node, Nil):
            if wanted not in _NIL_TYPES:
                self.fail(node, f"cannot assign nil to {wanted}")
            return None
        if not isinstance(node, Constant):
            return self.check_type(node, self.evaluate(dot, node), wanted)
        if wanted == "string" and not isinstance(node.value, str):
            self.fail(node, f"expected string; found {node}")
        if wanted != "string" and wanted not in _ANY_TYPES:
            self.fail(node, f"can't handle {node} for arg of type {wanted}")
        return node.value

    def check_type(self, node: TemplateNode, value: Value, wanted: str) -> Value:
        if wanted in _ANY_TYPES:
            return value
        if value is None:
            if wanted in _NIL_TYPES:
                return None
            self.fail(node, f"invalid value; expected {wanted}")
        if name_type(value) != wanted:
            got = name_type(value)
            self.fail(node, f"wrong type for value; expected {wanted}; got {got}")
        return value
