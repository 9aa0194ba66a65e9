"""Hourly statistics against the plain definition."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.sample import STALE_NAN, HourStatistic, Scrape, SeriesBlock
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import EVERYTHING, STEP, T0, Opened, one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.labels import Labels
    from jipyo.model.sample import HourBlock, Values
    from jipyo.tsdb.hour_stats import Hours

COUNTER, GAUGE, GAPS = one("counter_total"), one("gauge"), one("gaps")
Row = tuple[int, float, float, float, float, float, float]


def brute(t_ms: list[int], values: list[float], start: int, end: int) -> dict[int, Row]:
    """Count, first, last, min, max, sum and increase by hour, sample by sample."""
    hours: dict[int, list[float]] = {}
    for t, value in zip(t_ms, values, strict=True):
        hour = (t - 1) // HOUR_MS * HOUR_MS
        stale = np.array([value]).view(np.uint64)[0] == 0x7FF0000000000002
        if start <= hour and hour + HOUR_MS <= end and not stale:
            hours.setdefault(hour, []).append(value)
    return {hour: _row(inside) for hour, inside in hours.items()}


def _row(v: list[float]) -> Row:
    resets = sum(a for a, b in itertools.pairwise(v) if b < a)
    numbers = [x for x in v if not math.isnan(x)] or [math.nan]
    return (
        len(v), v[0], v[-1], min(numbers), max(numbers), sum(v), v[-1] - v[0] + resets
    )  # fmt: skip


ORDER = (
    *(HourStatistic.FIRST, HourStatistic.LAST, HourStatistic.MIN),
    *(HourStatistic.MAX, HourStatistic.SUM, HourStatistic.INCREASE),
)


def rows(blocks: Iterable[HourBlock]) -> dict[Labels, dict[int, Row]]:
    found: dict[Labels, dict[int, Row]] = {}
    for block in blocks:
        columns = [block.count, *(block.figures[figure] for figure in ORDER)]
        for row, labels in enumerate(block.series):
            assert labels not in found
            lines = zip(*(column[row].tolist() for column in columns), strict=True)
            found[labels] = dict(zip(block.hour_ms.tolist(), lines, strict=True))
    return found


def series_of_days(days: int) -> tuple[np.ndarray, Values]:
    rng = np.random.default_rng(5)
    t_ms = T0 - days * DAY_MS + STEP * np.arange(1, days * 5760 + 1)
    counter = np.cumsum(rng.integers(0, 9, len(t_ms))).astype(float)
    for reset in rng.choice(len(t_ms), 20):
        counter[reset:] -= counter[reset]
    gauge = rng.normal(size=len(t_ms))
    gauge[rng.choice(len(t_ms), 30)] = np.nan
    gauge[rng.choice(len(t_ms), 3)] = np.inf
    gaps = np.round(gauge, 2)
    gaps[1000:3000] = STALE_NAN
    gaps[::7] = STALE_NAN
    return t_ms, np.stack([counter, gauge, gaps])


def matches(found: dict[int, Row], expected: dict[int, Row]) -> None:
    assert list(found) == sorted(expected)
    for hour, row in expected.items():
        assert found[hour] == pytest.approx(row, rel=1e-12, abs=1e-9, nan_ok=True), hour


@pytest.mark.parametrize("how", ["loaded", "appended", "mixed"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (T0 - 3 * DAY_MS, T0),
        (T0 - 2 * DAY_MS - 9 * HOUR_MS, T0 - 9 * HOUR_MS),
        (T0 - 5 * HOUR_MS + 1, T0 - HOUR_MS - 1),
        (T0 - HOUR_MS + 1, T0 - 1),
        (T0 - 20 * DAY_MS, T0 + DAY_MS),
    ],
)
def test_hours_are_what_the_samples_say(opened: Opened, how: str, start: int, end: int) -> None:
    t_ms, values = series_of_days(3)
    cut = {"loaded": len(t_ms), "appended": len(t_ms) - 2000, "mixed": len(t_ms) - 1000}[how]
    names = (COUNTER, GAUGE, GAPS)
    opened.store.load([SeriesBlock(names, t_ms[:cut], values[:, :cut])])
    opened.store.append([Scrape(int(t_ms[n]), names, values[:, n]) for n in range(cut, len(t_ms))])
    if how == "appended":
        opened.settle()
    found = rows(opened.store.hours(EVERYTHING, start, end))
    for labels, column in zip(names, values, strict=True):
        expected = brute(t_ms.tolist(), column.tolist(), start, end)
        matches(found.pop(labels, {}), expected)
    assert not found


def same(one: Hours, other: Hours, figures: Iterable[HourStatistic]) -> None:
    assert (one.hour_ms == other.hour_ms).all()
    assert (one.count == other.count).all()
    for figure in figures:
        mine, theirs = one.figures[figure], other.figures[figure]
        assert (mine.view(np.uint64) == theirs.view(np.uint64)).all()


def test_a_packed_day_is_unpacked_bit_for_bit() -> None:
    hours = hourly.summarise(*series_of_days(1))
    again = hourly.unpack(dict(enumerate(hourly.pack(hours))))
    same(hours, again, HourStatistic)


@pytest.mark.parametrize("figure", HourStatistic)
def test_a_figure_needs_no_more_columns_than_it_says(figure: HourStatistic) -> None:
    hours = hourly.summarise(*series_of_days(1))
    packed = hourly.pack(hours)
    columns = {column: packed[column] for column in hourly.list_columns([figure])}
    same(hours, hourly.unpack(columns, {figure}), [figure])
    del columns[max(columns)]
    with pytest.raises(Damaged):
        hourly.unpack(columns, {figure})


@pytest.mark.parametrize("figure", HourStatistic)
def test_a_figure_is_the_same_whether_asked_for_alone_or_with_all(
    opened: Opened, figure: HourStatistic
) -> None:
    t_ms, values = series_of_days(3)
    opened.store.load([SeriesBlock((COUNTER, GAUGE, GAPS), t_ms, values)])
    span = (T0 - 2 * DAY_MS - 9 * HOUR_MS, T0)
    every = list(opened.store.hours(EVERYTHING, *span))
    alone = list(opened.store.hours(EVERYTHING, *span, {figure}))
    assert [block.series for block in alone] == [block.series for block in every]
    for one_figure, all_figures in zip(alone, every, strict=True):
        assert set(one_figure.figures) == {figure}
        mine, theirs = one_figure.figures[figure], all_figures.figures[figure]
        assert np.array_equal(mine, theirs, equal_nan=True)


def test_series_with_samples_in_the_same_hours_stand_together(opened: Opened) -> None:
    t_ms, values = series_of_days(2)
    opened.store.load([SeriesBlock((COUNTER, GAUGE, GAPS), t_ms, values)])
    blocks = list(opened.store.hours(EVERYTHING, T0 - 2 * DAY_MS, T0, {HourStatistic.SUM}))
    assert [block.series for block in blocks] == [(COUNTER, GAUGE), (GAPS,)]
    for block in blocks:
        shape = (len(block.series), len(block.hour_ms))
        assert block.count.shape == block.figures[HourStatistic.SUM].shape == shape
        assert (block.count > 0).all()


def test_an_hour_ends_with_its_last_millisecond_and_begins_after_it(opened: Opened) -> None:
    t_ms = np.array([T0, T0 + 1, T0 + HOUR_MS, T0 + HOUR_MS + 1])
    opened.clock.t_ms = T0 + DAY_MS
    opened.store.load([SeriesBlock((GAUGE,), t_ms, np.array([[1.0, 2.0, 3.0, 4.0]]))])
    (block,) = opened.store.hours(EVERYTHING, T0, T0 + HOUR_MS)
    assert block.hour_ms.tolist() == [T0]
    assert block.count.tolist() == [[2]]
    assert block.figures[HourStatistic.SUM].tolist() == [[5.0]]


def test_a_range_without_a_whole_hour_has_none(opened: Opened) -> None:
    opened.store.load([SeriesBlock((GAUGE,), np.array([T0]), np.ones((1, 1)))])
    assert list(opened.store.hours(EVERYTHING, T0 - HOUR_MS + 1, T0)) == []
