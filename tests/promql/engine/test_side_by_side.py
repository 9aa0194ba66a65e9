"""Series at different times, worked on together: to the last bit what each of them gives alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.promql.engine.functions.range_functions import RANGE_FUNCTIONS
from jipyo.promql.engine.functions.side_by_side import (
    apply_side_by_side,
    can_stand_side_by_side,
    collect_small_parts,
)
from jipyo.promql.engine.samples import Samples
from jipyo.promql.engine.windows import WindowShape, apply_to_series
from jipyo.promql.syntax.ast import Extension

FUNCTIONS = sorted(name for name, f in RANGE_FUNCTIONS.items() if f.sees_only_windows)
VALUES = st.one_of(
    st.floats(0, 1e6),
    st.integers(0, 5).map(float),
    st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1e300]),
)


def build(seed: int, height: int, times: list[int], pool: list[float]) -> Samples:
    rng = np.random.default_rng(seed)
    series = tuple(Labels.of({"n": str(n), "seed": str(seed)}) for n in range(height))
    values = np.array(pool)[rng.integers(0, len(pool), (height, len(times)))]
    return Samples(series, np.array(times, np.int64), values, np.zeros(height, np.bool_))


PARTS = st.lists(
    st.builds(
        build,
        st.integers(0, 1000),
        st.integers(1, 4),
        st.lists(st.integers(1, 300), min_size=1, max_size=40, unique=True).map(sorted),
        st.lists(VALUES, min_size=1, max_size=6),
    ),
    min_size=2,
    max_size=5,
)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=60)
@given(parts=PARTS, steps=st.integers(1, 8), step_ms=st.integers(0, 60))
def test_together_gives_what_each_gives_alone(
    name: str, parts: list[Samples], steps: int, step_ms: int
) -> None:
    range_ms = 300 - step_ms * (steps - 1) if step_ms * (steps - 1) < 300 else 40
    last_ms = 300 if range_ms != 40 else 40 + step_ms * (steps - 1)
    shape = WindowShape(last_ms - step_ms * np.arange(steps)[::-1], range_ms)
    parts = [part for part in (cut(part, last_ms) for part in parts) if len(part.t_ms)]
    if len(parts) < 2:
        return
    kernel = RANGE_FUNCTIONS[name].kernel
    with np.errstate(all="ignore"):
        values, present = apply_side_by_side(kernel, parts, shape, lambda: None)
        alone = [kernel(part.t_ms, shape.place(part.t_ms), ()) for part in parts]
        expected = [
            apply_to_series(one, part.values)
            if one.ok.any()
            else np.zeros((len(part.series), steps))
            for one, part in zip(alone, parts, strict=True)
        ]
    oks = [
        np.broadcast_to(one.ok, (len(part.series), steps))
        for one, part in zip(alone, parts, strict=True)
    ]
    assert present.tolist() == np.concatenate(oks).tolist()
    # Which of the NaNs it is, a processor may choose.
    np.testing.assert_array_equal(values[present], np.concatenate(expected)[present])
    zero = present & (values == 0)
    assert np.signbit(values[zero]).tolist() == np.signbit(np.concatenate(expected)[zero]).tolist()


def cut(part: Samples, last_ms: int) -> Samples:
    """What a store returns: nothing beyond the last window."""
    at = part.t_ms <= last_ms
    return Samples(part.series, part.t_ms[at], part.values[:, at], part.nameless)


def test_many_resets_of_many_parts_are_counted_where_they_are() -> None:
    rng = np.random.default_rng(3)
    parts = []
    for seed in range(48):
        t_ms = np.sort(rng.choice(np.arange(1, 3000), 200, replace=False))
        values = rng.integers(0, 9, (3, 200)).astype(float)
        series = tuple(Labels.of({"n": str(n), "seed": str(seed)}) for n in range(3))
        parts.append(Samples(series, t_ms, values, np.zeros(3, np.bool_)))
    shape = WindowShape(np.arange(1000, 3001, 100), 1000)
    kernel = RANGE_FUNCTIONS["increase"].kernel
    values, present = apply_side_by_side(kernel, parts, shape, lambda: None)
    alone = [apply_to_series(kernel(p.t_ms, shape.place(p.t_ms), ()), p.values) for p in parts]
    assert present.all()
    np.testing.assert_allclose(values, np.concatenate(alone), rtol=1e-14)


def test_large_parts_stay_alone_and_small_ones_come_some_at_a_time() -> None:
    small = [build(n, 2, list(range(1, 50)), [1.0]) for n in range(100)]
    large = build(0, 4, list(range(1, 20_000)), [1.0])
    found = list(collect_small_parts(iter([*small[:60], large, *small[60:]]), 10))
    assert [len(parts) for parts in found] == [48, 1, 48, 4]
    assert found[1] == [large]


@pytest.mark.parametrize(
    ("end_ms", "range_ms", "extension", "can"),
    [
        ([0, 10], 300, None, True),
        ([0, 1 << 60], 300, None, False),  # moved behind one another, they would overflow
        ([0], 1 << 51, None, False),
        ([0, 10], 300, Extension.ANCHORED, False),
    ],
)
def test_which_windows_can_stand_side_by_side(
    end_ms: list[int], range_ms: int, extension: Extension | None, can: bool
) -> None:
    assert can_stand_side_by_side(WindowShape(np.array(end_ms), range_ms, extension)) is can
