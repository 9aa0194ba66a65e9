"""The capacity answer on services whose breaking rate is known exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jipyo.analysis.capacity.answer import Basis, TargetVerdict, judge_target
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective
from support.queues import break_rate, make_history

OBJECTIVE = CapacityObjective(2.0)
TRUTH = break_rate(10.0, OBJECTIVE)


@pytest.mark.parametrize("peak", [5.0, 6.0, 7.0, 8.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_break_is_known_from_loads_below_it(peak: float, seed: int) -> None:
    capacity = find_capacity(make_history(10.0, peak, seed=seed), OBJECTIVE)
    assert capacity.breaking is not None
    assert capacity.breaking.median == pytest.approx(TRUTH, rel=0.07)
    assert capacity.breaking.low < TRUTH < capacity.breaking.high
    assert (capacity.limiting, capacity.basis) == ("CPU", Basis.MODEL)


def test_a_break_that_was_seen_is_taken_from_there() -> None:
    capacity = find_capacity(make_history(10.0, 9.7), OBJECTIVE)
    assert capacity.basis is Basis.OBSERVED
    assert capacity.breaking is not None
    assert capacity.breaking.median == pytest.approx(TRUTH, rel=0.04)


@pytest.mark.parametrize("peak", [3.0, 6.0, 8.0, 9.5])
def test_what_is_proven_was_seen_and_holds(peak: float) -> None:
    history = make_history(10.0, peak)
    proven = find_capacity(history, OBJECTIVE).proven
    assert proven is not None
    assert 0.85 * min(peak, TRUTH) < proven.rate <= min(TRUTH, history.rate.max())
    assert proven.latency_s <= OBJECTIVE.latency_s
    assert proven.duration_s == proven.windows * history.window_s


def test_the_same_seed_gives_the_same_answer() -> None:
    history = make_history(10.0, 8.0)
    assert find_capacity(history, OBJECTIVE, seed=3) == find_capacity(history, OBJECTIVE, seed=3)


@pytest.mark.parametrize(
    ("peak", "days", "busy", "reason"),
    [
        (2.5, 7, "true", "low_load"),
        (4.0, 7, "none", "vague"),
        (3.0, 7, "misleading", "vague"),
        (8.0, 1, "true", "few_hours"),
    ],
)
def test_too_little_to_tell_is_refused_with_its_reason(
    peak: float, days: float, busy: str, reason: str
) -> None:
    capacity = find_capacity(make_history(10.0, peak, days=days, busy=busy), OBJECTIVE)
    assert capacity.breaking is None
    assert capacity.refusal is not None
    assert capacity.refusal.key == f"capacity.refused.{reason}"


def test_a_history_without_requests_is_refused() -> None:
    history = make_history(days=3)
    nothing = np.zeros_like(history.requests)
    empty = replace(history, requests=nothing, buckets=np.zeros_like(history.buckets))
    capacity = find_capacity(empty, OBJECTIVE)
    assert capacity.refusal is not None
    assert capacity.refusal.key == "capacity.refused.no_data"
    assert (capacity.proven, capacity.seen) == (None, None)


@pytest.mark.parametrize(
    ("rate", "verdict"),
    [(5.0, TargetVerdict.YES), (TRUTH, TargetVerdict.UNKNOWN), (100.0, TargetVerdict.NO)],
)
def test_a_wanted_rate_gets_an_answer(rate: float, verdict: TargetVerdict) -> None:
    capacity = find_capacity(make_history(10.0, 7.0), OBJECTIVE)
    assert judge_target(capacity, rate).verdict is verdict


def test_a_wanted_rate_stays_open_where_too_little_load_was_seen() -> None:
    capacity = find_capacity(make_history(10.0, 2.5), OBJECTIVE)
    assert judge_target(capacity, 100.0).verdict is TargetVerdict.UNKNOWN
    assert judge_target(capacity, 2.0).verdict is TargetVerdict.YES
