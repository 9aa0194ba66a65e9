"""An HTTP server that answers as badly as a test asks for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Where it listens, and the headers of every request it got."""

    port: int
    answer: Answer
    seen: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what many tests are about."""


@contextlib.contextmanager
def serve_in_thread(http: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server answer for the length of a `with`."""
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@contextlib.contextmanager
def serving(answer: Answer, wrap: Callable[[Any], Any] | None = None) -> Iterator[Server]:
    server = Server(0, answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.seen.append({"path": self.path, **dict(self.headers)})
            server.answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    http = Quiet(("127.0.0.1", 0), Handler)
    if wrap is not None:
        http.socket = wrap(http.socket)
    server.port = http.server_address[1]
    with serve_in_thread(http):
        yield server


def page(body: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """Answers with this body; `content_type` becomes Content-Type."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_type": "text/plain; version=0.0.4", **headers}.items():
            if value:
                handler.send_header(name.replace("_", "-").title(), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        if length is not None:
            handler.close_connection = True

    return answer
