"""A server with Prometheus' HTTP API whose answers a test writes, and which keeps what it got."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from support.http_server import serve_in_thread


@dataclass(frozen=True)
class ApiRequest:
    """A request: the path behind `/api/v1/`, and its parameters wherever they stood."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class ApiResponse:
    """A response; a body that is no bytes is written as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[ApiRequest], ApiResponse]


@dataclass
class ApiServer:
    """Where it listens, and what it got."""

    url: str
    requests: list[ApiRequest] = field(default_factory=list)


@contextlib.contextmanager
def api_server(answer: Answer, prefix: str = "") -> Iterator[ApiServer]:
    """Answers below `prefix` for the length of a `with`; 404 elsewhere."""
    server = ApiServer("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond(b"")

        def do_POST(self) -> None:
            self._respond(self.rfile.read(int(self.headers["Content-Length"])))

        def _respond(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            start = f"{prefix}/api/v1/"
            if not parts.path.startswith(start):
                self._send(ApiResponse(404, b"404 page not found"))
                return
            params = parse_qs(body.decode() or parts.query, keep_blank_values=True)
            path = parts.path.removeprefix(start)
            request = ApiRequest(self.command, path, params, dict(self.headers))
            server.requests.append(request)
            self._send(answer(request))

        def _send(self, response: ApiResponse) -> None:
            body = (
                response.body if isinstance(response.body, bytes) else orjson.dumps(response.body)
            )
            self.send_response(response.status)
            for name, text in response.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep requests out of the tests' output."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}{prefix}"
    with serve_in_thread(http):
        yield server


def success(data: Any, **more: Any) -> ApiResponse:
    return ApiResponse(200, {"status": "success", **more, "data": data})


def failure(status: int, kind: str, text: str) -> ApiResponse:
    return ApiResponse(status, {"status": "error", "errorType": kind, "error": text})


def vector(*rows: tuple[Mapping[str, str], float], t_s: float) -> dict[str, Any]:
    result = [{"metric": labels, "value": [t_s, str(value)]} for labels, value in rows]
    return {"resultType": "vector", "result": result}
