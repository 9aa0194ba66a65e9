"""A store whose files are taken away while it is open acknowledges nothing any more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreFull
from jipyo.model.sample import MetricMetadata, MetricType, SeriesBlock
from jipyo.tsdb import Options, Store
from jipyo.tsdb.open_files import OpenFiles
from tsdb.support import STEP, T0, Connector, Opened, everything, one, scrape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UP = one("up", job="a")


def delete_file(folder: Path) -> None:
    (folder / "samples.db").unlink()


def delete_journal(folder: Path) -> None:
    (folder / "samples.db-wal").unlink()


def put_another_file(folder: Path) -> None:
    (folder / "other").touch()
    (folder / "other").rename(folder / "samples.db")


def put_a_file_in_place_of(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


TAKINGS: dict[str, Callable[[Path], object]] = {
    "the folder deleted": shutil.rmtree,
    "the folder moved": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "the file deleted": delete_file,
    "the file moved": lambda folder: (folder / "samples.db").rename(folder / "samples.old"),
    "another file under its name": put_another_file,
    "the journal deleted": delete_journal,
    "a file in place of the folder": put_a_file_in_place_of,
}


def read_gauge(store: Store, name: str) -> float | None:
    values = {family.name: family.samples[0].value for family in store.families()}
    return values.get(f"jipyo_tsdb_{name}")


@pytest.mark.parametrize("taking", TAKINGS)
def test_no_sample_is_acknowledged_once_the_files_are_gone(opened: Opened, taking: str) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    assert read_gauge(opened.store, "file_in_place") == 1
    TAKINGS[taking](opened.path)
    for n in (1, 2):
        with pytest.raises(StoreFull) as caught:
            opened.store.append([scrape(T0 + n * STEP, (UP, 1.0))])
        assert (caught.value.key, caught.value.hint) == ("tsdb.file_gone", "tsdb.file_gone.hint")
        assert caught.value.values == {"path": str(opened.path / "samples.db")}
    assert read_gauge(opened.store, "file_in_place") == 0
    assert read_gauge(opened.store, "write_failures_total") == 2
    assert read_gauge(opened.store, "file_bytes") is None


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.describe([MetricMetadata("up", MetricType.GAUGE, "help")]),
        lambda store: store.load([SeriesBlock((UP,), np.array([T0]), np.ones((1, 1)))]),
        lambda store: store.save_import_position("file", 1),
        lambda store: store.compact_head(),
        lambda store: store.delete([], 0, T0),
    ],
)
def test_no_other_write_goes_to_files_that_are_gone(
    opened: Opened, write: Callable[[Store], object]
) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    (opened.path / "samples.db").unlink()
    with pytest.raises(StoreFull, match=r"tsdb\.file_gone"):
        write(opened.store)


def test_maintenance_makes_no_new_file(opened: Opened) -> None:
    for n in range(100):
        opened.store.append([scrape(T0 + n, (UP, 1.0))])
    (opened.path / "samples.db").unlink()
    with pytest.raises(StoreFull, match=r"tsdb\.file_gone"):
        opened.settle()
    assert not (opened.path / "samples.db").exists()


def test_a_folder_that_is_moved_back_is_written_to_again(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    elsewhere = opened.path.rename(opened.path.with_name("elsewhere"))
    with pytest.raises(StoreFull):
        opened.store.append([scrape(T0 + STEP, (UP, 1.0))])
    elsewhere.rename(opened.path)
    opened.clock.t_ms = T0 + STEP
    assert opened.store.append([scrape(T0 + STEP, (UP, 1.0))]).samples == 1
    assert read_gauge(opened.store, "file_in_place") == 1
    opened.again()
    assert [t for t, _ in everything(opened.store)[UP]] == [T0, T0 + STEP]


def test_a_file_deleted_during_a_transaction_is_noticed(tmp_path: Path) -> None:
    connector = Connector()
    path = tmp_path / "data"
    options = Options(durable=False)
    with Store.open(path, options, now_ms=lambda: T0, connect=connector) as store:
        store.append([scrape(T0, (UP, 1.0))])
        connector.opened[0].set_trace_callback(
            lambda sql: shutil.rmtree(path) if sql == "COMMIT" else None
        )
        with pytest.raises(StoreFull, match=r"tsdb\.file_gone"):
            store.append([scrape(T0 + STEP, (UP, 1.0))])
        connector.opened[0].set_trace_callback(None)


def test_a_new_file_under_the_same_name_is_another_file(tmp_path: Path) -> None:
    file = tmp_path / "samples.db"
    with file.open("w"):  # as long as it is open, no other file gets its inode
        files = OpenFiles(file)
        files.check()
        file.unlink()
        file.touch()
        assert not files.are_in_place()
