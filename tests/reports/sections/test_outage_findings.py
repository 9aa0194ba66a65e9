"""What went down together is one finding; a total outage stands before everything."""

from __future__ import annotations

import pytest

from jipyo.alerts.silence import MaintenanceWindow
from jipyo.analysis.completeness import TargetCompleteness
from jipyo.analysis.outage_history import PastOutage
from jipyo.analysis.outages import Outage
from jipyo.catalogue import Objective
from jipyo.catalogue.metric import Compare
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.reports.document import Duration, Moment, Phrase
from jipyo.reports.sections.findings import select_findings
from jipyo.reports.sections.outage_findings import group_outages
from reports.documents import MINUTE, START, build_figure
from reports.summaries import build_data, build_entry, build_inputs, build_metric, shape_day


def outage(name: str, start: int, end: int) -> PastOutage:
    target = Outage("job", name, FailureReason.TIMEOUT)
    return PastOutage(target, START + start * MINUTE, START + end * MINUTE, is_open=False)


def target(name: str) -> TargetCompleteness:
    labels = Labels.of({"job": "job", "instance": name})
    return TargetCompleteness(labels, 15_000, 5760, 5760, 0, (), build_figure(1.0))


def window(start: int, end: int, *matchers: Matcher) -> MaintenanceWindow:
    return MaintenanceWindow(
        id="1", name="work", matchers=matchers, start_ms=START + start * MINUTE,
        end_ms=START + end * MINUTE, announced_ms=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outages", "groups"),
    [
        ([("a", 0, 10), ("b", 20, 30)], [(("job a",), 10), (("job b",), 10)]),
        ([("a", 0, 10), ("b", 5, 15)], [(("job a", "job b"), 15)]),
        ([("a", 0, 10), ("b", 5, 20), ("c", 15, 30)], [(("job a", "job b", "job c"), 30)]),
        ([("a", 0, 10), ("b", 10, 20)], [(("job a",), 10), (("job b",), 10)]),
        ([("a", 0, 10), ("b", 2, 8), ("a", 60, 70), ("b", 60, 65)], [(("job a", "job b"), 20)]),
        ([("a", 0, 10), ("a", 60, 65)], [(("job a",), 15)]),
    ],
)
def test_outages_that_overlap_are_one(
    outages: list[tuple[str, int, int]], groups: list[tuple[tuple[str, ...], int]]
) -> None:
    inputs = build_inputs(build_data(outages=[outage(*one) for one in outages]))
    found = [(one.names, one.total_ms // MINUTE) for one in group_outages(inputs)]
    assert found == groups


@pytest.mark.parametrize(
    ("names", "down", "total"),
    [("ab", "ab", True), ("ab", "a", False), ("a", "a", False), ("", "a", False)],
)
def test_an_outage_is_total_where_all_of_several_targets_are_down(
    names: str, down: str, total: bool
) -> None:
    data = build_data(targets=list(map(target, names)), outages=[outage(one, 0, 9) for one in down])
    (group,) = group_outages(build_inputs(data))
    assert group.is_total is total


def test_a_total_outage_stands_before_everything() -> None:
    objective = Objective(compare=Compare.AT_MOST, value=0.1)
    hot = build_entry(build_metric(objective=objective), {"": shape_day((600, 95.0))})
    data = build_data(
        hot,
        targets=[target("a"), target("b")],
        outages=[outage("a", 0, 9), outage("b", 1, 6), outage("c", 100, 900)],
    )
    keys = [
        one.text.key for one in select_findings(build_inputs(data)) if isinstance(one.text, Phrase)
    ]
    assert keys[:2] == ["reports.finding.outage_total", "reports.finding.outage_why"]


def test_what_is_said_of_several_targets_is_when_and_how_long_and_which() -> None:
    data = build_data(outages=[outage(name, 5, 25) for name in "abcde"], targets=[target("z")])
    (finding,) = select_findings(build_inputs(data))
    assert isinstance(finding.text, Phrase)
    assert dict(finding.text.values) == {
        "n": 5, "start": Moment(START + 5 * MINUTE), "span": Duration(20 * MINUTE),
    }  # fmt: skip
    first = finding.details[0]
    assert isinstance(first, Phrase)
    assert first.key == "reports.finding.outage_names"


@pytest.mark.parametrize(
    ("planned", "left"),
    [
        (window(0, 30), 0),
        (window(0, 20), 1),
        (window(6, 30), 1),
        (window(0, 30, Matcher("instance", MatchOp.EQ, "a")), 0),
        (window(0, 30, Matcher("instance", MatchOp.EQ, "b")), 1),
    ],
)
def test_an_outage_within_planned_work_on_its_target_is_no_finding(
    planned: MaintenanceWindow, left: int
) -> None:
    data = build_data(outages=[outage("a", 5, 25)])
    assert len(group_outages(build_inputs(data, windows=(planned,)))) == left
