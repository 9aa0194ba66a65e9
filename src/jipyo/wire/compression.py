"""Bodies of requests: decompressed within a limit, whatever their header claims."""

from __future__ import annotations

import zlib

import cramjam

from jipyo.model.errors import CollectError

_GZIP_OR_ZLIB = 47
"""Window bits by which zlib recognises either header itself."""
_MIB = 1 << 20
_PART = 16 << 10


class TooLarge(CollectError):  # noqa: N818 - named as what it says
    """More bytes than we take; sending the same again will not help."""


class BadBody(CollectError):  # noqa: N818
    """Bytes that are not what their header says; sending the same again will not help."""


class NotTaken(CollectError):  # noqa: N818
    """A kind of body that we do not read."""


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before it was compressed: identity, gzip, deflate or snappy.

    Raises:
        TooLarge: it is larger than `limit` bytes.
        BadBody: it is damaged.
        NotTaken: the encoding is not known.
    """
    readers = {
        "": _as_it_is,
        "identity": _as_it_is,
        "gzip": _inflate,
        "deflate": _inflate,
        "snappy": _unsnap,
    }
    reader = readers.get(encoding.strip().lower())
    if reader is None:
        raise NotTaken("push.encoding", encoding=encoding, known=", ".join(filter(None, readers)))
    return reader(body, limit)


def _as_it_is(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise too_large(limit)
    return body


def _inflate(body: bytes, limit: int) -> bytes:
    plain = bytearray()
    machine = zlib.decompressobj(_GZIP_OR_ZLIB)
    # In small parts: what follows a member is copied, and there may be many small members.
    for at in range(0, len(body), _PART):
        part = body[at : at + _PART]
        while part:
            if machine.eof:  # a further member (RFC 1952, 2.2)
                machine = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                plain += machine.decompress(part, limit + 1 - len(plain))
            except zlib.error as error:
                raise BadBody("push.damaged", reason=str(error)) from error
            if len(plain) > limit:
                raise too_large(limit)
            part = machine.unused_data if machine.eof else machine.unconsumed_tail
    if not machine.eof:
        raise BadBody("push.damaged", reason="it ends early")
    return bytes(plain)


def _unsnap(body: bytes, limit: int) -> bytes:
    # The block format begins with the length of the plain bytes, so nothing is made in vain.
    try:
        if cramjam.snappy.decompress_raw_len(body) > limit:
            raise too_large(limit)
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise BadBody("push.damaged", reason=str(error)) from error


def too_large(limit: int) -> TooLarge:
    """Said of a body that is larger than we take."""
    said = f"{limit / _MIB:,g} MiB" if limit >= _MIB else f"{limit:,} B"
    return TooLarge("push.too_large", limit=said)
