"""Trees whose every leaf knows where it was written, from YAML text or from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from jipyo.model.errors import CatalogueError

_MAX_DEPTH = 20
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a tuple of nodes or a mapping of nodes, and where it stands."""

    file: str
    line: int | None
    path: str
    """The keys that lead here, from the entry of the top-level list it is in."""
    value: object

    @property
    def entries(self) -> Mapping[str, Entry] | None:
        """The entries where this is a mapping."""
        return self.value if isinstance(self.value, dict) else None

    @property
    def where(self) -> str:
        """File and line: `catalogue/cpu.yaml:14`."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def at(self) -> str:
        """Where it stands, as a message begins: file, line and keys."""
        return f"{self.where}: {self.path}" if self.path else self.where


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; `key` is a node without a value that stands where the key does."""

    key: Node
    node: Node


def from_yaml(text: str, file: str) -> Node:
    """The tree of a YAML document.

    Raises:
        CatalogueError: it is not YAML, a key stands twice, or it is nested too deeply.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        return Node(file, 1, "", None) if root is None else _Tree(loader, file).node(root, "", 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _not_yaml(f"{file}:{line}", error.problem) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise _not_yaml(f"{file}:{line}", error.reason) from error
    finally:
        loader.dispose()


def _not_yaml(where: str, problem: object) -> CatalogueError:
    return CatalogueError("catalogue.not_yaml", where=where, problem=str(problem))


@dataclass(frozen=True, slots=True)
class _Tree:
    """Composed YAML on its way to nodes."""

    loader: yaml.SafeLoader
    file: str

    def node(self, node: yaml.Node, path: str, depth: int) -> Node:
        line = node.start_mark.line + 1
        if depth > _MAX_DEPTH:
            where = f"{self.file}:{line}"
            raise CatalogueError("catalogue.too_deep", where=where, limit=_MAX_DEPTH)
        if isinstance(node, yaml.MappingNode):
            return Node(self.file, line, path, self.entries(node, path, depth))
        if isinstance(node, yaml.SequenceNode):
            return Node(self.file, line, path, self.items(node, path, depth))
        return Node(self.file, line, path, self.scalar(node, line))

    def items(self, node: yaml.SequenceNode, path: str, depth: int) -> tuple[Node, ...]:
        return tuple(
            self.node(item, _item_path(path, i, depth), depth + 1)
            for i, item in enumerate(node.value)
        )

    def entries(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            name = str(key.value)
            here = Node(self.file, key.start_mark.line + 1, path, None)
            if name in entries:
                first = entries[name].key.where
                raise CatalogueError("catalogue.key_twice", where=here.at, name=name, first=first)
            entries[name] = Entry(here, self.node(value, _key_path(path, name), depth + 1))
        return entries

    def scalar(self, node: yaml.Node, line: int) -> object:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind in _TEXTS:
            return node.value
        if kind not in _NUMBERS:
            where = f"{self.file}:{line}"
            raise CatalogueError("catalogue.foreign_tag", where=where, tag=node.tag)
        try:
            return self.loader.construct_object(node)
        except ValueError as error:
            raise _not_yaml(f"{self.file}:{line}", error) from error


_TEXTS = ("str", "timestamp", "merge", "value")
_NUMBERS = ("int", "float", "bool", "null")


def _key_path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _item_path(path: str, index: int, depth: int) -> str:
    # An entry of a top-level list is told by its line; paths begin anew inside it.
    return f"{path}[{index}]" if depth > 1 else ""


def from_value(value: object, file: str, path: str = "") -> Node:
    """The tree of plain mappings, lists and scalars; they have paths but no lines."""
    if isinstance(value, Mapping):
        entries = {
            str(name): Entry(
                Node(file, None, path, None), from_value(inner, file, _key_path(path, str(name)))
            )
            for name, inner in value.items()
        }
        return Node(file, None, path, entries)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = (from_value(inner, file, f"{path}[{i}]") for i, inner in enumerate(value))
        return Node(file, None, path, tuple(items))
    return Node(file, None, path, value)


def merged(base: Node, over: Node) -> Node:
    """`over` laid upon `base`: mappings key by key, all else as a whole; null takes a key out."""
    if base.entries is None or over.entries is None:
        return over
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        below = entries.pop(name, None)
        if entry.node.value is not None:
            node = merged(below.node, entry.node) if below else entry.node
            entries[name] = Entry(entry.key, node)
    return replace(base, value=entries)
