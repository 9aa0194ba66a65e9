"""Compaction, retention, deletion, space."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreError
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Scrape, SeriesBlock
from jipyo.tsdb import Options, Store, check, read_stats
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import EVER, EVERYTHING, STEP, T0, Connector, Opened, everything, one, scrape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = tuple(one("metric", n=str(n)) for n in range(40))


def load_days(opened: Opened, days: int, *, step_ms: int = 60_000) -> None:
    """40 series of noise, the last day ending at T0."""
    t_ms = T0 - days * DAY_MS + step_ms * np.arange(1, days * DAY_MS // step_ms + 1)
    values = np.random.default_rng(2).normal(size=(len(NAMES), len(t_ms)))
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])


def ingest(opened: Opened, scrapes: int, *, step_ms: int = STEP) -> None:
    for n in range(scrapes):
        opened.clock.t_ms = T0 + n * step_ms
        values = np.arange(len(NAMES), dtype=np.float64) + float(n)
        opened.store.append([Scrape(opened.clock.t_ms, NAMES, values)])


def test_compaction_keeps_the_last_hours_as_rows(opened: Opened) -> None:
    ingest(opened, 6 * 240)
    before = everything(opened.store)
    assert opened.settle() > 3
    assert everything(opened.store) == before
    found = read_stats(opened.path)
    assert found.samples == 40 * 6 * 240
    assert 40 * 240 < found.head_samples <= 40 * 4 * 240
    assert opened.settle() == 0


def test_a_compaction_cut_short_anywhere_is_harmless(opened: Opened) -> None:
    ingest(opened, 4 * 240)
    before = everything(opened.store)
    slices = 0
    while True:
        for _ in range(slices):
            opened.store.maintain()
        assert everything(opened.store) == before
        opened.again()
        assert everything(opened.store) == before
        if opened.settle() == 0:
            break
        slices += 1
        if slices > 12:
            opened.settle()
    assert check(opened.path).problems == ()


def test_samples_that_arrive_during_a_compaction_are_kept(opened: Opened) -> None:
    ingest(opened, 4 * 240)
    late = one("late")
    times = []
    n = 0
    while opened.store.maintain():
        n += 1
        t_ms = T0 + 4 * HOUR_MS - 20 * 60_000 - n
        opened.store.append([scrape(t_ms, (NAMES[0], 1.0), (late, 1.0))])
        times.append(t_ms)
    opened.store.compact_head()
    found = everything(opened.store)
    assert [t for t, _ in found[late]] == sorted(times)
    assert len(found[NAMES[0]]) == 4 * 240 + len(times)


def test_days_past_their_time_go_with_their_series(opened: Opened) -> None:
    opened.options = Options(durable=False, retention_ms=3 * DAY_MS)
    opened.again()
    old = one("old")
    opened.store.load([SeriesBlock((old,), np.array([T0 - 9 * DAY_MS]), np.ones((1, 1)))])
    load_days(opened, 10)
    opened.settle()
    first = min(t for samples in everything(opened.store).values() for t, _ in samples)
    assert T0 - 5 * DAY_MS < first <= T0 - 3 * DAY_MS
    assert sorted(opened.store.series([], *EVER)) == sorted(NAMES)
    assert opened.store.label_values("__name__", [], *EVER) == ["metric"]
    assert read_stats(opened.path).series == 40
    assert check(opened.path).problems == ()


def test_a_series_that_went_may_come_again(opened: Opened) -> None:
    opened.options = Options(durable=False, retention_ms=2 * DAY_MS)
    opened.again()
    ingest(opened, 3)
    opened.clock.t_ms = T0 + 10 * DAY_MS
    opened.store.append([scrape(opened.clock.t_ms, (one("other"), 1.0))])
    opened.store.compact_head()
    opened.settle()
    assert sorted(opened.store.series([], *EVER)) == [one("other")]
    opened.store.append([Scrape(opened.clock.t_ms, NAMES, np.ones(40))])
    assert sorted(opened.store.series([EVERYTHING], *EVER)) == sorted([*NAMES, one("other")])


def test_the_oldest_days_go_when_the_store_is_too_large(opened: Opened) -> None:
    load_days(opened, 20, step_ms=30_000)
    opened.settle()
    before = read_stats(opened.path)
    most = (before.file_bytes - before.free_bytes) // 2
    opened.options = Options(durable=False, retention_bytes=most)
    opened.again()
    opened.settle()
    after = read_stats(opened.path)
    assert after.file_bytes - after.free_bytes <= most
    assert after.last_ms == before.last_ms
    assert after.first_ms is not None
    assert T0 - 20 * DAY_MS < after.first_ms < T0 - 5 * DAY_MS


def test_space_is_given_back_to_the_file_system(opened: Opened) -> None:
    load_days(opened, 20, step_ms=30_000)
    opened.again()
    before = (opened.path / "samples.db").stat().st_size
    deleted = opened.store.delete(EVERYTHING, *EVER)
    assert deleted == 40 * 20 * 2880
    opened.again()
    assert (opened.path / "samples.db").stat().st_size < before / 3
    assert everything(opened.store) == {}
    assert check(opened.path).problems == ()


def test_deletion_takes_what_the_matchers_name_in_the_range_and_nothing_else(
    opened: Opened,
) -> None:
    load_days(opened, 3)
    ingest(opened, 300)
    before = everything(opened.store)
    start, end = T0 - 2 * DAY_MS - HOUR_MS, T0 + 100 * STEP
    told: list[int] = []
    deleted = opened.store.delete(
        [Matcher("n", MatchOp.RE, "1.")], start, end, lambda done, _: told.append(done)
    )
    expected = {
        labels: [(t, b) for t, b in samples if labels["n"][:-1] != "1" or not start <= t <= end]
        for labels, samples in before.items()
    }
    assert everything(opened.store) == expected
    assert deleted == sum(map(len, before.values())) - sum(map(len, expected.values()))
    assert told[-1] == deleted
    opened.again()
    assert everything(opened.store) == expected
    assert check(opened.path).problems == ()


def test_a_deleted_series_may_be_sampled_again(opened: Opened) -> None:
    ingest(opened, 3)
    opened.store.delete([Matcher("n", MatchOp.EQ, "7")], *EVER)
    assert sorted(opened.store.series([[Matcher("n", MatchOp.EQ, "7")]], *EVER)) == []
    opened.store.append([Scrape(T0 + 3 * STEP, NAMES, np.ones(40))])
    assert len(everything(opened.store)[NAMES[7]]) == 1
    assert len(everything(opened.store)[NAMES[8]]) == 4


def test_a_slab_that_names_a_deleted_series_expires_like_any(opened: Opened) -> None:
    opened.options = Options(durable=False, retention_ms=2 * DAY_MS)
    opened.again()
    two = (one("stays"), one("goes"))
    opened.store.load([SeriesBlock(two, np.array([T0 - DAY_MS + 1]), np.ones((2, 1)))])
    opened.store.load([SeriesBlock(two[1:], np.array([T0 - DAY_MS + 2]), np.ones((1, 1)))])
    opened.store.delete([Matcher("__name__", MatchOp.EQ, "goes")], *EVER)
    opened.clock.t_ms = T0 + 5 * DAY_MS
    opened.store.append([scrape(opened.clock.t_ms, (one("new"), 1.0))])
    opened.settle()
    assert sorted(opened.store.series([], *EVER)) == [one("new")]
    assert read_stats(opened.path).series == 1
    assert opened.store.append([scrape(opened.clock.t_ms, *((o, 1.0) for o in two))]).samples == 2
    assert check(opened.path).problems == ()


def test_own_metrics_tell_what_happened(opened: Opened) -> None:
    ingest(opened, 5 * 240)
    opened.store.append([scrape(T0 - DAY_MS, (NAMES[0], 1.0))])
    opened.settle()
    found = {
        str(sample.labels): sample.value
        for family in opened.store.families()
        for sample in family.samples
    }
    assert found["jipyo_tsdb_samples_appended_total"] == 40 * 5 * 240
    assert found['jipyo_tsdb_samples_rejected_total{reason="too old sample"}'] == 1
    assert found["jipyo_tsdb_series"] == 40
    assert found["jipyo_tsdb_maintenance_slices_total"] > 0
    assert 0 < found["jipyo_tsdb_maintenance_longest_hold_seconds"] < 10
    assert found["jipyo_tsdb_newest_sample_seconds"] == opened.clock.t_ms / 1000


def test_a_slow_reader_never_holds_the_writer_up(opened: Opened) -> None:
    load_days(opened, 3)
    slow = opened.store.select(EVERYTHING, *EVER)
    before = next(slow).values.sum()
    ingest(opened, 1000)
    opened.settle()
    opened.store.delete(EVERYTHING, *EVER)
    assert before is not None
    assert sum(len(block.series) for block in slow) == 0


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[tuple[Opened, Connector]]:
    """A store that waits for the disk, and the connections that it writes through."""
    opened, connector = Opened(tmp_path / "traced", Options()), Connector(durable=True)
    opened.store.close()
    opened.store = Store.open(opened.path, opened.options, now_ms=opened.clock, connect=connector)
    yield opened, connector
    opened.store.close()


def test_the_journal_is_checkpointed_while_a_write_is_open(
    traced: tuple[Opened, Connector],
) -> None:
    opened, connector = traced
    ingest(opened, 70)
    writing, done = threading.Event(), threading.Event()

    def pause(sql: str) -> None:
        if sql.startswith("COMMIT"):
            writing.set()
            assert done.wait(timeout=10), "the checkpoint waits for the writer"

    connector.opened[0].set_trace_callback(pause)
    late = scrape(T0 + 70 * STEP, (NAMES[0], 1.0))
    writer = threading.Thread(target=opened.store.append, args=([late],))
    writer.start()
    assert writing.wait(timeout=10)
    assert opened.store.maintain()
    done.set()
    writer.join(timeout=10)
    assert len(connector.opened) == 2, "the checkpoint has a connection of its own"
    assert len(everything(opened.store)[NAMES[0]]) == 71


def test_a_journal_that_has_grown_is_restarted(opened: Opened) -> None:
    ingest(opened, 300)
    journal = opened.path / "samples.db-wal"
    grown = journal.stat().st_size
    assert grown > 256 * 65536
    opened.store.maintain()
    for n in range(200):
        opened.store.append([Scrape(opened.clock.t_ms + 1 + n, NAMES, np.ones(40))])
    assert journal.stat().st_size == grown
    assert len(everything(opened.store)[NAMES[0]]) == 500


def test_only_what_maintenance_moves_is_committed_before_it_is_on_disk(
    traced: tuple[Opened, Connector],
) -> None:
    opened, connector = traced
    writer = connector.opened[0]
    levels: list[str] = []
    writer.set_trace_callback(
        lambda sql: levels.append(sql.split()[-1]) if "synchronous" in sql else None
    )
    ingest(opened, 3)
    assert levels == []
    opened.store.compact_head()
    ingest(opened, 3)
    assert levels == ["NORMAL", "FULL"]
    writer.set_trace_callback(None)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)


def test_many_threads_read_while_one_writes(opened: Opened) -> None:
    errors: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                for samples in everything(opened.store).values():
                    assert [t for t, _ in samples] == [T0 + n * STEP for n in range(len(samples))]
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(700):
        opened.clock.t_ms = T0 + n * STEP
        opened.store.append([Scrape(opened.clock.t_ms, NAMES, np.full(40, float(n)))])
        if n % 100 == 0:
            opened.store.compact_head()
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_closed_store_says_so(opened: Opened) -> None:
    opened.store.close()
    with pytest.raises(StoreError, match=r"tsdb\.closed"):
        opened.store.append([scrape(T0, (NAMES[0], 1.0))])
    with pytest.raises(StoreError, match=r"tsdb\.closed"):
        opened.store.series([], *EVER)
    opened.store.close()
