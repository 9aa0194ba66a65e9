"""The part of Elasticsearch's API that senders use: `_bulk`, and what they ask before it.

Filebeat, Logstash, Fluent Bit, Vector, rsyslog and the official clients look at the version,
the licence, templates and lifecycle policies first. Those are not needed here: they are
answered as if they were there, and what is put is acknowledged and not kept.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.i18n import texts
from jipyo.logs.ingest.decode.bulk import answer_items, convert_bulk, decode_bulk, filter_answer
from jipyo.logs.ingest.receive.decoding import JSON, read_body
from jipyo.logs.ingest.receive.entry import LogProtocol
from jipyo.logs.ingest.receive.http_answers import (
    LogAnswer,
    LogRequest,
    build_entry,
    find_status,
)
from jipyo.logs.ingest.receive.receiver import find_reason
from jipyo.model.errors import BodyError, StoreError
from jipyo.wire.elements import WorkLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.logs.ingest.receive.receiver import LogReceiver

VERSION = "8.19.0"
"""The version in answers to senders; theirs may be older or newer."""
_UUID = "amlweW8tbG9ncy1pbmdlc3Q"
_BULK = re.compile(r"/(?:(?P<index>[^/_][^/]*)/(?:[^/]+/)?)?_bulk/?")
_DOCUMENT = re.compile(r"/(?P<index>[^/_][^/]*)/(?P<kind>_doc|_create)(?:/(?P<id>[^/]+))?/?")
_PRODUCT = {"X-elastic-product": "Elasticsearch"}
_ERROR_TYPES = {
    400: "illegal_argument_exception",
    413: "content_too_long_exception",
    415: "media_type_header_exception",
    429: "es_rejected_execution_exception",
    503: "unavailable_shards_exception",
}
_ACKNOWLEDGED = {"acknowledged": True}


def answer_elasticsearch(
    receiver: LogReceiver, request: LogRequest, arrival_ns: int, name: str = "jipyo"
) -> LogAnswer:
    """The answer to any request; 404 for what is not there."""
    bulk, document = _BULK.fullmatch(request.path), _DOCUMENT.fullmatch(request.path)
    try:
        if bulk and request.method in ("POST", "PUT"):
            content = _receive_bulk(receiver, request, bulk["index"] or "", arrival_ns)
            return _build_answer(request, 200, content)
        if document and request.method in ("POST", "PUT"):
            return _receive_document(receiver, request, document, arrival_ns)
    except (BodyError, StoreError) as error:
        receiver.count_rejected(LogProtocol.BULK.value, find_reason(error))
        status = find_status(error)
        return _build_error(request, status, _ERROR_TYPES[status], texts("en").error(error))
    return _answer_question(request, name)


def _receive_bulk(
    receiver: LogReceiver, request: LogRequest, index: str, arrival_ns: int
) -> dict[str, Any]:
    start = time.monotonic()
    entry = build_entry(LogProtocol.BULK, request, arrival_ns, index=index)
    limits = receiver.limits
    items = decode_bulk(read_body(entry, limits), index, WorkLimit(limits.max_elements))
    records = list(convert_bulk(items, arrival_ns))
    rejected = len(items) - len(records)
    if records:
        receiver.accept(entry, records)
    if rejected:
        receiver.count_rejected(LogProtocol.BULK.value, "item", rejected)
    return answer_items(items, int((time.monotonic() - start) * 1000))


def _receive_document(
    receiver: LogReceiver, request: LogRequest, path: re.Match[str], arrival_ns: int
) -> LogAnswer:
    """A single document, as rsyslog sends without its bulk mode."""
    action = "create" if path["kind"] == "_create" else "index"
    head = {action: {"_index": path["index"], **({"_id": path["id"]} if path["id"] else {})}}
    plain = read_body(build_entry(LogProtocol.BULK, request, arrival_ns), receiver.limits)
    body = orjson.dumps(head) + b"\n" + plain.replace(b"\n", b" ").strip() + b"\n"
    inner = LogRequest("POST", "/_bulk", request.query, {}, body)
    answer = _receive_bulk(receiver, inner, path["index"], arrival_ns)["items"][0][action]
    status = int(answer.pop("status"))
    if "error" in answer:
        return _build_error(request, status, answer["error"]["type"], answer["error"]["reason"])
    return _build_answer(request, status, answer)


# ----------------------------------------------------------------------------- questions


def _answer_question(request: LogRequest, name: str) -> LogAnswer:
    path = f"/{request.path.strip('/')}"
    if request.method == "PUT":
        return _build_answer(request, 200, {**_ACKNOWLEDGED, "shards_acknowledged": True})
    if request.method in ("GET", "HEAD", "POST"):
        for pattern, answer in _QUESTIONS:
            found = re.fullmatch(pattern, path)
            if found:
                return _build_answer(request, 200, answer(found.group(found.lastindex or 0), name))
    if request.method == "HEAD":
        return _build_answer(request, 200, {})
    reason = f"no handler found for uri [{path[:200]}] and method [{request.method}]"
    return _build_error(request, 404, "resource_not_found_exception", reason)


def _answer_root(_: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "cluster_name": "jipyo",
        "cluster_uuid": _UUID,
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "tar",
            "build_hash": "jipyo",
            "build_date": "2026-01-01T00:00:00.000000000Z",
            "build_snapshot": False,
            "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }


def _answer_license(_: str, name: str) -> dict[str, Any]:
    del name
    about = {"status": "active", "uid": _UUID, "type": "basic", "mode": "basic"}
    return {"license": {**about, "issued_to": "jipyo", "issuer": "elasticsearch"}}


def _answer_xpack(_: str, name: str) -> dict[str, Any]:
    plain = {"available": True, "enabled": True}
    return {
        "build": {"hash": name, "date": "2026-01-01T00:00:00.000Z"},
        "license": _answer_license("", name)["license"],
        "features": {"ilm": plain, "data_streams": plain, "security": {**plain, "enabled": False}},
        "tagline": "You know, for X",
    }


def _answer_health(_: str, name: str) -> dict[str, Any]:
    return {"cluster_name": name, "status": "green", "timed_out": False, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_shards": 1, "unassigned_shards": 0}  # fmt: skip


def _answer_nodes(_: str, name: str) -> dict[str, Any]:
    """Without addresses, so that a sender that looks for other nodes keeps to this one."""
    node = {"name": name, "version": VERSION, "roles": ["data", "ingest", "master"]}
    return {"_nodes": {"total": 1, "successful": 1, "failed": 0}, "cluster_name": "jipyo",
            "nodes": {_UUID: node}}  # fmt: skip


def _answer_template(template: str, _: str) -> dict[str, Any]:
    inner = {"index_patterns": [f"{template}*"], "composed_of": [], "data_stream": {}}
    return {"index_templates": [{"name": template, "index_template": inner}]}


def _answer_old_template(template: str, _: str) -> dict[str, Any]:
    return {template: {"order": 0, "index_patterns": [f"{template}*"], "settings": {}}}


def _answer_policy(policy: str, _: str) -> dict[str, Any]:
    return {policy: {"version": 1, "policy": {"phases": {"hot": {"actions": {}}}}}}


def _answer_stream(stream: str, _: str) -> dict[str, Any]:
    about = {"name": stream, "timestamp_field": {"name": "@timestamp"}, "status": "GREEN"}
    return {"data_streams": [{**about, "indices": [], "generation": 1, "template": stream}]}


def _answer_pipeline(pipeline: str, _: str) -> dict[str, Any]:
    return {pipeline: {"processors": []}}


def _answer_shards(_: str, name: str) -> dict[str, Any]:
    del name
    return {"_shards": {"total": 1, "successful": 1, "failed": 0}}


_QUESTIONS: tuple[tuple[str, Callable[[str, str], Mapping[str, Any]]], ...] = (
    (r"/", _answer_root),
    (r"/_license", _answer_license),
    (r"/_xpack(?:/.*)?", _answer_xpack),
    (r"/_cluster/health(?:/.*)?", _answer_health),
    (r"/_nodes(?:/.*)?", _answer_nodes),
    (r"/_index_template/([^/]+)", _answer_template),
    (r"/_component_template/([^/]+)", _answer_template),
    (r"/_template/([^/]+)", _answer_old_template),
    (r"/_ilm/policy/([^/]+)", _answer_policy),
    (r"/_data_stream/([^/]+)", _answer_stream),
    (r"/_ingest/pipeline/([^/]+)", _answer_pipeline),
    (r"(?:/[^/_][^/]*)?/(?:_refresh|_flush)", _answer_shards),
)


# ------------------------------------------------------------------------------- answers


def _build_answer(request: LogRequest, status: int, content: Mapping[str, Any]) -> LogAnswer:
    filter_path = request.query.get("filter_path", "")
    answer = filter_answer(content, filter_path) if filter_path else content
    body = b"" if request.method == "HEAD" else orjson.dumps(answer)
    return LogAnswer(status, body, _choose_media_type(request), _PRODUCT)


def _build_error(request: LogRequest, status: int, kind: str, reason: str) -> LogAnswer:
    cause = {"type": kind, "reason": reason}
    content = {"error": {"root_cause": [cause], **cause}, "status": status}
    body = b"" if request.method == "HEAD" else orjson.dumps(content)
    return LogAnswer(status, body, _choose_media_type(request), _PRODUCT)


def _choose_media_type(request: LogRequest) -> str:
    """The one that clients of version 8 and 9 ask for, or plain JSON."""
    found = re.search(r"application/vnd\.elasticsearch\+json *; *compatible-with=\d",
                      request.headers.get("accept", ""))  # fmt: skip
    return found[0] if found else JSON
