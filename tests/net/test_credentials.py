"""Secrets: how they are sent, read and kept out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import NetError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials, read_secret

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Credentials(secret=Secret("token")), "Bearer token"),
        (Credentials(type="Token", secret=Secret("x")), "Token x"),
        (Credentials(type="Basic", username="u", secret=Secret("p")), "Basic dTpw"),
        (
            Credentials(type="basic", username="지표", secret=Secret("p:w")),
            "Basic 7KeA7ZGcOnA6dw==",
        ),
        (Credentials(type="Basic"), "Basic Og=="),
    ],
)
def test_the_header_of_credentials(credentials: Credentials, header: str) -> None:
    assert credentials.authorization() == header


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"one\n", "one"),
        (b"one\r\n", "one"),
        (b"one\n\n", "one"),
        (b" one ", " one "),
        ("비밀".encode(), "비밀"),
        (b"", ""),
    ],
)
def test_a_secret_is_what_the_file_holds_without_its_line_end(
    tmp_path: Path, content: bytes, secret: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    assert read_secret(file) == secret


def test_a_file_is_read_anew_for_every_request(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    credentials = Credentials(secret_file=file)
    for secret in ("one", "two"):
        file.write_text(f" {secret}\n", encoding="utf-8")
        assert credentials.authorization() == f"Bearer {secret}"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NetError) as caught:
        read_secret(file)
    assert (caught.value.key, caught.value.values["path"]) == ("net.secret_file", str(file))


@pytest.mark.parametrize("secret", ["one\ntwo", "비밀", "a\0b"])
def test_a_secret_that_cannot_stand_in_a_header_is_refused_without_being_shown(
    secret: str,
) -> None:
    with pytest.raises(NetError) as caught:
        Credentials(secret=Secret(secret)).authorization()
    assert caught.value.key == "net.bad_secret"
    assert secret not in str(caught.value)


def test_a_secret_does_not_show_in_the_value() -> None:
    assert "p4ss" not in repr(Credentials(secret=Secret("p4ss")))
