"""Receivers of messages: an HTTP server that answers as told, and a real SMTP server."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

from support.http_server import Quiet, serve_in_thread
from support.services import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclass
class WebhookServer:
    """Keeps every POST; answers with `status` and `headers`."""

    port: int = 0
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event = field(default_factory=threading.Event)
    """It answers once this is set, which it is but for tests of a server that hangs."""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers (with `path`) and body of each POST that was answered 2xx."""
    attempts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/t0ken?auth=s3cret"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.posts]


@contextlib.contextmanager
def webhook_server(port: int = 0) -> Iterator[WebhookServer]:
    server = WebhookServer()
    server.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.attempts += 1
            server.hold.wait(30)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if server.status < 300:
                server.posts.append(({"path": self.path, **dict(self.headers)}, body))
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(server.answer)))
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *args: Any) -> None:
            pass

    http = Quiet(("127.0.0.1", port), Handler)
    server.port = http.server_address[1]
    with serve_in_thread(http):
        yield server


@dataclass
class MailServer:
    """Keeps every mail; `reply` is what it answers to the end of the data."""

    port: int = 0
    reply: str = "250 OK"
    refused: tuple[str, ...] = ()
    """Recipients that do not exist."""
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.reply.startswith("2"):
            mail: Any = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append(mail)
        return self.reply


@contextlib.contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """A server of SMTP; `options` are those of aiosmtpd's controller."""
    server = MailServer(free_port())
    controller: Any = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
