"""What GPUs consumed is shared out by a stated rule, and nothing of it is lost or made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.efficiency import apportion, share_by_tenant, share_out

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))


def draw(shape, seed):
    gpus, models, hours = shape
    rng = np.random.default_rng(seed)
    used = rng.exponential(1, (gpus, hours))
    used[rng.random(used.shape) < 0.1] = np.nan
    idle = rng.exponential(0.4, (gpus, hours))
    holds = rng.random((gpus, models, hours)) < 0.5
    tokens = np.floor(rng.exponential(100, (models, hours))) * (rng.random((models, hours)) < 0.7)
    return used, idle, holds, tokens


def share_plainly(used, idle, holds, tokens):
    """The rule, word by word, a GPU and an hour at a time."""
    gpus, models, hours = holds.shape
    for_models, resting, unknown = np.zeros((models, hours)), np.zeros(hours), np.zeros(hours)
    for gpu in range(gpus):
        for hour in range(hours):
            whole = 0.0 if np.isnan(used[gpu, hour]) else used[gpu, hour]
            rest = min(max(idle[gpu, hour], 0.0), whole)
            resting[hour] += rest
            own = [model for model in range(models) if holds[gpu, model, hour]]
            counted = sum(tokens[model, hour] for model in own)
            for model in own:
                if counted > 0:
                    for_models[model, hour] += (whole - rest) * tokens[model, hour] / counted
                elif len(own) == 1:
                    for_models[model, hour] += whole - rest
            if counted <= 0 and len(own) != 1:
                unknown[hour] += whole - rest
    return for_models, resting, unknown


@given(SHAPES)
def test_it_is_the_rule_and_adds_up_to_the_meter(case):
    *shape, seed = case
    drawn = draw(tuple(shape), seed)
    shared = share_out(*drawn)
    for_models, resting, unknown = share_plainly(*drawn)
    assert shared.models == pytest.approx(for_models)
    assert shared.idle == pytest.approx(resting)
    assert shared.unknown == pytest.approx(unknown)
    total = shared.models.sum(axis=0) + shared.idle + shared.unknown
    assert total == pytest.approx(np.nan_to_num(drawn[0]).sum(axis=0))


@given(SHAPES, st.integers(1, 4))
def test_tenants_and_what_is_nobodys_add_up_to_the_models(case, tenants):
    _, models, hours, seed = case
    rng = np.random.default_rng(seed)
    used = rng.exponential(1, (models, hours))
    own = np.floor(rng.exponential(30, (tenants, models, hours)))
    total = np.floor(rng.exponential(90, (models, hours)))
    for_tenants, left = share_by_tenant(used, own, total)
    assert for_tenants.sum(axis=0) + left == pytest.approx(used.sum(axis=0))
    assert (left >= -1e-9).all()
    for tenant in range(tenants):
        for hour in range(hours):
            expected = sum(
                used[m, hour] * own[tenant, m, hour] / base
                for m in range(models)
                if (base := max(total[m, hour], own[:, m, hour].sum())) > 0
            )
            assert for_tenants[tenant, hour] == pytest.approx(expected)


@given(st.integers(0, 10**9), st.lists(st.floats(0, 1e6), max_size=12))
def test_whole_numbers_add_up_and_are_next_to_their_share(total, weights):
    parts = apportion(total, weights)
    assert len(parts) == len(weights)
    if not weights:
        return
    assert sum(parts) == total
    whole = sum(weights)
    if whole > 0:
        assert all(
            abs(part - total * one / whole) < 1.01 for part, one in zip(parts, weights, strict=True)
        )


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (5, [0, 0], [0, 5]),
        (0, [3, 1], [0, 0]),
        (7, [], []),
        (100, [2, 1, 0], [67, 33, 0]),
    ],
)
def test_of_equal_remainders_the_first_gets_more(total, weights, parts):
    assert apportion(total, weights) == parts
