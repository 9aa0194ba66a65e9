"""Many short texts in one buffer, looked at together instead of one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.coded import code_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

PAD = b"\0" * 8
"""Every buffer begins so, for numbers are read backwards in words of 8 bytes."""

TOKEN, DIGIT, HEX_LETTER, OTHER = 1, 2, 4, 8
"""Classes of bytes: of a token; `0-9`; `a-f`; of a token and neither of these."""
SEPARATORS = frozenset(b" \t\n\r,;:=()[]{}\"'|<>?&/")
"""Between tokens, beside all bytes that are not printable ASCII."""
MARK = b"\x11"
"""Stands for a value in a skeleton; where it occurs itself, it is part of a value."""
MOST_DIGITS = 18
"""Any number with so many fits into an int64."""

Rows: TypeAlias = "NDArray[np.int64]"

_DECIMAL = re.compile(rb"[0-9]+\.([0-9]{1,9})")
_ZEROS = np.uint64(0x3030303030303030)
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_EIGHT = np.uint64(0xFFFFFFFF)


def class_of(byte: int) -> int:
    """The class of a byte; 0 for a separator."""
    if byte in MARK:
        return TOKEN | DIGIT | OTHER
    if byte in SEPARATORS or not 33 <= byte < 127:
        return 0
    if byte in b"0123456789":
        return TOKEN | DIGIT
    return TOKEN | (HEX_LETTER if byte in b"abcdef" else OTHER)


CLASSES = bytes(map(class_of, range(256)))
"""For `bytes.translate`."""
_CLASSES_OF_TEXTS = bytes(kind or OTHER for kind in CLASSES)
"""For texts that can have separators within."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Texts as places in a buffer."""

    text: bytes
    """The buffer; it begins with `PAD`."""
    starts: Rows
    ends: Rows
    classes: NDArray[np.uint8]
    """All classes of the bytes of each text, by OR."""

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Rows) -> Slices:
        """Some of the texts."""
        return Slices(self.text, self.starts[rows], self.ends[rows], self.classes[rows])

    def to_list(self) -> list[bytes]:
        """The texts one by one."""
        places = map(slice, self.starts.tolist(), self.ends.tolist())
        return list(map(self.text.__getitem__, places))

    def to_matrix(self, width: int) -> NDArray[np.uint8]:
        """Texts of one length as the rows of a matrix."""
        buffer = np.frombuffer(self.text, np.uint8)
        matrix: NDArray[np.uint8] = buffer[self.starts[:, None] + np.arange(width)]
        return matrix


def slice_texts(texts: Sequence[bytes]) -> Slices:
    """Slices of texts that are one by one."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    joined = b"".join((PAD, b"\n".join(texts), b"\n"))
    ends = np.cumsum(lengths + 1) + len(PAD) - 1
    starts = ends - lengths
    classes = np.frombuffer(bytearray(joined.translate(_CLASSES_OF_TEXTS)), np.uint8)
    classes[ends] = 0
    found = np.bitwise_or.reduceat(classes, starts) if len(texts) else np.empty(0, np.uint8)
    return Slices(joined, starts, ends, found)


def parse_numbers(texts: Slices) -> Rows | None:
    """The integers that the texts are; None if any is not the plain decimal of one."""
    lengths = texts.ends - texts.starts
    if not are_all_digits(texts.classes) or lengths.max() > MOST_DIGITS or lengths.min() < 1:
        return None
    first = np.frombuffer(texts.text, np.uint8)[texts.starts]
    if ((first == ord("0")) & (lengths > 1)).any():
        return None
    return read_digits(texts.text, texts.ends, lengths)


def parse_decimals(texts: Slices) -> tuple[Rows, int] | None:
    """Numbers that all have a point and as many decimals after it, times 10 to their number."""
    first = _DECIMAL.fullmatch(texts.text, int(texts.starts[0]), int(texts.ends[0]))
    if first is None:
        return None
    decimals = first.end() - first.start(1)
    lengths = texts.ends - texts.starts - decimals - 1
    points = texts.ends - decimals - 1
    if lengths.min() < 1 or lengths.max() + decimals > MOST_DIGITS:
        return None
    buffer = np.frombuffer(texts.text, np.uint8)
    zeros = (buffer[texts.starts] == ord("0")) & (lengths > 1)
    if zeros.any() or (buffer[points] != ord(".")).any():
        return None
    parts = ((points, lengths), (texts.ends, np.full(len(texts), decimals)))
    if not all(_are_digits(texts.text, *part) for part in parts):
        return None
    whole, fraction = (read_digits(texts.text, *part) for part in parts)
    return whole * 10**decimals + fraction, decimals


def _are_digits(text: bytes, ends: Rows, lengths: Rows) -> bool:
    """Whether so many bytes up to these places are digits."""
    buffer = np.frombuffer(text, np.uint8)
    for back in range(1, int(lengths.max()) + 1):
        bytes_there = buffer[ends[lengths >= back] - back]
        if ((bytes_there < ord("0")) | (bytes_there > ord("9"))).any():
            return False
    return True


def are_all_digits(classes: NDArray[np.uint8]) -> bool:
    """Whether there are only digits in all of the texts."""
    return bool(np.bitwise_or.reduce(classes) == TOKEN | DIGIT)


def read_digits(text: bytes, ends: Rows, lengths: Rows) -> Rows:
    """Numbers of 1 to 18 digits each, which end at these places; eight digits at a time."""
    words = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))
    total = np.zeros(len(ends), np.uint64)
    for done in range(0, int(lengths.max()), 8):
        left = np.clip(lengths - done, 0, 8)
        word = words[np.maximum(ends - done - 8, 0)]
        absent = ((8 - left) * 8).astype(np.uint64)
        word = np.where(left > 0, ((word ^ _ZEROS) >> absent) << absent, 0).astype(np.uint64)
        total += _parse_eight(word) * np.uint64(10**done)
    return total.view(np.int64)


def _parse_eight(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The number of eight digits (0 to 9, the first one in the lowest byte): Langdale's method."""
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & _PAIRS
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & _FOURS
    return (word * np.uint64(10**4) + (word >> np.uint64(32))) & _EIGHT


def byte_set(text: bytes) -> int:
    """The ASCII bytes that occur as bits; bit 0 stands for NUL and for all other bytes."""
    seen = np.bincount(np.frombuffer(text, np.uint8), minlength=256)[:256] > 0
    bits = int.from_bytes(np.packbits(seen[:128], bitorder="little").tobytes(), "little")
    return bits | int(seen[128:].any())


def byte_set_of(texts: Iterable[bytes]) -> int:
    """The same for a few short texts."""
    bits = 0
    for byte in frozenset(b"".join(texts)):
        bits |= 1 << byte if byte < 128 else 1
    return bits


def number_texts(texts: Sequence[bytes]) -> tuple[list[bytes], Rows]:
    """The different texts in order of appearance, and of each text which of them."""
    coded = code_texts(texts)
    return list(coded.distinct), coded.codes.astype(np.int64)
