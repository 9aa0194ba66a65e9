"""The rules of a sheet one by one, where the oracle's histories do not say which rule it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.calendar import start_of_day
from jipyo.model.errors import ConfigError
from jipyo.sla.evaluate import evaluate_month
from jipyo.sla.holidays import find_days_off
from jipyo.sla.hours import find_service_time
from jipyo.sla.month import ContractMonth, ContractResult
from jipyo.sla.profile import (
    Better,
    Measure,
    PenaltyBand,
    PenaltyRule,
    PenaltyTerms,
    Profile,
    RestorePromise,
    RoundingRule,
    ScoreBand,
    ServiceHours,
    ShiftHours,
)
from jipyo.sla.records import ContractOutage, EnteredValue, MeasuredRatio, MonthRecords
from jipyo.sla.rounding import round_exact, to_exact
from jipyo.sla.spans import add_up, intersect, subtract, unite
from sla.histories import HOUR_MS, PLAIN, SYSTEM, find_month, make_indicator

MONTH = find_month(date(2026, 10, 1))
SEOUL = ZoneInfo("Asia/Seoul")
MINUTE_MS = 60_000


def work_out(profile: Profile = PLAIN, **records: Any) -> ContractMonth:
    return evaluate_month(profile, SYSTEM, MONTH, MONTH.end_ms, MonthRecords(**records))


def fail_for(minutes: float, at_ms: int = MONTH.start_ms + 50 * HOUR_MS) -> ContractOutage:
    return ContractOutage(
        id=str(at_ms), start_ms=at_ms, end_ms=at_ms + round(minutes * MINUTE_MS), target="web"
    )


TYPED = make_indicator(
    Measure.ENTERED,
    90,
    Better.HIGH,
    minimum=80,
    decimals=1,
    bands=(ScoreBand(95, 100), ScoreBand(90, 95), ScoreBand(80, 70)),
    otherwise=50,
)
FEWER = make_indicator(
    Measure.ENTERED, 1, Better.LOW, minimum=2, decimals=0, bands=(ScoreBand(1, 100),), otherwise=40
)


@pytest.mark.parametrize(
    ("indicator", "value", "rounded", "result", "points"),
    [
        (TYPED, 95, 95, "met", 100),
        (TYPED, 94.99, 94.9, "met", 95),
        (TYPED, 90, 90, "met", 95),
        (TYPED, 89.999, 89.9, "minimum", 70),
        (TYPED, 80, 80, "minimum", 70),
        (TYPED, 79.99, 79.9, "missed", 50),
        (FEWER, 0, 0, "met", 100),
        (FEWER, 1, 1, "met", 100),
        (FEWER, 1.2, 2, "minimum", 40),
        (FEWER, 3, 3, "missed", 40),
    ],
)
def test_the_printed_figure_decides_result_and_points(
    indicator: object, value: float, rounded: float, result: str, points: float
) -> None:
    entered = (EnteredValue("entered", value, "a survey"),)
    month = work_out(replace(PLAIN, indicators=(indicator,)), entered=entered)  # type: ignore[arg-type]

    (line,) = month.lines
    assert (line.rounded, line.result.value, line.points) == (rounded, result, points)
    assert line.score == points / 10
    assert month.total.rounded == points


@given(st.decimals(0, 100, places=6), st.integers(0, 4))
def test_rounding_to_the_worse_side_never_reaches_a_limit_that_the_value_misses(
    number: object, decimals: int
) -> None:
    value = Fraction(str(number))
    for better in Better:
        rounded = round_exact(value, decimals, RoundingRule.WORSE, better)
        assert abs(rounded - value) < Fraction(1, 10**decimals)
        assert rounded <= value if better is Better.HIGH else rounded >= value


def test_a_number_is_what_it_is_written_as() -> None:
    assert to_exact(99.8) == Fraction(998, 10)
    assert round_exact(to_exact(99.8), 1, RoundingRule.WORSE, Better.HIGH) == to_exact(99.8)
    assert round_exact(Fraction(1, 8), 2, RoundingRule.NEAREST, Better.HIGH) == Fraction(13, 100)
    assert round_exact(Fraction(-1, 8), 2, RoundingRule.NEAREST, Better.HIGH) == Fraction(-13, 100)


def test_a_line_without_a_value_lowers_the_weights_and_never_counts_as_0() -> None:
    availability = make_indicator(Measure.AVAILABILITY, 99.9, Better.HIGH, weight=30.0)
    month = work_out(replace(PLAIN, indicators=(availability, TYPED)))

    assert month.lines[1].result is ContractResult.NOT_ENTERED
    assert (month.total.entered_weight, month.total.weight) == (30, 40)
    assert month.total.percent == 100
    assert "sla.remark.weights_entered" in {remark.key for remark in month.remarks}
    assert work_out(replace(PLAIN, indicators=(TYPED,))).total.percent is None


def test_what_was_typed_makes_no_score_of_a_month_of_which_nothing_was_measured() -> None:
    unseen = make_indicator(Measure.RATIO, 99.0, Better.HIGH)
    typed = (EnteredValue("entered", 95, "a survey"),)
    contract = replace(PLAIN, indicators=(unseen, TYPED))
    month = work_out(contract, entered=typed)
    assert (month.total.entered_weight, month.total.points) == (10, 10)
    assert (month.total.percent, month.total.rounded) == (None, None)
    assert month.penalty.percent == 0
    assert "sla.remark.weights_entered" not in {remark.key for remark in month.remarks}
    stated = (*typed, EnteredValue("ratio", 99.5, "the log of the gateway"))
    assert work_out(contract, entered=stated).total.rounded == 100
    assert work_out(replace(PLAIN, indicators=(TYPED,)), entered=typed).total.rounded == 100


def test_a_typed_value_takes_the_place_of_a_measured_one_which_is_named() -> None:
    entered = (EnteredValue("availability", 99.5, "the customer's own log", "Kim"),)
    (line, *_) = work_out(entered=entered, outages=(fail_for(60),)).lines

    assert line.rounded == 99.5
    assert line.reasons[0].values == (("measured", "99.86"),)
    assert (line.evidence.note, line.evidence.entered_by) == ("the customer's own log", "Kim")


def test_the_value_is_the_quotient_of_its_evidence() -> None:
    ratio = make_indicator(Measure.RATIO, 99, Better.HIGH, factor=100.0)
    found = MeasuredRatio(
        indicator="ratio", numerator=997, denominator=1000, queries=("a", "b"), coverage=0.99
    )
    month = work_out(replace(PLAIN, indicators=(ratio,)), ratios=(found,))
    too_few = work_out(replace(PLAIN, indicators=(ratio,)), ratios=(replace(found, coverage=0.9),))

    assert month.lines[0].value == 99.7
    assert month.lines[0].evidence.queries == ("a", "b")
    assert too_few.lines[0].reasons[0].key == "sla.reason.too_little_known"
    assert work_out(replace(PLAIN, indicators=(ratio,))).lines[0].value is None


PENALTY = PenaltyTerms(
    cap=20,
    rules=(
        PenaltyRule((PenaltyBand(95, 0), PenaltyBand(60, 5)), 30),
        PenaltyRule((PenaltyBand(99.9, 0), PenaltyBand(99, 10)), 15, "availability"),
    ),
    charges_overrun=True,
)


@pytest.mark.parametrize(
    ("minutes", "parts", "percent"),
    [
        (0, [0, 0, 0], 0),
        (60, [30, 10, 0], 20),  # both rules, cut at the cap
        (90, [30, 10, 100 * 30 * 2.5 / 44_640], 20),
        (44_640, [30, 15, 100 * (44_640 - 60) * 2.5 / 44_640], 20),
    ],
)
def test_the_penalty_adds_up_its_rules_and_the_overrun_up_to_its_cap(
    minutes: float, parts: list[float], percent: float
) -> None:
    availability = make_indicator(Measure.AVAILABILITY, 99.9, Better.HIGH)
    profile = replace(
        PLAIN,
        indicators=(availability,),
        restore=RestorePromise(HOUR_MS, factor=2.5),
        penalty=PENALTY,
    )
    outages = (fail_for(minutes, MONTH.start_ms),) if minutes else ()

    month = evaluate_month(
        profile, replace(SYSTEM, fee=1000), MONTH, MONTH.end_ms, MonthRecords(outages=outages)
    )

    assert [part.percent for part in month.penalty.lines] == pytest.approx(parts)
    assert month.penalty.percent == percent
    assert month.penalty.amount == 10 * percent


# ---------------------------------------------------------------------- hours and days off


@pytest.mark.parametrize(
    ("day", "is_off"),
    [
        (date(2027, 2, 7), True),  # 설날
        (date(2027, 2, 9), True),  # its substitute day
        (date(2027, 2, 10), False),
        (date(2027, 10, 11), True),  # of 한글날
        (date(2027, 3, 1), False),  # the site works on 삼일절
        (date(2027, 3, 2), True),  # and has a day off of its own
    ],
)
def test_public_holidays_have_substitute_days_and_the_site_its_own(day: date, is_off: bool) -> None:
    days_off = find_days_off("KR", {date(2027, 3, 2)}, {date(2027, 3, 1)})
    assert days_off(day) is is_off


@pytest.mark.parametrize("country", ["KO", "DE-XX", ""])
def test_a_country_without_known_holidays_is_an_error(country: str) -> None:
    if not country:
        assert find_days_off("", (), ())(date(2027, 1, 1)) is False
        return
    with pytest.raises(ConfigError):
        find_days_off(country, (), ())(date(2027, 1, 1))


NIGHT = ShiftHours(frozenset(range(7)), 1320, 360)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Seoul", date(2026, 10, 24), 24 * 2 / 3 / 2),
        ("Europe/Berlin", date(2026, 3, 29), 7),  # clocks go forward: 2:00 to 3:00 is not there
        ("Europe/Berlin", date(2026, 10, 25), 9),  # and back: 2:00 to 3:00 is there twice
    ],
)
def test_service_hours_are_those_that_the_clock_shows(zone: str, day: date, hours: float) -> None:
    own = ZoneInfo(zone)
    start_ms = start_of_day(day, own)
    end_ms = start_of_day(date.fromordinal(day.toordinal() + 1), own)

    found = find_service_time(ServiceHours((NIGHT,)), start_ms, end_ms, own, lambda _: False)

    assert add_up(found) == hours * HOUR_MS


def test_hours_of_the_evening_before_a_day_off_run_into_it_and_its_own_do_not_begin() -> None:
    start_ms = start_of_day(date(2027, 3, 1), SEOUL)
    off = {date(2027, 3, 1)}.__contains__

    found = find_service_time(ServiceHours((NIGHT,)), start_ms, start_ms + 24 * HOUR_MS, SEOUL, off)

    assert found == ((start_ms, start_ms + 6 * HOUR_MS),)


# ------------------------------------------------------------------------------------ spans

PIECES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


@given(PIECES, PIECES)
def test_spans_are_sets_of_moments(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def moments(spans: object) -> set[int]:
        return {at for start, end in spans for at in range(start, end)}  # type: ignore[attr-defined]

    left, right = unite(one), unite(other)
    assert moments(left) == moments(one)
    assert moments(intersect(left, right)) == moments(one) & moments(other)
    assert moments(subtract(left, right)) == moments(one) - moments(other)
    assert add_up(left) == len(moments(one))
