"""Logs in real search servers of which a part is away, or which are asked for what is not there."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import time
from zoneinfo import ZoneInfo

import pytest

from jipyo.logs.elasticsearch import ElasticsearchOptions, ElasticsearchSource
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import All, Contains, Equals, LogQuery, Matches
from jipyo.model.errors import LogQueryError, LogSourceError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from logs.contract.records import END_NS, HOUR_NS, START_NS, build_batches, write_documents
from support.certificates import certificate
from support.search_servers import search_cluster, search_server
from support.services import binary, free_port

pytestmark = pytest.mark.integration

SEOUL = ZoneInfo("Asia/Seoul")
ALL = LogQuery(start_ns=START_NS, end_ns=END_NS)
BATCHES = build_batches(2000)
ONE = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}


def connect(url: str, index: str, **changes) -> ElasticsearchSource:
    return ElasticsearchSource(ElasticsearchOptions(name="logs", url=url, index=index, **changes))


def list_answers(source: ElasticsearchSource):
    """Every kind of answer, by its name: how many records it has, and what is missing."""
    page = source.search(ALL, 5000)
    yield "search", len(page.records), page.missing
    count = source.count(ALL)
    yield "count", count.n, count.missing
    read = source.count(LogQuery(start_ns=START_NS, end_ns=END_NS, where=Matches(".*")))
    yield "pattern", read.n, read.missing
    chart = source.histogram(ALL, HOUR_NS, SEOUL, "level")
    yield "histogram", sum(map(sum, chart.counts.values())), chart.missing
    terms = source.terms(ALL, "host.name", 1000)
    yield "terms", sum(n for _, n in terms.counts), terms.missing
    percentiles = source.percentiles(ALL, "took", (50.0,))
    yield "percentiles", percentiles.rows[0][1], percentiles.missing
    templates = source.templates(ALL)
    yield "templates", templates.total, templates.missing
    rows = sum(map(len, source.batches(ALL, ("message",))))
    yield "batches", rows, source.find_missing()


def test_a_cluster_that_lost_a_node_is_incomplete_in_every_answer(tmp_path):
    with search_cluster("opensearch-3.5.0", tmp_path) as (first, second):
        first.call("PUT", "/logs", {"settings": {"number_of_shards": 4, "number_of_replicas": 0}})
        first.load("logs", write_documents(BATCHES))
        shards = first.call("GET", "/_cat/shards/logs?format=json")
        assert {shard["node"] for shard in shards} == {"first", "second"}
        source = connect(first.url, "logs", page_size=101, retries=1)
        for name, n, missing in list_answers(source):
            assert (n, missing) == (2000, ()), name
        pages = source.batches(ALL, ("message",))
        rows = len(next(pages))
        killer = threading.Timer(0.3, second.process.kill)
        killer.start()
        seen = []
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for name, n, missing in list_answers(connect(first.url, "logs", page_size=101)):
                seen.append((name, n, missing))
                assert n == 2000 or missing, name
        rows += sum(map(len, pages))
        assert rows == 2000 or source.find_missing()
        assert all(missing for _, _, missing in seen[-8:]), seen[-8:]
        assert all(0 < n < 2000 for _, n, _ in seen[-8:]), seen[-8:]
        assert {error.key for _, _, missing in seen for error in missing} <= {
            "logs_elasticsearch.partial",
            "logs_elasticsearch.timed_out",
        }


@pytest.fixture(scope="module", params=["elasticsearch-8.19.0", "opensearch-2.19.1"])
def server(request, tmp_path_factory):
    with search_server(request.param, tmp_path_factory.mktemp("server")) as server:
        server.call("PUT", "/logs-a", {"settings": {"number_of_shards": 2}})
        server.load("logs-a", write_documents(BATCHES))
        yield server


@pytest.mark.parametrize("index", ["log-a", "nope*", "logs-a,nope", "logs-a,nope*"])
def test_a_mistyped_index_is_an_error(server, index):
    source = connect(server.url, index)
    for ask in (source.count, source.templates, lambda query: source.search(query, 5)):
        with pytest.raises(LogSourceError) as error:
            ask(ALL)
        assert error.value.key == "logs_elasticsearch.no_index"


def test_more_intervals_than_the_server_gives_at_once_are_counted_in_parts(server):
    query = LogQuery(start_ns=START_NS, end_ns=END_NS)
    server.call("PUT", "/_cluster/settings", {"transient": {"search.max_buckets": 300}})
    try:
        found = connect(server.url, "logs-a").histogram(query, 600 * 10**9, SEOUL, "level")
    finally:
        server.call("PUT", "/_cluster/settings", {"transient": {"search.max_buckets": None}})
    expected = BatchLogSource(BATCHES).histogram(query, 600 * 10**9, SEOUL, "level")
    assert {name: counts.tolist() for name, counts in found.counts.items()} == {
        name: counts.tolist() for name, counts in expected.counts.items()
    }


def count_open_contexts(server) -> int:
    nodes = server.call("GET", "/_nodes/stats/indices/search")["nodes"]
    return sum(node["indices"]["search"]["open_contexts"] for node in nodes.values())


def test_every_point_in_time_is_closed(server):
    source = connect(server.url, "logs-a", page_size=50)
    source.templates(ALL)
    next(source.batches(ALL, ()))
    batches = source.batches(ALL, ("message",))
    next(batches)
    del batches  # as when its reader goes away
    cancelled = threading.Event()
    bound = source.bind(cancelled)
    started = bound.batches(ALL, ())
    next(started)
    cancelled.set()
    with pytest.raises(LogQueryError):
        list(bound.batches(ALL, ()))
    del started
    assert count_open_contexts(server) == 0


def test_a_point_in_time_that_the_server_forgot_is_opened_anew(server):
    own = "/_search/point_in_time/_all" if server.name.startswith("opensearch") else ""
    source = connect(server.url, "logs-a", page_size=50, keep_alive="1ms" if not own else "1m")
    found = []
    for batch in source.batches(ALL, ("message",)):
        found += batch.t_ns.tolist()
        if own:
            server.call("DELETE", own, fails=True)
    assert len(found) == 2000


def test_several_indices_and_aliases_are_one_source(server):
    server.call(
        "PUT", "/logs-b", {"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}}}}
    )
    document = {
        "@timestamp": "2026-11-29T01:00:00.000000001Z",
        "message": "서버에서 왔다",
        "n": 1.5,
    }
    server.load("logs-b", [json.dumps(document)])
    server.call("POST", "/_aliases", {"actions": [{"add": {"index": "logs-b", "alias": "두번째"}}]})
    assert connect(server.url, "logs-*").count(ALL).n == 2001
    (record,) = connect(server.url, "두번째").search(ALL, 5).records
    assert record.t_ns % 1000 == 1
    assert (record.service, record.fields) == ("", {"n": 1.5})
    found = connect(server.url, "logs-*").count(
        LogQuery(start_ns=START_NS, end_ns=END_NS, where=Equals("service", ""))
    )
    assert found.n == 1


def test_fields_that_are_not_indexed_are_read(server):
    server.call(
        "PUT",
        "/dark",
        {"mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}}},
    )
    server.load(
        "dark",
        [
            json.dumps({"@timestamp": "2026-11-29T01:00:00Z", "message": "hidden", "a": {"b": n}})
            for n in range(3)
        ],
    )
    source = connect(server.url, "dark")
    for where, n in (
        (Contains("HIDDEN"), 3),
        (Equals("a.b", "2"), 1),
        (All(), 3),
        (Equals("c", "2"), 0),
    ):
        assert source.count(LogQuery(start_ns=START_NS, end_ns=END_NS, where=where)).n == n


def test_a_field_with_several_values_has_each_of_them(server):
    server.load(
        "many",
        [
            json.dumps({"@timestamp": "2026-11-29T01:00:00Z", "tags": tags})
            for tags in (["a", "b"], ["b"], [])
        ],
    )
    source = connect(server.url, "many")
    assert (
        source.count(LogQuery(start_ns=START_NS, end_ns=END_NS, where=Equals("tags", "a"))).n == 1
    )
    assert source.terms(ALL, "tags", 5).counts == (("b", 2), ("a", 1))
    assert [each.fields.get("tags") for each in source.search(ALL, 5).records].count("a, b") == 1


def test_labels_of_a_flattened_object_are_fields(server):
    kind = "flat_object" if server.name.startswith("opensearch") else "flattened"
    mapping = {"@timestamp": {"type": "date"}, "labels": {"type": kind}}
    server.call("PUT", "/flat", {"mappings": {"properties": mapping}})
    server.load(
        "flat",
        [
            json.dumps(
                {
                    "@timestamp": "2026-11-29T01:00:00Z",
                    "labels": {"team": f"t{n % 2}", "other": "t1"},
                }
            )
            for n in range(4)
        ],
    )
    source = connect(server.url, "flat")
    for where, n in (
        (Equals("labels.team", "t1"), 2),
        (Contains("T", "labels.team"), 4),
        (Equals("labels.x", "t1"), 0),
    ):
        assert source.count(LogQuery(start_ns=START_NS, end_ns=END_NS, where=where)).n == n
    assert source.terms(ALL, "labels.team", 5).counts == (("t0", 2), ("t1", 2))


def test_a_data_stream_is_an_index(server):
    if server.name.startswith("elasticsearch"):
        pytest.skip("the jars of Elasticsearch are without data streams")
    template = {"index_patterns": ["stream-*"], "data_stream": {}}
    server.call("PUT", "/_index_template/stream", template)
    server.load(
        "stream-logs",
        [json.dumps({"@timestamp": "2026-11-29T01:00:00Z", "message": "x"}) for _ in range(3)],
    )
    source = connect(server.url, "stream-*")
    assert source.count(ALL).n == 3
    records = source.search(ALL, 5).records
    assert source.around(records[1].id, 1, 1).records == tuple(reversed(records))


@pytest.fixture(scope="module")
def gate(server, tmp_path_factory):
    """Nginx with TLS before the server, which lets in who has one of some credentials."""
    folder = tmp_path_factory.mktemp("gate")
    made = certificate(folder)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; pid {folder}/pid; error_log {folder}/errors;
        events {{}}
        http {{
          access_log off; client_max_body_size 100k;
          client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
          uwsgi_temp_path {folder}; scgi_temp_path {folder};
          map $http_authorization $known {{
            default 0; "ApiKey abc" 1; "Bearer abc" 1; "Basic a2ltOmFiYw==" 1;
          }}
          server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {made.file}; ssl_certificate_key {made.key};
            location /alive {{ return 200; }}
            location / {{
              if ($known = 0) {{ return 401; }}
              proxy_pass {server.url};
            }}
          }}
        }}"""
    )
    command = [binary("nginx"), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/errors"]
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"https://localhost:{port}", made.file
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(type="ApiKey", secret=Secret("abc")),
        Credentials(type="Bearer", secret=Secret("abc")),
        Credentials(type="Basic", username="kim", secret=Secret("abc")),
    ],
)
def test_a_cluster_behind_tls_lets_in_who_has_a_key(gate, credentials):
    url, authority = gate
    source = connect(url, "logs-a", credentials=credentials, tls=TlsOptions(ca_file=authority))
    assert source.count(ALL).n == 2000
    assert source.templates(ALL).total == 2000


def test_a_wrong_key_an_unknown_authority_and_a_large_query_are_named(gate):
    url, authority = gate
    tls = TlsOptions(ca_file=authority)
    wrong = Credentials(type="ApiKey", secret=Secret("wrong"))
    right = Credentials(type="ApiKey", secret=Secret("abc"))
    large = LogQuery(start_ns=START_NS, end_ns=END_NS, where=Contains("x" * 200_000, "host.name"))
    for changes, query, hint in (
        ({"credentials": wrong, "tls": tls}, ALL, "unauthorized"),
        ({"credentials": right}, ALL, "tls"),
        ({"credentials": right, "tls": tls}, large, "request_too_large"),
    ):
        with pytest.raises(LogSourceError) as error:
            connect(url, "logs-a", **changes).count(query)
        assert error.value.hint == f"logs_elasticsearch.{hint}.hint"
        assert "wrong" not in str(error.value)
