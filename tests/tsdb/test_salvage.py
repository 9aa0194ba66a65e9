"""All that is whole in a damaged file is in the new store, and all that is not is listed."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench import damage

from jipyo.model.errors import StoreBusy, StoreError
from jipyo.model.sample import MetricMetadata, MetricType, Scrape
from jipyo.tsdb import Options, Reader, Store, check, restore, salvage
from jipyo.tsdb.format import PAGE_BYTES
from jipyo.tsdb.options import DAY_MS
from jipyo.tsdb.pages import Pages
from jipyo.tsdb.salvage import Loss
from tsdb.support import EVER, EVERYTHING, T0, Opened, Samples, everything, one

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.tsdb import Salvaged


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a closed store with something in every table."""
    return damage.write_store(tmp_path_factory.mktemp("sound") / "data")


@pytest.fixture(scope="module")
def whole(sound: bytes, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "samples.db").write_bytes(sound)
    with Reader.open(folder) as reader:
        return everything(reader)


def salvage_bytes(file: bytes, folder: Path) -> tuple[Salvaged, Samples]:
    """What a salvage of the bytes reports, and what is in the store once that is in place."""
    source, target = folder / "damaged.db", folder / "new.db"
    source.write_bytes(file)
    target.unlink(missing_ok=True)
    result = salvage(source, target)
    assert source.read_bytes() == file
    assert sorted(path.name for path in folder.iterdir() if path.name != "data") == [
        "damaged.db", "new.db"
    ]  # fmt: skip
    restore(target, folder / "data")
    with Reader.open(folder / "data") as reader:
        return result, everything(reader)


def count(samples: Samples) -> int:
    return sum(map(len, samples.values()))


def assert_all_is_accounted_for(result: Salvaged, found: Samples, whole: Samples) -> None:
    """What is found was there, and as many samples as are missing are listed, if it is known."""
    for labels, rows in found.items():
        assert set(rows) <= set(whole[labels])
    assert result.samples == count(found)
    missing = count(whole) - count(found)
    known = [loss.samples for loss in result.losses]
    if missing:
        assert not result.is_complete
    if None not in known and not result.pages and not result.rows:
        assert sum(n or 0 for n in known) == missing


def test_of_a_sound_file_everything_is_salvaged(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    result, found = salvage_bytes(sound, tmp_path)
    assert found == whole
    assert result.is_complete
    assert (result.series, result.samples) == (len(whole), count(whole))
    with Store.open(tmp_path / "data", Options(durable=False), now_ms=lambda: T0) as store:
        assert [row.metric for row in store.metadata()] == [f"metric_{n}" for n in range(7)]
        assert store.get_import_position("file:1") == 4096


def test_a_series_without_labels_anywhere_is_listed_by_its_id(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    statements = ("DELETE FROM series WHERE sid = 8", "DELETE FROM posting WHERE sid = 8")
    result, found = salvage_bytes(change(sound, tmp_path, *statements), tmp_path)
    assert_all_is_accounted_for(result, found, whole)
    assert {loss.series for loss in result.losses} == {"#8"}
    assert len(found) == len(whole) - 1


def change(file: bytes, folder: Path, *statements: str) -> bytes:
    path = folder / "change.db"
    path.write_bytes(file)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA writable_schema = ON;" + ";".join(statements))
    changed = path.read_bytes()
    for left in folder.glob("change.db*"):
        left.unlink()
    return changed


@pytest.mark.parametrize(
    ("statement", "losses"),
    [
        ("UPDATE data SET b = x'00' WHERE id = (SELECT min(id) FROM data)", 1),
        ("UPDATE times SET b = x'00' WHERE tid = 1", 40),
        ("UPDATE slab SET n = n + 1 WHERE bid = 1", 40),
        ("UPDATE head SET v = zeroblob(320) WHERE lid = 1 AND t % 60000 = 0", 1),
        ("UPDATE head SET v = x'00' WHERE lid = 1 AND t % 60000 = 0", 1),
        ("UPDATE layout SET sids = x'00' WHERE lid = 1", 1),
    ],
)
def test_what_is_not_whole_is_listed(
    sound: bytes, whole: Samples, tmp_path: Path, statement: str, losses: int
) -> None:
    result, found = salvage_bytes(change(sound, tmp_path, statement), tmp_path)
    assert_all_is_accounted_for(result, found, whole)
    assert len(result.losses) == losses
    assert found != whole


def test_chunks_of_a_lost_slab_are_listed_though_what_leads_to_them_is_damaged(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    changed = bytearray(change(sound, tmp_path, "UPDATE slab SET n = n + 1 WHERE bid = 1"))
    (tmp_path / "changed.db").write_bytes(changed)
    with closing(Pages(tmp_path / "changed.db")) as pages:
        cells = [cell for n in range(1, pages.count + 1) for cell in pages.find_cells(n)]
    (tmp_path / "changed.db").unlink()
    rows = [cell for cell in cells if cell.rowid is None and cell.kinds == "iiii"]
    for cell in rows:
        changed[(cell.page - 1) * PAGE_BYTES + cell.at] = 5  # their length, which is more
    result, found = salvage_bytes(bytes(changed), tmp_path)
    assert_all_is_accounted_for(result, found, whole)
    assert result.losses == (Loss("?", None, None, None),)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM posting",
        "DELETE FROM pair",
        "DELETE FROM chunk",
        "UPDATE series SET labels = x'00' WHERE sid = 8",
        "UPDATE hours SET b = x'00'",
        "DROP INDEX series_hash",
        "DELETE FROM sqlite_sequence",
        "DELETE FROM sqlite_schema",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 7",
    ],
)
def test_what_can_be_made_again_is_no_loss(
    sound: bytes, whole: Samples, tmp_path: Path, statement: str
) -> None:
    result, found = salvage_bytes(change(sound, tmp_path, statement), tmp_path)
    assert found == whole
    assert result.losses == ()


def test_a_first_page_that_is_gone_costs_nothing(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    result, found = salvage_bytes(bytes(PAGE_BYTES) + sound[PAGE_BYTES:], tmp_path)
    assert found == whole
    assert result.losses == ()


def test_of_every_page_that_is_lost_the_others_are_salvaged(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    lost = 0
    for page in range(len(sound) // PAGE_BYTES):
        at = page * PAGE_BYTES
        filling = random.Random(page).randbytes(PAGE_BYTES) if page % 2 else bytes(PAGE_BYTES)
        changed = sound[:at] + filling + sound[at + PAGE_BYTES :]
        result, found = salvage_bytes(changed, tmp_path)
        assert_all_is_accounted_for(result, found, whole)
        assert found.keys() == whole.keys()  # labels are in the file twice
        lost += found != whole
    assert lost > 4


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_of_a_truncated_file_the_rest_is_salvaged(
    sound: bytes, whole: Samples, tmp_path: Path, share: float
) -> None:
    size = int(len(sound) * share)
    result, found = salvage_bytes(sound[:size], tmp_path)
    assert_all_is_accounted_for(result, found, whole)
    assert result.pages
    assert min(result.pages) >= size // PAGE_BYTES


@pytest.mark.parametrize("seed", range(8))
def test_of_a_file_with_500_random_bytes_the_rest_is_salvaged(
    sound: bytes, whole: Samples, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    changed = bytearray(sound)
    for at in rng.sample(range(len(sound)), 500):
        changed[at] = rng.randrange(256)
    result, found = salvage_bytes(bytes(changed), tmp_path)
    assert_all_is_accounted_for(result, found, whole)
    assert found


def test_a_single_flip_costs_what_it_hits_and_is_noticed(
    sound: bytes, whole: Samples, tmp_path: Path
) -> None:
    rng = random.Random(3)
    for at in rng.sample(list(damage.find_used(sound)), 20):
        changed = bytearray(sound)
        changed[at] ^= 1 << rng.randrange(8)
        result, found = salvage_bytes(bytes(changed), tmp_path)
        assert_all_is_accounted_for(result, found, whole)


def test_what_is_in_the_log_is_salvaged(opened: Opened, tmp_path: Path) -> None:
    names = tuple(one("up", n=str(n)) for n in range(5))
    for n in range(10):
        opened.clock.t_ms = T0 + n
        opened.store.append([Scrape(T0 + n, names, np.full(5, float(n)))])
    folder = tmp_path / "copy"
    folder.mkdir()
    for suffix in ("", "-wal"):
        source = opened.path / f"samples.db{suffix}"
        (folder / f"damaged.db{suffix}").write_bytes(source.read_bytes())
    assert (folder / "damaged.db").stat().st_size < (folder / "damaged.db-wal").stat().st_size
    result = salvage(folder / "damaged.db", folder / "new.db")
    assert result.is_complete
    restore(folder / "new.db", folder / "data")
    with Reader.open(folder / "data") as reader:
        assert everything(reader) == everything(opened.store)


def test_what_was_deleted_stays_deleted(opened: Opened, tmp_path: Path) -> None:
    names = tuple(one("up", n=str(n)) for n in range(50))
    for n in range(40):
        opened.clock.t_ms = T0 + n * DAY_MS // 8
        values = np.random.default_rng(n).normal(size=50)
        opened.store.append([Scrape(opened.clock.t_ms, names, values)])
        if n % 10 == 9:
            opened.store.compact_head()
    opened.store.delete(EVERYTHING, EVER[0], T0 + 2 * DAY_MS)
    kept = everything(opened.store)
    opened.store.close()
    salvage(opened.path / "samples.db", tmp_path / "new.db")
    restore(tmp_path / "new.db", tmp_path / "data")
    with Reader.open(tmp_path / "data") as reader:
        assert everything(reader) == kept


def test_progress_goes_up_to_the_end(sound: bytes, tmp_path: Path) -> None:
    steps: list[float] = []
    (tmp_path / "x.db").write_bytes(sound)
    salvage(tmp_path / "x.db", tmp_path / "new.db", lambda n, of: steps.append(n / (of or 1)))
    assert steps == sorted(steps)
    assert steps[-1] == 1


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("missing.db", None, "tsdb.no_file"),
        ("empty.db", b"", "tsdb.nothing_whole"),
        ("text.db", b"no store at all" * 10_000, "tsdb.nothing_whole"),
    ],
)
def test_what_is_no_store_is_said(
    tmp_path: Path, name: str, content: bytes | None, key: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StoreError) as raised:
        salvage(tmp_path / name, tmp_path / "new.db")
    assert raised.value.key == key
    assert not (tmp_path / "new.db").exists()


def test_nothing_is_overwritten(sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(sound)
    (tmp_path / "new.db").write_text("mine")
    with pytest.raises(StoreError, match=r"tsdb\.target_exists"):
        salvage(tmp_path / "x.db", tmp_path / "new.db")
    assert (tmp_path / "new.db").read_text() == "mine"


def test_a_store_that_is_written_to_is_left_alone(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(StoreBusy):
        salvage(opened.path / "samples.db", tmp_path / "new.db")


def test_a_folder_without_space_is_said(sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(sound)
    with pytest.raises(StoreError, match=r"tsdb\.full"):
        salvage(tmp_path / "x.db", tmp_path / "missing" / "new.db")


def test_damaged_metadata_is_counted(sound: bytes, tmp_path: Path) -> None:
    changed = change(sound, tmp_path, "UPDATE metadata SET help = 'x' WHERE metric = 'metric_1'")
    result, _ = salvage_bytes(changed, tmp_path)
    assert (result.rows, result.is_complete) == (1, False)
    known = MetricMetadata("metric_0", MetricType.GAUGE, "What metric 0 is.", "bytes")
    with Reader.open(tmp_path / "data") as reader:
        assert len(reader.metadata()) == 6
        assert known in reader.metadata()
    assert check(tmp_path / "data").problems == ()
