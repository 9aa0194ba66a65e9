"""What is to be looked at before a month is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.sla.month import ContractResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.alerts.incident.incident import Incident
    from jipyo.i18n import Texts
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.sla.month import ContractMonth
    from jipyo.web.api.reports import ReportVerification

MOST_INCIDENTS = 5
"""Incidents without a cause that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCheck:
    """One thing that has to be right, and whether it is."""

    kind: Literal["entry", "incident", "incidents", "report", "verification"]
    state: Literal["ok", "open", "bad"]
    """`open`: to be done by a person; `bad`: something is wrong."""
    text: str
    indicator: str
    """Of a value that is missing."""
    incident: int | None


def list_checks(
    sheet: ContractMonth,
    incidents: Sequence[Incident],
    name_incident: Callable[[Incident, Texts], str],
    archived: ArchivedReport | None,
    verification: ReportVerification | None,
    t: Texts,
) -> tuple[MonthCheck, ...]:
    """Values to type in, incidents to classify, the report, and whether its figures still hold."""
    return (
        *_check_entries(sheet, t),
        *_check_incidents(incidents, name_incident, t),
        *_check_report(sheet, archived, verification, t),
    )


def _check(
    kind: Literal["entry", "incident", "incidents", "report", "verification"],
    state: Literal["ok", "open", "bad"],
    text: str,
    indicator: str = "",
    incident: int | None = None,
) -> MonthCheck:
    return MonthCheck(kind=kind, state=state, text=text, indicator=indicator, incident=incident)


def _check_entries(sheet: ContractMonth, t: Texts) -> Iterator[MonthCheck]:
    missing = [one.indicator for one in sheet.lines if one.result is ContractResult.NOT_ENTERED]
    for one in missing:
        text = t("months.check.entry", name=one.name(t.lang))
        yield _check("entry", "open", text, one.id)
    if not missing:
        yield _check("entry", "ok", t("months.check.entries", n=len(sheet.lines)))


def _check_incidents(
    incidents: Sequence[Incident], name_incident: Callable[[Incident, Texts], str], t: Texts
) -> Iterator[MonthCheck]:
    """Each incident whose cause, or who answers for it, nobody has set."""
    lacking = [one for one in incidents if one.cause is None or one.attribution is None]
    for one in lacking[:MOST_INCIDENTS]:
        what = "both" if one.cause is None and one.attribution is None else "one"
        if what == "one":
            what = "cause" if one.cause is None else "attribution"
        name = name_incident(one, t)
        text = t(f"months.check.incident.{what}", number=one.number, name=name)
        yield _check("incident", "open", text, incident=one.number)
    rest = len(lacking) - MOST_INCIDENTS
    if rest > 0:
        yield _check("incidents", "open", t("months.check.incidents.more", n=rest))
    if not lacking:
        yield _check("incidents", "ok", t("months.check.incidents", n=len(incidents)))


def _check_report(
    sheet: ContractMonth,
    archived: ArchivedReport | None,
    verification: ReportVerification | None,
    t: Texts,
) -> Iterator[MonthCheck]:
    if archived is None:
        key = "months.check.not_over" if sheet.is_provisional else "months.check.no_report"
        yield _check("report", "open", t(key))
    elif verification is None:
        yield _check("verification", "open", t("months.check.not_verified"))
    elif verification.is_equal is None:
        state: Literal["open", "bad"] = "bad" if verification.state == "failed" else "open"
        yield _check("verification", state, verification.text)
    else:
        yield _check("verification", "ok" if verification.is_equal else "bad", verification.text)
