"""The listening socket, and the server that runs on it until it is stopped."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from jipyo.model.errors import ServeError
from jipyo.web.connections import Connection, Connections

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from starlette.types import ASGIApp

_BACKLOG = 2048
_ACCEPTED_AT_ONCE = 32
_TICKS_PER_CHECK = 10
_GRACE_S = 5
_MAX_HEAD_BYTES = 256 << 10
"""As much as an expression may have; what is longer once percent-encoded comes by POST."""
_KEYS = {
    errno.EADDRINUSE: "web.port_in_use",
    errno.EADDRNOTAVAIL: "web.no_such_address",
    errno.EACCES: "web.port_forbidden",
    errno.EPERM: "web.port_forbidden",
}


def listen(host: str, port: int) -> socket.socket:
    """Bind the address, before anything else is opened; port 0 is any free one.

    Raises:
        ServeError: another program has it, we may not have it, or there is no such address.
    """
    try:
        addresses = socket.getaddrinfo(
            host, port, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = addresses[0]
        return _bind(family, address)
    except OSError as error:
        is_unknown_name = isinstance(error, socket.gaierror)
        key = "web.no_such_address" if is_unknown_name else _KEYS.get(error.errno or 0)
        raise ServeError(
            key or "web.cannot_listen",
            hint=f"{key or 'web.cannot_listen'}.hint",
            host=host,
            port=port,
            reason=error.strerror or str(error),
        ) from error


def _bind(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    # With the protocol named (create_server does not), asyncio sends small answers at once;
    # without, each waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL by which a browser on this machine reaches the server."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class _Server(uvicorn.Server):
    """uvicorn that leaves signals alone and polls an event instead, ten times a second."""

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        ready: Callable[[], None],
        stop: threading.Event,
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._ready = ready
        self._stop = stop

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator there
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # asyncio accepts as many connections at a time as may wait, before it closes any: so
        # it gets a small number, and the sockets the true one.
        for listener in sockets or ():
            listener.listen(_BACKLOG)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or self._stop.is_set()
        if counter % _TICKS_PER_CHECK == 0:
            self._connections.close_overdue(asyncio.get_running_loop().time())
        return await super().on_tick(counter)


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    stop: threading.Event,
    connections: Connections | None = None,
) -> None:
    """Serve until `stop` is set; responses in progress then have a few seconds to finish.

    Blocks; in the main thread, signal handlers of the caller run meanwhile. `ready` is
    called once requests are accepted.
    """
    connections = connections or Connections()
    config = uvicorn.Config(
        app,
        backlog=_ACCEPTED_AT_ONCE,
        log_config=None,
        log_level="error",  # a warning for each malformed request would fill the log
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        http=cast("type[asyncio.Protocol]", partial(Connection, connections)),
        server_header=False,
        timeout_keep_alive=ceil(connections.limits.idle_s),
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
    )
    asyncio.run(_Server(config, connections, ready, stop).serve(sockets=[listener]))
