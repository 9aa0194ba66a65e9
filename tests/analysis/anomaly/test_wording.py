"""Anomalies in both languages."""

from __future__ import annotations

import pytest

from jipyo.analysis.anomaly import (
    Anomaly,
    Expectation,
    JointAnomaly,
    describe_anomaly,
    describe_joint_anomaly,
)
from jipyo.i18n import LANGS, texts

SPIKE = Anomaly("cpu", "web-1", 2.0, 96.0, 31.0, Expectation.RHYTHM, 8.04)


@pytest.mark.parametrize(
    ("lang", "name", "expected"),
    [
        ("en", "CPU", "CPU: 96%, where 31% is usual at this hour (8 times the usual deviation)"),
        ("ko", "CPU", "CPU: 96%, 이 시간대 평소 값은 31%(평소 변동의 8배)"),
    ],
)
def test_an_anomaly_says_what_deviates_from_what(lang, name, expected):
    assert describe_anomaly(SPIKE, name, "percent", texts(lang)) == expected


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("expectation", Expectation)
def test_every_expectation_has_its_words(lang, expectation):
    one = Anomaly("cpu", "web-1", 2.0, 96.0, 31.0, expectation, 8.0)
    text = describe_anomaly(one, "CPU", "percent", texts(lang))
    assert "96%" in text
    assert "31%" in text


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "web-1: 2 metrics deviate at the same time: a; b"),
        ("ko", "web-1: 지표 2개 동시 이상: a; b"),
    ],
)
def test_a_joint_anomaly_lists_its_members(lang, expected):
    names = iter("ab")
    joint = JointAnomaly("web-1", 2.0, (SPIKE, SPIKE))
    assert describe_joint_anomaly(joint, lambda _: next(names), texts(lang)) == expected
