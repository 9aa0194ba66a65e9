"""Trees -> values: each reader takes a node and returns a value or says what is wrong there.

Whatever holds several parts reads all of them and says all that is wrong at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import CatalogueError
from jipyo.schema.tree import Node

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Read = Callable[[Node], T]

_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdw]))+")
_PART = re.compile(r"(\d+)(ms|[smhdw])")
_PART_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping: what its value is and what stands in for it."""

    name: str
    kind: str
    """The name of its kind in the documentation."""
    read: Read[Any]
    required: bool = False
    default: object = None
    choices: tuple[str, ...] = ()
    inside: tuple[Key, ...] = ()
    """The keys of a mapping, or of each mapping of a list."""
    field: str = ""
    """The name of the field it becomes, where that is not the key."""


def mistakes(error: CatalogueError) -> tuple[CatalogueError, ...]:
    """The single mistakes that an error tells of."""
    several = error.values.get("mistakes")
    return several if isinstance(several, tuple) else (error,)


def gather(reads: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all, or one error that tells of every mistake.

    Raises:
        CatalogueError: at least one of them failed.
    """
    results: list[T] = []
    wrong: list[CatalogueError] = []
    for read in reads:
        try:
            results.append(read())
        except CatalogueError as error:
            wrong.extend(mistakes(error))
    if len(wrong) > 1:
        raise CatalogueError("catalogue.mistakes", count=len(wrong), mistakes=tuple(wrong))
    if wrong:
        raise wrong[0]
    return results


def record(keys: tuple[Key, ...]) -> Read[dict[str, Any]]:
    """A mapping of these keys; a missing one that may be missing gives its default."""

    def read(node: Node) -> dict[str, Any]:
        entries = node.entries
        if entries is None:
            raise wrong_kind(node, "mapping")
        known = {key.name for key in keys}

        def refuse_unknown(name: str) -> None:
            if name not in known:
                raise unknown("catalogue.unknown_key", entries[name].key.at, name, known)

        def read_key(key: Key) -> object:
            entry = entries.get(key.name)
            if entry is not None:
                return key.read(entry.node)
            if key.required:
                raise CatalogueError("catalogue.missing_key", where=node.at, name=key.name)
            return key.default

        reads: list[Callable[[], object]] = [partial(read_key, key) for key in keys]
        reads += [partial(refuse_unknown, name) for name in entries]
        values = gather(reads)
        return {key.field or key.name: value for key, value in zip(keys, values, strict=False)}

    return read


def built(make: Callable[..., T], keys: tuple[Key, ...]) -> Read[T]:
    """A mapping handed to `make` by name."""
    return lambda node: make(**record(keys)(node))


def list_of(read_item: Read[T], *, at_least: int = 0) -> Read[tuple[T, ...]]:
    """A list of things that are read alike."""

    def read(node: Node) -> tuple[T, ...]:
        items = node.value
        if not isinstance(items, tuple):
            raise wrong_kind(node, "list")
        if len(items) < at_least:
            raise CatalogueError("catalogue.empty_list", where=node.at)
        return tuple(gather(partial(read_item, item) for item in items))

    return read


def one_or_list(read_item: Read[T]) -> Read[tuple[T, ...]]:
    """A list, or one thing that stands for a list of one."""
    return lambda node: (
        list_of(read_item, at_least=1)(node)
        if isinstance(node.value, tuple)
        else (read_item(node),)
    )


def text(node: Node) -> str:
    """A text that says something."""
    if not isinstance(node.value, str):
        raise wrong_kind(node, "text")
    if not node.value.strip():
        raise CatalogueError("catalogue.empty_text", where=node.at)
    return node.value


def number(node: Node) -> float:
    """A finite number."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_kind(node, "number")
    if not math.isfinite(value):
        raise CatalogueError("catalogue.not_finite", where=node.at, value=value)
    return float(value)


def switch(node: Node) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise wrong_kind(node, "switch")
    return node.value


def duration(node: Node) -> str:
    """A length of time in PromQL's form, such as `5m` or `1h30m`."""
    if not isinstance(node.value, str) or not _DURATION.fullmatch(node.value):
        raise CatalogueError("catalogue.not_a_duration", where=node.at, value=shown(node))
    return node.value


def duration_ms(node: Node) -> int:
    """A length of time in milliseconds."""
    return sum(int(n) * _PART_MS[unit] for n, unit in _PART.findall(duration(node)))


def label(node: Node) -> str:
    """A label name."""
    name = text(node)
    if not _LABEL.fullmatch(name):
        raise CatalogueError("catalogue.not_a_label", where=node.at, value=name)
    return name


def label_map(node: Node) -> Mapping[str, str]:
    """Label names to label names."""
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return {name: label(entry.node) for name, entry in node.entries.items()}


def choice(kinds: type[E]) -> Read[E]:
    """One of the values of an enum."""
    by_value = {str(member.value): member for member in kinds}

    def read(node: Node) -> E:
        word = text(node)
        if word not in by_value:
            raise unknown("catalogue.unknown_choice", node.at, word, by_value)
        return by_value[word]

    return read


_LANGUAGES = (Key("ko", "text", text, required=True), Key("en", "text", text, required=True))
bilingual: Read[Bilingual] = built(Bilingual, _LANGUAGES)


def wrong_kind(node: Node, kind: str) -> CatalogueError:
    """The node is not what it must be."""
    return CatalogueError(f"catalogue.not_a_{kind}", where=node.at, value=shown(node))


def unknown(key: str, where: str, word: str, known: Iterable[str]) -> CatalogueError:
    """A word nobody knows, with the nearest known one, or with all where none is near."""
    known = sorted(known)
    near = get_close_matches(word, known, n=1)
    if near:
        return CatalogueError(f"{key}.near", where=where, name=word, near=near[0])
    return CatalogueError(key, where=where, name=word, known=", ".join(known))


def shown(node: Node) -> str:
    """A value as a message quotes it."""
    value = node.value
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, tuple):
        return "[…]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
