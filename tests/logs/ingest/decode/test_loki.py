"""Requests of Loki's push API, protobuf and JSON, become records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fuzz.messages import field, varint
from jipyo.logs.ingest.decode.loki import decode_loki_push, parse_labels
from jipyo.logs.record import Level
from jipyo.model.errors import MalformedBody, TooLarge
from jipyo.wire.elements import WorkLimit

NOW = 1_800_000_000_000_000_000


def push_json(labels: dict[str, Any], *values: Any) -> bytes:
    return json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()


def push_protobuf(labels: str, *entries: tuple[int, bytes, dict[str, str]]) -> bytes:
    stream = field(1, labels.encode())
    for t_ns, line, metadata in entries:
        time = b"\x08" + varint(t_ns // 10**9) + b"\x10" + varint(t_ns % 10**9)
        pairs = [field(3, field(1, k.encode()) + field(2, v.encode())) for k, v in metadata.items()]
        stream += field(2, field(1, time) + field(2, line) + b"".join(pairs))
    return field(1, stream)


def decode(body: bytes, *, as_json: bool = True) -> list[Any]:
    return list(decode_loki_push(body, as_json=as_json, arrival_ns=NOW))


LABELS = {"app": "shop", "namespace": "prod", "level": "warn", "tier": 'a"b\\'}
METADATA = {"trace_id": "abc", "level": "error"}


@pytest.mark.parametrize("as_json", [True, False])
def test_lines_have_the_fields_of_their_stream_and_their_own(as_json: bool) -> None:
    body = (
        push_json(LABELS, ["1795400000123456789", "하나"], ["1795400000000000001", "two", METADATA])
        if as_json
        else push_protobuf(
            '{app="shop", namespace="prod",level="warn", tier="a\\"b\\\\"}',
            (1795400000123456789, "하나".encode(), {}),
            (1795400000000000001, b"two", METADATA),
        )
    )
    one, two = decode(body, as_json=as_json)
    common = {"labels.app": b"shop", "kubernetes.namespace": b"prod", "labels.tier": b'a"b\\'}
    assert (one.service, one.t_ns, one.level) == ("shop", 1795400000123456789, Level.WARN)
    assert one.message == "하나".encode()
    assert one.fields == {**common, "labels.level": b"warn"}
    assert (two.t_ns, two.level, two.message) == (1795400000000000001, Level.ERROR, b"two")
    assert two.fields == {**common, "trace.id": b"abc", "labels.level": b"error"}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("{}", {}),
        ('{a="b"}', {"a": "b"}),
        ('{ a = "b" , c="d" , }', {"a": "b", "c": "d"}),
        ('{a="x\\ny\\u0041\\x42\\103"}', {"a": "x\nyABC"}),
        ("{a=`raw\\n`}", {"a": "raw\\n"}),
        ('{a="}"}', {"a": "}"}),
        ('{a="\\ud800"}', {"a": "\ufffd"}),
    ],
)
def test_labels_are_read_as_go_writes_them(text: str, labels: dict[str, str]) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize("text", ["", "a", "{", "{a}", '{a="b"', '{a="b"}x', 'x{a="b"}', '{1="b"}'])
def test_what_are_no_labels_is_rejected(text: str) -> None:
    with pytest.raises(MalformedBody):
        parse_labels(text)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"streams": 5}', b'{"streams": [{"stream": {"a": 5}, "values": []}]}',
        b'{"streams": [{"stream": {}, "values": [["x", "line"]]}]}',
        b'{"streams": [{"stream": {}, "values": [["1"]]}]}',
        b'{"streams": [{"stream": {}, "values": [["1", 5]]}]}',
    ],
)  # fmt: skip
def test_what_is_no_request_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode(body)


def test_a_time_that_is_none_is_that_of_the_arrival() -> None:
    assert decode(push_json({}, ["0", "x"], ["99999999999999999999", "y"]))[0].t_ns == NOW
    assert decode(push_json({}, ["-5", "x"]))[0].t_ns == NOW


def test_a_request_has_limits() -> None:
    body = push_json({}, *[["1", "x"]] * 100)
    with pytest.raises(TooLarge):
        list(decode_loki_push(body, as_json=True, arrival_ns=0, work_limit=WorkLimit(50)))
    with pytest.raises(MalformedBody, match="128"):
        decode(push_json({f"l{n}": "x" for n in range(200)}, ["1", "x"]))


def test_a_line_that_is_not_utf8_is_kept_as_it_is() -> None:
    assert (
        decode(push_protobuf("{}", (5, b"\xff\x00", {})), as_json=False)[0].message == b"\xff\x00"
    )
