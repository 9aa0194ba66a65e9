"""Objects of JSON that are written alike -> columns, without building the objects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from jipyo.logs.coded import code_repetitive
from jipyo.logs.formats.columns import FormatRows, build_constant, build_numbers
from jipyo.logs.formats.levels import read_levels
from jipyo.logs.formats.mapped import (
    ECS_NAME,
    LEVEL,
    MAX_FIELDS,
    MESSAGE,
    SERVICE,
    TIME,
    resolve_names,
)
from jipyo.logs.formats.parts import FORMAT, RowContext, split_services, take_times
from jipyo.logs.formats.pattern import QUOTED, LinePattern, compile_line, fill_absent
from jipyo.logs.formats.table import Continuation
from jipyo.logs.formats.times import Times, parse_time, parse_times
from jipyo.logs.record import NumberColumn, RowChoice, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.times import TimeContext
    from jipyo.logs.record import Column

_TOKEN = re.compile(
    rb'(?P<text>"' + QUOTED + rb'")|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>true|false|null)'
    rb"|(?P<mark>[{}:,])|(?P<blank> +)"
)
_WHOLE = rb"-?(?:[1-9][0-9]{0,14}|(?<!-)0)"
_DECIMAL = rb"-?(?:0|[1-9][0-9]{0,9})\.(?:0|[0-9]{0,3}[1-9])"
_SLOTS = {
    "text": b'"(?P<s%d>' + QUOTED + b')"',
    "word": b"(?P<s%d>true|false)",
    "whole": b"(?P<s%d>" + _WHOLE + b")",
    "decimal": b"(?P<s%d>" + _DECIMAL + b")",
}
"""Patterns of values by kind, with a place for the number of the slot."""
_MOST_SLOTS = 64
_LINE = "line"


@dataclass(frozen=True, slots=True)
class JsonSlot:
    """A value that varies: its dotted key, and whether it is a number."""

    key: str
    kind: str
    """`text`, `whole`, `decimal` or `word`."""
    optional: bool = False
    """Whether some objects lack it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A key and its value at the top of an object."""

    lead: bytes
    """A pattern of what is before the key: a brace or comma, and blanks."""
    key: bytes
    body: tuple[bytes | JsonSlot, ...]
    """Patterns and values that vary, of the key and all that is inside the value."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class JsonShape:
    """Objects with the same keys in the same order, blanks and kinds of values included.

    Some of the keys may be missing.
    """

    members: tuple[Member, ...]
    closing: bytes
    pattern: LinePattern
    slots: tuple[JsonSlot, ...]
    name: str = "json"
    continuation: Continuation = Continuation.NONE


def learn_json_shape(line: bytes, context: TimeContext) -> JsonShape | None:
    """The shape of an object; None where it has lists, escapes in keys, or no time."""
    reader = _read_members(line) if _is_object(line) else None
    if reader is None:
        return None
    keys = [slot.key for slot in list_slots(reader.members)]
    if not keys or len(keys) > min(_MOST_SLOTS, MAX_FIELDS) or len(set(keys)) < len(keys):
        return None
    names = resolve_names(keys)
    times = [n for n, key in enumerate(keys) if names[key] == TIME]
    if not times or not reader.samples[times[0]]:
        return None
    if parse_time(reader.samples[times[0]], context) is None:
        return None
    return _build_shape(tuple(reader.members), reader.closing)


def merge_shapes(one: JsonShape, other: JsonShape) -> JsonShape | None:
    """The shape of the objects of both; None where more differs than which keys there are."""
    mine = {member.key: member for member in one.members}
    theirs = {member.key: member for member in other.members}
    shared = [key for key in mine if key in theirs]
    if one.closing != other.closing or shared != [key for key in theirs if key in mine]:
        return None
    if any(replace(mine[key], optional=theirs[key].optional) != theirs[key] for key in shared):
        return None
    merged = list(_interleave(one.members, other.members, set(shared)))
    keys = [slot.key for slot in list_slots(merged)]
    names = resolve_names(keys)
    is_plain = all(names[key] == ECS_NAME.get(key, key) for key in keys)
    time = next(slot for slot in one.slots if slot.key == TIME)
    if merged[0].optional or not is_plain or len(keys) > _MOST_SLOTS or time.optional:
        return None
    return _build_shape(tuple(merged), one.closing)


def _interleave(
    one: Sequence[Member], other: Sequence[Member], shared: set[bytes]
) -> Iterator[Member]:
    """The members of both in an order that both have; those of one alone are optional."""
    rest = iter(other)
    for member in one:
        optional = True
        if member.key in shared:
            for theirs in rest:
                if theirs.key in shared:
                    optional = member.optional or theirs.optional
                    break
                yield replace(theirs, optional=True)
        yield replace(member, optional=optional)
    yield from (replace(theirs, optional=True) for theirs in rest)


def _build_shape(members: tuple[Member, ...], closing: bytes) -> JsonShape | None:
    """None where two values would have one name, or the time may be missing."""
    raw = list_slots(members)
    names = resolve_names([slot.key for slot in raw])
    slots = tuple(replace(slot, key=names[slot.key]) for slot in raw)
    if len({slot.key for slot in slots}) < len(slots):
        return None
    if any(slot.key == TIME and slot.optional for slot in slots):
        return None
    pattern, number = b"", 0
    for member in members:
        text = member.lead
        for piece in member.body:
            if isinstance(piece, JsonSlot):
                number += 1
                text += _SLOTS[piece.kind] % number
            else:
                text += piece
        pattern += b"(?:" + text + b")?" if member.optional else text
    whole = b"(?P<line>" + pattern + closing + b")"
    return JsonShape(members, closing, compile_line(whole, _LINE), slots)


def list_slots(members: Iterable[Member]) -> list[JsonSlot]:
    """The values that vary, by their keys as they are written."""
    return [
        replace(piece, optional=member.optional)
        for member in members
        for piece in member.body
        if isinstance(piece, JsonSlot)
    ]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _read_members(line: bytes) -> _MemberReader | None:
    """The members of an object, and the values in them."""
    reader = _MemberReader()
    place = 0
    while place < len(line):
        found = _TOKEN.match(line, place)
        if found is None or not reader.take(found[0], found.lastgroup or ""):
            return None
        place = found.end()
    return reader if len({member.key for member in reader.members}) == len(reader.members) else None


@dataclass(slots=True)
class _MemberReader:
    """The members of an object, token by token; the object is known to be JSON."""

    members: list[Member] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    closing: bytes = b""
    path: list[str] = field(default_factory=list)
    key: str = ""
    expects_key: bool = False
    lead: bytes = b""
    """Of the member that follows."""

    def take(self, token: bytes, kind: str) -> bool:
        """Whether a shape can have this token."""
        if kind == "blank":
            self._add(token)
        elif kind == "mark":
            self._take_mark(token)
        elif self.expects_key:
            return self._take_key(token, kind)
        elif token == b"null":
            self._add(token)
        else:
            return self._take_value(token, kind)
        return True

    def _add(self, piece: bytes | JsonSlot) -> None:
        """To the member that is read, or to what is before the next one or behind the last."""
        if not self.path:
            self.closing += piece if isinstance(piece, bytes) else b""
        elif self.expects_key and len(self.path) == 1:
            self.lead += piece if isinstance(piece, bytes) else b""
        else:
            last = self.members[-1]
            self.members[-1] = replace(last, body=(*last.body, piece))

    def _take_mark(self, mark: bytes) -> None:
        if mark == b"}":
            self.path.pop()
            self.expects_key = False
            self._add(re.escape(mark))
            return
        is_open = mark == b"{"
        if (is_open and not self.path) or (mark == b"," and len(self.path) == 1):
            self.lead = re.escape(mark)
        else:
            self._add(re.escape(mark))
        if is_open:
            self.path.append(f"{self.key}." if self.path else "")
        self.expects_key = is_open or mark == b","

    def _take_key(self, token: bytes, kind: str) -> bool:
        if kind != "text" or b"\\" in token or not token.isascii():
            return False
        self.key, self.expects_key = token[1:-1].decode(), False
        if len(self.path) == 1:
            self.members.append(Member(self.lead, token, ()))
        self._add(re.escape(token))
        return True

    def _take_value(self, token: bytes, kind: str) -> bool:
        found = kind if kind != "number" else _find_number_kind(token)
        if found is None:
            return False
        self.samples.append(token[1:-1] if kind == "text" else token)
        self._add(JsonSlot("".join(self.path) + self.key, found))
        return True


def _find_number_kind(token: bytes) -> str | None:
    patterns = (("whole", _WHOLE), ("decimal", _DECIMAL))
    return next((name for name, pattern in patterns if re.fullmatch(pattern, token)), None)


@dataclass(slots=True)
class JsonPart:
    """Objects of one shape."""

    format: JsonShape
    lines: NDArray[np.int64]
    columns: dict[str, Sequence[bytes | None]]
    """By ECS name, None where an object lacks it; and the lines themselves."""
    times: Times | None
    name: str = "json"
    continuation: Continuation = Continuation.NONE

    def take(self, rows: NDArray[np.intp]) -> JsonPart:
        """Only these rows."""
        chosen = RowChoice(rows)
        columns = {name: chosen.texts(texts) for name, texts in self.columns.items()}
        return JsonPart(self.format, self.lines[rows], columns, take_times(self.times, rows))

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, by service."""
        n = len(self.lines)
        fields: dict[str, Column] = {FORMAT: build_constant(b"json", n)}
        for slot in self.format.slots:
            if slot.key not in _NO_FIELDS:
                column = _build_column(slot, self.columns[slot.key])
                if column is not None:
                    fields[slot.key] = column
        level = np.zeros(n, np.uint8)
        if LEVEL in self.columns:
            level = read_levels(fill_absent(self.columns[LEVEL]), context.levels)
        rows = FormatRows(
            service=context.service,
            lines=self.lines + context.first_line,
            t_ns=context.t_ns,
            level=level,
            fields=fields,
            messages=self._find_messages(),
        )
        services = self.columns.get(SERVICE)
        return [rows] if services is None else split_services(rows, fill_absent(services))

    def _find_messages(self) -> Sequence[bytes]:
        """The messages; the whole line where there is none."""
        lines, messages = fill_absent(self.columns[_LINE]), self.columns.get(MESSAGE)
        if messages is None:
            return lines
        pairs = zip(messages, lines, strict=True)
        return [line if message is None else message for message, line in pairs]


_NO_FIELDS = frozenset({TIME, LEVEL, SERVICE, MESSAGE})


def _build_column(slot: JsonSlot, texts: Sequence[bytes | None]) -> Column | None:
    """A column of the values; None where every object lacks it."""
    if not slot.optional:
        return _build_whole_column(slot.kind, fill_absent(texts))
    present = np.fromiter((text is not None for text in texts), np.bool_, len(texts))
    known = [text for text in texts if text is not None]
    column = _build_whole_column(slot.kind, known) if known else None
    if isinstance(column, NumberColumn):
        values = np.zeros(len(texts), np.int64)
        values[present] = column.values
        return NumberColumn(values, column.decimals, _unless_all(present))
    if column is not None:
        return TextColumn(code_repetitive(fill_absent(texts)), _unless_all(present))
    return None


def _unless_all(present: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return None if present.all() else present


def _build_whole_column(kind: str, texts: Sequence[bytes]) -> Column:
    if kind == "whole":
        return NumberColumn(build_numbers(texts))
    if kind == "decimal":
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
    columns: Sequence[Sequence[bytes | None]],
    context: TimeContext,
) -> JsonPart:
    """A part of the columns of a pattern; rows that are no JSON after all have no valid time."""
    named: dict[str, Sequence[bytes | None]] = {_LINE: columns[0]}
    broken: set[int] = set()
    for slot, texts in zip(shape.slots, columns[1:], strict=False):
        is_text = slot.kind == "text"
        named[slot.key] = _unescape_column(texts, broken) if is_text else texts
    times = parse_times(fill_absent(named[TIME]), context)
    if broken:
        times.valid[sorted(broken)] = False
    return JsonPart(shape, lines, named, times)


def _unescape_column(texts: Sequence[bytes | None], broken: set[int]) -> Sequence[bytes | None]:
    """Texts without escapes; the numbers of those that are no JSON are added to `broken`."""
    if b"\\" not in b"".join(fill_absent(texts)):
        return texts
    plain = list(texts)
    for row, text in enumerate(texts):
        if text and b"\\" in text:
            try:
                plain[row] = orjson.loads(b'"' + text + b'"').encode()
            except orjson.JSONDecodeError:
                broken.add(row)
    return plain
