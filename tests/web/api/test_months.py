"""Months over HTTP: the strip, the page of a month in words, and values that people type."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.contract import EVERYTHING
from jipyo.app.month_pages import MonthMemo, build_month_parts
from jipyo.app.offline import read_workspace
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.reports.archive.archive import issue_report, sign_report
from jipyo.reports.archive.sign_off import Signing
from jipyo.reports.document import Note
from jipyo.reports.options import Approver, SignOffStep
from jipyo.web.api.alert_desk import AlertDesk
from jipyo.web.api.months import MonthParts, routes
from jipyo.web.api.reports import ReportParts, ReportScheduleInfo
from reports.documents import build_report
from sla.months import month_of
from sla.site import ZONE, moment, write_site
from support.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.calendar import Period
    from jipyo.sla.month import ContractMonth
    from jipyo.sla.systems import ContractedSystem
    from support.web import Answer, Client

NOW_MS = moment(26, 12)
"""Within October 2024."""
SCHEDULE = ReportScheduleInfo(
    name="month", kind="monthly", next=moment(1, 7, month=11) / 1000, last=None, problem=""
)


class Moment:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("months")).parent


@pytest.fixture
def clock() -> Moment:
    return Moment()


@pytest.fixture
def parts(folder: Path, tmp_path: Path, clock: Moment) -> Iterator[MonthParts]:
    config = load(CliOverrides(file=folder / "jipyo.yaml"), {}, "en")
    (folder / "data/alerts.db").unlink(missing_ok=True)
    store = AlertStore.open(folder / "data", STEPS)
    with read_workspace(config) as workspace:
        then = replace(workspace, now_ms=clock)
        desk = AlertDesk(
            incidents=IncidentDesk(store, clock),
            list_alerts=tuple,
            grouping=IncidentGrouping,
            catalogue=workspace.catalogue,
            options=config.settings.alerts,  # type: ignore[arg-type]  # not read here
            zone=ZONE,
            now_ms=clock,
        )
        reports = ReportParts(
            root=tmp_path,
            list_schedules=lambda _: (SCHEDULE,),
            list_builds=lambda _: (),
            order=lambda *_: pytest.fail("nothing is ordered"),
            verify=lambda *_: pytest.fail("nothing is verified"),
            find_verification=lambda *_: None,
            zone=ZONE,
            now_ms=clock,
            lang="en",
        )
        approval = (Approver(step=SignOffStep.REVIEWED, name="Lee"),)
        built = build_month_parts(config, then, store, desk, reports)
        yield replace(built, options=replace(built.options, approval=approval))
    store.close()


@pytest.fixture
def client(parts: MonthParts) -> Iterator[Client]:
    with serving(*routes(parts)) as client:
        yield client


def post(client: Client, body: object, month: str = "2024-10") -> Answer:
    return client.ask(
        "POST",
        f"/api/jipyo/months/{month}/entries",
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
    )


def show(client: Client, month: str = "2024-10", **fields: object) -> Any:
    answer = client.get(
        f"/api/jipyo/months/{month}", **{"system": "portal", "lang": "en", **fields}
    )
    assert answer.status == 200, answer.body
    return answer.json


def test_thirteen_months_end_with_the_present_one(client: Client) -> None:
    months = client.get("/api/jipyo/months", system="portal", lang="ko").json["months"]
    assert [one["month"] for one in months][::12] == ["2023-10", "2024-10"]
    first, last = months[0], months[-1]
    assert (first["state"], first["value_text"], first["label"]) == ("none", "–", "23.10")
    assert (last["state"], last["state_text"], last["value_text"]) == ("missed", "미달", "99.84%")


def test_a_month_is_worded_line_by_line(client: Client) -> None:
    page = show(client)
    rows = {row["id"]: row for row in page["rows"]}
    availability = rows["availability"]
    assert (availability["target_text"], availability["value_text"]) == ("99.95%", "99.84%")
    assert availability["result"] == "missed"
    assert availability["evidence_text"] == "2 outages, 55 min"
    assert availability["queries"]
    assert rows["mean_restore"]["target_text"] == "at most 60.0 min"
    assert rows["response"]["evidence_text"].count(" / ") == 1
    assert rows["security"]["value_text"] == ""
    assert (rows["security"]["is_typed"], rows["availability"]["is_typed"]) == (True, False)
    assert rows["satisfaction"]["evidence_text"] == "survey of October"
    assert re.match(
        r"[\d.]+ of the 80 filled in: [\d.]+ of 100 · weight of 20 to fill in · ",
        page["total"]["text"],
    )
    assert page["until_text"].startswith("provisional")
    assert "October 2024" in page["title"]


def test_the_calendar_has_every_day_in_its_state(client: Client) -> None:
    days = {day["number"]: day for day in show(client)["days"]}
    assert len(days) == 31
    assert (days[1]["state"], days[1]["text"]) == ("long", "25 min")
    assert (days[20]["state"], days[14]["state"]) == ("long", "clear"), "not counted on the 14th"
    assert days[2]["state"] == "clear"
    assert days[27]["state"] == "future"
    assert days[1]["label"].endswith("outage of 25 min")


def test_the_budget_is_that_of_the_whole_month(client: Client, clock: Moment) -> None:
    outages = show(client)["outages"]
    # 0.05% of 31 days without 90 min of work and the 150 min of which nothing is known.
    assert outages["allowed_text"] == "22.2 min"
    assert (outages["is_overspent"], outages["left_text"]) == (True, "32.8 min")
    assert outages["projection"].startswith("At this rate the budget will be overspent by ")
    clock.now_ms = moment(1, month=11)
    assert show(client)["outages"]["projection"] == ""


def test_outages_and_excluded_work_are_listed(client: Client) -> None:
    listed = show(client)["outages"]["list"]
    assert [one["length_text"] for one in listed] == [
        "25 min",
        "not counted",
        "30 min",
        "1 h 30 min excluded",
        "not excluded",
    ]
    assert [one["is_planned"] for one in listed] == [False] * 3 + [True] * 2
    assert "approval 2024-118" in listed[3]["title"]


ENTERED = {"system": "portal", "indicator": "security", "value": 0, "note": "audit", "who": "Kim"}


def test_a_typed_value_counts_at_once_and_stays_in_its_history(
    client: Client, clock: Moment
) -> None:
    before = show(client)
    after = post(client, ENTERED).json
    row = next(row for row in after["rows"] if row["id"] == "security")
    assert (row["value_text"], row["result"], row["evidence_text"]) == ("0", "met", "audit · Kim")
    assert float(after["total"]["score_text"]) == float(before["total"]["score_text"]) + 10
    clock.now_ms += 60_000
    back = post(client, {**ENTERED, "value": None, "note": "wrong month"}).json
    row = next(row for row in back["rows"] if row["id"] == "security")
    assert (row["value_text"], row["result"]) == ("", "not_entered")
    history = [(one["value_text"], one["who"], one["note"]) for one in row["entries"]]
    assert history == [("–", "Kim", "wrong month"), ("0", "Kim", "audit")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"indicator": "none"}, "indicator"),
        ({"who": ""}, "who"),
        ({"value": "many"}, "value"),
        ({"value": 0.5}, "decimal"),
        ({"system": "shop"}, "system"),
    ],
)
def test_what_cannot_be_entered_is_refused_and_nothing_is_kept(
    client: Client, change: dict[str, object], words: str
) -> None:
    answer = post(client, {**ENTERED, **change})
    assert answer.status == 400
    assert words in answer.json["error"]
    assert all(row["entries"] == [] for row in show(client)["rows"])


def test_only_a_document_of_json_is_taken(client: Client) -> None:
    answer = client.post("/api/jipyo/months/2024-10/entries", value="1")
    assert answer.status == 415


@pytest.mark.parametrize("month", ["2024-13", "October", "2024-12", "2023-01"])
def test_a_month_that_has_no_sheet_is_a_bad_request(client: Client, month: str) -> None:
    assert client.get(f"/api/jipyo/months/{month}", system="portal").status == 400


def test_what_is_missing_is_named_before_hand_in(client: Client, clock: Moment) -> None:
    checks = {one["kind"]: one for one in show(client)["checks"]}
    assert checks["entry"]["state"] == "open"
    assert checks["incidents"]["state"] == "ok"
    assert "once the month is over" in checks["report"]["text"]
    clock.now_ms = moment(2, month=11)
    checks = {one["kind"]: one for one in show(client)["checks"]}
    assert checks["report"]["text"] == "The monthly report has not been made yet"


def issue(root: Path, clock: Moment) -> None:
    clock.now_ms = moment(2, month=11)
    report = build_report(Note("x"))
    period = month_of("2024-10-01")
    report = replace(report, number="IT-1", period=period, cut_ms=period.end_ms, kind="monthly")
    issue_report(root, report, ("ko",), ("html",))


def test_only_the_next_step_of_the_sign_off_can_be_taken(
    client: Client, clock: Moment, tmp_path: Path
) -> None:
    drafted, *_ = steps = show(client)["sign_off"]
    assert [one["state"] for one in steps] == ["later"] * 4
    assert drafted["when_text"] == "due 1 November 07:00"
    issue(tmp_path, clock)
    assert [one["state"] for one in show(client)["sign_off"]] == ["next", *["later"] * 3]
    for step in (SignOffStep.DRAFTED, SignOffStep.REVIEWED):
        sign_report(tmp_path, "IT-1", Signing(step, "Park", clock.now_ms))
    page = show(client)
    assert [one["state"] for one in page["sign_off"]] == ["done", "done", "next", "later"]
    assert [one["who"] for one in page["sign_off"]] == ["Park", "Park", "", ""]
    assert page["report"]["report"]["number"] == "IT-1"
    assert page["checks"][-1]["text"] == "The figures have not been recomputed yet"


def test_a_planned_approver_is_named_until_somebody_signs(client: Client) -> None:
    assert [one["who"] for one in show(client)["sign_off"]] == ["", "Lee", "", ""]


def test_a_month_of_the_past_is_handed_in_or_not(
    client: Client, clock: Moment, tmp_path: Path
) -> None:
    def find(system: str) -> str:
        months = client.get("/api/jipyo/months", system=system).json["months"]
        return next(str(one["state"]) for one in months if one["month"] == "2024-10")

    clock.now_ms = moment(2, month=11)
    assert find("db") == "not_submitted"
    issue(tmp_path, clock)
    for step in SignOffStep:
        sign_report(tmp_path, "IT-1", Signing(step, "Park", clock.now_ms))
    assert find("db") == "submitted"
    assert find("portal") == "missed"


def test_a_sheet_is_worked_out_once_while_it_is_new_enough() -> None:
    clock, built = Moment(), []

    def build(month: Period, system: ContractedSystem) -> ContractMonth:
        built.append((system.name, month.first_day))
        return object()  # type: ignore[return-value]  # it is only kept

    memo, month = MonthMemo(build, clock), month_of("2024-10-01")
    for age_ms in (1000, 1000, 0):
        memo.get(month, EVERYTHING, age_ms)
    assert len(built) == 2, "the last reader wants a new one"
    memo.get(month_of("2024-09-01"), EVERYTHING, 1000)
    clock.now_ms -= 5000  # set back
    memo.get(month, EVERYTHING, 1000)
    assert len(built) == 4
