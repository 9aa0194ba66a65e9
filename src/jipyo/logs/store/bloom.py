"""Which long tokens a block has: a Bloom filter in lines, each read and verified by itself.

A token is a run of 12 letters and digits or more with a digit among them: trace ids, hashes,
keys. One line of 64 bytes is read for one token (blocked Bloom filter: Putze, Sanders, Singler
2007), with seven of its 480 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.store.blobs import CRC_BYTES, BlobWriter, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

LEAST_TOKEN = 12
"""Shorter tokens are in too many blocks for a filter to pay."""
Hashes: TypeAlias = "NDArray[np.uint64]"

_LOWER_AND_SPACE = bytes(
    byte if byte < 128 and chr(byte).isalnum() else ord(" ") for byte in bytes(range(256)).lower()
)
_LINE_BYTES = 64
_FILTER_BYTES = _LINE_BYTES - CRC_BYTES
_FILTER_BITS = 8 * _FILTER_BYTES
_BITS_A_TOKEN = 16
_PROBES = 7
_HASHED_BYTES = 64
"""Longer tokens are known by their first bytes."""
_MULTIPLIER = 0xBF58476D1CE4E5B9
_SECOND = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


def find_tokens(text: bytes) -> set[bytes]:
    """The long tokens of a text, in lower case."""
    lower = text.translate(_LOWER_AND_SPACE)
    spaces = np.flatnonzero(np.frombuffer(b" %b " % lower, np.uint8) == ord(" "))
    long = np.flatnonzero(np.diff(spaces) > LEAST_TOKEN)
    places = zip(spaces[long].tolist(), (spaces[long + 1] - 1).tolist(), strict=True)
    return {run for run in {lower[a:b] for a, b in places} if not run.isalpha()}


def longest_token(tokens: Iterable[bytes]) -> int:
    """The length of the longest, 0 without any."""
    return max(map(len, tokens), default=0)


def hash_token(token: bytes) -> int:
    """The hash of one token in lower case, as `hash_tokens` has it."""
    state = 0
    for at in range(0, min(len(token), _HASHED_BYTES), 8):
        state = _mix_word(state ^ int.from_bytes(token[at : at + 8], "little"))
    return state


def hash_tokens(tokens: Iterable[bytes]) -> Hashes:
    """The hashes of tokens without NUL bytes."""
    texts = [token[:_HASHED_BYTES] for token in tokens]
    if not texts:
        return np.empty(0, np.uint64)
    width = -(-max(map(len, texts)) // 8) * 8
    return hash_rows(np.array(texts, f"S{width}").view(np.uint8).reshape(len(texts), width))


def hash_rows(matrix: NDArray[np.uint8]) -> Hashes:
    """The hashes of tokens that are the rows of a matrix, padded with NUL bytes."""
    n, width = matrix.shape
    padded = np.zeros((n, -(-min(width, _HASHED_BYTES) // 8) * 8), np.uint8)
    padded[:, : min(width, _HASHED_BYTES)] = matrix[:, :_HASHED_BYTES]
    state = np.zeros(n, np.uint64)
    for word in np.ascontiguousarray(padded).view(np.uint64).T:
        state = np.where(word != 0, _mix_words(state ^ word), state)
    return state


def write_bloom(hashes: Hashes, blobs: BlobWriter) -> list[int]:
    """Put a filter; `[lines, offset in the block]` describes it, `[]` where there is no token."""
    if not len(hashes):
        return []
    lines = -(-len(hashes) * _BITS_A_TOKEN // _FILTER_BITS)
    bits = np.zeros((lines, _FILTER_BITS), bool)
    line = ((hashes >> np.uint64(32)) % np.uint64(lines)).astype(np.int64)
    second = _mix_words(hashes ^ np.uint64(_SECOND))
    for probe in range(_PROBES):
        bit = (second >> np.uint64(9 * probe) & np.uint64(511)) % np.uint64(_FILTER_BITS)
        bits[line, bit.astype(np.int64)] = True
    packed = np.packbits(bits, axis=1, bitorder="little")
    sealed = b"".join(seal(one.tobytes(), at) for at, one in enumerate(packed))
    return [lines, blobs.put_sealed(sealed)]


@dataclass(frozen=True, slots=True)
class LongToken:
    """A long token that is looked for, with what of it is looked for in filters."""

    text: bytes
    """In lower case."""
    whole: bool
    """Whether a text that is searched for has it as its own, not as a part of a longer one."""
    line: int
    bits: int


def make_token(text: bytes, *, whole: bool) -> LongToken:
    """A token in lower case."""
    state = hash_token(text)
    second = _mix_word(state ^ _SECOND)
    bits = 0
    for probe in range(_PROBES):
        bits |= 1 << (second >> 9 * probe & 511) % _FILTER_BITS
    return LongToken(text, whole, state >> 32, bits)


def list_tokens(text: bytes, *, is_start: bool = False, is_end: bool = False) -> list[LongToken]:
    """The long tokens of a text that is searched for, but for numbers.

    At its edges they may be parts of longer ones, unless the text is sought at the start, or at
    the end.
    """
    lower = text.lower()
    return [
        make_token(
            each,
            whole=(is_start or not lower.startswith(each)) and (is_end or not lower.endswith(each)),
        )
        for each in sorted(find_tokens(text))
        if not each.isdigit()
    ]


def may_have_token(
    meta: list[int], longest: int, token: LongToken, read: Callable[[int, int], bytes]
) -> bool:
    """Whether texts whose longest token is known may have the token; wrong in one of 900.

    Raises:
        StoreCorrupt: the checksum does not hold.
    """
    if not (token.whole or len(token.text) >= longest):
        return True
    return has_bits(meta, token.line, token.bits, read)


def has_bits(meta: Sequence[int], line: int, bits: int, read: Callable[[int, int], bytes]) -> bool:
    """Whether the filter has all bits of a token.

    Raises:
        StoreCorrupt: the checksum does not hold.
    """
    if not meta:
        return False
    lines, offset = meta
    line %= lines
    sealed = read(offset + line * _LINE_BYTES, _LINE_BYTES)
    return int.from_bytes(unseal(sealed, line), "little") & bits == bits


def verify_bloom(meta: list[int], read: Callable[[int, int], bytes]) -> None:
    """Check every line.

    Raises:
        StoreCorrupt: a checksum does not hold.
    """
    for line in range(meta[0] if meta else 0):
        unseal(read(meta[1] + line * _LINE_BYTES, _LINE_BYTES), line)


def _mix_word(word: int) -> int:
    word = ((word ^ word >> 29) * _MULTIPLIER) & _WORD
    return word ^ word >> 32


def _mix_words(words: Hashes) -> Hashes:
    mixed = (words ^ words >> np.uint64(29)) * np.uint64(_MULTIPLIER)
    return mixed ^ mixed >> np.uint64(32)
