"""Lines that name their parts (JSON, logfmt) -> records, one by one; ECS names for known keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from jipyo.logs.formats.columns import FormatRows, build_numbers
from jipyo.logs.formats.levels import read_levels
from jipyo.logs.formats.parts import FORMAT, RowContext, split_services, take_times
from jipyo.logs.formats.table import Continuation
from jipyo.logs.formats.times import Times, parse_time
from jipyo.logs.record import NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.times import TimeContext
    from jipyo.logs.record import Column

TIME, LEVEL, MESSAGE, SERVICE = "@timestamp", "log.level", "message", "service.name"
_ALIASES = {
    TIME: "timestamp time ts datetime date eventTime asctime t.$date Timestamp",
    LEVEL: "level severity lvl levelname loglevel severity_text SeverityText s",
    MESSAGE: "msg event short_message MESSAGE Body body text",
    SERVICE: "service app application resource.service.name service_name",
    "trace.id": "trace_id traceId traceID TraceId dd.trace_id otelTraceID trace",
    "span.id": "span_id spanId spanID SpanId dd.span_id otelSpanID",
    "log.logger": "logger logger_name loggerName name",
    "process.thread.name": "thread thread_name threadName",
    "host.name": "host hostname",
    "error.stack_trace": "stack_trace exc_info exception stacktrace stack",
    "user.id": "user_id userId",
}
ECS_NAME = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
"""The ECS names of keys that programs write instead."""

_NUMBER_TEXT = re.compile(rb"-?(?:0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?")
_PAIR = re.compile(rb'([A-Za-z_][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^ "]*)(?: +|$)')
_MIN_PAIRS = 2
_MAX_DEPTH = 8
MAX_FIELDS = 128
_REST = "log.other"
"""The field that has what is more than so many fields, as JSON."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line by its names."""

    name: str
    time: tuple[int, int] | None
    level: bytes
    service: bytes
    message: bytes
    fields: Mapping[str, bytes]
    numbers: frozenset[str]
    """The fields that were written as numbers."""


def parse_json_line(line: bytes, context: TimeContext) -> Record | None:
    """An object of JSON; None where the line is none."""
    if not line.rstrip().endswith(b"}"):
        return None
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not values:
        return None
    pairs: dict[str, tuple[bytes, bool]] = {}
    for name, value in flatten_json(values):
        pairs.setdefault(name, value)
    return build_record("json", line, pairs, context)


def flatten_json(values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[bytes, bool]]]:
    """Dotted names with their texts, and whether they are numbers; null is left out."""
    stack = [("", iter(values.items()))]
    while stack:
        prefix, items = stack[-1]
        for key, value in items:
            name = f"{prefix}{key}"
            if isinstance(value, dict) and value and len(stack) < _MAX_DEPTH:
                stack.append((f"{name}.", iter(value.items())))
                break
            if isinstance(value, str):
                yield name, (value.encode(), False)
            elif value is not None:
                text = orjson.dumps(value)
                yield name, (text, isinstance(value, int | float) and not isinstance(value, bool))
        else:
            stack.pop()


def parse_logfmt_line(line: bytes, context: TimeContext) -> Record | None:
    """Two or more pairs `key=value` and nothing else; None where the line is not so."""
    pairs: dict[str, tuple[bytes, bool]] = {}
    place = count = 0
    while place < len(line):
        found = _PAIR.match(line, place)
        if found is None:
            return None
        key, value = found.groups()
        if value[:1] == b'"':
            value = unescape(value)
        pairs.setdefault(key.decode(), (value, _NUMBER_TEXT.fullmatch(value) is not None))
        place, count = found.end(), count + 1
    return build_record("logfmt", line, pairs, context) if count >= _MIN_PAIRS else None


def unescape(quoted: bytes) -> bytes:
    """A quoted text as what it means; without its quotes only, where it is not JSON's."""
    if b"\\" not in quoted:
        return quoted[1:-1]
    try:
        text: str = orjson.loads(quoted)
    except orjson.JSONDecodeError:
        return quoted[1:-1]
    return text.encode()


def build_record(
    name: str, line: bytes, pairs: dict[str, tuple[bytes, bool]], context: TimeContext
) -> Record:
    """Known keys by their ECS names; a record without a message has the whole line as one."""
    names = resolve_names(list(pairs))
    named = {names[key]: value for key, value in pairs.items()}
    time = None
    if TIME in named:
        time = parse_time(named[TIME][0], context)
        if time is not None:
            del named[TIME]
    special = {key: named.pop(key)[0] for key in (LEVEL, SERVICE, MESSAGE) if key in named}
    kept = dict(list(named.items())[:MAX_FIELDS])
    rest = {key: value[0].decode() for key, value in named.items() if key not in kept}
    if rest:
        kept[_REST] = (orjson.dumps(rest), False)
    return Record(
        name=name,
        time=time,
        level=special.get(LEVEL, b""),
        service=special.get(SERVICE, b""),
        message=special.get(MESSAGE, line),
        fields={key: value[0] for key, value in kept.items()},
        numbers=frozenset(key for key, value in kept.items() if value[1]),
    )


def resolve_names(keys: Sequence[str]) -> dict[str, str]:
    """The names of fields by the keys: the ECS one, unless the record has that already."""
    names = {key: key for key in keys if key not in ECS_NAME}
    used = set(names)
    for key in keys:
        if key in ECS_NAME:
            name = ECS_NAME[key] if ECS_NAME[key] not in used else key
            names[key] = name
            used.add(name)
    return names


@dataclass(slots=True)
class MappedPart:
    """Records that were parsed one by one."""

    lines: NDArray[np.int64]
    records: Sequence[Record]
    times: Times | None
    name: str = "mapped"
    continuation: Continuation = Continuation.NONE

    @classmethod
    def read(cls, records: Mapping[int, Record], context: TimeContext) -> MappedPart:
        """A part of records by line; those without a time have that of their arrival."""
        numbers = sorted(records)
        chosen = [records[number] for number in numbers]
        times = build_times([record.time for record in chosen], context)
        return cls(np.array(numbers, np.int64), chosen, times)

    def take(self, rows: NDArray[np.intp]) -> MappedPart:
        """Only these rows."""
        chosen = [self.records[row] for row in rows.tolist()]
        return MappedPart(self.lines[rows], chosen, take_times(self.times, rows))

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, by service."""
        records = self.records
        names = dict.fromkeys(name for record in records for name in record.fields)
        fields = {name: build_mapped_column(records, name) for name in names}
        formats = [record.name.encode() for record in records]
        rows = FormatRows(
            service=context.service,
            lines=self.lines + context.first_line,
            t_ns=context.t_ns,
            level=read_levels([record.level for record in records], context.levels),
            fields={FORMAT: TextColumn(formats), **fields},
            messages=[record.message for record in records],
        )
        return split_services(rows, [record.service for record in records])


def build_times(parsed: Sequence[tuple[int, int] | None], context: TimeContext) -> Times:
    """A column of single times; those that are missing are assumed to be their arrival's."""
    missing = (context.arrival_ns, 8)
    known = [missing if each is None else each for each in parsed]
    t_ns = np.array([each[0] for each in known], np.int64)
    assumed = np.array([each[1] for each in known], np.uint8)
    return Times(t_ns, assumed, np.ones(len(known), np.bool_))


def build_mapped_column(records: Sequence[Record], name: str) -> Column:
    """Numbers that are written with equally many decimals, or texts."""
    present = np.fromiter((name in record.fields for record in records), np.bool_, len(records))
    mask = None if present.all() else present
    texts = [record.fields.get(name, b"") for record in records]
    known = [
        (record.fields[name], name in record.numbers) for record in records if name in record.fields
    ]
    decimals = find_decimals(known)
    if decimals is None:
        return TextColumn(texts, mask)
    filled = [text or b"0" for text in texts]
    if mask is not None and decimals:
        nought = b"0." + b"0" * decimals
        filled = [text or nought for text in texts]
    return NumberColumn(build_numbers(filled, decimals), decimals, mask)


def find_decimals(values: Sequence[tuple[bytes, bool]]) -> int | None:
    """How many decimals all numbers have; None where they differ or some are none."""
    decimals: set[int] = set()
    for text, is_number in values:
        found = _NUMBER_TEXT.fullmatch(text) if is_number else None
        if found is None or text.startswith(b"-0"):
            return None
        decimals.add(len(found[1] or b""))
    return decimals.pop() if len(decimals) == 1 else None
