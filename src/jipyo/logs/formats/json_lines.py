"""Objects of JSON that are written alike -> columns, without building the objects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson

from jipyo.logs.coded import code_repetitive
from jipyo.logs.formats.columns import FormatRows, build_constant, build_numbers
from jipyo.logs.formats.levels import read_levels
from jipyo.logs.formats.mapped import (
    LEVEL,
    MAX_FIELDS,
    MESSAGE,
    SERVICE,
    TIME,
    resolve_names,
)
from jipyo.logs.formats.parts import FORMAT, RowContext, split_services, take_texts, take_times
from jipyo.logs.formats.pattern import QUOTED, LinePattern, compile_line
from jipyo.logs.formats.table import Continuation
from jipyo.logs.formats.times import Times, parse_time, parse_times
from jipyo.logs.record import NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.times import TimeContext
    from jipyo.logs.record import Column

_TOKEN = re.compile(
    rb'(?P<text>"' + QUOTED + rb'")|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>true|false|null)'
    rb"|(?P<mark>[{}:,])|(?P<blank> +)"
)
_WHOLE = rb"-?(?:[1-9][0-9]{0,14}|(?<!-)0)"
_DECIMAL = rb"-?(?:0|[1-9][0-9]{0,9})\.(?:0|[0-9]{0,3}[1-9])"
_MOST_SLOTS = 64
_LINE = "line"


@dataclass(frozen=True, slots=True)
class JsonSlot:
    """A value that varies: its dotted key, and whether it is a number."""

    key: str
    kind: str
    """`text`, `whole`, `decimal` or `word`."""


@dataclass(frozen=True, slots=True)
class JsonShape:
    """Objects with the same keys in the same order, blanks and kinds of values included."""

    pattern: LinePattern
    slots: tuple[JsonSlot, ...]
    name: str = "json"
    continuation: Continuation = Continuation.NONE


def learn_json_shape(line: bytes, context: TimeContext) -> JsonShape | None:
    """The shape of an object; None where it has lists, escapes in keys, or no time."""
    found = _read_shape(line) if _is_object(line) else None
    if found is None:
        return None
    pattern, slots, samples = found
    keys = [slot.key for slot in slots]
    if not keys or len(keys) > min(_MOST_SLOTS, MAX_FIELDS) or len(set(keys)) < len(keys):
        return None
    names = resolve_names(keys)
    times = [n for n, key in enumerate(keys) if names[key] == TIME]
    if not times or parse_time(samples[times[0]], context) is None or not samples[times[0]]:
        return None
    named = tuple(JsonSlot(names[slot.key], slot.kind) for slot in slots)
    if len({slot.key for slot in named}) < len(named):
        return None
    return JsonShape(compile_line(b"(?P<line>" + pattern + b")", _LINE), named)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _read_shape(line: bytes) -> tuple[bytes, list[JsonSlot], list[bytes]] | None:
    """The pattern of an object, its slots and the values in them."""
    reader = _ShapeReader()
    place = 0
    while place < len(line):
        found = _TOKEN.match(line, place)
        if found is None or not reader.take(found[0], found.lastgroup or ""):
            return None
        place = found.end()
    return reader.pattern, reader.slots, reader.samples


@dataclass(slots=True)
class _ShapeReader:
    """The pattern of an object, token by token; the object is known to be JSON."""

    pattern: bytes = b""
    slots: list[JsonSlot] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    key: str = ""
    expects_key: bool = False

    def take(self, token: bytes, kind: str) -> bool:
        """Whether a shape can have this token."""
        if kind == "blank":
            self.pattern += token
        elif kind == "mark":
            self.pattern += re.escape(token)
            self._follow_mark(token)
        elif self.expects_key:
            return self._take_key(token, kind)
        elif token == b"null":
            self.pattern += token
        else:
            return self._take_value(token, kind)
        return True

    def _follow_mark(self, mark: bytes) -> None:
        if mark == b"{":
            self.path.append(f"{self.key}." if self.path else "")
        elif mark == b"}":
            self.path.pop()
        self.expects_key = mark in {b"{", b","}

    def _take_key(self, token: bytes, kind: str) -> bool:
        if kind != "text" or b"\\" in token or not token.isascii():
            return False
        self.pattern += re.escape(token)
        self.key, self.expects_key = token[1:-1].decode(), False
        return True

    def _take_value(self, token: bytes, kind: str) -> bool:
        slot = _build_slot("".join(self.path) + self.key, kind, token)
        if slot is None:
            return False
        self.slots.append(slot[0])
        self.samples.append(token[1:-1] if kind == "text" else token)
        self.pattern += slot[1].replace(b"%d", b"%d" % len(self.slots))
        return True


def _build_slot(key: str, kind: str, token: bytes) -> tuple[JsonSlot, bytes] | None:
    """A slot, and its pattern with a place for its number."""
    if kind == "text":
        return JsonSlot(key, "text"), b'"(?P<s%d>' + QUOTED + b')"'
    if kind == "word":
        return JsonSlot(key, "word"), b"(?P<s%d>true|false)"
    for name, pattern in (("whole", _WHOLE), ("decimal", _DECIMAL)):
        if re.fullmatch(pattern, token):
            return JsonSlot(key, name), b"(?P<s%d>" + pattern + b")"
    return None


@dataclass(slots=True)
class JsonPart:
    """Objects of one shape."""

    format: JsonShape
    lines: NDArray[np.int64]
    columns: dict[str, Sequence[bytes]]
    """By ECS name, and the lines themselves where they have no message."""
    times: Times | None
    name: str = "json"
    continuation: Continuation = Continuation.NONE

    def take(self, rows: NDArray[np.intp]) -> JsonPart:
        """Only these rows."""
        columns = take_texts(self.columns, rows)
        return JsonPart(self.format, self.lines[rows], columns, take_times(self.times, rows))

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, by service."""
        n = len(self.lines)
        fields: dict[str, Column] = {FORMAT: build_constant(b"json", n)}
        for slot in self.format.slots:
            if slot.key not in _NO_FIELDS:
                fields[slot.key] = _build_column(slot, self.columns[slot.key])
        level = np.zeros(n, np.uint8)
        if LEVEL in self.columns:
            level = read_levels(self.columns[LEVEL], context.levels)
        rows = FormatRows(
            service=context.service,
            lines=self.lines + context.first_line,
            t_ns=context.t_ns,
            level=level,
            fields=fields,
            messages=self.columns[MESSAGE if MESSAGE in self.columns else _LINE],
        )
        services = self.columns.get(SERVICE)
        return [rows] if services is None else split_services(rows, services)


_NO_FIELDS = frozenset({TIME, LEVEL, SERVICE, MESSAGE})


def _build_column(slot: JsonSlot, texts: Sequence[bytes]) -> Column:
    if slot.kind == "whole":
        return NumberColumn(build_numbers(texts))
    if slot.kind == "decimal":
        joined = np.frombuffer(b" ".join(texts) + b" ", np.uint8)
        ends, dots = np.flatnonzero(joined == ord(" ")), np.flatnonzero(joined == ord("."))
        decimals = ends - dots - 1
        negative_nought = joined[0] == ord("-") or b" -" in joined.tobytes()
        if (decimals == decimals[0]).all() and not negative_nought:
            places = int(decimals[0])
            return NumberColumn(build_numbers(texts, places), places)
    return TextColumn(code_repetitive(texts))


def read_json_part(
    shape: JsonShape,
    lines: NDArray[np.int64],
    columns: Sequence[Sequence[bytes]],
    context: TimeContext,
) -> JsonPart:
    """A part of the columns of a pattern; rows that are no JSON after all have no valid time."""
    named: dict[str, Sequence[bytes]] = {_LINE: columns[0]}
    broken: set[int] = set()
    for slot, texts in zip(shape.slots, columns[1:], strict=False):
        is_text = slot.kind == "text"
        named[slot.key] = _unescape_column(texts, broken) if is_text else texts
    times = parse_times(named[TIME], context)
    if broken:
        times.valid[sorted(broken)] = False
    return JsonPart(shape, lines, named, times)


def _unescape_column(texts: Sequence[bytes], broken: set[int]) -> Sequence[bytes]:
    """Texts without escapes; the numbers of those that are no JSON are added to `broken`."""
    if b"\\" not in b"".join(texts):
        return texts
    plain = list(texts)
    for row, text in enumerate(texts):
        if b"\\" in text:
            try:
                plain[row] = orjson.loads(b'"' + text + b'"').encode()
            except orjson.JSONDecodeError:
                broken.add(row)
    return plain
