"""The store as one: what is flushed, merged, kept, deleted and damaged."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jipyo.logs.record import LogBatch, TextColumn
from jipyo.logs.store import merge
from jipyo.logs.store.deletion import DeletionFile
from jipyo.logs.store.merge import plan_merge
from jipyo.logs.store.paths import SegmentName, list_segments, list_valid
from jipyo.logs.store.reader import StoredBlock, StoreReader
from jipyo.logs.store.retention import DAY_NS, LegalHold, Retention, RetentionClass
from jipyo.logs.store.segment import decode_order, encode_order
from jipyo.logs.store.store import LogStore, Options
from jipyo.model.errors import StoreBusy, StoreCorrupt, StoreError
from logs.store.support import list_rows, read_rows
from support.log_batches import SECOND, START_NS, batches

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from jipyo.logs.store.segment import LogSegment

DAY0 = START_NS // DAY_NS * DAY_NS


def make(service: str, times_ns: list[int], text: str = "done in %d ms") -> LogBatch:
    n = len(times_ns)
    return LogBatch(
        service=service,
        t_ns=np.array(times_ns, np.int64),
        level=np.full(n, 3, np.uint8),
        fields={"host.name": TextColumn([b"h%d" % (row % 3) for row in range(n)])},
        messages=[(text % row).encode() for row in range(n)],
    )


def fill(folder: Path, *flushes: list[LogBatch], options: Options | None = None) -> None:
    with LogStore.open(folder, options) as store:
        for found in flushes:
            store.append(found)
            store.flush()


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.logs"))


def damage(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def times(folder: Path) -> list[int]:
    return sorted(row[1] for row in read_rows(folder).values())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(batches(), min_size=2, max_size=8), rows=st.integers(1, 6))
def test_what_goes_in_comes_out_whatever_is_merged_with_what(
    tmp_path_factory: pytest.TempPathFactory, found: list[LogBatch], rows: int
) -> None:
    folder = tmp_path_factory.mktemp("store")
    fill(folder, *([batch] for batch in found))
    before = read_rows(folder)
    assert sorted(before.values()) == sorted(row for batch in found for row in list_rows(batch))
    with pytest.MonkeyPatch.context() as patch, LogStore.open(folder) as store:
        patch.setattr(merge, "BLOCK_ROWS", rows)
        patch.setattr(merge, "_FAN_IN", 2)
        while store.merge_once():
            assert read_rows(folder) == before
    assert read_rows(folder) == before


@pytest.mark.parametrize(("sizes", "chosen"), [
    ([], None),
    ([100] * 7, None),
    ([100] * 8, range(8)),
    ([100] * 100, range(64)),
    ([100_000, *[100] * 8], range(1, 9)),
    ([*[100] * 4, None, *[100] * 7], None),  # not across what cannot be read
    ([100_000, *[100] * 3, 300, *[100] * 4], range(1, 9)),  # smaller ones go along
    ([100_000, *[100] * 3, 5000, *[100] * 4], None),  # most of it would only be copied
    ([300_000] * 8, None),  # six of them would be as large as a segment becomes
    ([2_000_000] * 20, None),
    ([200_000] * 12, range(10)),
])  # fmt: skip
def test_neighbours_of_a_size_are_merged(sizes: list[int | None], chosen: range | None) -> None:
    assert plan_merge(sizes) == chosen


def test_every_record_is_written_few_times(tmp_path: Path) -> None:
    sizes: list[int] = []
    written = 0
    for _ in range(2000):
        sizes.append(60)
        while (chosen := plan_merge(sizes)) is not None:
            total = sum(sizes[n] for n in chosen)
            written += total
            sizes[chosen.start : chosen.stop] = [total]
    assert written / sum(sizes) < 5
    assert len(sizes) < 40


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4), st.integers(0, 2)), max_size=9))
def test_a_segment_is_valid_unless_another_covers_it(parts: list[tuple[int, int, int]]) -> None:
    names = {SegmentName(first, first + more, version) for first, more, version in parts}
    valid = [name for name in names if not any(other.replaces(name) for other in names)]
    assert sorted(list_valid(names)) == sorted(valid)


@given(st.lists(st.integers(0, 1 << 50), min_size=1, max_size=60) | st.just(list(range(5, 90))))
def test_numbers_of_records_come_back(numbers: list[int]) -> None:
    seq = np.array(numbers, np.int64)
    data = encode_order(seq)
    if data:
        assert decode_order(data).tolist() == numbers
    else:
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_one_process_writes_and_others_see_new_segments_at_once(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        with pytest.raises(StoreBusy):
            LogStore.open(tmp_path)
        reader = StoreReader(tmp_path)
        assert reader.snapshot().segments == ()
        store.append([make("a", [START_NS])])
        assert reader.snapshot().segments == ()
        store.flush()
        assert [segment.n for segment in reader.snapshot().segments] == [1]
    LogStore.open(tmp_path).close()


def test_a_reader_goes_on_with_segments_that_were_merged_away(tmp_path: Path) -> None:
    fill(tmp_path, *([make("a", [START_NS + n])] for n in range(9)))
    reader = StoreReader(tmp_path)
    old = reader.snapshot().segments
    with LogStore.open(tmp_path) as store:
        assert store.merge_once()
    assert files(tmp_path) == ["000000000001-000000000009-0.logs"]
    found = [reader.read_block(StoredBlock(each, each.blocks[0]))[0].t_ns[0] for each in old]
    assert found == [START_NS + n for n in range(9)]
    (merged,) = reader.snapshot().segments
    assert merged.n == 9


def test_positions_and_records_are_in_one_segment(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([make("a", [START_NS])], positions={"f": {"offset": 10}})
        store.append([], positions={"g": {"offset": 1}})
        store.flush()
        store.append([make("a", [START_NS])], positions={"f": {"offset": 20}})
        assert store.positions["f"] == {"offset": 20}
        store._pending.batches.clear()  # as kill -9 leaves it: what waits is gone
        store._pending.positions.clear()
    with LogStore.open(tmp_path) as store:
        assert store.positions == {"f": {"offset": 10}, "g": {"offset": 1}}


def test_journal_entries_of_segments_do_not_come_again(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        first, second = store.journalize(b"one"), store.journalize(b"two")
        store.append([make("a", [START_NS])], entries=[second])
    with LogStore.open(tmp_path) as store:
        assert [(entry.number, entry.payload) for entry in store.replay()] == [(first, b"one")]
        store.append([make("a", [START_NS])], entries=[first])
        store.flush()
        assert store.journal.size_bytes == 0
        assert store.journalize(b"three") == second + 1


def test_records_go_by_age_of_their_class_and_held_ones_stay(tmp_path: Path) -> None:
    services = ("app", "access", "held")
    flushes = [[make(name, [DAY0 + day * DAY_NS]) for name in services] for day in range(10)]
    retention = Retention(
        keep_ns=3 * DAY_NS,
        classes=(RetentionClass(name="access records", services=("acc*",), keep_ns=6 * DAY_NS),),
        holds=(LegalHold(reason="case 7", services=("held",), end_ns=DAY0 + DAY_NS + 1),),
    )
    fill(tmp_path, *flushes, options=Options(retention=retention))
    with LogStore.open(tmp_path, Options(retention=retention)) as store:
        store.maintain(DAY0 + 9 * DAY_NS)
        store.maintain(DAY0 + 9 * DAY_NS)
        deleted = sum(deletion.n for deletion in store.deletions.read())
    left = {(row[0], (row[1] - DAY0) // DAY_NS) for row in read_rows(tmp_path).values()}
    assert {day for name, day in left if name == "app"} == {6, 7, 8, 9}
    assert {day for name, day in left if name == "access"} == set(range(3, 10))
    assert {day for name, day in left if name == "held"} == {0, 1, 6, 7, 8, 9}
    assert deleted == 30 - len(left)
    assert DeletionFile(tmp_path).is_whole()


def test_the_oldest_go_beyond_the_limit_of_size_but_not_exempt_ones(tmp_path: Path) -> None:
    fill(tmp_path, *([make("a", [DAY0 + n]), make("law", [DAY0 + n])] for n in range(6)))
    law = RetentionClass(name="law", services=("law",), keep_ns=None, at_any_size=True)
    retention = Retention(max_bytes=1, classes=(law,))
    with LogStore.open(tmp_path, Options(retention=retention)) as store:
        store.expire(DAY0)
    assert {row[0] for row in read_rows(tmp_path).values()} == {"law"}
    assert len(read_rows(tmp_path)) == 6


def some_rows(block: StoredBlock) -> NDArray[np.intp]:
    return np.arange(0, block.summary.n, 2)


def test_a_deletion_removes_these_records_and_leaves_a_line(tmp_path: Path) -> None:
    fill(tmp_path, [make("a", [START_NS + n for n in range(10)]), make("b", [START_NS])])
    before = read_rows(tmp_path)
    with LogStore.open(tmp_path) as store:
        n = store.delete(lambda block: block.summary.service == "a", some_rows, "request 12", 99)
        (line,) = store.deletions.read()
    assert n == 5
    assert (line.at_ns, line.reason, line.n, line.records[0].service) == (99, "request 12", 5, "a")
    after = read_rows(tmp_path)
    assert after.items() <= before.items()
    assert [row[1] - START_NS for row in after.values() if row[0] == "a"] == [1, 3, 5, 7, 9]
    assert files(tmp_path) == ["000000000001-000000000001-1.logs"]


def test_held_records_cannot_be_deleted(tmp_path: Path) -> None:
    options = Options(retention=Retention(holds=(LegalHold(reason="case 7"),)))
    with LogStore.open(tmp_path, options) as store:
        store.append([make("a", [START_NS])])
        with pytest.raises(StoreError) as caught:
            store.delete(lambda _: True, some_rows, "no", 0)
    assert caught.value.key == "logs_store.under_hold"
    assert len(read_rows(tmp_path)) == 1


def test_a_deletion_that_was_not_carried_out_is_void(tmp_path: Path) -> None:
    fill(tmp_path, [make("a", [START_NS])])
    with LogStore.open(tmp_path) as store:
        kept = (tmp_path / files(tmp_path)[0]).read_bytes()
        name = files(tmp_path)[0]
        store.delete(lambda _: True, some_rows, "request", 0)
    for file in files(tmp_path):
        (tmp_path / file).unlink()
    (tmp_path / name).write_bytes(kept)  # as if the process had died after the line
    with LogStore.open(tmp_path) as store:
        assert list(store.deletions.read()) == []
        store.delete(lambda _: True, some_rows, "again", 0)
        assert [line.reason for line in store.deletions.read()] == ["again"]


def test_a_line_of_deletions_that_was_changed_or_removed_is_found(tmp_path: Path) -> None:
    fill(tmp_path, *([make("a", [START_NS + n])] for n in range(3)))
    with LogStore.open(tmp_path) as store:
        store.delete(lambda _: True, some_rows, "request", 0)
    lines = (tmp_path / "deletions").read_bytes().splitlines(keepends=True)
    assert len(lines) == 3
    for changed in (lines[1:], [lines[0], lines[2]], [lines[0], lines[1].replace(b"a", b"b", 1)]):
        (tmp_path / "deletions").write_bytes(b"".join(changed))
        assert not DeletionFile(tmp_path).is_whole()


def read_counts(segment: LogSegment) -> object:
    """All that is counted of a segment; None where it is damaged."""
    assert segment.counts is not None
    try:
        return {
            service: [
                [column.tolist() for column in segment.counts.read_minutes(service)],
                [column.tolist() for column in segment.counts.read_hours(service) or ()],
            ]
            for service in segment.ranges
        }
    except StoreCorrupt:
        return None


def test_a_flipped_bit_anywhere_is_found_and_costs_only_its_block(tmp_path: Path) -> None:
    spans = [make(name, [START_NS + n for n in range(200)]) for name in ("a", "b", "c")]
    fill(tmp_path, spans)
    path = tmp_path / files(tmp_path)[0]
    whole, sound = path.read_bytes(), read_rows(tmp_path)
    counts = read_counts(StoreReader(tmp_path).snapshot().segments[0])
    rng = np.random.default_rng(1)
    lost_once = False
    for at in rng.integers(0, len(whole), 150).tolist():
        damage(path, at, int(rng.integers(8)))
        reader = StoreReader(tmp_path)
        (segment,) = reader.snapshot().segments
        rows = {}
        lost = 0
        for summary in segment.blocks:
            try:
                batch, seq = reader.read_block(StoredBlock(segment, summary))
            except StoreCorrupt:
                lost += 1
                continue
            rows.update(zip(seq.tolist(), list_rows(batch), strict=True))
        assert lost <= 1
        assert read_counts(segment) in (counts, None)
        assert rows.items() <= sound.items()
        assert len(rows) == len(sound) - 200 * lost
        lost_once |= lost > 0
        path.write_bytes(whole)
    assert lost_once


def test_a_damaged_block_survives_merging_as_it_is(tmp_path: Path) -> None:
    fill(tmp_path, *([make("a", [START_NS + n])] for n in range(8)))
    reader = StoreReader(tmp_path)
    segment = reader.snapshot().segments[3]
    damage(segment.path, segment.blocks[0].offset)
    with LogStore.open(tmp_path) as store:
        assert store.merge_once()
    (merged,) = StoreReader(tmp_path).snapshot().segments
    assert merged.n == 8
    reader = StoreReader(tmp_path)
    lost = 0
    for summary in merged.blocks:
        try:
            reader.read_block(StoredBlock(merged, summary))
        except StoreCorrupt:
            lost += summary.n
    assert lost == 1


def test_a_segment_without_a_whole_footer_is_missing_and_not_merged_over(tmp_path: Path) -> None:
    fill(tmp_path, *([make("a", [START_NS + n])] for n in range(17)))
    path = tmp_path / files(tmp_path)[8]
    path.write_bytes(b"\0" * path.stat().st_size)
    with LogStore.open(tmp_path) as store:
        while store.merge_once():
            pass
    assert len(files(tmp_path)) == 3
    snapshot = StoreReader(tmp_path).snapshot()
    assert [error.key for error in snapshot.missing] == ["logs_store.corrupt"]
    assert sum(segment.n for segment in snapshot.segments) == 16


def test_both_frames_of_skeletons_must_be_damaged_to_lose_them(tmp_path: Path) -> None:
    fill(tmp_path, [make("a", [START_NS + n for n in range(100)])])
    sound = read_rows(tmp_path)
    damage(tmp_path / "skeletons", 30)
    assert read_rows(tmp_path) == sound


def test_blocks_of_a_merge_are_ordered_and_of_one_day(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    spread = [DAY0 + int(t) for t in rng.integers(0, 3 * DAY_NS, 4000)]
    fill(tmp_path, *([make("a", spread[n::10])] for n in range(10)))
    with LogStore.open(tmp_path) as store:
        store.merge_once()
    (merged,) = StoreReader(tmp_path).snapshot().segments
    blocks = sorted(merged.blocks, key=lambda block: block.first_ns)
    assert [block.first_ns // DAY_NS for block in blocks] == [b.last_ns // DAY_NS for b in blocks]
    assert all(a.last_ns <= b.first_ns for a, b in itertools.pairwise(blocks))
    assert times(tmp_path) == sorted(spread)


def test_leftovers_of_a_process_that_died_are_removed(tmp_path: Path) -> None:
    fill(tmp_path, [make("a", [START_NS])], [make("a", [START_NS + SECOND])])
    (tmp_path / ".000000000003-000000000003-0.logs.new").write_bytes(b"half")
    copy = (tmp_path / files(tmp_path)[0]).read_bytes()
    (tmp_path / SegmentName(1, 1, 1).file).write_bytes(copy)
    LogStore.open(tmp_path).close()
    assert sorted(list_segments(tmp_path)) == [SegmentName(1, 1, 1), SegmentName(2, 2)]
    assert not list(tmp_path.glob(".*.new"))


def test_another_process_reads_what_this_one_writes(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([make("a", [START_NS + n for n in range(5)])])
        store.flush()
        code = (
            "import sys; from pathlib import Path; from logs.store.support import read_rows;"
            "print(len(read_rows(Path(sys.argv[1]))))"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        out = subprocess.check_output([sys.executable, "-c", code, str(tmp_path)], env=environment)
    assert out == b"5\n"
