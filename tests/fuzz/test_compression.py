"""Compressed bodies of senders and of servers."""

from __future__ import annotations

import gzip
import zlib

import cramjam
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.wire.compression import ENCODINGS, GZIP, decompress, inflate, limit_size

LIMIT = 1 << 20
PLAIN = b"a 1\nb 2\n" * 50
SEEDS = {
    "identity": (PLAIN,),
    "gzip": (gzip.compress(PLAIN), gzip.compress(b"") * 50, gzip.compress(bytes(20 << 20))),
    "deflate": (zlib.compress(PLAIN), zlib.compress(bytes(20 << 20))),
    "snappy": (
        bytes(cramjam.snappy.compress_raw(PLAIN)),
        bytes(cramjam.snappy.compress_raw(bytes(4 << 20)))[:20_000],
        b"\xff\xff\xff\xff\x0f",
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    ),
}


def surface(encoding: str) -> Surface:
    return Surface(
        name=f"compression-{encoding}",
        feed=lambda body: decompress(body, encoding, LIMIT),
        seeds=SEEDS[encoding],
        most_bytes=50_000,
        memory_per_byte=500,
    )


SURFACES = [
    *(surface(encoding) for encoding in ENCODINGS),
    Surface(
        name="compression-answers",
        feed=lambda body: list(limit_size(inflate([body], GZIP), LIMIT)),
        seeds=SEEDS["gzip"],
        most_bytes=50_000,
    ),
    Surface(
        name="compression-type",
        feed=lambda body: decompress(b"", body.decode("latin-1"), LIMIT),
        seeds=(b"gzip", b"snappy", b"zstd", b"gzip, gzip"),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_body_is_decompressed_within_its_limit_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
