"""One block: up to 32,768 records of one service in order of time; docs/log-store-format.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jipyo.logs.coded import CodedTexts
from jipyo.logs.record import (
    Column,
    FieldPart,
    Level,
    LineLayout,
    LogBatch,
    NumberColumn,
    RowChoice,
    TextColumn,
)
from jipyo.logs.store.blobs import BlobReader, BlobWriter, compress, decompress
from jipyo.logs.store.bloom import LongToken, may_have_token, verify_bloom, write_bloom
from jipyo.logs.store.integers import Integers, read_ascending, write_ascending
from jipyo.logs.store.line import (
    DashedValues,
    are_tokens_apart,
    describe_layout,
    layout_skeleton,
    restore_layout,
    write_lines,
)
from jipyo.logs.store.line_time import TimeValues
from jipyo.logs.store.messages import StoredMessages, write_messages
from jipyo.logs.store.segment_counts import (
    BlockCounts,
    Counts,
    count_block,
    read_counts,
    write_counts,
)
from jipyo.logs.store.skeleton import NO_SKELETON
from jipyo.logs.store.values import (
    StoredNumbers,
    StoredValues,
    TokenGatherer,
    has_codes,
    open_values,
    write_numbers,
    write_texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from jipyo.logs.store.skeleton import SkeletonTable
    from jipyo.logs.store.slices import Rows

MOST_ROWS = 32_768
VERSION = 1

BlockMeta: TypeAlias = "dict[str, Any]"
_UNITS = (1_000_000_000, 1_000_000, 1000, 1)


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block that is ready to be written: what describes it (JSON), and its bytes in order."""

    meta: BlockMeta
    blobs: tuple[bytes, ...]
    counts: BlockCounts

    @property
    def bloom(self) -> tuple[int, ...]:
        """As `BlockSummary.bloom`."""
        longest, *place = self.meta["x"]
        knows_messages = self.meta["y"][3] if "y" in self.meta else 1
        return (longest, knows_messages, *place)


def encode_block(batch: LogBatch, skeletons: SkeletonTable) -> EncodedBlock:
    """Encode 1 to 32,768 records of one service, which are put in order of time (stable).

    New skeletons are added to the table; they must be durable before the block is.
    """
    assert 0 < len(batch) <= MOST_ROWS, "BUG: a block of no records, or of too many"
    batch = sort_batch(batch)
    blobs, tokens = BlobWriter(), TokenGatherer()
    levels = np.bincount(batch.level, minlength=len(Level))
    meta: BlockMeta = {
        "v": VERSION,
        "s": batch.service,
        "n": len(batch),
        "t": _write_times(batch.t_ns, blobs),
        "l": [
            levels.tolist(),
            -1 if np.count_nonzero(levels) == 1 else blobs.put(compress(batch.level.tobytes())),
        ],
        "f": _write_fields(batch.fields, blobs, tokens),
    }
    ids = np.full(len(batch), NO_SKELETON, np.int64)
    if batch.layout is not None:
        meta["y"] = describe_layout(batch.layout)
        ids[:] = skeletons.intern(layout_skeleton(batch.layout), len(batch))
        meta["y"].append(int(are_tokens_apart(batch.layout)))
        meta["k"] = int(ids[0])
    elif batch.messages is not None:
        meta["m"], ids = write_messages(batch.messages, skeletons, blobs, tokens)
    meta["x"] = [tokens.longest, *write_bloom(tokens.all_hashes(), blobs)]
    has_lines = batch.layout is not None
    counts = count_block(batch.t_ns, batch.level.astype(np.int64), ids, has_lines=has_lines)
    meta["cm"] = write_counts(counts.minutes, blobs)
    meta["ch"] = write_counts(counts.hours, blobs)
    meta["b"] = [len(blob) for blob in blobs.blobs]
    return EncodedBlock(meta, tuple(blobs.blobs), counts)


def sort_batch(batch: LogBatch) -> LogBatch:
    """The same records in order of time, equal times in order of arrival."""
    if (batch.t_ns[1:] >= batch.t_ns[:-1]).all():
        return batch
    return take_rows(batch, np.argsort(batch.t_ns, kind="stable"))


def take_rows(batch: LogBatch, rows: Rows) -> LogBatch:
    """Some records of a batch, in this order."""
    chosen, messages = RowChoice(rows), batch.messages
    return LogBatch(
        batch.service,
        batch.t_ns[chosen.index],
        batch.level[chosen.index],
        {name: chosen.column(column) for name, column in batch.fields.items()},
        None if messages is None else chosen.texts(messages),
        batch.layout,
    )


def _write_times(t_ns: Integers, blobs: BlobWriter) -> list[Any]:
    """`[unit, last, first in units, distances in units]`."""
    unit = next(unit for unit in _UNITS if not (t_ns % unit).any())
    return [unit, int(t_ns[-1]), *write_ascending(t_ns // unit, blobs)]


def _write_fields(
    fields: Mapping[str, Column], blobs: BlobWriter, tokens: TokenGatherer
) -> dict[str, list[Any]]:
    """Of each field of which a row is present `[rows present, blob of which are, values]`."""
    metas = {}
    for name, column in fields.items():
        present = column.present
        n = len(column.values) if present is None else int(np.count_nonzero(present))
        if n:
            rows = None if present is None or n == len(present) else present
            blob = -1 if rows is None else blobs.put(compress(np.packbits(rows).tobytes()))
            metas[name] = [n, blob, _write_column(column, rows, blobs, tokens)]
    return metas


def _write_column(
    column: Column, rows: NDArray[np.bool_] | None, blobs: BlobWriter, tokens: TokenGatherer
) -> list[Any]:
    if isinstance(column, NumberColumn):
        values = column.values if rows is None else column.values[rows]
        return write_numbers(values, column.decimals, blobs)
    if rows is None:
        return write_texts(column.values, blobs, tokens)
    chosen = RowChoice(np.flatnonzero(rows))
    return write_texts(chosen.texts(column.values), blobs, tokens)


class BlockReader:
    """Reads a block, each answer from as few bytes as it needs.

    Every method raises `StoreCorrupt` where bytes are not those that were written.
    """

    __slots__ = ("_read", "meta", "skeletons")

    def __init__(
        self, meta: BlockMeta, read: Callable[[int, int], bytes], skeletons: SkeletonTable
    ) -> None:
        """`read` gives the block's bytes, all blobs in order, by offset and number of bytes."""
        self.meta = meta
        self.skeletons = skeletons
        self._read = read

    def __len__(self) -> int:
        return self.n

    @property
    def n(self) -> int:
        """Records."""
        return int(self.meta["n"])

    @property
    def service(self) -> str:
        """The service of all of them."""
        return str(self.meta["s"])

    @property
    def first_ns(self) -> int:
        """The first time."""
        return int(self.meta["t"][0] * self.meta["t"][2])

    @property
    def last_ns(self) -> int:
        """The last time."""
        return int(self.meta["t"][1])

    @property
    def level_counts(self) -> list[int]:
        """Records by `Level`."""
        return list(self.meta["l"][0])

    @property
    def field_names(self) -> tuple[str, ...]:
        """The fields that at least one record has."""
        return tuple(self.meta["f"])

    @property
    def size_bytes(self) -> int:
        """The bytes of all blobs."""
        return sum(self.meta["b"])

    @property
    def layout(self) -> LineLayout | None:
        """The layout of which all lines are."""
        described = self.meta.get("y")
        return None if described is None else restore_layout(described[:3])

    @property
    def has_messages(self) -> bool:
        """Whether the records have messages or lines."""
        return "m" in self.meta or "y" in self.meta

    def may_have_token(self, token: LongToken, longest: int) -> bool:
        """Whether any text of a column with this longest token may have it."""
        return may_have_token(self.meta["x"][1:], longest, token, self._read)

    def open_blobs(self) -> BlobReader:
        """The block's bytes."""
        return BlobReader(self.meta["b"], self._read)

    def verify(self) -> None:
        """Check every byte, which reading alone does not.

        Raises:
            StoreCorrupt: a checksum does not hold.
        """
        blobs, bloom = self.open_blobs(), self.meta["x"][1:]
        verify_bloom(bloom, self._read)
        for number in range(len(self.meta["b"])):
            if blobs.offset(number) not in bloom[1:]:
                blobs.get(number)

    def times(self) -> Integers:
        """The times in ns, ascending."""
        unit, _, *ascending = self.meta["t"]
        return read_ascending(ascending, self.n, self.open_blobs()) * np.int64(unit)

    def levels(self) -> NDArray[np.uint8]:
        """The level of each record."""
        counts, blob = self.meta["l"]
        if blob < 0:
            return np.full(self.n, int(np.argmax(counts)), np.uint8)
        return np.frombuffer(decompress(self.open_blobs().get(blob)), np.uint8)

    def present(self, name: str) -> NDArray[np.bool_] | bool:
        """Which records have a field: all, none, or one truth value a record."""
        found = self.meta["f"].get(name)
        if found is None or found[1] < 0:
            return found is not None
        bits = np.frombuffer(decompress(self.open_blobs().get(found[1])), np.uint8)
        return np.unpackbits(bits, count=self.n).astype(bool)

    def stored(self, name: str) -> StoredValues:
        """The values of the records that have the field, as they are kept."""
        n, _, values = self.meta["f"][name]
        return open_values(values, n, self.open_blobs())

    def open_numbers(self, name: str) -> StoredNumbers | None:
        """The numbers of a field of which a record has one; None if it was put as texts."""
        n, _, values = self.meta["f"][name]
        return StoredNumbers.open(values, n, self.open_blobs())

    def column(self, name: str, rows: Rows | None = None, *, coded: bool = False) -> Column | None:
        """A field of all records, or of some; None if none of the block has it.

        With `coded` texts that are stored with a code a row are `CodedTexts`.
        """
        present = self.present(name)
        if present is False:
            return None
        if isinstance(present, bool):
            return self._build_column(name, rows, None, coded=coded)
        place = np.cumsum(present) - 1
        if rows is not None:
            present, place = present[rows], place[rows]
        return self._build_column(name, np.maximum(place, 0), present, coded=coded)

    def _build_column(
        self, name: str, rows: Rows | None, present: NDArray[np.bool_] | None, *, coded: bool
    ) -> Column:
        """Of rows among those that have the field."""
        stored = self.stored(name)
        numbers = stored.numbers(rows) if stored.is_number_field else None
        if numbers is not None:
            return NumberColumn(*numbers, present)
        if not coded or not has_codes(self.meta["f"][name][2]):
            return TextColumn(stored.texts(rows), present)
        texts, codes = stored.group()
        codes = codes if rows is None else codes[rows]
        return TextColumn(CodedTexts(texts, codes.astype(np.int32)), present)

    def group(
        self, name: str, rows: Rows | None = None
    ) -> tuple[list[bytes], NDArray[np.int64]] | None:
        """The different texts of a field, and of each record which of them; None as in `column`.

        Records that lack the field have the number of texts. Some texts may be of no record
        if these are not all.
        """
        present = self.present(name)
        if present is False:
            return None
        texts, codes = self.stored(name).group()
        if not isinstance(present, bool):
            every = np.full(self.n, len(texts), np.int64)
            every[present] = codes
            codes = every
        return texts, codes if rows is None else codes[rows]

    def messages(self, rows: Rows | None = None) -> list[bytes]:
        """The messages, or whole lines, of all records or of some; none without messages."""
        if "m" in self.meta:
            return self.stored_messages().texts(rows)
        layout = self.layout
        if layout is None:
            return []
        return write_lines(layout, self.line_columns(layout), rows)

    def stored_messages(self) -> StoredMessages:
        """The messages as they are kept."""
        return StoredMessages(self.meta["m"], self.n, self.open_blobs(), self.skeletons)

    def line_columns(self, layout: LineLayout) -> list[StoredValues]:
        """The columns of a layout's parts."""
        return [
            self._line_column(part.name)
            if isinstance(part, FieldPart)
            else TimeValues(part, self.times, self.first_ns, self.last_ns)
            for part in layout.parts
        ]

    def _line_column(self, name: str) -> StoredValues:
        present = self.present(name)
        if present is True:
            return self.stored(name)
        if present is False:
            return open_values(["c", "-"], self.n, self.open_blobs())
        return DashedValues(self.stored(name), present)

    def skeleton_ids(self, rows: Rows | None = None) -> Integers:
        """The skeleton of each record, `NO_SKELETON` where it has none."""
        if "m" in self.meta:
            ids = self.stored_messages().skeleton_ids()
        else:
            ids = np.full(self.n, self.meta.get("k", NO_SKELETON), np.int64)
        return ids if rows is None else ids[rows]

    def read_counts(self) -> BlockCounts:
        """Records by minute and by hour."""
        return BlockCounts(self.minute_counts(), self.hour_counts(), "y" in self.meta)

    def minute_counts(self) -> Counts:
        """As in `BlockCounts`."""
        return read_counts(self.meta["cm"], self.open_blobs())

    def hour_counts(self) -> Counts:
        """As in `BlockCounts`."""
        return read_counts(self.meta["ch"], self.open_blobs())

    def batch(self, rows: Rows | None = None, names: Iterable[str] | None = None) -> LogBatch:
        """Records with all fields, or with these, and with messages or the layout."""
        names = self.field_names if names is None else names
        columns = {name: self.column(name, rows) for name in names}
        times, levels = self.times(), self.levels()
        return LogBatch(
            self.service,
            times if rows is None else times[rows],
            levels if rows is None else levels[rows],
            {name: column for name, column in columns.items() if column is not None},
            self.messages(rows) if "m" in self.meta else None,
            self.layout,
        )
