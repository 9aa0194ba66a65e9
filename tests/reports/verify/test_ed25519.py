"""Ed25519 as RFC 8032 has it, and as OpenSSL signs and checks."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ConfigError
from jipyo.reports.verify.ed25519 import (
    find_public,
    read_private_key,
    read_public_key,
    sign,
    verify,
    write_public_key,
)

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = (  # RFC 8032, section 7.1
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key, text = bytes.fromhex(seed), bytes.fromhex(message)
    assert find_public(key).hex() == public
    assert sign(key, text).hex() == signature
    assert verify(bytes.fromhex(public), text, bytes.fromhex(signature))


def test_one_changed_bit_of_anything_is_noticed() -> None:
    draw = random.Random(18)
    seed, message = draw.randbytes(32), draw.randbytes(50)
    public, signature = find_public(seed), sign(seed, message)
    for _ in range(20):
        parts = [bytearray(public), bytearray(message), bytearray(signature)]
        part = draw.choice(parts)
        part[draw.randrange(len(part))] ^= 1 << draw.randrange(8)
        assert not verify(*map(bytes, parts))


@pytest.mark.parametrize("public", [b"", bytes(31), b"\xff" * 32, bytes(33)])
def test_what_is_no_key_verifies_nothing(public: bytes) -> None:
    assert not verify(public, b"x", bytes(64))
    assert not verify(find_public(bytes(32)), b"x", bytes(63))


def test_a_response_beyond_the_order_is_refused() -> None:
    seed = bytes(range(32))
    signature = sign(seed, b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    grown = int.from_bytes(signature[32:], "little") + order
    forged = signature[:32] + grown.to_bytes(32, "little")
    assert verify(find_public(seed), b"x", signature)
    assert not verify(find_public(seed), b"x", forged)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_other_keys_are_refused_with_a_remedy(content: bytes) -> None:
    for read in (read_private_key, read_public_key):
        with pytest.raises(ConfigError) as caught:
            read(content, "key.pem")
        assert all("openssl" in texts(lang).error(caught.value) for lang in LANGS)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_and_we_sign_alike(tmp_path: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
    seed = read_private_key((tmp_path / "key.pem").read_bytes(), "key.pem")
    (tmp_path / "message").write_bytes(b"report")
    (tmp_path / "ours.sig").write_bytes(sign(seed, b"report"))
    openssl(
        "pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message", "-out", "theirs.sig"
    )
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message",
            "-sigfile", "ours.sig")  # fmt: skip
    assert (tmp_path / "theirs.sig").read_bytes() == sign(seed, b"report")
    assert write_public_key(find_public(seed)) == (tmp_path / "public.pem").read_bytes()
