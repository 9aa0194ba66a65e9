"""`/api/jipyo/inspection` and `/api/jipyo/sla`: the sheets of a month, to show and as files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from jipyo.i18n import texts
from jipyo.model.calendar import PeriodKind, local_day, parse_month, period_containing
from jipyo.model.errors import ConfigError, QueryError
from jipyo.reports.sections.inspection import describe_cell
from jipyo.reports.sheets import build_contract_report, build_inspection_report
from jipyo.reports.wording import Localizer
from jipyo.sla.inspection_items import InspectionResult
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.rendered import file_route
from jipyo.web.api.sla import SlaSheets, build_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang, Texts
    from jipyo.model.calendar import Period
    from jipyo.reports.document import Issuer, Report
    from jipyo.sla.inspection import InspectionCell, InspectionRow, InspectionSheet
    from jipyo.sla.month import ContractMonth
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

    Inspect = Callable[[Period, str | None, WebRequest], InspectionSheet]
    WorkOut = Callable[[Period, str | None, WebRequest], tuple[ContractMonth, ...]]


@dataclass(frozen=True, slots=True)
class InspectionDay:
    """An item on a day that is over."""

    day: str
    result: Literal["normal", "abnormal", "not_inspected"]
    marked: bool
    """Normal, but a warning threshold was exceeded."""
    text: str
    """The value that decided, or why the day was not inspected."""


@dataclass(frozen=True, slots=True)
class InspectionItemDays:
    """An item on every day of the month; null for a day that is not due."""

    id: str
    name: str
    done: float | None
    """The share of due days that were inspected."""
    days: tuple[InspectionDay | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionMonth:
    """The inspection sheet of a month."""

    month: str
    zone: str
    system: str
    """Empty where all targets are inspected."""
    due: int
    normal: int
    marked: int
    """Of the normal ones."""
    abnormal: int
    not_inspected: int
    days_off: tuple[str, ...]
    items: tuple[InspectionItemDays, ...]


OPERATIONS = (
    Operation(
        "/inspection",
        InspectionMonth,
        "The inspection sheet of a month.",
        ("month", "system", "lang"),
    ),
    Operation(
        "/sla",
        SlaSheets,
        "The service levels of a month by the contract of each system.",
        ("month", "system", "lang"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetParts:
    """What the sheets are built from."""

    inspect: Inspect
    work_out: WorkOut
    catalogue: Catalogue
    issuer: Issuer
    zone: ZoneInfo
    now_ms: Callable[[], int]
    lang: Lang


def routes(parts: SheetParts) -> list[Route]:
    """The sheets as JSON, and as files below `/file`."""
    inspection, sla = OPERATIONS
    return [
        json_route(inspection, partial(_describe_inspection, parts), parts.lang),
        json_route(sla, partial(_describe_contracts, parts), parts.lang),
        file_route("/inspection/file", partial(_report_inspection, parts), parts.lang),
        file_route("/sla/file", partial(_report_contract, parts), parts.lang),
    ]


def _read_month(parts: SheetParts, request: WebRequest) -> Period:
    """The month that is asked for, by default the last one that is over."""
    text, now_ms = request.first("month"), parts.now_ms()
    if not text:
        today = local_day(now_ms, parts.zone)
        return period_containing(PeriodKind.MONTH, today, parts.zone).previous()
    try:
        period = parse_month(text, parts.zone)
    except ValueError as error:
        raise QueryError.bad_data(f'invalid parameter "month": {text!r}') from error
    if period.start_ms > now_ms:
        raise QueryError.bad_data(f'invalid parameter "month": {text} has not begun')
    return period


def _inspect(parts: SheetParts, request: WebRequest, lang: Lang) -> InspectionSheet:
    try:
        return parts.inspect(_read_month(parts, request), request.first("system") or None, request)
    except ConfigError as error:
        raise QueryError.bad_data(texts(lang).error(error)) from error


def _work_out(parts: SheetParts, request: WebRequest, lang: Lang) -> tuple[ContractMonth, ...]:
    try:
        return parts.work_out(_read_month(parts, request), request.first("system") or None, request)
    except ConfigError as error:
        raise QueryError.bad_data(texts(lang).error(error)) from error


def _report_inspection(parts: SheetParts, request: WebRequest, lang: Lang) -> Report:
    sheet = _inspect(parts, request, lang)
    return build_inspection_report(sheet, parts.catalogue, parts.now_ms(), parts.issuer)


def _report_contract(parts: SheetParts, request: WebRequest, lang: Lang) -> Report:
    """The sheet of the system that is asked for, else of the first."""
    month, *_ = _work_out(parts, request, lang)
    return build_contract_report(month, parts.catalogue, parts.now_ms(), parts.issuer, lang)


def _describe_inspection(parts: SheetParts, request: WebRequest, t: Texts) -> InspectionMonth:
    sheet = _inspect(parts, request, t.lang)
    localizer = Localizer.for_period(sheet.period, t.lang)
    counts = {result.value: sheet.count(result) for result in InspectionResult}
    return InspectionMonth(
        month=f"{sheet.period.first_day:%Y-%m}",
        zone=sheet.period.zone,
        system=sheet.system,
        due=sheet.due,
        marked=sheet.marked,
        **counts,
        days_off=tuple(day.isoformat() for day in sheet.days_off),
        items=tuple(_describe_row(row, parts.catalogue, localizer) for row in sheet.rows),
    )


def _describe_row(
    row: InspectionRow, catalogue: Catalogue, localizer: Localizer
) -> InspectionItemDays:
    def describe_day(cell: InspectionCell | None) -> InspectionDay | None:
        if cell is None:
            return None
        text = localizer.format(describe_cell(cell, catalogue))
        return InspectionDay(cell.day.isoformat(), cell.result.value, cell.marked, text)

    name = row.item.name(localizer.texts.lang)
    return InspectionItemDays(row.item.id, name, row.done, tuple(map(describe_day, row.cells)))


def _describe_contracts(parts: SheetParts, request: WebRequest, t: Texts) -> SlaSheets:
    months = _work_out(parts, request, t.lang)
    return SlaSheets(tuple(build_sheet(month, t) for month in months))
