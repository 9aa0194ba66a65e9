"""What every capacity answer promises, whatever it is given."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective, LoadHistory, Resource
from support.queues import BOUNDS_S, make_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.capacity.answer import Capacity

OBJECTIVE = CapacityObjective(2.0)


def numbers(capacity: Capacity) -> list[float]:
    intervals = [capacity.breaking] if capacity.breaking else []
    found = [n for one in intervals for n in (one.low, one.median, one.high)]
    found += [capacity.likely_above] if capacity.likely_above is not None else []
    if capacity.proven:
        found += [capacity.proven.rate, capacity.proven.latency_s, capacity.proven.duration_s]
    if capacity.seen:
        found += [capacity.seen.highest_rate, capacity.seen.hours, capacity.seen.requests]
    return found + [one.full_rate for one in capacity.resources if one.full_rate is not None]


def check(capacity: Capacity) -> None:
    assert (capacity.breaking is None) is not (capacity.refusal is None)
    assert np.isfinite(numbers(capacity)).all()
    assert min(numbers(capacity), default=0.0) >= 0
    if capacity.breaking:
        assert capacity.breaking.low <= capacity.breaking.median <= capacity.breaking.high


def in_one_bucket(buckets: np.ndarray, place: int) -> np.ndarray:
    moved = np.zeros_like(buckets)
    moved[:, place] = buckets.sum(axis=1)
    return moved


def every(rows: slice, values: np.ndarray, value: float) -> np.ndarray:
    changed = values.copy()
    changed[rows] = value
    return changed


CHANGES: dict[str, Callable[[LoadHistory], LoadHistory]] = {
    "no window": lambda h: h.select(slice(0)),
    "one window": lambda h: h.select(slice(1)),
    "two windows": lambda h: h.select(slice(2)),
    "gaps": lambda h: h.select(np.arange(len(h.t_ms)) % 5 > 1),
    "NaN requests": lambda h: replace(h, requests=every(np.s_[::3], h.requests, np.nan)),
    "NaN buckets": lambda h: replace(h, buckets=every(np.s_[1::7], h.buckets, np.nan)),
    "infinite": lambda h: replace(h, requests=every(np.s_[::9], h.requests, np.inf)),
    "negative": lambda h: replace(h, buckets=every(np.s_[::4], h.buckets, -5.0)),
    "all failed": lambda h: replace(h, errors=h.requests),
    "more errors than requests": lambda h: replace(h, errors=h.requests * 3),
    "no latency": lambda h: replace(h, buckets=h.buckets * 0),
    "no requests": lambda h: replace(h, requests=h.requests * 0),
    "one bucket": lambda h: replace(h, buckets=in_one_bucket(h.buckets, 3)),
    "beyond the last bound": lambda h: replace(h, buckets=in_one_bucket(h.buckets, -1)),
    "huge": lambda h: replace(h, requests=h.requests * 1e9, buckets=h.buckets * 1e9),
    "tiny": lambda h: replace(h, requests=h.requests * 1e-3),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_whatever_is_seen_there_is_an_answer_or_a_reason(kind: str) -> None:
    check(find_capacity(CHANGES[kind](make_history(10.0, 8.0)), OBJECTIVE))


@settings(max_examples=25, deadline=None)
@given(
    arrays(np.float64, (250, 4), elements=st.floats(0, 1e6) | st.just(float("nan"))),
    arrays(np.float64, 250, elements=st.floats(-1, 2) | st.just(float("nan"))),
    st.floats(0.001, 50),
)
def test_arbitrary_counts_have_an_answer_or_a_reason(
    buckets: np.ndarray, busy: np.ndarray, limit_s: float
) -> None:
    n = len(buckets)
    history = LoadHistory(
        np.arange(1, n + 1) * 900_000,
        900.0,
        buckets.sum(axis=1),
        buckets[:, 0],
        buckets,
        np.array([0.1, 1.0, 10.0]),
        (Resource("CPU", busy),),
    )
    check(find_capacity(history, CapacityObjective(limit_s)))


@pytest.mark.parametrize("factor", [1e-3, 0.1, 60.0])
@pytest.mark.parametrize("peak", [4.0, 8.0, 9.7])
def test_time_in_another_unit_gives_the_same_answer_in_that_unit(
    factor: float, peak: float
) -> None:
    """A service that is `factor` times as slow, seen as much longer, takes as much less."""
    history = make_history(10.0, peak)
    slow = replace(history, window_s=900 * factor, bounds_s=BOUNDS_S * factor)
    slow = replace(slow, t_ms=np.arange(1, len(history.t_ms) + 1) * int(900_000 * factor))
    plain = find_capacity(history, OBJECTIVE).breaking
    moved = find_capacity(slow, CapacityObjective(2.0 * factor)).breaking
    if factor < 1:  # less than a day and a half
        assert moved is None
        return
    assert (plain is None) is (moved is None)
    if plain and moved:
        assert moved.median * factor == pytest.approx(plain.median, rel=0.02)


def test_the_input_is_left_as_it_is() -> None:
    history = make_history(10.0, 8.0)
    before = {
        one.name: np.copy(getattr(history, one.name))
        for one in fields(history)
        if isinstance(getattr(history, one.name), np.ndarray)
    }
    for name in before:
        getattr(history, name).flags.writeable = False
    find_capacity(history, OBJECTIVE)
    for name, values in before.items():
        assert np.array_equal(getattr(history, name), values)


def test_answers_hardly_depend_on_the_seed() -> None:
    history = make_history(10.0, 7.0)
    found = [find_capacity(history, OBJECTIVE, seed=seed).breaking for seed in range(8)]
    medians = [one.median for one in found if one]
    assert len(medians) == 8
    assert max(medians) < 1.03 * min(medians)


@pytest.mark.parametrize(("seed", "worse"), [(1, 0.9), (2, 0.8), (3, 0.9)])
def test_a_slower_service_breaks_earlier(seed: int, worse: float) -> None:
    good = find_capacity(make_history(10.0, 7.0, seed=seed), OBJECTIVE).breaking
    poor = find_capacity(make_history(10.0 * worse, 7.0, seed=seed), OBJECTIVE).breaking
    assert good
    assert poor
    assert poor.median < good.median
