"""`/api/v1/write`: Prometheus remote write, 1.0 and 2.0."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.model.errors import UnsupportedMediaType
from jipyo.web.http.endpoint import Route
from jipyo.web.ingest.errors import format_error
from jipyo.web.ingest.receiver import respond_appended
from jipyo.wire.remote_write import V1, V2, WRITTEN

if TYPE_CHECKING:
    from jipyo.web.http.message import WebRequest, WebResponse
    from jipyo.web.ingest.receiver import Receiver

_PROTOBUF = "application/x-protobuf"


def routes(receiver: Receiver) -> list[Route]:
    """The route into a receiver."""
    parser, lock = RemoteWriteParser(), threading.Lock()

    def write(request: WebRequest) -> WebResponse:
        message = find_message_name(request.headers.get("content-type", ""))
        body = receiver.read_body(request, "snappy")
        limit = receiver.limit_work(request)
        parse = parser.parse_v2 if message == V2 else parser.parse_v1
        with lock:
            batch = parse(body, limit)
        appended = receiver.append("remote_write", batch)
        headers = build_written_headers(appended.samples) if message == V2 else None
        return respond_appended(appended, batch, headers)

    return [Route("/api/v1/write", write, format_error, ("POST",))]


def find_message_name(content_type: str) -> str:
    """The protobuf message that a content type names; that of 1.0 where it names none.

    Raises:
        UnsupportedMediaType: it is neither that of 1.0 nor that of 2.0.
    """
    # Senders older than the specification send no content type.
    media_type, *parameters = (part.strip() for part in (content_type or _PROTOBUF).split(";"))
    by_name = dict(parameter.partition("=")[::2] for parameter in parameters)
    message = by_name.get("proto", V1).strip('"')
    if media_type.lower() != _PROTOBUF or message not in (V1, V2):
        known = f"{_PROTOBUF};proto={V1}, {_PROTOBUF};proto={V2}"
        raise UnsupportedMediaType("receive.content_type", type=content_type, known=known)
    return message


def build_written_headers(samples: int) -> dict[str, str]:
    """The headers that 2.0 requires of a response; histograms and exemplars are not stored."""
    counts = {"Samples": samples, "Histograms": 0, "Exemplars": 0}
    return {WRITTEN.format(name): str(count) for name, count in counts.items()}
