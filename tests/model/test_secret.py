"""Secrets: what shows of them, and of the URLs that hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.secret import (
    REDACTED,
    Secret,
    has_password,
    is_secret_name,
    redact_address,
    redact_url,
)


def test_only_reveal_gives_a_secret() -> None:
    secret = Secret("hush")
    shown = (f"{secret}", f"{secret!r}", f"{[secret]}", str({"a": secret}))
    assert all("hush" not in text and REDACTED in text for text in shown)
    assert (secret.reveal(), secret) == ("hush", Secret("hush"))


def test_an_empty_secret_shows_that_it_is_empty() -> None:
    assert (bool(Secret()), str(Secret()), repr(Secret()), bool(Secret("a"))) == (
        False, "", "''", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("password", True),
        ("X-Api-Key", True),
        ("bearer_token", True),
        ("Authorization", True),
        ("client_secret", True),
        ("basic_auth", True),
        ("password_file", False),
        ("page", False),
        ("", False),
    ],
)
def test_names_that_speak_of_secrets(name: str, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


@pytest.mark.parametrize(
    ("address", "has", "shown"),
    [
        ("h:1", False, "h:1"),
        ("[::1]:9100", False, "[::1]:9100"),
        ("me@h:1", False, "<secret>@h:1"),
        ("me:pw@h:1", True, "<secret>@h:1"),
        ("me:p@w@h:1", True, "<secret>@h:1"),
        ("https://me:pw@h/a", True, "https://<secret>@h/a"),
        ("https://h/a:b@c", False, "https://h/a:b@c"),
        ("http://h?mail=a:b@c", False, "http://h?mail=a:b@c"),
        ("", False, ""),
    ],
)
def test_addresses_with_passwords(address: str, has: bool, shown: str) -> None:
    assert has_password(address) is has
    assert redact_address(address) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h:1/p?a=b#c", "http://h:1/p?a=b#c"),
        ("http://me@h/", "http://me@h/"),
        ("http://me:pw@h/", "http://me:<secret>@h/"),
        ("http://:pw@h/", "http://:<secret>@h/"),
        ("http://me:p@w:x@h/", "http://me:<secret>@h/"),
        ("http://h/?token=abc&page=2", "http://h/?token=<secret>&page=2"),
        ("http://h/?X-Api-Key=abc", "http://h/?X-Api-Key=<secret>"),
        ("http://h/?password=", "http://h/?password=<secret>"),
        ("http://[::1", "<secret>"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@given(
    st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True),
    st.from_regex(r"[A-Z!:@]{4,12}", fullmatch=True),
)
def test_no_password_survives(user: str, password: str) -> None:
    shown = redact_url(f"https://{user}:{password}@host.test/path?secret={password}")
    assert password not in shown
    assert REDACTED in shown
    assert redact_url(shown) == shown
