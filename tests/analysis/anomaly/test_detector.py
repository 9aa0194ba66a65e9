"""What the detector says of series with one thing wrong."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.anomaly.made_up import DAY, START_MS, STEP_MS, step_through, working_days
from jipyo.analysis.anomaly import (
    AnomalyDetector,
    Expectation,
    dump_detector,
    load_detector,
)
from jipyo.model.errors import StoreCorrupt


def test_a_spike_is_found_and_explained():
    values = working_days(14)
    values[12 * DAY + 30] = 160
    scores, _ = step_through(values[:, None])
    anomaly = scores[12 * DAY + 30].find_anomalies()[0]
    assert anomaly.key == "series0"
    assert anomaly.value == 160
    assert anomaly.expected == pytest.approx(20, abs=5)
    assert anomaly.score >= 1


def test_usual_days_raise_few_alerts():
    scores, _ = step_through(np.stack([working_days(28, seed) for seed in range(8)], axis=1))
    alerts = np.nansum([one.score >= 1 for one in scores])
    assert alerts / (28 * DAY * 8) <= 0.0005


def test_scores_begin_after_probation():
    scores, _ = step_through(working_days(3)[:, None])
    assert np.isnan(scores[DAY].score[0])
    assert np.isfinite(scores[-1].score[0])


def test_a_new_level_alerts_once_and_is_then_usual():
    values = working_days(28)
    values[14 * DAY :] += 60
    scores, _ = step_through(values[:, None])
    alerts = np.array([one.score[0] >= 1 for one in scores])
    assert alerts[14 * DAY : 14 * DAY + 6].any()
    assert alerts[21 * DAY :].sum() <= 1


def test_a_missing_value_has_no_score_and_changes_nothing():
    values = working_days(10)[:, None]
    _, detector = step_through(values)
    before = dump_detector(detector)
    scores = detector.step(START_MS + len(values) * STEP_MS, np.array([np.nan]))
    assert np.isnan(scores.score[0])
    assert dump_detector(detector) == before


def test_after_a_restart_the_scores_are_the_same():
    values = np.stack([working_days(8, seed) for seed in (1, 2)], axis=1)
    straight, _ = step_through(values)
    _, first = step_through(values[: 5 * DAY])
    again = load_detector(dump_detector(first))
    for at in range(5 * DAY, len(values)):
        scores = again.step(START_MS + at * STEP_MS, values[at])
        np.testing.assert_array_equal(scores.score, straight[at].score)


def test_damaged_state_is_an_error():
    state = dump_detector(AnomalyDetector(["a"], ["x"], STEP_MS))
    with pytest.raises(StoreCorrupt, match="damaged"):
        load_detector(state[:-1])


def test_rows_follow_their_keys():
    table = np.stack([working_days(5, 1), 10 * working_days(5, 2)], axis=1)
    _, detector = step_through(table)
    detector.arrange(["new", "series1"], ["host", "host"])
    scores = detector.step(START_MS + len(table) * STEP_MS, table[0])
    assert scores.keys == ("new", "series1")
    assert np.isnan(scores.score[0])
    assert np.isfinite(scores.score[1])


def test_series_of_a_target_that_deviate_together_are_one_joint_anomaly():
    table = np.stack([working_days(12, seed) for seed in range(3)], axis=1)
    table[-1] += 90
    scores, _ = step_through(table)
    joint = scores[-1].find_joint_anomalies()
    assert [one.target for one in joint] == ["host"]
    assert len(joint[0].members) == 3
    assert joint[0].score >= max(member.score for member in joint[0].members)


def test_many_usual_series_are_no_joint_anomaly():
    table = np.stack([working_days(5, seed) for seed in range(80)], axis=1)
    scores, _ = step_through(table)
    joint = np.array([one.joint[0] for one in scores[2 * DAY :]])
    assert np.mean(joint >= 1) < 0.005


def test_several_lesser_deviations_at_once_are_a_joint_anomaly():
    table = np.stack([working_days(5, seed) for seed in range(6)], axis=1)
    table[-3:] += 13
    scores, _ = step_through(table)
    last = scores[-1]
    assert (last.score >= 0.5).sum() >= 3
    assert last.joint[0] > last.score.max()
    joint = last.find_joint_anomalies()[0]
    assert {one.key for one in joint.members} == {
        key for key, score in zip(last.keys, last.score, strict=True) if score >= 0.5
    }


def test_a_series_does_not_depend_on_its_neighbours():
    alone, _ = step_through(working_days(6, 3)[:, None])
    beside, _ = step_through(np.stack([working_days(6, seed) for seed in (1, 3)], axis=1))
    for one, two in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(one.score[0], two.score[1])


def test_every_expectation_has_its_words():
    assert [one.name for one in Expectation] == ["RECENT", "LEVEL", "RHYTHM", "RANGE"]


def test_a_working_day_on_a_sunday_is_unusual_for_its_hour():
    weeks = 4
    values = working_days(7 * weeks)
    sunday = (7 * weeks - 1) * DAY
    values[sunday:] = working_days(1)  # a Monday's load
    usual, _ = step_through(working_days(7 * weeks)[:, None])
    scores, _ = step_through(values[:, None])
    assert max(one.score[0] for one in usual[sunday:]) < 1
    found = [one for step in scores[sunday:] for one in step.find_anomalies()]
    assert found
    assert found[0].expectation is Expectation.RHYTHM
    assert found[0].expected < 30
