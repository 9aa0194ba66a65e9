"""A disk without room, a disk that turned read-only: reading goes on, writing comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreFull
from jipyo.model.sample import Appended, MetricMetadata, MetricType, Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store, check
from jipyo.tsdb.options import DAY_MS
from tsdb.support import T0, Clock, Connector, everything, one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = tuple(one("metric", n=str(n)) for n in range(200))
STEP = 15_000


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount {' '.join(arguments)}: {done.stderr.strip() or done.returncode}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def scrape(n: int) -> Scrape:
    return Scrape(T0 + n * STEP, NAMES, np.random.default_rng(n).normal(size=len(NAMES)))


def fill_up(store: Store, clock: Clock, start: int) -> int:
    """Append until the disk is full; the number of the scrape that did not fit."""
    n = start
    while True:
        clock.t_ms = T0 + n * STEP
        try:
            assert store.append([scrape(n)]) == Appended(len(NAMES))
        except StoreFull:
            return n
        n += 1


@pytest.mark.integration
def test_a_full_disk_keeps_serving_and_recovers(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(6 << 20))
    clock = Clock()
    with Store.open(small_disk / "data", Options(), now_ms=clock) as store:
        full = fill_up(store, clock, 0)
        kept = everything(store)
        assert {len(samples) for samples in kept.values()} == {full}
        for _ in range(5):
            with pytest.raises(StoreFull, match=r"tsdb\.full"):
                store.append([scrape(full)])
        with pytest.raises(StoreFull):
            store.describe([MetricMetadata("metric", MetricType.GAUGE, "x" * 9_000_000)])
        assert everything(store) == kept
        with Reader.open(small_disk / "data") as reader:
            assert everything(reader) == kept
        ballast.unlink()
        assert store.append([scrape(full)]) == Appended(len(NAMES))
        clock.t_ms += STEP
        again = everything(store)
        assert {len(samples) for samples in again.values()} == {full + 1}
        while store.maintain():
            pass
        assert everything(store) == again
    assert check(small_disk / "data").problems == ()


@pytest.mark.integration
def test_a_disk_that_fills_during_upkeep_loses_nothing(small_disk: Path) -> None:
    clock = Clock()
    with Store.open(small_disk / "data", Options(), now_ms=clock) as store:
        full = fill_up(store, clock, 0)
        kept = everything(store)
        refused = 0
        for _ in range(20):
            try:
                store.compact_head()
                break
            except StoreFull:
                refused += 1
        assert everything(store) == kept
        with pytest.raises(StoreFull):
            store.load([SeriesBlock(NAMES, *_noise())])
        found = everything(store, T0)
        assert {labels: len(samples) for labels, samples in found.items()} == dict.fromkeys(
            NAMES, full
        )
    assert check(small_disk / "data").problems == ()


def _noise() -> tuple[np.ndarray, np.ndarray]:
    t_ms = T0 - 30 * DAY_MS + STEP * np.arange(29 * 5760)
    return t_ms, np.random.default_rng(1).normal(size=(len(NAMES), len(t_ms)))


@pytest.mark.integration
def test_a_disk_that_turns_read_only_keeps_serving_and_recovers(tmp_path: Path) -> None:
    """As ext4 does after a fault of the disk: no write, no sync, no new file."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("a loop file system needs root and mkfs.ext4")
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    image.write_bytes(bytes(32 << 20))
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    mount("-o", "loop,errors=remount-ro", str(image), str(folder))
    clock = Clock()
    try:
        with Store.open(folder / "data", Options(), now_ms=clock) as store:
            for n in range(50):
                clock.t_ms = T0 + n * STEP
                store.append([scrape(n)])
            kept = everything(store)
            mount("-o", "remount,abort", str(folder))
            for _ in range(3):
                with pytest.raises(StoreFull):
                    store.append([scrape(50)])
            assert everything(store) == kept
        subprocess.run(["umount", str(folder)], check=True)
        mount("-o", "loop", str(image), str(folder))
        with Store.open(folder / "data", Options(), now_ms=clock) as store:
            assert everything(store) == kept
            clock.t_ms += STEP
            assert store.append([scrape(50)]) == Appended(len(NAMES))
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.integration
def test_a_store_on_a_read_only_disk_is_still_read(small_disk: Path) -> None:
    clock = Clock()
    with Store.open(small_disk / "data", Options(), now_ms=clock) as store:
        store.append([scrape(0)])
        kept = everything(store)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Reader.open(small_disk / "data") as reader:
        assert everything(reader) == kept
    with pytest.raises(StoreFull):
        Store.open(small_disk / "data", Options(), now_ms=clock)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    """The page limit of SQLite stands in for a full disk where nothing may be mounted."""
    clock, connector = Clock(), Connector()
    options = Options(durable=False)
    with Store.open(tmp_path / "data", options, now_ms=clock, connect=connector) as store:
        writer = connector.opened[0]
        store.append([scrape(0)])
        kept = everything(store)
        writer.execute("PRAGMA max_page_count = 1")
        more = tuple(one("more", n=str(n), text="x" * 500) for n in range(500))
        with pytest.raises(StoreFull):
            store.append([scrape(1), Scrape(T0 + STEP, more, np.ones(len(more)))])
        with pytest.raises(StoreFull):
            store.append([Scrape(T0 + STEP, more, np.ones(len(more)))])
        assert everything(store) == kept
        writer.execute("PRAGMA max_page_count = 1000000")
        clock.t_ms = T0 + STEP
        answer = store.append([scrape(1), Scrape(T0 + STEP, more, np.ones(len(more)))])
        assert answer == Appended(len(NAMES) + len(more))
        families = {family.name: family for family in store.families()}
        assert families["jipyo_tsdb_write_failures_total"].samples[0].value == 2
