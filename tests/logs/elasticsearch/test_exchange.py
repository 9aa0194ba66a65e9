"""What becomes of answers that are none, from a server that answers as badly as a test asks for."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.logs.elasticsearch import ElasticsearchOptions, ElasticsearchSource
from jipyo.logs.query import LogQuery
from jipyo.model.errors import LogQueryError, LogSourceError
from support.clock import WaitingClock
from support.http_server import Quiet, serve_in_thread

QUERY = LogQuery(start_ns=1_795_878_000_000_000_000, end_ns=1_795_881_600_000_000_000)
CAPABILITIES = {"fields": {"@timestamp": {"date": {"searchable": True, "aggregatable": True}}}}
SHARDS = {"total": 4, "successful": 4, "skipped": 0, "failed": 0}
COUNTED = {"surely": {"doc_count": 5}, "unsure": {"doc_count": 0}}


def fail(status: int, kind: str, reason: str = "because", **inside: Any) -> tuple[int, dict]:
    error = {"type": "search_phase_execution_exception", "reason": "", "root_cause": []}
    return status, {"error": {**error, "caused_by": {"type": kind, "reason": reason}, **inside}}


@dataclass
class Scripted:
    """The answers to searches, one after another, of which the last repeats."""

    searches: list[tuple[int, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=lambda: {"X-elastic-product": "Elasticsearch"})
    paths: list[str] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str) -> tuple[int, Any]:
        with self.lock:
            self.paths.append(path)
            if "_field_caps" in path:
                return 200, CAPABILITIES
            if "_mapping" in path or "_settings" in path:
                return 200, {}
            if "_search" in path and self.searches:
                return self.searches.pop(0) if len(self.searches) > 1 else self.searches[0]
            return 200, {"id": "pit", "pit_id": "pit"}


@contextlib.contextmanager
def scripted(*searches: tuple[int, Any], **headers: str):
    script = Scripted(list(searches))
    script.headers |= headers

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, value = script.answer(self.path)
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {**script.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name.replace("_", "-"), text)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = handle_all  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    with serve_in_thread(server):
        yield script


def connect(script: Scripted, clock: WaitingClock | None = None, **changes: Any):
    options = ElasticsearchOptions(name="logs", url=script.url, index="logs-*", **changes)
    return ElasticsearchSource(options, clock=clock or WaitingClock(), random_=lambda: 0.5)


def count(*searches: tuple[int, Any], **headers: str):
    with scripted(*searches, **headers) as script:
        return connect(script).count(QUERY)


def reject(*searches: tuple[int, Any]):
    with pytest.raises((LogQueryError, LogSourceError)) as error:
        count(*searches)
    for language in LANGS:
        assert texts(language).error(error.value)
    return error.value


def good(**changes: Any) -> tuple[int, dict]:
    return 200, {"_shards": {**SHARDS, **changes}, "timed_out": False, "aggregations": COUNTED}


def test_a_count_is_that_of_the_server():
    found = count(good())
    assert (found.n, found.missing) == (5, ())


@pytest.mark.parametrize("shards", [{"successful": 2}, {"failed": 2}, {"total": 6}])
def test_shards_that_were_not_read_are_missing(shards):
    (error,) = count(good(**shards)).missing
    assert (error.key, error.values["lost"]) == ("logs_elasticsearch.partial", 2)


def test_shards_that_need_not_be_read_are_not_missing():
    assert count(good(successful=3, skipped=1)).missing == ()
    assert count(good(successful=4, skipped=3)).missing == ()


def test_an_answer_that_was_cut_short_is_incomplete():
    (error,) = count((200, {"_shards": SHARDS, "timed_out": True, "aggregations": COUNTED})).missing
    assert error.key == "logs_elasticsearch.timed_out"


@pytest.mark.parametrize(
    "refusal",
    [
        fail(500, "x", "Partial shards failure"),
        fail(503, "x", "Search rejected due to missing shards [[a][0]]"),
        fail(503, "no_shard_available_action_exception"),
    ],
)
def test_what_is_left_is_read_where_shards_are_missing(refusal):
    with scripted(refusal, good(successful=2)) as script:
        found = connect(script).count(QUERY)
        partial = [path.rpartition("=")[2] for path in script.paths if "_search?" in path]
    assert found.n == 5
    assert [error.key for error in found.missing] == ["logs_elasticsearch.partial"]
    assert partial == ["false", "true"]


def test_all_shards_missing_is_a_failure():
    refusal = fail(503, "no_shard_available_action_exception")
    assert isinstance(reject(refusal), LogSourceError)


@pytest.mark.parametrize(
    ("answer", "kind", "key"),
    [
        (fail(404, "index_not_found_exception"), LogSourceError, "no_index"),
        (fail(400, "parsing_exception", "no such thing"), LogQueryError, "rejected"),
        (fail(400, "too_many_buckets_exception"), LogQueryError, "too_many_buckets"),
        (fail(503, "too_many_buckets_exception"), LogQueryError, "too_many_buckets"),
        (fail(429, "circuit_breaking_exception"), LogSourceError, "answer_too_large"),
        (fail(401, "security_exception"), LogSourceError, "failed"),
        (fail(403, "security_exception"), LogSourceError, "failed"),
        ((413, b""), LogSourceError, "failed"),
        ((404, b"<html>"), LogSourceError, "failed"),
        ((500, fail(500, "null_pointer_exception")[1]), LogSourceError, "failed"),
        ((200, b"<html>"), LogSourceError, "failed"),
        ((200, []), LogSourceError, "failed"),
        ((400, {"error": "no handler found"}), LogSourceError, "failed"),
    ],
)
def test_every_failure_is_an_error_in_words(answer, kind, key):
    error = reject(answer)
    assert (type(error).__mro__.index(kind) < 2, error.key) == (True, f"logs_elasticsearch.{key}")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_failures_that_may_pass_are_repeated(status):
    clock = WaitingClock()
    with scripted((status, b"busy"), (status, b"busy"), good(), retry_after="2") as script:
        assert connect(script, clock).count(QUERY).n == 5
    assert clock.waits_ms == [2000, 2000]


def test_they_are_repeated_only_so_often():
    clock = WaitingClock()
    with scripted((503, b"down")) as script, pytest.raises(LogSourceError):
        connect(script, clock).count(QUERY)
    assert clock.waits_ms == [250, 500, 1000]


def test_no_repetition_exceeds_the_timeout():
    clock = WaitingClock()
    with scripted((503, b"down")) as script, pytest.raises(LogSourceError):
        connect(script, clock, timeout_s=0.5).count(QUERY)
    assert clock.waits_ms == [250]


def test_a_server_that_is_away_is_named():
    script = Scripted(url="http://127.0.0.1:9")
    with pytest.raises(LogSourceError) as error:
        connect(script).count(QUERY)
    assert error.value.hint == "logs_elasticsearch.unreachable.hint"


def test_a_lost_point_in_time_is_opened_anew_and_closed():
    lost = fail(404, "search_context_missing_exception")
    page = 200, {"_shards": SHARDS, "timed_out": False, "hits": {"hits": []}}
    with scripted(lost, page) as script:
        assert connect(script, slices=1).templates(QUERY).total == 0
        assert [path.split("?")[0] for path in script.paths].count("/logs-*/_pit") == 2
        assert script.paths[-1] == "/_pit"


def test_slices_share_a_point_in_time():
    page = 200, {"_shards": SHARDS, "timed_out": False, "hits": {"hits": []}}
    with scripted(page) as script:
        connect(script, slices=4).templates(QUERY)
        assert sum(path.startswith("/logs-*/_pit") for path in script.paths) == 1


def test_the_present_state_is_read_where_the_server_keeps_none():
    refusal = fail(503, "x", "Search rejected due to missing shards [[a][0]]")
    page = 200, {"_shards": {**SHARDS, "successful": 3}, "hits": {"hits": []}}
    headers = {"X-OpenSearch-Version": "3"}
    with scripted(refusal, page) as script:
        script.headers = headers
        found = connect(script, slices=4).templates(QUERY)
        searched = [path for path in script.paths if "/_search?" in path]
    assert [error.key for error in found.missing] == ["logs_elasticsearch.partial"]
    assert len(searched) == 1


def test_a_point_in_time_that_is_lost_always_is_an_error():
    lost = fail(404, "search_context_missing_exception")
    with scripted(lost) as script, pytest.raises(LogSourceError) as error:
        connect(script, slices=1).templates(QUERY)
    assert error.value.key == "logs_elasticsearch.lost_point_in_time"


def test_smaller_pages_are_read_where_an_answer_is_too_large():
    page = 200, {"_shards": SHARDS, "timed_out": False, "hits": {"hits": []}}
    large = fail(429, "circuit_breaking_exception")
    with scripted(large, large, page) as script:
        assert connect(script, slices=1, retries=0).templates(QUERY).total == 0


@pytest.mark.parametrize("hit", [{}, {"_source": {}}, 5, {"_source": 5, "sort": [1]}])
def test_a_document_without_content_is_an_error(hit):
    page = 200, {"_shards": SHARDS, "timed_out": False, "hits": {"hits": [hit]}}
    with scripted(page) as script, pytest.raises(LogSourceError) as error:
        connect(script, slices=1).templates(QUERY)
    assert error.value.hint == "logs_elasticsearch.no_source.hint"


def test_indices_need_the_time_field():
    with scripted(good()) as script, pytest.raises(LogSourceError) as error:
        connect(script, time_field="when").count(QUERY)
    assert error.value.key == "logs_elasticsearch.no_time"


def test_what_cannot_be_read_now_is_found():
    with scripted((503, b"down")) as script:
        (error,) = connect(script).find_missing()
    assert error.key == "logs_elasticsearch.failed"
