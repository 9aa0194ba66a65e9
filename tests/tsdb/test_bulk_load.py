"""Loading whole blocks: what is there stays, disagreements are counted, again does no harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.sample import Appended, Reject, SeriesBlock
from jipyo.tsdb.bulk_load import merge
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import T0, Opened, bits, everything, one, scrape

NAN, STALE = float("nan"), np.frombuffer(b"\x02\x00\x00\x00\x00\x00\xf0\x7f")[0]


def block(names: str, times: list[int], *rows: list[float]) -> SeriesBlock:
    series = tuple(one(name) for name in names)
    return SeriesBlock(series, T0 + np.array(times), np.array(rows))


numbers = st.sampled_from((0.0, -0.0, 1.0, 2.0, NAN, STALE))


@given(st.lists(st.tuples(st.integers(0, 5), numbers, numbers), min_size=1, max_size=12))
def test_of_two_samples_at_one_moment_the_first_stays(
    samples: list[tuple[int, float, float]],
) -> None:
    t_ms = np.array([t for t, _, _ in samples])
    values = np.array([[a for _, a, _ in samples], [b for _, _, b in samples]])
    expected: list[dict[int, int]] = [{}, {}]
    conflicts = 0
    for row in range(2):
        before: dict[int, int] = {}
        for t, number in zip(t_ms.tolist(), bits(values[row]), strict=True):
            expected[row].setdefault(t, number)
            conflicts += before.get(t, number) != number
            before[t] = number
    merged_t, merged, disagreed = merge(t_ms, values)
    assert merged_t.tolist() == sorted(set(t_ms.tolist()))
    for row in range(2):
        assert dict(zip(merged_t.tolist(), bits(merged[row]), strict=True)) == expected[row]
    assert disagreed == conflicts


def test_a_load_again_is_no_news(opened: Opened) -> None:
    load = block("ab", [-DAY_MS, -HOUR_MS, -1], [1, 2, 3], [4, 5, 6])
    for _ in range(2):
        assert opened.store.load([load]) == Appended(6)
        assert {len(rows) for rows in everything(opened.store).values()} == {3}


def test_another_value_for_a_moment_is_refused_and_counted(opened: Opened) -> None:
    opened.store.load([block("a", [-3, -2, -1], [1, 2, 3])])
    answer = opened.store.load([block("a", [-2, -1, 0], [2, 9, 4])])
    assert answer == Appended(2, {Reject.DUPLICATE: 1})
    ((_, samples),) = everything(opened.store).items()
    assert [number for _, number in samples] == bits(np.array([1.0, 2.0, 3.0, 4.0]))


def test_loaded_samples_lie_around_those_of_the_head(opened: Opened) -> None:
    opened.clock.t_ms = T0 + HOUR_MS
    opened.store.append([scrape(T0 + HOUR_MS, (one("a"), 1.0))])
    opened.store.load([block("a", [-1, HOUR_MS - 1, HOUR_MS + 1], [0, 0.5, 2])])
    expected = [T0 - 1, T0 + HOUR_MS - 1, T0 + HOUR_MS, T0 + HOUR_MS + 1]
    for _ in range(2):
        ((_, samples),) = everything(opened.store).items()
        assert [t for t, _ in samples] == expected
        opened.store.compact_head()


def test_a_scrape_after_a_load_is_checked_against_it(opened: Opened) -> None:
    opened.store.load([block("a", [0], [1])])
    opened.clock.t_ms = T0 + 1
    same, other = ((one("a"), 1.0),), ((one("a"), 2.0),)
    assert opened.store.append([scrape(T0, *same)]) == Appended(1)
    assert opened.store.append([scrape(T0, *other)]) == Appended(0, {Reject.DUPLICATE: 1})
    assert opened.store.append([scrape(T0 + 1, *other)]) == Appended(1)


@pytest.mark.parametrize(("ahead_ms", "kept"), [(600_000, 2), (600_001, 1)])
def test_samples_of_the_future_are_refused(opened: Opened, ahead_ms: int, kept: int) -> None:
    answer = opened.store.load([block("a", [0, ahead_ms], [1, 2])])
    rejected = {Reject.TOO_FAR_IN_FUTURE: 1} if kept == 1 else {}
    assert answer == Appended(kept, rejected)


def test_a_block_wholly_in_the_future_is_refused_whole(opened: Opened) -> None:
    answer = opened.store.load([block("ab", [HOUR_MS, 2 * HOUR_MS], [1, 2], [3, 4])])
    assert answer == Appended(0, {Reject.TOO_FAR_IN_FUTURE: 4})
    assert everything(opened.store) == {}


def test_a_series_without_a_name_is_refused_and_the_others_are_kept(opened: Opened) -> None:
    nameless = SeriesBlock((one(""), one("a")), np.array([T0 - 2, T0 - 1]), np.ones((2, 2)))
    assert opened.store.load([nameless]) == Appended(2, {Reject.INVALID_LABELS: 2})
    assert list(everything(opened.store)) == [one("a")]


def test_a_series_twice_in_a_block_is_merged(opened: Opened) -> None:
    answer = opened.store.load([block("aa", [-2, -1], [1, 2], [1, 3])])
    assert answer == Appended(3, {Reject.DUPLICATE: 1})
    ((_, samples),) = everything(opened.store).items()
    assert [number for _, number in samples] == bits(np.array([1.0, 2.0]))


def test_more_series_than_a_slab_holds_are_loaded_in_several(opened: Opened) -> None:
    series = tuple(one("wide", n=str(n)) for n in range(300))
    t_ms = T0 - DAY_MS + np.array([1, 2, DAY_MS - 1])
    values = np.arange(900.0).reshape(300, 3)
    assert opened.store.load([SeriesBlock(series, t_ms, values)]) == Appended(900)
    samples = everything(opened.store)
    assert [[number for _, number in samples[labels]] for labels in series] == [
        bits(row) for row in values
    ]


def test_whole_numbers_of_another_type_are_stored_as_floats(opened: Opened) -> None:
    t_ms = np.array([T0 - 2, T0 - 1])
    opened.store.load([SeriesBlock((one("a"),), t_ms, np.array([[1, 2]]))])
    ((_, samples),) = everything(opened.store).items()
    assert [number for _, number in samples] == bits(np.array([1.0, 2.0]))
