"""The head: new samples are checked as Prometheus checks them and become rows.

One row is one layout (a set of series) at one moment. Memory holds the last time of every
series and the layouts in use; all of it can be read from the file, so after a failed
transaction it is simply reloaded.

A sender may cut the scrape of a target anywhere, each time at another series. So every series
has a home, the layout that it was last in when a scrape came whole: a piece of a home gets a
row of its own, and the piece that completes it replaces those rows by one of the home.

Source of the rules: `memSeries.appendable` in prometheus/tsdb/head_append.go.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.sample import Reject, Scrape, Times, Values
from jipyo.tsdb import codec, index
from jipyo.tsdb.codec import Damaged, Sids
from jipyo.tsdb.format import PLACE_BITS
from jipyo.tsdb.locator import Slab, StoredSlab, day_of, read_layout

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.tsdb.options import Options

_CUT = 997
"""A layout ends before each id that this divides, so that a series that comes or goes
changes one layout of a target and not all that follow."""
_LAYOUT_SERIES = 1536
_LEAST_SERIES = 128
"""No cut leaves fewer on either side: each layout of a scrape costs a page of the journal."""
_MOST_CUT = 4
"""A scrape that holds pieces of more homes than this was not cut: its sender chose the series."""
_MOST_UNFINISHED = 4096
_PLANNED_SERIES = 65_536
_KNOWN_SERIES = 200_000
_KNOWN_PAIRS = 100_000

_NEVER = np.iinfo(np.int64).min
_ANY_ROW = "SELECT 1 FROM head WHERE lid = ? LIMIT 1"
MOST_SIDS = 1 << 28
"""No store has given out as many ids; a damaged one may be any number."""


@dataclass(frozen=True, slots=True)
class LayoutPart:
    """The series of a scrape that are in one layout, or in one layout with others."""

    home: int
    """Their home, a layout; 0 where they have too many to wait for the rest of each."""
    whole: Sids
    """The series of the home."""
    sids: Sids
    columns: npt.NDArray[np.int64]
    """The place of each in the scrape."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the scrapes with one tuple of series become rows."""

    series: tuple[Labels, ...]
    """Kept so that no other tuple gets its identity."""
    parts: tuple[LayoutPart, ...]
    duplicates: tuple[tuple[int, int], ...]
    """Series that are in the tuple twice: the first place, and another."""
    rejected: tuple[tuple[Reject, int], ...]


@dataclass(slots=True)
class LayoutSpan:
    """A layout that has head rows, and the times between which they lie."""

    sids: Sids
    t0: int
    t1: int


class Head:
    """The writer's state; the caller holds the writer's lock and an open transaction."""

    def __init__(self, db: sqlite3.Connection, options: Options, now_ms: Callable[[], int]) -> None:
        """Read the state from the file."""
        self._db = db
        self._options = options
        self._now_ms = now_ms
        self.reload()

    def reload(self) -> None:
        """Drop the state in memory and read it from the file again."""
        self._plans: OrderedDict[int, Plan] = OrderedDict()
        self._planned_series = 0
        self._sid_of: dict[Labels, int] = {}
        self._pid_of: dict[tuple[str, str], int] = {}
        self._lid_of: dict[bytes, int] = {}
        self._times: OrderedDict[int, Times] = OrderedDict()
        self._homes: dict[int, Sids] = {}
        self._unfinished: OrderedDict[tuple[int, int], tuple[int, ...]] = OrderedDict()
        """By home and time: the layouts that have rows with pieces of it."""
        self.spans: dict[int, LayoutSpan] = {}
        (count, most) = self._db.execute(
            "SELECT count(*), coalesce(max(sid), 0) FROM series"
        ).fetchone()
        if most > MOST_SIDS:
            raise Damaged(f"series {most}")
        self.series_count: int = count
        layouts: list[tuple[int, Sids]] = []
        for (lid,) in self._db.execute("SELECT lid FROM layout ORDER BY lid").fetchall():
            with suppress(Damaged):  # its head rows have no series any more
                layouts.append((lid, read_layout(self._db, lid)))
        most = max([most, *(int(sids[-1]) for _, sids in layouts)])
        self._last = np.full(max(1024, most * 5 // 4 + 1), _NEVER, np.int64)
        self._home_of = np.zeros(len(self._last), np.int64)
        # Of these series the head's last sample is known at once, that of the chunks is not.
        self._unread = np.zeros(len(self._last), np.bool_)
        self._unread[: most + 1] = True
        self.max_ms = _find_newest_ms(self._db)
        for lid, sids in layouts:
            self._lid_of[_hash_sids(sids)] = lid
            span = self._read_span(lid, sids)
            if span is not None:
                self.spans[lid] = span
                self._last[sids] = np.maximum(self._last[sids], span.t1)
                self._advance_max_time(span.t1)

    def _read_span(self, lid: int, sids: Sids) -> LayoutSpan | None:
        """From the first to the last sound row: a damaged time would keep all others out."""
        ends = []
        for direction in ("ASC", "DESC"):
            sql = f"SELECT t, v, crc FROM head WHERE lid = ? ORDER BY t {direction}"  # noqa: S608
            rows = self._db.execute(sql, (lid,))
            t_ms = next((t for t, v, crc in rows if codec.row_crc(lid, t, v) == crc), None)
            if t_ms is None:
                return None
            ends.append(t_ms)
        return LayoutSpan(sids, ends[0], ends[1])

    def find_newest_ms(self) -> int | None:
        """The moment that ages are measured from: the newest sample's, None where there is none.

        Where that lies ahead of the clock by more than a sample may, one of the two was wrong
        when it was written. Then it is the clock's, so that a clock that was ahead and has been
        set right neither gets every sample rejected nor every older day dropped.
        """
        now_ms = self._now_ms()
        is_ahead = self.max_ms is not None and self.max_ms > now_ms + self._options.future_ms
        return now_ms if is_ahead else self.max_ms

    def _advance_max_time(self, t_ms: int) -> None:
        self.max_ms = t_ms if self.max_ms is None else max(self.max_ms, t_ms)

    # -- appending --------------------------------------------------------------------

    def append(self, scrapes: Sequence[Scrape]) -> tuple[int, Counter[Reject]]:
        """Write the scrapes as rows: how many samples are kept, how many refused and why.

        Raises:
            sqlite3.Error: nothing may be committed, and `reload` must be called.
        """
        bounds = AppendBounds.of(self._options, self._now_ms(), self.find_newest_ms())
        rejected: Counter[Reject] = Counter()
        kept = 0
        for scrape in scrapes:
            before = rejected.total()
            self._append_scrape(scrape, bounds, rejected)
            kept += len(scrape.series) - (rejected.total() - before)
        return kept, rejected

    def _append_scrape(
        self, scrape: Scrape, bounds: AppendBounds, rejected: Counter[Reject]
    ) -> None:
        if rejection := bounds.find_rejection(scrape.t_ms):
            rejected[rejection] += len(scrape.series)
            return
        values = np.ascontiguousarray(scrape.values, "<f8")
        assert values.shape == (len(scrape.series),), (values.shape, len(scrape.series))
        plan = self._get_plan(scrape.series)
        for reason, count in plan.rejected:
            rejected[reason] += count
        for first, again in plan.duplicates:
            if values[first].tobytes() != values[again].tobytes():
                rejected[Reject.DUPLICATE] += 1
        for part in plan.parts:
            self._append_part(part, scrape.t_ms, values[part.columns], bounds, rejected)
        if plan.parts:
            self._advance_max_time(scrape.t_ms)

    def _append_part(
        self,
        part: LayoutPart,
        t_ms: int,
        values: Values,
        bounds: AppendBounds,
        rejected: Counter[Reject],
    ) -> None:
        last = self._last[part.sids]
        if t_ms > last.max():
            if len(part.sids) < len(part.whole):
                self._append_piece(part, t_ms, values)
            else:
                lid = part.home or self._get_layout_id(part.sids)
                self._insert_row(lid, part.sids, t_ms, values)
            return
        keep = self._select_late(part.sids, t_ms, values, last, bounds, rejected)
        if keep.any():
            sids = part.sids[keep]
            self._insert_row(self._get_layout_id(sids), sids, t_ms, values[keep])

    def _append_piece(self, piece: LayoutPart, t_ms: int, values: Values) -> None:
        """Write a piece of a home: joined with the others of this time if it is the last."""
        is_missing = np.ones(len(piece.whole), np.bool_)
        is_missing[np.searchsorted(piece.whole, piece.sids)] = False
        missing = piece.whole[is_missing]
        found = self._unfinished.pop((piece.home, t_ms), ())
        others = [lid for lid in found if lid in self.spans]  # one may have no sound row any more
        is_last = sum(len(self.spans[lid].sids) for lid in others) == len(missing)
        joined = self._join_pieces(piece, t_ms, values, others) if is_last else None
        if joined is not None:
            self._delete_rows(others, t_ms)
            self._insert_row(piece.home, piece.whole, t_ms, joined)
            return
        lid = self._get_layout_id(piece.sids)
        if self._last[missing].max() < self._last[piece.sids].min():
            # The others missed a scrape that these were in: they no longer come together.
            self._make_home(lid, piece.sids)
        else:
            self._unfinished[piece.home, t_ms] = (*others, lid)
            if len(self._unfinished) > _MOST_UNFINISHED:
                self._unfinished.popitem(last=False)
        self._insert_row(lid, piece.sids, t_ms, values)

    def _join_pieces(
        self, piece: LayoutPart, t_ms: int, values: Values, others: Sequence[int]
    ) -> Values | None:
        """The values of a whole home; None where a row of another piece is damaged."""
        joined = np.empty(len(piece.whole), "<f8")
        joined[np.searchsorted(piece.whole, piece.sids)] = values
        for lid in others:
            sids = self.spans[lid].sids
            row = self._read_row(lid, sids, t_ms)
            if row is None:
                return None
            joined[np.searchsorted(piece.whole, sids)] = np.frombuffer(row, "<f8")
        return joined

    def _delete_rows(self, lids: Sequence[int], t_ms: int) -> None:
        for lid in lids:
            self._db.execute("DELETE FROM head WHERE lid = ? AND t = ?", (lid, t_ms))
            self._update_span(lid, self.spans[lid].sids)

    def _update_span(self, lid: int, sids: Sids) -> None:
        """Note between which times a layout has rows; drop one without any."""
        span = self._read_span(lid, sids)
        self.spans.pop(lid, None)
        if span is not None:
            self.spans[lid] = span
        elif not self._db.execute(_ANY_ROW, (lid,)).fetchone():
            self._db.execute("DELETE FROM layout WHERE lid = ?", (lid,))
            self._lid_of.pop(_hash_sids(sids), None)
            self._leave_home(lid)

    def _insert_row(self, lid: int, sids: Sids, t_ms: int, values: Values) -> None:
        b = values.tobytes()
        # There is no row at this time, or it is damaged and none.
        self._db.execute(
            "INSERT OR REPLACE INTO head (lid, t, v, crc) VALUES (?, ?, ?, ?)",
            (lid, t_ms, b, codec.row_crc(lid, t_ms, b)),
        )
        self._last[sids] = np.maximum(self._last[sids], t_ms)
        span = self.spans.get(lid)
        if span is None:
            self.spans[lid] = LayoutSpan(sids, t_ms, t_ms)
        else:
            span.t0, span.t1 = min(span.t0, t_ms), max(span.t1, t_ms)

    def _select_late(
        self,
        sids: Sids,
        t_ms: int,
        values: Values,
        last: Times,
        bounds: AppendBounds,
        rejected: Counter[Reject],
    ) -> npt.NDArray[np.bool_]:
        """Which samples to write of a row that is not the newest for all its series."""
        keep = t_ms > last
        within = t_ms >= bounds.late_ms
        candidates = ~keep & (within | (t_ms == last))
        rejected[bounds.late_rejection] += int((~keep & ~candidates).sum())
        rows = np.flatnonzero(candidates)
        found, stored = self._find_stored(sids[rows], t_ms)
        same = stored == values[rows].view(np.uint64)
        rejected[Reject.DUPLICATE] += int((found & ~same).sum())
        keep[rows[~found]] = True
        return keep

    def _find_stored(
        self, sids: Sids, t_ms: int
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint64]]:
        """Whether each series has a sample at this very time, and its bits."""
        found = np.zeros(len(sids), np.bool_)
        bits = np.zeros(len(sids), np.uint64)
        for lid, span in self.spans.items():
            if span.t0 <= t_ms <= span.t1:
                self._find_in_head(lid, span, sids, t_ms, found, bits)
        for row in np.flatnonzero(~found).tolist():
            value = self._find_in_chunk(int(sids[row]), t_ms)
            if value is not None:
                found[row], bits[row] = True, value
        return found, bits

    def _find_in_head(
        self,
        lid: int,
        span: LayoutSpan,
        sids: Sids,
        t_ms: int,
        found: npt.NDArray[np.bool_],
        bits: npt.NDArray[np.uint64],
    ) -> None:
        row = self._read_row(lid, span.sids, t_ms)
        if row is None:
            return
        at = np.searchsorted(span.sids, sids)
        at[at == len(span.sids)] = 0
        here = span.sids[at] == sids
        found |= here
        bits[here] = np.frombuffer(row, np.uint64)[at[here]]

    def _read_row(self, lid: int, sids: Sids, t_ms: int) -> bytes | None:
        """The values of a layout at a time; None where there is no row, or a damaged one."""
        sql = "SELECT v, crc FROM head WHERE lid = ? AND t = ?"
        row = self._db.execute(sql, (lid, t_ms)).fetchone()
        if row is None or codec.row_crc(lid, t_ms, row[0]) != row[1]:
            return None
        return row[0] if len(row[0]) == 8 * len(sids) else None

    def _find_in_chunk(self, sid: int, t_ms: int) -> int | None:
        row = self._db.execute(
            "SELECT bid FROM chunk WHERE sid = ? AND day = ?", (sid, day_of(t_ms))
        ).fetchone()
        if row is None:
            return None
        try:
            stored = StoredSlab.read(self._db, row[0])
            if not stored.slab.t0 <= t_ms <= stored.slab.t1:
                return None
            times = self._read_times(stored.slab)
            at = int(np.searchsorted(times, t_ms))
            if times[at] != t_ms:
                return None
            place = int(np.searchsorted(stored.sids, sid))
            chunk = self._db.execute(
                "SELECT codec, crc, b FROM data WHERE id = ?", ((row[0] << PLACE_BITS) | place,)
            ).fetchone()
            values = np.empty(stored.slab.n)
            codec.decode_values(chunk or codec.NO_CHUNK, sid, values)
        except Damaged:
            return None
        return int(values.view(np.uint64)[at])

    def _read_times(self, slab: Slab) -> Times:
        if slab.tid not in self._times:
            if len(self._times) >= 64:
                self._times.popitem(last=False)
            self._times[slab.tid] = slab.read_times(self._db)
        return self._times[slab.tid]

    # -- which series ----------------------------------------------------------------

    def _get_plan(self, series: tuple[Labels, ...]) -> Plan:
        plan = self._plans.get(id(series))
        if plan is not None and plan.series is series:
            self._plans.move_to_end(id(series))
            if all(p.home == 0 or self._homes.get(p.home) is p.whole for p in plan.parts):
                return plan
            self._planned_series -= len(series)
        plan = self._make_plan(series)
        self._plans[id(series)] = plan
        self._planned_series += len(series)
        while self._planned_series > _PLANNED_SERIES and len(self._plans) > 1:
            _, gone = self._plans.popitem(last=False)
            self._planned_series -= len(gone.series)
        return plan

    def _make_plan(self, series: tuple[Labels, ...]) -> Plan:
        rejected: Counter[Reject] = Counter()
        place: dict[int, int] = {}
        duplicates = []
        for column, labels in enumerate(series):
            sid = self._sid_of.get(labels) or self._find_series(labels)
            if isinstance(sid, Reject):
                rejected[sid] += 1
            elif sid in place:
                duplicates.append((place[sid], column))
            else:
                place[sid] = column
        columns = np.array(list(place.values()), np.int64)
        sids = np.array(list(place), np.int64)
        order = np.argsort(sids)
        self._read_last(sids)
        parts = tuple(self._split_by_home(sids[order], columns[order]))
        return Plan(series, parts, tuple(duplicates), tuple(rejected.items()))

    def _split_by_home(self, sids: Sids, columns: npt.NDArray[np.int64]) -> Iterator[LayoutPart]:
        """The layouts of a scrape; homes that it holds whole are made anew with what is new."""
        homes = self._home_of[sids]
        one = (homes == homes[:1]).all()
        lids = homes[:1].tolist() if one else np.unique(homes).tolist()
        cut = [lid for lid in lids if lid and (homes == lid).sum() < len(self._homes[lid])]
        loose = np.isin(homes, cut) if cut else np.zeros(len(sids), np.bool_)
        for at in _split_rows(np.flatnonzero(~loose), sids):
            lid = self._get_layout_id(sids[at])
            yield LayoutPart(lid, self._make_home(lid, sids[at]), sids[at], columns[at])
        if len(cut) > _MOST_CUT:
            for at in _split_rows(np.flatnonzero(loose), sids):
                yield LayoutPart(0, sids[at], sids[at], columns[at])
        else:
            for lid in cut:
                at = np.flatnonzero(homes == lid)
                yield LayoutPart(lid, self._homes[lid], sids[at], columns[at])

    def _make_home(self, lid: int, sids: Sids) -> Sids:
        """Make a layout the home of its series: the same array as long as it stays that."""
        if lid not in self._homes:
            for other in np.unique(self._home_of[sids]).tolist():
                self._leave_home(other)
            self._home_of[sids] = lid
            self._homes[lid] = sids
        return self._homes[lid]

    def _leave_home(self, lid: int) -> None:
        sids = self._homes.pop(lid, None)
        if sids is not None:
            self._home_of[sids] = 0

    def _find_series(self, labels: Labels) -> int | Reject:
        """The id of a series, new where it was never seen; or why there is none."""
        if not labels.metric:
            return Reject.INVALID_LABELS
        try:
            text = index.encode_labels(labels)
        except TypeError:
            return Reject.INVALID_LABELS
        number = index.hash_labels(text)
        # Joined with itself: the index alone has the hash of a row whose own is damaged.
        for sid, known in self._db.execute(
            "SELECT s.sid, s.labels FROM series i JOIN series s USING (sid)"
            " WHERE i.hash = ?1 AND s.hash = ?1",
            (number,),
        ):
            if known == text:
                self._sid_of[labels] = sid
                return int(sid)
        if self.series_count >= self._options.series_limit:
            return Reject.SERIES_LIMIT
        return self._create_series(labels, text, number)

    def _create_series(self, labels: Labels, text: bytes, number: int) -> int:
        sid = self._db.execute(
            "INSERT INTO series (hash, labels) VALUES (?, ?)", (number, text)
        ).lastrowid
        assert sid is not None
        self._db.executemany(
            "INSERT INTO posting (pid, sid) VALUES (?, ?)",
            [(self._get_pair_id(pair), sid) for pair in labels.pairs],
        )
        self.series_count += 1
        if sid >= len(self._last):
            if sid > MOST_SIDS:
                raise Damaged(f"series {sid}")
            more = max(len(self._last), sid * 5 // 4 - len(self._last))
            self._last = np.append(self._last, np.full(more, _NEVER, np.int64))
            self._unread = np.append(self._unread, np.zeros(more, np.bool_))
            self._home_of = np.append(self._home_of, np.zeros(more, np.int64))
        self._sid_of[labels] = sid
        return sid

    def _get_pair_id(self, pair: tuple[str, str]) -> int:
        pid = self._pid_of.get(pair)
        if pid is None:
            row = self._db.execute(
                "SELECT pid FROM pair WHERE name = ? AND value = ?", pair
            ).fetchone()
            pid = (
                row[0]
                if row
                else self._db.execute(
                    "INSERT INTO pair (name, value) VALUES (?, ?)", pair
                ).lastrowid
            )
            assert pid is not None
            if len(self._pid_of) > _KNOWN_PAIRS:
                self._pid_of.clear()
            self._pid_of[pair] = pid
        return pid

    def _get_layout_id(self, sids: Sids) -> int:
        digest = _hash_sids(sids)
        lid = self._lid_of.get(digest)
        if lid is None:
            b = codec.pack_sids(sids)
            lid = self._db.execute(
                "INSERT INTO layout (sids, crc) VALUES (?, ?)", (b, codec.row_crc(b))
            ).lastrowid
            assert lid is not None
            self._lid_of[digest] = lid
        return lid

    def _read_last(self, sids: Sids) -> None:
        """When a series was last sampled, as far as chunks know."""
        ends: dict[object, int] = {}
        for sid in sids[self._unread[sids]].tolist():
            row = self._db.execute(
                "SELECT bid FROM chunk WHERE sid = ? ORDER BY day DESC LIMIT 1", (sid,)
            ).fetchone()
            if row is None:
                continue
            if row[0] not in ends:
                ends[row[0]] = _NEVER
                with suppress(Damaged):
                    ends[row[0]] = StoredSlab.read(self._db, row[0]).slab.t1
            self._last[sid] = max(int(self._last[sid]), ends[row[0]])
        self._unread[sids] = False

    # -- maintenance -----------------------------------------------------------------------

    def resolve(self, series: Sequence[Labels]) -> list[int | Reject]:
        """The ids of these series, created where they are new."""
        return [self._sid_of.get(labels) or self._find_series(labels) for labels in series]

    def record_load(self, sids: Sids, t1_ms: int) -> None:
        """Note that chunks of these series were written without going through the head."""
        self._read_last(sids)
        self._last[sids] = np.maximum(self._last[sids], t1_ms)
        self._times.clear()
        self._advance_max_time(t1_ms)

    def record_compaction(self, lids: Sequence[int]) -> None:
        """Note that head rows of these layouts were moved; drop layouts without any left."""
        for lid in lids:
            try:
                self._update_span(lid, read_layout(self._db, lid))
            except Damaged:
                self.spans.pop(lid, None)
        self._unfinished.clear()
        self._forget_plans()
        if len(self._sid_of) > _KNOWN_SERIES:
            self._forget_idle()

    def _forget_plans(self) -> None:
        self._plans.clear()
        self._planned_series = 0
        self._times.clear()

    def _forget_idle(self) -> None:
        floor = (self.max_ms or 0) - 2 * self._options.head_ms
        self._sid_of = {
            labels: sid for labels, sid in self._sid_of.items() if self._last[sid] >= floor
        }

    def list_series(self) -> Sids:
        """The series that have head rows."""
        parts = [span.sids for span in self.spans.values()]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def forget_last(self, sids: Sids) -> None:
        """Forget when these series were last sampled, as samples of theirs were deleted."""
        self._last[sids] = _NEVER
        self._unread[sids] = True
        for span in self.spans.values():
            self._last[span.sids] = np.maximum(self._last[span.sids], span.t1)
        self._forget_plans()

    def forget_series(self, sids: Sequence[int]) -> None:
        """Forget series that have no samples any more and were dropped from the index."""
        dropped = frozenset(sids)
        self._sid_of = {labels: sid for labels, sid in self._sid_of.items() if sid not in dropped}
        self._pid_of.clear()
        self.series_count -= len(dropped)
        self._forget_plans()


@dataclass(frozen=True, slots=True)
class AppendBounds:
    """Which times a batch may have; fixed when it begins, as in Prometheus.

    The window is for samples that are older than the last of their series. Those in order may
    have any age within the retention, as a sender that was cut off, or fills an empty store,
    sends them. (Prometheus rejects them beyond an hour, for its block ranges.)
    """

    latest_ms: int
    oldest_ms: int
    late_ms: int
    late_rejection: Reject

    @classmethod
    def of(cls, options: Options, now_ms: int, newest_ms: int | None) -> AppendBounds:
        """The bounds of a store whose newest sample is at `newest_ms`."""
        window, retention = options.out_of_order_ms, options.retention_ms
        ever = -(1 << 62)
        rejection = Reject.OUT_OF_ORDER if window == 0 else Reject.TOO_OLD
        latest = now_ms + options.future_ms
        if newest_ms is None or window is None:
            return cls(latest, ever, ever, rejection)
        oldest = ever if retention is None else newest_ms - retention
        return cls(latest, oldest, newest_ms - window, rejection)

    def find_rejection(self, t_ms: int) -> Reject | None:
        """Why samples of this time are rejected; None where they are not."""
        if t_ms > self.latest_ms:
            return Reject.TOO_FAR_IN_FUTURE
        if t_ms < self.oldest_ms:
            return Reject.TOO_OLD
        return None


def _find_newest_ms(db: sqlite3.Connection) -> int | None:
    """The time of the newest sample in chunks, as far as slabs are sound."""
    newest: Slab | None = None
    for day, bid in db.execute("SELECT day, bid FROM slab ORDER BY day DESC"):
        if newest is not None and day != newest.day:
            break
        with suppress(Damaged):
            slab = StoredSlab.read(db, bid).slab
            newest = slab if newest is None or slab.t1 > newest.t1 else newest
    return None if newest is None else newest.t1


def _hash_sids(sids: Sids) -> bytes:
    return hashlib.blake2b(sids.tobytes(), digest_size=16).digest()


def split_layouts(sids: Sids) -> list[tuple[int, int]]:
    """The stretches [start, end) in which the ascending ids of a scrape become layouts."""
    edges = [0]
    for cut in [*np.flatnonzero(sids % _CUT == 0).tolist(), len(sids)]:
        while cut - edges[-1] > _LAYOUT_SERIES:
            edges.append(edges[-1] + _LAYOUT_SERIES)
        if min(cut - edges[-1], len(sids) - cut) >= _LEAST_SERIES:
            edges.append(cut)
    if edges[-1] < len(sids):
        edges.append(len(sids))
    return list(pairwise(edges))


def _split_rows(rows: npt.NDArray[np.int64], sids: Sids) -> list[npt.NDArray[np.int64]]:
    """Places of a scrape's ascending ids, layout by layout."""
    return [rows[a:b] for a, b in split_layouts(sids[rows])]
