"""Requests from the process that serves HTTP to the one that stores, by a Unix socket.

A frame is its length in eight bytes, the length of a head in JSON in four, the head, and the
body; request and answer are a frame each. Only the user that runs jipyo can connect.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.logs.ingest.receive.elasticsearch_api import answer_elasticsearch
from jipyo.logs.ingest.receive.http_answers import (
    LogAnswer,
    LogRequest,
    answer_loki,
    answer_otlp,
)
from jipyo.model.errors import MalformedBody, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.logs.ingest.receive.receiver import LogReceiver

_LOG = logging.getLogger(__name__)
_SIZES = struct.Struct("<QI")
_MAX_FRAME_BYTES = 256 << 20
_MAX_CONNECTIONS = 64
_PRIVATE = 0o600
_TIMEOUT_S = 60.0
_PATIENCE_S = 30.0
_RETRY_S = 0.1
Answering = Callable[["LogReceiver", LogRequest, int], LogAnswer]
APIS: dict[str, Answering] = {
    "elasticsearch": answer_elasticsearch,
    "loki": answer_loki,
    "otlp": answer_otlp,
}
"""By the name under which a request is handed on."""


def write_frame(sock: socket.socket, head: dict[str, Any], body: bytes) -> None:
    """Send a frame."""
    line = orjson.dumps(head)
    sock.sendall(_SIZES.pack(len(line) + len(body), len(line)) + line)
    sock.sendall(body)


def read_frame(sock: socket.socket) -> tuple[Any, bytes] | None:
    """The next frame; None where the connection ended before it.

    Raises:
        OSError: the connection broke.
        MalformedBody: it is none.
    """
    sizes = _read_exactly(sock, _SIZES.size)
    if sizes is None:
        return None
    size, head_size = _SIZES.unpack(sizes)
    if size > _MAX_FRAME_BYTES or head_size > size:
        raise MalformedBody("wire.damaged", reason="no frame")
    content = _read_exactly(sock, size)
    if content is None:
        return None
    try:
        return orjson.loads(content[:head_size]), content[head_size:]
    except ValueError as error:
        raise MalformedBody("wire.damaged", reason="no frame") from error


def _read_exactly(sock: socket.socket, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@contextlib.contextmanager
def shorten(path: Path) -> Iterator[str]:
    """An address of a socket in a folder whose own path may be longer than an address can be."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class ChannelServer:
    """Answers requests in the process that stores, a thread for each connection."""

    def __init__(self, path: Path, receiver: LogReceiver, now_ns: Callable[[], int]) -> None:
        """Listen.

        Raises:
            OSError: that is not possible.
        """
        self._receiver = receiver
        self._now_ns = now_ns
        self._path = path
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with shorten(path) as address:
            self._listener.bind(address)
        path.chmod(_PRIVATE)
        self._listener.listen(_MAX_CONNECTIONS)
        self._thread = threading.Thread(target=self._run, name="channel", daemon=True)

    def start(self) -> None:
        """Begin to answer; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more; what is being answered still is."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # it was closed
            with self._lock:
                self._connections.add(connection)
            serve = threading.Thread(
                target=self._serve, args=(connection,), name="channel-request", daemon=True
            )
            serve.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                while (frame := read_frame(connection)) is not None:
                    head, body = frame
                    answer = self._answer(head, body)
                    reply = {
                        "status": answer.status,
                        "media_type": answer.media_type,
                        "headers": dict(answer.headers),
                    }
                    write_frame(connection, reply, answer.body)
        except (OSError, MalformedBody) as error:
            _LOG.debug("a request was not answered: %s", error)
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _answer(self, head: dict[str, Any], body: bytes) -> LogAnswer:
        request = LogRequest(head["method"], head["path"], head["query"], head["headers"], body)
        return APIS[head["api"]](self._receiver, request, self._now_ns())


class ChannelClient:
    """Hands requests on; any thread may call."""

    def __init__(self, path: Path, patience_s: float = _PATIENCE_S) -> None:
        """Connect when there is something to send; wait so long for a process that restarts.

        Some senders (rsyslog) drop what is answered with 503. Those that wait less than this hang
        up, and send again.
        """
        self._path = path
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []

    def send(
        self, api: str, request: LogRequest, cancelled: threading.Event | None = None
    ) -> LogAnswer:
        """The answer to a request, once what it holds is on disk.

        A request that is cancelled is not sent any more: its sender will send it again.

        Raises:
            StoreError: the process that stores does not run, or ended before it answered.
        """
        head = {
            "api": api,
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "headers": dict(request.headers),
        }
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        frame = self._exchange(idle, head, request.body) if idle else None
        # An idle connection may lead to a process that ended: it had not answered yet.
        end = time.monotonic() + self._patience_s
        while frame is None:
            frame = self._exchange(None, head, request.body)
            is_left = cancelled is not None and cancelled.is_set()
            if frame is not None or is_left or time.monotonic() >= end:
                break
            time.sleep(_RETRY_S)
        if frame is None:
            raise StoreError("logs_ingest.not_running", hint="logs_ingest.not_running.hint")
        about, body = frame
        return LogAnswer(about["status"], body, about["media_type"], about["headers"])

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(
        self, connection: socket.socket | None, head: dict[str, Any], body: bytes
    ) -> tuple[Any, bytes] | None:
        try:
            connection = connection or self._connect()
            write_frame(connection, head, body)
            frame = read_frame(connection)
        except (OSError, MalformedBody):
            frame = None
        if frame is None:
            if connection:
                connection.close()
            return None
        assert connection is not None
        with self._lock:
            self._idle.append(connection)
        return frame

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_TIMEOUT_S)
        try:
            with shorten(self._path) as address:
                connection.connect(address)
        except BaseException:
            connection.close()
            raise
        return connection
