"""Bodies are decompressed within a limit, whatever they claim."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import MalformedBody, TooLarge, UnsupportedMediaType
from jipyo.wire.compression import decompress, inflate, limit_size, too_large
from support.timing import measure_cpu_s

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

    def read() -> None:
        assert decompress(body, "gzip", len(PLAIN)) == PLAIN

    assert measure_cpu_s(read) < 5


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


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 50))
def test_members_that_arrive_in_pieces_of_any_size_are_joined(
    members: list[bytes], size: int
) -> None:
    body = b"".join(gzip.compress(member) for member in [b"", *members])
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    assert b"".join(inflate(pieces)) == b"".join(members)


@pytest.mark.parametrize("keep", [1, 9, 15, -8, -1])
def test_gzip_that_ends_early_is_cut(keep: int) -> None:
    with pytest.raises(MalformedBody) as caught:
        list(inflate([gzip.compress(PLAIN)[:keep]]))
    assert caught.value.key == "wire.cut"


def test_a_piece_of_a_bomb_is_no_larger_than_a_chunk() -> None:
    bomb = gzip.compress(bytes(1 << 22), 9)
    assert max(map(len, inflate([bomb]))) <= 1 << 16


@pytest.mark.parametrize(
    ("parts", "limit", "passed"),
    [
        ([b"abc", b"de"], 5, 2),
        ([b"abc", b"de"], 4, 1),
        ([b"abc"], 2, 0),
        ([b"abc", b"de"], 0, 2),  # no limit
        ([], 1, 0),
    ],
)
def test_parts_pass_until_they_are_too_many(parts: list[bytes], limit: int, passed: int) -> None:
    seen: list[bytes] = []
    if passed == len(parts):
        assert list(limit_size(parts, limit)) == parts
        return
    with pytest.raises(TooLarge):
        seen.extend(limit_size(iter(parts), limit))


@pytest.mark.parametrize(
    ("limit", "text"),
    [(1, "1 B"), (1023, "1,023 B"), (1 << 20, "1 MiB"), (3 << 19, "1.5 MiB"), (64 << 20, "64 MiB")],
)
def test_a_limit_is_shown_as_people_write_it(limit: int, text: str) -> None:
    assert too_large(limit).values == {"limit": text}


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "snappy", "identity"]))
def test_any_bytes_are_decompressed_or_refused(body: bytes, encoding: str) -> None:
    with contextlib.suppress(MalformedBody, TooLarge):
        assert len(decompress(body, encoding, 1000)) <= 1000
