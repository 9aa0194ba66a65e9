"""Names of thresholds beside the plot: in order, apart, and near their lines."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts.gutter import push_apart

places = st.lists(st.floats(0, 100), max_size=8).map(sorted)


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([], []),
        ([50], [50]),
        ([20, 60], [20, 60]),
        ([50, 50], [45, 55]),  # both move as far
        ([48, 50, 90], [44, 54, 90]),
        ([98, 99], [90, 100]),  # none leaves the plot
        ([0, 1, 2], [0, 10, 20]),
    ],
)
def test_labels_move_no_further_than_they_must(wanted: list[float], places: list[float]) -> None:
    assert push_apart(wanted, 0, 100, 10) == pytest.approx(places)


@given(places)
def test_labels_are_apart_and_in_order(wanted: list[float]) -> None:
    found = push_apart(wanted, 0, 100, 10)
    assert all(b - a >= 10 - 1e-6 for a, b in itertools.pairwise(found))
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in found)


@given(places)
def test_no_other_places_are_nearer(wanted: list[float]) -> None:
    """Moving any label by a little, as far as it may, makes the squares no smaller."""
    found = push_apart(wanted, -1000, 1000, 10)

    def cost(at: list[float]) -> float:
        return sum((a - b) ** 2 for a, b in zip(at, wanted, strict=True))

    for first, last in itertools.combinations(range(len(found) + 1), 2):
        for step in (-0.01, 0.01):
            moved = [p + step * (first <= at < last) for at, p in enumerate(found)]
            if all(b - a >= 10 for a, b in itertools.pairwise(moved)):
                assert cost(moved) >= cost(found) - 1e-9
