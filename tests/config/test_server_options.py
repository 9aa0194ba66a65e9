"""A server as options of the command line name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jipyo.config.server_options import ServerFlags, read_server_flags, suit_history
from jipyo.model.errors import ConfigError
from jipyo.source.prometheus_options import PrometheusOptions

URL = "http://host:8481/select/0/prometheus"


def test_an_address_alone_is_enough() -> None:
    options = read_server_flags(ServerFlags(url=URL))
    assert options.url == URL
    assert options.credentials is None
    assert options.headers == ()


def test_headers_credentials_and_authority_reach_the_requests(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("비밀\n", encoding="utf-8")
    flags = ServerFlags(
        url=URL,
        headers=("X-Scope-OrgID: team", "X-Note:  a: b "),
        username="jipyo",
        password_file=secret,
        ca_file=tmp_path / "ca.pem",
    )
    http = read_server_flags(flags).http_options()
    assert http.headers == (("X-Scope-OrgID", "team"), ("X-Note", "a: b"))
    assert http.tls.ca_file == tmp_path / "ca.pem"
    assert http.credentials is not None
    assert http.credentials.authorization() == "Basic amlweW8667mE67CA"
    secret.write_text("token\n")
    bearer = read_server_flags(ServerFlags(url=URL, bearer_token_file=secret)).credentials
    assert bearer is not None
    assert bearer.authorization() == "Bearer token"


@pytest.mark.parametrize(
    ("flags", "key"),
    [
        (ServerFlags(), "config.no_server"),
        (ServerFlags(source="central", url=URL), "config.source_and_url"),
        (ServerFlags(source="central", username="u"), "config.source_and_url"),
        (ServerFlags(source="central"), "config.no_sources"),
        (ServerFlags(url="host:9090"), "config.not_a_server_url"),
        (ServerFlags(url="ftp://host"), "config.not_a_server_url"),
        (ServerFlags(url=URL, headers=("Authorization",)), "config.not_a_header"),
        (ServerFlags(url=URL, headers=("A B: c",)), "config.not_a_header"),
        (ServerFlags(url=URL, username="u"), "config.half_credentials"),
        (ServerFlags(url=URL, password_file=Path("p")), "config.half_credentials"),
        (
            ServerFlags(
                url=URL, username="u", password_file=Path("p"), bearer_token_file=Path("t")
            ),
            "config.two_credentials",
        ),
    ],
)
def test_what_makes_no_server_is_rejected(flags: ServerFlags, key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_server_flags(flags)
    assert raised.value.key == key


def test_a_source_of_the_configuration_is_found_by_its_name() -> None:
    known = (PrometheusOptions(name="a", url=URL), PrometheusOptions(name="b", url=f"{URL}/b"))
    assert read_server_flags(ServerFlags(source="b"), known) == known[1]
    with pytest.raises(ConfigError) as raised:
        read_server_flags(ServerFlags(source="c"), known)
    assert raised.value.key == "config.unknown_source"
    assert raised.value.values["known"] == "a, b"


def test_a_rejected_header_does_not_show_its_value() -> None:
    with pytest.raises(ConfigError) as raised:
        read_server_flags(ServerFlags(url=URL, headers=("A B: hunter2",)))
    assert "hunter2" not in str(raised.value.values)


def test_history_is_read_patiently_and_in_small_answers() -> None:
    options = suit_history(read_server_flags(ServerFlags(url=URL)), 5.0)
    assert options.timeout_s == 5.0
    assert options.retries > read_server_flags(ServerFlags(url=URL)).retries
    assert options.body_limit < read_server_flags(ServerFlags(url=URL)).body_limit
