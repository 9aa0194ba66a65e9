"""OTLP logs, protobuf or JSON -> records.

opentelemetry-proto, logs/v1/logs.proto; names of attributes become those of ECS where they
differ, ECS and OpenTelemetry being one specification by now.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from jipyo.logs import levels
from jipyo.logs.ingest.decode.names import ECS_NAMES, find_service
from jipyo.logs.ingest.decode.received import FieldValue, ReceivedRecord, make_field_value
from jipyo.logs.record import Level
from jipyo.wire.elements import WorkLimit
from jipyo.wire.otlp import build_schema, format_json, parse_message, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

_SCHEMA = build_schema(ExportLogsServiceRequest.DESCRIPTOR)
_MOST_NS = (1 << 63) - 1
_BATCH = 1000
"""After so many records we look whether anybody still waits for them."""
_NUMBERS_PER_LEVEL = 4
_DEFAULT_SERVICE = "otlp"
_MESSAGE_NAMES = ("message", "msg", "body", "event")
"""In a body that is a map."""
_MAX_DEPTH = 8


def parse_logs_request(
    body: bytes, *, as_json: bool, work_limit: WorkLimit | None = None
) -> ExportLogsServiceRequest:
    """Parse the request in a body.

    Raises:
        MalformedBody: it holds none.
        TooLarge: it has more elements than allowed.
    """
    prepare = _encode_ids if as_json else None
    request = ExportLogsServiceRequest()
    return parse_message(body, request, _SCHEMA, prepare, work_limit or WorkLimit())


def _encode_ids(item: dict[str, Any]) -> dict[str, Any]:
    """Trace ids are hexadecimal in OTLP's JSON, which the library would take for base64."""
    for name in ("traceId", "spanId", "trace_id", "span_id"):
        if isinstance(item.get(name), str):
            try:
                item[name] = base64.b64encode(binascii.unhexlify(item[name])).decode()
            except ValueError:
                del item[name]  # not an id; its record is kept without it
    return item


def convert_logs(
    request: ExportLogsServiceRequest, arrival_ns: int, work_limit: WorkLimit | None = None
) -> Iterator[ReceivedRecord]:
    """The records of a request; those without a usable time have that of their arrival.

    Raises:
        BodyError: no one waits for them any more.
    """
    work_limit = work_limit or WorkLimit()
    for resource_logs in request.resource_logs:
        resource = dict(flatten_attributes(resource_logs.resource.attributes))
        texts = {k: value.decode() for k, value in resource.items() if isinstance(value, bytes)}
        service = find_service(texts, _DEFAULT_SERVICE)
        shared = {ECS_NAMES.get(name, name): value for name, value in resource.items()}
        shared.pop("service.name", None)
        for scope_logs in resource_logs.scope_logs:
            scope = scope_logs.scope.name
            common = {**shared, "log.logger": scope.encode()} if scope else shared
            for number, record in enumerate(scope_logs.log_records):
                if not number % _BATCH:
                    work_limit.check_waiting()
                yield _convert_record(record, service, common, arrival_ns)


def _convert_record(
    record: LogRecord, service: str, common: Mapping[str, FieldValue], arrival_ns: int
) -> ReceivedRecord:
    fields = dict(common)
    for name, value in flatten_attributes(record.attributes):
        fields[ECS_NAMES.get(name, name)] = value
    message = _read_body(record.body, fields)
    for name, octets in (("trace.id", record.trace_id), ("span.id", record.span_id)):
        if any(octets):
            fields[name] = octets.hex().encode()
    if record.event_name:
        fields["event.action"] = record.event_name.encode()
    times = (record.time_unix_nano, record.observed_time_unix_nano, arrival_ns)
    t_ns = next((t_ns for t_ns in times if 0 < t_ns <= _MOST_NS), 0)
    level = find_level(record.severity_number, record.severity_text)
    return ReceivedRecord(service, t_ns, level, message, fields)


def find_level(number: int, text: str = "") -> Level:
    """The level of a severity: 1 to 4 are TRACE, 21 to 24 FATAL; by its text without a number."""
    if number > 0:
        return Level(min((number - 1) // _NUMBERS_PER_LEVEL + 1, Level.FATAL))
    return levels.find_level(text)


def _read_body(body: AnyValue, fields: dict[str, FieldValue]) -> bytes:
    """The message; what else a body that is a map holds becomes fields."""
    kind = body.WhichOneof("value")
    if kind == "string_value":
        return body.string_value.encode()
    if kind == "bytes_value":
        return body.bytes_value
    plain = to_plain(body)
    if isinstance(plain, dict):
        name = next((each for each in _MESSAGE_NAMES if isinstance(plain.get(each), str)), None)
        if name is not None:
            message = plain.pop(name)
            for path, value in _flatten_plain(plain):
                fields.setdefault(ECS_NAMES.get(path, path), value)
            return str(message).encode()
    return b"" if plain is None else format_json(plain).encode()


def flatten_attributes(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, FieldValue]]:
    """Attributes as fields: maps with dots in their names, lists as JSON."""
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        if kind == "string_value":
            yield pair.key, pair.value.string_value.encode()
        elif kind is not None:
            yield from _flatten_plain({pair.key: to_plain(pair.value)})


def _flatten_plain(
    plain: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, FieldValue]]:
    for name, value in plain.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            yield from _flatten_plain(value, f"{path}.", depth + 1)
            continue
        if isinstance(value, dict | list):
            value = format_json(value)  # noqa: PLW2901 - the same value as a text
        field = make_field_value(value)
        if field is not None:
            yield path, field
