"""A reverse proxy that serves a site below a path, as nginx does with `location /monitor/`."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import urllib3

from support.http_server import serve_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOP_BY_HOP = {"connection", "content-encoding", "content-length", "transfer-encoding"}
_OWN = {"connection", "host", "accept-encoding"}
"""What the proxy says to the upstream by itself."""


@contextmanager
def serve_below(prefix: str, upstream: str) -> Iterator[str]:
    """Serve `upstream` below `prefix` (`/monitor/`) for the length of a `with`; yields the URL.

    Like a proxy that rewrites nothing, it cuts the prefix off the path and leaves the headers of
    requests and the answers as they are. Addresses outside the prefix are 404.
    """
    pool = urllib3.PoolManager()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if not self.path.startswith(prefix):
                self._send(404, {}, b"outside the prefix")
                return
            url = f"{upstream}/{self.path.removeprefix(prefix)}"
            asked = {k: v for k, v in self.headers.items() if k.lower() not in _OWN}
            answer = pool.request(
                "GET", url, headers=asked, retries=False, redirect=False, timeout=60
            )
            headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
            self._send(answer.status, headers, answer.data)

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep requests out of the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serve_in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    pool.clear()
