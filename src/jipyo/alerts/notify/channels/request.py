"""One POST to a receiver, and what its answer means for the message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jipyo.model.errors import MessageRejected, NetError, NotifyError
from jipyo.net.http import HttpClient, HttpOptions, status_text
from jipyo.net.server import read_retry_after
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.alerts.notify.channels.address import ChannelAddress
    from jipyo.net.http import ClientResponse

_REFUSED = frozenset({400, 413, 415, 422})
"""Statuses about the message itself; all others are about the receiver or our access to it."""
_HINTS = {401: "login", 403: "login", 404: "path", 405: "path", 410: "path", 429: "limit"}
_ANSWER_LIMIT = 1 << 20
_MOST_SHOWN = 200


def build_client(timeout_s: float, ca_file: Path | None) -> HttpClient:
    """A client whose requests end within the timeout, whatever the server does."""
    return HttpClient(
        HttpOptions(
            timeout_s=timeout_s,
            body_limit=_ANSWER_LIMIT,
            follow_redirects=False,  # a redirected POST becomes a GET, and the message is lost
            tls=TlsOptions(ca_file=ca_file),
        )
    )


def post(
    client: HttpClient, address: ChannelAddress, url: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """Send a body; returns where the answer is 2xx.

    Raises:
        MessageRejected: the receiver refuses this body.
        NotifyError: it was not reached, or cannot take a message now.
    """
    try:
        response = client.request("POST", url, headers=headers, body=body, repeatable=False)
    except NetError as error:
        values = {name: address.redact(str(value)) for name, value in error.values.items()}
        raise NotifyError(
            error.key, hint="notify.unreachable.hint", **{**values, "url": address.shown}
        ) from None  # its cause would show the address
    if not 200 <= response.status < 300:
        raise _build_error(response, address)


def _build_error(response: ClientResponse, address: ChannelAddress) -> NotifyError:
    status = response.status
    kind = MessageRejected if status in _REFUSED else NotifyError
    name = "refused" if status in _REFUSED else _HINTS.get(status, "server")
    answer = " ".join(response.body[: 4 * _MOST_SHOWN].decode("utf-8", "replace").split())
    error = kind(
        "notify.status",
        hint=f"notify.hint.{name}",
        url=address.shown,
        status=status,
        reason=status_text(status, response.reason),
        body=address.redact(answer)[:_MOST_SHOWN],
    )
    error.pause_s = read_retry_after(response, time.time())
    return error
