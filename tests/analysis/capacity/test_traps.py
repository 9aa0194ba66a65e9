"""What misleads whoever extrapolates load: each is seen through, or the answer refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jipyo.analysis.capacity.answer import Basis, Broken, Capacity
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective, LoadHistory, Resource
from jipyo.analysis.capacity.resources import find_limits
from support.queues import BOUNDS_S, WINDOW_S, break_rate, make_history

OBJECTIVE = CapacityObjective(2.0)
TRUTH = break_rate(10.0, OBJECTIVE)
HALF = 7 * 96 // 2


def medians(capacity: Capacity) -> float:
    assert capacity.breaking is not None, capacity.refusal
    return capacity.breaking.median


def changed_at_half(before: float, after: float, peak: float) -> LoadHistory:
    """One service whose capacity changes in the middle of the week."""
    capacity = np.where(np.arange(7 * 96) < HALF, before, after)
    return make_history(capacity, peak)


@pytest.mark.parametrize(("before", "after"), [(14.0, 10.0), (7.0, 10.0), (12.0, 10.0)])
def test_only_what_follows_a_deployment_counts(before: float, after: float) -> None:
    history = changed_at_half(before, after, 6.5)
    capacity = find_capacity(history, OBJECTIVE)
    (split,) = capacity.splits
    assert abs(split.t_ms - history.t_ms[HALF]) <= 4 * WINDOW_S * 1000
    assert (split.shift > 0) is (after < before)
    assert not split.is_known
    assert medians(capacity) == pytest.approx(TRUTH, rel=0.08)
    assert capacity.seen is not None
    assert capacity.seen.begin_ms >= split.t_ms - 2 * WINDOW_S * 1000


def test_a_known_deployment_gives_the_change_its_time() -> None:
    history = changed_at_half(14.0, 10.0, 6.5)
    known = int(history.t_ms[HALF]) - 400_000
    capacity = find_capacity(replace(history, deployments_ms=(1, known)), OBJECTIVE)
    assert [(one.t_ms, one.is_known) for one in capacity.splits] == [(known, True)]


def test_a_deployment_that_changed_nothing_costs_no_history() -> None:
    history = make_history(10.0, 7.0)
    known = replace(history, deployments_ms=(int(history.t_ms[HALF]),))
    assert find_capacity(known, OBJECTIVE) == find_capacity(history, OBJECTIVE)


@pytest.mark.parametrize("seed", range(12))
def test_a_steady_service_is_not_split(seed: int) -> None:
    assert find_capacity(make_history(10.0, 8.0, seed=seed), OBJECTIVE).splits == ()


@pytest.mark.parametrize(
    ("busy", "reason"),
    [
        ("curved", "curved"),
        ("noise", "unrelated"),
        ("percent", "no_share"),
        ("steady", "steady"),
        ("absent", "few"),
    ],
)
def test_what_is_no_busy_share_is_not_used(busy: str, reason: str) -> None:
    capacity = find_capacity(make_history(10.0, 8.0, busy=busy), OBJECTIVE)
    (limit,) = capacity.resources
    assert limit.full_rate is None
    assert limit.unusable is not None
    assert limit.unusable.key == f"capacity.resource.{reason}"
    assert capacity.limiting is None
    without = find_capacity(make_history(10.0, 8.0, busy="none"), OBJECTIVE)
    assert capacity.breaking == without.breaking


def test_the_resource_that_is_full_first_is_named() -> None:
    history = make_history(10.0, 7.0)
    load = history.rate
    resources = (
        Resource("CPU", load / 30),
        Resource("GPU", load / 10),
        Resource("pool", load / 20),
    )
    capacity = find_capacity(replace(history, resources=resources), OBJECTIVE)
    assert capacity.limiting == "GPU"
    assert [one.full_rate for one in capacity.resources] == pytest.approx([30, 10, 20], rel=0.01)


@pytest.mark.parametrize(
    ("scale", "rise", "reason"),
    [
        pytest.param(1e-320, 0.1, "steady", id="next to no load"),
        pytest.param(1.0, 1e-200, "steady", id="next to no difference"),
        pytest.param(1.0, 0.1, "few", id="two loads"),
    ],
)
def test_a_resource_that_shows_nothing_is_not_used(scale: float, rise: float, reason: str) -> None:
    history = make_history(10.0, 7.0, busy="none")
    levels = np.asarray(np.arange(len(history.t_ms)) % 2 + 1, np.float64)
    steps = replace(
        history,
        requests=levels * 900 * scale,
        errors=levels * 0,
        resources=(Resource("CPU", levels * rise),),
    )
    (limit,) = find_limits(steps)
    assert limit.full_rate is None
    assert limit.unusable is not None
    assert limit.unusable.key == f"capacity.resource.{reason}"


def test_a_limit_of_the_configuration_bounds_the_answer() -> None:
    history = make_history(20.0, 7.0, busy="none")
    limiter = Resource("limiter", np.full(len(history.t_ms), np.nan), limit_rate=9.0)
    capacity = find_capacity(replace(history, resources=(limiter,)), OBJECTIVE)
    assert capacity.limiting == "limiter"
    assert medians(capacity) == 9.0


@pytest.mark.parametrize("peak", [3.0, 4.0, 5.0, 6.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_resource_that_is_not_the_bottleneck_does_not_mislead(peak: float, seed: int) -> None:
    history = make_history(10.0, peak, busy="misleading", seed=seed)
    capacity = find_capacity(history, OBJECTIVE)
    (limit,) = capacity.resources
    assert limit.full_rate == pytest.approx(25, rel=0.01)
    if capacity.breaking is not None:
        assert capacity.breaking.median == pytest.approx(TRUTH, rel=0.2)


def test_errors_that_come_first_carry_the_answer() -> None:
    history = make_history(10.0, 7.0)
    share = 0.01 * (history.rate / 7.5) ** 6
    errors = np.random.default_rng(5).binomial(history.requests.astype(int), share)
    capacity = find_capacity(replace(history, errors=errors.astype(float)), OBJECTIVE)
    assert capacity.broken is Broken.ERRORS
    assert medians(capacity) == pytest.approx(7.5, rel=0.05)


def test_load_is_what_was_offered_not_what_was_answered() -> None:
    history = make_history(10.0, 8.0)
    failed = np.floor(history.requests * 0.005)
    answered = np.floor(history.buckets * 0.995)
    capacity = find_capacity(replace(history, errors=failed, buckets=answered), OBJECTIVE)
    assert capacity.seen is not None
    assert capacity.seen.highest_rate == pytest.approx(np.quantile(history.rate, 0.998))


def test_callers_that_wait_for_answers_bring_a_refusal() -> None:
    """Twenty workers in a loop: when the service is slow they ask less."""
    random = np.random.default_rng(3)
    hour = np.arange(7 * 96) / 4
    slow_s = 1.5 + np.sin(2 * np.pi * hour / 24)
    rate = 20 / (slow_s + 0.5) * random.uniform(0.95, 1.05, len(hour))
    requests = np.round(rate * WINDOW_S)
    reached = 1 - np.exp(-BOUNDS_S / slow_s[:, None])
    shares = np.diff(reached, axis=1, prepend=0.0, append=1.0)
    buckets = random.multinomial(requests.astype(int), shares).astype(float)
    history = replace(make_history(busy="none"), requests=requests, buckets=buckets)
    capacity = find_capacity(history, CapacityObjective(10.0))
    assert capacity.refusal is not None
    assert capacity.refusal.key == "capacity.refused.closed_loop"


def test_a_limit_between_bounds_is_interpolated_and_says_so() -> None:
    objective = CapacityObjective(1.7)
    capacity = find_capacity(make_history(10.0, 8.0), objective)
    assert [one.key for one in capacity.remarks] == ["capacity.remark.interpolated"]
    assert medians(capacity) == pytest.approx(break_rate(10.0, objective), rel=0.06)


def test_a_limit_beyond_the_buckets_is_refused() -> None:
    capacity = find_capacity(make_history(10.0, 8.0), CapacityObjective(11.0))
    assert capacity.refusal is not None
    assert capacity.refusal.key == "capacity.refused.beyond_buckets"


def test_a_load_that_hardly_varies_is_refused() -> None:
    history = make_history(10.0, 8.0)
    constant = replace(history, requests=np.full_like(history.requests, 4500.0))
    refusal = find_capacity(constant, OBJECTIVE).refusal
    assert refusal is not None
    assert refusal.key == "capacity.refused.steady_load"


def test_an_overload_is_answered_from_what_was_seen() -> None:
    capacity = find_capacity(make_history(10.0, 9.9), OBJECTIVE)
    assert capacity.basis is Basis.OBSERVED
    assert capacity.proven is not None
    assert capacity.proven.rate < TRUTH


def test_a_quiet_night_with_slow_batches_does_not_hide_what_the_day_proves() -> None:
    history = make_history(10.0, 8.0)
    buckets = history.buckets.copy()
    quiet = np.flatnonzero(history.rate < 1.0)
    buckets[quiet[:10], -4] += 5
    proven = find_capacity(replace(history, buckets=buckets), OBJECTIVE).proven
    assert proven is not None
    assert proven.rate > 7
