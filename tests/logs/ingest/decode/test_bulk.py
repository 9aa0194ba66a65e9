"""Bulk requests are answered item by item, as Elasticsearch answers them."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest

from jipyo.logs.ingest.decode.bulk import (
    answer_items,
    convert_bulk,
    decode_bulk,
    filter_answer,
    make_id,
)
from jipyo.logs.ingest.decode.documents import convert_document, parse_time
from jipyo.logs.ingest.decode.names import name_service_of_index
from jipyo.logs.record import Level
from jipyo.model.errors import MalformedBody, TooLarge
from jipyo.wire.elements import WorkLimit

NOW = 1_800_000_000_000_000_000


def join(*lines: Any) -> bytes:
    return b"".join((x if isinstance(x, bytes) else orjson.dumps(x)) + b"\n" for x in lines)


def test_every_item_has_its_answer() -> None:
    body = join(
        {"index": {"_index": "a"}}, {"message": "one"},
        {"create": {"_index": "b", "_id": "7"}}, {"message": "two"},
        {"index": {}}, b'{"broken": ',
        {"index": {}}, b"[1]",
        {"delete": {"_id": "5"}},
        {"update": {"_id": "5"}}, {"doc": {}},
        b"",
        {"create": {}}, {"message": "three"},
    )  # fmt: skip
    items = decode_bulk(body, "default")
    answer = answer_items(items, 5)
    assert answer["errors"] is True
    assert answer["took"] == 5
    seen = [
        (action, one["_index"], one["status"], one.get("error", {}).get("type"))
        for item in answer["items"]
        for action, one in item.items()
    ]
    assert seen == [
        ("index", "a", 201, None),
        ("create", "b", 201, None),
        ("index", "default", 400, "document_parsing_exception"),
        ("index", "default", 400, "document_parsing_exception"),
        ("delete", "default", 400, "illegal_argument_exception"),
        ("update", "default", 400, "illegal_argument_exception"),
        ("create", "default", 201, None),
    ]
    assert answer["items"][1]["create"]["_id"] == "7"
    assert answer["items"][0]["index"]["_shards"]["failed"] == 0
    assert [record.message for record in convert_bulk(items, NOW)] == [b"one", b"two", b"three"]


@pytest.mark.parametrize(
    ("body", "key", "values"),
    [
        (b"", "bulk_empty", {}),
        (b"\n", "bulk_empty", {}),
        (b'{"index": {}}\n{}', "bulk_no_newline", {}),
        (b'{"index": {}}\n', "bulk_no_document", {"line": 1}),
        (b'{"index": {}}\n{}\n{"x": {}}\n', "bulk_bad_action", {"line": 3, "text": '{"x": {}}'}),
        (b'{"index": 5}\n{}\n', "bulk_bad_action", {"line": 1, "text": '{"index": 5}'}),
        (b'{"message": "no action"}\n', "bulk_bad_action",
         {"line": 1, "text": '{"message": "no action"}'}),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_rejected(
    body: bytes, key: str, values: dict[str, object]
) -> None:
    with pytest.raises(MalformedBody) as caught:
        decode_bulk(body, "x")
    assert caught.value.key == f"logs_ingest.{key}"
    assert caught.value.values == values


def test_an_item_without_an_index_is_rejected_alone() -> None:
    (item,) = decode_bulk(join({"index": {}}, {"message": "x"}))
    assert item.error is not None
    assert item.error.type == "action_request_validation_exception"


def test_a_request_has_limits() -> None:
    with pytest.raises(TooLarge):
        decode_bulk(join({"index": {}}, {"a": 1}) * 50, "x", WorkLimit(20))


def test_an_id_is_as_elasticsearch_makes_them() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}", make_id())
    assert make_id() != make_id()


ANSWER = {
    "took": 1,
    "errors": True,
    "items": [
        {"index": {"_id": "a", "status": 201}},
        {"create": {"_id": "b", "status": 400, "error": {"type": "t", "reason": "r"}}},
    ],
}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("errors", {"errors": True}),
        ("errors,items.*.error", {"errors": True,
                                  "items": [{"create": {"error": {"type": "t", "reason": "r"}}}]}),
        ("items.*.status", {"items": [{"index": {"status": 201}}, {"create": {"status": 400}}]}),
        ("**.reason", {"items": [{"create": {"error": {"reason": "r"}}}]}),
        ("items.cr*.e*.type", {"items": [{"create": {"error": {"type": "t"}}}]}),
        ("nothing", {}),
        ("-items", {"took": 1, "errors": True}),
        ("-items.*.error,-took", {"errors": True,
                                  "items": [{"index": {"_id": "a", "status": 201}},
                                            {"create": {"_id": "b", "status": 400}}]}),
    ],
)  # fmt: skip
def test_an_answer_is_filtered(path: str, kept: dict[str, Any]) -> None:
    assert filter_answer(ANSWER, path) == kept


# ------------------------------------------------------------------------------- documents


def test_a_document_of_filebeat() -> None:
    document = {
        "@timestamp": "2026-11-27T01:02:03.123456789Z",
        "message": "GET / 200",
        "log": {"level": "WARN", "file": {"path": "/var/log/a.log"}, "offset": 5},
        "service": {"name": "shop"},
        "tags": ["a", "b"],
        "host": {"name": "node1"},
        "event.duration": 1500,
        "ok": True,
        "gone": None,
    }
    record = convert_document(document, "filebeat-8", NOW)
    assert (record.service, record.level, record.message) == ("shop", Level.WARN, b"GET / 200")
    assert record.t_ns == 1795741323123456789
    assert record.fields == {
        "log.level": b"WARN",
        "log.file.path": b"/var/log/a.log",
        "log.offset": 5,
        "service.name": b"shop",
        "tags": b'["a","b"]',
        "host.name": b"node1",
        "event.duration": 1500,
        "ok": b"true",
    }


def test_a_document_of_fluent_bit() -> None:
    document = {
        "@timestamp": 1795741323.5,
        "log": "hello\n",
        "kubernetes": {"pod_name": "api-1", "container_name": "api"},
    }
    record = convert_document(document, "fluentbit", NOW)
    assert (record.message, record.t_ns) == (b"hello\n", 1795741323500000000)
    assert record.fields["kubernetes.pod_name"] == b"api-1"


def test_a_document_without_a_message_is_its_own() -> None:
    record = convert_document({"a": 1}, "logs-nginx.access-default", NOW)
    assert json.loads(record.message) == {"a": 1}
    assert (record.service, record.t_ns, record.level) == ("nginx", NOW, Level.UNKNOWN)


@pytest.mark.parametrize(
    ("index", "service"),
    [
        ("application-logs-2026.11.27", "application-logs"),
        ("application-logs", "application-logs"),
        ("logs-nginx.access-prod", "nginx"),
        ("shop_2026-11", "shop"),
        ("2026.11.27", "2026.11.27"),
        ("filebeat-8.19.0", "filebeat-8.19.0"),
    ],
)
def test_the_service_of_an_index(index: str, service: str) -> None:
    assert name_service_of_index(index) == service


@pytest.mark.parametrize(
    ("value", "t_ns"),
    [
        ("2026-11-27T10:00:00+09:00", 1795741200000000000),
        ("2026-11-27T01:00:00.5Z", 1795741200500000000),
        ("2026-11-27 01:00:00,123", 1795741200123000000),
        ("1969-12-31T23:59:59.5Z", -500000000),
        (1795741200, 1795741200000000000),
        (1795741200123, 1795741200123000000),
        (1795741200123456, 1795741200123456000),
        (1795741200123456789, 1795741200123456789),
        (1795741200.25, 1795741200250000000),
        ("1795741200.25", 1795741200250000000),
        ("1795741200123", 1795741200123000000),
        ("yesterday", None),
        (True, None),
        ({}, None),
        (1 << 80, None),
        (float("nan"), None),
        ("9999-12-31T23:59:59Z", None),
    ],
)
def test_times_of_documents(value: object, t_ns: int | None) -> None:
    assert parse_time(value) == t_ns
