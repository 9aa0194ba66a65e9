"""What is dropped: which day is past its time, and what a deletion leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import SeriesBlock
from jipyo.tsdb import check, read_stats, retention
from jipyo.tsdb.locator import day_of
from jipyo.tsdb.options import DAY_MS
from tsdb.support import EVER, T0, Opened, everything, one

NAMES = tuple(one("m", n=str(n)) for n in range(5))


@pytest.mark.parametrize(
    ("retention_ms", "max_ms", "day"),
    [
        (None, T0, None),
        (DAY_MS, None, None),
        (DAY_MS, DAY_MS, -2),  # the newest sample closes day 0; day -1 is not wholly past it
        (DAY_MS, DAY_MS + 1, -1),
        (3 * DAY_MS, 10 * DAY_MS, 5),
    ],
)
def test_a_day_expires_once_all_of_it_is_past_its_time(
    retention_ms: int | None, max_ms: int | None, day: int | None
) -> None:
    assert retention.find_expired_day(retention_ms, max_ms) == day


@given(st.integers(1, 40 * DAY_MS), st.integers(-(10**12), 10**12))
def test_no_sample_within_the_retention_expires(retention_ms: int, max_ms: int) -> None:
    day = retention.find_expired_day(retention_ms, max_ms)
    assert day is not None
    last_of_day = (day + 1) * DAY_MS
    assert last_of_day <= max_ms - retention_ms
    assert last_of_day + DAY_MS >= max_ms - retention_ms, "the next day may not go yet"


spans = st.tuples(st.integers(-40, 40), st.integers(-40, 40)).map(sorted)


@settings(max_examples=25)
@given(spans, st.sets(st.integers(0, 4)))
def test_a_deletion_leaves_exactly_the_rest(
    tmp_path_factory: pytest.TempPathFactory, span: list[int], picked: set[int]
) -> None:
    opened = Opened(tmp_path_factory.mktemp("deletion") / "data")
    hours = T0 + np.arange(-36, 1) * 3_600_000
    values = np.arange(5.0 * len(hours)).reshape(5, -1)
    opened.store.load([SeriesBlock(NAMES, hours, values)])
    before = everything(opened.store)
    start, end = (T0 + hour * 3_600_000 for hour in span)
    pattern = "|".join(map(str, sorted(picked))) or "none"
    deleted = opened.store.delete([Matcher("n", MatchOp.RE, pattern)], start, end)
    expected = {
        labels: rest
        for labels, samples in before.items()
        if (
            rest := [
                (t, number)
                for t, number in samples
                if int(labels["n"]) not in picked or not start <= t <= end
            ]
        )
    }
    assert everything(opened.store) == expected
    assert deleted == sum(map(len, before.values())) - sum(map(len, expected.values()))
    assert sorted(opened.store.series([], *EVER)) == sorted(expected)
    assert check(opened.path).problems == ()
    opened.store.close()


def test_a_slab_without_a_deleted_sample_is_not_rewritten(opened: Opened) -> None:
    times = T0 - DAY_MS + np.array([1, DAY_MS - 1])
    opened.store.load([SeriesBlock(NAMES, times, np.ones((5, 2)))])
    slabs = read_stats(opened.path).slabs
    with opened.store.snapshot() as snapshot:
        before = snapshot.db.execute("SELECT max(bid) FROM slab").fetchone()
    assert opened.store.delete([Matcher("n", MatchOp.EQ, "none")], *EVER) == 0
    assert opened.store.delete([Matcher("n", MatchOp.EQ, "1")], T0 - DAY_MS + 2, T0 - 2) == 0
    with opened.store.snapshot() as snapshot:
        assert snapshot.db.execute("SELECT max(bid) FROM slab").fetchone() == before
    assert read_stats(opened.path).slabs == slabs


def test_the_first_day_and_the_pages_in_use_are_known(opened: Opened) -> None:
    with opened.store.snapshot() as snapshot:
        assert retention.find_oldest_day(snapshot.db) is None
        empty = retention.read_used_bytes(snapshot.db)
    for day in (3, 1, 2):
        t_ms = np.array([T0 - day * DAY_MS])
        opened.store.load([SeriesBlock(NAMES[:1], t_ms, np.ones((1, 1)))])
    with opened.store.snapshot() as snapshot:
        assert retention.find_oldest_day(snapshot.db) == day_of(T0 - 3 * DAY_MS)
        assert retention.read_used_bytes(snapshot.db) >= empty


def test_a_sample_that_moved_to_a_newer_slab_does_not_come_back_from_the_old_one(
    opened: Opened,
) -> None:
    """A late load moves one series of a slab; the old slab still lists it."""
    t_ms = np.array([T0 - 1])
    opened.store.load([SeriesBlock(NAMES[:2], t_ms, np.ones((2, 1)))])
    opened.store.load([SeriesBlock(NAMES[:1], np.array([T0 - 2]), np.ones((1, 1)))])
    everything(opened.store)
    everything(opened.store)  # the second reading leaves the chunks in memory
    selector = [Matcher("n", MatchOp.EQ, "0")]
    assert opened.store.delete(selector, T0 - 2, T0 - 2) == 1
    assert opened.store.delete(selector, T0 - 1, T0 - 1) == 1
    for _ in range(2):
        assert list(everything(opened.store)) == [NAMES[1]]
        opened.again()
    damaged = {f.name: f.samples[0].value for f in opened.store.families()}
    assert damaged["jipyo_tsdb_damaged_reads"] == 0
    assert check(opened.path).problems == ()
