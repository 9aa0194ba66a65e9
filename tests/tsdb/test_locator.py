"""Where samples lie: against a plain search through everything there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.sample import Scrape, SeriesBlock
from jipyo.tsdb.locator import (
    Bounds,
    HeadCells,
    IdCache,
    LayoutRanges,
    Locations,
    Slab,
    day_of,
)
from jipyo.tsdb.options import DAY_MS
from tsdb.support import EVER, STEP, T0, Opened, everything, one, scrape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.tsdb.codec import Sids

NAMES = tuple(one("m", n=str(n)) for n in range(6))


@pytest.mark.parametrize(
    ("t_ms", "day"),
    [(1, 0), (DAY_MS, 0), (DAY_MS + 1, 1), (0, -1), (-DAY_MS, -2), (1 - DAY_MS, -1)],
)
def test_a_day_is_cut_left_open(t_ms: int, day: int) -> None:
    assert day_of(t_ms) == day
    bounds = Bounds.day(day)
    assert bounds.start_ms <= t_ms <= bounds.end_ms
    assert (day_of(bounds.start_ms), day_of(bounds.end_ms)) == (day, day)
    assert bounds.end_ms - bounds.start_ms == DAY_MS - 1


def build_locations(bids: list[list[int]], times: list[list[int]]) -> Locations:
    """Slab `bid` is of the day of its column; its times are those of the tid `bid // 10`."""
    table = np.array(bids, np.int64).reshape(len(bids), -1)
    head = np.array(times, np.int64).reshape(len(bids), -1)
    slabs = {
        bid: Slab(bid, day, bid // 10, 0, 0, 1)
        for row in bids
        for day, bid in enumerate(row)
        if bid
    }
    cells = HeadCells(head, head, head)
    return Locations(np.arange(len(bids)), table, table * 0, cells, slabs)


@pytest.mark.parametrize(
    ("bids", "times", "by_times", "by_slabs"),
    [
        ([[11], [11]], [[], []], [[0, 1]], [[0, 1]]),
        ([[11], [12]], [[], []], [[0, 1]], [[0], [1]]),  # two slabs with the same times
        ([[11], [21]], [[], []], [[0], [1]], [[0], [1]]),
        ([[11, 0], [0, 11], [11, 0]], [[], [], []], [[0, 2], [1]], [[0, 2], [1]]),
        ([[11], [11]], [[0], [-1]], [[0], [1]], [[0], [1]]),  # one has head rows
        ([[11], [12], [11]], [[0], [0], [0]], [[0, 1, 2]], [[0, 2], [1]]),
    ],
)
def test_series_are_grouped_by_their_times_or_by_their_slabs(
    bids: list[list[int]],
    times: list[list[int]],
    by_times: list[list[int]],
    by_slabs: list[list[int]],
) -> None:
    located = build_locations(bids, times)
    assert [group.sids.tolist() for group in located.split_by_times()] == by_times
    assert [group.sids.tolist() for group in located.split_by_slabs()] == by_slabs


def test_a_group_has_no_column_for_a_day_that_none_of_its_series_has() -> None:
    first, second = build_locations([[11, 0], [0, 12]], [[], []]).split_by_times()
    assert (first.bids.tolist(), second.bids.tolist()) == ([[11]], [[12]])
    assert [slab.bid for slab in second.list_slabs(0)] == [12]


def test_a_day_can_be_dropped() -> None:
    located = build_locations([[11, 12, 13]], [[]]).drop_day(1)
    assert located.bids.tolist() == [[11, 13]]
    assert [slab.day for slab in located.list_slabs(0)] == [0, 2]


def test_head_cells_are_selected_with_their_series_and_end_at_minus_one() -> None:
    table = np.array([[0, 2, -1], [1, -1, -1]])
    cells = HeadCells(table, table, table)
    assert cells.list_times(0) == [0, 2]
    assert cells.select(slice(1, 2)).list_times(0) == [1]


@pytest.fixture(scope="module")
def scattered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Series with chunks on some days, in slabs of several shapes, and with rows in the head."""
    opened = Opened(tmp_path_factory.mktemp("scattered") / "data")
    random = np.random.default_rng(4)
    for day in range(4, 0, -1):
        for names in (NAMES[:3], NAMES[2:4], (NAMES[day],)):
            t_ms = T0 - day * DAY_MS + np.sort(random.choice(DAY_MS, 5, replace=False)) + 1
            opened.store.load([SeriesBlock(names, t_ms, random.normal(size=(len(names), 5)))])
    for n in range(6):
        opened.clock.t_ms = T0 + n * STEP
        names = NAMES[n % 2 :: 2]
        opened.store.append([Scrape(opened.clock.t_ms, names, np.full(len(names), float(n)))])
    yield opened
    opened.store.close()


@settings(max_examples=60)
@given(st.integers(-5 * 96, 8), st.integers(0, 5 * 96), st.sets(st.integers(1, 6), min_size=1))
def test_what_is_found_in_a_range_is_what_a_plain_search_finds(
    scattered: Opened, start: int, length: int, ids: set[int]
) -> None:
    start_ms = T0 + start * 900_000
    end_ms = start_ms + length * 900_000
    sids = np.array(sorted(ids))
    every = everything(scattered.store)
    with scattered.store.snapshot() as snapshot:
        labels = dict(zip(sids.tolist(), snapshot.find_labels(sids)[1], strict=True))
        expected = {
            sid: [t for t, _ in every[name] if start_ms <= t <= end_ms]
            for sid, name in labels.items()
        }
        bounds = Bounds.of(start_ms, end_ms)
        active = snapshot.find_active(sids, bounds).tolist()
        found = {
            sid: block.t_ms.tolist()
            for block in snapshot.read_blocks(sids, bounds)
            for sid in block.sids.tolist()
        }
    assert active == [sid for sid, times in expected.items() if times]
    assert found == {sid: times for sid, times in expected.items() if times}


def test_few_series_among_many_slabs_and_many_series_are_found_alike(opened: Opened) -> None:
    """A selector of few series goes by the index of chunks, one of many by the slabs."""
    many = tuple(one("many", n=str(n)) for n in range(60))
    for n, labels in enumerate(many):
        t_ms = np.array([T0 - DAY_MS + 1 + n, T0 - 1 - n])
        opened.store.load([SeriesBlock((labels,), t_ms, np.full((1, 2), float(n)))])
    whole = everything(opened.store)
    bounds = Bounds.of(*EVER)
    with opened.store.snapshot() as snapshot:
        for sid in (1, 30, 60):
            (block,) = snapshot.read_blocks(np.array([sid]), Bounds.of(T0 - DAY_MS + 1, T0))
            (labels,) = snapshot.find_labels(np.array([sid]))[1]
            assert block.t_ms.tolist() == [t for t, _ in whole[labels]]
        assert len(list(snapshot.read_blocks(np.arange(1, 61), bounds))) == 60


def test_series_may_stand_in_different_numbers_of_layouts(opened: Opened) -> None:
    """Some come with every scrape, some with some, some late; one row of cells for each."""
    names = [one("m", n=str(n)) for n in range(7)]
    expected: dict[Labels, list[int]] = {labels: [] for labels in names}
    opened.clock.t_ms = T0 + 40 * STEP
    for at in range(20):
        chosen = [n for n in range(7) if at % (n + 1) == 0]
        t_ms = T0 + (at if at % 5 else at + 7) * STEP + at
        series = tuple(names[n] for n in chosen)
        opened.store.append([Scrape(t_ms, series, np.full(len(series), float(at)))])
        for n in chosen:
            expected[names[n]].append(t_ms)
    for span in ((T0 - STEP, T0 + 30 * STEP), (T0 + 3 * STEP, T0 + 9 * STEP)):
        found = everything(opened.store, *span)
        for labels, times in expected.items():
            inside = sorted(t_ms for t_ms in times if span[0] <= t_ms <= span[1])
            assert [t_ms for t_ms, _ in found.get(labels, [])] == inside


layouts = st.lists(
    st.lists(st.integers(1, 60), min_size=1, max_size=9, unique=True).map(sorted), max_size=9
)


@given(layouts, st.lists(st.integers(1, 60), max_size=9, unique=True).map(sorted))
def test_no_layout_that_has_a_series_is_left_out(tables: list[list[int]], ids: list[int]) -> None:
    first, last = (np.array([table[end] for table in tables], np.int64) for end in (0, -1))
    ranges = LayoutRanges((0, 0), np.arange(len(tables)), first, last)
    candidates = ranges.find_candidates(np.array(ids, np.int64))
    assert candidates == [
        lid for lid, table in enumerate(tables) if any(table[0] <= sid <= table[-1] for sid in ids)
    ]


def test_layouts_that_come_and_go_are_seen(opened: Opened) -> None:
    store = opened.store
    for n in range(4):
        store.append([scrape(T0 + n, *((one("m", n=str(k)), 1.0) for k in range(n + 2)))])
        assert len(list(store.series([], *EVER))) == n + 2
    with store.snapshot() as before:
        assert len(before.locator.list_layouts()) == 4
        store.compact_head()
        assert len(before.locator.find_layouts(np.arange(1, 6))) == 4
    with store.snapshot() as after:
        assert after.locator.find_layouts(np.arange(1, 6)) == []
    store.append([scrape(T0 + 9, (one("m", n="9"), 1.0))])
    assert len(everything(store)[one("m", n="9")]) == 1


class Forgetful(dict[int, "Sids | None"]):
    """A dictionary that another thread empties after every change."""

    def __setitem__(self, key: int, value: Sids | None) -> None:
        super().__setitem__(key, value)
        self.clear()


def test_a_layout_is_found_though_another_thread_empties_the_cache(opened: Opened) -> None:
    opened.store.append([scrape(T0, (one("m"), 1.0))])
    cache = IdCache(layouts=Forgetful())
    with opened.store.snapshot() as snapshot:
        found = cache.get_layout(snapshot.db, 1)
    assert found is not None
    assert found.tolist() == [1]


@pytest.mark.parametrize(("limit", "count"), [(None, 5), (0, 0), (1, 1), (5, 5), (6, 5)])
def test_no_more_series_are_read_than_the_limit(
    opened: Opened, limit: int | None, count: int
) -> None:
    names = [one("m", n=str(n)) for n in range(5)]
    opened.store.append([scrape(T0, *((labels, 1.0) for labels in names))])
    found = list(opened.store.series([], *EVER, limit))
    assert len(found) == count
    assert set(found) <= set(names)
