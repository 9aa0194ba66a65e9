"""What receivers acknowledged: durable, replayed once, cut where a process died."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store import journal as module
from jipyo.logs.store.frames import encode_frame, scan_frames
from jipyo.logs.store.journal import Journal
from jipyo.model.errors import StoreFull

if TYPE_CHECKING:
    from pathlib import Path


def replay(folder: Path, through: int = 0, also: tuple[int, ...] = ()) -> list[tuple[int, bytes]]:
    journal = Journal(folder, through, also)
    entries = [(entry.number, entry.payload) for entry in journal.replay()]
    journal.close()
    return entries


def fill(folder: Path, *payloads: bytes) -> list[int]:
    journal = Journal(folder)
    numbers = [journal.append(payload) for payload in payloads]
    journal.close()
    return numbers


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("*.journal")
    return file


def test_entries_are_numbered_and_come_back_in_order(tmp_path: Path) -> None:
    assert fill(tmp_path, b"one", b"", b"three") == [1, 2, 3]
    assert replay(tmp_path) == [(1, b"one"), (2, b""), (3, b"three")]


def test_entries_that_segments_have_do_not_come_back(tmp_path: Path) -> None:
    fill(tmp_path, b"1", b"2", b"3", b"4", b"5")
    assert replay(tmp_path, 2, (4,)) == [(3, b"3"), (5, b"5")]


def test_new_entries_are_not_replayed_in_the_process_that_has_them(tmp_path: Path) -> None:
    fill(tmp_path, b"old")
    journal = Journal(tmp_path)
    journal.append(b"new")
    assert [entry.payload for entry in journal.replay()] == [b"old"]
    journal.close()


@given(payloads=st.lists(st.binary(max_size=40), min_size=1, max_size=6), data=st.data())
def test_a_file_cut_anywhere_replays_to_a_beginning(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    fill(folder, *payloads)
    file = only_file(folder)
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    found = [payload for _, payload in replay(folder)]
    ends = [frame.end for frame in scan_frames(whole)]
    assert found == payloads[: sum(end <= cut for end in ends)]
    # What comes next is behind it, and is found as well.
    journal = Journal(folder)
    journal.append(b"next")
    journal.close()
    assert [payload for _, payload in replay(folder)] == [*found, b"next"]


@given(payloads=st.lists(st.binary(max_size=40), min_size=3, max_size=6), data=st.data())
def test_a_flipped_bit_costs_only_its_entry(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], data: st.DataObject
) -> None:
    frames = [encode_frame(n, payload) for n, payload in enumerate(payloads, 1)]
    hit = data.draw(st.integers(0, len(frames) - 1))
    damaged = bytearray(frames[hit])
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    file = b"".join([*frames[:hit], bytes(damaged), *frames[hit + 1 :]])
    found = [(frame.number, frame.payload) for frame in scan_frames(file)]
    expected = list(enumerate(payloads, 1))
    assert found == expected[:hit] + expected[hit + 1 :]


def test_damage_in_the_middle_is_noted(tmp_path: Path) -> None:
    fill(tmp_path, b"first", b"second", b"third")
    file = only_file(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"second", b"sEcond"))
    journal = Journal(tmp_path)
    assert journal.damaged_places == 1
    assert [entry.payload for entry in journal.replay()] == [b"first", b"third"]
    journal.close()


def test_threads_append_at_once_and_each_entry_is_there_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    numbers: list[int] = []

    def work(name: int) -> None:
        numbers.extend(journal.append(b"%d/%d" % (name, n)) for n in range(20))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert sorted(numbers) == list(range(1, 161))
    found = replay(tmp_path)
    assert {payload for _, payload in found} == {
        b"%d/%d" % (t, n) for t in range(8) for n in range(20)
    }
    assert [number for number, _ in found] == list(range(1, 161))


def test_files_go_when_segments_have_their_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 64)
    journal = Journal(tmp_path)
    numbers = [journal.append(b"x" * 30) for _ in range(6)]
    assert len(list(tmp_path.glob("*.journal"))) == 3
    state = journal.find_state([1, 2, 3, 5])
    assert state == (3, (5,))
    journal.settle(*state)
    assert [file.name for file in sorted(tmp_path.glob("*.journal"))] == [
        "0000000000000003.journal",
        "0000000000000005.journal",
    ]
    state = journal.find_state([4, 6])
    assert state == (6, ())
    journal.settle(*state)
    assert not list(tmp_path.glob("*.journal"))
    assert journal.append(b"y") == numbers[-1] + 1
    journal.close()


def test_a_number_is_not_used_again_after_a_restart(tmp_path: Path) -> None:
    journal = Journal(tmp_path, through=7, also=(9,))
    assert journal.append(b"z") == 10
    journal.close()


def test_what_the_disk_does_not_take_is_not_acknowledged(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"kept")
    file = only_file(tmp_path)
    assert journal._file is not None
    journal._file.close()  # the next write fails as on a disk that is gone
    journal._file = file.open("rb", buffering=0)
    with pytest.raises(StoreFull) as caught:
        journal.append(b"lost")
    assert caught.value.key == "logs_store.full"
    assert journal.append(b"after") == 3
    journal.close()
    assert replay(tmp_path) == [(1, b"kept"), (3, b"after")]
