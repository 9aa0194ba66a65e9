"""A contract's month from incidents, maintenance windows and samples together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.incident.edits import set_cause
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.incident import CauseClass
from jipyo.alerts.incident.records import insert_entries, read_incidents, record_transitions
from jipyo.alerts.silence import MaintenanceWindow
from jipyo.alerts.silence_records import cancel_window, insert_window
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import Severity
from jipyo.app.alerts.schema import STEPS
from jipyo.app.contract import (
    build_contract_months,
    find_systems,
    parse_contract_month,
)
from jipyo.app.offline import open_workspace
from jipyo.i18n import texts
from jipyo.model.attribution import Attribution
from jipyo.model.errors import ConfigError, ReportError
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.reports.archive.archive import issue_report
from jipyo.reports.document import Issuer
from jipyo.reports.sheets import build_contract_report
from jipyo.sla.month import ContractResult
from sla.site import DOWN, moment, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.sla.month import ContractMonth

STEP_MS = 15_000
GROUPING = IncidentGrouping(interval_ms=STEP_MS)
PORTAL = Labels.of({"job": "portal", "instance": "10.0.0.1:80"})
OTHER = Labels.of({"job": "mail", "instance": "10.0.0.9:25"})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(write_site(tmp_path)) as opened:
        yield opened


def list_changes(rule: str, labels: Labels, start_ms: int, end_ms: int) -> list[Transition]:
    """An alert that fires over [start, end), as evaluations of the steps after them see it."""
    alert = Alert(
        key=AlertKey(rule, labels),
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        value=0.0,
        threshold=0.0,
        active_ms=start_ms + STEP_MS,
    )
    ends_ms = end_ms + STEP_MS
    ended = replace(alert, state=AlertState.INACTIVE, ended_ms=ends_ms)
    return [
        Transition(start_ms + STEP_MS, AlertState.INACTIVE, alert),
        Transition(ends_ms, AlertState.FIRING, ended),
    ]


def keep_incidents(workspace: Workspace) -> None:
    """The outage of the 14th, attributed; a slow day of the portal; an outage of another."""
    assert workspace.data is not None
    changes = [
        *list_changes("app.probe.down", PORTAL, *DOWN[1]),
        *list_changes("system.cpu.utilization", PORTAL, moment(8), moment(9)),
        *list_changes("app.probe.down", OTHER, moment(11), moment(12)),
    ]
    store = AlertStore.open(workspace.data, STEPS)
    with store.transaction() as db:
        for change in sorted(changes, key=lambda one: one.t_ms):
            record_transitions(db, [change], GROUPING)
        incidents = read_incidents(db, 0, moment(31))
        dead = next(one for one in incidents.values() if one.began_ms == DOWN[1][0])
        cause = set_cause(dead, moment(15), "Kim", CauseClass.EXTERNAL, Attribution.FORCE_MAJEURE)
        insert_entries(db, incidents, [cause])
        for window in (
            plan("patch", moment(20, 1), moment(20, 2, 30), announced_ms=moment(18)),
            plan("not ours", moment(5), moment(6), announced_ms=moment(1), job="mail"),
            plan("called off", moment(6), moment(7), announced_ms=moment(1)),
        ):
            kept = insert_window(db, window)
            if window.name == "called off":
                cancel_window(db, int(kept.id), moment(5, 12), "Kim")
    store.close()


def plan(
    name: str, start_ms: int, end_ms: int, *, announced_ms: int, job: str = "portal"
) -> MaintenanceWindow:
    return MaintenanceWindow(
        id="",
        name=name,
        matchers=(Matcher("job", MatchOp.EQ, job),),
        start_ms=start_ms,
        end_ms=end_ms,
        announced_ms=announced_ms,
        approval="A-1",
    )


def work_out(workspace: Workspace, system: str = "portal") -> ContractMonth:
    period = parse_contract_month("2024-10", workspace)
    (month,) = build_contract_months(workspace, period, find_systems(workspace, period, system))
    return month


def test_incidents_take_the_place_of_the_outages_in_the_samples(workspace: Workspace) -> None:
    assert workspace.data is not None
    (workspace.data / "sla/portal/2024-10.yaml").unlink()
    keep_incidents(workspace)

    month = work_out(workspace)

    found = [(one.ids, one.sources, one.attribution, one.counted_ms) for one in month.outages]
    number = found[1][0]
    assert found == [
        (("20240930-234000",), ("samples",), None, 25 * 60_000),
        (number, ("incidents",), Attribution.FORCE_MAJEURE, 0),
        (("20241020-010000",), ("samples",), None, 30 * 60_000),
    ]
    assert number[0].isdigit()
    assert (month.outages[1].start_ms, month.outages[1].end_ms) == DOWN[1]
    assert month.account.not_counted_ms == 2490 * 1000


def test_maintenance_windows_on_the_system_are_planned_work(workspace: Workspace) -> None:
    assert workspace.data is not None
    (workspace.data / "sla/portal/2024-10.yaml").unlink()
    keep_incidents(workspace)

    month = work_out(workspace)

    assert [(one.title, one.approval, one.excluded_ms) for one in month.planned] == [
        ("patch", "A-1", 90 * 60_000)
    ]


def test_a_person_overrules_the_attribution_of_an_incident(workspace: Workspace) -> None:
    assert workspace.data is not None
    keep_incidents(workspace)
    number = work_out(workspace).outages[1].ids[0]
    (workspace.data / "sla/portal/2024-10.yaml").write_text(
        f"attribution: {{{number}: {{by: ours}}}}\n"
    )

    month = work_out(workspace)

    assert month.outages[1].attribution is Attribution.OURS
    assert month.outages[1].counted_ms == 2490 * 1000


def test_a_system_without_a_target_has_no_figure_from_outages(workspace: Workspace) -> None:
    (portal, _) = workspace.systems
    lost = replace(portal, matchers=(Matcher("job", MatchOp.EQ, "prtal"),), selector='job="prtal"')

    month = work_out(replace(workspace, systems=(lost,)))

    assert month.coverage == 0
    assert {line.indicator.id for line in month.lines if line.value is not None} == {"satisfaction"}
    assert month.lines[0].result is ContractResult.NOT_ENTERED
    assert month.lines[0].reasons[0].key == "sla.reason.too_little_known"
    assert month.total.entered_weight == 10


def test_a_month_that_is_not_over_is_provisional_and_cannot_be_issued(
    workspace: Workspace, tmp_path: Path
) -> None:
    month = work_out(replace(workspace, now_ms=lambda: moment(15, 12)))
    report = build_contract_report(month, workspace.catalogue, moment(15, 12), Issuer(), "en")

    assert month.is_provisional
    assert month.end_ms == moment(15, 12)
    with pytest.raises(ReportError, match="not_over"):
        issue_report(tmp_path, report, ["en"], ["html"])


def test_without_a_name_the_systems_under_contract_are_worked_out(workspace: Workspace) -> None:
    period = parse_contract_month("2024-09", workspace)

    assert [one.name for one in find_systems(workspace, period)] == ["db"]
    with pytest.raises(ConfigError) as caught:
        build_contract_months(workspace, period, find_systems(workspace, period, "portal"))
    assert "portal: 2024-09 is not under contract." in texts("en").error(caught.value)
