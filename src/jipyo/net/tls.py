"""TLS: how a server is verified, and how we authenticate to it."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.model.errors import NetError
from jipyo.model.secret import redact_url

if TYPE_CHECKING:
    import socket
    from pathlib import Path

_DER = 2
"""Of the encodings of `_ssl.Certificate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """Files and names as in Prometheus' `tls_config`; without any, the system's authorities."""

    ca_file: Path | None = None
    ca_fingerprint: str = ""
    """SHA-256 of an authority's certificate that the server sends in its chain, in hexadecimal
    digits: instead of its file, as Elasticsearch prints it at its first start."""
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    """Expected in the certificate, and sent as SNI, instead of the host of the URL."""
    insecure_skip_verify: bool = False


def read_file_stamps(tls: TlsOptions) -> tuple[tuple[int, int] | None, ...]:
    """Change time and size of each file of the options, so that new certificates are noticed."""
    stamps: list[tuple[int, int] | None] = []
    for path in filter(None, (tls.ca_file, tls.cert_file, tls.key_file)):
        try:
            stat = path.stat()
            stamps.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            stamps.append(None)
    return tuple(stamps)


def build_ssl_context(tls: TlsOptions, authority: bytes = b"") -> ssl.SSLContext:
    """A client context for these options, which trusts only the authority (DER) if there is one.

    Raises:
        NetError: a file of the options cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca_file, cadata=authority or None)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # ssl.SSLError is one too
        files = ", ".join(str(path) for path in (tls.ca_file, tls.cert_file, tls.key_file) if path)
        raise NetError("net.tls_files", files=files, reason=str(error)) from error
    if authority:
        # It may be any of the chain, also the server's own.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def fetch_authority(connection: socket.socket, url: str, tls: TlsOptions) -> bytes:
    """The certificate (DER) with the fingerprint of the options, from the chain of a server.

    Nothing is sent on this connection, which is not yet a trusted one: the certificate is what
    the next is verified against. So a server that only shows it is not believed.

    Raises:
        NetError: the chain has no such certificate, or a file of the options cannot be used.
        OSError: there is no TLS on the connection.
    """
    context = build_ssl_context(tls)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = tls.server_name or urlsplit(url).hostname
    with context.wrap_socket(connection, server_hostname=name) as secured:
        chain = _list_chain(secured)
    wanted = tls.ca_fingerprint.replace(":", "").lower()
    found = {hashlib.sha256(certificate).hexdigest(): certificate for certificate in chain}
    if wanted not in found:
        hint = "net.fingerprint.hint"
        raise NetError("net.fingerprint", hint=hint, url=redact_url(url), seen=", ".join(found))
    return found[wanted]


def _list_chain(secured: ssl.SSLSocket) -> list[bytes]:
    """The certificates that the server sent (DER), its own first."""
    if hasattr(secured, "get_unverified_chain"):  # since Python 3.13
        return [bytes(certificate) for certificate in secured.get_unverified_chain()]
    of_library = secured._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  # the only way before
    return [each.public_bytes(_DER) for each in of_library.get_unverified_chain()]
