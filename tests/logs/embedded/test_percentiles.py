"""Percentiles are those of all numbers sorted, however they are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.logs.embedded import percentiles
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from jipyo.logs.record import LogBatch, NumberColumn, TextColumn
from jipyo.logs.store.store import LogStore
from logs.embedded.test_source import open_source
from support.log_batches import SECOND, START_NS

if TYPE_CHECKING:
    from pathlib import Path

PERCENTS = (0, 1, 50, 95, 99.9, 100)
NUMBERS = {
    "milliseconds in nanoseconds": (st.integers(0, 60_000).map(lambda n: n * 10**6), 0),
    "nanoseconds": (st.integers(0, 10**11), 0),
    "seconds with decimals": (st.integers(0, 99_999), 3),
    "around nought": (st.integers(-3, 3), 0),
    "any": (st.integers(-(2**62), 2**62), 1),
}


def make(values: list[int], decimals: int, routes: list[int], missing: bool) -> LogBatch:
    n = len(values)
    present = np.arange(n) % 3 > 0 if missing else None
    return LogBatch(
        service="web",
        t_ns=START_NS + np.arange(n) * SECOND,
        level=np.full(n, 3, np.uint8),
        fields={
            "took": NumberColumn(np.array(values, np.int64), decimals, present),
            "url.route": TextColumn([b"/r%d" % route for route in routes]),
        },
        messages=[b""] * n,
    )


@settings(max_examples=8, deadline=None)
@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"_MOST_STEPS": 3},
        {"_MOST_STEPS": 0, "_MOST_BUCKETS": 4},
        {"_MOST_CELLS": 600, "_MOST_BUCKETS": 16},
    ],
)
@given(data=st.data())
def test_percentiles_are_those_of_sorted_numbers(tmp_path_factory, kind, limits, data) -> None:
    numbers, decimals = NUMBERS[kind]
    batches = []
    for _ in range(data.draw(st.integers(1, 3))):
        values = data.draw(st.lists(numbers, min_size=1, max_size=30))
        routes = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
        batches.append(make(values, decimals, routes, data.draw(st.booleans())))
    with LogStore.open(folder := tmp_path_factory.mktemp("logs")) as store:
        for batch in batches:
            store.append([batch])
            store.flush()
    source, plain = open_source(folder), BatchLogSource(batches)
    end_s = data.draw(st.sampled_from((3, 100)))
    query = LogQuery(start_ns=START_NS, end_ns=START_NS + end_s * SECOND)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in limits.items():
            patch.setattr(percentiles, name, value)
        for by in (None, "url.route"):
            found = source.percentiles(query, "took", PERCENTS, by)
            assert found == plain.percentiles(query, "took", PERCENTS, by)
    source.close()


def test_many_numbers_close_together_are_counted_in_bounded_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    values = (rng.normal(10**10, 10**6, 50_000).astype(np.int64) // 2).tolist()
    batch = make(values, 0, [0] * len(values), missing=False)
    with LogStore.open(tmp_path) as store:
        store.append([batch])
    source = open_source(tmp_path)
    query = LogQuery(start_ns=START_NS, end_ns=START_NS + 10**6 * SECOND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(percentiles, "_MOST_CANDIDATES", 1000)
        ((_, n, found),) = source.percentiles(query, "took", PERCENTS).rows
    ordered = sorted(values)
    ranks = [max(-(-n * round(percent * 10) // 1000), 1) - 1 for percent in PERCENTS]
    assert found == tuple(float(ordered[rank]) for rank in ranks)
    source.close()
