"""Access lines of nginx and Apache -> fields, and the layout that writes them again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.coded import CodedTexts, code_repetitive
from jipyo.logs.formats.columns import FormatRows, build_constant, build_numbers, parse_joined
from jipyo.logs.formats.levels import read_status_levels
from jipyo.logs.formats.parts import FORMAT, RowContext, take_texts, take_times
from jipyo.logs.formats.pattern import QUOTED, LinePattern, compile_line
from jipyo.logs.formats.table import Continuation
from jipyo.logs.formats.times import TimeContext, Times, parse_times
from jipyo.logs.record import FieldPart, LineLayout, NumberColumn, TextColumn, TimePart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import Column

URL, ROUTE, STATUS, DURATION = (
    "url.original", "url.route", "http.response.status_code", "event.duration",
)  # fmt: skip
REQUEST_TIME = "nginx.request_time"
_HOURS, _MINUTES = rb"[+-](?:[01][0-9]|2[0-3])", rb"[0-5][0-9]"
OFFSET, ISO_OFFSET = _HOURS + _MINUTES, _HOURS + rb":" + _MINUTES
"""From UTC: less than a day, beyond which no clock can be set."""
_LINE = re.compile(
    rb"(?:(?P<vhost>[^ ]+) )?(?P<ip>[^ ]+) (?P<ident>[^ ]+) (?P<user>[^ ]+) "
    rb"\[(?P<t>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d) (?P<zone>" + OFFSET + rb")\] "
    rb'"(?P<request>' + QUOTED + rb')" (?P<status>[1-9]\d\d) (?P<bytes>\d+|-)(?P<tail>(?: .*)?)'
)
_TAIL = re.compile(
    rb' (?:(?P<key>[A-Za-z_][\w.-]*)=)?(?:"(?P<quoted>' + QUOTED + rb')"|(?P<bare>[^ "]+))'
)
WHOLE = rb"(?:0|[1-9][0-9]{0,14})"
MILLIS = WHOLE + rb"\.[0-9]{3}"
_HTTP = rb"[^ \n]+ [^ \n]+ HTTP/[0-9.]+"
_TIME_FORMAT = "%d/%b/%Y:%H:%M:%S"
_ISO_FORMAT = "%Y-%m-%dT%H:%M:%S"
_ISO_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_DURATION_NS = {
    REQUEST_TIME: 10**9, "apache.request_time_us": 1000, "apache.request_time_ms": 10**6,
    "apache.request_time_s": 10**9,
}  # fmt: skip
"""Fields that say how long a request took, the best first, and their units."""
_KEY_FIELDS = {
    "rt": REQUEST_TIME, "request_time": REQUEST_TIME, "req_time": REQUEST_TIME,
    "rid": "http.request.id", "request_id": "http.request.id", "req_id": "http.request.id",
    "trace_id": "trace.id", "traceid": "trace.id", "span_id": "span.id",
    "urt": "nginx.upstream_response_time", "uct": "nginx.upstream_connect_time",
    "uht": "nginx.upstream_header_time", "ua": "nginx.upstream_addr",
    "host": "url.domain", "xff": "http.request.headers.x-forwarded-for",
}  # fmt: skip
_QUOTED_FIELDS = (
    "http.request.referrer", "user_agent.original", "http.request.headers.x-forwarded-for",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """A varying place of a line."""

    field: str
    pattern: bytes
    decimals: int | None = None
    """Of a number; None for a text."""


@dataclass(frozen=True, slots=True)
class AccessFormat:
    """Lines that are written from the same parts."""

    name: str
    pattern: LinePattern
    layout: LineLayout
    slots: tuple[Slot, ...]
    continuation: Continuation = Continuation.NONE


def learn_access_format(line: bytes) -> AccessFormat | None:
    """The format of an access line: the combined or common one, with what follows it."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    pieces: list[bytes | Slot | TimePart] = []
    if found["vhost"]:
        pieces += [Slot("url.domain", rb"[^ \n]+"), b" "]
    pieces += [Slot("client.ip", rb"[^ \n]+"), b" "]
    pieces += [b"-"] if found["ident"] == b"-" else [Slot("client.ident", rb"(?!- )[^ \n]+")]
    pieces += [b" ", Slot("user.name", rb"[^ \n]+"), b" [", build_time_part(found["zone"])]
    pieces += [b'] "', *list_request(found["request"]), b'" ']
    pieces += [Slot(STATUS, rb"[1-9][0-9]{2}", 0), b" "]
    pieces += [Slot("http.response.body.bytes", WHOLE + rb"|-", 0)]
    tail = _list_tail(found["tail"])
    return None if tail is None else build_access_format("access", pieces + tail)


def list_request(request: bytes) -> list[bytes | Slot | TimePart]:
    """Method, target and version of a request; a broken one is a field as it is."""
    if re.fullmatch(_HTTP, request):
        version = Slot("http.version", rb"[0-9.]+")
        method = Slot("http.request.method", rb"[^ \n]+")
        return [method, b" ", Slot(URL, rb"[^ \n]+"), b" HTTP/", version]
    return [Slot("http.request.line", rb"(?!" + _HTTP + rb'")' + QUOTED)]


def build_time_part(zone: bytes) -> TimePart:
    """The time as both servers write it, with a zone such as `+0900`."""
    offset_s = (int(zone[1:3]) * 60 + int(zone[-2:])) * (-60 if zone[:1] == b"-" else 60)
    return TimePart(f"{_TIME_FORMAT} {zone.decode()}", offset_s)


def build_iso_part(zone: bytes) -> TimePart:
    """The time by ISO 8601, with a zone such as `+09:00` or `Z`."""
    offset_s = build_time_part(zone).offset_s if zone != b"Z" else 0
    return TimePart(f"{_ISO_FORMAT}{zone.decode()}", offset_s)


def _list_tail(tail: bytes) -> list[bytes | Slot | TimePart] | None:
    """What follows the bytes of the answer; None where it is not made of words."""
    pieces: list[bytes | Slot | TimePart] = []
    place = quoted = bare = 0
    while place < len(tail):
        found = _TAIL.match(tail, place)
        if found is None or len(pieces) > _MAX_TAIL:
            return None
        key, place = (found["key"] or b"").decode(), found.end()
        field = _KEY_FIELDS.get(key, f"access.{key}") if key else ""
        pieces.append(b" " + (found["key"] + b"=" if key else b""))
        if found["quoted"] is not None:
            name = field or (*_QUOTED_FIELDS, f"access.text_{quoted}")[min(quoted, 3)]
            quoted += not key
            pieces += [b'"', Slot(name, QUOTED), b'"']
        else:
            bare += 1
            pieces.append(_build_bare_slot(field or f"access.value_{bare}", found["bare"]))
    return pieces


_MAX_TAIL = 48
_DASH = b"-"


def _build_bare_slot(field: str, sample: bytes) -> Slot:
    if re.fullmatch(MILLIS, sample) or (field == REQUEST_TIME and sample == b"-"):
        return Slot(field, MILLIS + rb"|-", 3)
    if re.fullmatch(WHOLE, sample):
        return Slot(field, WHOLE + rb"|-", 0)
    end = rb"(?= |\n)"
    return Slot(field, rb"(?!(?:" + MILLIS + rb"|" + WHOLE + rb")" + end + rb')[^ "\n]+')


def build_access_format(
    name: str, pieces: Sequence[bytes | Slot | TimePart]
) -> AccessFormat | None:
    """A format of literal texts, slots and one time; None where a field is there twice."""
    texts: list[bytes] = [b""]
    parts: list[FieldPart | TimePart] = []
    slots: list[Slot] = []
    pattern = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            texts[-1] += piece
            pattern += re.escape(piece)
            continue
        texts.append(b"")
        if isinstance(piece, TimePart):
            is_iso = piece.format.startswith(_ISO_FORMAT)
            zone = piece.format.removeprefix(_ISO_FORMAT if is_iso else _TIME_FORMAT).encode()
            parts.append(piece)
            pattern += b"(?P<t>" + (_ISO_TIME if is_iso else rb"[^ \n]+") + b")" + re.escape(zone)
        else:
            slots.append(piece)
            parts.append(FieldPart(piece.field))
            pattern += b"(?P<s%d>" % len(slots) + piece.pattern + b")"
    if len({slot.field for slot in slots}) < len(slots):
        return None
    layout = LineLayout(name, tuple(texts), tuple(parts))
    return AccessFormat(name, compile_line(pattern, "t"), layout, tuple(slots))


@dataclass(slots=True)
class AccessPart:
    """Access lines of one format."""

    format: AccessFormat
    lines: NDArray[np.int64]
    columns: dict[str, Sequence[bytes]]
    times: Times | None
    continuation: Continuation = Continuation.NONE

    @property
    def name(self) -> str:
        """Of the format."""
        return self.format.name

    def take(self, rows: NDArray[np.intp]) -> AccessPart:
        """Only these rows."""
        columns = take_texts(self.columns, rows)
        return AccessPart(self.format, self.lines[rows], columns, take_times(self.times, rows))

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, with levels by status, and routes."""
        n = len(self.lines)
        fields: dict[str, Column] = {FORMAT: build_constant(self.name.encode(), n)}
        for slot, texts in zip(self.format.slots, self.columns.values(), strict=True):
            fields[slot.field] = _build_column(slot, texts)
        if URL in self.columns:
            fields[ROUTE] = TextColumn(code_repetitive(context.routes.fold(self.columns[URL])))
        for name, unit_ns in _DURATION_NS.items():
            took = fields.get(name)
            if isinstance(took, NumberColumn) and DURATION not in fields:
                values = took.values * (unit_ns // 10**took.decimals)
                fields[DURATION] = NumberColumn(values, 0, took.present)
        status = fields.get(STATUS)
        level = np.zeros(n, np.uint8)
        if isinstance(status, NumberColumn):
            level = read_status_levels(status.values)
        return [
            FormatRows(
                service=context.service,
                lines=self.lines + context.first_line,
                t_ns=context.t_ns,
                level=level,
                fields=fields,
                layout=self.format.layout,
            )
        ]


def _build_column(slot: Slot, texts: Sequence[bytes]) -> Column:
    """A dash is an absent field, as layouts write it."""
    if slot.decimals is None:
        coded = code_repetitive(texts)
        return TextColumn(coded, _find_dashes(coded))
    joined = b" ".join(texts)
    if _DASH not in joined:
        return NumberColumn(parse_joined(joined, slot.decimals), slot.decimals)
    nought = b"0." + b"0" * slot.decimals if slot.decimals else b"0"
    known = [nought if text == _DASH else text for text in texts]
    return NumberColumn(build_numbers(known, slot.decimals), slot.decimals, _find_dashes(texts))


def _find_dashes(texts: Sequence[bytes]) -> NDArray[np.bool_] | None:
    """Which texts are none; None if all are texts."""
    if isinstance(texts, CodedTexts):
        if _DASH not in texts.distinct:
            return None
        return np.asarray(texts.codes != texts.distinct.index(_DASH), np.bool_)
    if _DASH not in texts:
        return None
    return np.fromiter(map(_DASH.__ne__, texts), np.bool_, len(texts))


def read_access_part(
    access_format: AccessFormat,
    lines: NDArray[np.int64],
    columns: Sequence[Sequence[bytes]],
    context: TimeContext,
) -> AccessPart:
    """A part of the columns of a pattern."""
    named = dict(zip(access_format.pattern.groups, columns, strict=False))
    part = next(each for each in access_format.layout.parts if isinstance(each, TimePart))
    zone = timezone(timedelta(seconds=part.offset_s))
    times = parse_times(named.pop("t"), TimeContext(zone, context.arrival_ns))
    times.assumed[:] = 0
    fields = [slot.field for slot in access_format.slots]
    by_field = dict(zip(fields, named.values(), strict=True))
    return AccessPart(access_format, lines, by_field, times)
