"""How a server is known by TLS, and how it knows us: for pages and probes alike."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import CollectError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """How an HTTPS target is known, and how it knows us."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False


def context(tls: TlsOptions) -> ssl.SSLContext:
    """How TLS is spoken.

    Raises:
        CollectError: a file of the options cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            made.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # ssl.SSLError is one too
        files = ", ".join(str(one) for one in (tls.ca_file, tls.cert_file, tls.key_file) if one)
        raise CollectError("collect.tls_files", files=files, reason=str(error)) from error
    if tls.insecure_skip_verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
