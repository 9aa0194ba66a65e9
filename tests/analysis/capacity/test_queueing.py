"""The queueing model beside one written plainly, a queue and a point at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jipyo.analysis.capacity import queueing
from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.capacity.loads import BaseLatency, describe_base, find_top_rate, pool_by_load
from jipyo.analysis.capacity.queueing import Queues, collect_evidence
from support.queues import make_history

OBJECTIVE = CapacityObjective(2.0)
BASE = BaseLatency(np.array([0.1, 0.3, 0.5, 1.9]), np.array([0.4, 0.3, 0.2, 0.1]), 1.0)


def share_slower(base: BaseLatency, queue: tuple[float, ...], rate: float, limit_s: float) -> float:
    """P(latency > limit) as the docstring of the module writes it."""
    capacity, servers, variability, slowdown = queue
    r = min(rate / capacity, 0.9999)
    f = (1 - slowdown * min(base.rate / capacity, 0.9)) / (1 - slowdown * r)
    waits = r ** (math.sqrt(2 * (servers + 1)) - 1)
    share = 0.0
    for point, weight in zip(base.points_s, base.weights, strict=True):
        left = limit_s - point * f
        tail = math.exp(-left * capacity * (1 - r) / variability) if left > 0 else 0.0
        share += weight * (1.0 if left <= 0 else waits * tail)
    return share


@pytest.mark.parametrize(
    "queue", [(10, 1, 1, 0), (10, 16, 0.4, 0.5), (5, 4, 3.2, 0.9), (100, 64, 1.5, 0)]
)
@pytest.mark.parametrize("rate", [0.5, 4.0, 4.99])
@pytest.mark.parametrize("limit_s", [0.2, 1.0, 1.9, 2.5])
def test_a_share_is_what_the_formula_says(
    queue: tuple[float, ...], rate: float, limit_s: float
) -> None:
    capacity, servers, variability, slowdown = (np.array([float(one)]) for one in queue)
    queues = Queues(capacity, servers, variability, slowdown, BASE)
    fast = queues.share_slower(limit_s, np.array([rate]))
    assert fast[0] == pytest.approx(share_slower(BASE, queue, rate, limit_s), rel=1e-9)


def test_the_grid_scores_each_queue_as_one_alone() -> None:
    history = make_history(10.0, 7.0)
    bins = pool_by_load(history)
    base = describe_base(bins, history.bounds_s)
    evidence = collect_evidence(history, bins, base, OBJECTIVE)
    capacities = find_top_rate(history.rate) * np.array([1.1, 2.0, 5.0])
    grid = queueing._score(capacities, bins, base, evidence)
    random = np.random.default_rng(2)
    for _ in range(30):
        i, j, k, m = (int(random.integers(size)) for size in grid.shape)
        queue = (
            capacities[i],
            queueing._SERVERS[j],
            queueing._VARIABILITIES[k],
            queueing._SLOWDOWNS[m],
        )
        alone = 0.0
        for b, rate in enumerate(bins.rate):
            for a, limit_s in enumerate(evidence.limits_s):
                edge = 0.5 / (bins.answered[b] + 1)
                share = min(max(share_slower(base, queue, rate, limit_s), edge), 1 - edge)
                z = (math.log(share / (1 - share)) - evidence.logits[a, b]) / evidence.sd[a, b]
                z = max(z, 0.0) if evidence.rare[a, b] else z
                alone -= 1.5 * math.log1p(z * z / 4)
        assert grid[i, j, k, m] == pytest.approx(alone, rel=1e-9)


def test_the_break_is_where_the_share_passes_the_objective() -> None:
    random = np.random.default_rng(3)
    n = 50
    queues = Queues(
        random.uniform(5, 50, n),
        random.integers(1, 64, n).astype(float),
        random.uniform(0.4, 3, n),
        random.uniform(0, 0.9, n),
        BaseLatency(np.array([0.1, 0.3, 0.9]), np.array([0.5, 0.3, 0.2]), 1.0),
    )
    rates = queues.find_breaking(OBJECTIVE)
    assert np.all(queues.share_slower(2.0, rates * 0.999) <= 0.05)
    assert np.all(queues.share_slower(2.0, rates * 1.001) >= 0.05)
