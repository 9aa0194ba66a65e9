"""The lock of a folder: one holder, or several that share it; gone with its process."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import StoreBusy, StoreFull
from jipyo.tsdb.lock import READERS, FolderLock

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from jipyo.tsdb.lock import FolderLock
lock = FolderLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("first", "second", "is_busy"),
    [(False, False, True), (True, False, True), (False, True, True), (True, True, False)],
)
def test_a_lock_is_held_alone_or_shared(
    tmp_path: Path, first: bool, second: bool, is_busy: bool
) -> None:
    with closing(FolderLock.acquire(tmp_path, READERS, shared=first)):
        if is_busy:
            with pytest.raises(StoreBusy) as error:
                FolderLock.acquire(tmp_path, READERS, shared=second)
            assert error.value.values == {"path": str(tmp_path)}
        else:
            FolderLock.acquire(tmp_path, READERS, shared=second).close()


def test_locks_of_other_names_and_folders_do_not_meet(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        closing(FolderLock.acquire(tmp_path)),
        closing(FolderLock.acquire(tmp_path, READERS)),
        closing(FolderLock.acquire(tmp_path / "other")),
    ):
        pass


def test_a_closed_lock_is_free_and_may_be_closed_again(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    lock.close()
    lock.close()
    FolderLock.acquire(tmp_path).close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy):
            FolderLock.acquire(tmp_path)
        holder.kill()
    FolderLock.acquire(tmp_path).close()


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(StoreFull) as error:
        FolderLock.acquire(tmp_path / "none")
    assert "No such file" in str(error.value.values["reason"])
