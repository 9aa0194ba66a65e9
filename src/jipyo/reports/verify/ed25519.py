"""Ed25519 signatures (RFC 8032, section 5.1), with keys as OpenSSL writes them.

    openssl genpkey -algorithm ed25519 -out key.pem
    openssl pkey -in key.pem -pubout -out public.pem

Plain integers: a signature takes some milliseconds, and its time may tell of the key to one who
can measure it. So it is for a file that an operator signs on his own machine, not for a server.
"""

from __future__ import annotations

import base64
import hashlib
import re

from jipyo.model.errors import ConfigError

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_SIZE = 32
_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC = bytes.fromhex("302a300506032b6570032100")
"""Before the 32 bytes of a key in DER: PKCS #8 (RFC 8410, section 7), and SubjectPublicKeyInfo."""
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----")

_Point = tuple[int, int, int, int]
"""x/z, y/z, z and xy/z."""


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64 bytes of a signature by the 32 of a private key."""
    digest = hashlib.sha512(seed).digest()
    scalar = _clamp(digest[:_SIZE])
    public = _compress(_multiply(scalar, _BASE))
    nonce = _hash(digest[_SIZE:] + message)
    commitment = _compress(_multiply(nonce, _BASE))
    response = (nonce + _hash(commitment + public + message) * scalar) % _ORDER
    return commitment + response.to_bytes(_SIZE, "little")


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is of this message, by the private key of these 32 public bytes."""
    if len(public) != _SIZE or len(signature) != 2 * _SIZE:
        return False
    key, commitment = _decompress(public), _decompress(signature[:_SIZE])
    response = int.from_bytes(signature[_SIZE:], "little")
    if key is None or commitment is None or response >= _ORDER:
        return False
    challenge = _hash(signature[:_SIZE] + public + message)
    left, right = _multiply(response, _BASE), _add(commitment, _multiply(challenge, key))
    return _is_equal(left, right)


def find_public(seed: bytes) -> bytes:
    """The public key of a private one."""
    return _compress(_multiply(_clamp(hashlib.sha512(seed).digest()[:_SIZE]), _BASE))


def read_private_key(content: bytes, where: str) -> bytes:
    """The 32 bytes of a private key in PEM.

    Raises:
        ConfigError: it is something else, or encrypted.
    """
    return _read_key(content, _PRIVATE, "PRIVATE KEY", where)


def read_public_key(content: bytes, where: str) -> bytes:
    """The 32 bytes of a public key in PEM.

    Raises:
        ConfigError: it is something else.
    """
    return _read_key(content, _PUBLIC, "PUBLIC KEY", where)


def write_public_key(public: bytes) -> bytes:
    """A public key in PEM."""
    text = base64.b64encode(_PUBLIC + public)
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"\n-----END PUBLIC KEY-----\n"


def _read_key(content: bytes, prefix: bytes, name: str, where: str) -> bytes:
    found = _PEM.search(content)
    if found is not None and found[1] == name.encode():
        try:
            der = base64.b64decode(b"".join(found[2].split()), validate=True)
        except ValueError:
            der = b""
        if der.startswith(prefix) and len(der) == len(prefix) + _SIZE:
            return der[len(prefix) :]
    raise ConfigError("verify.pack.not_a_key", hint="verify.pack.not_a_key.hint", file=where)


def _clamp(half: bytes) -> int:
    scalar = int.from_bytes(half, "little")
    return scalar & ~7 & ~(1 << 255) | (1 << 254)


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.sha512(content).digest(), "little") % _ORDER


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _is_equal(one: _Point, other: _Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % _P == 0


def _compress(point: _Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(_SIZE, "little")


def _decompress(content: bytes) -> _Point | None:
    number = int.from_bytes(content, "little")
    sign_bit, y = number >> 255, number & (1 << 255) - 1
    x = _find_x(y, sign_bit)
    return None if x is None else (x, y, 1, x * y % _P)


def _find_x(y: int, sign_bit: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign_bit else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign_bit else x


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
