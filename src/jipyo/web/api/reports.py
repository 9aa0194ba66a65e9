"""`/api/jipyo/reports`: the archive of reports, their files, their sign-off, and new ones."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

from jipyo.i18n import texts
from jipyo.model.calendar import name_period, parse_month
from jipyo.model.errors import QueryError, QueryErrorKind, ReportError
from jipyo.reports.archive.archive import find_issue, list_reports, sign_report
from jipyo.reports.archive.issues import read_file
from jipyo.reports.archive.names import name_document
from jipyo.reports.archive.sign_off import Signing, rank_step
from jipyo.reports.glossary import list_terms, load_glossary
from jipyo.reports.options import SignOffStep
from jipyo.reports.render import FORMATS
from jipyo.reports.wording import Localizer
from jipyo.schema import ANY_TEXT, TEXT, Key, Kind, list_of, one_of, record, wrong_kind
from jipyo.web.api.operation import (
    PREFIX,
    BuildDocument,
    Operation,
    format_error,
    json_route,
    read_json,
)
from jipyo.web.api.rendered import POLICY
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebResponse
from jipyo.web.http.params import invalid_parameter
from jipyo.web.http.params import quote as quote_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang, Texts
    from jipyo.model.calendar import Period
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.reports.archive.issues import Issue, IssuedFile
    from jipyo.reports.archive.sign_off import SignOff
    from jipyo.schema import Node
    from jipyo.web.http.message import WebRequest

KindName = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
StepName = Literal["issued", "drafted", "reviewed", "approved", "submitted"]
_REPORT_FILE = "report.json"
_ISSUE = re.compile("[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of an issue; `format` and `lang` are empty where it is not a rendered report."""

    name: str
    format: str
    lang: str
    size: int
    size_text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportIssue:
    """A report as it was issued."""

    issue: int
    made: float
    state: str
    changes: int
    """Against the issue before; 0 in the first."""
    files: tuple[ReportFile, ...]


@dataclass(frozen=True, slots=True)
class ReportSignOff:
    """Who did what."""

    issue: int
    step: StepName
    text: str
    """The step in words."""
    who: str
    t: float
    note: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report of the archive: what counts is its last issue."""

    id: str
    """Part of its address."""
    number: str
    kind: str
    title: str
    period: str
    """Such as `2026-10`."""
    start: float
    end: float
    issue: int
    made: float
    state: str
    step: StepName
    step_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScheduleInfo:
    """A report that is made again and again."""

    name: str
    kind: KindName
    next: float | None
    last: float | None
    """When one was made last."""
    problem: str
    """Why the newest could not be made; empty where it could."""


@dataclass(frozen=True, slots=True)
class Reports:
    """All reports, the newest period first, and what makes them."""

    t: float
    reports: tuple[ReportRow, ...]
    schedules: tuple[ReportScheduleInfo, ...]
    problems: tuple[str, ...]
    """What in the archive cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class ReportDetail:
    """One report with its issues, the newest first, and its sign-off."""

    report: ReportRow
    issues: tuple[ReportIssue, ...]
    sign_off: tuple[ReportSignOff, ...]
    steps: tuple[StepName, ...]
    """The steps that can follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBuild:
    """A report that somebody asked for."""

    id: int
    kind: KindName
    period: str
    requested: float
    state: Literal["waiting", "working", "made", "failed"]
    done: int
    total: int | None
    """How many of how many metrics are read; null where it is not known."""
    report: str
    """The id of the report, once it is made."""
    issue: int
    error: str


@dataclass(frozen=True, slots=True)
class ReportBuilds:
    """What was asked for last, the newest first."""

    builds: tuple[ReportBuild, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """What report to make."""

    kind: KindName
    period: str = ""
    """Such as `2026-10` or `2026-W44`; empty for the last that is over."""
    formats: tuple[str, ...] = ("html", "pdf")
    languages: tuple[Literal["ko", "en"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignOff:
    """A step, and who takes it; of the last issue where `issue` is 0."""

    step: Literal["drafted", "reviewed", "approved", "submitted"]
    who: str
    note: str = ""
    issue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVerification:
    """An issue computed again from the samples, and compared with what was issued."""

    issue: int
    state: Literal["waiting", "working", "done", "failed"]
    t: float
    """When it was asked for, or was done."""
    done: int
    total: int | None
    """How many of how many metrics are read; null where it is not known."""
    is_equal: bool | None
    """Whether every value is the same and no file was changed; null before the end."""
    text: str
    """What came of it, in a line or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVerification:
    """Which issue to compute again: the last where it is 0."""

    issue: int = 0


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """A word, and what it means."""

    id: str
    term: str
    meaning: str
    also: tuple[str, ...]
    metrics: tuple[str, ...]
    """Ids of the metrics beside whose names it is explained."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """The words of reports and of the dashboard; the specification's own come first."""

    terms: tuple[GlossaryTerm, ...]


_OF_ONE = ("id", "lang")
OPERATIONS = (
    Operation(
        "/reports",
        Reports,
        "The reports of the archive, all or those that touch a month, and the schedules.",
        ("month", "lang"),
    ),
    Operation("/reports/builds", ReportBuilds, "Reports that were asked for, with progress."),
    Operation(
        "/reports/builds",
        ReportBuild,
        "Make a report.",
        ("lang",),
        "post",
        NewReport,
        {"kind": "monthly", "period": "2026-10", "formats": ["pdf", "hwpx"]},
    ),
    Operation("/reports/{id}", ReportDetail, "One report.", _OF_ONE),
    Operation(
        "/reports/{id}/sign-off",
        ReportDetail,
        "Sign an issue of a report.",
        _OF_ONE,
        "post",
        NewSignOff,
        {"step": "approved", "who": "김승인"},
    ),
    Operation(
        "/reports/{id}/verification",
        ReportVerification,
        "Compute an issue of a report again, and compare.",
        _OF_ONE,
        "post",
        NewVerification,
        {"issue": 1},
    ),
    Operation("/glossary", Glossary, "What the words of reports and of the dashboard mean."),
)


def _read_issue_number(node: Node) -> int:
    """The number of an issue; a number of JSON arrives as it is written."""
    text = ANY_TEXT.read(node)
    if not _ISSUE.fullmatch(text):
        raise wrong_kind(node, "whole")
    return int(text)


_KIND = one_of(get_args(KindName))
_FORMAT = one_of(FORMATS)
_NEW_REPORT = record(
    NewReport,
    (
        Key("kind", _KIND, required=True),
        Key("period", ANY_TEXT),
        Key("formats", list_of(_FORMAT, at_least=1)),
        Key("languages", list_of(one_of(("ko", "en")))),
    ),
)
_ISSUE_NUMBER = Kind("whole", _read_issue_number)
_NEW_VERIFICATION = record(NewVerification, (Key("issue", _ISSUE_NUMBER),))
_NEW_SIGN_OFF = record(
    NewSignOff,
    (
        Key("step", one_of(tuple(step.value for step in SignOffStep)), required=True),
        Key("who", TEXT, required=True),
        Key("note", ANY_TEXT),
        Key("issue", _ISSUE_NUMBER),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """What the pages of reports are built from."""

    root: Path
    """The archive."""
    list_schedules: Callable[[Texts], tuple[ReportScheduleInfo, ...]]
    list_builds: Callable[[Texts], tuple[ReportBuild, ...]]
    order: Callable[[NewReport, Texts], ReportBuild]
    """Raises a ConfigError or ReportError where no such report can be made."""
    verify: Callable[[str, int, Texts], ReportVerification]
    """Compute an issue of a number again; raises a ReportError where too many are waited for."""
    find_verification: Callable[[str, int, Texts], ReportVerification | None]
    """The last one of an issue; None before the first."""
    zone: ZoneInfo
    now_ms: Callable[[], int]
    lang: Lang


def routes(parts: ReportParts) -> list[Route]:
    """The archive as JSON, its files, and what people enter."""
    builds: tuple[BuildDocument, ...] = (
        partial(_list_reports, parts),
        lambda _request, t: ReportBuilds(parts.list_builds(t)),
        partial(_order_report, parts),
        partial(_show_report, parts),
        partial(_sign_report, parts),
        partial(_verify_report, parts),
        lambda _request, t: _list_terms(t),
    )
    pairs = zip(OPERATIONS, builds, strict=True)
    return [
        *(json_route(operation, build, parts.lang) for operation, build in pairs),
        Route(
            f"{PREFIX}/reports/{{id}}/file",
            partial(_send_file, parts),
            partial(format_error, parts.lang),
        ),
    ]


def _list_reports(parts: ReportParts, request: WebRequest, t: Texts) -> Reports:
    found, month = list_reports(parts.root), _read_month(parts, request)
    rows = [
        _build_row(one, t)
        for one in found.reports
        if month is None or _touches(month, one.last.record.period)
    ]
    rows.sort(key=lambda row: (row.start, row.end, row.made), reverse=True)
    return Reports(
        t=parts.now_ms() / 1000,
        reports=tuple(rows),
        schedules=parts.list_schedules(t),
        problems=tuple(t.error(error) for error in found.errors),
    )


def _read_month(parts: ReportParts, request: WebRequest) -> Period | None:
    text = request.first("month")
    if not text:
        return None
    try:
        return parse_month(text, parts.zone)
    except ValueError as error:
        raise invalid_parameter("month", quote_text(text)) from error


def _touches(month: Period, period: Period) -> bool:
    return period.start_ms < month.end_ms and month.start_ms < period.end_ms


def _order_report(parts: ReportParts, request: WebRequest, t: Texts) -> ReportBuild:
    try:
        return parts.order(_NEW_REPORT.read(read_json(request)), t)
    except ReportError as error:
        raise QueryError.bad_data(t.error(error)) from error


def _find(parts: ReportParts, request: WebRequest, t: Texts) -> ArchivedReport:
    id_ = request.path_params["id"]
    for report in list_reports(parts.root).reports:
        if name_document(report.number) == id_:
            return report
    raise QueryError(QueryErrorKind.NOT_FOUND, t("web.no_report", id=id_))


def _show_report(parts: ReportParts, request: WebRequest, t: Texts) -> ReportDetail:
    return build_detail(_find(parts, request, t), t)


def _sign_report(parts: ReportParts, request: WebRequest, t: Texts) -> ReportDetail:
    body = _NEW_SIGN_OFF.read(read_json(request))
    report = _find(parts, request, t)
    signing = Signing(SignOffStep(body.step), body.who, parts.now_ms(), body.note)
    try:
        sign_report(parts.root, report.number, signing, body.issue)
    except ReportError as error:
        raise QueryError.bad_data(t.error(error)) from error
    return build_detail(_find(parts, request, t), t)


def _verify_report(parts: ReportParts, request: WebRequest, t: Texts) -> ReportVerification:
    body = _NEW_VERIFICATION.read(read_json(request))
    report = _find(parts, request, t)
    try:
        issue = find_issue(parts.root, report.number, body.issue).record.issue
        return parts.verify(report.number, issue, t)
    except ReportError as error:
        raise QueryError.bad_data(t.error(error)) from error


def _send_file(parts: ReportParts, request: WebRequest) -> WebResponse:
    """A file of an issue, by its name or as `report.json`; `inline` shows it in the browser."""
    t = texts(request.language(parts.lang))
    report = _find(parts, request, t)
    issue = _choose_issue(report, request, parts.root)
    name = request.first("name") or _REPORT_FILE
    file = next((one for one in issue.record.files if one.name == name), None)
    if file is None:
        raise QueryError(QueryErrorKind.NOT_FOUND, t("web.no_report_file", name=name))
    # Weak, because the bytes sent may be compressed.
    etag = f'W/"{file.sha256[:32]}"'
    place = "inline" if request.first("inline") == "1" else "attachment"
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "content-disposition": f"{place}; filename*=UTF-8''{quote(file.name)}",
        "content-security-policy": POLICY,
    }
    media_type = _find_media_type(file.name)
    if etag in request.headers.get("if-none-match", ""):
        return WebResponse(b"", 304, media_type, headers)
    return WebResponse(_read_checked(issue, file), 200, media_type, headers)


def _choose_issue(report: ArchivedReport, request: WebRequest, root: Path) -> Issue:
    """The issue that is asked for, by default the last."""
    number = request.first("issue") or "0"
    if not _ISSUE.fullmatch(number):
        raise QueryError.bad_data(f'invalid parameter "issue": {number!r}')
    return find_issue(root, report.number, int(number)) if int(number) else report.last


def _read_checked(issue: Issue, file: IssuedFile) -> bytes:
    """The bytes of a file, which are those that were issued."""
    path = issue.folder / file.name
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ReportError("archive.changed_file", hint="archive.damaged.hint", file=str(path))
    return content


def _find_media_type(name: str) -> str:
    by_suffix = {one.suffix: one.media_type for one in FORMATS.values()}
    return by_suffix.get(Path(name).suffix, "application/octet-stream")


# ------------------------------------------------------------------------------------- documents


def _build_row(report: ArchivedReport, t: Texts) -> ReportRow:
    record, localizer = report.last.record, Localizer.for_period(report.last.record.period, t.lang)
    step = name_step(report.step)
    return ReportRow(
        id=name_document(report.number),
        number=report.number,
        kind=record.kind,
        title=f"{localizer.format(record.title)} {localizer.format_period()}",
        period=name_period(record.period),
        start=record.period.start_ms / 1000,
        end=record.period.end_ms / 1000,
        issue=record.issue,
        made=record.made_ms / 1000,
        state=record.state.value,
        step=step,
        step_text=t(f"summary.step.{step}"),
    )


def build_detail(report: ArchivedReport, t: Texts) -> ReportDetail:
    """One report with its issues and its sign-off."""
    reached = rank_step(report.step)
    return ReportDetail(
        report=_build_row(report, t),
        issues=tuple(_build_issue(one, t) for one in reversed(report.issues)),
        sign_off=tuple(_build_sign_off(one, t) for one in report.chain),
        steps=tuple(
            step.value
            for step in SignOffStep
            if rank_step(step) >= max(reached, 1)
            and (step is not SignOffStep.SUBMITTED or reached >= rank_step(SignOffStep.APPROVED))
        ),
    )


def _build_issue(issue: Issue, t: Texts) -> ReportIssue:
    record = issue.record
    return ReportIssue(
        issue=record.issue,
        made=record.made_ms / 1000,
        state=record.state.value,
        changes=len(record.changes),
        files=tuple(_build_file(one, t) for one in record.files),
    )


def _build_file(file: IssuedFile, t: Texts) -> ReportFile:
    suffixes = {one.suffix: name for name, one in FORMATS.items()}
    path = Path(file.name)
    is_report = file.name != _REPORT_FILE and path.suffix in suffixes
    return ReportFile(
        name=file.name,
        format=suffixes[path.suffix] if is_report else "",
        lang=Path(path.stem).suffix.removeprefix(".") if is_report else "",
        size=file.size_bytes,
        size_text=t.number(file.size_bytes, "bytes"),
        sha256=file.sha256,
    )


def _build_sign_off(entry: SignOff, t: Texts) -> ReportSignOff:
    step = name_step(entry.step)
    return ReportSignOff(
        issue=entry.issue,
        step=step,
        text=t(f"summary.step.{step}"),
        who=entry.who,
        t=entry.t_ms / 1000,
        note=entry.note,
    )


def name_step(step: SignOffStep | None) -> StepName:
    """How far the sign-off of a report is."""
    return "issued" if step is None else step.value


def _list_terms(t: Texts) -> Glossary:
    return Glossary(
        tuple(
            GlossaryTerm(
                id=one.id,
                term=one.term(t.lang),
                meaning=one.meaning(t.lang),
                also=one.also,
                metrics=one.metrics,
            )
            for one in list_terms(load_glossary(), t.lang)
        )
    )
