from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from analysis.shaped import MEAN, MINUTE_MS, T0_MS, levels, measured, metric
from jipyo.analysis.health import Health, MetricHealth, assess, build_refused, combine
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import (
    describe_duration,
    describe_reason,
    describe_value,
    describe_verdict,
    name_state,
)
from jipyo.catalogue import Direction, Metric
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate
from jipyo.model.labels import Labels

KO, EN, SEOUL = texts("ko"), texts("en"), ZoneInfo("Asia/Seoul")
NOW_MS = T0_MS + 2 * MINUTE_MS
ROWS = {"o": "60 60 60", "w": "60 75 75", "c": "60 90 90", "?": "60 . .", ".": ". . ."}
LATER = {"p": "60 60 75"}  # beyond, but not yet for the five minutes it takes
NAMES = (
    Bilingual("CPU 사용률", "CPU use"),
    Bilingual("메모리", "memory"),
    Bilingual("디스크", "disk"),
    Bilingual("망", "network"),
)


def health(states: str) -> Health:
    pairs = zip(states, NAMES, strict=False)
    return combine(NOW_MS, [one(state, name) for state, name in pairs])


def one(state: str, name: Bilingual) -> MetricHealth:
    of = metric(name=name, thresholds=levels(minutes=5 if state in LATER else 0))
    return assess(measured({**ROWS, **LATER}[state], of=of), NOW_MS)


@pytest.mark.parametrize(
    ("states", "ko", "en"),
    [
        (
            "oo.",
            "정상: 임계치가 있는 지표 2개가 모두 임계치 이내입니다 (데이터 없음 1개)",
            "OK: 2 metrics checked, all within thresholds (1 without data)",
        ),
        (
            "o",
            "정상: 임계치가 있는 지표 1개가 모두 임계치 이내입니다",
            "OK: 1 metric checked, all within thresholds",
        ),
        (
            "ow",
            "주의: 메모리가 임계치를 초과했습니다 (임계치 적용 2개)",
            "Warning: memory is beyond its threshold (2 checked)",
        ),
        (
            "cc?.",
            "위험: CPU 사용률 외 1개 지표가 임계치를 초과했습니다"
            " (임계치 적용 3개, 수집 중단 1개, 데이터 없음 1개)",
            "Critical: CPU use and 1 more are beyond their thresholds"
            " (3 checked, 1 stopped reporting, 1 without data)",
        ),
        (
            "?o",
            "알 수 없음: CPU 사용률의 수집이 중단되었습니다 (임계치 적용 2개)",
            "Unknown: CPU use stopped reporting (2 checked)",
        ),
        (
            "??",
            "알 수 없음: CPU 사용률 외 1개 지표의 수집이 중단되었습니다 (임계치 적용 2개)",
            "Unknown: CPU use and 1 more stopped reporting (2 checked)",
        ),
        (
            "op",
            "정상: 임계치를 지속적으로 초과한 지표가 없습니다 (임계치 적용 2개, 초과 관찰 중 1개)",
            "OK: no metric over its threshold for long enough to alert (2 checked, 1 pending)",
        ),
        (
            "wp",
            "주의: CPU 사용률이 임계치를 초과했습니다 (임계치 적용 2개, 초과 관찰 중 1개)",
            "Warning: CPU use is beyond its threshold (2 checked, 1 pending)",
        ),
        ("", "알 수 없음: 판정할 데이터가 없습니다", "Unknown: no data to check"),
        (
            ".",
            "알 수 없음: 판정할 데이터가 없습니다 (데이터 없음 1개)",
            "Unknown: no data to check (1 without data)",
        ),
    ],
)
def test_the_verdict_is_one_sentence(states: str, ko: str, en: str) -> None:
    assert describe_verdict(health(states), KO) == ko
    assert describe_verdict(health(states), EN) == en


def judged(row: str, of: Metric | None = None) -> MetricHealth:
    return assess(measured(row, of=of), NOW_MS)


LOW = metric(direction=Direction.LOWER_IS_WORSE, thresholds=levels(95, 90))
LOW_LATER = metric(direction=Direction.LOWER_IS_WORSE, thresholds=levels(95, 90, minutes=5))


@pytest.mark.parametrize(
    ("one", "ko", "en"),
    [
        (
            judged("60 60 60"),
            "주의 임계치 70% 미만 (host0)",
            "Below warning 70% (host0)",
        ),
        (
            judged("99 99 99", LOW),
            "주의 임계치 95% 초과 (host0)",
            "Above warning 95% (host0)",
        ),
        (
            judged("60 60 90", metric(thresholds=levels(minutes=5))),
            "위험 임계치 85% 이상 · 0초 / 5분 · 5분 더 지속되면 위험 (host0)",
            "At or above critical 85% for 0 s of 5 min, critical if it lasts 5 min more (host0)",
        ),
        (
            judged("99 93 93", LOW_LATER),
            "주의 임계치 95% 이하 · 1분 / 5분 · 4분 더 지속되면 주의 (host0)",
            "At or below warning 95% for 1 min of 5 min, warning if it lasts 4 min more (host0)",
        ),
        (
            judged("60 90 91.26"),
            "00:01부터 위험 임계치 85% 이상, 현재 91.3% (host0)",
            "At or above critical 85% since 00:01, now 91.3% (host0)",
        ),
        (
            judged("93 93 93", LOW),
            "00:00 이전부터 주의 임계치 95% 이하, 현재 93% (host0)",
            "At or below warning 95% since before 00:00, now 93% (host0)",
        ),
        (
            judged("5 5 5", metric(thresholds=None)),
            "임계치 없음 (host0)",
            "No threshold (host0)",
        ),
        (
            assess(measured("99 99 99", given=(MEAN,)), NOW_MS),
            "평균만 제공되어 백분위 임계치를 적용하지 않음 (host0)",
            "A mean only: percentile thresholds do not apply (host0)",
        ),
        (
            judged("60 . ."),
            "00:00부터 데이터가 수집되지 않음 (host0)",
            "No data since 00:00 (host0)",
        ),
        (
            judged("60 . .", metric(idle_without_data=True)),
            "00:00부터 새 값이 없음: 처리 건수가 없거나 수집이 중단됨 (host0)",
            "No new value since 00:00: nothing was processed, or it stopped reporting (host0)",
        ),
        (judged(". . ."), "데이터 없음", "No data"),
        (
            build_refused(metric(), "parse error"),
            "쿼리가 거부됨: parse error",
            "Query rejected: parse error",
        ),
    ],
)
def test_a_reason_says_what_how_much_since_when_and_against_what(
    one: MetricHealth, ko: str, en: str
) -> None:
    assert describe_reason(one, KO, SEOUL, NOW_MS) == ko
    assert describe_reason(one, EN, SEOUL, NOW_MS) == en


def test_a_single_nameless_series_needs_no_name() -> None:
    one = replace(judged("60 60 60"), worst=Labels(()))
    assert describe_reason(one, KO, SEOUL, NOW_MS) == "주의 임계치 70% 미만"


@pytest.mark.parametrize(
    ("row", "ko", "en"),
    [
        ("60 60 90", "방금", "just now"),
        ("60 90 90", "1분째", "for 1 min"),
        ("90 90 90", "2분 이상", "for over 2 min"),
        (". . .", "", ""),
    ],
)
def test_since_when_is_said_as_a_length_of_time(row: str, ko: str, en: str) -> None:
    assert describe_duration(judged(row), KO, NOW_MS) == ko
    assert describe_duration(judged(row), EN, NOW_MS) == en


def test_states_have_names() -> None:
    assert [name_state(state, KO) for state in State] == [
        *("정상", "초과 관찰 중", "알 수 없음", "주의", "위험")
    ]
    assert name_state(State.OK, EN) == "OK"


@pytest.mark.parametrize(
    ("value", "n", "ko", "en"),
    [
        (
            "94.264",
            "1203",
            "주의 임계치 90% 초과 (host0)",
            "Above warning 90% (host0)",
        ),
        (
            "92",
            "50",
            "주의 임계치 90% 초과,"
            " 건수가 적어 확실하지 않음(n = 50, 95% 신뢰구간 81.2–96.8%) (host0)",
            "Above warning 90%, too few cases to be certain (n = 50, 95% CI 81.2–96.8%) (host0)",
        ),
    ],
)
def test_a_verdict_of_few_cases_says_so(value: str, n: str, ko: str, en: str) -> None:
    of = metric(direction=Direction.LOWER_IS_WORSE, thresholds=levels(90, 85))
    health = assess(measured(value, of=of, n=(n,)), NOW_MS)
    assert [describe_reason(health, t, SEOUL, NOW_MS).replace("\u00a0", " ") for t in (KO, EN)] == [
        ko,
        en,
    ]


@pytest.mark.parametrize(
    ("sure", "ko", "en"),
    [
        (None, "94.2%", "94.2%"),
        (UNKNOWN_PROPORTION, "94.2% (건수 미상)", "94.2% (n unknown)"),
        (
            ProportionEstimate(1203, 92.73, 95.38),
            "94.2% (n = 1,203, 95% 신뢰구간 92.7–95.4%)",
            "94.2% (n = 1,203, 95% CI 92.7–95.4%)",
        ),
    ],
)
def test_a_share_is_said_with_its_cases(sure: ProportionEstimate | None, ko: str, en: str) -> None:
    texts_of = [describe_value(94.2, sure, "percent", t).replace("\u00a0", " ") for t in (KO, EN)]
    assert texts_of == [ko, en]
    assert describe_value(None, sure, "percent", EN) == EN.number(None)
