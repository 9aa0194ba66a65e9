"""The end of a certificate, read from its bytes."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.probe.certificate import read_expiry_s
from support.certificates import certificate

if TYPE_CHECKING:
    from pathlib import Path


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def made(tag: int, until: str, *, version: bool = True) -> bytes:
    validity = element(0x30, element(0x17, b"200101000000Z") + element(tag, until.encode()))
    body = element(0xA0, b"\x02\x01\x02") if version else b""
    body += element(0x02, b"\x01") + element(0x30, b"") + element(0x30, b"x" * 200) + validity
    return element(0x30, element(0x30, body))


@pytest.mark.parametrize(
    ("tag", "until", "seconds"),
    [
        (0x17, "300101000000Z", 1893456000),
        (0x17, "700102000000Z", 86400),
        (0x18, "20500101000000Z", 2524608000),
    ],
)
def test_both_kinds_of_times_are_read(tag: int, until: str, seconds: float) -> None:
    assert read_expiry_s(made(tag, until)) == seconds
    assert read_expiry_s(made(tag, until, version=False)) == seconds


def test_a_real_one_is_read(tmp_path: Path) -> None:
    real = certificate(tmp_path)
    der = ssl.PEM_cert_to_DER_cert(real.file.read_text("utf-8"))
    assert read_expiry_s(der) == real.until_s


@given(st.binary(max_size=60))
def test_bytes_that_are_none_are_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_expiry_s(data)


def test_a_time_of_another_kind_is_told() -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_expiry_s(made(0x19, "300101000000Z"))
