"""Hex digits of ids, found as they are packed: two in a byte, without being written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.store.literal import Literal, Selection, select_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.logs.store.slices import Rows


def find_in_nibbles(packed: NDArray[np.uint8], width: int, literal: Literal) -> Selection:
    """Which of the texts of `width` digits (`0-9a-f`), the rows of a matrix, have the literal.

    The literal has such digits only. Where it begins in the middle of a byte, and where in the
    beginning, it is a row of bytes, of which the first and the last may be halves.
    """
    if literal.is_in_every_text:
        return True
    places = literal.list_places(width)
    found = [
        _find_aligned(packed, literal.text, [at for at in places if at % 2 == half], half)
        for half in (0, 1)
    ]
    return select_at(np.concatenate(found), len(packed))


def _find_aligned(packed: NDArray[np.uint8], text: bytes, places: list[int], half: int) -> Rows:
    """The rows where the digits begin at one of these places, which are all even or all odd."""
    if not places:
        return np.empty(0, np.int64)
    padded = b"0" * half + text + b"0" * ((half + len(text)) % 2)
    wanted = np.frombuffer(bytes.fromhex(padded.decode()), np.uint8)
    masks = np.full(len(wanted), 0xFF, np.uint8)
    masks[0] = 0x0F if half else 0xFF
    masks[-1] &= 0xF0 if (half + len(text)) % 2 else 0xFF
    anchor = int(np.argmax(masks == 0xFF))
    if len(places) == 1:
        return _find_at(packed[:, places[0] // 2 :], masks, wanted, anchor)
    flat = packed.reshape(-1)
    hits = np.flatnonzero(flat & masks[anchor] == wanted[anchor]) - anchor
    columns = hits % packed.shape[1]
    starts = hits[(hits >= 0) & (columns >= places[0] // 2) & (columns <= places[-1] // 2)]
    for at, (mask, byte) in enumerate(zip(masks, wanted, strict=True)):
        if at != anchor:
            starts = starts[flat[starts + at] & mask == byte]
    rows: Rows = starts // packed.shape[1]
    return rows


def _find_at(
    packed: NDArray[np.uint8], masks: NDArray[np.uint8], wanted: NDArray[np.uint8], anchor: int
) -> Rows:
    """The rows that begin with these bytes, under their masks."""
    rows = np.flatnonzero(packed[:, anchor] & masks[anchor] == wanted[anchor])
    for at, (mask, byte) in enumerate(zip(masks, wanted, strict=True)):
        if at != anchor:
            rows = rows[packed[rows, at] & mask == byte]
    return rows
