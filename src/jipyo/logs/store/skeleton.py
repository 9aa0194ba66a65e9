"""Messages <-> skeletons and values: what stays the same in a message, and what varies.

A token with a digit is a value, everything else is the skeleton (Rodrigues, Luo, Yuan: CLP,
OSDI 2021). Skeletons have ids, which never change: templates are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.store.slices import CLASSES, DIGIT, MARK, PAD, TOKEN, Rows, Slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

NO_SKELETON = (1 << 24) - 1
"""The id of messages without a skeleton in the table."""
LONGEST_MESSAGE = 16_384
"""Longer messages have no skeleton, nor have those with NUL bytes."""

_OPEN_BYTES = 8 << 20
_MOST_BYTES = 32 << 20
_FREQUENT = 16
_PIECE_BYTES = 1 << 18
"""So that a piece and what is computed from it stay in the processor's cache."""


class SkeletonTable:
    """Texts of skeletons <-> ids, from 0 on; ids are only ever added.

    Free text would fill it without end: beyond 8 MiB of texts only skeletons of which a block
    has at least 16 records are added, and none beyond 32 MiB.
    """

    def __init__(self, texts: Iterable[bytes] = ()) -> None:
        self._texts: list[bytes] = []
        self._ids: dict[bytes, int] = {}
        self._bytes = 0
        self.extend(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def extend(self, texts: Iterable[bytes]) -> None:
        """Add texts that another table has after the ids known here, in its order."""
        for text in texts:
            self._add(text)

    def text(self, skeleton_id: int) -> bytes:
        """The skeleton with `MARK` for each value."""
        return self._texts[skeleton_id]

    def texts_from(self, skeleton_id: int) -> list[bytes]:
        """The texts of this id and all later ones: what is to be made durable."""
        return self._texts[skeleton_id:]

    def find(self, text: bytes) -> int:
        """The id of a skeleton, or `NO_SKELETON`."""
        return self._ids.get(text, NO_SKELETON)

    def intern(self, text: bytes, rows: int) -> int:
        """The id of a skeleton of which a block has so many records; `NO_SKELETON` if full."""
        found = self._ids.get(text)
        if found is not None:
            return found
        full = self._bytes >= (_MOST_BYTES if rows >= _FREQUENT else _OPEN_BYTES)
        return NO_SKELETON if full or len(self) >= NO_SKELETON else self._add(text)

    def _add(self, text: bytes) -> int:
        number = self._ids[text] = len(self._texts)
        self._texts.append(text)
        self._bytes += len(text)
        return number


@dataclass(frozen=True, slots=True)
class SplitMessages:
    """Messages as skeletons and values."""

    skeletons: list[bytes]
    """Of each message; empty for those without."""
    values: Slices
    """Of all messages, one after the other."""


def split_messages(messages: Sequence[bytes]) -> SplitMessages:
    """Split messages, none of which is longer than `LONGEST_MESSAGE` or has a NUL byte."""
    text = b"".join((PAD, b"\0".join(messages), b"\0"))
    buffer = np.frombuffer(text, np.uint8)
    classes = np.frombuffer(text.translate(CLASSES), np.uint8)
    skeletons: list[bytes] = []
    found: list[tuple[Rows, Rows, NDArray[np.uint8]]] = []
    for start, end in _find_pieces(messages):
        joined, firsts, lasts, kinds = _split_piece(buffer[start:end], classes[start:end])
        skeletons += joined.split(b"\0")[:-1]
        found.append((firsts + start, lasts + start, kinds))
    starts, ends, classes_of = zip(*found, strict=True)
    values = Slices(text, *map(np.concatenate, (starts, ends, classes_of)))
    return SplitMessages(skeletons, values)


def _find_pieces(messages: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where to cut the joined messages: after a message, about every `_PIECE_BYTES`."""
    ends = np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages)) + 1) + len(PAD)
    start = len(PAD)
    while start < ends[-1]:
        at = min(int(np.searchsorted(ends, start + _PIECE_BYTES)), len(ends) - 1)
        yield start, int(ends[at])
        start = int(ends[at])


def _split_piece(
    buffer: NDArray[np.uint8], classes: NDArray[np.uint8]
) -> tuple[bytes, Rows, Rows, NDArray[np.uint8]]:
    """Skeletons, each closed by NUL, and the values' starts, ends and classes."""
    is_token = np.zeros(len(buffer) + 1, np.int8)
    np.bitwise_and(classes, TOKEN, out=is_token[1:].view(np.uint8))
    edges = np.diff(is_token)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return buffer.tobytes(), starts, ends, np.empty(0, np.uint8)
    kinds = np.bitwise_or.reduceat(classes, starts)
    is_value = (kinds & DIGIT) != 0
    starts, ends, kinds = starts[is_value], ends[is_value], kinds[is_value]
    cut = np.zeros(len(buffer) + 1, np.int8)
    cut[starts + 1] = 1
    cut[ends] -= 1
    inside = np.cumsum(cut[:-1], dtype=np.int8).view(bool)
    marked = buffer.copy()
    marked[starts] = MARK[0]
    return marked[~inside].tobytes(), starts, ends, kinds


def split_message(message: bytes) -> tuple[bytes, list[bytes]]:
    """Skeleton and values of one message: the plain method."""
    skeleton, values, token = bytearray(), [], bytearray()
    for byte in message + b" ":
        if CLASSES[byte]:
            token.append(byte)
            continue
        if any(CLASSES[one] & DIGIT for one in token):
            values.append(bytes(token))
            token = bytearray(MARK)
        skeleton += token + bytes((byte,))
        token = bytearray()
    return bytes(skeleton[:-1]), values


def join_messages(skeleton: bytes, columns: Sequence[Sequence[bytes]], n: int) -> list[bytes]:
    """Messages of one skeleton from the columns of its values."""
    if not columns:
        return [skeleton] * n
    pattern = skeleton.replace(b"%", b"%%").replace(MARK, b"%b")
    return list(map(pattern.__mod__, zip(*columns, strict=True)))
