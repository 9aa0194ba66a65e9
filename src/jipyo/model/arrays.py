"""Stretches and groups in arrays, for every room that handles series."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

Indices = npt.NDArray[np.int64]
Rows = Indices | slice
"""Some rows of an array."""
Flags = npt.NDArray[np.bool_]


def find_runs(flags: Flags) -> list[tuple[int, int]]:
    """The stretches [start, end) in which flags of shape (n,) are true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def group_equal_rows(keys: npt.NDArray[Any]) -> list[Rows]:
    """The rows of a table of shape (rows, columns) by their content.

    Groups are in the order in which each first appears. A group that is one stretch is a
    slice, so that taking it costs no copy.
    """
    differs = (keys[1:] != keys[:-1]).any(axis=1)
    starts = [0, *(differs.nonzero()[0] + 1).tolist(), len(keys)]
    groups: dict[bytes, list[tuple[int, int]]] = {}
    for start, end in pairwise(starts):
        groups.setdefault(keys[start].tobytes(), []).append((start, end))
    return [
        slice(*runs[0])
        if len(runs) == 1
        else np.array([row for run in runs for row in range(*run)], np.int64)
        for runs in groups.values()
    ]


def group_by_presence(present: Flags) -> Iterator[tuple[Indices, Indices]]:
    """Rows that have values in the same columns, and those columns; (rows, columns) flags.

    Rows without any value are left out.
    """
    every = np.arange(len(present))
    for group in group_equal_rows(np.packbits(present, axis=1)) if len(present) else ():
        rows = every[group]
        columns = np.flatnonzero(present[rows[0]])
        if len(columns):
            yield rows, columns
