"""What is sent is on disk before it is acknowledged, and answered as each protocol wants it."""

from __future__ import annotations

import gzip
import json
import threading
from typing import TYPE_CHECKING, Any

import cramjam
import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from jipyo.logs.ingest.receive.channel import APIS, ChannelClient, ChannelServer
from jipyo.logs.ingest.receive.decoding import ReceiveLimits
from jipyo.logs.ingest.receive.elasticsearch_api import answer_elasticsearch
from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.http_answers import (
    LogAnswer,
    LogRequest,
    answer_loki,
    answer_otlp,
)
from jipyo.logs.ingest.receive.receiver import LogReceiver, QueueFull
from jipyo.model.errors import MalformedBody, StoreError, StoreFull
from support.log_ingest import MemoryStore, PlainParsing

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000_000_000_000
JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
BULK = b'{"index": {"_index": "shop"}}\n{"message": "one"}\n{"create": {}}\n{"message": "two"}\n'
LOKI = b'{"streams": [{"stream": {"app": "shop"}, "values": [["5", "one"], ["6", "two"]]}]}'


def otlp(*messages: str) -> bytes:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for message in messages:
        scope.log_records.add().body.string_value = message
    return request.SerializeToString()


class Bench:
    def __init__(self, max_waiting_bytes: int = 64 << 20, max_body_bytes: int = 1 << 20) -> None:
        self.store = MemoryStore()
        limits = ReceiveLimits(max_body_bytes=max_body_bytes)
        self.receiver = LogReceiver(
            self.store, PlainParsing(), limits, max_waiting_bytes=max_waiting_bytes
        )

    def bulk(self, path: str = "/_bulk", body: bytes = BULK, **more: Any) -> LogAnswer:
        request = LogRequest(more.pop("method", "POST"), path, body=body, **more)
        return answer_elasticsearch(self.receiver, request, NOW)

    def stored(self) -> list[bytes]:
        self.store.flush()
        return self.store.messages()

    def count(self, name: str) -> dict[str, float]:
        return {
            ",".join(sample.labels.get(label, "") for label in ("protocol", "reason")): sample.value
            for family in self.receiver.families()
            if family.name == name
            for sample in family.samples
        }


@pytest.fixture
def bench() -> Bench:
    return Bench()


# ------------------------------------------------------------------------------------ entries


@pytest.mark.parametrize("protocol", LogProtocol)
def test_an_entry_comes_back_from_the_journal(protocol: LogProtocol) -> None:
    entry = ReceivedEntry(protocol, NOW, b"\x00\n\xff", {"index": "가", "content-type": "x"})
    assert ReceivedEntry.decode(entry.encode()) == entry


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}\n", b'{"protocol": "otlp"}\n', b'{"protocol": "x", "arrival_ns": 1}\n', b"5\n",
     b'{"protocol": "otlp", "arrival_ns": 1}', b'{"protocol": "otlp", "arrival_ns": 1.5}\n'],
)  # fmt: skip
def test_what_is_no_entry_is_rejected(payload: bytes) -> None:
    with pytest.raises(MalformedBody):
        ReceivedEntry.decode(payload)


@pytest.mark.parametrize(
    "entry",
    [
        ReceivedEntry(LogProtocol.OTLP, NOW, otlp("one", "two"), PROTOBUF),
        ReceivedEntry(LogProtocol.LOKI, NOW, LOKI, JSON),
        ReceivedEntry(LogProtocol.BULK, NOW, BULK, {"index": "x"}),
        ReceivedEntry(LogProtocol.SYSLOG, NOW, b"15 10.0.0.1 <1>one15 10.0.0.1 <1>two"),
    ],
    ids=lambda entry: entry.protocol.value,
)
def test_what_was_acknowledged_is_there_after_a_crash_once(entry: ReceivedEntry) -> None:
    bench = Bench()
    assert bench.receiver.receive(entry) == 2
    bench.store.crash()
    for waiting in bench.store.replay():
        bench.receiver.restore(waiting.number, waiting.payload)
    assert bench.stored() == [b"one", b"two"]
    assert list(bench.store.replay()) == []


def test_what_cannot_be_kept_is_not_acknowledged(bench: Bench) -> None:
    bench.store.error = StoreFull("logs_store.full", path="/", reason="x")
    with pytest.raises(StoreFull):
        bench.receiver.receive(ReceivedEntry(LogProtocol.LOKI, NOW, LOKI, JSON))
    assert bench.count("jipyo_log_receive_rejected_total") == {"loki,not_stored": 1}
    bench.store.error = None
    assert bench.stored() == []


def test_what_is_in_the_journal_is_acknowledged_and_stored_later(bench: Bench) -> None:
    store, receiver = bench.store, bench.receiver
    entry = ReceivedEntry(LogProtocol.LOKI, NOW, LOKI, JSON)
    number = store.journalize(entry.encode())
    store.error = StoreFull("logs_store.full", path="/", reason="x")
    receiver._append((), number)
    with pytest.raises(StoreFull):
        receiver.append_late()
    store.error = None
    receiver.append_late()
    store.flush()
    assert list(store.replay()) == []


def test_senders_wait_while_too_much_is_being_handled() -> None:
    bench = Bench(max_waiting_bytes=100)
    entered, go_on = threading.Event(), threading.Event()
    refine = bench.receiver._parsing.refine

    class Slow(PlainParsing):
        def refine(self, records: Any, now_ns: int) -> Any:
            entered.set()
            assert go_on.wait(10)
            return refine(records, now_ns)

    bench.receiver._parsing = Slow()
    entry = ReceivedEntry(LogProtocol.LOKI, NOW, LOKI, JSON)
    first = threading.Thread(target=bench.receiver.receive, args=(entry,))
    first.start()
    assert entered.wait(10)
    with pytest.raises(QueueFull):
        bench.receiver.receive(entry)
    answer = bench.bulk(body=BULK * 2)
    assert (answer.status, answer.headers["X-elastic-product"]) == (429, "Elasticsearch")
    go_on.set()
    first.join()
    assert bench.receiver.receive(entry) == 2


# --------------------------------------------------------------------------------- OTLP, Loki


def test_otlp_is_answered_in_the_form_of_the_request(bench: Bench) -> None:
    request = LogRequest("POST", "/v1/logs", headers=PROTOBUF, body=otlp("one"))
    answer = answer_otlp(bench.receiver, request, NOW)
    assert (answer.status, answer.media_type) == (200, "application/x-protobuf")
    assert ExportLogsServiceResponse.FromString(answer.body) == ExportLogsServiceResponse()
    body = (
        b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "two"}}]}]}]}'
    )
    zipped = {**JSON, "content-encoding": "gzip"}
    request = LogRequest("POST", "/v1/logs", headers=zipped, body=gzip.compress(body))
    answer = answer_otlp(bench.receiver, request, NOW)
    assert (answer.status, answer.body, answer.media_type) == (200, b"{}", "application/json")
    assert bench.stored() == [b"one", b"two"]
    assert bench.count("jipyo_log_received_lines_total") == {"otlp,": 2}


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b"{", 400),
        (PROTOBUF, b"\xff", 400),
        ({"content-type": "text/plain"}, b"", 415),
        ({**JSON, "content-encoding": "zstd"}, b"", 415),
        (JSON, b" " * 2000, 413),
    ],
)
def test_a_bad_request_is_never_sent_again(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    bench = Bench(max_body_bytes=1000)
    for answer_request in (answer_otlp, answer_loki):
        request = LogRequest("POST", "/", headers=headers, body=body)
        answer = answer_request(bench.receiver, request, NOW)
        assert answer.status == status
        assert answer.body
        assert answer.headers == {}
    assert list(bench.store.replay()) == []


def test_a_full_disk_asks_senders_to_wait(bench: Bench) -> None:
    bench.store.error = StoreFull("send.full", path="/", reason="x")
    for answer_request, body in ((answer_otlp, b"{}"), (answer_loki, LOKI)):
        answer = answer_request(
            bench.receiver, LogRequest("POST", "/", headers=JSON, body=body), NOW
        )
        assert (answer.status, answer.headers) == (503, {"Retry-After": "1"})
    assert bench.bulk().status == 503


def test_loki_takes_json_and_protobuf(bench: Bench) -> None:
    request = LogRequest("POST", "/loki/api/v1/push", headers=JSON, body=LOKI)
    assert answer_loki(bench.receiver, request, NOW) == LogAnswer(204)
    line = b"\x12\x05three"
    stream = b"\x0a\x02{}\x12" + bytes([len(line)]) + line
    body = bytes(cramjam.snappy.compress_raw(b"\x0a" + bytes([len(stream)]) + stream))
    request = LogRequest("POST", "/loki/api/v1/push", headers=PROTOBUF, body=body)
    assert answer_loki(bench.receiver, request, NOW).status == 204
    assert bench.stored() == [b"one", b"two", b"three"]


# ------------------------------------------------------------------------------ Elasticsearch


def test_bulk_is_answered_item_by_item(bench: Bench) -> None:
    body = BULK + b'{"index": {}}\n{"broken\n'
    answer = bench.bulk("/logs-shop-default/_bulk", body)
    content = orjson.loads(answer.body)
    assert answer.status == 200
    assert answer.headers == {"X-elastic-product": "Elasticsearch"}
    assert content["errors"] is True
    assert [next(iter(item.values()))["status"] for item in content["items"]] == [201, 201, 400]
    assert bench.stored() == [b"one", b"two"]
    assert {batch.service for batch in bench.store.stored} == {"shop"}
    assert bench.count("jipyo_log_receive_rejected_total") == {"bulk,item": 1}


def test_only_rejected_items_write_nothing(bench: Bench) -> None:
    assert bench.bulk(body=b'{"delete": {"_index": "x", "_id": "1"}}\n').status == 200
    assert list(bench.store.replay()) == []


@pytest.mark.parametrize("path", ["/_bulk", "/_bulk/", "/shop/_bulk", "/shop/_doc/_bulk"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_bulk_has_several_paths(bench: Bench, path: str, method: str) -> None:
    body = BULK if "shop" in path else BULK.replace(b'"create": {}', b'"create": {"_index": "y"}')
    content = orjson.loads(bench.bulk(path, body, method=method).body)
    assert not content["errors"]


def test_an_answer_is_as_short_as_the_sender_wants_it(bench: Bench) -> None:
    query = {"filter_path": "errors,items.*.error"}
    assert orjson.loads(bench.bulk("/shop/_bulk", query=query).body) == {"errors": False}


@pytest.mark.parametrize(
    ("path", "status", "result"),
    [
        ("/shop/_doc", 201, "created"),
        ("/shop/_doc/5", 201, "created"),
        ("/shop/_create/5", 201, "created"),
    ],
)
def test_a_single_document_is_taken(bench: Bench, path: str, status: int, result: str) -> None:
    answer = bench.bulk(path, b'{\n"message": "one"\n}')
    content = orjson.loads(answer.body)
    assert (answer.status, content["result"], content["_index"]) == (status, result, "shop")
    assert content["_id"] == "5" or len(content["_id"]) == 20
    assert bench.stored() == [b"one"]


def test_a_broken_document_is_rejected(bench: Bench) -> None:
    answer = bench.bulk("/shop/_doc", b'{"message')
    assert answer.status == 400
    assert orjson.loads(answer.body)["error"]["type"] == "document_parsing_exception"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "illegal_argument_exception"),
        (b"x\n", 400, "illegal_argument_exception"),
        (b'{"index": {}}\n{}\n' * 200, 413, "content_too_long_exception"),
    ],
)
def test_a_bad_bulk_request_is_an_error_of_elasticsearch(
    body: bytes, status: int, kind: str
) -> None:
    bench = Bench(max_body_bytes=2000)
    answer = bench.bulk(body=body)
    content = orjson.loads(answer.body)
    assert (answer.status, content["status"], content["error"]["type"]) == (status, status, kind)
    assert content["error"]["reason"]


@pytest.mark.parametrize(
    ("method", "path", "keys"),
    [
        ("GET", "/", ["name", "cluster_name", "cluster_uuid", "version", "tagline"]),
        ("GET", "/_license", ["license"]),
        ("GET", "/_xpack", ["build", "license", "features", "tagline"]),
        ("GET", "/_cluster/health", ["cluster_name", "status", "timed_out"]),
        ("GET", "/_nodes/http", ["_nodes", "cluster_name", "nodes"]),
        ("GET", "/_index_template/filebeat-8.19.0", ["index_templates"]),
        ("GET", "/_component_template/x", ["index_templates"]),
        ("GET", "/_template/logstash", ["logstash"]),
        ("GET", "/_ilm/policy/filebeat", ["filebeat"]),
        ("GET", "/_data_stream/logs-x", ["data_streams"]),
        ("GET", "/_ingest/pipeline/p", ["p"]),
        ("POST", "/_refresh", ["_shards"]),
        ("POST", "/shop/_refresh", ["_shards"]),
        ("PUT", "/_index_template/x", ["acknowledged"]),
        ("PUT", "/_ilm/policy/x", ["acknowledged"]),
        ("PUT", "/shop", ["acknowledged", "shards_acknowledged"]),
    ],
)
def test_what_senders_ask_first_is_answered(
    bench: Bench, method: str, path: str, keys: list[str]
) -> None:
    answer = bench.bulk(path, b"", method=method)
    assert answer.status == 200
    assert answer.headers == {"X-elastic-product": "Elasticsearch"}
    assert set(keys) <= orjson.loads(answer.body).keys()
    head = bench.bulk(path, b"", method="HEAD")
    assert (head.status, head.body) == (200, b"")


def test_what_is_not_there_is_an_error(bench: Bench) -> None:
    for method, path in (("GET", "/_search"), ("DELETE", "/shop"), ("GET", "/shop/_doc/5")):
        answer = bench.bulk(path, b"", method=method)
        assert (answer.status, orjson.loads(answer.body)["status"]) == (404, 404)


def test_the_media_type_is_the_one_that_newer_clients_want(bench: Bench) -> None:
    accept = "application/vnd.elasticsearch+json; compatible-with=9"
    assert bench.bulk("/", b"", method="GET", headers={"accept": accept}).media_type == accept
    assert bench.bulk("/", b"", method="GET").media_type == "application/json"


# ------------------------------------------------------------------------------------ channel


def test_requests_are_handed_on_from_several_threads(tmp_path: Path, bench: Bench) -> None:
    server = ChannelServer(tmp_path / "s", bench.receiver, lambda: NOW)
    client = ChannelClient(tmp_path / "s", patience_s=0.3)
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
    server.start()

    def send(n: int) -> None:
        for k in range(20):
            body = json.dumps({"message": f"{n} {k}"}).encode()
            bulk = LogRequest("POST", "/shop/_bulk", body=b'{"index": {}}\n' + body + b"\n")
            assert client.send("elasticsearch", bulk).status == 200
        assert client.send("loki", LogRequest("POST", "/", headers=JSON, body=LOKI)).body == b""

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = {f"{n} {k}".encode() for n in range(4) for k in range(20)} | {b"one", b"two"}
    stored = bench.stored()
    assert (set(stored), len(stored)) == (wanted, 88)
    assert set(APIS) == {"elasticsearch", "loki", "otlp"}
    server.stop()
    with pytest.raises(StoreError) as caught:
        client.send("loki", LogRequest("POST", "/", headers=JSON, body=LOKI))
    assert caught.value.key == "logs_ingest.not_running"
    client.close()


def test_a_client_finds_a_server_that_came_back(tmp_path: Path, bench: Bench) -> None:
    client = ChannelClient(tmp_path / "s")
    for _ in range(2):
        server = ChannelServer(tmp_path / "s", bench.receiver, lambda: NOW)
        server.start()
        assert client.send("elasticsearch", LogRequest("GET", "/")).status == 200
        server.stop()
    client.close()


def test_a_client_waits_for_a_server_that_restarts(tmp_path: Path, bench: Bench) -> None:
    client = ChannelClient(tmp_path / "s")
    server: list[ChannelServer] = []

    def start() -> None:
        server.append(ChannelServer(tmp_path / "s", bench.receiver, lambda: NOW))
        server[0].start()

    timer = threading.Timer(0.5, start)
    timer.start()
    assert client.send("elasticsearch", LogRequest("GET", "/")).status == 200
    server[0].stop()
    client.close()
