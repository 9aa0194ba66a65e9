"""A new store from all that is whole in a damaged file.

Every row has a checksum, so rows are taken from wherever a page holds them, without the pointers
between pages, the schema or the first page. What they mean is looked up in one another: a chunk
in its slab, that in its times and labels. They are loaded into a new store, which makes its own
indexes.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from jipyo.files import sync
from jipyo.model.errors import StoreError
from jipyo.model.labels import Labels
from jipyo.model.progress import ignore_progress
from jipyo.model.sample import MetricMetadata, MetricType, SeriesBlock
from jipyo.tsdb import codec, index
from jipyo.tsdb import format as disk
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.format import FILE_NAME, PLACE_BITS, make_full_error, translate_write_errors
from jipyo.tsdb.locator import Slab, StoredSlab
from jipyo.tsdb.lock import FolderLock
from jipyo.tsdb.options import DAY_MS, YEAR_10000_MS, Options
from jipyo.tsdb.pages import Pages
from jipyo.tsdb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.progress import Progress
    from jipyo.model.sample import Times, Values
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.pages import Cell, Value

_TYPES = {kind.value for kind in MetricType}
_END_OF_TIME_MS = 1 << 61
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Loss:
    """Samples of one series that are not whole, from the first to the last of them."""

    series: str
    """Its labels; where these are lost, `#` and its id, or `?` where that is too."""
    start_ms: int | None
    """None where their times are unknown."""
    end_ms: int | None
    samples: int | None
    """None where their number is unknown."""
    others: int = 0
    """Of a whole scrape: how many more series are concerned."""

    def join(self, later: Loss) -> Loss | None:
        """This and a later one of the series as one; None where more than a day is between."""
        end_ms, samples = later.end_ms, None
        if self.end_ms is None or later.start_ms is None or later.end_ms is None:
            if self.end_ms is not later.start_ms:
                return None
        elif later.start_ms - self.end_ms > DAY_MS:
            return None
        else:
            end_ms = max(self.end_ms, later.end_ms)
        if self.samples is not None and later.samples is not None:
            samples = self.samples + later.samples
        return replace(self, end_ms=end_ms, samples=samples)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was found whole and written, and what was not."""

    series: int
    samples: int
    losses: tuple[Loss, ...]
    rows: int
    """Rows that cannot be read; they may be of samples among the losses, or of other tables."""
    pages: tuple[int, ...]
    """Pages whose rows are not all there; these may be among the losses."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing was lost."""
        return not self.losses and not self.rows and not self.pages


@dataclass(slots=True)
class _Rows:
    """What passes its checksum, by its id; chunks and head rows by where they are."""

    series: dict[int, Labels] = field(default_factory=dict)
    layouts: dict[int, Sids] = field(default_factory=dict)
    slabs: dict[int, StoredSlab] = field(default_factory=dict)
    times: dict[int, Sequence[Value]] = field(default_factory=dict)
    data: dict[int, array[int]] = field(default_factory=dict)
    """By slab where the chunk of each place is; 0 where there is none."""
    head: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """By layout and time where the row is."""
    damaged_head: list[Sequence[Value]] = field(default_factory=list)
    """Layout, time and values of head rows that are not whole: none of the three is certain."""
    metadata: dict[str, MetricMetadata] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)
    damaged: int = 0
    """How many others are not whole."""

    def name(self, sid: int) -> str:
        """A series as a person reads it."""
        return str(self.series[sid]) if sid in self.series else f"#{sid}"


def salvage(file: Path, target: Path, progress: Progress = ignore_progress) -> Salvaged:
    """Write all that is whole in `file` to the new file `target`; `restore` puts it in place.

    `file` is never changed; its write-ahead log, if there is one beside it, belongs to it.

    Raises:
        StoreBusy: a process writes to the file.
        StoreFull: the target cannot be written.
        StoreError: the target exists, or nothing in the file is of a store.
    """
    if target.exists():
        raise StoreError("tsdb.target_exists", path=str(target))
    if not file.is_file():
        raise StoreError("tsdb.no_file", path=str(file))
    with ExitStack() as stack:
        if file.name == FILE_NAME and (file.parent / "lock").exists():
            stack.enter_context(closing(FolderLock.acquire(file.parent)))
        try:
            pages = stack.enter_context(closing(Pages(file)))
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError("tsdb.unreadable", path=str(file), reason=reason) from error
        rows = _collect_rows(pages, progress)
        rows.series |= _find_labels(pages, rows)
        if not rows.series:
            raise StoreError("tsdb.nothing_whole", path=str(file))
        return _write_store(pages, rows, target, progress)


# -- rows -------------------------------------------------------------------------------


def _collect_rows(pages: Pages, progress: Progress) -> _Rows:
    rows = _Rows()
    for number in range(1, pages.count + 1):
        for cell in pages.find_cells(number):
            try:
                _collect_row(pages, rows, cell)
            except Damaged:
                rows.damaged += 1
        progress(number, 2 * pages.count)
    return rows


def _collect_row(pages: Pages, rows: _Rows, cell: Cell) -> None:
    """Keep a row if it is whole, of one of our tables, and of one that is needed.

    Raises:
        Damaged: it is not whole.
    """
    kinds, rowid = cell.kinds, cell.rowid
    if rowid is None and kinds in _OF_KEYS:
        _OF_KEYS[kinds](rows, cell.place, pages.read_row(cell.place, has_rowid=False))
    elif rowid is None:
        if kinds not in _INDEXES:
            raise Damaged
    elif kinds == _CHUNK:
        places = rows.data.setdefault(rowid >> PLACE_BITS, array("q", bytes(8 << PLACE_BITS)))
        places[rowid & ((1 << PLACE_BITS) - 1)] = cell.place
    elif kinds in _OF_IDS:
        _, *row = pages.read_row(cell.place, has_rowid=True)
        _OF_IDS[kinds](rows, rowid, row)
    elif kinds not in _NOT_NEEDED:
        raise Damaged


def _find_labels(pages: Pages, rows: _Rows) -> dict[int, Labels]:
    """Labels from the label index, for series whose own row is not whole.

    They are taken where they have the hash that the index of hashes has of the series.
    """
    listed = [*rows.layouts.values(), *(stored.sids for stored in rows.slabs.values())]
    missing = {sid for sids in listed for sid in sids.tolist()} - rows.series.keys()
    pairs: dict[Value, tuple[str, str]] = {}
    numbers: dict[Value, set[Value]] = {sid: set() for sid in missing}
    for number in range(1, pages.count + 1) if missing else ():
        for cell in pages.find_cells(number):
            if cell.kinds not in {"ntt", "ii"}:
                continue
            with suppress(Damaged):
                row = pages.read_row(cell.place, has_rowid=cell.rowid is not None)
                if cell.rowid is not None:
                    pairs[cell.rowid] = str(row[1]), str(row[2])
                elif row[1] in numbers:  # of a posting, or of the index of hashes
                    numbers[row[1]].add(row[0])
    found = {}
    for sid, those in numbers.items():
        labels = Labels(tuple(sorted(pairs[number] for number in those if number in pairs)))
        if index.hash_labels(index.encode_labels(labels)) in those:
            found[int(str(sid))] = labels
    return found


def _add_series(rows: _Rows, sid: int, row: list[Value]) -> None:
    """A row of `series`; one of `hours`, which has the same shape, is computed again."""
    if codec.crc(row[1]) != row[0]:
        rows.series[sid] = index.decode_labels(row[1], row[0])


def _add_layout(rows: _Rows, lid: int, row: list[Value]) -> None:
    _verify(row[:1], row[1:])
    rows.layouts[lid] = codec.unpack_sids(row[0])


def _add_slab(rows: _Rows, bid: int, row: list[Value]) -> None:
    _verify(row[:6], row[6:])
    day, tid, t0, t1, n = (int(value) for value in row[:5])  # type: ignore[arg-type]
    rows.slabs[bid] = StoredSlab(Slab(bid, day, tid, t0, t1, n), codec.unpack_sids(row[5]))


def _add_times(rows: _Rows, tid: int, row: list[Value]) -> None:
    rows.times[tid] = row


def _add_head_row(rows: _Rows, place: int, row: list[Value]) -> None:
    lid, t_ms = row[:2]
    is_whole = not row[3:] or codec.row_crc(*row[:3]) == row[3]
    if is_whole and isinstance(lid, int) and isinstance(t_ms, int):
        rows.head[lid][t_ms] = place
    else:
        rows.damaged_head.append(row[:3])


def _add_metadata(rows: _Rows, _: int, row: list[Value]) -> None:
    _verify(row[:4], row[4:])
    metric, kind, text, unit = map(str, row[:4])
    found = MetricType(kind) if kind in _TYPES else MetricType.UNKNOWN
    rows.metadata[metric] = MetricMetadata(metric, found, text, unit)


def _add_import(rows: _Rows, _: int, row: list[Value]) -> None:
    _verify(row[:2], row[2:])
    source, position = row[:2]
    if isinstance(source, str) and isinstance(position, int):
        rows.imports[source] = position


_CHUNK, _CHUNK_PLACE = "niib", "iiii"
_NOT_NEEDED = frozenset({"ntt", "ti", "tttit", "tttin"})
"""`pair`, `sqlite_sequence` and the schema: the new store makes its own."""
_INDEXES = frozenset({_CHUNK_PLACE, "ii", "iii", "tti"})
"""`chunk`, `posting` and the indexes, which are made anew as well."""
_OF_IDS = {
    "nib": _add_series,
    "nbi": _add_layout,
    "nb": _add_layout,
    "niiiiibi": _add_slab,
    "niiiiib": _add_slab,
    "niiiib": _add_times,
}
"""By the kinds of their columns; each as in version 2, and as in version 1 without a checksum."""
_OF_KEYS = {
    "iibi": _add_head_row,
    "iib": _add_head_row,
    "tttti": _add_metadata,
    "tttt": _add_metadata,
    "tii": _add_import,
    "ti": _add_import,
}


def _verify(fields: list[Value], crc: list[Value]) -> None:
    if crc and codec.row_crc(*fields) != crc[0]:
        raise Damaged


# -- samples ----------------------------------------------------------------------------


def _write_store(pages: Pages, rows: _Rows, target: Path, progress: Progress) -> Salvaged:
    """Load everything into a store beside the target, and rename its file."""
    losses: list[Loss] = []
    options = Options(retention_ms=None, series_limit=1 << 40, durable=False)
    try:
        with TemporaryDirectory(prefix=".new-", dir=target.parent) as folder:
            with Store.open(Path(folder), options, now_ms=lambda: _END_OF_TIME_MS) as store:
                store.load(_read_blocks(pages, rows, losses, progress))
                store.describe(list(rows.metadata.values()))
                for source, position in rows.imports.items():
                    store.save_import_position(source, position)
            found = Path(folder) / FILE_NAME
            with translate_write_errors(target), closing(disk.connect(found)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                series, samples = db.execute(
                    "SELECT (SELECT count(*) FROM series), coalesce(sum(s.n), 0)"
                    " FROM chunk c JOIN slab s USING (bid)"
                ).fetchone()
            sync(found)
            found.rename(target)
            sync(target.parent)
    except OSError as error:
        raise make_full_error(target, error) from error
    damaged = tuple(pages.list_damaged())
    return Salvaged(series, samples, tuple(_merge_losses(losses)), rows.damaged, damaged)


def _read_blocks(
    pages: Pages, rows: _Rows, losses: list[Loss], progress: Progress
) -> Iterator[SeriesBlock]:
    """All samples that are whole, day by day; adds what is not to `losses`."""
    by_day: dict[int, list[StoredSlab]] = defaultdict(list)
    for _, stored in sorted(rows.slabs.items()):
        by_day[stored.slab.day].append(stored)
    done = 0
    for _, slabs in sorted(by_day.items()):
        # An older slab may list series whose chunk has moved to a newer one.
        newest = {sid: one.slab.bid for one in slabs for sid in one.sids.tolist()}
        for one in slabs:
            sids = [sid if newest[sid] == one.slab.bid else None for sid in one.sids.tolist()]
            yield from _read_slab(pages, rows, one.slab, sids, losses)
            done += 1
            progress(len(rows.slabs) + done, 2 * len(rows.slabs))
    losses += _find_lost_slabs(pages, rows)
    for lid in sorted(rows.head):
        yield from _read_head(pages, rows, lid, losses)
    losses += (_describe_head_row(rows, *row) for row in rows.damaged_head)


def _read_slab(
    pages: Pages, rows: _Rows, slab: Slab, sids: Sequence[int | None], losses: list[Loss]
) -> Iterator[SeriesBlock]:
    """The chunks of a slab as one block; `sids` by place, None where it has moved."""
    cells = rows.data.get(slab.bid, array("q", bytes(8 << PLACE_BITS)))
    t_ms = _decode_times(rows, slab)
    labels: list[Labels] = []
    values: list[Values] = []
    for place, sid in enumerate(sids):
        if sid is None:
            continue
        chunk = None if t_ms is None else _decode_chunk(pages, cells[place], sid, slab.n)
        if chunk is None or sid not in rows.series:
            losses.append(Loss(rows.name(sid), slab.t0, slab.t1, slab.n))
        else:
            labels.append(rows.series[sid])
            values.append(chunk)
    if labels and t_ms is not None:
        yield SeriesBlock(tuple(labels), t_ms, np.array(values))


def _decode_times(rows: _Rows, slab: Slab) -> Times | None:
    _, n, kind, crc, b = rows.times.get(slab.tid, (None,) * 5)
    if n != slab.n or codec.crc(b) != crc:
        return None
    with suppress(Damaged):
        t_ms = np.empty(slab.n, np.int64)
        codec.decode_into(b, kind, t_ms)  # type: ignore[arg-type]  # bytes, as they have a CRC
        if bool((np.diff(t_ms) > 0).all()):
            return t_ms
    return None


def _decode_chunk(pages: Pages, place: int, sid: int, n: int) -> Values | None:
    if not place:
        return None
    values = np.empty(n)
    with suppress(Damaged):
        _, kind, crc, b = pages.read_row(place, has_rowid=True)
        codec.decode_values((kind, crc, b), sid, values)  # type: ignore[arg-type]  # checked there
        return values
    return None


def _find_lost_slabs(pages: Pages, rows: _Rows) -> Iterator[Loss]:
    """Chunks whose slab, and so whose times, are lost; `chunk` may still have series and day."""
    lost = {
        bid: sum(place > 0 for place in places)
        for bid, places in rows.data.items()
        if bid not in rows.slabs
    }
    for number in range(1, pages.count + 1) if lost else ():
        for cell in pages.find_cells(number):
            if cell.rowid is not None or cell.kinds != _CHUNK_PLACE:
                continue
            with suppress(Damaged):  # then its chunk is one of which nothing is known
                sid, day, bid, _ = pages.read_row(cell.place, has_rowid=False)
                if isinstance(sid, int) and isinstance(day, int) and lost.get(bid):  # type: ignore[arg-type]
                    lost[bid] -= 1  # type: ignore[index]
                    yield Loss(rows.name(sid), day * DAY_MS + 1, (day + 1) * DAY_MS, None)
    for count in lost.values():
        yield from [Loss("?", None, None, None)] * count


def _read_head(pages: Pages, rows: _Rows, lid: int, losses: list[Loss]) -> Iterator[SeriesBlock]:
    """The rows of a layout as blocks."""
    times, sids = sorted(rows.head[lid]), rows.layouts.get(lid)
    if sids is None:
        losses.append(Loss("?", times[0], times[-1], None))
        return
    known = [column for column, sid in enumerate(sids.tolist()) if sid in rows.series]
    unknown = [sid for sid in sids.tolist() if sid not in rows.series]
    losses += (Loss(f"#{sid}", times[0], times[-1], len(times)) for sid in unknown)
    labels = tuple(rows.series[int(sids[column])] for column in known)
    for at in range(0, len(times) if known else 0, _ROWS_AT_ONCE):
        found: list[tuple[int, Values]] = []
        for t_ms in times[at : at + _ROWS_AT_ONCE]:
            b = pages.read_row(rows.head[lid][t_ms], has_rowid=False)[2]
            if isinstance(b, bytes) and len(b) == 8 * len(sids):
                found.append((t_ms, np.frombuffer(b, "<f8")[known]))
            else:
                losses.append(_describe_head_row(rows, lid, t_ms, b))
        if found:
            t = np.array([t_ms for t_ms, _ in found], np.int64)
            table = np.ascontiguousarray(np.array([values for _, values in found]).T)
            yield SeriesBlock(labels, t, table)


def _describe_head_row(rows: _Rows, lid: Value, t_ms: Value, b: Value) -> Loss:
    sids = rows.layouts.get(lid) if isinstance(lid, int) else None
    samples = len(b) // 8 if isinstance(b, bytes) else None
    if sids is None or not isinstance(t_ms, int):
        return Loss("?", None, None, samples)
    return Loss(rows.name(int(sids[0])), t_ms, t_ms, len(sids), others=len(sids) - 1)


def _merge_losses(losses: list[Loss]) -> Iterator[Loss]:
    """The losses of each series as one for every run of days."""
    by_series: dict[tuple[str, int], list[Loss]] = defaultdict(list)
    for loss in losses:
        times = loss.start_ms or 0, loss.end_ms or 0
        possible = all(0 <= t_ms < YEAR_10000_MS for t_ms in times)  # a damaged row may have any
        timed = loss if possible else replace(loss, start_ms=None, end_ms=None)
        by_series[loss.series, loss.others].append(timed)
    for _, found in sorted(by_series.items()):
        found.sort(key=lambda loss: loss.start_ms or 0)
        run = found[0]
        for loss in found[1:]:
            joined = run.join(loss)
            if joined is None:
                yield run
            run = joined or loss
        yield run
