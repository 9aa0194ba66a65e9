"""The archive of reports over HTTP: what it lists, its files, sign-off, and new ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.i18n import texts
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ReportError
from jipyo.reports.archive.archive import issue_report, list_reports
from jipyo.reports.document import Note
from jipyo.web.api.day.side import build_documents
from jipyo.web.api.reports import (
    NewReport,
    ReportBuild,
    ReportParts,
    ReportScheduleInfo,
    ReportVerification,
    routes,
)
from reports.documents import build_report
from support.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.i18n import Lang, Texts
    from support.web import Answer, Client

ZONE = ZoneInfo("Asia/Seoul")
NOW_MS = 1_800_000_000_000
"""15 January 2027."""
SCHEDULE = ReportScheduleInfo(name="month", kind="monthly", next=1.0, last=None, problem="")
BUILD = ReportBuild(
    id=1,
    kind="monthly",
    period="2026-12",
    requested=5.0,
    state="working",
    done=3,
    total=9,
    report="",
    issue=0,
    error="",
)
VERIFICATION = ReportVerification(
    issue=0, state="waiting", t=6.0, done=0, total=None, is_equal=None, text=""
)


def issue(root: Path, number: str = "IT-2026/12", note: str = "x", month: int = 12) -> None:
    period = period_containing(PeriodKind.MONTH, date(2026, month, 1), ZONE)
    report = build_report(Note(note))
    report = replace(report, number=number, period=period, cut_ms=period.end_ms, kind="monthly")
    issue_report(root, report, ("ko", "en"), ("html", "markdown"))


class Ordering:
    """Takes orders, and refuses those of 2026-11."""

    def __init__(self) -> None:
        self.orders: list[NewReport] = []

    def order(self, wanted: NewReport, _t: Texts) -> ReportBuild:
        if wanted.period == "2026-11":
            raise ReportError("publish.too_many", hint="publish.too_many.hint")
        self.orders.append(wanted)
        return BUILD


@pytest.fixture
def ordering() -> Ordering:
    return Ordering()


@pytest.fixture
def site(tmp_path: Path, ordering: Ordering) -> Iterator[Client]:
    issue(tmp_path)
    issue(tmp_path, "IT-2026/11", month=11)
    issue(tmp_path, note="y")
    parts = ReportParts(
        root=tmp_path,
        list_schedules=lambda _: (SCHEDULE,),
        list_builds=lambda _: (BUILD,),
        order=ordering.order,
        verify=lambda number, issue, _: replace(VERIFICATION, issue=issue, text=number),
        find_verification=lambda *_: None,
        zone=ZONE,
        now_ms=lambda: NOW_MS,
        lang="en",
    )
    with serving(*routes(parts)) as client:
        yield client


def test_the_report_of_an_incident_is_listed_and_signed_as_the_others(
    site: Client, tmp_path: Path
) -> None:
    day = period_containing(PeriodKind.DAY, date(2026, 12, 3), ZONE)
    report = build_report(Note("x"))
    incident = replace(
        report, number="JIPYO-INC-7", kind="incident-7", period=day, cut_ms=day.end_ms
    )
    issue_report(tmp_path, incident, ("en",), ("html",))
    rows = site.get("/api/jipyo/reports", month="2026-12").json["reports"]
    assert [(row["id"], row["kind"]) for row in rows if "INC" in row["number"]] == [
        ("JIPYO-INC-7", "incident-7")
    ]
    path = "/api/jipyo/reports/JIPYO-INC-7/sign-off"
    signed = send(site, path, {"step": "drafted", "who": "Kim"})
    assert [one["who"] for one in signed.json["sign_off"]][1:] == ["Kim"]


@pytest.mark.parametrize(("lang", "title"), [("ko", "2026년 12월"), ("en", "December 2026")])
def test_reports_are_listed_with_the_newest_period_first(
    site: Client, lang: str, title: str
) -> None:
    answer = site.get("/api/jipyo/reports", lang=lang).json
    assert [(row["number"], row["issue"]) for row in answer["reports"]] == [
        ("IT-2026/12", 2),
        ("IT-2026/11", 1),
    ]
    row = answer["reports"][0]
    assert title in row["title"]
    assert (row["period"], row["step"], row["kind"]) == ("2026-12", "issued", "monthly")
    assert (answer["schedules"][0]["name"], answer["problems"]) == ("month", [])


@pytest.mark.parametrize(
    ("month", "numbers"),
    [("2026-11", ["IT-2026/11"]), ("2026-10", []), ("2026-12", ["IT-2026/12"])],
)
def test_the_reports_of_a_month_are_those_that_touch_it(
    site: Client, month: str, numbers: list[str]
) -> None:
    answer = site.get("/api/jipyo/reports", month=month).json
    assert [row["number"] for row in answer["reports"]] == numbers


def test_a_month_that_is_none_is_a_bad_request(site: Client) -> None:
    assert site.get("/api/jipyo/reports", month="2026-13").status == 400


def test_an_issue_is_computed_again_by_default_the_last(site: Client) -> None:
    path = f"/api/jipyo/reports/{find_id(site)}/verification"
    assert send(site, path, {}).json["issue"] == 2
    first = send(site, path, {"issue": 1}).json
    assert (first["issue"], first["text"], first["state"]) == (1, "IT-2026/12", "waiting")
    assert send(site, path, {"issue": 9}).status == 400


def send(site: Client, path: str, body: object) -> Answer:
    """POST a document of JSON."""
    headers = {"Content-Type": "application/json"}
    return site.ask("POST", path, headers=headers, body=json.dumps(body).encode())


def find_id(site: Client, number: str = "IT-2026/12") -> str:
    rows = site.get("/api/jipyo/reports").json["reports"]
    return next(row["id"] for row in rows if row["number"] == number)


def test_a_report_has_its_issues_files_and_steps(site: Client) -> None:
    answer = site.get(f"/api/jipyo/reports/{find_id(site)}").json
    assert [one["issue"] for one in answer["issues"]] == [2, 1]
    assert [one["changes"] > 0 for one in answer["issues"]] == [True, False]
    files = {one["name"]: (one["format"], one["lang"]) for one in answer["issues"][0]["files"]}
    assert files["jipyo-monthly-2026-12.ko.html"] == ("html", "ko")
    assert files["report.json"] == ("", "")
    assert answer["steps"] == ["drafted", "reviewed", "approved"]
    assert [one["step"] for one in answer["sign_off"]] == ["issued", "issued"]


def ask_file(site: Client, **fields: object) -> Any:
    return site.get(f"/api/jipyo/reports/{find_id(site)}/file", **fields)


def test_a_file_comes_once_and_then_its_tag(site: Client) -> None:
    name = "jipyo-monthly-2026-12.en.html"
    first = ask_file(site, name=name)
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert name in first.headers["content-disposition"]
    assert first.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in first.headers["content-security-policy"]
    path, tag = f"/api/jipyo/reports/{find_id(site)}/file", first.headers["etag"]
    again = site.get(path, {"If-None-Match": tag}, name=name)
    assert (again.status, again.body) == (304, b"")
    shown = ask_file(site, name=name, inline="1")
    assert shown.headers["content-disposition"].startswith("inline")
    older = ask_file(site, name=name, issue="1")
    assert older.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "none.pdf"}, 404),
        ({"name": "../../jipyo.yaml"}, 404),
        ({"name": "issue.json"}, 404),
        ({"issue": "x"}, 400),
        ({"issue": "9"}, 503),
    ],
)
def test_what_is_no_file_of_the_issue_is_not_sent(
    site: Client, fields: dict[str, str], status: int
) -> None:
    assert ask_file(site, **fields).status == status


def test_a_file_that_was_changed_is_not_sent(site: Client, tmp_path: Path) -> None:
    (path,) = tmp_path.glob("2026/12/*issue-2/*.en.html")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    answer = ask_file(site, name=path.name)
    assert answer.status == 503
    assert str(path.name) in answer.json["error"]


def test_an_unknown_report_is_not_found(site: Client) -> None:
    answer = site.get("/api/jipyo/reports/IT-2026", lang="en")
    assert (answer.status, answer.json["error"]) == (404, "There is no report IT-2026.")


def test_a_report_is_signed_step_by_step(site: Client) -> None:
    path = f"/api/jipyo/reports/{find_id(site)}/sign-off"

    def sign(**body: object) -> Any:
        return send(site, path, body)

    assert sign(step="submitted", who="Kim").status == 400
    assert sign(step="drafted", who="Kim", note="first").json["report"]["step"] == "drafted"
    assert sign(step="reviewed", who="Lee", issue=1).status == 400
    assert sign(step="reviewed", who="Lee", issue="x").status == 400
    answer = sign(step="approved", who="이승인", note="", issue=2).json
    assert answer["steps"] == ["approved", "submitted"]
    last = answer["sign_off"][-1]
    assert (last["who"], last["issue"], last["t"]) == ("이승인", 2, NOW_MS / 1000)
    assert sign(step="drafted", who="Lee").status == 400
    assert sign(step="approve", who="Lee").status == 400
    assert sign(step="approved").status == 400


def test_a_damaged_record_is_named_and_the_others_are_listed(site: Client, tmp_path: Path) -> None:
    (record,) = tmp_path.glob("2026/11/*issue-1/issue.json")
    record.chmod(0o644)
    record.write_text("{", "utf-8")
    answer = site.get("/api/jipyo/reports").json
    assert [row["number"] for row in answer["reports"]] == ["IT-2026/12"]
    assert len(answer["problems"]) == 1


def test_a_report_is_asked_for(site: Client, ordering: Ordering) -> None:
    body = {"kind": "monthly", "period": "2026-12", "formats": ["pdf"], "languages": ["ko"]}
    answer = send(site, "/api/jipyo/reports/builds", body).json
    assert (answer["state"], answer["done"], answer["total"]) == ("working", 3, 9)
    assert ordering.orders == [
        NewReport(kind="monthly", period="2026-12", formats=("pdf",), languages=("ko",))
    ]
    assert site.get("/api/jipyo/reports/builds").json["builds"] == [answer]
    for wrong in (
        {"kind": "hourly"},
        {"kind": "daily", "formats": ["docx"]},
        {"kind": "daily", "formats": []},
        {"kind": "daily", "more": 1},
        {},
    ):
        assert send(site, "/api/jipyo/reports/builds", wrong).status == 400
    refused = send(site, "/api/jipyo/reports/builds", {"kind": "monthly", "period": "2026-11"})
    assert refused.status == 400
    assert refused.json["error"].startswith("Too many reports are waited for.")


def test_no_other_page_can_ask_for_a_report_or_sign(site: Client) -> None:
    path = f"/api/jipyo/reports/{find_id(site)}/sign-off"
    assert site.post(path, step="approved", who="x").status == 415


def test_words_are_explained(site: Client) -> None:
    terms = site.get("/api/jipyo/glossary", lang="ko").json["terms"]
    tps = next(term for term in terms if term["id"] == "tps")
    assert (tps["term"], tps["metrics"]) == ("TPS", ["app.throughput"])
    assert len(terms) > 20


@pytest.mark.parametrize(("lang", "word"), [("ko", "발행"), ("en", "Issued")])
def test_the_overview_names_the_latest_report_and_its_step(
    tmp_path: Path, lang: Lang, word: str
) -> None:
    issue(tmp_path)
    issue(tmp_path, "IT-2026/11", month=11)
    (row,) = build_documents(list_reports(tmp_path).reports, texts(lang))
    assert (row.kind, row.period) == ("monthly", "2026-12")
    assert row.state_text == word
