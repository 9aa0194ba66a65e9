"""Bodies are decompressed within a limit, whatever they claim."""

import gzip
import time
import zlib

import cramjam
import pytest

from jipyo.model.errors import MalformedBody, TooLarge, UnsupportedMediaType
from jipyo.wire.compression import decompress

PLAIN = b"samples " * 1000
SNAPPY = bytes(cramjam.snappy.compress_raw(PLAIN))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN)),
        (" GZIP ", gzip.compress(PLAIN[:10]) + gzip.compress(PLAIN[10:])),
        ("deflate", zlib.compress(PLAIN)),
        ("snappy", SNAPPY),
    ],
)
def test_a_body_comes_out_as_it_went_in(encoding: str, body: bytes) -> None:
    assert decompress(body, encoding, len(PLAIN)) == PLAIN
    with pytest.raises(TooLarge):
        decompress(body, encoding, len(PLAIN) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "snappy"])
def test_a_bomb_is_refused_before_it_is_unpacked(encoding: str) -> None:
    zeros = bytes(64 << 20)
    bomb = gzip.compress(zeros, 9) if encoding == "gzip" else cramjam.snappy.compress_raw(zeros)
    with pytest.raises(TooLarge) as caught:
        decompress(bytes(bomb), encoding, 1 << 20)
    assert caught.value.values == {"limit": "1 MiB"}


def test_very_many_empty_members_cost_little() -> None:
    body = gzip.compress(b"") * 100_000 + gzip.compress(PLAIN)
    start = time.process_time()
    assert decompress(body, "gzip", len(PLAIN)) == PLAIN
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b""),
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(PLAIN)[:-9]),
        ("gzip", gzip.compress(PLAIN) + b"more"),
        ("snappy", b""),
        ("snappy", b"\xff" * 20),
        ("snappy", SNAPPY[:-1]),
        ("snappy", b"\x10" + SNAPPY[1:]),
        ("snappy", b"\x05"),
    ],
)
def test_a_damaged_body_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decompress(body, encoding, 1 << 20)


def test_an_unknown_encoding_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        decompress(b"", "br", 1)
    assert "snappy" in str(caught.value.values["known"])
