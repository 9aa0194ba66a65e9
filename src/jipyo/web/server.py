"""The listening socket and the server that runs on it until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn

from jipyo.model.errors import ServeError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from starlette.types import ASGIApp

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
_PATIENCE_S = 5
_MAX_HEAD_BYTES = 256 << 10
"""A question may be 16 KiB of text, three times as much in an address."""


def listen(host: str, port: int) -> socket.socket:
    """Take the address, before anything else is opened; port 0 is any free one.

    Raises:
        ServeError: somebody else has it, we may not have it, or there is no such address.
    """
    try:
        found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        return _bound(family, place)
    except socket.gaierror as error:
        raise _refused("web.no_such_address", host, port, error) from error
    except PermissionError as error:
        raise _refused("web.port_forbidden", host, port, error) from error
    except OSError as error:
        key = {
            errno.EADDRINUSE: "web.port_in_use",
            errno.EADDRNOTAVAIL: "web.no_such_address",
        }.get(error.errno or 0, "web.cannot_listen")
        raise _refused(key, host, port, error) from error


def _bound(family: socket.AddressFamily, place: tuple[Any, ...]) -> socket.socket:
    # With the protocol named (create_server does not), asyncio sends small answers at once;
    # without, each waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _refused(key: str, host: str, port: int, error: OSError) -> ServeError:
    reason = error.strerror or str(error)
    return ServeError(key, hint=f"{key}.hint", host=host, port=port, reason=reason)


def address(listener: socket.socket) -> str:
    """How a browser on this machine calls the server."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


class _Server(uvicorn.Server):
    """uvicorn that leaves signals alone and looks at an event instead, ten times a second."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stop: threading.Event
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stop = stop

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or self._stop.is_set()
        return await super().on_tick(counter)


def serve(
    app: ASGIApp, listener: socket.socket, *, ready: Callable[[], None], stop: threading.Event
) -> None:
    """Serve until `stop` is set, then let running answers end for a few seconds.

    Blocks; in the main thread, signal handlers of the caller run while it serves. `ready`
    is called once requests are taken.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        http="h11",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_PATIENCE_S,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
    )
    asyncio.run(_Server(config, ready, stop).serve(sockets=[listener]))
