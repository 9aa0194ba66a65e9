"""What to do: at most three actions, each of its own subject, with what people must fill in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jipyo.catalogue import Catalogue
from jipyo.reports.document import Blank, Day, Joined, Phrase
from jipyo.reports.sections.actions import MOST, build_actions, select_actions
from jipyo.reports.work_log import PlannedAction, WorkLog
from reports.sections.test_incident_findings import ERRORS, rank
from reports.summaries import build_data, build_entry, build_inputs, build_metric, shape_day

if TYPE_CHECKING:
    from jipyo.catalogue import Metric

HOT = shape_day((30, 90.0))


def metric(name: str) -> Metric:
    return build_metric(name, name)


def test_a_quiet_period_asks_for_nothing() -> None:
    assert list(build_actions(build_inputs(build_data(build_entry())))) == []


def test_critical_metrics_ask_for_what_their_topic_advises_once() -> None:
    names = ("system.cpu.total", "system.cpu.core", "db.time", "app.error", "ai.time")
    data = build_data(*(build_entry(metric(name), {"": HOT}) for name in names))
    actions = select_actions(build_inputs(data))
    assert len(actions) == MOST
    texts = [one.text for one in actions]
    keys = [
        part.key
        for text in texts
        if isinstance(text, Joined)
        for part in text.parts
        if isinstance(part, Phrase)
    ]
    assert keys == [
        "summary.to_do.system.cpu",
        "summary.to_do.system",
        "summary.to_do.system",
    ]
    assert {type(one.owner) for one in actions} == {type(one.due) for one in actions} == {Blank}


def test_what_people_planned_has_its_date_and_person() -> None:
    plan = (
        PlannedAction(title="later"),
        PlannedAction(title="second", due=date(2026, 12, 2)),
        PlannedAction(title="first", by="김운영", due=date(2026, 12, 1)),
    )
    inputs = build_inputs(build_data(), work=WorkLog(plan=plan))
    first, second, last = select_actions(inputs)
    assert (first.text, first.due, first.owner) == (
        "first", Day(date(2026, 12, 1), short=True), "김운영",
    )  # fmt: skip
    assert (second.text, type(second.owner)) == ("second", Blank)
    assert (last.text, type(last.due)) == ("later", Blank)


def test_an_incident_without_a_cause_comes_before_all_else() -> None:
    plan = WorkLog(plan=(PlannedAction(title="plan"),))
    inputs = build_inputs(
        build_data(), work=plan, incidents=(rank(10, 60),), catalogue=Catalogue((ERRORS,))
    )
    first, second = select_actions(inputs)
    assert isinstance(first.text, Phrase)
    assert (first.text.key, second.text) == ("summary.action.incident", "plan")
