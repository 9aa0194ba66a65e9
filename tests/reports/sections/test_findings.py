"""Findings: at most three, the gravest first, each with what a reader needs to act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.shaped import levels
from jipyo.analysis.completeness import Gap, TargetCompleteness
from jipyo.analysis.objectives import ObjectiveResult, Result, evaluate_objective
from jipyo.analysis.outage_history import PastOutage
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction, Metric, Objective
from jipyo.catalogue.metric import Compare
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.reports.document import Duration, Finding, Inline, Moment, Phrase, Quantity
from jipyo.reports.sections.findings import MOST, build_findings
from reports.documents import MINUTE, START, build_figure
from reports.summaries import (
    build_data,
    build_entry,
    build_inputs,
    build_metric,
    select_findings,
    shape_day,
    summarise,
)

if TYPE_CHECKING:
    import numpy as np

    from jipyo.reports.data import ReportData, ReportMetric

HOT, WARM = shape_day((30, 90.0)), shape_day((30, 75.0))


def entry(metric_id: str, *values: np.ndarray, **changes: object) -> ReportMetric:
    rows = {f"s{n}": row for n, row in enumerate(values)}
    return build_entry(build_metric(metric_id, metric_id, **changes), rows)


def read(part: Inline) -> tuple[str, dict[str, Inline]]:
    assert isinstance(part, Phrase)
    return part.key.removeprefix("reports."), dict(part.values)


def list_keys(findings: tuple[Finding, ...]) -> list[str]:
    return [read(finding.text)[0] for finding in findings]


def list_details(finding: Finding) -> list[str]:
    return [read(detail)[0] for detail in finding.details]


def test_a_breach_says_what_how_much_since_when_and_for_how_long() -> None:
    values = shape_day((60, 10.0), (30, 75.0), (20, 90.0), (5, 95.0))
    (finding,) = select_findings(build_data(entry("system.cpu.total", values)), ())
    key, arguments = read(finding.text)
    assert (key, finding.state) == ("finding.breach.above.critical", State.CRITICAL)
    assert arguments["threshold"] == Quantity(85, "percent")
    assert arguments["start"] == Moment(START + 90 * MINUTE), "since when it was critical"
    assert arguments["span"] == Duration(25 * MINUTE)
    assert arguments["peak_at"] == Moment(START + 111 * MINUTE)
    assert list_details(finding) == ["finding.ended", "compare.none", "advice.system.cpu"]


@pytest.mark.parametrize(
    ("values", "details"),
    [
        ((HOT,), ["finding.ended"]),
        ((shape_day((20, 90.0), (60, 10.0), (30, 90.0)),), ["finding.times", "finding.ended"]),
        ((HOT, HOT), ["finding.others", "finding.ended"]),
        ((shape_day((1400, 10.0), (40, 90.0)),), ["finding.past_midnight"]),
    ],
)
def test_a_breach_says_how_often_who_else_and_how_it_ended(
    values: tuple[np.ndarray, ...], details: list[str]
) -> None:
    (finding,) = select_findings(build_data(entry("system.cpu.total", *values)), ())
    assert list_details(finding)[: len(details)] == details


def test_of_a_topic_only_the_gravest_metric_is_told_and_required_ones_come_first() -> None:
    data = build_data(
        entry("system.cpu.core", WARM),
        entry("system.cpu.total", HOT),
        entry("system.disk.used", shape_day((40, 90.0)), required=False),
    )
    subjects = [read(finding.text)[1]["subject"] for finding in select_findings(data, ())]
    assert [getattr(one, "name").en for one in subjects] == [  # noqa: B009 - of any inline part
        "system.cpu.total", "system.disk.used",
    ]  # fmt: skip


def test_at_most_three_are_told_and_critical_ones_before_warnings() -> None:
    data = build_data(*(entry(f"a.t{n}.x", WARM) for n in range(4)), entry("b.c.d", HOT))
    findings = select_findings(data, ())
    assert len(findings) == MOST
    assert [finding.state for finding in findings] == [
        State.CRITICAL, State.WARNING, State.WARNING,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metric_id", "advice"),
    [
        ("system.cpu.total", "advice.system.cpu"),
        ("system.other.total", "advice.system"),
        ("ai.model.accuracy", "advice.ai.model"),
    ],
)
def test_advice_is_of_the_topic_where_there_is_some_else_of_the_group(
    metric_id: str, advice: str
) -> None:
    (finding,) = select_findings(build_data(entry(metric_id, HOT)), ())
    assert list_details(finding)[-1] == advice


def test_a_metric_that_is_bad_when_low_is_told_from_below() -> None:
    low = entry(
        "a.b.c",
        shape_day((30, 5.0), rest=80.0),
        thresholds=levels(30, 20, minutes=5),
        direction=Direction.LOWER_IS_WORSE,
    )
    (finding,) = select_findings(build_data(low), ())
    assert read(finding.text)[0] == "finding.breach.below.critical"


def evaluate(value: float, entry: ReportMetric | None = None) -> tuple[ObjectiveResult, ReportData]:
    of = build_objective(entry.metric if entry else build_metric(), value)
    found = build_entry(of, {"": shape_day(rest=10.0)}) if entry is None else entry
    values = found.now.series[0].values
    assert values is not None
    summary = summarise(of, {"": values})
    return evaluate_objective(of, summary), build_data(found)


def build_objective(of: Metric, value: float) -> Metric:
    objective = Objective(compare=Compare.AT_MOST, value=value)
    return build_metric("o", of.id, thresholds=of.thresholds, objective=objective)


def test_a_missed_objective_comes_before_everything_and_a_met_one_after() -> None:
    missed, data = evaluate(5.0)
    assert missed.result is Result.MISSED
    first, *_ = select_findings(data, (missed,))
    assert read(first.text)[0] == "finding.missed"
    assert first.state is State.CRITICAL
    met, data = evaluate(50.0)
    assert met.result is Result.MET
    assert "finding.met" in list_keys(select_findings(data, (met,)))


def test_a_missed_objective_with_a_breach_tells_both_once() -> None:
    hot = entry("system.cpu.total", HOT)
    missed, data = evaluate(5.0, hot)
    (finding,) = select_findings(data, (missed,))
    assert read(finding.text)[0] == "finding.missed"
    assert list_details(finding)[0] == "finding.breach.above.critical"


@pytest.mark.parametrize(
    ("share", "state"), [(0.98, State.UNKNOWN), (0.2, State.UNKNOWN), (0.995, None)]
)
def test_missing_data_are_a_finding(share: float, state: State | None) -> None:
    gaps = (Gap(START, START + 5 * MINUTE), Gap(START + 60 * MINUTE, START + 90 * MINUTE))
    target = TargetCompleteness(
        Labels.of({"instance": "node-1"}), 15_000, 1, 2, 0, gaps, build_figure(share, "ratio")
    )
    data = build_data(entry("a.b.c", shape_day()), targets=[target], share=share)
    findings = [f for f in select_findings(data, ()) if f.state is State.UNKNOWN]
    assert [f.state for f in findings] == ([state] if state else [])
    if findings:
        key, arguments = read(findings[0].details[0])
        assert (key, arguments["target"]) == ("finding.gap", "node-1")
        assert arguments["span"] == Duration(30 * MINUTE), "the longest one"


def build_outage(start: int, end: int, reason: FailureReason | None = None) -> PastOutage:
    target = Outage("", "h:6379", reason)
    return PastOutage(target, START + start * MINUTE, START + end * MINUTE, False)


LONG = build_outage(60, 90, FailureReason.CONNECTION_REFUSED)
SHORT = build_outage(100, 101)


def test_a_long_outage_of_a_target_is_the_first_finding_with_its_cause() -> None:
    down = build_entry(build_metric(metric_id="system.down", outage=True), {"h:6379": HOT})
    data = build_data(entry("system.cpu.total", HOT), down, outages=[LONG, SHORT])
    first, second = select_findings(data, ())
    key, values = read(first.text)
    assert (key, first.state) == ("finding.outage_why", State.CRITICAL)
    assert (values["target"], values["start"]) == ("h:6379", Moment(LONG.start_ms))
    assert values["span"] == Duration(30 * MINUTE)
    assert values["cause"] == Phrase("health.cause.connection_refused", ())
    assert list_details(first) == ["finding.outages", "finding.ended"]
    assert read(second.text)[0] == "finding.breach.above.critical", "of the CPU, not listed twice"


def test_a_short_outage_comes_after_longer_breaches() -> None:
    data = build_data(entry("system.cpu.total", HOT), outages=[SHORT])
    keys = list_keys(select_findings(data, ()))
    assert keys == ["finding.breach.above.critical", "finding.outage"]


def test_a_metric_of_outages_says_what_did_not_answer() -> None:
    (finding,) = select_findings(build_data(entry("db.down", HOT, outage=True)), ())
    key, values = read(finding.text)
    assert (key, values["span"]) == ("finding.outage", Duration(30 * MINUTE))


def test_a_metric_of_losses_says_what_was_gone() -> None:
    (finding,) = select_findings(build_data(entry("system.gpu.lost", HOT, loss=True)), ())
    key, values = read(finding.text)
    assert (key, values["span"]) == ("finding.loss", Duration(30 * MINUTE))


@pytest.mark.parametrize(
    ("before", "key"),
    [(8.0, None), (25.0, "finding.fell"), (0.0, "finding.rose"), (19.0, None)],
)
def test_a_large_change_is_told_and_a_small_one_is_not(before: float, key: str | None) -> None:
    of = build_metric()
    changed = build_entry(of, {"": shape_day()}, week={"": shape_day(rest=before)})
    keys = list_keys(select_findings(build_data(changed), ()))
    assert [k for k in keys if k in {"finding.rose", "finding.fell"}] == ([key] if key else [])


def test_on_a_quiet_day_the_nearest_of_each_topic_is_listed() -> None:
    data = build_data(
        entry("a.cpu.x", shape_day((1, 30.0))),
        entry("a.cpu.y", shape_day((1, 60.0))),
        entry("a.disk.z", shape_day((1, 20.0))),
    )
    findings = select_findings(data, ())
    assert list_keys(findings) == ["finding.nearest.above"] * 2
    names = [getattr(read(f.text)[1]["subject"], "name").en for f in findings]  # noqa: B009
    assert names == ["a.cpu.y", "a.disk.z"]
    assert all(f.state is State.OK for f in findings)


def test_a_breach_too_short_for_an_alert_is_told_as_brief() -> None:
    (finding,) = select_findings(build_data(entry("a.b.c", shape_day((3, 90.0)))), ())
    key, arguments = read(finding.text)
    assert key == "finding.brief.above"
    assert arguments["minutes"] == Duration(3 * MINUTE)


def test_every_finding_says_what_it_is_based_on() -> None:
    (finding,) = select_findings(build_data(entry("a.b.c", HOT)), ())
    key, arguments = read(finding.basis)
    assert key == "basis"
    assert (arguments["exporter"], arguments["samples"]) == ("node_exporter", 1440)


def test_a_day_without_data_has_no_finding_and_no_heading() -> None:
    assert list(build_findings(build_inputs(build_data()))) == []
    assert len(list(build_findings(build_inputs(build_data(entry("a.b.c", HOT)))))) == 2
