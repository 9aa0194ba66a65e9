"""The queue on disk: whole after any death, within its limit, and never stuck at a damage."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreBusy, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, Reject, Scrape
from jipyo.send.queue import Queue
from jipyo.send.record import HEADER_SIZE, encode_series
from jipyo.send.segment import SUFFIX
from send.crash_child import LIMIT, SERIES, STEP, T0, batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.send.cursor import Cursor

HERE = Path(__file__).parent
LAST_RECORD = HEADER_SIZE + 16 + 8 * len(SERIES)
FIRST_RECORD = HEADER_SIZE + len(encode_series(0, SERIES))
ROUNDS = int(os.environ.get("JIPYO_CRASH_ROUNDS", "8"))


def opened(folder: Path, limit: int = LIMIT) -> tuple[Queue, Cursor]:
    queue = Queue(folder)
    return queue, queue.set_destinations({"one": limit})["one"]


def scrape(n: int, series: tuple[Labels, ...] = SERIES) -> Scrape:
    return Scrape(T0 + n * STEP, series, np.arange(len(series), dtype=np.float64) + n * 0.5)


def append_many(queue: Queue, start: int, end: int) -> None:
    """The scrapes from one number to another, a few at a time as a disk takes long to sync."""
    for first in range(start, end, 20):
        queue.append([scrape(n) for n in range(first, min(first + 20, end))])


@pytest.mark.parametrize("name", ["one", "a/b:9090", "..", "서울 " * 40, "x" * 300])
def test_a_position_is_kept_under_any_name(tmp_path: Path, name: str) -> None:
    for n in range(2):
        queue = Queue(tmp_path)
        cursor = queue.set_destinations({name: LIMIT})[name]
        queue.append([scrape(n)])
        assert [read.t_ms for read in rest(cursor)] == [scrape(n).t_ms]
        queue.close()
    queue = Queue(tmp_path)
    queue.set_destinations({})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]
    queue.close()


def test_a_file_that_cannot_be_deleted_stops_no_append(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path, 2 << 20)
    append_many(queue, 0, 400)
    first, second = sorted(tmp_path.glob(f"*{SUFFIX}"))[:2]
    rest(cursor)
    first.unlink()
    first.mkdir()  # not a file, so that unlinking it fails
    assert queue.append([scrape(400)]).samples == len(SERIES)
    assert second.exists()
    first.rmdir()
    queue.append([scrape(401)])
    assert not second.exists()
    queue.close()


def rest(cursor: Cursor) -> list[Scrape]:
    found: list[Scrape] = []
    while (read := cursor.read(1000)) is not None:
        found += read.scrapes
        cursor.acknowledge(read)
    return found


def as_bits(scrapes: list[Scrape]) -> list[tuple[object, ...]]:
    return [(one.t_ms, one.series, one.values.tobytes()) for one in scrapes]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def test_what_is_appended_comes_out_in_its_order_bit_for_bit(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    strange = np.array([STALE_BITS, 0x7FF8000000000001, 1 << 63], np.uint64).view(np.float64)
    names = tuple(Labels.of({"__name__": "지표", "서버": f'"{n}"\n'}) for n in range(3))
    given = [scrape(1), Scrape(-5, names, strange), scrape(2), scrape(3, SERIES[:1])]
    assert queue.append(given[:2]).samples == 43
    queue.append(given[2:])
    assert as_bits(rest(cursor)) == as_bits(given)
    assert cursor.pending_samples == cursor.pending_bytes == 0
    queue.close()


def test_what_is_not_acknowledged_comes_again_after_a_restart(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    for n in range(10):
        queue.append([scrape(n)])
    first, second = cursor.read(100), cursor.read(100)
    assert first is not None
    assert second is not None
    cursor.acknowledge(first)
    queue.close()
    queue, cursor = opened(tmp_path)
    assert cursor.pending_samples == 40 * 7
    queue.append([scrape(10)])
    assert as_bits(rest(cursor)) == as_bits([scrape(n) for n in range(3, 11)])
    queue.close()


def test_each_destination_has_its_own_position(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    one = queue.set_destinations({"one": LIMIT})["one"]
    queue.append([scrape(1)])
    both = queue.set_destinations({"one": LIMIT, "두/번째": LIMIT})
    assert both["one"] is one
    queue.append([scrape(2)])
    assert len(rest(one)) == 2
    assert len(rest(both["두/번째"])) == 1  # it is there only since then
    queue.set_destinations({"one": LIMIT})
    assert [path.name for path in tmp_path.glob("*.position")] == ["one.position"]
    queue.close()


def test_files_that_every_destination_has_passed_are_deleted(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path, 2 << 20)
    append_many(queue, 0, 1500)
    assert len(segments(tmp_path)) > 4
    assert len(rest(cursor)) == 1500
    queue.append([scrape(1500)])
    assert len(segments(tmp_path)) == 1
    queue.close()


def test_beyond_the_limit_the_oldest_samples_are_dropped_and_counted(tmp_path: Path) -> None:
    limit = 1 << 20
    queue, cursor = opened(tmp_path, limit)
    total = 6000
    append_many(queue, 0, total)
    assert sum(path.stat().st_size for path in segments(tmp_path)) <= limit + (64 << 10)
    found = rest(cursor)
    kept = [round((one.t_ms - T0) / STEP) for one in found]
    assert kept == list(range(kept[0], total))
    assert cursor.dropped_samples == kept[0] * len(SERIES) > 0
    assert len(found) * len(SERIES) * 8 > limit * 0.8
    queue.close()


def test_a_slow_destination_costs_another_one_nothing(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    cursors = queue.set_destinations({"slow": 1 << 20, "fast": 64 << 20})
    append_many(queue, 0, 6000)
    assert len(rest(cursors["fast"])) == 6000
    assert cursors["fast"].dropped_samples == 0
    assert cursors["slow"].dropped_samples > 0
    queue.close()


def test_a_batch_in_flight_is_acknowledged_though_the_limit_led_further(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path, 1 << 20)
    queue.append([scrape(0)])
    flying = cursor.read(1000)
    assert flying is not None
    append_many(queue, 1, 6000)
    dropped = cursor.dropped_samples
    cursor.acknowledge(flying)
    found = rest(cursor)
    assert len(found) * len(SERIES) + dropped + len(SERIES) == 6000 * len(SERIES)
    queue.close()


def test_labels_that_are_no_text_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    names = (SERIES[0], Labels.of({"__name__": "m", "a": "\udc80"}), SERIES[1])
    appended = queue.append([Scrape(T0, names, np.array([1.0, 2.0, 3.0]))])
    assert appended.samples == 2
    assert appended.rejected == {Reject.INVALID_LABELS: 1}
    (found,) = rest(cursor)
    assert found.series == (SERIES[0], SERIES[1])
    assert found.values.tolist() == [1.0, 3.0]
    queue.close()


def test_two_processes_cannot_share_a_queue(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    with pytest.raises(StoreBusy, match=r"send\.busy"):
        Queue(tmp_path)
    queue.close()
    Queue(tmp_path).close()


@pytest.mark.parametrize("cut", [1, 19, 20, 21, 200, 300])
def test_a_torn_tail_loses_only_what_was_not_acknowledged(tmp_path: Path, cut: int) -> None:
    queue, _ = opened(tmp_path)
    for n in range(5):
        queue.append([scrape(n)])
    queue.close()
    (file,) = segments(tmp_path)
    os.truncate(file, file.stat().st_size - cut)
    queue, cursor = opened(tmp_path)
    queue.append([scrape(5)])
    assert as_bits(rest(cursor)) == as_bits([scrape(n) for n in (0, 1, 2, 3, 5)])
    assert cursor.damaged_samples == 0
    queue.close()


def test_every_cut_of_a_file_replays_to_a_prefix(tmp_path: Path) -> None:
    queue, _ = opened(tmp_path / "whole")
    for n in range(3):
        queue.append([scrape(n, SERIES[:3])])
    queue.close()
    (file,) = segments(tmp_path / "whole")
    whole = [scrape(n, SERIES[:3]) for n in range(3)]
    for size in range(file.stat().st_size):
        folder = tmp_path / str(size)
        shutil.copytree(tmp_path / "whole", folder)
        os.truncate(folder / file.name, size)
        queue, cursor = opened(folder)
        found = as_bits(rest(cursor))
        assert found == as_bits(whole[: len(found)])
        queue.close()


def test_any_flipped_bit_costs_one_record_and_is_counted(tmp_path: Path) -> None:
    queue, _ = opened(tmp_path / "whole")
    for n in range(8):
        queue.append([scrape(n)])
    queue.close()
    (file,) = segments(tmp_path / "whole")
    body, rng = file.read_bytes(), random.Random(1)
    given = as_bits([scrape(n) for n in range(9)])
    for turn in range(150):
        folder = tmp_path / str(turn)
        shutil.copytree(tmp_path / "whole", folder)
        at = rng.randrange(len(body))
        damaged = bytearray(body)
        damaged[at] ^= 1 << rng.randrange(8)
        (folder / file.name).write_bytes(damaged)
        queue, cursor = opened(folder)
        queue.append([scrape(8)])
        found = as_bits(rest(cursor))
        assert [one for one in given if one in found] == found
        # A damaged last record cannot be distinguished from one that was not written to its end.
        is_last = at >= len(body) - LAST_RECORD
        lost = 9 * len(SERIES) - len(found) * len(SERIES)
        assert cursor.damaged_samples == (0 if is_last else lost)
        if at > FIRST_RECORD:
            assert len(found) == 8
        queue.close()
        shutil.rmtree(folder)


def test_a_file_that_is_gone_or_rubbish_is_skipped_and_counted(tmp_path: Path) -> None:
    queue, _ = opened(tmp_path, 2 << 20)
    append_many(queue, 0, 1000)
    queue.close()
    files = segments(tmp_path)
    files[1].write_bytes(os.urandom(files[1].stat().st_size))
    files[3].unlink()
    queue, cursor = opened(tmp_path, 2 << 20)
    found = rest(cursor)
    assert len(found) * len(SERIES) + cursor.damaged_samples == 1000 * len(SERIES)
    assert len(found) > 500
    queue.close()


def test_a_position_that_cannot_be_read_sends_again_rather_than_losing(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    queue.append([scrape(1)])
    rest(cursor)
    queue.append([scrape(2)])
    queue.close()
    (tmp_path / "one.position").write_bytes(b"{")
    queue, cursor = opened(tmp_path)
    assert len(rest(cursor)) == 2
    queue.close()


def test_offsets_go_on_where_all_files_are_gone(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    queue.append([scrape(1)])
    rest(cursor)
    queue.close()
    for file in segments(tmp_path):
        file.unlink()
    queue, cursor = opened(tmp_path)
    queue.append([scrape(2)])
    assert as_bits(rest(cursor)) == as_bits([scrape(2)])
    queue.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(queue: Queue) -> int:
    """Append until the disk is full; how many scrapes it took."""
    for n in range(100_000):
        try:
            queue.append([scrape(n)])
        except StoreFull:
            return n
    raise AssertionError


def test_a_full_disk_keeps_nothing_half_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    queue, cursor = opened(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(700 << 10))
    kept = fill(queue)
    for _ in range(3):
        with pytest.raises(StoreFull):
            queue.append([scrape(kept), scrape(kept + 1)] * 300)
    ballast.unlink()
    queue.append([scrape(kept)])
    assert as_bits(rest(cursor)) == as_bits([scrape(n) for n in range(kept + 1)])
    queue.append([scrape(kept + 1)])
    queue.close()
    queue, cursor = opened(small_disk)
    assert as_bits(rest(cursor)) == as_bits([scrape(kept + 1)])
    assert cursor.damaged_samples == 0
    queue.close()


def test_kill_9_at_any_moment_loses_and_doubles_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    rng, first = random.Random(7), 1
    sent: list[int] = []
    for _ in range(ROUNDS):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        child = subprocess.Popen(
            [sys.executable, str(HERE / "crash_child.py"), str(tmp_path), str(first)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert child.stdout is not None
        begun = child.stdout.readline()
        time.sleep(rng.uniform(0.01, 0.5))
        assert child.poll() is None, "the child died by itself"
        os.kill(child.pid, signal.SIGKILL)
        words = [line.split() for line in (begun + child.stdout.read()).split(b"\n")[:-1]]
        child.wait()
        child.stdout.close()
        kept = [int(line[1]) for line in words if line[0] == b"kept"]
        sent += [int(line[1]) for line in words if line[0] == b"sent" for _ in range(int(line[2]))]
        first = max([*kept, first - 1]) + 1
    queue, cursor = opened(tmp_path)
    sent += [int(value) for one in rest(cursor) for value in one.values]
    queue.close()
    counts = Counter(sent)
    # The last batch of a life may be on disk without an acknowledgement, and is appended again.
    assert all(counts[n] >= len(SERIES) for n in range(1, first))
    assert cursor.damaged_samples == 0
    in_order = list(dict.fromkeys(sent))
    assert in_order == sorted(in_order)
    assert sum(counts.values()) <= (first + ROUNDS * 40) * len(SERIES)


def test_a_batch_holds_both_scrapes_of_an_append_or_none(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path)
    queue.append(batch(3))
    assert len(rest(cursor)) == 2
    queue.close()


def test_a_file_that_goes_while_the_queue_runs_is_skipped_and_counted(tmp_path: Path) -> None:
    queue, cursor = opened(tmp_path, 2 << 20)
    append_many(queue, 0, 1000)
    files = segments(tmp_path)
    files[1].unlink()
    found = rest(cursor)
    assert len(found) * len(SERIES) + cursor.damaged_samples == 1000 * len(SERIES)
    assert cursor.damaged_samples > 0
    assert cursor.pending_samples == 0
    queue.append([scrape(1000)])
    assert as_bits(rest(cursor)) == as_bits([scrape(1000)])
    queue.close()


def test_the_oldest_files_that_went_while_it_was_closed_count_as_dropped(tmp_path: Path) -> None:
    queue, _ = opened(tmp_path, 2 << 20)
    append_many(queue, 0, 1000)
    queue.close()
    for file in segments(tmp_path)[:2]:
        file.unlink()
    queue, cursor = opened(tmp_path, 2 << 20)
    found = rest(cursor)
    assert len(found) * len(SERIES) + cursor.dropped_samples == 1000 * len(SERIES)
    assert (cursor.dropped_samples > 0, cursor.damaged_samples) == (True, 0)
    queue.close()
