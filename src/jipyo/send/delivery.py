"""One request of remote write: how it is sent, and what the response means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.errors import JipyoError, NetError, SendError
from jipyo.net.http import HttpClient, HttpOptions, status_text
from jipyo.net.server import read_retry_after
from jipyo.send.options import Protocol
from jipyo.wire.compression import compress_snappy
from jipyo.wire.remote_write import V2, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.net.http import ClientResponse
    from jipyo.send.options import RemoteWriteOptions

    Post = Callable[[bytes, Mapping[str, str]], ClientResponse]
    """Sends a body with these headers; raises a NetError."""

_RESPONSE_LIMIT = 1 << 20
_MOST_SHOWN = 200
BAD_REQUEST, TOO_LARGE = 400, 413
_UNSUPPORTED, _TOO_MANY = 415, 429
_HEADERS = {
    Protocol.V1: {
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
    Protocol.V2: {
        "Content-Type": f"application/x-protobuf;proto={V2}",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
    },
}


class Delivery(Enum):
    """What became of a request."""

    DELIVERED = "delivered"
    RETRY = "retry"
    """Nothing is known to be stored; it can be sent again."""
    REJECTED = "rejected"
    """Sending it again would not help."""
    WITHOUT_V2 = "without_v2"
    """The server does not know 2.0, and has stored nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request, and why."""

    delivery: Delivery
    written: int | None = None
    """Samples that the server reports as stored; None where it reports none."""
    error: JipyoError | None = None
    pause_s: float = 0.0
    """How long the server asks to wait."""
    status: int = 0
    """Of the response; 0 where there was none."""


def build_post(options: RemoteWriteOptions) -> Post:
    """Sends bodies to a destination, on connections that are kept."""
    client = HttpClient(
        HttpOptions(
            timeout_s=options.timeout_s,
            body_limit=_RESPONSE_LIMIT,
            follow_redirects=False,  # a redirected POST may become a GET, and samples be lost
            headers=tuple((name, value.reveal()) for name, value in options.headers),
            credentials=options.credentials,
            tls=options.tls,
            proxy_url=options.proxy_url,
            connections=options.max_shards,
        )
    )

    def post(body: bytes, headers: Mapping[str, str]) -> ClientResponse:
        # The same samples twice are stored once, so a request may be repeated.
        return client.request("POST", options.url, headers=headers, body=body, repeatable=True)

    return post


def deliver(post: Post, message: bytes, protocol: Protocol, now_s: float) -> Outcome:
    """Send a message; what became of it. `now_s` is the time of the wall clock."""
    headers = {**_HEADERS[protocol], "Content-Encoding": "snappy"}
    try:
        response = post(compress_snappy(message), headers)
    except NetError as error:
        return Outcome(Delivery.RETRY, error=error)
    return judge_response(response, protocol, now_s)


def judge_response(response: ClientResponse, protocol: Protocol, now_s: float) -> Outcome:
    """What became of the samples of a request, by its response."""
    status = response.status
    written = read_written(response.headers) if protocol is Protocol.V2 else None
    if 200 <= status < 300:
        if protocol is Protocol.V2 and written is None:
            # A server of 1.0 ignores the fields of 2.0 and answers 204.
            error = SendError("send.without_v2", url=response.url)
            return Outcome(Delivery.WITHOUT_V2, error=error, status=status)
        return Outcome(Delivery.DELIVERED, written)
    error = SendError(
        "send.status",
        url=response.url,
        status=status,
        reason=status_text(status, response.reason),
        body=shorten(response.body),
    )
    if status == _UNSUPPORTED and protocol is Protocol.V2:
        return Outcome(Delivery.WITHOUT_V2, error=error, status=status)
    if status == _TOO_MANY or not 400 <= status < 500:
        pause_s = read_retry_after(response, now_s)
        return Outcome(Delivery.RETRY, error=error, pause_s=pause_s)
    return Outcome(Delivery.REJECTED, written, error=error, status=status)


def read_written(headers: Mapping[str, str]) -> int | None:
    """How many samples a server of 2.0 reports as stored; None where it does not."""
    text = headers.get(WRITTEN.format("Samples"), "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def shorten(body: bytes) -> str:
    """The beginning of a response as one line."""
    text = " ".join(body[: 4 * _MOST_SHOWN].decode("utf-8", "replace").split())
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
