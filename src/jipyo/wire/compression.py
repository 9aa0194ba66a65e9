"""Bodies of requests and responses: decompressed within a limit, whatever their header claims."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import cramjam

from jipyo.model.errors import MalformedBody, TooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GZIP = 31
"""Window bits of zlib: a gzip header and the largest window."""
GZIP_OR_ZLIB = 47
"""Window bits by which zlib recognises either header itself; senders mix them up."""
_MIB = 1 << 20
_CHUNK = 1 << 16
_SLICE = 16 << 10
ENCODINGS = ("identity", "gzip", "deflate", "snappy")


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body before it was compressed: identity, gzip, deflate or snappy (block format).

    Raises:
        TooLarge: it is larger than `limit` bytes.
        MalformedBody: it is damaged.
        UnsupportedMediaType: the encoding is not known.
    """
    match encoding.strip().lower():
        case "" | "identity":
            if len(body) > limit:
                raise too_large(limit)
            return body
        case "gzip" | "deflate":
            # In small slices: what follows a member is copied, and there may be many members.
            slices = (body[at : at + _SLICE] for at in range(0, len(body), _SLICE))
            return b"".join(limit_size(inflate(slices, GZIP_OR_ZLIB), limit))
        case "snappy":
            return _decompress_snappy(body, limit)
        case _:
            raise UnsupportedMediaType(
                "wire.encoding", encoding=encoding, known=", ".join(ENCODINGS)
            )


def compress_snappy(body: bytes) -> bytes:
    """A body in snappy's block format, as remote write requires it."""
    return bytes(cramjam.snappy.compress_raw(body))


def inflate(parts: Iterable[bytes], window_bits: int = GZIP) -> Iterator[bytes]:
    """Decompress gzip or zlib as it arrives, further members too, in chunks of at most 64 KiB.

    Raises:
        MalformedBody: it is damaged, or (`wire.cut`) it ends early.
    """
    stream = zlib.decompressobj(window_bits)
    for part in parts:
        data = part
        while data:
            if stream.eof:  # a further member (RFC 1952, 2.2)
                stream = zlib.decompressobj(window_bits)
            try:
                yield stream.decompress(data, _CHUNK)
            except zlib.error as error:
                raise MalformedBody("wire.damaged", reason=str(error)) from error
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
    if not stream.eof:
        raise MalformedBody("wire.cut")


def limit_size(parts: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The parts as they come, as long as they are no more than `limit` bytes; 0 is no limit.

    Raises:
        TooLarge: they are.
    """
    size = 0
    for part in parts:
        size += len(part)
        if limit and size > limit:
            raise too_large(limit)
        yield part


def too_large(limit: int) -> TooLarge:
    """The error for a body that is larger than `limit` bytes."""
    size = f"{limit / _MIB:,g} MiB" if limit >= _MIB else f"{limit:,} B"
    return TooLarge("wire.too_large", limit=size)


def _decompress_snappy(body: bytes, limit: int) -> bytes:
    # The block format begins with the length of the plain bytes, so nothing is made in vain.
    try:
        if cramjam.snappy.decompress_raw_len(body) > limit:
            raise too_large(limit)
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise MalformedBody("wire.damaged", reason=str(error)) from error
