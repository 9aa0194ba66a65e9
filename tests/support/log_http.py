"""HTTP in front of an ingest process, as the web room has it: senders speak to this."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from jipyo.logs.ingest.receive.http_answers import LogRequest
from jipyo.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.logs.ingest.process.supervisor import IngestProcess

APIS = {"/v1/logs": "otlp", "/loki/api/v1/push": "loki"}


@contextlib.contextmanager
def serve(process: IngestProcess, port: int = 0) -> Iterator[str]:
    """The address of a server that hands all requests on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(url.query))
            request = LogRequest(self.command, url.path, query, headers, body)
            try:
                answer = process.send(APIS.get(url.path, "elasticsearch"), request)
            except StoreError:
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Type", answer.media_type)
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
