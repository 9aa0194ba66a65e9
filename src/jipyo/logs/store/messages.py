"""The messages of a block: columns by skeleton and place, and a residue of rare skeletons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.logs.store.integers import Integers, read_integers, write_integers
from jipyo.logs.store.skeleton import (
    LONGEST_MESSAGE,
    NO_SKELETON,
    SkeletonTable,
    join_messages,
    split_messages,
)
from jipyo.logs.store.slices import MARK, number_texts
from jipyo.logs.store.values import (
    StoredValues,
    TokenGatherer,
    open_values,
    read_codes,
    write_codes,
    write_plain,
    write_slices,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.store.blobs import BlobReader, BlobWriter
    from jipyo.logs.store.literal import Selection
    from jipyo.logs.store.slices import Rows

LEAST_ROWS = 48
"""Columns for fewer records of a skeleton take more bytes than the records."""


_ODD = b"\0"
"""In the place of a skeleton: there is none."""


def write_messages(
    messages: Sequence[bytes], skeletons: SkeletonTable, blobs: BlobWriter, tokens: TokenGatherer
) -> tuple[dict[str, Any], Integers]:
    """Put messages; what describes them, and the skeleton id of each.

    `{"g": [[id, records, [column of each value]] of each group], "r": the residue, "c": codes}`
    """
    odd = _find_odd(messages)
    plain = list(messages)
    for row in odd:
        plain[row] = b""
    split = split_messages(plain)
    for row in odd:
        split.skeletons[row] = _ODD
    texts, codes = number_texts(split.skeletons)
    counts = np.bincount(codes).tolist()
    ids_by_code = [
        NO_SKELETON if text == _ODD else skeletons.intern(text, n)
        for text, n in zip(texts, counts, strict=True)
    ]
    places = np.array([0 if text == _ODD else text.count(MARK) for text in texts], np.int64)[codes]
    first_value = np.cumsum(places) - places
    group_of = np.full(len(messages), -1, np.int64)
    groups: list[list[Any]] = []
    ends = np.cumsum(counts)
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    for code, (n, end) in enumerate(zip(counts, ends.tolist(), strict=True)):
        if n >= LEAST_ROWS and ids_by_code[code] != NO_SKELETON:
            rows = order[end - n : end]
            group_of[rows] = len(groups)
            columns = [
                write_slices(split.values.take(first_value[rows] + place), blobs, tokens)
                for place in range(int(places[rows[0]]))
            ]
            groups.append([ids_by_code[code], n, columns])
    ids = np.array(ids_by_code, np.int64)[codes]
    meta: dict[str, Any] = {"g": groups}
    rest = np.flatnonzero(group_of < 0)
    if len(rest):
        rare = [messages[row] for row in rest.tolist()]
        meta["r"] = [len(rest), write_integers(ids[rest], blobs), write_plain(rare, blobs, tokens)]
        group_of[rest] = len(groups)
    size = len(groups) + (len(rest) > 0)
    meta["c"] = -1 if size == 1 else write_codes(group_of, size, blobs)
    return meta, ids


def _find_odd(messages: Sequence[bytes]) -> list[int]:
    """The messages without a skeleton: very long ones, and those with NUL."""
    if max(map(len, messages)) <= LONGEST_MESSAGE and b"\0" not in b"".join(messages):
        return []
    return [row for row, text in enumerate(messages) if len(text) > LONGEST_MESSAGE or 0 in text]


class StoredMessages:
    """Messages as they are kept."""

    def __init__(
        self, meta: dict[str, Any], n: int, blobs: BlobReader, skeletons: SkeletonTable
    ) -> None:
        self._meta = meta
        self._n = n
        self._blobs = blobs
        self._skeletons = skeletons

    @property
    def groups(self) -> list[list[Any]]:
        """`[skeleton id, records, columns]` of each; the code of its rows is its place here."""
        return list(self._meta["g"])

    def open_column(self, group: int, place: int) -> StoredValues:
        """The values at a place of a group's skeleton."""
        _, n, columns = self._meta["g"][group]
        return open_values(columns[place], n, self._blobs)

    def open_residue(self) -> tuple[int, StoredValues] | None:
        """The number of messages of rare skeletons, and the messages."""
        residue = self._meta.get("r")
        return (
            None
            if residue is None
            else (residue[0], open_values(residue[2], residue[0], self._blobs))
        )

    def codes(self) -> Integers:
        """The group of each row; the number of groups for the residue."""
        return self._read_codes().astype(np.int64)

    def _read_codes(self) -> NDArray[np.uint16] | NDArray[np.uint8]:
        blob = self._meta["c"]
        return np.zeros(self._n, np.uint8) if blob < 0 else read_codes(blob, self._n, self._blobs)

    def rare_skeleton_ids(self) -> Integers:
        """The skeletons of the residue's messages."""
        n, ids, _ = self._meta.get("r", (0, [0], None))
        return read_integers(ids, n, self._blobs)

    def skeleton_ids(self) -> Integers:
        """The skeleton of each row."""
        codes = self.codes()
        groups = self._meta["g"]
        ids = np.array([*(group[0] for group in groups), NO_SKELETON], np.int64)[codes]
        ids[codes == len(groups)] = self.rare_skeleton_ids()
        return ids

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        """The messages of all rows, or of some."""
        codes = self._read_codes()
        of_wanted = codes if rows is None else codes[rows]
        texts: list[bytes] = [b""] * len(of_wanted)
        for code in np.unique(of_wanted).tolist():
            at = np.flatnonzero(of_wanted == code)
            within = None
            if rows is not None:
                within = np.searchsorted(np.flatnonzero(codes == code), rows[at])
            for row, text in zip(at.tolist(), self._group_texts(code, within), strict=True):
                texts[row] = text
        return texts

    def _group_texts(self, code: int, rows: Rows | None) -> list[bytes]:
        if code == len(self._meta["g"]):
            n, metas = self._meta["r"][0], self._meta["r"][2]
            return open_values(metas, n, self._blobs).texts(rows)
        skeleton_id, n, metas = self._meta["g"][code]
        columns = [open_values(meta, n, self._blobs).texts(rows) for meta in metas]
        n = n if rows is None else len(rows)
        return join_messages(self._skeletons.text(skeleton_id), columns, n)


def spread_groups(codes: Integers, found: dict[int, Selection]) -> Selection:
    """What was found in groups, by their code, as rows of the block."""
    rows = np.zeros(len(codes), bool)
    for code, chosen in found.items():
        if isinstance(chosen, bool):
            rows |= (codes == code) & chosen
        else:
            rows[np.flatnonzero(codes == code)[chosen]] = True
    return rows
