"""`/api/jipyo/months`: thirteen months, and all that is needed to hand one of them in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from jipyo.model.calendar import (
    PeriodKind,
    local_day,
    name_period,
    parse_month,
    period_containing,
)
from jipyo.model.errors import ConfigError, QueryError
from jipyo.reports.archive.archive import list_reports
from jipyo.reports.archive.sign_off import list_steps
from jipyo.reports.options import SignOffStep
from jipyo.schema import TEXT, Key, nullable, record
from jipyo.sla.budget import find_availability
from jipyo.sla.entries import MonthEntry, check_entry
from jipyo.sla.month import ContractResult
from jipyo.web.api.month_checks import MonthCheck, list_checks
from jipyo.web.api.month_sheet import (
    MonthDay,
    MonthOutages,
    MonthRow,
    MonthTotal,
    build_days,
    build_outages,
    build_rows,
    build_total,
    describe_value,
    describe_verdict,
)
from jipyo.web.api.operation import Operation, json_route, read_json
from jipyo.web.api.reports import (
    ReportDetail,
    ReportParts,
    ReportVerification,
    StepName,
    build_detail,
)
from jipyo.web.api.written import JSON_NUMBER
from jipyo.web.http.params import invalid_parameter, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.incident import Incident
    from jipyo.i18n import Lang, Texts
    from jipyo.model.calendar import Period
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.reports.options import ReportsOptions
    from jipyo.sla.month import ContractMonth
    from jipyo.sla.systems import ContractedSystem
    from jipyo.web.api.operation import BuildDocument
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

MONTHS = 13
"""A month and the year before it."""
MonthState = Literal["submitted", "in_progress", "not_submitted", "missed", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCell:
    """A month of the strip."""

    month: str
    label: str
    """Such as `26.10`."""
    state: MonthState
    """`missed`: availability is below its target; `none`: nothing is known of it."""
    state_text: str
    value_text: str
    """Availability as it is printed; a dash where there is none."""


@dataclass(frozen=True, slots=True)
class Months:
    """Thirteen months up to the present one, the oldest first."""

    t: float
    months: tuple[MonthCell, ...]


@dataclass(frozen=True, slots=True)
class MonthSystem:
    """A system under contract."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthStep:
    """A step of the sign-off of the monthly report."""

    step: StepName
    text: str
    state: Literal["done", "next", "later"]
    """Only the `next` one can be taken."""
    who: str
    """Who took it, or who is expected to."""
    t: float | None
    when_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPage:
    """A month of a system: its sheet, its outages, its report and what is still missing."""

    t: float
    month: str
    title: str
    system: str
    systems: tuple[MonthSystem, ...]
    start: float
    end: float
    """The part that is under contract and over, in Unix seconds."""
    is_provisional: bool
    state: Literal["ok", "warning", "critical", "unknown"]
    verdict: str
    details: tuple[str, ...]
    until_text: str
    """Up to when a provisional sheet counts; empty for a final one."""
    rows: tuple[MonthRow, ...]
    total: MonthTotal
    days: tuple[MonthDay, ...]
    outages: MonthOutages
    report: ReportDetail | None
    """The monthly report; null before its first issue."""
    sign_off: tuple[MonthStep, ...]
    verification: ReportVerification | None
    """Of the last issue; null where nobody asked for one since the server started."""
    checks: tuple[MonthCheck, ...]
    """What to look at before the month is handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMonthEntry:
    """A value that a person types, with its proof; null takes what was typed before back."""

    system: str
    indicator: str
    value: float | None
    note: str
    who: str


_OF_MONTH = ("month", "system", "lang")
OPERATIONS = (
    Operation("/months", Months, "Thirteen months of a system.", ("system", "lang")),
    Operation("/months/{month}", MonthPage, "All that is needed to hand a month in.", _OF_MONTH),
    Operation(
        "/months/{month}/entries",
        MonthPage,
        "Enter the value of an indicator by hand; what was entered stays in its history.",
        ("month", "lang"),
        "post",
        NewMonthEntry,
        {
            "system": "portal",
            "indicator": "satisfaction",
            "value": 92.5,
            "note": "10월 설문 312건",
            "who": "김운영",
        },
    ),
)
_NEW_ENTRY = record(
    NewMonthEntry,
    (
        Key("system", TEXT, required=True),
        Key("indicator", TEXT, required=True),
        Key("value", nullable(JSON_NUMBER), required=True),
        Key("note", TEXT, required=True),
        Key("who", TEXT, required=True),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthParts:
    """What the pages of months are built from."""

    work_out: Callable[[Period, ContractedSystem, int], ContractMonth]
    """A month of a system, at most so many milliseconds old."""
    systems: Sequence[ContractedSystem]
    """At least one."""
    list_entries: Callable[[Period, ContractedSystem], tuple[MonthEntry, ...]]
    add_entry: Callable[[MonthEntry], None]
    list_incidents: Callable[[int, int], Sequence[Incident]]
    name_incident: Callable[[Incident, Texts], str]
    reports: ReportParts
    options: ReportsOptions
    zone: ZoneInfo
    now_ms: Callable[[], int]
    lang: Lang


def routes(parts: MonthParts) -> list[Route]:
    """The strip, the page of a month, and what people enter."""
    builds: tuple[BuildDocument, ...] = (
        partial(_list_months, parts),
        partial(_show_month, parts),
        partial(_enter, parts),
    )
    pairs = zip(OPERATIONS, builds, strict=True)
    return [json_route(operation, build, parts.lang) for operation, build in pairs]


# ------------------------------------------------------------------------------------- the strip

_STRIP_AGE_MS = {True: 60_000, False: 600_000}
"""How old a month of the strip may be: one that goes on, and one that is over."""
_PAGE_AGE_MS = 5_000


def _list_months(parts: MonthParts, request: WebRequest, t: Texts) -> Months:
    system, now_ms = _find_system(parts, request.first("system")), parts.now_ms()
    month = period_containing(PeriodKind.MONTH, local_day(now_ms, parts.zone), parts.zone)
    months = [month]
    while len(months) < MONTHS:
        months.append(months[-1].previous())
    monthly = _find_monthly(parts)
    cells = [_build_cell(parts, one, system, monthly, t) for one in reversed(months)]
    return Months(now_ms / 1000, tuple(cells))


def _build_cell(
    parts: MonthParts,
    month: Period,
    system: ContractedSystem,
    monthly: Mapping[str, ArchivedReport],
    t: Texts,
) -> MonthCell:
    is_open = month.end_ms > parts.now_ms()
    try:
        sheet = parts.work_out(month, system, _STRIP_AGE_MS[is_open])
    except ConfigError:  # a month that is not under contract
        sheet = None
    line = None if sheet is None else find_availability(sheet)
    report = monthly.get(name_period(month))
    if line is not None and line.result is ContractResult.MISSED:
        state: MonthState = "missed"
    elif report is not None and report.step is SignOffStep.SUBMITTED:
        state = "submitted"
    elif is_open:
        state = "in_progress"
    elif report is None and (line is None or line.value is None):
        state = "none"
    else:
        state = "not_submitted"
    return MonthCell(
        month=name_period(month),
        label=f"{month.first_day:%y.%m}",
        state=state,
        state_text="–" if state == "none" else t(f"months.state.{state}"),
        value_text="–" if line is None else describe_value(line, t) or "–",
    )


def _find_monthly(parts: MonthParts) -> dict[str, ArchivedReport]:
    """The monthly reports of the archive by their months."""
    return {
        name_period(one.last.record.period): one
        for one in list_reports(parts.reports.root).reports
        if one.last.record.kind == "monthly"
    }


# ---------------------------------------------------------------------------------- a month


def _find_system(parts: MonthParts, name: str) -> ContractedSystem:
    if not name:
        return parts.systems[0]
    for one in parts.systems:
        if one.name == name:
            return one
    raise invalid_parameter("system", quote(name))


def _read_month(parts: MonthParts, request: WebRequest) -> Period:
    text = request.path_params["month"]
    try:
        month = parse_month(text, parts.zone)
    except ValueError as error:
        raise invalid_parameter("month", quote(text)) from error
    if month.start_ms > parts.now_ms():
        raise invalid_parameter("month", f"{text} has not begun")
    return month


def _show_month(parts: MonthParts, request: WebRequest, t: Texts) -> MonthPage:
    month, system = _read_month(parts, request), _find_system(parts, request.first("system"))
    return _build_page(parts, month, system, t, _PAGE_AGE_MS)


def _enter(parts: MonthParts, request: WebRequest, t: Texts) -> MonthPage:
    body = _NEW_ENTRY.read(read_json(request))
    month, system = _read_month(parts, request), _find_system(parts, body.system)
    sheet = _work_out(parts, month, system, t, _PAGE_AGE_MS)
    entry = MonthEntry(
        system=system.name,
        month=name_period(month),
        indicator=body.indicator,
        value=body.value,
        note=body.note,
        who=body.who,
        entered_ms=parts.now_ms(),
    )
    check_entry(entry, {one.id: one for one in sheet.profile.indicators})
    parts.add_entry(entry)
    return _build_page(parts, month, system, t, 0)


def _work_out(
    parts: MonthParts,
    month: Period,
    system: ContractedSystem,
    t: Texts,
    age_ms: int,
) -> ContractMonth:
    try:
        return parts.work_out(month, system, age_ms)
    except ConfigError as error:
        raise QueryError.bad_data(t.error(error)) from error


def _build_page(
    parts: MonthParts,
    month: Period,
    system: ContractedSystem,
    t: Texts,
    age_ms: int,
) -> MonthPage:
    sheet = _work_out(parts, month, system, t, age_ms)
    entries, now_ms = parts.list_entries(month, system), parts.now_ms()
    archived = _find_monthly(parts).get(name_period(month))
    verification = None
    if archived is not None:
        issue = archived.last.record.issue
        verification = parts.reports.find_verification(archived.number, issue, t)
    incidents = parts.list_incidents(month.start_ms, min(month.end_ms, now_ms))
    verdict = describe_verdict(sheet, t)
    return MonthPage(
        t=now_ms / 1000,
        month=name_period(month),
        title=verdict.title,
        system=system.name,
        systems=tuple(MonthSystem(one.name, one.title(t.lang)) for one in parts.systems),
        start=sheet.start_ms / 1000,
        end=sheet.end_ms / 1000,
        is_provisional=sheet.is_provisional,
        state=verdict.state,
        verdict=verdict.text,
        details=verdict.details,
        until_text=verdict.until_text,
        rows=build_rows(sheet, entries, parts.zone, now_ms, t),
        total=build_total(sheet, t),
        days=build_days(sheet, t),
        outages=build_outages(sheet, system, t),
        report=None if archived is None else build_detail(archived, t),
        sign_off=tuple(_build_steps(parts, month, archived, now_ms, t)),
        verification=verification,
        checks=list_checks(sheet, incidents, parts.name_incident, archived, verification, t),
    )


def _build_steps(
    parts: MonthParts, month: Period, archived: ArchivedReport | None, now_ms: int, t: Texts
) -> Iterator[MonthStep]:
    """The four steps; the first that nobody has taken yet is the next one."""
    planned = {one.step: one.name for one in parts.options.approval}
    planned[SignOffStep.SUBMITTED] = ", ".join(parts.options.recipients)
    own = () if archived is None else list_steps(archived.chain, archived.last.record.issue)
    signed = {one.step: one for one in own}
    furthest = max((list(SignOffStep).index(one) for one in signed if one is not None), default=-1)
    for place, step in enumerate(SignOffStep):
        entry = signed.get(step)
        is_next = archived is not None and place == furthest + 1
        state = "done" if place <= furthest else "next" if is_next else "later"
        when = "" if entry is None else t.recent_moment(entry.t_ms, parts.zone, now_ms)
        if archived is None and step is SignOffStep.DRAFTED:
            when = _describe_schedule(parts, month, now_ms, t)
        yield MonthStep(
            step=step.value,
            text=t(f"months.step.{step.value}"),
            state=state,  # type: ignore[arg-type]  # one of the three above
            who=entry.who if entry is not None else planned.get(step, ""),
            t=None if entry is None else entry.t_ms / 1000,
            when_text=when,
        )


def _describe_schedule(parts: MonthParts, month: Period, now_ms: int, t: Texts) -> str:
    """When a schedule makes the report of a month that goes on; empty where none does."""
    due = [
        one.next
        for one in parts.reports.list_schedules(t)
        if one.kind == "monthly" and one.next is not None
    ]
    if month.end_ms <= now_ms or not due:
        return ""
    moment = t.recent_moment(int(min(due) * 1000), parts.zone, now_ms)
    return t("months.step.scheduled", moment=moment)
