"""Percentiles by group, against a plain reference."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.latency import find_percentiles
from jipyo.logs.evaluate.source import nearest_rank

BIG = st.integers(-(2**40), 2**40) | st.integers(-(2**61), 2**61)
PERCENTS = (0, 50, 95, 99.9, 100)


@given(st.lists(st.tuples(st.integers(-3, 3) | st.integers(-(2**40), 2**40), BIG), max_size=60))
def test_percentiles_are_those_of_the_plain_reference(pairs) -> None:
    plain = defaultdict(list)
    for group, value in pairs:
        plain[group].append(value)
    groups = np.array([group for group, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.int64)
    found = find_percentiles(groups, values, PERCENTS)
    assert found.groups.tolist() == sorted(plain)
    assert found.counts.tolist() == [len(plain[group]) for group in sorted(plain)]
    assert found.values.tolist() == [
        [nearest_rank(plain[group], percent) for percent in PERCENTS] for group in sorted(plain)
    ]
