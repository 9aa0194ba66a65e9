"""What senders of log records send: OTLP, Loki, bulk requests, syslog, the journal, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from fuzz.driver import Surface, assert_short_form
from fuzz.messages import Shape, build_message
from fuzz.test_otlp import describe
from jipyo.logs.ingest.decode.bulk import answer_items, decode_bulk, filter_answer
from jipyo.logs.ingest.decode.journal_entries import decode_journal_entry
from jipyo.logs.ingest.decode.received import build_batches
from jipyo.logs.ingest.receive.decoding import ReceiveLimits, decode_entry
from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.syslog_frames import SyslogFrames, join_sent

if TYPE_CHECKING:
    from random import Random

PROTOBUF = {"content-type": "application/x-protobuf"}
NOW = 1_795_741_200_000_000_000
OTLP: Shape = describe(ExportLogsServiceRequest.DESCRIPTOR)
ENTRY: Shape = {1: {1: "varint", 2: "varint"}, 2: "text", 3: {1: "text", 2: "text"}}
LOKI: Shape = {1: {1: b'{app="shop", a="b\\n"}', 2: ENTRY}}
LIMITS = ReceiveLimits(max_body_bytes=1 << 20, max_elements=100_000)
_VALUES: tuple[Any, ...] = (
    0, -1, 1.5, "", "x", "한글", None, True, [], {}, 10**25, "1795741200", [1, [2]],
    {"a": {"b": 1}}, "2026-11-27T10:00:00Z", 1e300,
)  # fmt: skip
_NAMES = (
    "@timestamp", "message", "log", "level", "service", "service.name", "a", "log.level", "time",
    "streams", "stream", "values", "_index", "_id", "index", "create", "x" * 300,
)  # fmt: skip


def receive(protocol: LogProtocol, body: bytes, **about: str) -> None:
    """All that becomes of a request before it is stored, twice the same."""
    entry = ReceivedEntry.decode(ReceivedEntry(protocol, NOW, body, about).encode())
    records = decode_entry(entry, LIMITS)
    batches = build_batches(records)
    assert sum(map(len, batches)) == len(records), "BUG: records are lost"
    assert all(len(name) for batch in batches for name in batch.service), "BUG: no service"


def receive_json(protocol: LogProtocol, body: bytes) -> None:
    receive(protocol, body, **{"content-type": "application/json"})


def receive_bulk(body: bytes) -> None:
    receive(LogProtocol.BULK, body, index="shop-2026.11.27")
    items = decode_bulk(body, "x")
    orjson.dumps(filter_answer(answer_items(items, 0), "errors,items.*.error,**.st*s"))


def receive_syslog(body: bytes) -> None:
    whole, pieces = SyslogFrames(1000), SyslogFrames(1000)
    messages = [*whole.feed(body), *whole.finish()]
    half = len(body) // 2
    again = [*pieces.feed(body[:half]), *pieces.feed(body[half:]), *pieces.finish()]
    assert messages == again, "BUG: messages depend on how their bytes arrive"
    assert max(map(len, messages), default=0) <= 1000, "BUG: a message is too long"
    receive(LogProtocol.SYSLOG, join_sent(("10.0.0.1", message) for message in messages))


def build_object(random: Random, depth: int = 3) -> Any:
    if depth and random.random() < 0.4:
        names = random.choices(_NAMES, k=random.randrange(4))
        return {name: build_object(random, depth - 1) for name in names}
    if depth and random.random() < 0.2:
        return [build_object(random, depth - 1) for _ in range(random.randrange(3))]
    return random.choice(_VALUES)


def build_bulk(random: Random) -> bytes:
    lines: list[Any] = []
    for _ in range(random.randrange(1, 5)):
        action = random.choice(("index", "create", "delete", "update", "x"))
        lines += [{action: build_object(random, 1)}, build_object(random)]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def build_push(random: Random) -> bytes:
    values = [
        [random.choice(("1", "x", 5)), *(build_object(random, 1) for _ in range(2))][: 1 + n]
        for n in range(3)
    ]
    labels = {"app": random.choice(_VALUES)} if random.random() < 0.5 else {"level": "warn"}
    return json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()


def build_logs(random: Random) -> bytes:
    record = {
        "timeUnixNano": random.choice(_VALUES),
        "severityNumber": random.choice((0, 9, 25, "x")),
        "body": {
            random.choice(("stringValue", "intValue", "kvlistValue")): build_object(random, 1)
        },
        "traceId": random.choice(("", "ab", "zz", 5)),
        "attributes": [{"key": random.choice(_NAMES), "value": {"stringValue": "x"}}],
    }
    resource = {"attributes": [{"key": "service.name", "value": build_object(random, 1)}]}
    scopes = [{"logRecords": [record]}]
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": scopes}]}).encode()


SYSLOG_WORDS = (
    b"<34>", b"<165>1 ", b"2026-11-27T10:00:00Z ", b"Nov 27 10:00:00 ", b"Feb 29 99:99:99 ",
    b"host ", b"app[1]: ", b"- - - ", b'[a b="c\\"d"]', b"12 ",
    b"999999999 ", b"\n", b"\0", b"\xef\xbb\xbf",
)  # fmt: skip
SURFACES = [
    Surface(
        name="logs-otlp-protobuf",
        feed=lambda body: receive(LogProtocol.OTLP, body, **PROTOBUF),
        tokens=(b"\x0a\x00", b"\x12\x00", b"\x1a\x00"),
        generate=lambda random: build_message(random, OTLP, 12),
        s_per_byte=30e-6,
    ),
    Surface(
        name="logs-otlp-json",
        feed=lambda body: receive_json(LogProtocol.OTLP, body),
        tokens=(b'"\\ud800"', b"Infinity", b"null", b"{}", b"[]", b","),
        generate=build_logs,
        s_per_byte=30e-6,
    ),
    Surface(
        name="logs-loki-json",
        feed=lambda body: receive_json(LogProtocol.LOKI, body),
        tokens=(b'"\\ud800"', b"null", b"{}", b"[]", b","),
        generate=build_push,
        s_per_byte=30e-6,
    ),
    Surface(
        name="logs-loki-protobuf",
        feed=lambda body: receive(LogProtocol.LOKI, body, **{"content-encoding": "identity"}),
        tokens=(b"\x0a\x00", b"\x12\x00", b'{a="b"}', b"\\u", b"`"),
        generate=lambda random: build_message(random, LOKI, 8),
        s_per_byte=30e-6,
    ),
    Surface(
        name="logs-bulk",
        feed=receive_bulk,
        seeds=(b'{"index": {}}\n{"message": "x", "@timestamp": "2026-11-27T10:00:00Z"}\n',),
        tokens=(b"\n", b'{"index": {}}\n', b"null", b'"\\ud800"', b"1e999", b'"@timestamp":'),
        generate=build_bulk,
        s_per_byte=40e-6,
    ),
    Surface(
        name="logs-syslog",
        feed=receive_syslog,
        seeds=(
            b'<165>1 2026-11-27T10:00:00Z h a 1 I [e n="v"] x\n<34>Nov 27 10:00:00 h a[1]: x\n',
        ),
        tokens=SYSLOG_WORDS,
        s_per_byte=30e-6,
    ),
    Surface(
        name="logs-journald",
        feed=lambda body: decode_journal_entry(body, NOW),
        seeds=(b'{"__CURSOR":"c","__REALTIME_TIMESTAMP":"5","MESSAGE":[255],"PRIORITY":"3"}',),
        tokens=(b'"MESSAGE":', b"null", b"[1,2]", b'["a"]', b'"__CURSOR":', b"5"),
    ),
    Surface(
        name="logs-entry",
        feed=lambda body: decode_entry(ReceivedEntry.decode(body), LIMITS),
        seeds=tuple(
            ReceivedEntry(protocol, NOW, b"x", {"content-encoding": "gzip"}).encode()
            for protocol in LogProtocol
        ),
        tokens=(b'"protocol":', b'"syslog"', b'"arrival_ns":', b"\n", b"1 x", b"null"),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_request_is_decoded_or_rejected(surface: Surface) -> None:
    assert_short_form(surface)
