from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from analysis.shaped import MEAN, MINUTE_MS, T0_MS, limits, measured, metric
from jipyo.analysis.health import Health, MetricHealth, assess, combine, refused_health
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import (
    reason,
    series_name,
    series_names,
    since,
    state_name,
    valued,
    verdict,
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
    of = metric(name=name, thresholds=limits(minutes=5 if state in LATER else 0))
    return assess(measured({**ROWS, **LATER}[state], of=of), NOW_MS)


@pytest.mark.parametrize(
    ("states", "ko", "en"),
    [
        (
            "oo.",
            "정상: 판정한 지표 2개가 모두 기준 안에 있습니다 (자료 없음 1개)",
            "OK: all 2 judged metrics are within their thresholds (1 never with data)",
        ),
        (
            "ow",
            "주의: 메모리가 기준을 벗어났습니다 (판정 2개)",
            "Warning: memory is beyond its threshold (2 judged)",
        ),
        (
            "cc?.",
            "위험: CPU 사용률 등 지표 2개가 기준을 벗어났습니다"
            " (판정 3개, 자료 끊김 1개, 자료 없음 1개)",
            "Critical: 2 metrics are beyond their thresholds, CPU use first"
            " (3 judged, 1 without data any more, 1 never with data)",
        ),
        (
            "?o",
            "알 수 없음: CPU 사용률의 자료가 끊겼습니다 (판정 2개)",
            "Unknown: CPU use has stopped giving data (2 judged)",
        ),
        (
            "??",
            "알 수 없음: CPU 사용률 등 지표 2개의 자료가 끊겼습니다 (판정 2개)",
            "Unknown: 2 metrics have stopped giving data, CPU use first (2 judged)",
        ),
        (
            "op",
            "정상: 기준을 벗어난 채 이어지는 지표가 없습니다 (판정 2개, 기준에 막 이른 것 1개)",
            "OK: no metric has stayed beyond its threshold for long enough"
            " (2 judged, 1 beyond one, not for long yet)",
        ),
        (
            "wp",
            "주의: CPU 사용률이 기준을 벗어났습니다 (판정 2개, 기준에 막 이른 것 1개)",
            "Warning: CPU use is beyond its threshold (2 judged, 1 beyond one, not for long yet)",
        ),
        ("", "알 수 없음: 판정할 자료가 없습니다", "Unknown: there is no data to judge"),
        (
            ".",
            "알 수 없음: 판정할 자료가 없습니다 (자료 없음 1개)",
            "Unknown: there is no data to judge (1 never with data)",
        ),
    ],
)
def test_the_verdict_is_one_sentence(states: str, ko: str, en: str) -> None:
    assert verdict(health(states), KO) == ko
    assert verdict(health(states), EN) == en


def judged(row: str, of: Metric | None = None) -> MetricHealth:
    return assess(measured(row, of=of), NOW_MS)


LOW = metric(direction=Direction.LOWER_IS_WORSE, thresholds=limits(95, 90))
LOW_LATER = metric(direction=Direction.LOWER_IS_WORSE, thresholds=limits(95, 90, minutes=5))


@pytest.mark.parametrize(
    ("one", "ko", "en"),
    [
        (
            judged("60 60 60"),
            "60 %로, 주의 기준 70 %보다 낮습니다 (host0)",
            "60 %, below the warning threshold of 70 % (host0)",
        ),
        (
            judged("99 99 99", LOW),
            "99 %로, 주의 기준 95 %보다 높습니다 (host0)",
            "99 %, above the warning threshold of 95 % (host0)",
        ),
        (
            judged("60 60 90", metric(thresholds=limits(minutes=5))),
            "90 %로 위험 기준 85 % 이상이지만 아직 5분을 넘기지 않았습니다 (host0)",
            "90 %, at or above the critical threshold of 85 %, but not yet for 5 min (host0)",
        ),
        (
            judged("99 99 93", LOW_LATER),
            "93 %로 주의 기준 95 % 이하이지만 아직 5분을 넘기지 않았습니다 (host0)",
            "93 %, at or below the warning threshold of 95 %, but not yet for 5 min (host0)",
        ),
        (
            judged("60 90 91.26"),
            "2026년 11월 21일 (토) 00:01에 위험 기준 85 %에 이르렀습니다."
            " 지금은 91.3 %입니다 (host0)",
            "Rose to the critical threshold of 85 % at Sat 21 November 2026 00:01;"
            " now 91.3 % (host0)",
        ),
        (
            judged("93 93 93", LOW),
            "2026년 11월 21일 (토) 00:00 이전에 주의 기준 95 %까지 떨어졌습니다."
            " 지금은 93 %입니다 (host0)",
            "Fell to the warning threshold of 95 % before Sat 21 November 2026 00:00;"
            " now 93 % (host0)",
        ),
        (
            judged("5 5 5", metric(thresholds=None)),
            "5 %입니다. 기준이 없는 지표입니다 (host0)",
            "5 %; this metric has no threshold (host0)",
        ),
        (
            assess(measured("99 99 99", given=(MEAN,)), NOW_MS),
            "99 %입니다. 평균만 있는 출처이므로 백분위 기준으로 판정하지 않습니다 (host0)",
            "99 %; the source gives only a mean, so no threshold for a percentile is applied"
            " (host0)",
        ),
        (
            judged("60 . ."),
            "2026년 11월 21일 (토) 00:00에 자료가 끊겼습니다 (host0)",
            "The data stopped at Sat 21 November 2026 00:00 (host0)",
        ),
        (
            judged("60 . .", metric(idle_without_data=True)),
            "2026년 11월 21일 (토) 00:00에 마지막 값이 있었습니다."
            " 그 뒤로 처리한 것이 없거나 자료가 끊겼습니다 (host0)",
            "The last value came at Sat 21 November 2026 00:00:"
            " since then nothing was processed, or the data stopped (host0)",
        ),
        (judged(". . ."), "자료가 없습니다", "There is no data"),
        (
            refused_health(metric(), "parse error"),
            "질의가 거절되었습니다: parse error",
            "The question was refused: parse error",
        ),
    ],
)
def test_a_reason_says_what_how_much_since_when_and_against_what(
    one: MetricHealth, ko: str, en: str
) -> None:
    assert reason(one, KO, SEOUL) == ko
    assert reason(one, EN, SEOUL) == en


def test_a_single_nameless_series_needs_no_name() -> None:
    one = replace(judged("60 60 60"), worst=Labels(()))
    assert reason(one, KO, SEOUL) == "60 %로, 주의 기준 70 %보다 낮습니다"


@pytest.mark.parametrize(
    ("row", "ko", "en"),
    [
        ("60 60 90", "방금부터", "since just now"),
        ("60 90 90", "1분째", "for 1 min"),
        ("90 90 90", "2분 넘게", "for more than 2 min"),
        (". . .", "", ""),
    ],
)
def test_since_when_is_said_as_a_length_of_time(row: str, ko: str, en: str) -> None:
    assert since(judged(row), KO, NOW_MS) == ko
    assert since(judged(row), EN, NOW_MS) == en


def test_states_have_names() -> None:
    assert [state_name(state, KO) for state in State] == [
        *("정상", "초과 관찰 중", "알 수 없음", "주의", "위험")
    ]
    assert state_name(State.OK, EN) == "ok"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"instance": "host1", "cpu": "0"}, "host1 · cpu 0"),
        ({"instance": "host1", "job": "node"}, "host1"),
        ({"job": "api"}, "job api"),
        ({"__name__": "up", "model": "llama"}, "llama"),
        ({}, ""),
    ],
)
def test_a_series_is_named_by_its_labels(labels: dict[str, str], name: str) -> None:
    assert series_name(Labels.of(labels)) == name


def named(*labels: dict[str, str]) -> tuple[str, ...]:
    return series_names([Labels.of(one) for one in labels])


def test_series_beside_one_another_are_named_by_what_differs() -> None:
    assert named({"instance": "a", "cpu": "0"}, {"instance": "a", "cpu": "1"}) == ("cpu 0", "cpu 1")
    assert named({"instance": "a"}, {"instance": "b"}) == ("a", "b")
    assert named({"instance": "a", "cpu": "0"}) == ("a · cpu 0",)
    assert named({"a": "b"}, {"a": "b"}) == ("a b", "a b")
    assert named({"x": "1"}, {"y": "2"}) == ("x 1", "y 2")
    assert named() == ()


@pytest.mark.parametrize(
    ("value", "n", "ko", "en"),
    [
        (
            "94.264",
            "1203",
            "94.3 %로, 주의 기준 90 %보다 높습니다 (host0)",
            "94.3 %, above the warning threshold of 90 % (host0)",
        ),
        (
            "92",
            "50",
            "92 %로, 주의 기준 90 %보다 높습니다."
            " 다만 건수가 적어 확실하지 않습니다(n = 50, 95 % 신뢰구간 81.2–96.8 %) (host0)",
            "92 %, above the warning threshold of 90 %;"
            " the cases are too few to be sure of that (n = 50, 95 % CI 81.2–96.8 %) (host0)",
        ),
    ],
)
def test_a_verdict_of_few_cases_says_so(value: str, n: str, ko: str, en: str) -> None:
    of = metric(direction=Direction.LOWER_IS_WORSE, thresholds=limits(90, 85))
    health = assess(measured(value, of=of, n=(n,)), NOW_MS)
    assert [reason(health, t, SEOUL).replace("\u00a0", " ") for t in (KO, EN)] == [ko, en]


@pytest.mark.parametrize(
    ("sure", "ko", "en"),
    [
        (None, "94.2 %", "94.2 %"),
        (UNKNOWN_PROPORTION, "94.2 % (n 알 수 없음)", "94.2 % (n unknown)"),
        (
            ProportionEstimate(1203, 92.73, 95.38),
            "94.2 % (n = 1,203, 95 % 신뢰구간 92.7–95.4 %)",
            "94.2 % (n = 1,203, 95 % CI 92.7–95.4 %)",
        ),
    ],
)
def test_a_share_is_said_with_its_cases(sure: ProportionEstimate | None, ko: str, en: str) -> None:
    said = [valued(94.2, sure, "percent", t).replace("\u00a0", " ") for t in (KO, EN)]
    assert said == [ko, en]
    assert valued(None, sure, "percent", EN) == EN.number(None)
