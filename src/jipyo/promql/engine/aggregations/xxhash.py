"""XXH64, the hash by which `limit_ratio` selects series (Yann Collet, xxHash specification)."""

from __future__ import annotations

from struct import iter_unpack, unpack_from

_MASK = (1 << 64) - 1
_P1 = 0x9E3779B185EBCA87
_P2 = 0xC2B2AE3D27D4EB4F
_P3 = 0x165667B19E3779F9
_P4 = 0x85EBCA77C2B2AE63
_P5 = 0x27D4EB2F165667C5


def _rotate_left(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _round(lane: int, word: int) -> int:
    return _rotate_left((lane + word * _P2) & _MASK, 31) * _P1 & _MASK


def hash64(data: bytes) -> int:
    """The 64-bit hash with seed 0."""
    stripes = len(data) // 32 * 32
    value = _hash_stripes(data[:stripes]) if stripes else _P5
    value = _hash_tail(data[stripes:], (value + len(data)) & _MASK)
    value = (value ^ value >> 33) * _P2 & _MASK
    value = (value ^ value >> 29) * _P3 & _MASK
    return value ^ value >> 32


def _hash_stripes(data: bytes) -> int:
    lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
    for words in iter_unpack("<4Q", data):
        lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
    value = sum(_rotate_left(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
    for lane in lanes:
        value = ((value ^ _round(0, lane)) * _P1 + _P4) & _MASK
    return value


def _hash_tail(data: bytes, value: int) -> int:
    at = 0
    for at in range(8, len(data) + 1, 8):
        value ^= _round(0, unpack_from("<Q", data, at - 8)[0])
        value = (_rotate_left(value, 27) * _P1 + _P4) & _MASK
    at = len(data) // 8 * 8
    if len(data) - at >= 4:
        value ^= unpack_from("<I", data, at)[0] * _P1 & _MASK
        value = (_rotate_left(value, 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        value = _rotate_left(value ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    return value
