"""Hourly statistics against the plain definition."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.sample import STALE_NAN, Scrape, SeriesBlock
from jipyo.tsdb import hourly
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import EVERYTHING, STEP, T0, Opened, one

if TYPE_CHECKING:
    from jipyo.model.sample import HourBlock, Values

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


def rows(block: HourBlock) -> dict[int, Row]:
    columns = (
        block.count, block.first, block.last, block.min, block.max, block.sum, block.increase
    )  # fmt: skip
    return dict(
        zip(block.hour_ms.tolist(), zip(*(c.tolist() for c in columns), strict=True), strict=True)
    )


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
    found = {block.series: rows(block) for block in opened.store.hours(EVERYTHING, start, end)}
    for labels, column in zip(names, values, strict=True):
        expected = brute(t_ms.tolist(), column.tolist(), start, end)
        matches(found.pop(labels, {}), expected)
    assert not found


def test_a_packed_day_is_unpacked_bit_for_bit() -> None:
    t_ms, values = series_of_days(1)
    hours = hourly.summarise(t_ms, values)
    again = hourly.unpack(hourly.pack(hours))
    assert (again.hour_ms == hours.hour_ms).all()
    assert (again.count == hours.count).all()
    for mine, theirs in zip(hours.figures(), again.figures(), strict=True):
        assert (mine.view(np.uint64) == theirs.view(np.uint64)).all()


def test_an_hour_ends_with_its_last_millisecond_and_begins_after_it(opened: Opened) -> None:
    t_ms = np.array([T0, T0 + 1, T0 + HOUR_MS, T0 + HOUR_MS + 1])
    opened.clock.t_ms = T0 + DAY_MS
    opened.store.load([SeriesBlock((GAUGE,), t_ms, np.array([[1.0, 2.0, 3.0, 4.0]]))])
    (block,) = opened.store.hours(EVERYTHING, T0, T0 + HOUR_MS)
    assert block.hour_ms.tolist() == [T0]
    assert block.count.tolist() == [2]
    assert block.sum.tolist() == [5.0]


def test_a_range_without_a_whole_hour_has_none(opened: Opened) -> None:
    opened.store.load([SeriesBlock((GAUGE,), np.array([T0]), np.ones((1, 1)))])
    assert list(opened.store.hours(EVERYTHING, T0 - HOUR_MS + 1, T0)) == []
