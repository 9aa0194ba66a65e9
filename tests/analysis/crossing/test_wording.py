"""Crossings in both languages, as an operator reads them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.crossing import (
    Crossing,
    CrossingForecast,
    CrossingReason,
    CrossingState,
    Motion,
    describe_crossing,
    describe_reason,
    name_probability,
)
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS
from jipyo.i18n import LANGS, texts

SEOUL = ZoneInfo("Asia/Seoul")
END_MS = 1_795_186_800_000  # 2026-11-21 00:00 in Seoul
SINCE_MS = END_MS - 18 * DAY_MS
STEADY = CrossingReason(Motion.STEADY, 0.42, SINCE_MS)
EXPECTED = Crossing(
    90.0, CrossingState.EXPECTED, 0.83, END_MS + 23 * DAY_MS, END_MS + 16 * DAY_MS,
    END_MS + 43 * DAY_MS,
)  # fmt: skip


def describe(crossing, reason=STEADY, lang="en", unit="percent", horizon_ms=30 * DAY_MS):
    forecast = CrossingForecast((crossing,), reason, END_MS, horizon_ms, 672, 672)
    return describe_crossing(crossing, forecast, unit, texts(lang), SEOUL)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "en",
            "Expected to reach 90% on 14 December (80% interval: 7 December to 3 January)."
            " Probability within 30 days: 83%."
            " Reason: steady growth of 0.42 points a day since 3 November.",
        ),
        (
            "ko",
            "12월 14일에 90% 도달 예상(80% 구간: 12월 7일 ~ 1월 3일). 30일 내 도달 확률: 83%."
            " 근거: 11월 3일부터 하루 0.42%p씩 꾸준히 증가.",
        ),
    ],
)
def test_an_expected_crossing_has_date_interval_probability_and_reason(lang, expected):
    assert describe(EXPECTED, lang=lang) == expected


def test_a_crossing_of_today_has_its_time():
    soon = Crossing(90.0, CrossingState.EXPECTED, 1.0, *(END_MS + n * HOUR_MS for n in (9, 8, 11)))
    assert describe(soon).startswith(
        "Expected to reach 90% on 21 November 09:00"
        " (80% interval: 21 November 08:00 to 21 November 11:00)."
        " Probability within 30 days: over 99%."
    )


def test_an_interval_without_an_end_is_open():
    late = Crossing(90.0, CrossingState.EXPECTED, 0.6, END_MS + 28 * DAY_MS, END_MS + 9 * DAY_MS)
    assert "(80% interval: 30 November or later)" in describe(late)
    assert "(80% 구간: 11월 30일 이후)" in describe(late, lang="ko")


def test_what_is_not_expected_says_how_improbable_it_is():
    never = Crossing(90.0, CrossingState.NOT_EXPECTED, 0.0)
    reason = CrossingReason(Motion.SAWTOOTH, 4.0, SINCE_MS, 3 * DAY_MS, END_MS - DAY_MS)
    assert describe(never, reason) == (
        "Not expected to reach 90% within 30 days (probability under 1%)."
        " Reason: sawtooth, usually reset every 3 days, last on 20 November."
    )
    assert describe(never, reason, "ko") == (
        "30일 내에 90%에 도달하지 않을 것으로 예상(확률 1% 미만)."
        " 근거: 톱니형 변동, 보통 3일마다 초기화, 마지막 11월 20일."
    )


def test_a_threshold_that_is_reached_and_one_that_is_unknown_have_no_reason():
    reached = Crossing(90.0, CrossingState.REACHED, 1.0, END_MS, END_MS, END_MS)
    unknown = Crossing(90.0, CrossingState.UNKNOWN, float("nan"))
    assert describe(reached) == "Already at 90% or beyond."
    assert describe(reached, lang="ko") == "이미 임계치 90% 도달."
    assert describe(unknown, None).startswith("Too little history to say when 90% is reached")
    assert describe(unknown, None, "ko").startswith("데이터가 부족하여 90% 도달 시점을")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("motion", Motion)
@pytest.mark.parametrize("per_day", [2.0, -2.0])
def test_every_reason_has_its_words(lang, motion, per_day):
    reason = CrossingReason(motion, per_day, SINCE_MS, 3 * DAY_MS, END_MS - DAY_MS)
    text = describe_reason(reason, "bytes", texts(lang), SEOUL)
    assert text
    assert "None" not in text


def test_a_rate_is_in_points_only_where_the_unit_is_a_share():
    reason = CrossingReason(Motion.STEADY, 0.0042, SINCE_MS)
    assert "0.42 points a day" in describe_reason(reason, "ratio", texts("en"), SEOUL)
    growth = CrossingReason(Motion.STEADY, 3.0 * 1024**3, SINCE_MS)
    assert "3 GiB a day" in describe_reason(growth, "bytes", texts("en"), SEOUL)


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (1, "over 99%")]
)
def test_a_simulation_is_never_certain(probability, text):
    assert name_probability(probability, texts("en")) == text


def test_an_interval_within_a_day_is_that_day():
    day_ms = END_MS + 23 * DAY_MS
    sure = Crossing(90.0, CrossingState.EXPECTED, 1.0, day_ms, day_ms - 1, day_ms + HOUR_MS)
    assert "on 14 December (80% interval: 13 December to 14 December)" in describe(sure)
    sure = Crossing(90.0, CrossingState.EXPECTED, 1.0, day_ms, day_ms, day_ms + HOUR_MS)
    assert "on 14 December (80% interval: that day)" in describe(sure)
    assert "12월 14일에 90% 도달 예상(80% 구간: 당일)" in describe(sure, lang="ko")


@pytest.mark.parametrize(
    ("period_ms", "words"), [(DAY_MS * 70 // 24, "2.9 days"), (6 * HOUR_MS, "6 h")]
)
def test_a_period_has_two_digits(period_ms, words):
    reason = CrossingReason(Motion.STEPS, 1.08, SINCE_MS, period_ms, END_MS)
    text = describe_reason(reason, "percent", texts("en"), SEOUL)
    assert text == f"growth in steps, one every {words} on average, 1.1 points a day in all"
