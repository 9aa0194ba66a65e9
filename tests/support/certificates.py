"""Certificates for servers of tests, made by openssl."""

from __future__ import annotations

import datetime
import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SUBJECT = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]


@dataclass
class Made:
    """A self-signed certificate and when it ends."""

    file: Path
    key: Path
    until_s: float

    def wrap(self, listener: Any) -> Any:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)


def _ends(file: Path) -> float:
    command = ["openssl", "x509", "-in", str(file), "-noout", "-enddate"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = " ".join(output.strip().removeprefix("notAfter=").replace(" GMT", " +0000").split())
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y %z").timestamp()


def _make(folder: Path, *arguments: str) -> Made:
    file, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(key), "-out", str(file), *SUBJECT, *arguments]
    subprocess.run(command, check=True, capture_output=True)
    return Made(file, key, _ends(file))


def certificate(folder: Path) -> Made:
    return _make(folder, "-days", "30")


def signed(folder: Path, *, shows_authority: bool = True) -> tuple[Made, Path]:
    """One that an authority of its own signed, and the authority; the server sends both."""
    authority, own = folder / "authority", folder / "own"
    authority.mkdir()
    own.mkdir()
    root = _make(authority, "-days", "30")
    made = _make(own, "-days", "30", "-CA", str(root.file), "-CAkey", str(root.key))
    if shows_authority:
        made.file.write_bytes(made.file.read_bytes() + root.file.read_bytes())
    return made, root.file


def find_fingerprint(file: Path) -> str:
    """As openssl prints it: upper case, with colons."""
    command = ["openssl", "x509", "-in", str(file), "-noout", "-fingerprint", "-sha256"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return output.strip().rpartition("=")[2]


def expired(folder: Path) -> Made:
    """One that ended in 2020; openssl has no word for that, so its clock is not asked."""
    file, key = folder / "cert.pem", folder / "key.pem"
    (folder / "index").write_text("", encoding="utf-8")
    config = folder / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=x\n[x]\ndatabase={folder}/index\nnew_certs_dir={folder}\n"
        "default_md=sha256\npolicy=p\nrand_serial=yes\ncopy_extensions=copy\n[p]\ncommonName=supplied\n",
        encoding="utf-8",
    )
    request = folder / "request.pem"
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", str(key), "-out", str(request), *SUBJECT],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        ["openssl", "ca", "-batch", "-selfsign", "-notext", "-config", str(config),
         "-keyfile", str(key), "-in", str(request), "-out", str(file),
         "-startdate", "20190101000000Z", "-enddate", "20200101000000Z"],
        check=True, capture_output=True,
    )  # fmt: skip
    return Made(file, key, _ends(file))
