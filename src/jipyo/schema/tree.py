"""Trees whose every leaf knows where it was written, from YAML text or from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_DEPTH = 20
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"str", "timestamp", "merge", "value"})
_SCALAR_TAGS = frozenset({"int", "float", "bool", "null"})


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a tuple of nodes or a mapping of entries, and its place in a file."""

    file: str
    line: int | None
    path: str
    """The keys that lead here, from the entry of the top-level list it is in."""
    value: object
    raw: str | None = None
    """A scalar as the file writes it: `1.10` where `value` is 1.1."""

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
        """The place as a message begins: file, line and keys."""
        return f"{self.where}: {self.path}" if self.path else self.where

    def find(self, *path: str) -> Node:
        """The innermost node on this path of keys that exists; this one where none does."""
        node = self
        for name in path:
            entry = (node.entries or {}).get(name)
            if entry is None:
                break
            node = entry.node
        return node

    def plain(self) -> object:
        """The value without places: mappings, lists and scalars."""
        if self.entries is not None:
            return {name: entry.node.plain() for name, entry in self.entries.items()}
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; `key` is a node without a value at the place of the key."""

    key: Node
    node: Node


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError("schema.unreadable", file=str(path), reason=reason) from error
    except UnicodeDecodeError as error:
        raise ConfigError("schema.not_utf8", file=str(path), at=error.start) from error


def parse_yaml(text: str, file: str) -> Node:
    """The tree of a YAML document; `file` names it in messages.

    Raises:
        ConfigError: it is not YAML, a key appears twice, or it is nested too deeply.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        return Node(file, 1, "", None) if root is None else _Tree(loader, file).node(root, "", 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(file, mark.line + 1 if mark else 1, error.problem) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise _not_yaml(file, line, error.reason) from error
    finally:
        loader.dispose()


def _not_yaml(file: str, line: int, problem: object) -> ConfigError:
    return ConfigError("schema.not_yaml", where=f"{file}:{line}", problem=str(problem))


@dataclass(frozen=True, slots=True)
class _Tree:
    """Composed YAML on its way to nodes."""

    loader: yaml.SafeLoader
    file: str

    def node(self, node: yaml.Node, path: str, depth: int) -> Node:
        line = node.start_mark.line + 1
        if depth > _MAX_DEPTH:
            where = f"{self.file}:{line}"
            raise ConfigError("schema.too_deep", where=where, limit=_MAX_DEPTH)
        if isinstance(node, yaml.MappingNode):
            self.check_tag(node, "map")
            return Node(self.file, line, path, self.entries(node, path, depth))
        if isinstance(node, yaml.SequenceNode):
            self.check_tag(node, "seq")
            # An entry of a top-level list is known by its line; paths begin anew inside it.
            items = (
                self.node(item, f"{path}[{i}]" if depth > 1 else "", depth + 1)
                for i, item in enumerate(node.value)
            )
            return Node(self.file, line, path, tuple(items))
        return Node(self.file, line, path, self.scalar(node, line), str(node.value))

    def entries(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            name = str(key.value)
            key_node = Node(self.file, key.start_mark.line + 1, path, None)
            if name in entries:
                first = entries[name].key.where
                raise ConfigError("schema.key_twice", where=key_node.at, name=name, first=first)
            entries[name] = Entry(key_node, self.node(value, _join(path, name), depth + 1))
        return entries

    def check_tag(self, node: yaml.Node, *tags: str) -> None:
        if node.tag.removeprefix(_TAG) not in tags:
            where = f"{self.file}:{node.start_mark.line + 1}"
            raise ConfigError("schema.foreign_tag", where=where, tag=node.tag)

    def scalar(self, node: yaml.Node, line: int) -> object:
        if node.tag.removeprefix(_TAG) in _TEXT_TAGS:
            return node.value
        self.check_tag(node, *_SCALAR_TAGS)
        try:
            return self.loader.construct_object(node)
        except ValueError as error:
            raise _not_yaml(self.file, line, error) from error


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def wrap_value(value: object, file: str, path: str = "") -> Node:
    """The tree of plain mappings, lists and scalars; its nodes have paths but no lines."""
    if isinstance(value, Mapping):
        entries = {
            str(name): Entry(
                Node(file, None, path, None), wrap_value(inner, file, _join(path, str(name)))
            )
            for name, inner in value.items()
        }
        return Node(file, None, path, entries)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = (wrap_value(inner, file, f"{path}[{i}]") for i, inner in enumerate(value))
        return Node(file, None, path, tuple(items))
    return Node(file, None, path, value)


def merge(base: Node, over: Node) -> Node:
    """`over` laid upon `base`: mappings key by key, all else as a whole; null removes a key."""
    if base.entries is None or over.entries is None:
        return over
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        below = entries.pop(name, None)
        if entry.node.value is not None:
            node = merge(below.node, entry.node) if below else entry.node
            entries[name] = Entry(entry.key, node)
    return replace(base, value=entries)
