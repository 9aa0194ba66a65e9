"""Addresses: where they are read from, and that nothing secret of them is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.notify.channels.address import ChannelAddress, read_address
from jipyo.alerts.options import ChannelOptions
from jipyo.model.errors import NotifyError
from jipyo.model.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def read(url: str = "", file: Path | None = None) -> str:
    return read_address(ChannelOptions(name="ops", url=Secret(url), url_file=file)).url


def test_it_is_written_out_in_a_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url"
    file.write_text(f"{SLACK}\n")
    monkeypatch.setenv("JIPYO_TEST_SLACK", SLACK)
    assert [read(SLACK), read(file=file), read("env:JIPYO_TEST_SLACK")] == [SLACK] * 3
    file.write_text("https://other.example.com/")
    assert read(file=file) == "https://other.example.com/", "a rotated secret is used at once"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("env:JIPYO_TEST_NOT_SET", "notify.no_environment"),
        ("no address", "notify.no_address"),
        ("http://[half", "notify.no_address"),
        ("", "notify.no_address"),
    ],
)
def test_what_is_no_address_is_an_error_without_it(url: str, key: str) -> None:
    with pytest.raises(NotifyError) as caught:
        read(url)
    assert caught.value.key == key


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotifyError) as caught:
        read(file=tmp_path / "none")
    assert caught.value.key == "net.secret_file"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com/services/T1/B2/s3cr3t", "https://hooks.example.com"),
        ("https://user:pw123@hook.example.com:8443/x?token=abcd", "https://hook.example.com:8443"),
        ("smtp://ops:hunter22@mail.example.com:587/?to=a@b.c", "smtp://mail.example.com:587"),
        (SLACK, "slack://…"),
    ],
)
def test_only_scheme_and_host_are_shown(url: str, shown: str) -> None:
    assert ChannelAddress(url).shown == shown
    assert "s3cr3t" not in repr(ChannelAddress(url))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (SLACK, "no team TIiajkdnlazkcOXrIdevi7FQ"),
        (SLACK, "host t1jj3t3l2 is unknown"),
        ("https://me:hunter22@example.com/", "401 for hunter22"),
        ("https://example.com/?auth=a%2Fb%2Fcd", "what is a/b/cd"),
        ("smtp://u:p%40ssw0rd@example.com", "535 p@ssw0rd p%40ssw0rd"),
        ("json://example.com/?+X-Token=sekrit", "X-Token sekrit"),
    ],
)
def test_texts_of_others_lose_every_part_that_may_be_secret(url: str, text: str) -> None:
    redacted = ChannelAddress(url).redact(text)
    secrets = ["TIiajkd", "t1jj3t3l2", "hunter22", "a/b/cd", "p@ssw0rd", "p%40ssw0rd", "sekrit"]
    assert "<secret>" in redacted
    assert not [secret for secret in secrets if secret in redacted]
