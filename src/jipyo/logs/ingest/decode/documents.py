"""A document as Filebeat, Fluent Bit, Vector, Logstash and rsyslog send it -> a record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.logs.ingest.decode.loki import find_label_level
from jipyo.logs.ingest.decode.names import ECS_NAMES, find_service, name_service_of_index
from jipyo.logs.ingest.decode.received import FieldValue, ReceivedRecord, make_field_value
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMES = ("@timestamp", "timestamp", "time", "ts", "date", "timereported", "eventTime")
_MESSAGES = ("message", "log", "msg", "MESSAGE", "short_message", "event.original")
_LEVELS = ("log.level", "level", "severity", "loglevel", "levelname", "severity_text", "lvl")
_MAX_DEPTH = 16
_MAX_FIELDS = 1000
_LARGEST = (1 << 63) - 1
_NANOS = 1_000_000_000
_YEAR_2286_S = 10_000_000_000
"""Numbers beyond are milliseconds, a thousand times as many are microseconds, and so on."""


def convert_document(document: Mapping[str, Any], index: str, arrival_ns: int) -> ReceivedRecord:
    """The record of a document; without a time of its own it has that of its arrival."""
    fields = dict(flatten_document(document))
    message = pop_text(fields, _MESSAGES)
    if message is None:
        message = orjson.dumps(document)
    t_ns = _pop_time(document, fields)
    texts = {
        name: value.decode("utf-8", "replace")
        for name, value in fields.items()
        if isinstance(value, bytes)
    }
    level = _find_document_level(texts)
    service = find_service(texts, "") or _find_data_set(texts) or name_service_of_index(index)
    named = {ECS_NAMES.get(name, name): value for name, value in fields.items()}
    return ReceivedRecord(service, arrival_ns if t_ns is None else t_ns, level, message, named)


def _find_data_set(texts: Mapping[str, str]) -> str:
    name = texts.get("event.dataset") or texts.get("data_stream.dataset") or ""
    return "" if name == "generic" else name.partition(".")[0]


def _find_document_level(texts: Mapping[str, str]) -> Level:
    found = (find_label_level({"level": texts[name]}) for name in _LEVELS if name in texts)
    return next((level for level in found if level), Level.UNKNOWN)


def pop_text(fields: dict[str, FieldValue], names: tuple[str, ...]) -> bytes | None:
    """Take the first text of these names out of the fields."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, bytes):
            del fields[name]
            return value
    return None


def flatten_document(
    document: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, FieldValue]]:
    """Fields with dots in their names; lists, and what is too deep, as JSON."""
    for number, (name, value) in enumerate(document.items()):
        path = f"{prefix}{name}"
        if number >= _MAX_FIELDS:
            return
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            yield from flatten_document(value, f"{path}.", depth + 1)
            continue
        if isinstance(value, dict | list):
            value = orjson.dumps(value)  # noqa: PLW2901 - the same value as a text
        field = make_field_value(value)
        if field is not None:
            yield path, field


def _pop_time(document: Mapping[str, Any], fields: dict[str, FieldValue]) -> int | None:
    for name in _TIMES:
        if name in fields:
            t_ns = parse_time(document.get(name))
            if t_ns is not None:
                del fields[name]
                return t_ns
    return None


def parse_time(value: object) -> int | None:
    """ISO 8601 (UTC where no zone is named), or a number of s, ms, us or ns since 1970."""
    if isinstance(value, str):
        return (
            _parse_number(value) if value[:1].isdigit() and _is_number(value) else _parse_iso(value)
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _parse_number(str(value)) if isinstance(value, int) else _scale(value)
    return None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and len(text) >= 9 and text.isascii()


def _parse_number(text: str) -> int | None:
    whole, _, decimals = text.partition(".")
    number = int(whole[:25])
    if abs(number) < _YEAR_2286_S:
        number = number * _NANOS + int((decimals + "0" * 9)[:9] or 0)
    elif abs(number) < _YEAR_2286_S * 1000:
        number *= 1_000_000
    elif abs(number) < _YEAR_2286_S * 1_000_000:
        number *= 1000
    return number if abs(number) <= _LARGEST else None


def _scale(value: float) -> int | None:
    """A number of seconds (or milliseconds) with decimals, which a double has to the us."""
    seconds = value if abs(value) < _YEAR_2286_S else value / 1000
    number = abs(seconds) < _YEAR_2286_S and round(seconds * 1_000_000) * 1000
    return number or None


def _parse_iso(text: str) -> int | None:
    main, dot, rest = text.strip().replace(",", ".", 1).partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(main + rest[len(digits) :] if dot else main)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    t_ns = int(seconds) * _NANOS + int((digits + "0" * 9)[:9])
    return t_ns if abs(t_ns) <= _LARGEST else None
