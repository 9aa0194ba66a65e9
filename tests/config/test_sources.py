"""`sources:` as the options of each server."""

from __future__ import annotations

from pathlib import Path

from jipyo.config.load import load, parse
from jipyo.config.overrides import CliOverrides
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials

TEXT = """
sources:
  - url: http://prometheus:9090/
  - url: https://mimir/prometheus/api/v1
    name: prod
    timeout: 10s
    retries: 0
    lookback: 1m
    http_headers: {X-Scope-OrgID: {values: [ops]}}
    basic_auth: {username: jipyo, password: hush}
    tls_config: {ca_file: ca.pem, server_name: mimir}
    proxy_url: http://proxy:3128
  - {url: "http://vm:8428", name: vm, bearer_token_file: token}
"""


def test_each_source_has_its_name_address_and_credentials() -> None:
    first, mimir, victoria = parse(TEXT, "/etc/jipyo.yaml").sources
    assert (first.name, first.url, first.credentials) == (
        "prometheus:9090",
        "http://prometheus:9090",
        None,
    )
    assert (mimir.name, mimir.url) == ("prod", "https://mimir/prometheus")
    assert (mimir.timeout_s, mimir.retries, mimir.lookback_ms) == (10.0, 0, 60_000)
    assert mimir.headers == (("X-Scope-OrgID", "ops"),)
    assert mimir.credentials == Credentials(type="Basic", username="jipyo", secret=Secret("hush"))
    assert (mimir.tls.ca_file, mimir.tls.server_name) == (Path("/etc/ca.pem"), "mimir")
    assert mimir.proxy_url == "http://proxy:3128"
    assert victoria.credentials == Credentials(secret_file=Path("/etc/token"))


def test_the_effective_configuration_hides_their_secrets(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(TEXT, "utf-8")
    shown = load(CliOverrides(file=file), {}, "en").effective
    assert "https://mimir/prometheus/api/v1" in shown
    assert "hush" not in shown
