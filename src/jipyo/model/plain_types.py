"""What the plain form of a type looks like: read back from JSON, and published as a schema.

The counterpart of `model.plain.to_plain`: one description of each type, found from the annotations
of its dataclass, is what values are read by and what the schema is written from, so that the
schema cannot say anything else than the reader does.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
import typing
from collections import abc
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import numpy as np

from jipyo.model.plain import name_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEEPEST = 64
"""Most values inside one another; a report has about ten."""
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INFINITE = {"+Inf": math.inf, "-Inf": -math.inf}
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Mistake:
    """A value that is not what its place asks for."""

    path: str
    """`blocks[3].rows[0][2].value`; empty for the whole."""
    problem: str
    """The end of the key of a text: `type`, `missing`, `unknown`, `deep`."""
    expected: str
    found: str


class _Scalar(Enum):
    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    ARRAY = "array of numbers"


@dataclass(frozen=True, slots=True)
class _Words:
    """One of several constants: an enum's values, or literals."""

    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Many:
    """Any number of values of one type."""

    of: Any


@dataclass(frozen=True, slots=True)
class _Fixed:
    """So many values, each of its own type."""

    of: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _ByName:
    """Values of one type, by any names."""

    of: Any


@dataclass(frozen=True, slots=True)
class _OneOf:
    """A value of any of several types; objects by the name of their class."""

    objects: Mapping[str, type]
    others: tuple[Any, ...]

    @property
    def words(self) -> str:
        """What is expected, for people."""
        return ", ".join((*self.objects, *(_name_type(one) for one in self.others)))


class PlainTypes:
    """The plain forms of a dataclass and of all that can be in it."""

    def __init__(self, root: type, names: Mapping[str, object]) -> None:
        """Describe a type; `names` are those that its module imports for type checking only."""
        self.root = root
        self.names = dict(names)
        self._fields: dict[type, dict[str, Any]] = {}

    def find_fields(self, kind: type) -> Mapping[str, Any]:
        """The fields of a dataclass, each with the description of its type."""
        if kind not in self._fields:
            hints = typing.get_type_hints(kind, localns=self.names)
            named = dataclasses.fields(kind)
            self._fields[kind] = {one.name: _describe(hints[one.name]) for one in named}
        return self._fields[kind]

    def read(self, plain: object) -> tuple[Any, tuple[Mistake, ...]]:
        """The value of the root type, and every mistake; a value with mistakes is useless."""
        reader = _Reader(self, [])
        value = reader.read(self.root, plain, "", 0)
        return value, tuple(reader.mistakes)

    def build_schema(self, title: str, address: str) -> dict[str, Any]:
        """The JSON schema (draft 2020-12) of the root type."""
        defs: dict[str, Any] = {}
        waiting = [self.root]
        while waiting:
            kind = waiting.pop()
            if name_kind(kind) not in defs:
                defs[name_kind(kind)], found = self._build_object(kind)
                waiting.extend(found)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": address,
            "title": title,
            "$ref": f"#/$defs/{name_kind(self.root)}",
            "$defs": dict(sorted(defs.items())),
        }

    def _build_object(self, kind: type) -> tuple[dict[str, Any], list[type]]:
        found: list[type] = []
        properties = {
            name: _build_schema(described, found)
            for name, described in self.find_fields(kind).items()
        }
        required = [one.name for one in dataclasses.fields(kind) if _is_required(one)]
        description = (kind.__doc__ or "").strip().split("\n\n")[0]
        return {
            "type": "object",
            "description": " ".join(description.split()),
            "properties": {"type": {"const": name_kind(kind)}, **properties},
            "required": ["type", *required],
            "additionalProperties": False,
        }, found


def _is_required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _describe(hint: Any) -> Any:  # noqa: PLR0911 - one case per type
    """The description of an annotation; a dataclass is its own."""
    simple = {
        str: _Scalar.TEXT,
        int: _Scalar.INTEGER,
        float: _Scalar.NUMBER,
        bool: _Scalar.BOOLEAN,
        type(None): _Scalar.NULL,
        date: _Scalar.DATE,
    }
    if hint in simple:
        return simple[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is np.ndarray:
        return _Scalar.ARRAY
    if origin is Literal:
        return _Words({str(one): one for one in inner})
    if origin is tuple:
        if inner[1:] == (...,):
            return _Many(_describe(inner[0]))
        return _Fixed(tuple(map(_describe, inner)))
    if origin is abc.Mapping:
        return _ByName(_describe(inner[1]))
    if origin in (types.UnionType, typing.Union):
        objects = {
            name_kind(one): one
            for one in inner
            if isinstance(one, type) and dataclasses.is_dataclass(one)
        }
        others = [_describe(one) for one in inner if not dataclasses.is_dataclass(one)]
        # A number reads null as NaN, so that null comes first where it is a value of its own.
        return _OneOf(objects, tuple(sorted(others, key=lambda one: one is not _Scalar.NULL)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _Words({str(one.value): one for one in hint})
    assert dataclasses.is_dataclass(hint), f"BUG: no plain form of {hint!r}"
    return hint


def _name_type(described: Any) -> str:
    if isinstance(described, _Scalar):
        return described.value
    if isinstance(described, _Words):
        return " | ".join(described.values)
    return "array" if isinstance(described, _Many | _Fixed) else name_kind(described)


# ------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class _Reader:
    types: PlainTypes
    mistakes: list[Mistake]

    def read(  # noqa: PLR0911 - one case per type
        self, described: Any, plain: object, path: str, depth: int
    ) -> Any:
        """The value at a place; None, and a mistake more, where there is none."""
        if depth > DEEPEST:
            return self._fail(path, "deep", str(DEEPEST), plain)
        match described:
            case _Scalar():
                return self._read_scalar(described, plain, path)
            case _Words():
                if isinstance(plain, str) and plain in described.values:
                    return described.values[plain]
                return self._fail(path, "type", _name_type(described), plain)
            case _Many() | _Fixed():
                return self._read_items(described, plain, path, depth)
            case _OneOf():
                return self._read_one_of(described, plain, path, depth)
            case _ByName():
                return self._read_by_name(described, plain, path, depth)
            case _:
                return self._read_object(described, plain, path, depth)

    def _fail(self, path: str, problem: str, expected: str, found: object) -> Any:
        self.mistakes.append(Mistake(path, problem, expected, _show(found)))
        return None

    def _read_scalar(self, kind: _Scalar, plain: object, path: str) -> Any:
        try:
            return _SCALARS[kind](plain)
        except (ValueError, TypeError, OverflowError):
            return self._fail(path, "type", kind.value, plain)

    def _read_items(self, described: _Many | _Fixed, plain: object, path: str, depth: int) -> Any:
        if not isinstance(plain, list):
            return self._fail(path, "type", "array", plain)
        kinds: Sequence[Any] = described.of if isinstance(described, _Fixed) else ()
        if isinstance(described, _Many):
            kinds = [described.of] * len(plain)
        elif len(plain) != len(kinds):
            return self._fail(path, "type", f"array({len(kinds)})", plain)
        return tuple(
            self.read(kind, item, f"{path}[{at}]", depth + 1)
            for at, (kind, item) in enumerate(zip(kinds, plain, strict=True))
        )

    def _read_by_name(self, described: _ByName, plain: object, path: str, depth: int) -> Any:
        if not isinstance(plain, dict):
            return self._fail(path, "type", "object", plain)
        return {
            name: self.read(described.of, item, _join(path, name), depth + 1)
            for name, item in plain.items()
        }

    def _read_one_of(self, described: _OneOf, plain: object, path: str, depth: int) -> Any:
        if isinstance(plain, dict):
            name = plain.get("type")
            if isinstance(name, str) and name in described.objects:
                return self._read_object(described.objects[name], plain, path, depth)
            return self._fail(path, "type", described.words, name)
        for one in described.others:
            attempt = _Reader(self.types, [])
            value = attempt.read(one, plain, path, depth)
            if not attempt.mistakes:
                return value
            if isinstance(plain, list) and isinstance(one, _Many | _Fixed):
                # Of alternatives one at most is a list: its mistakes say more.
                self.mistakes.extend(attempt.mistakes)
                return None
        return self._fail(path, "type", described.words, plain)

    def _read_object(self, kind: type, plain: object, path: str, depth: int) -> Any:
        if not isinstance(plain, dict) or plain.get("type") != name_kind(kind):
            found = plain.get("type") if isinstance(plain, dict) else plain
            return self._fail(path, "type", name_kind(kind), found)
        described, before = self.types.find_fields(kind), len(self.mistakes)
        for name in plain.keys() - described.keys() - {"type"}:
            near = get_close_matches(name[:80], described, 1)
            self._fail(_join(path, name[:80]), "unknown", near[0] if near else "", plain[name])
        values: dict[str, Any] = {}
        for field in dataclasses.fields(kind):
            name = field.name
            if name in plain:
                values[name] = self.read(described[name], plain[name], _join(path, name), depth + 1)
            elif _is_required(field):
                self._fail(_join(path, name), "missing", name, None)
        return kind(**values) if len(self.mistakes) == before else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _show(found: object) -> str:
    text = "{…}" if isinstance(found, dict) else "[…]" if isinstance(found, list) else repr(found)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _read_text(plain: object) -> str:
    if not isinstance(plain, str):
        raise TypeError
    return plain


def _read_integer(plain: object) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool) or not -_INT64 <= plain < _INT64:
        raise TypeError
    return plain


def _read_number(plain: object) -> float:
    """As `to_plain` writes them: JSON has no number for what is not finite."""
    if isinstance(plain, str):
        if plain not in _INFINITE:
            raise ValueError
        return _INFINITE[plain]
    if plain is None:
        return math.nan
    if not isinstance(plain, int | float) or isinstance(plain, bool):
        raise TypeError
    # A whole number stays one, so that it is written as it was read.
    return plain


def _read_boolean(plain: object) -> bool:
    if not isinstance(plain, bool):
        raise TypeError
    return plain


def _read_null(plain: object) -> None:
    if plain is not None:
        raise TypeError


def _read_date(plain: object) -> date:
    if not isinstance(plain, str) or not _ISO_DAY.fullmatch(plain):
        raise TypeError
    return date.fromisoformat(plain)


def _read_array(plain: object) -> Any:
    if not isinstance(plain, list):
        raise TypeError
    if any(isinstance(one, list) for one in plain):
        rows = [_read_array(one) for one in plain]
        if any(row.ndim != 1 or row.shape != rows[0].shape for row in rows):
            raise ValueError
        return np.stack(rows)
    return np.array([_read_number(one) for one in plain], np.float64)


_SCALARS: Mapping[_Scalar, Any] = {
    _Scalar.TEXT: _read_text,
    _Scalar.INTEGER: _read_integer,
    _Scalar.NUMBER: _read_number,
    _Scalar.BOOLEAN: _read_boolean,
    _Scalar.NULL: _read_null,
    _Scalar.DATE: _read_date,
    _Scalar.ARRAY: _read_array,
}


# -------------------------------------------------------------------------------------- schema

_NUMBER_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": ["number", "null"]}, {"enum": list(_INFINITE)}]
}


def _build_schema(described: Any, found: list[type]) -> dict[str, Any]:  # noqa: PLR0911
    """The schema of a type; the dataclasses that it refers to are added to `found`."""
    match described:
        case _Scalar.NUMBER:
            return _NUMBER_SCHEMA
        case _Scalar.DATE:
            return {"type": "string", "format": "date", "pattern": f"^{_ISO_DAY.pattern}$"}
        case _Scalar.ARRAY:
            row = {"type": "array", "items": _NUMBER_SCHEMA}
            return {"type": "array", "items": {"anyOf": [*_NUMBER_SCHEMA["anyOf"], row]}}
        case _Scalar():
            return {"type": described.value}
        case _Words():
            return {"enum": list(described.values)}
        case _Many():
            return {"type": "array", "items": _build_schema(described.of, found)}
        case _Fixed():
            items = [_build_schema(one, found) for one in described.of]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        case _ByName():
            inner = _build_schema(described.of, found)
            return {"type": "object", "additionalProperties": inner}
        case _OneOf():
            members = (*described.objects.values(), *described.others)
            return {"anyOf": [_build_schema(one, found) for one in members]}
        case _:
            found.append(described)
            return {"$ref": f"#/$defs/{name_kind(described)}"}
