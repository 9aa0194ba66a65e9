"""Requests of Loki's push API, protobuf or JSON -> records.

`logproto.PushRequest` (grafana/loki, pkg/push/push.proto) in snappy's block format, and the
JSON of the HTTP API; structured metadata in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.logs.ingest.decode.names import ECS_NAMES, find_service
from jipyo.logs.ingest.decode.received import FieldValue, ReceivedRecord
from jipyo.logs.levels import find_level
from jipyo.logs.record import Level
from jipyo.model.errors import MalformedBody
from jipyo.wire import protobuf as wire
from jipyo.wire.elements import LightSchema, Schema, WorkLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SCHEMA: Schema = {1: {2: {1: LightSchema(), 3: LightSchema(), 4: LightSchema()}}}
_STREAMS, _LABELS, _ENTRIES = 1, 1, 2
_TIMESTAMP, _LINE, _METADATA = 1, 2, 3
_BATCH = 1000
_NANOS = 1_000_000_000
_MOST_NS = (1 << 63) - 1
_MAX_PAIRS = 128
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_.:]*)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|(?=\}))')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_DEFAULT_SERVICE = "loki"


@dataclass(frozen=True, slots=True)
class _Stream:
    """What the lines of a stream share."""

    service: str
    level: Level
    fields: Mapping[str, FieldValue]

    def build_record(
        self, t_ns: int, line: bytes, metadata: Mapping[str, str], arrival_ns: int
    ) -> ReceivedRecord:
        level, fields = self.level, self.fields
        if metadata:
            level = find_label_level(metadata) or level
            fields = {**fields, **build_fields(metadata)}
        t_ns = t_ns if 0 < t_ns <= _MOST_NS else arrival_ns
        return ReceivedRecord(self.service, t_ns, level, line, fields)


def decode_loki_push(
    body: bytes, *, as_json: bool, arrival_ns: int, work_limit: WorkLimit | None = None
) -> Iterator[ReceivedRecord]:
    """The records of a request, decompressed; an iterator that may raise on the way.

    Raises:
        MalformedBody: it is no such request.
        TooLarge: it has more elements than allowed.
    """
    work_limit = work_limit or WorkLimit()
    if as_json:
        work_limit.check_json(body)
        yield from _decode_json(body, arrival_ns)
    else:
        work_limit.check_protobuf(body, _SCHEMA)
        for number, record in enumerate(_decode_protobuf(body, arrival_ns)):
            if not number % _BATCH:
                work_limit.check_waiting()
            yield record


# ------------------------------------------------------------------------------------ protobuf


def _decode_protobuf(body: bytes, arrival_ns: int) -> Iterator[ReceivedRecord]:
    for number, value in wire.iter_fields(body):
        if number != _STREAMS:
            continue
        fields = list(wire.iter_fields(wire.read_message(value)))
        texts = [wire.read_text(each) for name, each in fields if name == _LABELS]
        stream = _build_stream(parse_labels(texts[-1] if texts else "{}"))
        for name, each in fields:
            if name == _ENTRIES:
                t_ns, line, metadata = _read_entry(wire.read_message(each))
                yield stream.build_record(t_ns, line, metadata, arrival_ns)


def _read_entry(entry: bytes) -> tuple[int, bytes, dict[str, str]]:
    t_ns, line, metadata = 0, b"", {}
    for number, value in wire.iter_fields(entry):
        if number == _TIMESTAMP:
            parts = dict(wire.iter_fields(wire.read_message(value)))
            t_ns = wire.read_signed(parts.get(1, 0)) * _NANOS + wire.read_signed(parts.get(2, 0))
        elif number == _LINE:
            line = wire.read_message(value)
        elif number == _METADATA:
            pair = dict(wire.iter_fields(wire.read_message(value)))
            metadata[wire.read_text(pair.get(1, b""))] = wire.read_text(pair.get(2, b""))
            _check_pairs(metadata)
    return t_ns, line, metadata


# ---------------------------------------------------------------------------------------- JSON


def _decode_json(body: bytes, arrival_ns: int) -> Iterator[ReceivedRecord]:
    try:
        streams = orjson.loads(body)["streams"]
        for stream in streams:
            labels = stream.get("stream")
            known = _build_stream(
                parse_labels(stream["labels"]) if labels is None else dict(labels)
            )
            for value in stream.get("values") or ():
                metadata = value[2] if len(value) > 2 else {}
                _check_pairs(metadata)
                line = value[1].encode()
                yield known.build_record(int(value[0]), line, metadata, arrival_ns)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        reason = f"no push request ({str(error)[:100] or type(error).__name__})"
        raise MalformedBody("wire.damaged", reason=_make_printable(reason)) from error


def _make_printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


# -------------------------------------------------------------------------------------- labels


def parse_labels(text: str) -> dict[str, str]:
    """The labels of a stream, as `{app="shop", tier="a b"}`.

    Raises:
        MalformedBody: they are not written so.
    """
    labels: dict[str, str] = {}
    at = text.find("{") + 1
    if not at or text[: at - 1].strip():
        raise wire.malformed_message(f"no labels: {text[:100]}")
    while found := _LABEL.match(text, at):
        labels[found[1]] = _unquote(found[2])
        _check_pairs(labels)
        at = found.end()
    if text[at:].strip() != "}":
        raise wire.malformed_message(f"no labels from byte {at} on: {text[at : at + 100]}")
    return labels


def _unquote(quoted: str) -> str:
    text = quoted[1:-1]
    return text if quoted[0] == "`" or "\\" not in text else _ESCAPE.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 1:
        return _ESCAPES.get(code, code)
    number = int(code, 8) if code[0].isdigit() else int(code[1:], 16)
    is_letter = number <= 0x10FFFF and not 0xD800 <= number < 0xE000
    return chr(number) if is_letter else "\ufffd"


def _check_pairs(pairs: Mapping[str, Any]) -> None:
    if len(pairs) > _MAX_PAIRS:
        raise wire.malformed_message(f"more than {_MAX_PAIRS} labels or metadata of a line")


def _build_stream(labels: Mapping[str, str]) -> _Stream:
    _check_pairs(labels)
    fields = build_fields(labels)
    service = find_service(labels, _DEFAULT_SERVICE)
    return _Stream(service, find_label_level(labels), fields)


def find_label_level(labels: Mapping[str, str]) -> Level:
    """The level that a sender put into a label; UNKNOWN where it did not."""
    for name in ("level", "severity", "detected_level"):
        if name in labels:
            return find_level(str(labels[name]))
    return Level.UNKNOWN


def build_fields(labels: Mapping[str, str]) -> dict[str, FieldValue]:
    """Labels as fields: under ECS's name where it has one, others below `labels`.

    Raises:
        MalformedBody: one is no text.
    """
    fields: dict[str, FieldValue] = {}
    for name, value in labels.items():
        if not isinstance(value, str):
            raise wire.malformed_message(f"the label {name} is no text")
        ecs = ECS_NAMES.get(name) or (name if "." in name else f"labels.{name}")
        fields[ecs] = value.encode()
    return fields
