"""Trees whose every leaf knows where it was written, from YAML text or from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from jipyo.model.errors import CatalogueError

_MAX_DEPTH = 20
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a tuple of nodes or a mapping of nodes, and where it stands (`file:line`)."""

    where: str
    value: object

    @property
    def entries(self) -> Mapping[str, Entry] | None:
        """The entries where this is a mapping."""
        return self.value if isinstance(self.value, dict) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    where: str
    node: Node


def from_yaml(text: str, file: str) -> Node:
    """The tree of a YAML document.

    Raises:
        CatalogueError: it is not YAML, a key stands twice, or it is nested too deeply.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        return Node(f"{file}:1", None) if root is None else _node(loader, root, file, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CatalogueError(
            "catalogue.not_yaml", where=f"{file}:{line}", problem=error.problem or ""
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        # Characters YAML does not allow, and dates or numbers that do not exist.
        raise CatalogueError("catalogue.not_yaml", where=file, problem=str(error)) from error
    finally:
        loader.dispose()


def _node(loader: yaml.SafeLoader, node: yaml.Node, file: str, depth: int) -> Node:
    where = f"{file}:{node.start_mark.line + 1}"
    if depth > _MAX_DEPTH:
        raise CatalogueError("catalogue.too_deep", where=where, limit=_MAX_DEPTH)
    if isinstance(node, yaml.MappingNode):
        return Node(where, _entries(loader, node, file, depth))
    if isinstance(node, yaml.SequenceNode):
        return Node(where, tuple(_node(loader, item, file, depth + 1) for item in node.value))
    return Node(where, loader.construct_object(node))


def _entries(
    loader: yaml.SafeLoader, node: yaml.MappingNode, file: str, depth: int
) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        where = f"{file}:{key.start_mark.line + 1}"
        name = str(key.value)
        if name in entries:
            first = entries[name].where
            raise CatalogueError("catalogue.key_twice", where=where, name=name, first=first)
        entries[name] = Entry(where, _node(loader, value, file, depth + 1))
    return entries


def from_value(value: object, where: str) -> Node:
    """The tree of plain mappings, lists and scalars; places are paths of keys."""
    if isinstance(value, Mapping):
        return Node(
            where,
            {
                str(name): Entry(f"{where}.{name}", from_value(inner, f"{where}.{name}"))
                for name, inner in value.items()
            },
        )
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = (from_value(inner, f"{where}[{i}]") for i, inner in enumerate(value))
        return Node(where, tuple(items))
    return Node(where, value)


def merged(base: Node, over: Node) -> Node:
    """`over` laid upon `base`: mappings key by key, all else as a whole; null takes a key out."""
    if base.entries is None or over.entries is None:
        return over
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        below = entries.pop(name, None)
        if entry.node.value is not None:
            node = merged(below.node, entry.node) if below else entry.node
            entries[name] = Entry(entry.where, node)
    return Node(base.where, entries)
