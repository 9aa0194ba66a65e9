"""A body on its way out: pieces, compression, length, cancellation."""

from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.http.body import (
    PIECE_BYTES,
    OutgoingResponse,
    accepts_gzip,
    join_pieces,
    prepare_response,
)
from jipyo.web.http.message import WebResponse

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(outgoing: OutgoingResponse) -> bytes:
    return b"".join((*outgoing.ready, *(outgoing.rest or ())))


def headers_of(outgoing: OutgoingResponse) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in outgoing.headers}


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, gzip", True),
        ("gzip;q=0.8", True),
        ("gzip; q = 0", False),
        ("gzip;q=0.0", False),
        ("x-gzip", False),
        ("deflate", False),
    ],
)
def test_gzip_must_be_accepted(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@given(
    pieces=st.lists(st.binary(max_size=2000), max_size=8),
    repeat=st.sampled_from([1, 1000]),
    accept=st.sampled_from(["", "gzip"]),
)
def test_whatever_the_pieces_the_same_bytes_arrive(
    pieces: list[bytes], repeat: int, accept: str
) -> None:
    parts = [piece * repeat for piece in pieces]
    outgoing = prepare_response(WebResponse(iter(parts)), accept, threading.Event())
    body, headers = read(outgoing), headers_of(outgoing)
    is_gzip = headers.get("content-encoding") == "gzip"
    assert (gzip.decompress(body) if is_gzip else body) == b"".join(parts)
    if outgoing.rest is None:
        assert headers["content-length"] == str(len(body))
    else:
        assert "content-length" not in headers
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("body", "media_type", "is_compressed"),
    [
        (b"x" * 511, "application/json", False),
        (b"x" * 512, "application/json", True),
        (b"x" * 5000, "text/html; charset=utf-8", True),
        (b"x" * 5000, "image/svg+xml", True),
        (b"x" * 5000, "font/woff2", False),
        (b"x" * 5000, "image/png", False),
    ],
)
def test_only_what_pays_is_compressed(body: bytes, media_type: str, is_compressed: bool) -> None:
    outgoing = prepare_response(WebResponse(body, 200, media_type), "gzip", threading.Event())
    assert ("content-encoding" in headers_of(outgoing)) is is_compressed


def test_a_304_has_no_length() -> None:
    outgoing = prepare_response(WebResponse(b"", 304), "", threading.Event())
    assert "content-length" not in headers_of(outgoing)
    assert (outgoing.status, read(outgoing)) == (304, b"")


def test_an_error_in_the_first_piece_comes_before_anything_is_sent() -> None:
    def fail() -> Iterator[bytes]:
        raise ValueError("broken")
        yield b""

    with pytest.raises(ValueError, match="broken"):
        prepare_response(WebResponse(fail()), "", threading.Event())


def test_a_cancelled_response_is_not_made_any_further() -> None:
    cancelled = threading.Event()
    made: list[int] = []

    def make() -> Iterator[bytes]:
        for i in range(10):
            made.append(i)
            yield b"x" * (2 * PIECE_BYTES)

    pieces = join_pieces(make(), cancelled)
    assert len(next(pieces)) == 2 * PIECE_BYTES
    cancelled.set()
    assert list(pieces) == []
    assert made == [0, 1]


@given(st.lists(st.integers(0, PIECE_BYTES), max_size=6))
def test_small_pieces_are_joined(sizes: list[int]) -> None:
    pieces = list(join_pieces((bytes(size) for size in sizes), threading.Event()))
    assert sum(map(len, pieces)) == sum(sizes)
    assert all(PIECE_BYTES <= len(piece) < 2 * PIECE_BYTES for piece in pieces[:-1])
