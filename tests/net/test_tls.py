"""TLS contexts from options."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import NetError
from jipyo.net.tls import TlsOptions, build_ssl_context
from support.certificates import certificate

if TYPE_CHECKING:
    from pathlib import Path


def test_by_default_the_certificate_and_the_name_are_checked() -> None:
    context = build_ssl_context(TlsOptions())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_verification_can_be_switched_off() -> None:
    context = build_ssl_context(TlsOptions(insecure_skip_verify=True))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


def test_an_authority_and_an_own_certificate_are_loaded(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    options = TlsOptions(ca_file=made.file, cert_file=made.file, key_file=made.key)
    assert build_ssl_context(options).cert_store_stats()["x509"] == 1


@pytest.mark.parametrize("which", ["ca_file", "cert_file"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, which: str, content: str | None
) -> None:
    file = tmp_path / "x.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    options = TlsOptions(ca_file=file) if which == "ca_file" else TlsOptions(cert_file=file)
    with pytest.raises(NetError) as caught:
        build_ssl_context(options)
    assert (caught.value.key, caught.value.values["files"]) == ("net.tls_files", str(file))


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    with pytest.raises(NetError, match=r"net\.tls_files"):
        build_ssl_context(TlsOptions(cert_file=first.file, key_file=second.key))
