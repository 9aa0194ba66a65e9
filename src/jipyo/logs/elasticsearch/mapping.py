"""What the indices know of a field, from `_field_caps` and `_mapping/field`; no I/O.

A field can have another type in each index. What is not the same in all of them, or analysed in
a way that is not known here, is `OPAQUE`: no query of the server is trusted for it, and records
are read to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class FieldKind(Enum):
    """How a field is indexed."""

    UNMAPPED = "unmapped"
    """No document has it, or it is not indexed (see `Mappings.has_unindexed`)."""
    KEYWORD = "keyword"
    TEXT = "text"
    """Words of the standard analyzer, and whole values where there is a keyword sub-field."""
    INTEGER = "integer"
    DOUBLE = "double"
    FLOAT = "float"
    """With an error of up to `FLOAT_ERROR`, relatively."""
    BOOLEAN = "boolean"
    FLATTENED = "flattened"
    """A key of an object that is indexed as keywords."""
    FLAT_OBJECT = "flat_object"
    """The same of OpenSearch, which finds values of other keys, too."""
    OPAQUE = "opaque"
    NESTED = "nested"
    OBJECT = "object"


FLOAT_ERROR = 2.0**-23
DEFAULT_LENGTH = 8191
"""`ignore_above` where the mapping has none: that of indices for logs; others have no limit."""
_KINDS = {
    "keyword": FieldKind.KEYWORD,
    "constant_keyword": FieldKind.KEYWORD,
    "wildcard": FieldKind.KEYWORD,
    "text": FieldKind.TEXT,
    "match_only_text": FieldKind.TEXT,
    "byte": FieldKind.INTEGER,
    "short": FieldKind.INTEGER,
    "integer": FieldKind.INTEGER,
    "long": FieldKind.INTEGER,
    "double": FieldKind.DOUBLE,
    "float": FieldKind.FLOAT,
    "boolean": FieldKind.BOOLEAN,
    "flattened": FieldKind.FLATTENED,
    "flat_object": FieldKind.FLAT_OBJECT,
    "nested": FieldKind.NESTED,
    "object": FieldKind.OBJECT,
}
_LARGEST = {
    "byte": 2**7 - 1,
    "short": 2**15 - 1,
    "integer": 2**31 - 1,
    "long": 2**63 - 1024,
    "float": 3.4e38,
}
_WORDED = frozenset({FieldKind.KEYWORD, FieldKind.TEXT})
_INHERITED = frozenset({FieldKind.FLATTENED, FieldKind.FLAT_OBJECT, FieldKind.OPAQUE})
NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.DOUBLE, FieldKind.FLOAT})


@dataclass(frozen=True, slots=True)
class IndexedField:
    """What can be asked of the server about a field."""

    name: str
    kind: FieldKind
    exact: str = ""
    """The path that has whole values up to `length`: the field itself, or a sub-field."""
    length: int = DEFAULT_LENGTH
    """In UTF-16 units; longer values are not in `exact`."""
    is_aggregatable: bool = True
    largest: float = float("inf")
    """No number beyond it, nor below its negative, is indexed."""


@dataclass(frozen=True, slots=True)
class Mappings:
    """The fields of all indices of a source that were looked up."""

    fields: Mapping[str, IndexedField]
    has_unindexed: bool = False
    """Documents may have fields that no index knows (`dynamic: false`, `enabled: false`)."""

    def find(self, name: str) -> IndexedField:
        """The field; one that was not looked up is none of the indices."""
        return self.fields.get(name) or IndexedField(name, FieldKind.UNMAPPED)


def list_paths(names: Sequence[str]) -> list[str]:
    """What must be looked up for some fields: sub-fields and parents, too."""
    paths = dict.fromkeys(path for name in names for path in (name, f"{name}.keyword"))
    return list(paths | dict.fromkeys(path for name in names for path in list_parents(name)))


def list_parents(name: str) -> list[str]:
    """The objects that a field is in.

    >>> list_parents("a.b.c")
    ['a', 'a.b']
    """
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def read_fields(
    names: Sequence[str],
    capabilities: Mapping[str, Any],
    mappings: Mapping[str, Any],
    *,
    has_own_analyzer: bool,
) -> dict[str, IndexedField]:
    """The fields with these names.

    Args:
        names: paths as documents have them.
        capabilities: `fields` of the answer of `_field_caps` for `list_paths(names)`.
        mappings: the answer of `_mapping/field`, for the same.
        has_own_analyzer: whether an index has another default than the standard analyzer.
    """
    return {name: _read_field(name, capabilities, mappings, has_own_analyzer) for name in names}


def _read_field(
    name: str, capabilities: Mapping[str, Any], mappings: Mapping[str, Any], has_own_analyzer: bool
) -> IndexedField:
    parents = [_find_kind(capabilities, path) for path in list_parents(name)]
    kind = _find_kind(capabilities, name)
    if FieldKind.NESTED in parents or kind is FieldKind.NESTED:
        return IndexedField(name, FieldKind.NESTED)
    inherited = [each for each in parents if each in _INHERITED]
    if kind is FieldKind.UNMAPPED and inherited:
        return IndexedField(name, inherited[0], name)
    types = capabilities.get(name, {})
    details = list(_find_details(mappings, name))
    is_plain = kind not in _WORDED or _is_plain(details, has_own_analyzer)
    is_there = kind not in (FieldKind.UNMAPPED, FieldKind.OBJECT)
    if is_there and not (is_plain and all(each.get("searchable") for each in types.values())):
        return IndexedField(name, FieldKind.OPAQUE)
    if kind is FieldKind.TEXT:
        return _read_text(name, capabilities, mappings)
    can_aggregate = all(about.get("aggregatable") for about in types.values())
    largest = min((_LARGEST.get(each, float("inf")) for each in types), default=0)
    return IndexedField(name, kind, name, _find_length(details), can_aggregate, largest)


def _read_text(
    name: str, capabilities: Mapping[str, Any], mappings: Mapping[str, Any]
) -> IndexedField:
    path = f"{name}.keyword"
    details = list(_find_details(mappings, path))
    # Every index with the text must have the sub-field, or its documents would not be found.
    everywhere = len(details) == len(list(_find_details(mappings, name)))
    is_whole = _find_kind(capabilities, path) is FieldKind.KEYWORD and _is_plain(details, False)
    if not (everywhere and is_whole):
        return IndexedField(name, FieldKind.TEXT)
    return IndexedField(name, FieldKind.TEXT, path, _find_length(details))


def _find_kind(capabilities: Mapping[str, Any], path: str) -> FieldKind:
    types = [each for each in capabilities.get(path, {}) if each != "unmapped"]
    kinds = {_KINDS.get(each, FieldKind.OPAQUE) for each in types}
    if not kinds:
        return FieldKind.UNMAPPED
    return kinds.pop() if len(kinds) == 1 else FieldKind.OPAQUE


def _find_details(mappings: Mapping[str, Any], path: str) -> Iterator[Mapping[str, Any]]:
    """The mapping of a field in each index that has it."""
    for index in mappings.values():
        found = index.get("mappings", {}).get(path)
        if found is not None:
            yield from found.get("mapping", {}).values()


def _is_plain(details: Sequence[Mapping[str, Any]], has_own_analyzer: bool) -> bool:
    """Whether values are indexed as they are, or as the standard analyzer splits them."""
    return bool(details) and all(
        "normalizer" not in each
        and "null_value" not in each
        and each.get("analyzer", "" if has_own_analyzer else "standard") == "standard"
        for each in details
    )


def _find_length(details: Sequence[Mapping[str, Any]]) -> int:
    return min(
        (int(each.get("ignore_above", DEFAULT_LENGTH)) for each in details), default=DEFAULT_LENGTH
    )
