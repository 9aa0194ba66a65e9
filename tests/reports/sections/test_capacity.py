"""Capacity: an answer with its interval and curve, a refusal with its reason."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from jipyo.analysis.capacity.answer import TargetVerdict, judge_target
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS
from jipyo.reports.capacity_data import ServiceCapacity
from jipyo.reports.document import Charts, LoadCurve
from jipyo.reports.sections.actions import select_actions
from jipyo.reports.sections.capacity import (
    MOST,
    build_capacity,
    build_capacity_finding,
    find_state,
)
from jipyo.reports.sections.findings import select_findings
from jipyo.reports.wording import Localizer
from reports.chapter_data import CATALOGUE, build_inputs
from reports.chapter_months import MONTH
from reports.quoting import (
    check_section,
    find_findings,
    find_tables,
    list_leaves,
    write_finding,
    write_table,
)
from support.queues import make_history

OBJECTIVE = CapacityObjective(2.0)


@cache
def ask(peak: float, target: float | None = None, days: float = 7) -> ServiceCapacity:
    """A service that breaks at some 8 requests a second, seen up to a peak."""
    capacity = find_capacity(make_history(10.0, peak, days=days), OBJECTIVE)
    metric = CATALOGUE.get("app.response_time")
    assert metric is not None
    loads = np.linspace(0.5, peak, 12)
    return ServiceCapacity(
        metric=metric,
        service="",
        exporter="fastapi",
        capacity=capacity,
        target=None if target is None else judge_target(capacity, target),
        loads=loads,
        latencies_s=0.3 + loads / 20,
    )


def test_an_answer_has_its_interval_beside_the_highest_load() -> None:
    one = ask(8.0)
    leaves = list(list_leaves(build_capacity(build_inputs(MONTH, capacities=(one,)))))
    check_section(leaves, MONTH.period)
    assert one.capacity.breaking is not None
    localizer = Localizer.for_period(MONTH.period, "en")
    text = write_finding(find_findings(leaves)[0], localizer)
    assert "is estimated to hold up to about" in text
    assert "80% interval" in text
    charts = next(block for block in leaves if isinstance(block, Charts))
    curve = charts.items[0]
    assert isinstance(curve, LoadCurve)
    breaking = one.capacity.breaking
    assert curve.beyond_loads.tolist() == [breaking.low, breaking.median, breaking.high]
    assert set(curve.beyond.tolist()) == {OBJECTIVE.latency_s}


@pytest.mark.parametrize(("peak", "days"), [(2.5, 7), (8.0, 1)])
def test_a_refusal_has_its_reason_in_both_languages(peak: float, days: float) -> None:
    one = ask(peak, days=days)
    assert one.capacity.refusal is not None
    leaves = list(list_leaves(build_capacity(build_inputs(MONTH, capacities=(one,)))))
    check_section(leaves, MONTH.period)
    finding = find_findings(leaves)[0]
    assert finding.state is State.UNKNOWN
    for lang in LANGS:
        localizer = Localizer.for_period(MONTH.period, lang)
        reason = localizer.format(find_tables(leaves)[1].rows[0][-1])
        assert reason in write_finding(finding, localizer)
        assert localizer.format(finding.word) == {"ko": "미확인", "en": "not known"}[lang]


@pytest.mark.parametrize(
    ("target", "verdict", "state"),
    [
        (5.0, TargetVerdict.YES, State.OK),
        (100.0, TargetVerdict.NO, State.CRITICAL),
    ],
)
def test_a_load_that_must_be_served_is_answered(
    target: float, verdict: TargetVerdict, state: State
) -> None:
    one = ask(8.0, target)
    assert one.target is not None
    assert one.target.verdict is verdict
    assert find_state(one) is state
    text = Localizer.for_period(MONTH.period, "ko").format(build_capacity_finding(one).details[0])
    assert f"{target:g}건/초" in text


def test_a_load_beyond_the_interval_of_the_break_is_a_warning() -> None:
    one = ask(8.0)
    assert one.capacity.seen is not None
    assert one.capacity.breaking is not None
    seen = replace(one.capacity.seen, highest_rate=one.capacity.breaking.high)
    assert find_state(replace(one, capacity=replace(one.capacity, seen=seen))) is State.WARNING


def test_services_that_can_answer_come_first_and_of_many_the_rest_are_counted() -> None:
    services = [replace(ask(2.5), service=f"s{at}") for at in range(MOST + 2)]
    leaves = list(
        list_leaves(build_capacity(build_inputs(MONTH, capacities=(*services, ask(8.0)))))
    )
    assert find_findings(leaves)[0].state is State.OK
    answered, refused = find_tables(leaves)
    assert len(answered.rows) == 1
    text = write_table(refused, Localizer.for_period(MONTH.period, "ko"))
    assert "외 서비스 2개" in text


def test_without_services_there_is_no_section() -> None:
    assert list(build_capacity(build_inputs(MONTH))) == []


def test_a_curve_of_two_points_is_not_drawn() -> None:
    one = replace(ask(8.0), loads=np.array([1.0, 2.0]), latencies_s=np.array([0.1, 0.2]))
    leaves = list(list_leaves(build_capacity(build_inputs(MONTH, capacities=(one,)))))
    assert not any(isinstance(block, Charts) for block in leaves)


def test_a_load_that_is_not_served_is_a_finding_and_asks_for_more_capacity() -> None:
    refused, served = ask(8.0, target=40.0), ask(2.5)
    assert find_state(refused) is State.CRITICAL
    inputs = build_inputs(MONTH, capacities=(served, refused))
    finding = build_capacity_finding(refused)
    assert [one.text for one in select_findings(inputs)] == [finding.text]
    (action,) = select_actions(inputs)
    assert action.basis == finding.text
    text = Localizer.for_period(MONTH.period, "en").format(action.text)
    assert text == "API response time (p95): Add capacity, or spread the load"
