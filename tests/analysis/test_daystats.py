"""A day of one series: the summary against plain loops, and when it was beyond its lines."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.health import State, course_of
from jipyo.analysis.series_stats import EMPTY, Breach, Rule, episodes, summarise
from jipyo.catalogue import Direction, Origin, Thresholds
from jipyo.model.labels import EMPTY as NO_LABELS
from jipyo.model.result import Matrix

MINUTE = 60_000
GAP = math.nan

values_of_a_day = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.just(GAP)), min_size=1, max_size=80
).map(lambda values: np.array(values, np.float64))


def steps(n: int) -> np.ndarray:
    return MINUTE * np.arange(1, n + 1, dtype=np.int64)


def limits(
    warning: float | None = 70,
    critical: float | None = 85,
    minutes: int = 0,
    recover: tuple[float | None, float | None] = (None, None),
) -> Thresholds:
    return Thresholds(
        warning=warning,
        critical=critical,
        for_ms=minutes * MINUTE,
        recover_warning=recover[0],
        recover_critical=recover[1],
        origin=Origin.SPECIFICATION,
        note=None,
    )


def found(values: list[float], lines: Thresholds, sign: int = 1) -> tuple[Breach, ...]:
    array = np.array(values, np.float64)
    t_ms = steps(array.size)
    matrix = Matrix((NO_LABELS,), t_ms, array[None, :], ~np.isnan(array[None, :]))
    direction = Direction.HIGHER_IS_WORSE if sign > 0 else Direction.LOWER_IS_WORSE
    rank = course_of(matrix, lines, direction, grace_ms=0).rank[0]
    return episodes(t_ms, array, rank, Rule(lines, sign, MINUTE))


def drawn(values: list[float], lines: Thresholds, sign: int = 1) -> str:
    """Each episode as from-to in minutes, its warning and critical minutes, what it held."""
    marks = {State.OK: "-", State.WARNING: "w", State.CRITICAL: "c"}
    return " ".join(
        f"{e.start_ms // MINUTE}-{e.end_ms // MINUTE}:{e.warning_ms // MINUTE}"
        f"+{e.critical_ms // MINUTE}{marks[e.held]}{'…' if e.open else ''}"
        for e in found(values, lines, sign)
    )


@given(values_of_a_day)
def test_a_summary_is_what_plain_loops_say(values: np.ndarray) -> None:
    t_ms = steps(values.size)
    day = summarise(t_ms, values)
    real = [(t, v) for t, v in zip(t_ms.tolist(), values.tolist(), strict=True) if v == v]
    if not real:
        assert day == EMPTY
        return
    plain = [v for _, v in real]
    assert day.steps == len(real)
    assert day.average == pytest.approx(statistics.fmean(plain), rel=1e-9, abs=1e-6)
    assert (day.first, day.last, day.last_ms) == (plain[0], plain[-1], real[-1][0])
    assert (day.maximum, day.minimum) == (max(plain), min(plain))
    assert day.maximum_ms == next(t for t, v in real if v == day.maximum)
    assert day.minimum_ms == next(t for t, v in real if v == day.minimum)
    ranked = sorted(plain)
    rank = 0.95 * (len(ranked) - 1)
    low = ranked[math.floor(rank)]
    high = ranked[min(math.floor(rank) + 1, len(ranked) - 1)]
    assert day.p95 == pytest.approx(low + (rank - math.floor(rank)) * (high - low), abs=1e-6)


def test_a_percentile_beside_infinity_is_no_nan() -> None:
    day = summarise(steps(3), np.array([1.0, math.inf, math.inf]))
    assert (day.p95, day.maximum) == (math.inf, math.inf)
    assert summarise(steps(2), np.array([1.0, math.inf])).p95 == math.inf


@pytest.mark.parametrize(
    ("values", "lines", "episodes_drawn"),
    [
        ([50, 60, 69.9], limits(), ""),
        ([50, 70, 50], limits(), "1-2:1+0w"),  # reached at the value itself
        ([50, 70, 85, 84, 50], limits(), "1-4:2+1c"),
        ([90, 90], limits(), "0-2:0+2c…"),
        ([71, 50, 71], limits(), "0-1:1+0w 2-3:1+0w…"),
        ([71, GAP, 71], limits(), "0-1:1+0w 2-3:1+0w…"),  # nobody saw it go on
        ([GAP, GAP], limits(), ""),
        ([71, 72, 73, 50], limits(minutes=2), "0-3:3+0w"),  # lasted for two minutes
        ([71, 72, 50], limits(minutes=2), "0-2:2+0-"),
        ([71, 90, 90, 90, 71], limits(minutes=2), "0-5:2+3c…"),
        ([71, 90, 90, 71], limits(minutes=2), "0-4:2+2w…"),
        ([90, 50], limits(warning=None), "0-1:0+1c"),
        ([90, 50], limits(critical=None), "0-1:1+0w"),
        ([71, 68, 71, 64, 68], limits(recover=(65, None)), "0-3:2+0w"),  # 68 is not recovered
        ([68, 71, 50], limits(recover=(65, None)), "1-2:1+0w"),
        ([90, 82, 90, 75, 50], limits(recover=(None, 80)), "0-4:2+2c"),
    ],
)
def test_episodes_begin_at_a_line_and_end_at_recovery(
    values: list[float], lines: Thresholds, episodes_drawn: str
) -> None:
    assert drawn(values, lines) == episodes_drawn


def test_where_low_is_worse_everything_is_turned_around() -> None:
    lines = limits(95, 90)
    assert drawn([99, 95, 89, 96], lines, sign=-1) == "1-3:1+1c"
    (one,) = found([99, 95, 89, 96], lines, sign=-1)
    assert (one.peak, one.peak_ms) == (89, 3 * MINUTE)


def test_the_gravest_stretch_of_a_critical_episode_is_its_longest_critical_one() -> None:
    (one,) = found([71, 90, 71, 90, 90, 71], limits())
    assert one.critical == ((MINUTE, 2 * MINUTE), (3 * MINUTE, 5 * MINUTE))
    assert one.gravest == (3 * MINUTE, 5 * MINUTE)
    assert (one.start_ms, one.lasted_ms) == (0, 6 * MINUTE)
    (mild,) = found([71, 71, 50], limits())
    assert mild.gravest == (0, 2 * MINUTE)


@given(values_of_a_day, st.integers(0, 5))
def test_minutes_in_episodes_are_the_minutes_beyond(values: np.ndarray, minutes: int) -> None:
    lines = limits(1e5, 5e5, minutes)
    told = found(values.tolist(), lines)
    assert sum(e.critical_ms for e in told) == MINUTE * int((values >= 5e5).sum())
    assert sum(e.warning_ms + e.critical_ms for e in told) == MINUTE * int((values >= 1e5).sum())
    assert all(e.start_ms < e.peak_ms <= e.end_ms for e in told)
