"""Compaction in slices: rows become slabs day by day, and the head keeps what is too new."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, check, read_stats
from jipyo.tsdb.options import DAY_MS, HOUR_MS, MINUTE_MS
from tsdb.support import T0, Opened, everything, one

WIDE = tuple(one("wide", n=str(n)) for n in range(300))


def append(opened: Opened, t_ms: int, series: tuple[object, ...] = (), value: float = 1.0) -> None:
    opened.clock.t_ms = max(opened.clock.t_ms, t_ms)
    labels = tuple(series) or (one("m"),)
    values = np.full(len(labels), value)
    opened.store.append([Scrape(t_ms, labels, values)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("newest_min", "until_min"),
    [(20, None), (60, 0), (120, 0), (150, 0), (151, 120), (270, 120), (271, 240)],
)
def test_rows_are_moved_in_windows_of_two_hours_once_no_late_sample_may_come(
    opened: Opened, newest_min: int, until_min: int | None
) -> None:
    minutes = sorted({*range(0, newest_min, 30), newest_min})
    for minute in minutes:
        append(opened, T0 + minute * MINUTE_MS)
    opened.settle()
    stats = read_stats(opened.path)
    moved = [minute for minute in minutes if until_min is not None and minute <= until_min]
    assert stats.samples - stats.head_samples == len(moved)
    assert stats.samples == len(minutes)
    assert check(opened.path).problems == ()


def test_a_day_that_is_compacted_again_has_one_chunk_per_series(opened: Opened) -> None:
    for n in range(3):
        append(opened, T0 + 1 + n * HOUR_MS)
        opened.store.compact_head()
        stats = read_stats(opened.path)
        assert (stats.chunks, stats.slabs, stats.head_samples) == (1, 1, 0)
    assert len(everything(opened.store)[one("m")]) == 3


def test_rows_of_several_days_become_slabs_of_each_day(opened: Opened) -> None:
    opened.options = Options(durable=False, out_of_order_ms=None)
    opened.again()
    for day in (2, 0, 1):
        append(opened, T0 + day * DAY_MS + 1)
    opened.store.compact_head()
    with opened.store.snapshot() as snapshot:
        days = snapshot.db.execute("SELECT day, n FROM slab ORDER BY day").fetchall()
    assert days == [((T0 + day * DAY_MS) // DAY_MS, 1) for day in range(3)]


def test_a_wide_scrape_becomes_slabs_of_at_most_128_series(opened: Opened) -> None:
    append(opened, T0 + 1, WIDE)
    opened.store.compact_head()
    stats = read_stats(opened.path)
    assert (stats.chunks, stats.slabs) == (300, 3)


def test_series_that_came_in_pieces_share_a_slab(opened: Opened) -> None:
    """Remote write cuts its requests anywhere, so that one target comes as several scrapes."""
    for n in range(3):
        for at in range(0, 30, 10):
            append(opened, T0 + 1 + n, WIDE[at : at + 10])
    opened.store.compact_head()
    assert read_stats(opened.path).slabs == 1


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 200)), min_size=1, max_size=25),
    st.integers(0, 12),
)
def test_samples_are_the_same_after_any_number_of_slices(
    tmp_path_factory: pytest.TempPathFactory, samples: list[tuple[int, int]], slices: int
) -> None:
    options = Options(durable=False, out_of_order_ms=None)
    opened = Opened(tmp_path_factory.mktemp("slices") / "data", options)
    for series, minute in samples:
        append(opened, T0 + minute * 2 * MINUTE_MS, (one("m", n=str(series)),), float(minute))
    before = everything(opened.store)
    for _ in range(slices):
        opened.store.maintain()
    assert everything(opened.store) == before
    opened.again()
    assert everything(opened.store) == before
    opened.store.compact_head()
    assert everything(opened.store) == before
    assert read_stats(opened.path).head_samples == 0
    assert check(opened.path).problems == ()
    opened.store.close()
