"""A network path to a server that a test can break: refused, silent, or cut in mid answer."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing the socket resets the connection."""


class LinkState(Enum):
    """What the path does with a connection."""

    OPEN = "open"
    REFUSED = "refused"
    """Nothing listens, and connections that were open are reset."""
    SILENT = "silent"
    """Connections are accepted and stay open; nothing gets through until the path is open."""
    CUT = "cut"
    """Half of the first part of an answer gets through, then the connection is reset."""


class NetworkLink:
    """Carries connections from a port of its own to a server on this machine."""

    def __init__(self, server_port: int) -> None:
        """The path is open."""
        self._server_port = server_port
        self._state = LinkState.OPEN
        self._is_open = threading.Event()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    def set_state(self, state: LinkState) -> None:
        """Change what happens from now on, to connections that are open too."""
        was_refused = self._state is LinkState.REFUSED
        self._state = state
        if state is LinkState.REFUSED and not was_refused:
            # A thread that waits in accept keeps a closed socket listening.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._reset_all()
        elif was_refused and state is not LinkState.REFUSED:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listen()
        if state is LinkState.SILENT:
            self._is_open.clear()
        else:
            self._is_open.set()

    def close(self) -> None:
        """Refuse everything from now on."""
        self.set_state(LinkState.REFUSED)

    def _listen(self) -> None:
        self._is_open.set()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port), 30)
                except OSError:
                    _reset(client)
                    continue
                server.settimeout(None)
                with self._lock:
                    self._sockets |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(
                        target=self._carry, args=(source, sink, source is server), daemon=True
                    ).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._is_open.wait()
                if is_answer and self._state is LinkState.CUT:
                    sink.sendall(data[: len(data) // 2])
                    break
                sink.sendall(data)
            else:
                sink.shutdown(socket.SHUT_WR)
                return
        self._drop(source, sink)

    def _drop(self, *sockets: socket.socket) -> None:
        for one in sockets:
            _reset(one)
        with self._lock:
            self._sockets -= set(sockets)

    def _reset_all(self) -> None:
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            _reset(one)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it
    one.close()


@contextlib.contextmanager
def linked(server_port: int) -> Iterator[NetworkLink]:
    """A path to this port for the length of a `with`."""
    link = NetworkLink(server_port)
    try:
        yield link
    finally:
        link.close()
