"""A segment: the blocks of one flush or merge in one file, with a footer that names them.

The file is drawn in docs/log-store-format.md. It appears whole or not at all, and is never
changed after that.
"""

from __future__ import annotations

import os
import struct
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zlib import crc32

import cramjam
import numpy as np
import orjson
from pcodec import ChunkConfig, standalone

from jipyo.files import sync
from jipyo.logs.record import Level
from jipyo.logs.store.blobs import BlobWriter
from jipyo.logs.store.paths import (
    SegmentName,
    make_corrupt_error,
    make_read_error,
    make_write_error,
)
from jipyo.logs.store.segment_counts import BlockCounts, CountsGatherer, SegmentCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.block import EncodedBlock

Position: TypeAlias = "Mapping[str, Any]"
"""How far a source was read, as JSON: what the source needs to go on."""

MAGIC: Final = b"jipyolog"
VERSION: Final = 2
_HEADER: Final = struct.Struct("<8sIQIII")
_LEVELS: Final = len(Level)
_RUNS, _NUMBERS = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class StoreState:
    """What every footer says of the whole store; the newest one counts."""

    next_seq: int = 0
    """Every record has a number in order of arrival, which is never used again."""
    positions: Mapping[str, Position] = field(default_factory=dict)
    """By source: all before it is in segments."""
    journal_through: int = 0
    """Entries of the journal up to this number are in segments, and those of `journal_also`."""
    journal_also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockSummary:
    """What the footer says of a block, so that most blocks need not be read."""

    service: str
    n: int
    first_ns: int
    last_ns: int
    levels: tuple[int, ...]
    """Records by `Level`."""
    first_seq: int
    """The lowest number of a record."""
    last_seq: int
    offset: int
    size: int
    """Of the block's columns, which are followed by the order and the description."""
    order_size: int
    """Zero where the records are numbered one after the other."""
    order_crc: int
    meta_size: int
    meta_crc: int
    bloom: tuple[int, ...]
    """Of its Bloom filter: longest token, whether all tokens of messages are in it, lines and
    their offset in the block (both not there without a token)."""

    @property
    def whole_size(self) -> int:
        """Bytes in the file."""
        return self.size + self.order_size + self.meta_size

    def to_list(self, services: dict[str, int]) -> list[object]:
        """For JSON, the service as a number."""
        service = services.setdefault(self.service, len(services))
        rest = [getattr(self, name) for name in self.__slots__[1:]]
        return [service, *rest]

    @classmethod
    def of_list(cls, values: Sequence[Any], services: Sequence[str]) -> Self:
        """What `to_list` wrote."""
        service, n, first, last, levels, *rest, bloom = values
        return cls(services[service], n, first, last, tuple(levels), *[*rest, tuple(bloom)])


class LogSegmentWriter:
    """Writes one segment, block by block; until `finish` no reader sees it."""

    def __init__(self, folder: Path, name: SegmentName) -> None:
        """Begin the file.

        Raises:
            StoreFull: it cannot be made.
        """
        self.name = name
        self.summaries: list[BlockSummary] = []
        self._counts = CountsGatherer()
        self._folder = folder
        self._path = folder / f".{name.file}.new"
        self._at = _HEADER.size
        try:
            self._file = self._path.open("wb")
            self._file.write(bytes(_HEADER.size))
        except OSError as error:
            raise make_write_error(self._path, error) from error

    def add(self, block: EncodedBlock, batch: LogBatch, seq: NDArray[np.int64]) -> None:
        """Write a block; `batch` is what it has, `seq` the number of each record.

        Raises:
            StoreFull: it cannot be written.
        """
        order, meta = encode_order(seq), _compress(orjson.dumps(block.meta))
        size = sum(map(len, block.blobs))
        levels = np.bincount(batch.level, minlength=_LEVELS).tolist()
        self.summaries.append(
            BlockSummary(
                service=batch.service,
                n=len(batch),
                first_ns=int(batch.t_ns[0]),
                last_ns=int(batch.t_ns[-1]),
                levels=tuple(levels),
                first_seq=int(seq.min()),
                last_seq=int(seq.max()),
                offset=self._at,
                size=size,
                order_size=len(order),
                order_crc=crc32(order),
                meta_size=len(meta),
                meta_crc=crc32(meta),
                bloom=block.bloom,
            )
        )
        self._counts.add(batch.service, block.counts)
        self._write(*block.blobs, order, meta)

    def copy(self, segment: LogSegment, summary: BlockSummary, counts: BlockCounts | None) -> None:
        """Write a block of another segment as it is, damage and all; then without its counts.

        Raises:
            StoreError: it cannot be read.
            StoreFull: it cannot be written.
        """
        data = segment.read(summary.offset, summary.whole_size)
        moved = {name: getattr(summary, name) for name in summary.__slots__}
        self.summaries.append(BlockSummary(**{**moved, "offset": self._at}))
        self._counts.add(summary.service, counts)
        self._write(data)

    def finish(self, state: StoreState) -> None:
        """Write the footer, wait until all is on disk, and give the file its name.

        Raises:
            StoreFull: it cannot be written; then there is no such segment.
        """
        counts = self._write_counts()
        footer = _compress(orjson.dumps(_describe(self.summaries, state, counts)))
        header = _HEADER.pack(MAGIC, VERSION, self._at, len(footer), crc32(footer), 0)
        header = header[:-4] + struct.pack("<I", crc32(header[:-4]))
        self._write(footer, footer, header)
        try:
            self._file.seek(0)
            self._file.write(header)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.rename(self._folder / self.name.file)
            sync(self._folder)
        except OSError as error:
            self.abandon()
            raise make_write_error(self._path, error) from error

    def _write_counts(self) -> list[object] | None:
        """`[offset, blob lengths, counts by service]`."""
        blobs, at = BlobWriter(), self._at
        by_service = self._counts.write(blobs)
        self._write(*blobs.blobs)
        if by_service is None:
            return None
        return [at, [len(blob) for blob in blobs.blobs], by_service]

    def abandon(self) -> None:
        """Delete what was written."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._file.write(part)
                self._at += len(part)
        except OSError as error:
            self.abandon()
            raise make_write_error(self._path, error) from error


class LogSegment:
    """An open segment file; the descriptor is closed with the last reference to it."""

    def __init__(self, folder: Path, name: SegmentName) -> None:
        """Read the footer.

        Raises:
            FileNotFoundError: it has been replaced.
            StoreCorrupt: neither of its two footers is whole.
            StoreError: it cannot be read.
        """
        self.name = name
        self.path = folder / name.file
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise make_read_error(self.path, error) from error
        weakref.finalize(self, os.close, self._fd)
        self.size = os.fstat(self._fd).st_size
        footer = orjson.loads(_decompress(self._read_footer()))
        self.blocks, self.state = _parse_footer(footer)
        self.ranges = _find_ranges(self.blocks)
        """The first and the last time of each service."""
        self.first_ns = min((first for first, _ in self.ranges.values()), default=0)
        self.last_ns = max((last for _, last in self.ranges.values()), default=-1)
        self.counts = self._open_counts(footer["counts"])
        """None where a block was damaged when it was written: the blocks have theirs."""

    @property
    def n(self) -> int:
        """Records in it."""
        return sum(block.n for block in self.blocks)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file.

        Raises:
            StoreCorrupt: they are not there.
            StoreError: they cannot be read.
        """
        try:
            data = os.pread(self._fd, size, offset)
        except OSError as error:
            raise make_read_error(self.path, error) from error
        if len(data) != size:
            raise make_corrupt_error(self.path, f"{size} bytes at {offset} are not in the file")
        return data

    def _open_counts(self, described: Sequence[Any] | None) -> SegmentCounts | None:
        if described is None:
            return None
        at, lengths, by_service = described
        return SegmentCounts(by_service, lengths, lambda start, n: self.read(at + start, n))

    def read_meta(self, block: BlockSummary) -> dict[str, Any]:
        """The description of a block's columns.

        Raises:
            StoreCorrupt: it is damaged.
        """
        at = block.offset + block.size + block.order_size
        meta = self._read_checked(at, block.meta_size, block.meta_crc)
        value: dict[str, Any] = orjson.loads(_decompress(meta))
        return value

    def read_order(self, block: BlockSummary) -> NDArray[np.int64]:
        """The number of each record of a block.

        Raises:
            StoreCorrupt: they are damaged.
        """
        if not block.order_size:
            return np.arange(block.first_seq, block.first_seq + block.n)
        data = self._read_checked(block.offset + block.size, block.order_size, block.order_crc)
        return decode_order(data)

    def _read_checked(self, offset: int, size: int, crc: int) -> bytes:
        data = self.read(offset, size)
        if crc32(data) != crc:
            raise make_corrupt_error(self.path, f"the checksum of {size} bytes at {offset}")
        return data

    def _read_footer(self) -> bytes:
        """Whichever header and footer is whole: there are two of both."""
        for at in (0, self.size - _HEADER.size):
            try:
                offset, size, crc = _parse_header(self.read(max(at, 0), _HEADER.size))
            except ValueError:
                continue
            for start in (offset, offset + size):
                footer = self.read(start, size)
                if crc32(footer) == crc:
                    return footer
        raise make_corrupt_error(self.path, "no footer is whole")


def _find_ranges(blocks: Iterable[BlockSummary]) -> dict[str, tuple[int, int]]:
    ranges: dict[str, tuple[int, int]] = {}
    for block in blocks:
        first, last = ranges.get(block.service, (block.first_ns, block.last_ns))
        ranges[block.service] = min(first, block.first_ns), max(last, block.last_ns)
    return ranges


def encode_order(seq: NDArray[np.int64]) -> bytes:
    """The numbers of records: nothing where they follow each other, else runs or all of them."""
    breaks = np.flatnonzero(np.diff(seq) != 1) + 1
    if not len(breaks):
        return b""
    if len(breaks) * 8 > len(seq):
        return _NUMBERS + _pack(seq)
    starts = np.concatenate([[0], breaks])
    lengths = np.diff(np.append(starts, len(seq)))
    return _RUNS + _pack(np.concatenate([seq[starts], lengths]))


def decode_order(data: bytes) -> NDArray[np.int64]:
    """What `encode_order` wrote, where it is not nothing."""
    numbers: NDArray[np.int64] = standalone.simple_decompress(data[1:])
    if data[:1] == _NUMBERS:
        return numbers
    starts, lengths = np.split(numbers, 2)
    ends = np.cumsum(lengths)
    seq: NDArray[np.int64] = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return seq


def _pack(numbers: NDArray[np.int64]) -> bytes:
    return bytes(standalone.simple_compress(np.ascontiguousarray(numbers), ChunkConfig()))


def _describe(
    blocks: Sequence[BlockSummary], state: StoreState, counts: list[object] | None
) -> dict[str, object]:
    services: dict[str, int] = {}
    rows = [block.to_list(services) for block in blocks]
    return {
        "services": list(services),
        "blocks": rows,
        "counts": counts,
        "next_seq": state.next_seq,
        "positions": state.positions,
        "journal": [state.journal_through, state.journal_also],
    }


def _parse_footer(value: Mapping[str, Any]) -> tuple[tuple[BlockSummary, ...], StoreState]:
    blocks = tuple(BlockSummary.of_list(row, value["services"]) for row in value["blocks"])
    through, also = value["journal"]
    return blocks, StoreState(value["next_seq"], value["positions"], through, tuple(also))


def _parse_header(header: bytes) -> tuple[int, int, int]:
    """Where the footer begins, its length and checksum.

    Raises:
        ValueError: the header is damaged, or of a version that is not known here.
    """
    magic, version, offset, size, crc, own = _HEADER.unpack(header)
    if magic != MAGIC or version != VERSION or crc32(header[:-4]) != own:
        raise ValueError(header)
    return offset, size, crc


def _compress(data: bytes) -> bytes:
    return bytes(cramjam.zstd.compress(data, 3))


def _decompress(data: bytes) -> bytes:
    return bytes(cramjam.zstd.decompress(data))
