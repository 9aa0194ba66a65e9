"""TLS: how a server is verified, and how we authenticate to it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import NetError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """Files and names as in Prometheus' `tls_config`; without any, the system's authorities."""

    ca_file: Path | None = None
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


def build_ssl_context(tls: TlsOptions) -> ssl.SSLContext:
    """A client context for these options.

    Raises:
        NetError: a file of the options cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # ssl.SSLError is one too
        files = ", ".join(str(path) for path in (tls.ca_file, tls.cert_file, tls.key_file) if path)
        raise NetError("net.tls_files", files=files, reason=str(error)) from error
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
