"""Names that the whole house keeps to: plain words, and one class a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = Path(__file__).parents[2] / "src/jipyo"
FILES = sorted(SRC.rglob("*.py"))
RIDDLES = frozenset(
    ("told", "said", "spoken", "whoever", "held", "settled", "taken", "meant", "asked", "seen_by")
)
"""Participles that say what was done and not what the thing is."""
SHARED = frozenset({"Options"})
"""Each room has its own, and is handed no other."""


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), str(file))


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module gives: functions, classes, arguments, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SRC)))
def test_no_name_is_a_riddle(file: Path) -> None:
    riddles = [
        f"{file.relative_to(SRC)}:{line}: {name}"
        for name, line in bound_names(parse(file))
        if name.strip("_") in RIDDLES
    ]
    assert riddles == []


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(set)
    for file in FILES:
        for node in parse(file).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(file.relative_to(SRC)))
    twice = {name: sorted(files) for name, files in places.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in SHARED} == {}


def test_only_a_method_has_a_parameter_self() -> None:
    """A function of a module that calls its first parameter so reads like a method."""
    free = [
        f"{file.relative_to(SRC)}:{node.lineno}: {node.name}"
        for file in FILES
        for node in parse(file).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if "self" in {arg.arg for arg in node.args.args}
    ]
    assert free == []
