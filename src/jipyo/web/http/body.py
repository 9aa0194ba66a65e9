"""A response's body on its way out: in pieces, compressed where that pays."""

from __future__ import annotations

import hashlib
import itertools
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.web.http.message import WebResponse

PIECE_BYTES = 1 << 18
"""A piece has at least so many, but for the last: a client reads one while the next is made.
Each costs a change of threads (0.1 ms), and fresh memory for larger ones more than that."""
_MIN_GZIP_BYTES = 512
_NOT_MODIFIED = 304
_COMPRESSIBLE = ("text/", "application/json", "application/openmetrics", "image/svg")
# A seventh of the time of level 6 for a fifth more bytes.
_GZIP_LEVEL = 1
_SHARED_GZIP_LEVEL = 6
_GZIP_WINDOW_BITS = 31


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """A response with the pieces that are made; `rest` is None where they are the whole body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    ready: Sequence[bytes]
    rest: Iterator[bytes] | None


class CompressedBodies:
    """The compressed bodies of documents that many read, compressed well, once for all of them.

    Any thread may ask; who comes while a body is compressed compresses it too.
    """

    def __init__(self, max_bytes: int = 4 << 20) -> None:
        """`max_bytes` is for all of them; the oldest leave first."""
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bodies: dict[bytes, bytes] = {}
        self._bytes = 0

    def compress(self, body: bytes) -> bytes:
        """The body as gzip."""
        key = hashlib.sha256(body).digest()
        with self._lock:
            known = self._bodies.get(key)
        if known is not None:
            return known
        compressed = b"".join(_compress([body], _SHARED_GZIP_LEVEL))
        with self._lock:
            self._bytes += 0 if key in self._bodies else len(compressed)
            self._bodies[key] = compressed
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._bodies.pop(next(iter(self._bodies))))
        return compressed


def prepare_response(
    response: WebResponse,
    accept_encoding: str,
    cancelled: threading.Event,
    shared: CompressedBodies | None = None,
) -> OutgoingResponse:
    """Make the first pieces; a body that fits into one is sent with its length.

    `accept_encoding` is the request's header, `shared` has what was compressed for others. An
    error while the first pieces are made is raised here, before anything is sent.
    """
    body = response.body
    pieces = join_pieces([body] if isinstance(body, bytes) else body, cancelled)
    ready = list(itertools.islice(pieces, 2)) or [b""]
    is_whole = len(ready) == 1
    headers = {"content-type": response.media_type, "vary": "Accept-Encoding", **response.headers}
    is_compressible = response.media_type.startswith(_COMPRESSIBLE)
    if is_compressible and len(ready[0]) >= _MIN_GZIP_BYTES and accepts_gzip(accept_encoding):
        headers["content-encoding"] = "gzip"
        if is_whole and shared is not None:
            ready = [shared.compress(ready[0])]
        else:
            pieces = _compress(itertools.chain(ready, pieces), _GZIP_LEVEL)
            ready = [b"".join(pieces)] if is_whole else [next(pieces)]
    if is_whole and response.status != _NOT_MODIFIED:
        headers["content-length"] = str(len(ready[0]))
    raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return OutgoingResponse(response.status, raw_headers, ready, None if is_whole else pieces)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3)."""
    offers = (offer.partition(";") for offer in accept_encoding.split(","))
    return any(
        coding.strip() == "gzip" and quality.replace(" ", "") not in ("q=0", "q=0.0")
        for coding, _, quality in offers
    )


def join_pieces(
    pieces: Iterable[bytes | memoryview], cancelled: threading.Event
) -> Iterator[bytes]:
    """The same bytes in pieces of `PIECE_BYTES` or more, until the request is cancelled."""
    pending: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        if cancelled.is_set():
            return
        pending.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)


def _compress(pieces: Iterable[bytes], level: int) -> Iterator[bytes]:
    compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    for piece in pieces:
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()
