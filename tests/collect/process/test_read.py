"""The files of /proc/PID, as the kernel writes them and as it never would."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.helpers import write_tree
from jipyo.collect.process import read

if TYPE_CHECKING:
    from pathlib import Path

WORDS = "S 1 1 1 0 -1 4194304 11 0 3 0 250 50 0 0 20 0 7 0 1000 1048576 10 184467 1 1"


def stat_line(comm: str = "x", words: str = WORDS) -> bytes:
    return f"42 ({comm}) {words}\n".encode()


def test_the_words_of_a_stat() -> None:
    assert read.parse_stat(stat_line("python3"), 4096) == read.Stat(
        comm="python3",
        state="S",
        kernel_thread=False,
        minor_faults=11,
        major_faults=3,
        user_s=2.5,
        system_s=0.5,
        threads=7,
        start_s=10.0,
        virtual_bytes=1 << 20,
        resident_bytes=40_960,
    )


@pytest.mark.parametrize(
    "comm", ["a b", "(sd-pam)", "odd) S 1 1", ") (", "", "한글", "kworker/0:1-ev", "\n"]
)
def test_a_name_may_hold_anything(comm: str) -> None:
    stat = read.parse_stat(stat_line(comm), 4096)
    assert (stat.comm, stat.state, stat.threads) == (comm, "S", 7)


def test_a_kernel_thread_is_known_by_its_flag() -> None:
    words = WORDS.replace("4194304", str(0x00200000 | 64))
    assert read.parse_stat(stat_line("kthreadd", words), 4096).kernel_thread


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"42",
        b"42 (x",
        b"42 x) S",
        b"42 (x) S 1 2",
        stat_line(words=WORDS.replace("250", "many")),
        stat_line(words="S"),
    ],
)
def test_what_is_no_stat_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        read.parse_stat(data, 4096)


@given(st.binary(max_size=120))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        stat = read.parse_stat(data, 4096)
    except (ValueError, IndexError):
        return
    assert isinstance(stat, read.Stat)


@pytest.mark.parametrize(
    ("data", "label", "default", "number"),
    [
        (b"a 1\nb 2\n", b"\nb ", None, 2),
        (b"Pss:      12 kB\n", b"Pss:", None, 12),
        (b"x: 1.5\n", b"x:", None, 1.5),
        (b"x: 1\n", b"y:", 7.0, 7),
    ],
)
def test_the_number_behind_a_label(
    data: bytes, label: bytes, default: float | None, number: float
) -> None:
    assert read.find_number(data, label, default) == number


@pytest.mark.parametrize("data", [b"", b"y: 1", b"x:", b"x: unlimited"])
def test_a_label_without_a_number_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        read.find_number(data, b"x:")


def test_the_boot_time_may_stand_far_behind_in_the_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"stat": "intr " + "1 " * 60_000 + "\nbtime 1700000000\nx 1\n"})
    assert read.read_boot_time_s(str(tmp_path)) == 1_700_000_000


def test_processes_are_the_folders_with_numbers(tmp_path: Path) -> None:
    write_tree(tmp_path, {"1/stat": "", "23/stat": "", "self/stat": "", "1a/stat": "", "x": ""})
    assert sorted(read.list_process_ids(str(tmp_path))) == [1, 23]


@pytest.mark.parametrize(
    ("text", "resident", "swapped"),
    [
        ("00-ff [rollup]\nRss: 9 kB\nPss: 8 kB\nSwapPss: 2 kB\n", 8192, 2048),
        ("00-ff [rollup]\nRss: 9 kB\nPss: 8 kB\n", 8192, 0),  # before Linux 4.3
    ],
)
def test_proportional_sizes(tmp_path: Path, text: str, resident: int, swapped: int) -> None:
    write_tree(tmp_path, {"7/smaps_rollup": text})
    assert read.read_proportional(str(tmp_path), 7) == read.Proportional(resident, swapped)


@pytest.mark.parametrize("text", [None, "", "00-ff [rollup]\nRss: 9 kB\n"])
def test_proportional_sizes_that_are_not_there(tmp_path: Path, text: str | None) -> None:
    write_tree(tmp_path, {} if text is None else {"7/smaps_rollup": text})
    with pytest.raises((OSError, ValueError)):
        read.read_proportional(str(tmp_path), 7)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Limit Soft Hard\nMax open files            1024   4096   files\n", 1024),
        ("Limit Soft Hard\nMax open files            unlimited unlimited files\n", float("inf")),
        ("Limit Soft Hard\n", float("inf")),
        (None, float("inf")),
    ],
)
def test_the_limit_of_open_files(tmp_path: Path, text: str | None, limit: float) -> None:
    write_tree(tmp_path, {} if text is None else {"7/limits": text})
    assert read.read_descriptor_limit(str(tmp_path), 7) == limit


def test_open_files_are_counted_or_not_to_be_seen(tmp_path: Path) -> None:
    assert read.count_descriptors(str(tmp_path), 7) is None
    own = read.count_descriptors("/proc", os.getpid())
    assert own is not None
    with (tmp_path / "file").open("wb"):
        assert read.count_descriptors("/proc", os.getpid()) == own + 1
