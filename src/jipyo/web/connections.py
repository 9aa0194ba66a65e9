"""How many connections may be open, and how long one may keep us waiting for its client.

A client that connects and says nothing, sends half a request or never reads its answer holds
a descriptor and memory. So each such wait has a limit. When all connections are taken, the
one that has been silent longest makes room for the new one: idle connections, however many,
keep no one out (Prometheus' `netutil.LimitListener` lets newcomers wait instead).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from h11 import LocalProtocolError
from uvicorn.protocols.http.h11_impl import H11Protocol

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

_LOG = logging.getLogger(__name__)
OPEN = "jipyo_http_connections"
CLOSED = "jipyo_http_connections_closed_total"
_BUSY_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 22\r\nretry-after: 5\r\nconnection: close\r\n\r\nToo many connections.\n"
)


class Wait(Enum):
    """What a connection expects from its client."""

    REQUEST = "idle"
    HEAD = "head"
    """The rest of a request's head."""
    BODY = "body"
    """The rest of a request's body."""
    READING = "response"
    """The client is to read what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How many connections may be open, and how many seconds each wait may last."""

    max_open: int = 512
    """As Prometheus' `--web.max-connections`."""
    idle_s: float = 75
    head_s: float = 30
    transfer_s: float = 300
    """For a body or a response as a whole; Prometheus' `--web.read-timeout`."""
    stall_s: float = 30
    """Without a byte of a body, or of a response."""

    def is_over(self, wait: Wait, waited_s: float, silent_s: float) -> bool:
        """Whether a wait has lasted too long: since it began, and since the last byte."""
        if wait is Wait.REQUEST:
            return waited_s > self.idle_s
        if wait is Wait.HEAD:
            return waited_s > self.head_s
        return waited_s > self.transfer_s or silent_s > self.stall_s


class Connections:
    """The open connections of a server; only `families` may be called by other threads."""

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.limits = limits or ConnectionLimits()
        self._open: set[Connection] = set()
        self._closed = dict.fromkeys(("limit", "refused", *(wait.value for wait in Wait)), 0)
        self._is_full = False

    def add(self, connection: Connection) -> None:
        """Admit a connection, in the place of a silent one where there is no other."""
        self._open.add(connection)
        if len(self._open) <= self.limits.max_open:
            return
        if not self._is_full:
            self._is_full = True
            _LOG.warning(
                "web: %d connections are open, which is the limit; for each further one "
                "the one that has been silent longest is closed",
                self.limits.max_open,
            )
        silent = [other for other in self._open if other is not connection and other.find_wait()]
        if silent:
            self._close(min(silent, key=lambda other: other.active_s), "limit")
        else:
            self._closed["refused"] += 1
            connection.transport.write(_BUSY_RESPONSE)
            connection.transport.close()

    def discard(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._open.discard(connection)

    def close_overdue(self, now_s: float) -> None:
        """Close the connections that have waited for their clients too long."""
        for connection in tuple(self._open):
            wait = connection.update_wait(now_s)
            waited_s, silent_s = now_s - connection.waits_since_s, now_s - connection.active_s
            if wait and self.limits.is_over(wait, waited_s, silent_s):
                self._close(connection, wait.value)
        if self._is_full and len(self._open) < self.limits.max_open * 3 / 4:
            self._is_full = False
            _LOG.info("web: %d connections are open, within the limit again", len(self._open))

    def _close(self, connection: Connection, reason: str) -> None:
        self._open.discard(connection)
        self._closed[reason] += 1
        connection.transport.abort()

    def families(self) -> tuple[Family, ...]:
        """How many are open, and how many were closed for which reason."""
        closed = tuple(
            FamilySample(Labels.of({METRIC_NAME: CLOSED, "reason": reason}), float(count))
            for reason, count in sorted(self._closed.items())
        )
        count = FamilySample(Labels.of({METRIC_NAME: OPEN}), float(len(self._open)))
        return (
            Family(OPEN, MetricType.GAUGE, "Open HTTP connections.", (count,)),
            Family(CLOSED, MetricType.COUNTER, "Connections that the server closed.", closed),
        )


class Connection(H11Protocol):
    """uvicorn's connection, which knows for how long it has been waiting for its client."""

    def __init__(self, connections: Connections, **settings: Any) -> None:
        super().__init__(**settings)
        self.active_s = self.waits_since_s = self.loop.time()
        self._registry = connections
        self._wait: Wait | None = Wait.REQUEST
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's type
        """Take a place among the connections."""
        super().connection_made(transport)
        self._registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._registry.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that the client is alive."""
        self.active_s = self.loop.time()
        if not self.transport.is_closing():
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Tell the client that its request is malformed, unless a response has begun.

        What is wrong may be the body of a request that is being answered: that ends.
        """
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except LocalProtocolError:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Note when the wait for the next request begins."""
        self.active_s = self.loop.time()
        super().on_response_complete()

    def find_wait(self) -> Wait | None:
        """What the client is to do next; None while a response is being made."""
        if self.transport.get_write_buffer_size():
            return Wait.READING
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return Wait.HEAD if self.conn.trailing_data[0] else Wait.REQUEST
        return Wait.BODY if cycle.more_body else None

    def update_wait(self, now_s: float) -> Wait | None:
        """The same, noting when it began and whether the client has read something."""
        wait, unread_bytes = self.find_wait(), self.transport.get_write_buffer_size()
        if wait is not self._wait:
            self._wait, self.waits_since_s = wait, now_s
        if unread_bytes != self._unread_bytes:
            self._unread_bytes, self.active_s = unread_bytes, now_s
        return wait
