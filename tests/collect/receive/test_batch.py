"""Samples in any order become scrapes that a store can append."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.batch import ReceivedBatch, Rows, build_scrapes
from jipyo.model.labels import Labels

A, B, C = (Labels.of({"__name__": name}) for name in "abc")
Sample = tuple[Labels, int, float]


def build(samples: list[Sample], rows: Rows | None = None) -> list[tuple[int, str, list[float]]]:
    scrapes = build_scrapes(
        [labels for labels, _, _ in samples],
        np.array([t_ms for _, t_ms, _ in samples], np.int64),
        np.array([value for _, _, value in samples], np.float64),
        Rows() if rows is None else rows,
    )
    return [
        (scrape.t_ms, "".join(labels.metric for labels in scrape.series), scrape.values.tolist())
        for scrape in scrapes
    ]


@pytest.mark.parametrize(
    ("samples", "scrapes"),
    [
        ([], []),
        ([(A, 1, 5.0)], [(1, "a", [5])]),
        ([(A, 1, 5.0), (B, 1, 6.0)], [(1, "ab", [5, 6])]),
        ([(A, 2, 5.0), (B, 1, 6.0)], [(1, "b", [6]), (2, "a", [5])]),  # in ascending time
        ([(A, 1, 5.0), (A, 1, 6.0)], [(1, "aa", [5, 6])]),  # the store judges it
        (
            [(A, 1, 5.0), (B, 1, 7.0), (A, 1, 6.0), (C, 1, 8.0)],
            [(1, "abac", [5, 7, 6, 8])],
        ),
        ([(A, -5, 1.0), (A, 0, 2.0)], [(-5, "a", [1]), (0, "a", [2])]),
    ],
)
def test_samples_are_grouped_by_their_time(
    samples: list[Sample], scrapes: list[tuple[int, str, list[float]]]
) -> None:
    assert build(samples) == scrapes


def test_series_that_came_together_before_are_the_same_object_again() -> None:
    rows = Rows()
    times, values = np.array([1, 1], np.int64), np.array([1.0, 2.0])
    [first] = build_scrapes([A, B], times, values, rows)
    [second] = build_scrapes([A, B], times + 1, values, rows)
    assert first.series is second.series


def test_of_series_that_came_together_the_latest_are_known() -> None:
    rows = Rows(max_series=40)
    names = [Labels.of({"__name__": f"m{n}"}) for n in range(100)]

    def is_known(series: list[Labels]) -> bool:
        again = tuple(series)
        return rows.intern(again) is not again

    for start in range(0, 90, 10):
        assert not is_known(names[start : start + 10])
        assert is_known(names[99:]) is (start > 0)
    assert is_known(names[80:90])
    assert is_known(names[70:80])
    assert not is_known(names[:10])


def test_a_batch_counts_its_samples() -> None:
    scrapes = build_scrapes([A, B, A], np.array([1, 1, 2], np.int64), np.zeros(3), Rows())
    assert ReceivedBatch(scrapes).samples == 3
    assert ReceivedBatch(()).samples == 0


@given(
    st.lists(
        st.tuples(st.sampled_from([A, B, C]), st.integers(-3, 3), st.integers(0, 99).map(float)),
        max_size=12,
    )
)
def test_no_sample_is_lost_and_no_two_scrapes_have_the_same_time(samples: list[Sample]) -> None:
    scrapes = build_scrapes(
        [labels for labels, _, _ in samples],
        np.array([t_ms for _, t_ms, _ in samples], np.int64),
        np.array([value for _, _, value in samples], np.float64),
        Rows(),
    )
    assert Counter(
        (labels, scrape.t_ms, value)
        for scrape in scrapes
        for labels, value in zip(scrape.series, scrape.values.tolist(), strict=True)
    ) == Counter(samples)
    assert [scrape.t_ms for scrape in scrapes] == sorted({t_ms for _, t_ms, _ in samples})
