"""How series moved: nothing of noise, the day of a jump, the slope of a rise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jipyo.i18n import LANGS
from jipyo.reports.sections.metric_course import choose_daily, describe_course, is_clear
from jipyo.reports.wording import Localizer
from reports.chapter_data import CATALOGUE, Month, build_entry
from reports.chapter_months import MONTH, PERIODS, WEEK

CPU = "system.cpu.utilization"
NOISE = np.random.default_rng(3).normal(0, 1.0, MONTH.window.steps)
AT = np.arange(MONTH.window.steps) / (MONTH.window.steps / 31)


def write(values: np.ndarray, metric_id: str = CPU, month: Month = MONTH) -> list[str]:
    entry = build_entry(month, metric_id, values)
    course = describe_course(entry.metric, entry.now.series[0], month.window, "Asia/Seoul")
    if course is None:
        return []
    return [Localizer.for_period(month.period, lang).format(course) for lang in LANGS]


@pytest.mark.parametrize("seed", range(5))
def test_a_service_with_its_rhythm_has_no_course(seed: int) -> None:
    assert write(MONTH.rhythm(10, 60, 3, seed=seed)) == []


def test_a_jump_has_its_day_and_both_levels() -> None:
    assert write(30 + NOISE + 25 * (AT >= 12)) == [
        "10. 13. (화)부터 56.7%(이전 31.6%)",
        "56.7% since Tue 13 Oct (before 31.6%)",
    ]


def test_a_rise_has_its_slope() -> None:
    assert write(MONTH.line(50, 62) + NOISE / 20, "system.disk.utilization") == [
        "하루 +0.39%p",
        "+0.39 points a day",
    ]


def test_a_fall_of_what_is_not_in_per_cent_has_the_metrics_unit() -> None:
    course = write(MONTH.line(3.0, 1.0), "app.response_time")
    assert course == ["하루 −65ms", "−65 ms a day"]


def test_a_change_too_small_to_matter_is_not_spoken_of() -> None:
    assert write(MONTH.line(50, 50.5), "system.disk.utilization") == []
    assert write(MONTH.line(1.00, 1.02), "app.response_time") == []


def test_a_year_has_trends_alone_and_a_week_nothing_at_all() -> None:
    year = PERIODS["year"]
    assert write(year.line(20, 90), month=year) == ["하루 +0.19%p", "+0.19 points a day"]
    assert write(WEEK.line(10, 40), month=WEEK) == []


def test_series_without_drawn_values_or_days_have_no_course() -> None:
    entry = build_entry(MONTH, CPU, MONTH.line(10, 60))
    bare = replace(entry.now.series[0], values=None, days=None)
    assert describe_course(entry.metric, bare, MONTH.window, "Asia/Seoul") is None


def test_the_daily_figures_of_a_share_are_used_and_of_all_else_the_means() -> None:
    share = build_entry(MONTH, "ai.model.accuracy", MONTH.line(94, 91)).now.series[0]
    assert share.days is not None
    other = replace(share.days, figure=share.days.mean - 1)
    assert (choose_daily(replace(share, days=other)) == other.figure).all()
    cpu = build_entry(MONTH, CPU, MONTH.line(10, 60)).now.series[0]
    assert cpu.days is not None
    assert (choose_daily(cpu) == cpu.days.mean).all()


@pytest.mark.parametrize(
    ("metric_id", "level", "difference", "clear"),
    [
        (CPU, 50.0, 0.99, False),
        (CPU, 50.0, -1.0, True),
        ("app.response_time", 1.0, 0.05, True),
        ("app.response_time", 1.0, 0.049, False),
        ("app.response_time", 0.0, 0.0, False),
    ],
)
def test_a_course_is_clear_from_a_point_or_a_twentieth_on(
    metric_id: str, level: float, difference: float, clear: bool
) -> None:
    metric = CATALOGUE.get(metric_id)
    assert metric is not None
    assert is_clear(metric, level, difference) is clear


def test_a_drift_that_begins_within_the_month_has_its_day_and_slope() -> None:
    drift = 94 - 0.3 * np.clip(AT - 16, 0, None) + NOISE / 5
    (ko, en) = write(drift, "ai.model.accuracy")
    assert ko.startswith("10. 1")
    assert "부터 하루 −0." in ko
    assert "points a day since" in en


@pytest.mark.parametrize("day", [4, 13, 27])
@pytest.mark.parametrize("minutes", [40, 240, 600])
def test_hours_of_an_outage_are_no_new_level(day: int, minutes: int) -> None:
    values = MONTH.with_outage(MONTH.rhythm(10, 40, 2), 99.5, day=day, minutes=minutes)
    assert write(values) == []


def test_what_drifts_faster_and_faster_has_its_first_and_last_week() -> None:
    drift = 94 - 6 * (AT / 31) ** 3 + 0.1 * np.sin(AT)
    assert write(drift, "ai.model.accuracy") == [
        "처음 7일 94.0%, 마지막 7일 89.9%",
        "first 7 d 94.0%, last 7 d 89.9%",
    ]
