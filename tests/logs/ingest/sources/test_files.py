"""Files are read to the last line once, whatever rotation, a crash or a writer does to them."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
from typing import TYPE_CHECKING

import orjson
import pytest

from jipyo.logs.ingest.problems import Problems
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions, FileSource
from support.log_ingest import PlainParsing, Reading, read_messages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND = 1_000_000_000


class Site:
    """A folder of logs, and a source that reads it through restarts; time is ours."""

    def __init__(
        self, folder: Path, *patterns: str, chunk: int = 1 << 20, from_end: bool = False
    ) -> None:
        self.folder = folder
        names = tuple(f"{folder}/{pattern}" for pattern in patterns or ("app.log",))
        group = FileGroup(patterns=names, service="app", from_end=from_end)
        self.options = FileOptions(groups=(group,), chunk_bytes=chunk)
        self.problems = Problems()
        self.now_ns = 1_800_000_000 * SECOND
        self.reading = Reading()
        self.source = self.open()

    def open(self) -> FileSource:
        stored = self.reading.positions.get("files")
        as_stored = None if stored is None else orjson.loads(orjson.dumps(stored))
        return FileSource(self.options, PlainParsing(), self.problems, as_stored)

    def restart(self) -> None:
        self.source.close()
        self.source = self.open()

    def path(self, name: str = "app.log") -> Path:
        return self.folder / name

    def write(self, *lines: str, name: str = "app.log", end: str = "\n") -> None:
        with self.path(name).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + end)

    def read(self, seconds: float = 30.0) -> list[str]:
        """What is new within some seconds, in which the source is asked four times a second."""
        found: list[bytes] = []
        for _ in range(int(seconds * 4)):
            self.now_ns += SECOND // 4
            found += self.reading.drain(self.source, self.now_ns)
        return [line.decode() for line in found]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    one = Site(tmp_path)
    yield one
    one.source.close()


def lines(*numbers: int) -> list[str]:
    return [f"2026-11-27T10:00:{n:02d} line {n} {'x' * 40}" for n in numbers]


def test_lines_are_read_as_they_come(site: Site) -> None:
    site.write(*lines(1, 2))
    assert site.read() == lines(1, 2)
    site.write(*lines(3))
    assert site.read(3) == lines(3)
    assert site.read() == []


def test_a_file_that_appears_late_is_read_from_its_front(site: Site) -> None:
    assert site.read() == []
    site.write(*lines(1))
    assert site.read() == lines(1)


def test_a_line_without_its_end_waits_for_the_rest(site: Site) -> None:
    site.write("half a", end="")
    assert site.read(60) == []
    site.write(" line")
    assert site.read() == ["half a line"]


def test_a_record_of_several_lines_is_one_though_they_come_apart(site: Site) -> None:
    site.write("Traceback")
    assert site.read(1) == []
    site.write("  File x", "  File y")
    assert site.read(1) == []
    assert site.read(5) == ["Traceback\n  File x\n  File y"]


def test_a_restart_neither_loses_nor_doubles_a_line(site: Site) -> None:
    site.write(*lines(1, 2, 3))
    site.read()
    site.restart()
    site.write(*lines(4))
    assert site.read() == lines(4)


@pytest.mark.parametrize("chunk", [1, 7, 64, 100])
def test_after_a_crash_reading_goes_on_behind_what_was_stored(tmp_path: Path, chunk: int) -> None:
    site = Site(tmp_path, chunk=chunk)
    site.write(*lines(*range(20)))
    stored: list[bytes] = []
    for _ in range(4000):
        site.now_ns += SECOND // 2
        found = site.source.read(site.now_ns)
        if found is not None:
            stored += [m for batch in found.batches for m in batch.messages or ()]
            site.reading.positions.update(found.positions)
        site.restart() if found is not None and found.batches else None
    assert [line.decode() for line in stored] == lines(*range(20))


def test_rotation_by_renaming_loses_nothing(site: Site) -> None:
    site.write(*lines(1))
    assert site.read(3) == lines(1)
    site.write(*lines(2))
    site.path().rename(site.path("app.log.1"))
    site.write(*lines(3), name="app.log.1")  # the writer has it still open
    site.write(*lines(4))
    assert sorted(site.read()) == lines(2, 3, 4)
    assert site.read() == []


def test_rotated_names_that_match_the_pattern_are_not_read_again(tmp_path: Path) -> None:
    site = Site(tmp_path, "app.log*")
    site.write(*lines(1, 2))
    assert site.read() == lines(1, 2)
    site.path().rename(site.path("app.log.1"))
    site.write(*lines(3))
    assert site.read() == lines(3)
    site.restart()
    assert site.read() == []


def test_a_deleted_file_is_read_to_its_end(site: Site) -> None:
    site.write(*lines(1))
    site.read(2)
    with site.path().open("a") as writer:
        site.path().unlink()
        writer.write("\n".join(lines(2, 3)) + "\n")
        writer.flush()
        assert site.read() == lines(2, 3)


def test_copytruncate_loses_nothing(site: Site) -> None:
    site.write(*lines(1, 2))
    assert site.read() == lines(1, 2)
    site.write(*lines(3))  # not read before the copy is made
    shutil.copy(site.path(), site.path("app.log.1"))
    os.truncate(site.path(), 0)
    site.write(*lines(4))
    assert sorted(site.read()) == lines(3, 4)
    assert site.read() == []


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
@pytest.mark.parametrize("is_down", [False, True])
def test_copytruncate_with_more_written_than_before(
    tmp_path: Path, pattern: str, is_down: bool
) -> None:
    """The file is longer than the place where reading stopped: only its bytes say it was cut."""
    site = Site(tmp_path, pattern)
    site.write(*lines(1, 2))
    assert site.read() == lines(1, 2)
    if is_down:
        site.source.close()
    site.write(*lines(3))
    shutil.copy(site.path(), site.path("app.log.1"))
    os.truncate(site.path(), 0)
    site.write(*lines(*range(10, 30)))
    if is_down:
        site.source = site.open()
    assert sorted(site.read()) == lines(3, *range(10, 30))
    assert site.read() == []


def test_a_copy_beside_the_file_is_not_read_again(tmp_path: Path) -> None:
    site = Site(tmp_path, "app.log*")
    site.write(*lines(*range(10)))
    site.read(6)
    shutil.copy(site.path(), site.path("app.log.1"))
    assert site.read() == []
    os.truncate(site.path(), 0)
    site.write(*lines(11))
    assert site.read() == lines(11)


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
@pytest.mark.parametrize("is_down", [False, True])
def test_a_rotated_file_that_is_compressed_is_read_on(
    tmp_path: Path, pattern: str, is_down: bool
) -> None:
    site = Site(tmp_path, pattern)
    site.write(*lines(*range(20)))
    site.read()
    if is_down:
        site.source.close()
        site.write(*lines(20))
    else:
        site.write(*lines(20))
        assert site.read(2) == lines(20)
    data = site.path().read_bytes()
    site.path("app.log.1.gz").write_bytes(gzip.compress(data))
    site.path().unlink()
    site.write(*lines(30))
    if is_down:
        site.source = site.open()
    assert sorted(site.read()) == (lines(20, 30) if is_down else lines(30))
    site.restart()
    assert site.read() == []


def test_several_rotations_while_it_was_down_are_all_read(site: Site) -> None:
    site.write(*lines(1, 2, 3, 4, 5))
    site.read()
    now_s = site.now_ns / SECOND
    site.source.close()
    site.write(*lines(6))
    site.path().rename(site.path("app.log.2"))
    site.write(*lines(7, 8), name="app.log.1")
    site.write(*lines(9))
    site.write("old", name="app.log.3")
    os.utime(site.path("app.log.3"), (now_s - 90_000, now_s - 90_000))
    for name in ("app.log.2", "app.log.1", "app.log"):
        os.utime(site.path(name), (now_s + 60, now_s + 60))
    site.source = site.open()
    assert sorted(site.read()) == lines(6, 7, 8, 9)


def test_an_inode_that_is_used_again_is_another_file(site: Site) -> None:
    """What is written over keeps its inode, as a file system may give it to a new one."""
    site.write(*lines(1, 2))
    site.read()
    site.source.close()
    site.path().write_text("\n".join(["other", *lines(5, 6, 7)]) + "\n")
    site.source = site.open()
    assert site.read() == ["other", *lines(5, 6, 7)]


def test_a_hole_before_the_lines_of_a_cut_file_is_passed_over(site: Site) -> None:
    with site.path().open("w") as writer:
        writer.write("\n".join(lines(1, 2)) + "\n")
        writer.flush()
        site.read()
        os.truncate(site.path(), 0)
        writer.write("\n".join(lines(3)) + "\n")
        writer.flush()
        assert site.path().read_bytes()[:1] == b"\0"
        assert site.read() == lines(3)


def test_two_files_that_begin_alike_are_both_read(tmp_path: Path) -> None:
    site = Site(tmp_path, "*.log")
    same = lines(1, 2)
    site.write(*same, name="a.log")
    site.write(*same, name="b.log")
    assert sorted(site.read()) == sorted(same * 2)
    site.restart()
    site.write(*lines(3), name="a.log")
    assert site.read() == lines(3)


def test_a_file_by_two_paths_is_read_once(tmp_path: Path) -> None:
    site = Site(tmp_path, "*.log")
    site.write(*lines(1), name="0.log")
    site.path("link.log").symlink_to(site.path("0.log"))
    os.link(site.path("0.log"), site.path("same.log"))
    assert site.read() == lines(1)


def test_links_of_kubernetes_are_followed_through_rotation(tmp_path: Path) -> None:
    pods = tmp_path / "pods" / "shop_api-1_0a1b" / "web"
    pods.mkdir(parents=True)
    (tmp_path / "containers").mkdir()
    link = tmp_path / "containers" / f"api-1_shop_web-{'0' * 64}.log"
    link.symlink_to(pods / "0.log")
    site = Site(tmp_path, "containers/*.log")
    site.write(*lines(1, 2, 3, 4, 5), name="pods/shop_api-1_0a1b/web/0.log")
    assert site.read() == lines(1, 2, 3, 4, 5)
    site.source.close()
    site.write(*lines(6), name="pods/shop_api-1_0a1b/web/0.log")
    (pods / "0.log").rename(pods / "0.log.20261127-100000")
    site.write(*lines(7), name="pods/shop_api-1_0a1b/web/0.log")
    site.source = site.open()
    assert sorted(site.read()) == lines(6, 7)


def test_of_old_files_only_new_lines_are_read_where_that_is_wanted(tmp_path: Path) -> None:
    site = Site(tmp_path, "*.log", from_end=True)
    site.write(*lines(1, 2))
    site.write("half", name="other.log", end="")
    assert site.read() == []
    site.restart()
    site.write(*lines(3))
    site.write(" line", name="other.log")
    site.write(*lines(4), name="late.log")
    assert sorted(site.read()) == sorted([*lines(3, 4), "half line"])


def test_a_long_line_is_cut_and_memory_bounded(site: Site) -> None:
    with site.path().open("wb") as file:
        for _ in range(9):
            file.write(b"x" * (1 << 20))
        file.write(b"\nend\n")
    found = site.read()
    assert [len(line) for line in found] == [4 << 20, 4 << 20, 1 << 20, 3]


def test_folders_pipes_and_dangling_links_are_passed_over(tmp_path: Path) -> None:
    site = Site(tmp_path, "*")
    site.path("folder").mkdir()
    os.mkfifo(site.path("pipe"))
    site.path("dangling").symlink_to(site.path("nowhere"))
    site.write(*lines(1))
    assert site.read() == lines(1)
    assert site.problems.list_current() == []


def test_files_take_turns(tmp_path: Path) -> None:
    site = Site(tmp_path, "*.log", chunk=70)
    site.write(*lines(*range(20)), name="a.log")
    site.write("of b", "more", name="b.log")
    found = [site.source.read(site.now_ns) for _ in range(6)]
    assert b"of b" in read_messages(batch for one in found if one for batch in one.batches)


def test_a_damaged_compressed_file_is_reported_once_and_read_as_far_as_it_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, "*.gz")
    whole = gzip.compress(("\n".join(lines(*range(50))) + "\n").encode(), 0)
    site.path("a.gz").write_bytes(whole[:1000] + b"\xff" * 400 + whole[1400:])
    with caplog.at_level(logging.WARNING):
        site.read(60)
    assert len(site.problems.list_current()) == 1
    assert len(caplog.records) == 1
    assert "a.gz" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_file_that_may_not_be_read_is_reported_once_with_the_remedy(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.folder.chmod(0o755)
    site.write(*lines(1))
    site.path().chmod(0o600)
    for parent in site.folder.parents:
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    os.seteuid(65534)
    try:
        assert site.read(60) == []
    finally:
        os.seteuid(0)
    assert len(caplog.records) == 1
    assert str(site.path()) in caplog.text
    assert "logs_ingest.denied" in caplog.text
    assert site.read() == lines(1)
    assert site.problems.list_current() == []


def test_what_is_unread_is_known(site: Site) -> None:
    site.write("x" * 99)
    assert site.source.count_unread_bytes() == 0
    site.source.read(site.now_ns)
    assert site.source.count_unread_bytes() == 100
    site.read()
    assert site.source.count_unread_bytes() == 0
