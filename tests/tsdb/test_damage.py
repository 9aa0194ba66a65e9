"""Bits that flip on disk are noticed, said, and skipped; nothing is guessed."""

from __future__ import annotations

import logging
import random
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench import damage

from jipyo.model.errors import StoreCorrupt, StoreError
from jipyo.model.sample import MetricMetadata, MetricType, Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store, check, codec, restore
from jipyo.tsdb.format import PAGE_BYTES
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import EVER, EVERYTHING, T0, Opened, everything, one

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.model.labels import Labels
    from tsdb.support import Samples

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


def fill(path: Path, days: int) -> bytes:
    """The file of a closed store with 50 series of so many days, a chunk for each."""
    t_ms = T0 - days * DAY_MS + STEP * np.arange(1, days * 40 + 1)
    values = np.random.default_rng(4).normal(size=(len(NAMES), len(t_ms)))
    with Store.open(path, Options(durable=False), now_ms=lambda: T0) as store:
        store.load([SeriesBlock(NAMES, t_ms, values)])
    return (path / "samples.db").read_bytes()


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fill(tmp_path_factory.mktemp("large"), DAYS)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fill(tmp_path_factory.mktemp("small"), 5)


def open_copy(file: bytes, path: Path) -> Iterator[Opened]:
    path.mkdir()
    (path / "samples.db").write_bytes(file)
    opened = Opened(path)
    yield opened
    opened.store.close()


@pytest.fixture
def filled(large_file: bytes, tmp_path: Path) -> Iterator[Opened]:
    """4,000 chunks: 50 series of 80 days."""
    yield from open_copy(large_file, tmp_path / "data")


@pytest.fixture
def small(small_file: bytes, tmp_path: Path) -> Iterator[Opened]:
    """The same of five days, where their number proves nothing."""
    yield from open_copy(small_file, tmp_path / "data")


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
    "another product's": ("PRAGMA application_id = 0", "version 2 of 0x0"),
    "labels": (
        "UPDATE series SET labels = replace(labels, '\"7\"', '\"8\"') WHERE sid = 8",
        "series 8",
    ),
    "labels that are no JSON": ("UPDATE series SET labels = x'00' WHERE sid = 8", "series 8"),
    "a hash": ("UPDATE series SET hash = hash + 1 WHERE sid = 8", "series 8"),
    "a pair": ("UPDATE pair SET value = 'x' WHERE value = '7'", "label index of series 8"),
    "a posting": ("DELETE FROM posting WHERE sid = 8 AND pid > 1", "label index of series 8"),
    "a posting too many": (
        "INSERT INTO posting SELECT pid, 8 FROM pair WHERE value = '9'",
        "label index of series 8",
    ),
    "the ids of a slab": ("UPDATE slab SET sids = x'00' WHERE bid = 1", "slab 1"),
    "the ids of a layout": ("UPDATE layout SET sids = x'00'", "layout 1"),
    "a metric's help": ("UPDATE metadata SET help = 'holp'", "metadata m"),
    "a metric's name": ("UPDATE metadata SET metric = 'n'", "metadata n"),
    "an import's position": ("UPDATE import_source SET position = 1", "import_source file"),
    "two places": ("UPDATE chunk SET place = place + 1 WHERE sid = 8", "places in slab"),
    "a chunk's day": ("UPDATE chunk SET day = day + 9999 WHERE sid = 8", "places in slab"),
    "a chunk's series": ("UPDATE chunk SET sid = 99 WHERE sid = 8", "chunk without series"),
    "a slab's times": ("UPDATE slab SET tid = tid % 50 + 1 WHERE bid = 1", "slab 1"),
    "a slab's first time": ("UPDATE slab SET t0 = t0 + 1 WHERE bid = 1", "slab 1"),
    "a slab's last time": ("UPDATE slab SET t1 = t1 + 1 WHERE bid = 1", "slab 1"),
    "a slab's day": ("UPDATE slab SET day = day + 1 WHERE bid = 1", "slab 1"),
    "a slab's length": ("UPDATE slab SET n = n + 1 WHERE bid = 1", "slab 1"),
    "a head row's time": ("UPDATE head SET t = t + 1", "layout 1"),
    "a head row's layout": ("UPDATE head SET lid = 7", "head row without layout"),
    "an id that would be given twice": (
        "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'slab'",
        "sqlite_sequence slab",
    ),
    "an id that is no number": (
        "UPDATE sqlite_sequence SET seq = 'x' WHERE name = 'series'",
        "sqlite_sequence series",
    ),
}


def describe(problem: StoreCorrupt) -> str:
    """What a problem names: the reason, or the table and its row, or the layout."""
    values = problem.values
    if "layout" in values:
        return f"layout {values['layout']}"
    return str(values.get("reason") or f"{values.get('table')} {values.get('row')}")


@pytest.mark.parametrize("what", DAMAGES)
def test_the_check_and_restore_find_what_up_could_not_use(
    small: Opened, tmp_path: Path, what: str
) -> None:
    sql, reason = DAMAGES[what]
    small.store.append([Scrape(T0 + 1, NAMES, np.ones(50))])
    small.store.describe([MetricMetadata("m", MetricType.GAUGE, "help", "bytes")])
    small.store.save_import_position("file", 7)
    small.store.close()
    file = small.path / "samples.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(sql)
        db.execute("UPDATE series SET labels = CAST(labels AS BLOB)" if "series SET" in sql else "")
    problems = check(small.path).problems
    reasons = [describe(problem) for problem in problems]
    assert any(reason in found for found in reasons), reasons
    with pytest.raises(StoreError, match="damaged"):
        restore(file, tmp_path / "restored")
    with suppress(StoreError):
        read_all(small.path)
    with suppress(StoreError):
        append_and_maintain(small.path)


def change(opened: Opened, sql: str, *values: object) -> None:
    """Change the file of a store behind its back, and open it again."""
    opened.store.close()
    with closing(sqlite3.connect(opened.path / "samples.db")) as db, db:
        db.execute(sql, values)
    opened.again()


@pytest.mark.parametrize("column", ["metric", "type", "help", "unit"])
def test_damaged_metadata_is_left_out_until_it_is_described_again(
    opened: Opened, column: str
) -> None:
    sound = MetricMetadata("a", MetricType.GAUGE, "help", "bytes")
    damaged = MetricMetadata("m", MetricType.GAUGE, "help", "bytes")
    opened.store.describe([sound, damaged])
    change(opened, f"UPDATE metadata SET {column} = 'x' WHERE metric = 'm'")
    assert opened.store.metadata() == [sound]
    opened.store.describe([sound, damaged])
    assert opened.store.metadata() == [sound, damaged]


def test_an_import_starts_again_from_a_damaged_position(opened: Opened) -> None:
    opened.store.save_import_position("file", 4096)
    assert opened.store.get_import_position("file") == 4096
    change(opened, "UPDATE import_source SET position = 4097")
    assert opened.store.get_import_position("file") == 0


# -- head rows --------------------------------------------------------------------------


@pytest.fixture
def live(opened: Opened) -> Opened:
    """Two targets of 50 and 7 series with 40 head rows each, at equal times."""
    for n in range(40):
        opened.clock.t_ms = T0 + n * 15_000
        for names in (NAMES, OTHERS):
            opened.store.append(
                [Scrape(opened.clock.t_ms, names, np.arange(float(len(names))) + n / 10)]
            )
    return opened


OTHERS = tuple(one("other", n=str(n)) for n in range(7))
ROW = T0 + 20 * 15_000


def drop(samples: Samples, names: Sequence[Labels], t_ms: int) -> Samples:
    return {
        labels: [row for row in rows if row[0] != t_ms or labels not in names]
        for labels, rows in samples.items()
    }


HEAD_DAMAGES = {
    "a value": "UPDATE head SET v = zeroblob(400) WHERE lid = 1 AND t = ?",
    "a checksum": "UPDATE head SET crc = crc + 1 WHERE lid = 1 AND t = ?",
    "a large checksum": "UPDATE head SET crc = 9223372036854775807 WHERE lid = 1 AND t = ?",
    "no bytes": "UPDATE head SET v = 'text' WHERE lid = 1 AND t = ?",
    "too few bytes": "UPDATE head SET v = x'00' WHERE lid = 1 AND t = ?",
    "a time that is none": "UPDATE head SET t = 'text' WHERE lid = 1 AND t = ?",
    "a time far ahead": "UPDATE head SET t = t * 1000 WHERE lid = 1 AND t = ?",
    "a time long ago": "UPDATE head SET t = -t WHERE lid = 1 AND t = ?",
    "a layout that is none": "UPDATE head SET lid = 99 WHERE lid = 1 AND t = ?",
}


@pytest.mark.parametrize("what", HEAD_DAMAGES)
def test_a_damaged_head_row_costs_its_samples_and_no_others(
    live: Opened, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    whole = everything(live.store)
    change(live, HEAD_DAMAGES[what], ROW)
    expected = drop(whole, NAMES, ROW)
    with caplog.at_level(logging.ERROR):
        assert everything(live.store) == expected
        assert everything(live.store) == expected  # known to be damaged by now
        assert everything(live.store, ROW, ROW) == {
            labels: [row for row in rows if row[0] == ROW] for labels, rows in whole.items()
            if labels in OTHERS
        }  # fmt: skip
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == len(set(messages)) <= 1
    hours = list(live.store.hours(EVERYTHING, T0 - HOUR_MS, T0 + HOUR_MS))
    counts = {
        labels: int(n.sum()) for b in hours for labels, n in zip(b.series, b.count, strict=True)
    }
    assert counts == {labels: len(rows) for labels, rows in expected.items()}
    (problem,) = [p for p in check(live.path).problems if p.key == "tsdb.problem.head"]
    assert problem.values["series"] == ("?" if "layout" in what else str(NAMES[0]))


@pytest.mark.parametrize("what", HEAD_DAMAGES)
def test_beside_a_damaged_head_row_samples_are_taken_and_compacted(live: Opened, what: str) -> None:
    whole = everything(live.store)
    change(live, HEAD_DAMAGES[what], ROW)
    live.clock.t_ms += 15_000
    t_ms = live.clock.t_ms
    assert live.store.append([Scrape(t_ms, NAMES, np.zeros(50))]).samples == 50
    live.store.compact_head()
    expected = drop(whole, NAMES, ROW)
    for labels in NAMES:
        expected[labels].append((t_ms, 0))
    assert everything(live.store) == expected


def test_a_damaged_head_row_is_replaced_when_its_samples_come_again(live: Opened) -> None:
    whole = everything(live.store)
    change(live, HEAD_DAMAGES["a value"], ROW)
    assert everything(live.store) != whole
    again = Scrape(ROW, NAMES, np.arange(50.0) + 20 / 10)
    assert live.store.append([again]).samples == 50
    assert everything(live.store) == whole
    assert check(live.path).problems == ()


def test_damaged_head_rows_are_counted(live: Opened) -> None:
    change(live, HEAD_DAMAGES["a value"], ROW)
    everything(live.store)
    own = {family.name: family.samples[0].value for family in live.store.families()}
    assert own["jipyo_tsdb_damaged_reads"] >= 1


def test_a_damaged_layout_costs_its_rows_and_no_others(live: Opened) -> None:
    whole = everything(live.store)
    change(live, "UPDATE layout SET sids = (SELECT sids FROM layout WHERE lid = 2) WHERE lid = 1")
    assert everything(live.store) == {name: whole[name] for name in OTHERS}
    live.clock.t_ms += 15_000
    assert live.store.append([Scrape(live.clock.t_ms, NAMES, np.zeros(50))]).samples == 50
    live.store.compact_head()
    assert {len(rows) for rows in everything(live.store).values()} == {1, 40}


# -- labels and slabs -------------------------------------------------------------------


def test_a_series_with_damaged_labels_is_left_out_of_every_answer(
    filled: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    whole = everything(filled.store)
    with caplog.at_level(logging.ERROR):
        change(filled, "UPDATE series SET labels = x'00' WHERE sid = 8")
        lost = NAMES[7]
        assert everything(filled.store) == {k: v for k, v in whole.items() if k != lost}
        assert len(list(filled.store.series([EVERYTHING], *EVER))) == len(NAMES) - 1
        assert lost.get("n") not in filled.store.label_values("n", [EVERYTHING], *EVER)
        hours = filled.store.hours(EVERYTHING, T0 - DAYS * DAY_MS, T0)
        assert lost not in {labels for block in hours for labels in block.series}
    assert [record.getMessage() for record in caplog.records] == [
        "damaged on disk and skipped: labels of series 8"
    ]


def test_a_series_with_damaged_labels_begins_anew(filled: Opened) -> None:
    change(filled, "UPDATE series SET hash = hash + 1 WHERE sid = 8")
    assert filled.store.append([Scrape(T0 + 1, NAMES, np.ones(50))]).samples == 50
    assert [t for t, _ in everything(filled.store)[NAMES[7]]] == [T0 + 1]


@pytest.fixture
def few(opened: Opened) -> Opened:
    """Five slabs of as many days, and no head rows."""
    t_ms = T0 - 5 * DAY_MS + STEP * np.arange(1, 5 * 40 + 1)
    values = np.random.default_rng(4).normal(size=(3, len(t_ms)))
    opened.store.load([SeriesBlock(NAMES[:3], t_ms, values)])
    return opened


@pytest.mark.parametrize("column", ["day", "tid", "t0", "t1", "n", "sids", "crc"])
@pytest.mark.parametrize("value", ["1", "-1 << 40", "1 << 40", "'text'", "x'00'", "9.5"])
def test_a_damaged_slab_costs_its_chunks_and_no_others(
    few: Opened, column: str, value: str
) -> None:
    whole = everything(few.store)
    (day,) = ids(few, "SELECT day FROM slab WHERE bid = 3")
    change(few, f"UPDATE slab SET {column} = {value} WHERE bid = 3")
    assert everything(few.store) == {
        labels: [row for row in rows if (row[0] - 1) // DAY_MS != day]
        for labels, rows in whole.items()
    }
    assert few.store.append([Scrape(T0 + 1, NAMES[:3], np.ones(3))]).samples == 3
    few.settle()
    assert few.store.extent().last_ms == T0 + 1
    assert few.store.extent().first_ms == T0 - 5 * DAY_MS
    few.store.delete(EVERYTHING, T0 - 5 * DAY_MS, T0)
    assert sorted(ids(few, "SELECT id >> 8 FROM data")) == [3] * 3 + [6] * 3


def test_retention_spares_the_chunks_of_a_slab_with_a_damaged_day(few: Opened) -> None:
    change(few, "UPDATE slab SET day = (SELECT min(day) FROM slab) WHERE bid = 5")
    few.options = Options(durable=False, retention_ms=DAY_MS // 2)
    few.again()
    few.settle()
    assert ids(few, "SELECT id >> 8 FROM data") == [4, 4, 4, 5, 5, 5]


@pytest.mark.parametrize("bit", [6, 20, 27, 40, 62])
def test_an_id_far_beyond_all_others_does_not_exhaust_the_memory(small: Opened, bit: int) -> None:
    small.store.close()
    with closing(sqlite3.connect(small.path / "samples.db")) as db, db:
        db.execute("UPDATE sqlite_sequence SET seq = seq | ? WHERE name = 'series'", (1 << bit,))
        db.execute("UPDATE series SET sid = sid | ? WHERE sid = 50", (1 << bit,))
        db.execute("UPDATE posting SET sid = sid | ? WHERE sid = 50", (1 << bit,))
    assert check(small.path).problems
    with Reader.open(small.path) as reader:
        assert len(everything(reader)) == 49
        assert len(reader.label_values("n", [], *EVER)) == 49
    with suppress(StoreError), Store.open(small.path, now_ms=lambda: T0) as store:
        store.append([Scrape(T0, (one("new"),), np.ones(1))])


# -- flips anywhere ---------------------------------------------------------------------


def test_a_flipped_bit_that_changes_an_answer_is_found(tmp_path: Path) -> None:
    """`python -m bench damage` flips 1,500."""
    logging.disable(logging.ERROR)
    try:
        sound = damage.write_store(tmp_path / "sound")
        results = damage.flip_bits(sound, tmp_path / "damaged", 60, seed=2)
    finally:
        logging.disable(logging.NOTSET)
    assert [result for result in results if result.verdict in {"unseen", "crash"}] == []
    assert sum(result.verdict == "found" for result in results) > 40


def test_a_series_whose_labels_are_damaged_expires_with_all_its_postings(filled: Opened) -> None:
    filled.store.close()
    with closing(sqlite3.connect(filled.path / "samples.db")) as db, db:
        db.execute("UPDATE series SET labels = x'00' WHERE sid = 8")
    filled.again()
    assert filled.store.delete((), *EVER) == DAYS * 40 * len(NAMES)
    for table in ("series", "posting", "pair"):
        assert ids(filled, f"SELECT count(*) FROM {table}") == [0]


def test_the_check_goes_on_after_a_page_that_sqlite_cannot_read(
    filled: Opened, tmp_path: Path
) -> None:
    filled.store.close()
    root = "SELECT rootpage FROM sqlite_schema WHERE name = 'posting'"
    (page,) = ids(filled, root)
    folder = tmp_path / "damaged"
    folder.mkdir()
    changed = bytearray((filled.path / "samples.db").read_bytes())
    changed[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = bytes(PAGE_BYTES)
    (folder / "samples.db").write_bytes(changed)
    with closing(sqlite3.connect(folder / "samples.db")) as db, db:
        db.execute("UPDATE data SET b = x'00' WHERE id = (SELECT min(id) FROM data)")
    found = check(folder)
    assert found.samples == (DAYS * len(NAMES) - 1) * 40
    assert {problem.key for problem in found.problems} == {
        "tsdb.problem.structure",
        "tsdb.problem.chunk",
    }
