"""Budgets and burn rates: tables a person can check, and laws beside fractions."""

from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.objectives import Result
from jipyo.analysis.slo.budget import (
    BURN_WINDOWS_MS,
    DAY_MS,
    compute_budget,
    compute_burn_rate,
    list_burn_rates,
    predict_exhaustion,
)
from jipyo.analysis.slo.counts import SloCounts, SloTally
from jipyo.analysis.slo.objective import (
    MINUTE_MS,
    MissingData,
    RatioIndicator,
    ServiceLevelObjective,
    SloPeriod,
    TimeIndicator,
)
from jipyo.analysis.slo.result import BurnRate
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind

SEOUL = ZoneInfo("Asia/Seoul")
NOV_1_MS = 1_793_458_800_000
"""2026-11-01T00:00 in Seoul."""
NOVEMBER = SloPeriod(PeriodKind.MONTH).find(NOV_1_MS, SEOUL)
REQUESTS = ServiceLevelObjective(
    id="errors",
    name=Bilingual("에러", "Errors"),
    target=Fraction(999, 1000),
    indicators=(RatioIndicator(total="t", bad="b"),),
)
MINUTES = replace(REQUESTS, indicators=(TimeIndicator("up", Compare.AT_LEAST, 1),))


@pytest.mark.parametrize(
    ("good", "bad", "left", "result"),
    [
        (0, 0, 1, Result.UNKNOWN),
        (1000, 0, 1, Result.MET),
        (999, 1, 0, Result.MET),  # exactly the target is met
        (1_999, 1, Fraction(1, 2), Result.MET),
        (998, 2, -1, Result.MISSED),
        (0, 1, -999, Result.MISSED),
    ],
)
def test_the_budget_of_requests_is_of_those_so_far(
    good: int, bad: int, left: Fraction, result: Result
) -> None:
    budget = compute_budget(REQUESTS, SloTally(good, bad), NOVEMBER)
    assert (budget.left, budget.result) == (left, result)


@pytest.mark.parametrize(
    ("policy", "good", "bad", "missing", "allowed", "left"),
    [
        (MissingData.IGNORE, 60, 0, 0, "43.2", 1),  # the first hour of 30 days
        (MissingData.IGNORE, 1_000, 20, 200, "43", Fraction(23, 43)),
        (MissingData.BAD, 1_000, 20, 20, "43.2", Fraction(32, 432)),
        (MissingData.GOOD, 1_000, 20, 20, "43.2", Fraction(232, 432)),
    ],
)
def test_the_budget_of_minutes_is_of_the_whole_period(
    policy: MissingData, good: int, bad: int, missing: int, allowed: str, left: Fraction
) -> None:
    objective = replace(MINUTES, missing=policy)
    budget = compute_budget(objective, SloTally(good, bad, missing), NOVEMBER)
    assert (budget.allowed, budget.left) == (Fraction(allowed), left)


@given(st.lists(st.sampled_from("gbm"), max_size=60), st.sampled_from(MissingData))
def test_a_budget_of_minutes_starts_full_and_only_falls(
    minutes: list[str], policy: MissingData
) -> None:
    objective, before = replace(MINUTES, missing=policy), Fraction(1)
    for at in range(1, len(minutes) + 1):
        seen = minutes[:at]
        tally = SloTally(seen.count("g"), seen.count("b"), seen.count("m"))
        left = compute_budget(objective, tally, NOVEMBER).left
        assert left <= before
        before = left


def test_burn_rates_are_of_the_pieces_in_their_window() -> None:
    edges = NOV_1_MS + MINUTE_MS * np.arange(0, 3 * 1440 + 1)
    bad = np.zeros(3 * 1440)
    bad[-5:] = 1.0  # of 100 in each of the last five minutes
    counts = SloCounts(edges, 100.0 - bad, bad, np.zeros(3 * 1440))
    rates = [one.rate for one in list_burn_rates(REQUESTS, counts, int(edges[-1]))]
    expected = [Fraction(5, 100 * window_ms // MINUTE_MS) * 1000 for window_ms in BURN_WINDOWS_MS]
    assert rates == list(map(float, expected))


@pytest.mark.parametrize(
    ("objective", "tally", "rate"),
    [
        (REQUESTS, SloTally(0, 0), None),
        (REQUESTS, SloTally(0, 0, 60), None),
        (REQUESTS, SloTally(98, 2), 20),
        (REQUESTS, SloTally(98, 2, 30), 20),
        (REQUESTS, SloTally(98, 2, 31), None),  # too little of the hour was seen
        (MINUTES, SloTally(0, 0, 60), None),
        (MINUTES, SloTally(57, 3), 50),
        (MINUTES, SloTally(0, 3, 57), 50),  # the first minutes after a start are no bad hour
        (replace(MINUTES, missing=MissingData.BAD), SloTally(0, 3, 57), 1000),
        (replace(MINUTES, missing=MissingData.GOOD), SloTally(0, 3, 57), 50),
    ],
)
def test_a_burn_rate_is_of_the_window_and_unknown_where_too_little_was_seen(
    objective: ServiceLevelObjective, tally: SloTally, rate: float | None
) -> None:
    assert compute_burn_rate(objective, tally, 60 * MINUTE_MS) == rate


@pytest.mark.parametrize(
    ("tally", "pace", "days"),
    [
        (SloTally(1_000_000, 0), SloTally(99_800, 200), 10.0),  # 1000 allowed, 200 - 100 a day
        (SloTally(1_000_000, 0), SloTally(99_950, 50), None),  # slower than the budget grows
        (SloTally(1_000_000, 0), SloTally(100_000, 0), None),
        (SloTally(1_000_000, 0), SloTally(99_899, 101), None),  # after the end of the month
        (SloTally(1_000, 2), SloTally(99_000, 1_000), None),  # spent already
        (SloTally(0, 0), SloTally(0, 0), None),
    ],
)
def test_the_end_of_a_budget_follows_from_the_pace_of_requests(
    tally: SloTally, pace: SloTally, days: float | None
) -> None:
    budget, now_ms = compute_budget(REQUESTS, tally, NOVEMBER), NOV_1_MS + 10 * DAY_MS
    burn = BurnRate(DAY_MS, compute_burn_rate(REQUESTS, pace, DAY_MS), pace)
    at = predict_exhaustion(REQUESTS, budget, tally, burn, (now_ms, NOVEMBER.end_ms))
    assert (None if at is None else (at - now_ms) / DAY_MS) == (
        None if days is None else pytest.approx(days, abs=0.02)
    )


def test_the_end_of_a_budget_of_minutes_is_when_its_minutes_are_used_up() -> None:
    tally = SloTally(10 * 1440 - 13, 13)
    budget, now_ms = compute_budget(MINUTES, tally, NOVEMBER), NOV_1_MS + 10 * DAY_MS
    burn = BurnRate(DAY_MS, 1.0, SloTally(1430, 10))
    at = predict_exhaustion(MINUTES, budget, tally, burn, (now_ms, NOVEMBER.end_ms))
    assert at is not None
    assert (at - now_ms) / DAY_MS == pytest.approx(3.02)


@pytest.mark.parametrize(
    ("period", "text", "now", "first_ms", "minutes"),
    [
        (SloPeriod(PeriodKind.MONTH), "month", NOV_1_MS, NOV_1_MS, 30 * 1440),
        (SloPeriod(PeriodKind.DAY), "day", NOV_1_MS + 5, NOV_1_MS, 1440),
        (SloPeriod(PeriodKind.RANGE, 7 * DAY_MS), "7d", NOV_1_MS + 5, NOV_1_MS - 7 * DAY_MS, 10080),
    ],
)
def test_a_period_is_the_one_that_a_moment_lies_in(
    period: SloPeriod, text: str, now: int, first_ms: int, minutes: int
) -> None:
    found = period.find(now, SEOUL)
    assert (str(period), found.start_ms, found.duration_ms) == (text, first_ms, minutes * MINUTE_MS)
