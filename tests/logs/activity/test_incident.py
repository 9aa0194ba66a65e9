"""What differs in an incident's window; the statistic against its formula."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.incident import (
    WindowCounts,
    adjust_p_values,
    compare_windows,
    count_templates,
    count_values,
    find_g,
)
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from support.log_batches import SECOND, START_NS, make_batch


def counts(records: int, duration_s: float = 3600, **values: int) -> WindowCounts:
    return WindowCounts(records, duration_s, {"host.name": values})


def test_what_is_new_surges_or_vanishes_is_found() -> None:
    before = counts(10_000, a=5000, b=4990, gone=10)
    now = counts(10_500, a=5000, b=4900, fresh=500, rare=100)
    found = {each.value: each for each in compare_windows(now, before)}
    assert set(found) == {"fresh", "rare", "gone"}
    assert (found["fresh"].ratio, found["gone"].ratio) == (inf, 0)
    assert (found["fresh"].records, found["fresh"].before) == (500, 0)
    assert found["fresh"].q <= found["rare"].q <= found["gone"].q <= 0.01


def test_a_storm_of_one_value_does_not_make_the_others_differ() -> None:
    found = compare_windows(
        counts(30_000, a=10_000, storm=20_000), counts(10_100, a=10_000, storm=100)
    )
    assert [each.value for each in found] == ["storm"]


def test_less_traffic_alone_is_no_difference() -> None:
    assert compare_windows(counts(500, a=300, b=200), counts(5000, a=3000, b=2000)) == ()


def test_windows_of_other_lengths_are_compared_by_records_a_second() -> None:
    day = counts(240_000, 86_400, a=239_760, b=240)
    (found,) = compare_windows(counts(10_000, 3600, a=9900, b=100), day)
    assert found.value == "b"
    assert found.ratio == pytest.approx(10)


def test_chance_alone_is_seldom_found_among_many_values() -> None:
    random = np.random.default_rng(3)

    def draw() -> WindowCounts:
        values = random.poisson(20, 1000)
        return counts(int(values.sum()), **{f"v{n}": int(v) for n, v in enumerate(values)})

    assert sum(len(compare_windows(draw(), draw(), least_ratio=1)) for _ in range(20)) <= 1


def test_the_statistic_of_a_known_table() -> None:
    # 9 of 52 against 24 of 40: G by hand from the four cells.
    seen = np.array([[9, 43], [24, 16]])
    expected = seen.sum(1)[:, None] * seen.sum(0) / seen.sum()
    g = 2 * (seen * np.log(seen / expected)).sum()
    assert find_g(9, 52, 24, 40) == pytest.approx(g)
    assert find_g(5, 10, 50, 100) == pytest.approx(0, abs=1e-9)
    assert find_g(0, 10, 0, 10) == 0


@given(st.lists(st.floats(0, 1), max_size=20).map(sorted))
def test_rates_of_discovery_are_those_of_the_definition(ascending) -> None:
    n = len(ascending)
    plain = [min(1.0, *(ascending[k] * n / (k + 1) for k in range(place, n))) for place in range(n)]
    assert adjust_p_values(ascending) == pytest.approx(plain)


def test_values_are_counted_over_batches() -> None:
    rows: list[dict[str, object]] = [
        {"t": 0, "host.name": "a", "n": 5, "level": "ERROR"},
        {"t": 1, "host.name": None, "n": 5},
    ]
    batches = [make_batch("web", rows), make_batch("chat", rows[:1])]
    found = count_values(batches, ("host.name", "n", "no.such"), 60)
    assert found.records == 3
    assert found.counts == {
        "service": {"web": 2, "chat": 1},
        "level": {"error": 2, "info": 1},
        "host.name": {"a": 2},
        "n": {"5": 3},
        "no.such": {},
    }


def test_templates_are_counted_as_a_source_counts_them() -> None:
    source = BatchLogSource(
        [make_batch("web", [{"t": 0, "message": "a"}, {"t": 1, "message": "a"}])]
    )
    answer = source.templates(LogQuery(start_ns=START_NS, end_ns=START_NS + 9 * SECOND))
    assert count_templates(answer, 9) == WindowCounts(2, 9, {"template": {"a": 2}})
