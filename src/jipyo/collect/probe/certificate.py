"""When a certificate expires, read from its bytes.

`ssl` has it only for certificates that it has verified; a self-signed one expires too.
"""

from __future__ import annotations

import datetime

_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18
_CENTURY_ENDS = 50
"""Two-digit years below it are of this century (RFC 5280, 4.1.2.5.1)."""


def read_expiry_s(der: bytes) -> float:
    """The `notAfter` of a certificate in DER, in Unix time (RFC 5280, 4.1).

    Raises:
        ValueError: the bytes are no certificate.
    """
    try:
        _, certificate, _ = _read_element(der, 0)
        _, body, _ = _read_element(certificate, 0)
        tag, _, at = _read_element(body, 0)
        if tag == _VERSION:
            _, _, at = _read_element(body, at)  # the serial number
        for _ in ("signature", "issuer"):
            _, _, at = _read_element(body, at)
        _, validity, _ = _read_element(body, at)
        _, _, at = _read_element(validity, 0)  # notBefore
        tag, until, _ = _read_element(validity, at)
        return _parse_time(tag, until.decode("ascii"))
    except (IndexError, ValueError) as error:
        raise ValueError("not a certificate") from error


def _read_element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """The element of DER at a position: its tag, its content, and where the next one is."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > len(data):
        raise IndexError
    return tag, data[at : at + length], at + length


def _parse_time(tag: int, text: str) -> float:
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < _CENTURY_ENDS else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(tag)
    moment = datetime.datetime.strptime(text.replace("Z", "+0000"), "%Y%m%d%H%M%S%z")
    return moment.timestamp()
