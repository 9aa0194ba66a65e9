"""The HTTP side of the receivers: a request in, the answer that its sender understands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from jipyo.i18n import texts
from jipyo.logs.ingest.receive.decoding import JSON, PROTOBUF, find_media_type
from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.receiver import LogReceiver, QueueFull, find_reason
from jipyo.model.errors import BodyError, StoreError, TooLarge, UnsupportedMediaType
from jipyo.wire.protobuf import encode_field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.errors import JipyoError

PLAIN_TEXT = "text/plain; charset=utf-8"
_OK, _NO_CONTENT = 200, 204
_RETRY_AFTER = {"Retry-After": "1"}
_STATUSES: tuple[tuple[type[JipyoError], int], ...] = (
    (QueueFull, 429),
    (StoreError, 503),
    (TooLarge, 413),
    (UnsupportedMediaType, 415),
    (BodyError, 400),
)
"""The first that an error is an instance of: 4xx says never again, 429 and 503 later."""
_STATUS_MESSAGE = 2
"""The number of the field `message` of `google.rpc.Status`."""
KEPT_HEADERS = ("content-type", "content-encoding")


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A request, read to its end."""

    method: str
    path: str
    """Below the place where the protocol is mounted, without the query string."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """What is sent back."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def build_entry(
    protocol: LogProtocol, request: LogRequest, arrival_ns: int, **about: str
) -> ReceivedEntry:
    """The entry of a request, with what of its headers decoding needs."""
    kept = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
    return ReceivedEntry(protocol, arrival_ns, request.body, {**kept, **about})


def find_status(error: JipyoError) -> int:
    """The status that tells a sender whether to send again."""
    return next(status for kind, status in _STATUSES if isinstance(error, kind))


def answer_error(
    error: BodyError | StoreError, format_text: Callable[[str], tuple[bytes, str]]
) -> LogAnswer:
    """An error in English, which senders write to their logs, in the form of a protocol."""
    status = find_status(error)
    body, media_type = format_text(texts("en").error(error))
    return LogAnswer(status, body, media_type, _RETRY_AFTER if status in (429, 503) else {})


def answer_otlp(receiver: LogReceiver, request: LogRequest, arrival_ns: int) -> LogAnswer:
    """`POST /v1/logs`; the answer is in the request's form."""
    is_json = find_media_type(request.headers) == JSON
    try:
        receiver.receive(build_entry(LogProtocol.OTLP, request, arrival_ns))
    except (BodyError, StoreError) as error:
        receiver.count_rejected(LogProtocol.OTLP.value, find_reason(error))
        return answer_error(error, _format_json_status if is_json else _format_status)
    response = ExportLogsServiceResponse()
    if is_json:
        return LogAnswer(_OK, json_format.MessageToJson(response, indent=None).encode())
    return LogAnswer(_OK, response.SerializeToString(), PROTOBUF)


def answer_loki(receiver: LogReceiver, request: LogRequest, arrival_ns: int) -> LogAnswer:
    """`POST /loki/api/v1/push`."""
    try:
        receiver.receive(build_entry(LogProtocol.LOKI, request, arrival_ns))
    except (BodyError, StoreError) as error:
        receiver.count_rejected(LogProtocol.LOKI.value, find_reason(error))
        return answer_error(error, lambda text: (text.encode(), PLAIN_TEXT))
    return LogAnswer(_NO_CONTENT)


def _format_status(text: str) -> tuple[bytes, str]:
    return encode_field(_STATUS_MESSAGE, text.encode()), PROTOBUF


def _format_json_status(text: str) -> tuple[bytes, str]:
    return orjson.dumps({"message": text}), JSON
