"""`/v1/metrics`: OTLP over HTTP, in protobuf or JSON; the response is in the request's form."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import orjson
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from jipyo.collect.receive import otlp
from jipyo.model.errors import UnsupportedMediaType
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import JSON, WebRequest, WebResponse
from jipyo.web.ingest import errors
from jipyo.web.ingest.receiver import describe_rejections
from jipyo.wire import protobuf

if TYPE_CHECKING:
    from jipyo.collect.receive.batch import ReceivedBatch
    from jipyo.model.sample import Appended
    from jipyo.web.ingest.receiver import Receiver

_PROTOBUF = "application/x-protobuf"
_MESSAGE_FIELD = b"\x12"
"""The tag of field 2 (`message`) of `google.rpc.Status`."""


def routes(receiver: Receiver) -> list[Route]:
    """The standard path, and the one that Prometheus has."""
    converter, lock = otlp.OtlpConverter(), threading.Lock()
    export = partial(export_metrics, receiver, converter, lock)
    return [
        Route(path, export, format_error, ("POST",))
        for path in ("/v1/metrics", "/api/v1/otlp/v1/metrics")
    ]


def export_metrics(
    receiver: Receiver, converter: otlp.OtlpConverter, lock: threading.Lock, request: WebRequest
) -> WebResponse:
    """Store a request's points; the converter sums up delta points, one request at a time."""
    if request.media_type not in (_PROTOBUF, JSON):
        known = f"{_PROTOBUF}, {JSON}"
        raise UnsupportedMediaType("receive.content_type", type=request.media_type, known=known)
    is_json = request.media_type == JSON
    limit = receiver.limit_work(request)
    message = otlp.parse_request(receiver.read_body(request), as_json=is_json, work_limit=limit)
    with lock:
        batch = converter.convert(message, limit)
        appended = receiver.append("otlp", batch)
        converter.commit()
    response = build_response(appended, batch)
    if is_json:
        return WebResponse(json_format.MessageToJson(response, indent=None).encode())
    return WebResponse(response.SerializeToString(), media_type=_PROTOBUF)


def build_response(appended: Appended, batch: ReceivedBatch) -> ExportMetricsServiceResponse:
    """A success, partial where points were rejected or left out."""
    response = ExportMetricsServiceResponse()
    lost = sum(appended.rejected.values()) + sum(batch.left_out.values())
    if lost:
        text = describe_rejections(appended, batch, batch.left_out)
        response.partial_success.rejected_data_points = lost
        response.partial_success.error_message = text
    return response


def format_error(error: Exception, request: WebRequest) -> WebResponse:
    """A `google.rpc.Status` with the message alone, as OTLP/HTTP wants it."""
    plain = errors.format_error(error, request)
    assert isinstance(plain.body, bytes)
    if request.media_type == JSON:
        body, media_type = orjson.dumps({"message": plain.body.decode()}), JSON
    else:
        body = _MESSAGE_FIELD + protobuf.encode_varint(len(plain.body)) + plain.body
        media_type = _PROTOBUF
    return WebResponse(body, plain.status, media_type, plain.headers)
