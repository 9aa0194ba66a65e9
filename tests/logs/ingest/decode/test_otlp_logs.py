"""OTLP logs become records under ECS's names, in both forms of the protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from jipyo.logs.ingest.decode.otlp_logs import convert_logs, find_level, parse_logs_request
from jipyo.logs.record import Level
from jipyo.model.errors import MalformedBody, TooLarge
from jipyo.wire.elements import WorkLimit

NOW = 1_800_000_000_000_000_000


def attribute(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def request(*records: dict[str, Any], resource: list[dict[str, Any]] | None = None) -> bytes:
    resource = [attribute("service.name", stringValue="shop")] if resource is None else resource
    scope = {"scope": {"name": "shop.pay"}, "logRecords": list(records)}
    logs = {"resource": {"attributes": resource}, "scopeLogs": [scope]}
    return json.dumps({"resourceLogs": [logs]}).encode()


def convert(*records: dict[str, Any], **more: Any) -> list[Any]:
    return list(convert_logs(parse_logs_request(request(*records, **more), as_json=True), NOW))


def test_a_record_has_time_level_message_and_fields() -> None:
    (record,) = convert(
        {
            "timeUnixNano": "1795400000123456789",
            "severityNumber": 17,
            "body": {"stringValue": "결제 실패"},
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": "b7ad6b7169203331",
            "attributes": [
                attribute("http.status_code", intValue="502"),
                attribute("exception.type", stringValue="TimeoutError"),
                attribute("ok", boolValue=False),
                attribute("cost", doubleValue=0.5),
                attribute("user", kvlistValue={"values": [attribute("id", stringValue="u1")]}),
                attribute("tags", arrayValue={"values": [{"intValue": "1"}, {"stringValue": "b"}]}),
            ],
        }
    )
    assert (record.service, record.t_ns, record.level) == ("shop", 1795400000123456789, Level.ERROR)
    assert record.message == "결제 실패".encode()
    assert record.fields == {
        "log.logger": b"shop.pay",
        "http.response.status_code": 502,
        "error.type": b"TimeoutError",
        "ok": b"false",
        "cost": 0.5,
        "user.id": b"u1",
        "tags": b'[1,"b"]',
        "trace.id": b"0af7651916cd43dd8448eb211c80319c",
        "span.id": b"b7ad6b7169203331",
    }


def test_protobuf_and_json_say_the_same() -> None:
    body = request({"timeUnixNano": "5", "traceId": "0" * 31 + "1", "body": {"stringValue": "x"}})
    message = parse_logs_request(body, as_json=True)
    again = parse_logs_request(message.SerializeToString(), as_json=False)
    assert list(convert_logs(again, NOW)) == list(convert_logs(message, NOW))


@pytest.mark.parametrize(
    ("record", "t_ns"),
    [
        ({"timeUnixNano": "7"}, 7),
        ({"observedTimeUnixNano": "8"}, 8),
        ({}, NOW),
        ({"timeUnixNano": str((1 << 64) - 1), "observedTimeUnixNano": "9"}, 9),
    ],
)
def test_a_record_without_a_usable_time_has_that_of_its_arrival(
    record: dict[str, Any], t_ns: int
) -> None:
    assert convert(record)[0].t_ns == t_ns


@pytest.mark.parametrize(
    ("body", "message", "fields"),
    [
        ({"intValue": "5"}, b"5", {}),
        ({"bytesValue": "/w=="}, b"\xff", {}),
        ({}, b"", {}),
        ({"arrayValue": {"values": [{"stringValue": "a"}]}}, b'["a"]', {}),
        (
            {"kvlistValue": {"values": [attribute("message", stringValue="hi"),
                                        attribute("n", intValue="1")]}},
            b"hi",
            {"n": 1},
        ),
        ({"kvlistValue": {"values": [attribute("n", intValue="1")]}}, b'{"n":1}', {}),
    ],
)  # fmt: skip
def test_a_body_of_any_kind_is_a_message(
    body: dict[str, Any], message: bytes, fields: dict[str, Any]
) -> None:
    (record,) = convert({"body": body})
    assert record.message == message
    assert {name: record.fields[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("resource", "service"),
    [
        ([attribute("service.name", stringValue="unknown_service:python")], "otlp"),
        ([attribute("k8s.container.name", stringValue="web")], "web"),
        ([], "otlp"),
    ],
)
def test_the_service_is_what_the_resource_says(
    resource: list[dict[str, Any]], service: str
) -> None:
    assert convert({}, resource=resource)[0].service == service


@pytest.mark.parametrize(
    ("number", "text", "level"),
    [
        (1, "", Level.TRACE), (4, "", Level.TRACE), (5, "", Level.DEBUG), (9, "", Level.INFO),
        (13, "", Level.WARN), (20, "", Level.ERROR), (21, "", Level.FATAL), (24, "", Level.FATAL),
        (99, "", Level.FATAL), (0, "warn", Level.WARN), (0, "?", Level.UNKNOWN),
    ],
)  # fmt: skip
def test_the_level_is_that_of_the_severity(number: int, text: str, level: Level) -> None:
    assert find_level(number, text) is level


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"resourceLogs": 5}', b'{"a": "\\ud800"}'])
def test_what_is_no_request_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_logs_request(body, as_json=True)


def test_a_request_of_too_many_records_is_rejected_before_it_is_built() -> None:
    message = ExportLogsServiceRequest()
    message.resource_logs.add().scope_logs.add().log_records.extend(
        [message.resource_logs[0].scope_logs[0].log_records.add() for _ in range(50)]
    )
    with pytest.raises(TooLarge):
        parse_logs_request(
            message.SerializeToString(), as_json=False, work_limit=WorkLimit(elements=20)
        )


def test_a_trace_id_that_is_none_costs_only_itself() -> None:
    (record,) = convert({"traceId": "xyz", "body": {"stringValue": "kept"}})
    assert record.message == b"kept"
    assert "trace.id" not in record.fields
