"""The head's rules by themselves: which times a batch may have, how scrapes become layouts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.sample import Reject, Scrape
from jipyo.tsdb.format import prepare
from jipyo.tsdb.head import AppendBounds, Head, split_layouts
from jipyo.tsdb.options import DAY_MS, HOUR_MS, MINUTE_MS, Options
from tsdb.support import STEP, T0, Clock, one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels

NOW = 1_000 * HOUR_MS
DEFAULT = Options()


@pytest.mark.parametrize(
    ("options", "max_ms", "t_ms", "rejection"),
    [
        (DEFAULT, None, NOW + 10 * MINUTE_MS, None),
        (DEFAULT, None, NOW + 10 * MINUTE_MS + 1, Reject.TOO_FAR_IN_FUTURE),
        (DEFAULT, None, -(1 << 60), None),  # an empty store takes any age
        (DEFAULT, NOW, NOW - 396 * DAY_MS, None),  # in the order of its series
        (DEFAULT, NOW, NOW - 396 * DAY_MS - 1, Reject.TOO_OLD),
        (Options(out_of_order_ms=0), NOW, NOW - 396 * DAY_MS, None),
        (Options(retention_ms=HOUR_MS), NOW, NOW - HOUR_MS, None),
        (Options(retention_ms=HOUR_MS), NOW, NOW - HOUR_MS - 1, Reject.TOO_OLD),
        (Options(retention_ms=None), NOW, -(1 << 60), None),
        (Options(out_of_order_ms=None), NOW, -(1 << 60), None),
        (Options(future_ms=0), NOW, NOW, None),
        (Options(future_ms=0), NOW, NOW + 1, Reject.TOO_FAR_IN_FUTURE),
    ],
)
def test_a_time_is_within_the_bounds_of_a_batch_or_not(
    options: Options, max_ms: int | None, t_ms: int, rejection: Reject | None
) -> None:
    assert AppendBounds.of(options, NOW, max_ms).find_rejection(t_ms) is rejection


@pytest.mark.parametrize(
    ("window", "rejection"), [(0, Reject.OUT_OF_ORDER), (1, Reject.TOO_OLD), (None, Reject.TOO_OLD)]
)
def test_a_late_sample_is_rejected_as_prometheus_calls_it(
    window: int | None, rejection: Reject
) -> None:
    bounds = AppendBounds.of(Options(out_of_order_ms=window), NOW, NOW)
    assert bounds.late_rejection is rejection


@given(st.sets(st.integers(1, 6_000), min_size=1))
def test_layouts_are_consecutive_and_cover_the_scrape(ids: set[int]) -> None:
    sids = np.array(sorted(ids))
    edges = split_layouts(sids)
    assert [start for start, _ in edges] == [0, *(end for _, end in edges[:-1])]
    assert edges[-1][1] == len(sids)
    assert all(0 < end - start <= 1536 for start, end in edges)


@given(st.integers(1, 3_000), st.integers(200, 2_000))
def test_a_series_that_comes_or_goes_changes_few_layouts(gone: int, width: int) -> None:
    sids = np.arange(1, width + 1)
    before = {tuple(sids[a:b]) for a, b in split_layouts(sids)}
    rest = sids[sids != gone]
    after = {tuple(rest[a:b]) for a, b in split_layouts(rest)}
    assert len(after - before) <= 2


@pytest.fixture
def head() -> Iterator[Head]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        prepare(db, None)  # type: ignore[arg-type]  # the path is only for errors
        yield Head(db, DEFAULT, Clock(T0 + HOUR_MS))


def scrape(t_ms: int, *labels: Labels) -> Scrape:
    return Scrape(t_ms, labels, np.arange(float(len(labels))))


def test_the_head_knows_its_newest_sample_and_its_series(head: Head) -> None:
    assert (head.max_ms, head.series_count, head.list_series().tolist()) == (None, 0, [])
    head.append([scrape(T0, one("a"), one("b")), scrape(T0 - STEP, one("c"))])
    assert (head.max_ms, head.series_count) == (T0, 3)
    assert head.list_series().tolist() == [1, 2, 3]


def test_after_a_reload_the_head_knows_the_same(head: Head) -> None:
    head.append([scrape(T0, one("a"), one("b")), scrape(T0 + STEP, one("a"))])
    spans = {lid: (span.sids.tolist(), span.t0, span.t1) for lid, span in head.spans.items()}
    head.reload()
    assert (head.max_ms, head.series_count) == (T0 + STEP, 2)
    assert {
        lid: (span.sids.tolist(), span.t0, span.t1) for lid, span in head.spans.items()
    } == spans
    # The value of `a` at its last time is compared with the row on disk.
    kept, rejected = head.append([Scrape(T0 + STEP, (one("a"),), np.array([7.0]))])
    assert (kept, dict(rejected)) == (0, {Reject.DUPLICATE: 1, Reject.TOO_OLD: 0})


def test_the_same_series_again_make_no_new_layout(head: Head) -> None:
    series = (one("a"), one("b"))
    for n in range(5):
        head.append(
            [Scrape(T0 + n, series, np.zeros(2)), Scrape(T0 + n, tuple(series), np.ones(2))]
        )
    assert len(head.spans) == 1


def test_series_are_made_for_a_load_and_are_the_same_for_a_scrape(head: Head) -> None:
    assert head.resolve([one("a"), one(""), one("b")]) == [1, Reject.INVALID_LABELS, 2]
    assert head.resolve([one("b"), one("a")]) == [2, 1]
    head.append([scrape(T0, one("b"))])
    assert (head.series_count, head.list_series().tolist()) == (2, [2])


def test_a_series_that_was_dropped_gets_a_new_id(head: Head) -> None:
    head.resolve([one("a"), one("b")])
    head.forget_series([1])
    assert head.series_count == 1


def test_a_loaded_series_is_not_sampled_before_its_last_sample(head: Head) -> None:
    sids = np.array(head.resolve([one("a")]))
    head.append([scrape(T0, one("b"))])
    head.record_load(sids, T0 + STEP)
    assert head.max_ms == T0 + STEP
    kept, _ = head.append([scrape(T0 + STEP + 1, one("a"))])
    assert kept == 1
