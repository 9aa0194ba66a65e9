"""Counts of two windows: the test by its formulas, and what is a change by what people mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.comparison import (
    ChangeKind,
    adjust_p_values,
    compare_counts,
    compute_g,
    estimate_traffic,
)

MANY = {f"v{n}": 100 + n for n in range(20)}


@pytest.mark.parametrize(
    ("n", "before", "share", "kind"),
    [
        (1, 0, 1.0, ChangeKind.NEW),
        (0, 200, 0.1, ChangeKind.VANISHED),
        (0, 3, 0.1, None),
        (90, 100, 0.1, ChangeKind.SURGING),
        (12, 100, 0.1, None),
        (1500, 10_000, 0.1, None),
        (20, 1000, 0.1, ChangeKind.RECEDING),
        (0, 0, 1.0, None),
    ],
)
def test_a_value_changes_when_its_rate_does(
    n: int, before: int, share: float, kind: ChangeKind | None
) -> None:
    found = compare_counts({"it": n}, {"it": before}, share)
    assert [each.kind for each in found.changes] == ([kind] if kind else [])


def test_what_varies_as_much_as_most_is_no_change() -> None:
    steady = {f"t{at}": 100 for at in range(20)}
    burst = {name: 100 + 60 * (-1) ** at for at, name in enumerate(steady)}
    calm = compare_counts({**steady, "it": 300}, {**steady, "it": 100}, 1.0)
    wild = compare_counts({**burst, "it": 300}, {**steady, "it": 100}, 1.0)
    assert [each.value for each in calm.changes] == ["it"]
    assert wild.changes == ()
    assert wild.dispersion > 10


def test_a_storm_of_one_value_does_not_make_the_others_differ() -> None:
    found = compare_counts({**MANY, "storm": 20_000}, {**MANY, "storm": 100}, 1.0)
    assert [(each.kind, each.value) for each in found.changes] == [(ChangeKind.SURGING, "storm")]
    few = compare_counts({"a": 10_000, "storm": 20_000}, {"a": 10_000, "storm": 100}, 1.0)
    assert [each.value for each in few.changes] == ["storm"]


def test_less_traffic_alone_is_no_difference_of_any_value() -> None:
    night = {name: n // 10 for name, n in MANY.items()}
    found = compare_counts(night, MANY, 1.0)
    assert found.changes == ()
    assert found.traffic == pytest.approx(0.1, abs=0.01)


def test_what_goes_on_as_before_while_all_else_falls_does_not_surge() -> None:
    night = {name: n // 10 for name, n in MANY.items()}
    found = compare_counts({**night, "cron": 500}, {**MANY, "cron": 500}, 1.0)
    assert found.changes == ()


def test_what_surges_at_night_is_found() -> None:
    night = {name: n // 10 for name, n in MANY.items()}
    (change,) = compare_counts({**night, "it": 1500}, {**MANY, "it": 500}, 1.0).changes
    assert (change.kind, change.n, change.expected) == (ChangeKind.SURGING, 1500, 500)


def test_windows_of_other_lengths_are_compared_by_records_a_second() -> None:
    (change,) = compare_counts({"a": 9900, "b": 100}, {"a": 239_760, "b": 240}, 1 / 24).changes
    assert (change.value, change.expected) == ("b", 10)


def test_changes_are_listed_by_kind_and_the_surest_first() -> None:
    now = {**MANY, "few": 3, "lot": 900, "rare": 400, "more": 900}
    found = compare_counts(now, {**MANY, "rare": 100, "more": 100, "gone": 90}, 1.0)
    assert [(each.kind.value, each.value) for each in found.changes] == [
        ("new", "lot"),
        ("new", "few"),
        ("surging", "more"),
        ("surging", "rare"),
        ("vanished", "gone"),
    ]
    assert found.compared == len(MANY) + 5


def test_chance_alone_is_seldom_found_among_many_values() -> None:
    random = np.random.default_rng(3)

    def draw() -> dict[str, int]:
        return {f"v{n}": int(v) + 1 for n, v in enumerate(random.poisson(20, 1000))}

    assert sum(len(compare_counts(draw(), draw(), 1.0).changes) for _ in range(20)) <= 1


def test_the_statistic_of_a_known_table() -> None:
    seen, expected = np.array([20, 10]), np.array([15, 15])
    assert compute_g(20, 10, 1.0) == pytest.approx(2 * (seen * np.log(seen / expected)).sum())
    assert compute_g(20, 10, 1.0) == pytest.approx(3.3979, abs=1e-4)
    assert compute_g(10, 10, 1.0) == 0
    assert compute_g(0, 0, 1.0) == 0


def test_traffic_is_estimated_from_enough_values_only() -> None:
    assert estimate_traffic([(50, 100)] * 7, 1.0) == 1
    assert estimate_traffic([(50, 100)] * 8, 1.0) == 0.5
    assert estimate_traffic([(50, 100)] * 8 + [(9, 0)] * 20, 0.5) == 1


@given(st.lists(st.floats(0, 1), max_size=20))
def test_rates_of_discovery_are_those_of_the_definition(values: list[float]) -> None:
    n, ascending = len(values), sorted(values)
    plain = [min(1.0, *(ascending[k] * n / (k + 1) for k in range(place, n))) for place in range(n)]
    assert adjust_p_values(ascending) == pytest.approx(plain)
    assert adjust_p_values([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
