"""What goes into a store comes out of it."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.model.errors import StoreBusy, StoreError
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Appended, MetricMetadata, MetricType, Reject, Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store
from tsdb.support import EVER, EVERYTHING, STEP, T0, Opened, bits, everything, one, scrape

UP = one("up", job="node")
LOAD = one("load1", job="node", host="a")


def fill(opened: Opened, scrapes: int) -> tuple[np.ndarray, np.ndarray]:
    """Two series, one scrape each 15 s; the times and the values (series, times)."""
    series = (UP, LOAD)
    times = T0 + STEP * np.arange(1, scrapes + 1)
    values = np.random.default_rng(1).normal(size=(2, scrapes))
    for column, t_ms in enumerate(times.tolist()):
        opened.clock.t_ms = t_ms
        answer = opened.store.append([Scrape(t_ms, series, values[:, column])])
        assert answer == Appended(2)
    return times, values


def test_a_sample_is_read_back_at_once(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    (block,) = opened.store.select([Matcher("__name__", MatchOp.EQ, "up")], T0, T0)
    assert block.series == (UP,)
    assert block.t_ms.tolist() == [T0]
    assert block.values.tolist() == [[1.0]]


def test_head_and_chunks_are_read_as_one(opened: Opened) -> None:
    times, values = fill(opened, 2000)
    assert opened.settle() > 0
    (block,) = opened.store.select(EVERYTHING, *EVER)
    assert block.series == (UP, LOAD)
    assert (block.t_ms == times).all()
    assert (block.values == values).all()


def test_a_range_includes_both_ends(opened: Opened) -> None:
    times, values = fill(opened, 2000)
    opened.settle()
    first, last = int(times[100]), int(times[1900])
    (block,) = opened.store.select(EVERYTHING, first, last)
    assert (block.t_ms == times[100:1901]).all()
    assert (block.values == values[:, 100:1901]).all()


def test_all_is_there_after_a_restart(opened: Opened) -> None:
    fill(opened, 2000)
    before = everything(opened.store)
    opened.settle()
    opened.again()
    assert everything(opened.store) == before


def test_a_reader_beside_the_writer_sees_the_same(opened: Opened) -> None:
    fill(opened, 1500)
    opened.settle()
    with Reader.open(opened.path) as reader:
        assert everything(reader) == everything(opened.store)
        opened.store.append([scrape(T0 + 1501 * STEP, (UP, 7.0))])
        assert everything(reader) == everything(opened.store)


def test_a_second_writer_is_refused(opened: Opened) -> None:
    with pytest.raises(StoreBusy, match=r"tsdb\.busy"):
        Store.open(opened.path, now_ms=opened.clock)


def test_a_reader_needs_a_store(tmp_path: object) -> None:
    with pytest.raises(StoreError, match=r"tsdb\.missing"):
        Reader.open(tmp_path)  # type: ignore[arg-type]


def test_a_batch_may_hold_many_targets_and_times(opened: Opened) -> None:
    answer = opened.store.append(
        [
            scrape(T0, (UP, 1.0)),
            scrape(T0 + 5, (LOAD, 2.0)),
            scrape(T0 + 10, (UP, 3.0), (LOAD, 4.0)),
            scrape(T0 + 20),
        ]
    )
    assert answer == Appended(4)
    assert everything(opened.store) == {
        UP: [(T0, *bits(np.array([1.0]))), (T0 + 10, *bits(np.array([3.0])))],
        LOAD: [(T0 + 5, *bits(np.array([2.0]))), (T0 + 10, *bits(np.array([4.0])))],
    }


def test_metadata_is_remembered_and_the_newest_word_wins(opened: Opened) -> None:
    old = MetricMetadata("up", MetricType.UNKNOWN, "old")
    new = MetricMetadata("up", MetricType.GAUGE, "new", "ratio")
    other = MetricMetadata("load1", MetricType.GAUGE)
    opened.store.describe([old, other])
    opened.store.describe([new])
    opened.again()
    assert opened.store.metadata() == [other, new]
    assert opened.store.metadata("up") == [new]
    assert opened.store.metadata("none") == []


def test_labels_and_series_are_those_with_samples_in_the_range(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    opened.store.append([scrape(T0 + STEP, (LOAD, 1.0))])
    store = opened.store
    assert sorted(store.series([], *EVER)) == [LOAD, UP]
    assert sorted(store.series([], T0, T0)) == [UP]
    assert store.label_names([], *EVER) == ["__name__", "host", "job"]
    assert store.label_names([EVERYTHING], T0, T0) == ["__name__", "job"]
    assert store.label_values("__name__", [], *EVER) == ["load1", "up"]
    assert store.label_values("host", [], T0, T0) == []


def test_a_sample_of_the_future_is_refused(opened: Opened) -> None:
    future = T0 + Options().future_ms
    assert opened.store.append([scrape(future, (UP, 1.0))]) == Appended(1)
    assert opened.store.append([scrape(future + 1, (UP, 1.0))]) == Appended(
        0, {Reject.TOO_FAR_IN_FUTURE: 1}
    )


def test_series_with_times_of_their_own_come_one_by_one(opened: Opened) -> None:
    expected = {}
    opened.clock.t_ms = T0 + 10 * 86_400_000
    for n in range(40):
        t_ms = T0 + STEP * np.arange(30_000) + n
        values = np.arange(30_000.0)[None] + n
        opened.store.load([SeriesBlock((one("own", n=str(n)),), t_ms, values)])
        expected[one("own", n=str(n))] = (int(t_ms[0]), float(values.sum()))
    found = {
        block.series[0]: (int(block.t_ms[0]), float(block.values.sum()))
        for block in opened.store.select(EVERYTHING, *EVER)
    }
    assert found == expected
