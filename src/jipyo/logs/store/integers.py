"""Integers <-> bytes: their least value apart, the rest by pcodec in as few bits as they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from pcodec import ChunkConfig, standalone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.logs.store.blobs import BlobReader, BlobWriter

Integers: TypeAlias = "NDArray[np.int64]"
IntegersMeta: TypeAlias = list[int]
"""`[low]` where all are equal, else `[low, high, width in bytes, blob, unit]`."""

_CONFIG = ChunkConfig(compression_level=6)
_MOST_MARKS = 1 << 18
_UNITS = (10**9, 10**6, 10**3)
_SAMPLE = 64
_WRAP = 1 << 64
_WIDTHS: tuple[tuple[int, type[np.unsignedinteger[Any]]], ...] = (
    (2, np.uint16),
    (4, np.uint32),
    (8, np.uint64),
)


def write_integers(values: Integers, blobs: BlobWriter) -> IntegersMeta:
    """Put integers of any size; what describes them is returned."""
    if not len(values):
        return [0]
    low, high = int(values.min()), int(values.max())
    if low == high:
        return [low]
    above = values.astype(np.int64).view(np.uint64) - np.uint64(low % _WRAP)
    unit = _find_unit(above, high - low)
    width, kind = next(each for each in _WIDTHS if (high - low) // unit < 1 << 8 * each[0])
    steps = above if unit == 1 else above // np.uint64(unit)
    packed = standalone.simple_compress(steps.astype(kind), _CONFIG)
    return [low, high, width, blobs.put(packed), unit]


def _find_unit(above: NDArray[np.uint64], most: int) -> int:
    """What divides all of them, as in nanoseconds that were measured in milliseconds."""
    if most >> 16:
        for unit in _UNITS:
            if (
                not (above[:_SAMPLE] % np.uint64(unit)).any()
                and not (above % np.uint64(unit)).any()
            ):
                return unit
    return 1


def read_integers(
    meta: IntegersMeta, n: int, blobs: BlobReader, rows: Integers | None = None
) -> Integers:
    """The integers that were put, or those of some rows."""
    if len(meta) == 1:
        return np.full(n if rows is None else len(rows), meta[0], np.int64)
    steps, unit = read_steps(meta, blobs)
    wide: NDArray[np.uint64] = (steps if rows is None else steps[rows]).astype(np.uint64)
    if unit > 1:
        wide *= np.uint64(unit)
    wide += np.uint64(meta[0] % _WRAP)
    return wide.view(np.int64)


def read_steps(
    meta: IntegersMeta, blobs: BlobReader
) -> tuple[NDArray[np.unsignedinteger[Any]], int]:
    """How many units each of the integers, not all equal, is above the least; and the unit."""
    steps: NDArray[np.unsignedinteger[Any]] = standalone.simple_decompress(blobs.get(meta[3]))
    return steps, meta[4]


def group_integers(values: Integers) -> tuple[Integers, Integers]:
    """The different integers, ascending, and of each value which of them."""
    low = int(values.min())
    size = int(values.max()) - low + 1
    if size > _MOST_MARKS:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct, codes.astype(np.int64)
    marks = np.zeros(size, bool)
    marks[values - low] = True
    places = np.cumsum(marks) - 1
    return np.flatnonzero(marks) + low, places[values - low]


def write_ascending(keys: Integers, blobs: BlobWriter) -> list[Any]:
    """Put ascending integers, as the first one and the distances."""
    first = int(keys[0]) if len(keys) else 0
    return [first, *write_integers(np.diff(keys, prepend=first), blobs)]


def read_ascending(meta: list[Any], n: int, blobs: BlobReader) -> Integers:
    """The ascending integers that were put."""
    return np.cumsum(read_integers(meta[1:], n, blobs)) + np.int64(meta[0])
