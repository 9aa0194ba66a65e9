"""Trees whose every leaf knows where it was written, from YAML text or from plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_DEPTH = 20
_MAX_BYTES = 16 << 20
_MAX_ALIASED = 10_000
"""Nodes that aliases may add to those that are written."""
_MAX_DIGITS = 300
"""Longer numbers are beyond 64-bit floats; reading one takes time that grows with its square."""
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset({"int", "float", "bool", "null"})
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
_OCTAL = re.compile(r"[-+]?0[0-7]+")


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
    """The text of a file, without a byte order mark.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, or is larger than any file of jipyo.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError("schema.unreadable", file=str(path), reason=reason) from error
    if len(content) > _MAX_BYTES:
        raise ConfigError("schema.too_large", file=str(path), limit=f"{_MAX_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("schema.not_utf8", file=str(path), at=error.start) from error


def parse_yaml(text: str, file: str) -> Node:
    """The tree of a YAML document; `file` names it in messages.

    Aliases (`*name`) and merge keys (`<<: *name`) are resolved, within bounds.

    Raises:
        ConfigError: it is not YAML, a key appears twice, it is nested too deeply, or its aliases
            repeat too much.
    """
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        raise _not_readable(text, file, error) from error
    try:
        return _Composer(loader, file, len(text) + _MAX_ALIASED).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(file, mark.line + 1 if mark else 1, error.problem) from error
    except yaml.reader.ReaderError as error:
        raise _not_readable(text, file, error) from error
    finally:
        loader.dispose()


def parse_json(text: str, file: str) -> Node:
    """The tree of a JSON document, with numbers as they are written; nodes have no lines.

    Raises:
        ConfigError: it is not JSON, is nested too deeply, or holds half a character.
    """
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
        json.dumps(value, ensure_ascii=False).encode()
        return wrap_value(value, file)
    except UnicodeEncodeError as error:
        problem = f"{error.object[error.start]!a} is half a character"
        raise ConfigError("schema.not_json", where=file, problem=problem) from error
    except json.JSONDecodeError as error:
        where = f"{file}:{error.lineno}"
        raise ConfigError("schema.not_json", where=where, problem=error.msg) from error
    except RecursionError as error:
        raise ConfigError("schema.too_deep", where=file, limit=_MAX_DEPTH) from error


def _not_yaml(file: str, line: int, problem: object) -> ConfigError:
    return ConfigError("schema.not_yaml", where=f"{file}:{line}", problem=str(problem))


def _not_readable(text: str, file: str, error: yaml.reader.ReaderError) -> ConfigError:
    line = text.encode()[: error.position].count(b"\n") + 1
    return _not_yaml(file, line, error.reason)


@dataclass(frozen=True, slots=True)
class _Branch:
    """A node with how many nodes it holds and how many levels, itself included."""

    node: Node
    size: int = 1
    height: int = 1


class _Composer:
    """YAML's events -> nodes.

    PyYAML's own composer overflows the C stack on deep nesting, and repeats every alias in full.
    """

    def __init__(self, loader: yaml.SafeLoader, file: str, max_nodes: int) -> None:
        self._loader = loader
        self._file = file
        self._max_nodes = max_nodes
        self._anchors: dict[str, _Branch] = {}

    def document(self) -> Node:
        """The only document of the file; null where it is empty.

        Raises:
            ConfigError: it is nested too deeply, repeats a key or too many aliases.
        """
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return Node(self._file, 1, "", None)
        root = self._branch(self._next(), "", 0).node
        self._next()
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _not_yaml(self._file, _line(event), "a second document begins")
        return root

    def _next(self) -> yaml.Event:
        event: yaml.Event = self._loader.get_event()  # type: ignore[no-untyped-call]  # of PyYAML
        return event

    def _branch(self, event: yaml.Event, path: str, depth: int) -> _Branch:
        """The value that begins with this event."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > _MAX_DEPTH:
            raise self._too_deep(event)
        if isinstance(event, yaml.MappingStartEvent):
            self._check_tag(event, "map")
            branch = self._mapping(event, path, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq")
            branch = self._sequence(event, path, depth)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            value = self._scalar(event)
            branch = _Branch(Node(self._file, _line(event), path, value, str(event.value)))
        if event.anchor is not None:
            self._anchors[event.anchor] = branch
        if branch.size > self._max_nodes:
            where = f"{self._file}:{_line(event)}"
            raise ConfigError("schema.too_many_aliases", where=where, limit=_MAX_ALIASED)
        return branch

    def _alias(self, event: yaml.AliasEvent, depth: int) -> _Branch:
        """What the anchor named, with the place where that is written."""
        branch = self._anchors.get(str(event.anchor))
        if branch is None:
            raise _not_yaml(self._file, _line(event), f"no anchor &{event.anchor} ends above")
        if depth + branch.height > _MAX_DEPTH + 1:
            raise self._too_deep(event)
        return branch

    def _sequence(self, event: yaml.Event, path: str, depth: int) -> _Branch:
        items: list[_Branch] = []
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            # An entry of a top-level list is known by its line; paths begin anew inside it.
            inner = f"{path}[{len(items)}]" if depth > 1 else ""
            items.append(self._branch(item, inner, depth + 1))
        value = tuple(item.node for item in items)
        return _join_branches(Node(self._file, _line(event), path, value), items)

    def _mapping(self, event: yaml.Event, path: str, depth: int) -> _Branch:
        entries: dict[str, Entry] = {}
        inherited: dict[str, Entry] = {}
        values: list[_Branch] = []
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            key_node = Node(self._file, _line(key), path, None)
            if not isinstance(key, yaml.ScalarEvent):
                raise ConfigError("schema.complex_key", where=key_node.at)
            name = str(key.value)
            values.append(self._branch(self._next(), _join_path(path, name), depth + 1))
            if name == "<<" and key.implicit[0]:
                _inherit(inherited, values[-1].node)
            elif name in entries:
                first = entries[name].key.where
                raise ConfigError("schema.key_twice", where=key_node.at, name=name, first=first)
            else:
                entries[name] = Entry(key_node, values[-1].node)
        return _join_branches(
            Node(self._file, _line(event), path, {**inherited, **entries}), values
        )

    def _check_tag(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent, *tags: str) -> None:
        if event.tag is not None and event.tag != "!" and event.tag.removeprefix(_TAG) not in tags:
            where = f"{self._file}:{_line(event)}"
            raise ConfigError("schema.foreign_tag", where=where, tag=event.tag)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        self._check_tag(event, "str", *_SCALAR_TAGS)
        text = str(event.value)
        if event.tag is not None and event.tag != "!":
            return _read_scalar(text, event.tag.removeprefix(_TAG))
        if not event.implicit[0] or event.tag == "!":
            return text
        tag = self._loader.resolve(yaml.ScalarNode, text, event.implicit)  # type: ignore[no-untyped-call]  # of PyYAML
        return _read_scalar(text, str(tag).removeprefix(_TAG))

    def _too_deep(self, event: yaml.Event) -> ConfigError:
        where = f"{self._file}:{_line(event)}"
        return ConfigError("schema.too_deep", where=where, limit=_MAX_DEPTH)


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.line + 1


def _join_branches(node: Node, inner: Sequence[_Branch]) -> _Branch:
    size = 1 + sum(branch.size for branch in inner)
    return _Branch(node, size, 1 + max((branch.height for branch in inner), default=0))


def _inherit(entries: dict[str, Entry], node: Node) -> None:
    """Add what a merge key names; an earlier mapping wins over a later one.

    Raises:
        ConfigError: it is neither a mapping nor a list of mappings.
    """
    for source in node.value if isinstance(node.value, tuple) else (node,):
        if source.entries is None:
            raise ConfigError("schema.bad_merge", where=source.where)
        for name, entry in source.entries.items():
            entries.setdefault(name, entry)


def _read_scalar(text: str, tag: str) -> object:
    """The value of a plain scalar; text where it is no number that a file can mean.

    YAML 1.1 takes `12:30` for 750 and `1e3` for text; Prometheus' parser does neither.
    """
    if tag == "null":
        return None
    if tag == "bool":
        return _SWITCHES.get(text.lower(), text)
    if tag == "str" and _EXPONENT.fullmatch(text):
        tag = "float"
    if tag not in ("int", "float") or len(text) > _MAX_DIGITS or ":" in text:
        return text
    digits = text.replace("_", "")
    if tag == "float":
        return _read_float(digits, text)
    try:
        return int(digits, 8) if _OCTAL.fullmatch(digits) else int(digits, 0)
    except ValueError:
        return text


def _read_float(digits: str, text: str) -> float | str:
    try:
        return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text


def _join_path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def wrap_value(value: object, file: str, path: str = "", depth: int = 0) -> Node:
    """The tree of plain mappings, lists and scalars; its nodes have paths but no lines.

    Raises:
        ConfigError: it is nested too deeply; `depth` is that of the value itself.
    """
    if depth > _MAX_DEPTH:
        raise ConfigError("schema.too_deep", where=file, limit=_MAX_DEPTH)
    if isinstance(value, Mapping):
        entries: dict[str, Entry] = {}
        for name, inner in value.items():
            node = wrap_value(inner, file, _join_path(path, str(name)), depth + 1)
            entries[str(name)] = Entry(Node(file, None, path, None), node)
        return Node(file, None, path, entries)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = (
            wrap_value(inner, file, f"{path}[{i}]", depth + 1) for i, inner in enumerate(value)
        )
        return Node(file, None, path, tuple(items))
    return Node(file, None, path, value)


def merge(base: Node, over: Node) -> Node:
    """`over` laid upon `base`: mappings key by key, all else as a whole; null removes a key.

    What is changed keeps its place.
    """
    if base.entries is None or over.entries is None:
        return over
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        below = entries.get(name)
        if entry.node.value is None:
            entries.pop(name, None)
        else:
            node = merge(below.node, entry.node) if below else entry.node
            entries[name] = Entry(entry.key, node)
    return replace(base, value=entries)


def drop_nulls(node: Node) -> Node:
    """The tree without keys that are null, which mean their defaults to Prometheus."""
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(map(drop_nulls, node.value)))
    if node.entries is None:
        return node
    entries = {
        name: Entry(entry.key, drop_nulls(entry.node))
        for name, entry in node.entries.items()
        if entry.node.value is not None
    }
    return replace(node, value=entries)
