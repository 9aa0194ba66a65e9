"""The filter knows every long token, and hardly any other."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.blobs import BlobWriter
from jipyo.logs.store.bloom import (
    find_tokens,
    hash_rows,
    hash_token,
    hash_tokens,
    list_tokens,
    make_token,
    may_have_token,
    verify_bloom,
    write_bloom,
)
from jipyo.model.errors import StoreCorrupt

RUN = re.compile(rb"[0-9A-Za-z]{12,}")


@given(st.text("aB7 -_é\n", max_size=60).map(str.encode) | st.binary(max_size=60))
def test_tokens_are_long_runs_with_a_digit_in_lower_case(text: bytes) -> None:
    assert find_tokens(text) == {run.lower() for run in RUN.findall(text) if not run.isalpha()}


@given(st.lists(st.from_regex(rb"[0-9a-z]{12,90}", fullmatch=True), min_size=1, max_size=9))
def test_tokens_are_hashed_alike_one_by_one_and_together(tokens: list[bytes]) -> None:
    assert hash_tokens(tokens).tolist() == [hash_token(token) for token in tokens]
    for token in tokens:
        matrix = np.frombuffer(token, np.uint8)[None, :]
        assert hash_rows(matrix).tolist() == [hash_token(token)]


def write(tokens: list[bytes]) -> tuple[list[int], bytes]:
    blobs = BlobWriter()
    blobs.put(b"before")
    meta = write_bloom(hash_tokens(tokens), blobs)
    return meta, b"".join(blobs.blobs)


def test_all_tokens_are_found_and_few_others() -> None:
    tokens = [b"%032x" % (7 * row) for row in range(5000)]
    meta, content = write(tokens)

    def has(text: bytes) -> bool:
        token = make_token(text, whole=True)
        return may_have_token(meta, 0, token, lambda at, n: content[at : at + n])

    assert all(map(has, tokens))
    assert sum(has(b"%032x" % (7 * row + 1)) for row in range(5000)) < 12
    assert len(content) / len(tokens) < 2.3


def test_a_part_of_a_token_is_only_ruled_out_where_none_is_longer() -> None:
    meta, content = write([b"0123456789abcdef"])

    def may_have(text: bytes, longest: int) -> bool:
        (token,) = list_tokens(text)
        return may_have_token(meta, longest, token, lambda at, n: content[at : at + n])

    assert may_have(b"23456789abcdef", 16)
    assert may_have(b"0123456789abcdef", 16)
    assert not may_have(b"0123456789abcdee", 16)
    assert not may_have(b" 23456789abcdef ", 16)
    assert list_tokens(b"123456789012") == []


def test_damage_in_a_line_is_found() -> None:
    meta, content = write([b"%032x" % row for row in range(100)])
    for at in range(meta[1], len(content)):
        damaged = content[:at] + bytes((content[at] ^ 4,)) + content[at + 1 :]
        with pytest.raises(StoreCorrupt):
            verify_bloom(meta, lambda at, n, b=damaged: b[at : at + n])  # type: ignore[misc]
