"""A TCP server that follows a script byte by byte: what no HTTP server would do."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class RawServer:
    """Its address, and every request that it read."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def read_request(connection: socket.socket) -> bytes:
    """A request with the body that its Content-Length names; empty where the client left."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


def response(body: bytes = b"ok", status: str = "200 OK", **headers: str) -> bytes:
    """A response with its length; `content_type` becomes Content-Type."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-').title()}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def raw_server(*connections: list[bytes]) -> Iterator[RawServer]:
    """Answers request by request with the bytes of each connection's list, then closes it.

    The last list serves all further connections.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        server = RawServer(listener.getsockname()[1])
        done = threading.Event()

        def talk(connection: socket.socket, answers: list[bytes]) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                for answer in answers:
                    request = read_request(connection)
                    if not request:
                        return
                    server.requests.append(request)
                    connection.sendall(answer)

        def serve() -> None:
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    answers = connections[min(server.connections, len(connections) - 1)]
                    server.connections += 1
                    threading.Thread(target=talk, args=(connection, answers), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            done.set()
            thread.join(5)


@contextlib.contextmanager
def dripping(data: bytes, pause_s: float, first: bytes = b"") -> Iterator[str]:
    """The URL of a server that sends `first` at once and `data` one byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        done = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    read_request(connection)
                    connection.sendall(first)
                    while not done.is_set():
                        for byte in data:
                            connection.sendall(bytes([byte]))
                            if done.wait(pause_s):
                                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            done.set()
            thread.join(5)
