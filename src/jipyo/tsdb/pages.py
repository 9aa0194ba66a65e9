"""Rows of an SQLite file, read from its pages without SQLite.

SQLite follows pointers from the first page on, and gives up where one is damaged. Here each page
is looked at by itself, so what is on the others is still there. Nothing of a row can be trusted:
the caller compares checksums.

Source of the format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.tsdb.codec import Damaged, decode_text
from jipyo.tsdb.format import PAGE_BYTES, get_journal_path, get_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Value = int | float | str | bytes | None

DAMAGED = "?"
"""The kinds of a cell that is none."""
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 0x0D, 0x0A, 0x02
_TABLE_INNER = 0x05
_WITH_ROWS = frozenset({_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER})
_FILE_HEADER = 100
_MAGIC = b"SQLite format 3\0"
_MOST_MISSING = 1000
_FREE = b"\x02\0\0\0\0"
"""The entry of the pointer map for a page that is not in use: what it holds was deleted."""
_ROOT_OR_BELOW = frozenset({b"\x01", b"\x05"})
_MAP_BYTES = 5
_MAPPED = PAGE_BYTES // _MAP_BYTES
_LEAST_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
_MOST_LOCAL_INDEX = (PAGE_BYTES - 12) * 64 // 255 - 23
_MOST_LOCAL_TABLE = PAGE_BYTES - 35
_LOG_HEADER, _FRAME_HEADER = 32, 24
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_MOST_PAYLOAD = 1 << 30
_KINDS = "niiiiiifii??"
"""By serial type; from 12 on it is bytes or text."""
_AT_BITS = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a row is, and as what: one letter a column (n null, i integer, f float, t, b)."""

    page: int
    at: int
    rowid: int | None
    """None in a table that has none, and in an index."""
    kinds: str

    @property
    def place(self) -> int:
        """The page and where on it as one number, never 0."""
        return self.page << _AT_BITS | self.at


class Pages:
    """The pages of a file, as its log left them; only ever read."""

    def __init__(self, file: Path) -> None:
        """Open the file, and look up what its log has of it.

        Raises:
            OSError: it cannot be read.
        """
        self._fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        journal = get_journal_path(file)
        self._log_fd = -1
        self._logged: Mapping[int, int] = {}
        if get_size(journal):
            self._log_fd = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
            self._logged = _find_logged(self._log_fd, get_size(journal))
        self.count = self._count_pages()

    def _count_pages(self) -> int:
        """As many as there are; of a truncated file, as many as the first page counts."""
        there = max([-(-os.fstat(self._fd).st_size // PAGE_BYTES), *self._logged])
        first = self.read(1)
        recorded = int.from_bytes(first[28:32], "big") if first.startswith(_MAGIC) else 0
        # A damaged number may be any.
        return max(there, recorded) if recorded <= _MOST_MISSING + 16 * there else there

    def close(self) -> None:
        """Close the files."""
        os.close(self._fd)
        if self._log_fd >= 0:
            os.close(self._log_fd)

    def read(self, number: int) -> bytes:
        """A page, from 1 on; zeros where the file ends before, or the disk cannot read it."""
        fd, at = self._fd, (number - 1) * PAGE_BYTES
        if number in self._logged:
            fd, at = self._log_fd, self._logged[number]
        try:
            b = os.pread(fd, PAGE_BYTES, at)
        except OSError:
            b = b""
        return b.ljust(PAGE_BYTES, b"\0")

    def list_damaged(self) -> list[int]:
        """Pages that should hold rows, and whose cells are none or do not fill them."""
        return [
            number
            for number in range(3, self.count + 1)
            if self._read_map_entry(number)[:1] in _ROOT_OR_BELOW
            and not _is_filled(self.read(number))
        ]

    def _read_map_entry(self, number: int) -> bytes:
        """What the pointer map, a page before each `_MAPPED` others, has of a page."""
        if number < 3:
            return b""
        first = (number - 2) // (_MAPPED + 1) * (_MAPPED + 1) + 2
        at = (number - first - 1) * _MAP_BYTES
        return self.read(first)[at : at + _MAP_BYTES] if number > first else _FREE

    def find_cells(self, number: int) -> Iterator[Cell]:
        """The rows on a page; none on one that holds none or is not in use."""
        page = self.read(number)
        start = _FILE_HEADER if number == 1 else 0
        if page[start] not in _WITH_ROWS or self._read_map_entry(number) == _FREE:
            return
        has_rowid = page[start] == _TABLE_LEAF
        for at in _list_cells(page, start):
            try:
                rowid, size, begin = _parse_start(page, at, has_rowid=has_rowid)
                if size > _MOST_PAYLOAD or begin >= PAGE_BYTES:
                    raise Damaged
                types = _parse_types(page[begin:])
                kinds = "".join("bt"[n % 2] if n >= 12 else _KINDS[n] for n in types)
            except (Damaged, IndexError):
                rowid, kinds = None, DAMAGED
            yield Cell(number, at, rowid, kinds)

    def read_row(self, place: int, *, has_rowid: bool) -> list[Value]:
        """The columns of the row in a cell; in a table with rowids, the first is None.

        Raises:
            Damaged: they are not where the row points.
        """
        page = self.read(place >> _AT_BITS)
        try:
            _, size, begin = _parse_start(page, place % (1 << _AT_BITS), has_rowid=has_rowid)
            payload = self._read_payload(page, begin, size, has_rowid)
            return _parse_record(payload)
        except (IndexError, struct.error) as error:
            raise Damaged from error

    def _read_payload(self, page: bytes, begin: int, size: int, is_table: bool) -> bytes:
        """The bytes of a row: all on the page, or the first there and the rest on a chain."""
        local = _measure_local(size, is_table=is_table)
        if size == local:
            return page[begin : begin + size]
        parts = [page[begin : begin + local]]
        left = size - local
        (number,) = struct.unpack_from(">I", page, begin + local)
        while left > 0:
            if not 1 < number <= self.count:
                raise Damaged
            chained = self.read(number)
            parts.append(chained[4 : 4 + left])
            left -= PAGE_BYTES - 4
            number = int.from_bytes(chained[:4], "big")
        return b"".join(parts)


def _find_logged(fd: int, size: int) -> dict[int, int]:
    """Where in a write-ahead log the last committed content of each page is."""
    header = os.pread(fd, _LOG_HEADER, 0)
    committed: dict[int, int] = {}
    pending: dict[int, int] = {}
    for at in range(_LOG_HEADER, size - PAGE_BYTES, _FRAME_HEADER + PAGE_BYTES):
        frame = os.pread(fd, _FRAME_HEADER, at)
        number, pages = struct.unpack_from(">II", frame)
        if frame[8:16] != header[16:24]:  # left over from before the log was restarted
            break
        pending[number] = at + _FRAME_HEADER
        if pages:
            committed |= pending
            committed = {n: place for n, place in committed.items() if n <= pages}
            pending.clear()
    return committed


def _list_cells(page: bytes, start: int) -> list[int]:
    """Where the cells of a page with rows begin, after the pointer that those of some have."""
    inner = page[start] == _INDEX_INNER
    first = start + (12 if inner else 8)
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    pointers = page[first : first + 2 * count]
    return [
        at + 4 * inner for (at,) in struct.iter_unpack(">H", pointers[: len(pointers) // 2 * 2])
    ]


def _is_filled(page: bytes) -> bool:
    """Whether cells and free blocks fill the rest of a page, as SQLite leaves it."""
    if page[0] == _TABLE_INNER:
        return True
    if page[0] not in _WITH_ROWS:
        return False
    is_table = page[0] == _TABLE_LEAF
    used = page[7]
    try:
        for at in _list_cells(page, 0):
            _, size, begin = _parse_start(page, at, has_rowid=is_table)
            local = _measure_local(size, is_table=is_table)
            length = begin - at + local + (4 if local < size else 0)
            used += max(length + (4 if page[0] == _INDEX_INNER else 0), 4)
        free = int.from_bytes(page[1:3], "big")
        while free and used < PAGE_BYTES:
            used += max(int.from_bytes(page[free + 2 : free + 4], "big"), 4)
            free = int.from_bytes(page[free : free + 2], "big")
    except IndexError:
        return False
    return used == PAGE_BYTES - (int.from_bytes(page[5:7], "big") or PAGE_BYTES)


def _measure_local(size: int, *, is_table: bool) -> int:
    """How much of a payload is on the page itself; the rest is on a chain of others."""
    most = _MOST_LOCAL_TABLE if is_table else _MOST_LOCAL_INDEX
    if size <= most:
        return size
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE_BYTES - 4)
    return local if local <= most else _LEAST_LOCAL


def _parse_start(page: bytes, at: int, *, has_rowid: bool) -> tuple[int | None, int, int]:
    """The rowid of a cell, the size of its payload, and where that begins."""
    size, at = _parse_varint(page, at)
    if not has_rowid:
        return None, size, at
    rowid, at = _parse_varint(page, at)
    return rowid - (1 << 64) if rowid >> 63 else rowid, size, at


def _parse_varint(b: bytes, at: int) -> tuple[int, int]:
    number = 0
    for end in range(at, at + 8):
        number = number << 7 | b[end] & 127
        if b[end] < 128:
            return number, end + 1
    return number << 8 | b[at + 8], at + 9


def _parse_types(payload: bytes) -> list[int]:
    """The serial types of a record's columns."""
    end, at = _parse_varint(payload, 0)
    if end > 64:  # no table of ours has as many columns
        raise Damaged
    types = []
    while at < end:
        number, at = _parse_varint(payload, at)
        types.append(number)
    return types


def _parse_record(payload: bytes) -> list[Value]:
    at, _ = _parse_varint(payload, 0)
    row: list[Value] = []
    for number in _parse_types(payload):
        if number == 0:
            row.append(None)
        elif number in {8, 9}:
            row.append(number - 8)
        elif number in {10, 11}:
            raise Damaged
        else:
            size = (number - 12) // 2 if number >= 12 else 8
            size = _INTEGER_BYTES[number] if number < len(_INTEGER_BYTES) else size
            b = payload[at : at + size]
            at += size
            if len(b) < size:
                raise Damaged
            row.append(_parse_value(number, b))
    return row


def _parse_value(number: int, b: bytes) -> Value:
    if number >= 12:
        return decode_text(b) if number % 2 else b
    if number == 7:
        found: float = struct.unpack(">d", b)[0]
        return found
    return int.from_bytes(b, "big", signed=True)
