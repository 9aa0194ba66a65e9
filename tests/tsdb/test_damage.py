"""Bits that flip on disk are noticed, said, and skipped; nothing is guessed."""

from __future__ import annotations

import logging
import random
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreError
from jipyo.model.sample import MetricMetadata, MetricType, Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store, check, codec, restore
from jipyo.tsdb.format import PAGE_BYTES
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import EVER, EVERYTHING, T0, Opened, everything, one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAYS = 80
NAMES = tuple(one("metric", n=str(n)) for n in range(50))
STEP = DAY_MS // 40


def flip(b: bytes, bit: int) -> bytes:
    changed = bytearray(b)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def flip_rows(opened: Opened, table: str, keys: Sequence[int], seed: int = 1) -> None:
    """Flip one bit in each of these rows' bytes; the store must be closed."""
    rng = random.Random(seed)
    key = {"times": "tid"}.get(table, "id")
    with closing(sqlite3.connect(opened.path / "samples.db")) as db, db:
        for number in keys:
            (b,) = db.execute(f"SELECT b FROM {table} WHERE {key} = ?", (number,)).fetchone()
            changed = flip(b, rng.randrange(len(b) * 8))
            db.execute(f"UPDATE {table} SET b = ? WHERE {key} = ?", (changed, number))


@pytest.fixture
def filled(opened: Opened) -> Opened:
    """4,000 chunks: 50 series of 80 days."""
    t_ms = T0 - DAYS * DAY_MS + STEP * np.arange(1, DAYS * 40 + 1)
    values = np.random.default_rng(4).normal(size=(len(NAMES), len(t_ms)))
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])
    return opened


def ids(opened: Opened, sql: str) -> list[int]:
    with closing(sqlite3.connect(opened.path / "samples.db")) as db:
        return [row[0] for row in db.execute(sql)]


def test_of_2000_flipped_bits_every_one_is_noticed_and_the_rest_is_served(
    filled: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    whole = everything(filled.store)
    filled.store.close()
    every = ids(filled, "SELECT id FROM data ORDER BY id")
    hit = sorted(random.Random(7).sample(every, 2000))
    flip_rows(filled, "data", hit)
    places = ids(
        filled,
        "SELECT c.sid * 1000000 + c.day FROM data d JOIN chunk c"
        f" ON d.id = (c.bid << 8) | c.place WHERE d.id IN ({','.join(map(str, hit))})",
    )
    names = dict(enumerate(NAMES, 1))
    lost = {(names[place // 1_000_000], place % 1_000_000) for place in places}
    filled.again()
    with caplog.at_level(logging.ERROR):
        found = everything(filled.store)
    expected = {
        labels: [(t, b) for t, b in samples if (labels, (t - 1) // DAY_MS) not in lost]
        for labels, samples in whole.items()
    }
    assert found == {labels: samples for labels, samples in expected.items() if samples}
    assert len(caplog.records) == 2000
    problems = check(filled.path).problems
    assert len(problems) == 2000
    assert {problem.key for problem in problems} == {"tsdb.problem.chunk"}


def test_no_bit_of_a_chunk_may_flip_unnoticed() -> None:
    values = np.random.default_rng(4).normal(size=400)
    b = codec.encode(values)
    crc = codec.crc(b, 7)
    for bit in random.Random(5).sample(range(len(b) * 8), 2000):
        with pytest.raises(codec.Damaged):
            codec.decode_values((codec.Codec.PCODEC, crc, flip(b, bit)), 7, np.empty(400))
    with pytest.raises(codec.Damaged):
        codec.decode_values((codec.Codec.PCODEC, crc, b), 8, np.empty(400))


@pytest.mark.parametrize("size", [399, 401])
@pytest.mark.parametrize("kind", list(codec.Codec))
def test_bytes_of_another_length_are_damage(size: int, kind: codec.Codec) -> None:
    b = codec.encode(np.ones(400), kind)
    with pytest.raises(codec.Damaged):
        codec.decode_into(b, kind, np.empty(size))


def test_an_unknown_codec_is_damage() -> None:
    with pytest.raises(codec.Damaged):
        codec.decode_into(b"", 9, np.empty(0))


@pytest.mark.parametrize("kind", list(codec.Codec))
@pytest.mark.parametrize("size", [0, 1, 2, 1000])
def test_each_codec_gives_back_every_bit(kind: codec.Codec, size: int) -> None:
    bits = np.random.default_rng(6).integers(0, 1 << 63, size, dtype=np.uint64) * 2 + 1
    for array in (bits.view(np.float64), bits.view(np.int64)):
        out = np.empty_like(array)
        codec.decode_into(codec.encode(array, kind), kind, out)
        assert (out.view(np.uint64) == array.view(np.uint64)).all()


def test_damaged_times_cost_the_day_of_their_series(filled: Opened) -> None:
    filled.store.close()
    flip_rows(filled, "times", [10])
    filled.again()
    for samples in everything(filled.store).values():
        assert len(samples) == (DAYS - 1) * 40
    assert [problem.key for problem in check(filled.path).problems] == ["tsdb.problem.times"]


def test_damaged_statistics_are_made_anew_from_samples(filled: Opened) -> None:
    span = (T0 - DAYS * DAY_MS, T0)
    whole = list(filled.store.hours(EVERYTHING, *span))
    filled.store.close()
    flip_rows(filled, "hours", ids(filled, "SELECT id FROM hours WHERE id % 7 = 0"))
    filled.again()
    for before, after in zip(whole, filled.store.hours(EVERYTHING, *span), strict=True):
        assert after.series == before.series
        assert (after.hour_ms == before.hour_ms).all()
        for figure, column in before.figures.items():
            assert (after.figures[figure] == column).all()
    problems = check(filled.path).problems
    assert problems
    assert {problem.key for problem in problems} == {"tsdb.problem.hours"}


def test_a_damaged_chunk_does_not_stop_the_day_from_being_written_anew(opened: Opened) -> None:
    for n in range(5 * 240):
        opened.clock.t_ms = T0 + n * 15_000
        opened.store.append([Scrape(opened.clock.t_ms, NAMES, np.full(50, float(n)))])
    opened.settle()
    opened.again()
    opened.store.close()
    flip_rows(opened, "data", ids(opened, "SELECT max(id) - 49 FROM data"))
    opened.again()
    opened.store.compact_head()
    found = everything(opened.store)
    assert len(found[NAMES[1]]) == 5 * 240
    assert 0 < len(found[NAMES[0]]) < 5 * 240
    assert check(opened.path).problems == ()


def test_rows_that_name_rows_which_are_gone_are_found(filled: Opened) -> None:
    filled.store.append([Scrape(T0 + HOUR_MS // 60, NAMES, np.ones(50))])
    filled.store.close()
    with closing(sqlite3.connect(filled.path / "samples.db")) as db, db:
        db.execute("DELETE FROM data WHERE id = (SELECT min(id) FROM data)")
        db.execute("DELETE FROM series WHERE sid = 3")
        db.execute("UPDATE head SET v = x'00'")
    found = check(filled.path)
    reasons = sorted(str(problem.values.get("reason", problem.key)) for problem in found.problems)
    assert reasons == [
        "bytes without chunk: -1",
        "chunk without bytes: 1",
        f"chunk without series: {DAYS}",
        "posting without series: 2",
        "tsdb.problem.head",
    ]


def test_a_lost_chunk_is_skipped(filled: Opened) -> None:
    filled.store.close()
    with closing(sqlite3.connect(filled.path / "samples.db")) as db, db:
        db.execute("DELETE FROM data WHERE id = (SELECT min(id) FROM data)")
    filled.again()
    lengths = sorted(len(samples) for samples in everything(filled.store).values())
    assert lengths == [(DAYS - 1) * 40, *[DAYS * 40] * 49]
    assert list(filled.store.select(EVERYTHING, EVER[0], T0 - DAYS * DAY_MS)) == []


def test_no_page_can_be_lost_unnoticed(opened: Opened, tmp_path: Path) -> None:
    t_ms = T0 - DAY_MS + STEP * np.arange(1, 200)
    values = np.random.default_rng(4).normal(size=(len(NAMES), len(t_ms)))
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])
    opened.store.append([Scrape(T0 + 5 * DAY_MS // 40, NAMES, np.ones(50))])
    whole = everything(opened.store)
    opened.store.close()
    file = (opened.path / "samples.db").read_bytes()
    noticed = 0
    for page in range(1, len(file) // PAGE_BYTES):
        folder = tmp_path / str(page)
        folder.mkdir()
        at = page * PAGE_BYTES
        changed = file[:at] + bytes(PAGE_BYTES) + file[at + PAGE_BYTES :]
        (folder / "samples.db").write_bytes(changed)
        problems = check(folder).problems
        noticed += bool(problems)
        try:
            with Reader.open(folder) as reader:
                found = everything(reader)
        except StoreError:
            assert problems
        else:
            assert problems or found == whole
    assert noticed > 10


def test_a_late_sample_beside_a_damaged_chunk_is_taken(filled: Opened) -> None:
    filled.store.close()
    filled.options = Options(durable=False, out_of_order_ms=None)
    flip_rows(filled, "data", ids(filled, "SELECT min(id) FROM data"))
    filled.again()
    first = T0 - DAYS * DAY_MS + STEP
    assert filled.store.append([Scrape(first, NAMES[:1], np.ones(1))]).samples == 1
    assert (first, int(np.float64(1.0).view(np.uint64))) in everything(filled.store)[NAMES[0]]


def test_late_samples_are_compared_with_chunks_of_many_days(filled: Opened) -> None:
    filled.options = Options(durable=False, out_of_order_ms=None)
    filled.again()
    whole = everything(filled.store)
    for t_ms, value in whole[NAMES[3]][::20]:
        same = np.array([value], np.uint64).view(np.float64)
        assert filled.store.append([Scrape(t_ms, NAMES[3:4], same)]).samples == 1
        assert filled.store.append([Scrape(t_ms, NAMES[3:4], same + 1)]).samples == 0
    assert everything(filled.store) == whole


USED = 60
"""Series of the store whose file is damaged at random."""


@pytest.fixture
def mixed(opened: Opened) -> bytes:
    """The file of a closed store with chunks of three days, metadata and head rows."""
    names = tuple(one("metric", n=str(n), group="abc"[n % 3]) for n in range(USED))
    t_ms = T0 - 3 * DAY_MS + STEP * np.arange(1, 120)
    values = np.random.default_rng(4).normal(size=(USED, len(t_ms)))
    opened.store.load([SeriesBlock(names, t_ms, values)])
    opened.store.append([Scrape(T0, names, np.arange(float(USED)))])
    opened.store.close()
    return (opened.path / "samples.db").read_bytes()


def read_all(path: Path) -> tuple[object, ...]:
    with Reader.open(path) as reader:
        hours = [block.series for block in reader.hours(EVERYTHING, 0, T0)]
        names = reader.label_names([EVERYTHING], *EVER)
        return everything(reader), hours, names, reader.metadata()


def append_and_maintain(path: Path) -> None:
    with Store.open(path, Options(durable=False), now_ms=lambda: T0 + 1) as store:
        store.append([Scrape(T0 + 1, NAMES, np.ones(len(NAMES)))])
        store.compact_head()
        while store.maintain():
            pass


@pytest.mark.parametrize(("bits", "seed"), [(1, 1), (1, 2), (500, 3)])
def test_a_damaged_file_raises_errors_of_our_tree_only(
    mixed: bytes, tmp_path: Path, bits: int, seed: int
) -> None:
    """What is damaged anywhere is found by the check, or was not needed, or is a head value."""
    rng = random.Random(seed)
    used = [at for at, b in enumerate(mixed) if b]
    folder = tmp_path / "damaged"
    folder.mkdir()
    noticed = 0
    for _ in range(60):
        changed = bytearray(mixed)
        for at in rng.choices(used, k=bits):
            changed[at] ^= 1 << rng.randrange(8)
        for file in folder.iterdir():
            file.unlink()
        (folder / "samples.db").write_bytes(changed)
        try:
            noticed += bool(check(folder).problems)
        except StoreError:
            noticed += 1
        for use in (read_all, append_and_maintain):
            with suppress(StoreError):
                use(folder)
    assert noticed >= 40


DAMAGES = {
    "a table is missing": ("DROP TABLE metadata", "table metadata"),
    "an index is missing": ("DROP INDEX slab_day", "index slab_day"),
    "a column is missing": ("ALTER TABLE metadata DROP COLUMN unit", "table metadata"),
    "the version is none": ("PRAGMA user_version = 0", "version 0 of 0x6a697079"),
    "another product's": ("PRAGMA application_id = 0", "version 1 of 0x0"),
    "labels": (
        "UPDATE series SET labels = replace(labels, '\"7\"', '\"8\"') WHERE sid = 8",
        "labels of series 8",
    ),
    "labels that are no JSON": ("UPDATE series SET labels = x'00' WHERE sid = 8", None),
    "a hash": ("UPDATE series SET hash = hash + 1 WHERE sid = 8", "labels of series 8"),
    "a pair": ("UPDATE pair SET value = 'x' WHERE value = '7'", "label index of series 8"),
    "a posting": ("DELETE FROM posting WHERE sid = 8 AND pid > 1", "label index of series 8"),
    "a posting too many": (
        "INSERT INTO posting SELECT pid, 8 FROM pair WHERE value = '9'",
        "label index of series 8",
    ),
    "the ids of a slab": ("UPDATE slab SET sids = x'00' WHERE bid = 1", "series of slab 1"),
    "the ids of a layout": ("UPDATE layout SET sids = x'00'", "series of layout 1"),
    "a metric's type": ("INSERT INTO metadata VALUES ('m', 'gauga', '', '')", "metadata of m"),
    "two places": ("UPDATE chunk SET place = place + 1 WHERE sid = 8", "places in slab"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_the_check_and_restore_find_what_up_could_not_use(
    filled: Opened, tmp_path: Path, what: str
) -> None:
    sql, reason = DAMAGES[what]
    filled.store.append([Scrape(T0 + 1, NAMES, np.ones(50))])
    filled.store.close()
    file = filled.path / "samples.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(sql)
        db.execute("UPDATE series SET labels = CAST(labels AS BLOB)" if "series SET" in sql else "")
    problems = check(filled.path).problems
    reasons = [str(problem.values.get("reason")) for problem in problems]
    assert any((reason or "labels of series 8") in found for found in reasons), reasons
    with pytest.raises(StoreError, match="damaged"):
        restore(file, tmp_path / "restored")
    with suppress(StoreError):
        read_all(filled.path)
    with suppress(StoreError):
        append_and_maintain(filled.path)


def test_a_damaged_type_is_unknown(opened: Opened) -> None:
    opened.store.describe([MetricMetadata("m", MetricType.GAUGE, "help", "bytes")])
    opened.store.close()
    with closing(sqlite3.connect(opened.path / "samples.db")) as db, db:
        db.execute("UPDATE metadata SET type = 'gauga'")
    opened.again()
    unknown = MetricMetadata("m", MetricType.UNKNOWN, "help", "bytes")
    assert opened.store.metadata() == [unknown]


def test_a_series_whose_labels_are_damaged_expires_with_all_its_postings(filled: Opened) -> None:
    filled.store.close()
    with closing(sqlite3.connect(filled.path / "samples.db")) as db, db:
        db.execute("UPDATE series SET labels = x'00' WHERE sid = 8")
    filled.again()
    assert filled.store.delete((), *EVER) == DAYS * 40 * len(NAMES)
    for table in ("series", "posting", "pair"):
        assert ids(filled, f"SELECT count(*) FROM {table}") == [0]
