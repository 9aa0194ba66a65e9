"""Logs in real Elasticsearch and OpenSearch servers: the contract of every log source."""

from __future__ import annotations

import pytest

from jipyo.logs.elasticsearch import ElasticsearchOptions, ElasticsearchSource
from jipyo.logs.evaluate import BatchLogSource
from logs.contract.records import build_batches, write_documents
from logs.contract.suite import LogSourceContract, Subject
from support.search_servers import VERSIONS, search_server

pytestmark = pytest.mark.integration

ECS = {
    "@timestamp": {"type": "date_nanos"},
    "message": {"type": "text"},
    "log.level": {"type": "keyword"},
    "service.name": {"type": "keyword"},
    "host.name": {"type": "keyword"},
    "trace.id": {"type": "keyword"},
    "user.name": {"type": "keyword"},
    "only.api": {"type": "keyword"},
    "stack": {"type": "text"},
    "status": {"type": "short"},
    "took": {"type": "double"},
    "ok": {"type": "boolean"},
}
INDICES = {
    "dynamic": {"settings": {"number_of_shards": 3, "number_of_replicas": 0}},
    "ecs": {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"properties": ECS},
    },
}
BATCHES = build_batches(4000)


@pytest.fixture(scope="module")
def reference():
    return BatchLogSource(BATCHES)


@pytest.fixture(scope="module", params=VERSIONS)
def server(request, tmp_path_factory):
    with search_server(request.param, tmp_path_factory.mktemp(request.param)) as server:
        for index, body in INDICES.items():
            server.call("PUT", f"/{index}", body)
            server.load(index, write_documents(BATCHES))
        yield server


@pytest.fixture(scope="module", params=INDICES)
def subject(request, server):
    options = ElasticsearchOptions(
        name="logs", url=server.url, index=request.param, page_size=701, slices=2
    )
    source = ElasticsearchSource(options)
    yield Subject(source, keeps_arrival=request.param == "ecs")
    source.close()


class TestServers(LogSourceContract):
    """See `suite`."""
