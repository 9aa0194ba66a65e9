"""The SLA sheets of a month as `/api/jipyo/sla` gives them, every figure with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.reports.sections.contract import describe_remark
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.i18n import Texts
    from jipyo.sla.month import (
        ContractLine,
        ContractMonth,
        OutageLine,
        PlannedLine,
        SheetRemark,
        TimeAccount,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaEvidence:
    """What a figure was found from. Times are Unix seconds."""

    start: float
    end: float
    queries: tuple[str, ...]
    samples: int
    coverage: float | None
    numerator: float | None
    """The value is a factor times numerator over denominator; times are in milliseconds."""
    denominator: float | None
    outages: tuple[str, ...]
    note: str
    """The proof of a typed value."""
    entered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaIndicator:
    """A line of the sheet."""

    id: str
    name: str
    measure: str
    unit: str
    weight: float
    target: float
    minimum: float | None
    value: float | None
    """Unrounded."""
    rounded: float | None
    """As it is printed; it decides result and points."""
    result: Literal["met", "minimum", "missed", "not_entered"]
    points: float | None
    score: float | None
    origin: Literal["outages", "samples", "entered"]
    reasons: tuple[str, ...]
    evidence: SlaEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTime:
    """Where the time went, in seconds; all but the first add up to the first."""

    calendar: float
    outside_hours: float
    planned: float
    unmeasured: float
    outage: float
    not_counted: float
    up: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaOutage:
    """An outage of the system; lengths in seconds, times in Unix seconds."""

    ids: tuple[str, ...]
    start: float
    end: float | None
    targets: tuple[str, ...]
    attribution: str | None
    is_counted: bool
    counted: float
    restore: float
    overrun: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWork:
    """Planned work; lengths in seconds, times in Unix seconds."""

    approval: str
    title: str
    announced: float | None
    start: float
    end: float
    is_excluded: bool
    excluded: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaSheet:
    """The sheet of a system."""

    system: str
    name: str
    month: str
    profile: str
    profile_digest: str
    start: float
    end: float
    is_provisional: bool
    score: float | None
    """Of 100, of the weights entered."""
    entered_weight: float
    weight: float
    penalty_percent: float
    penalty_amount: float | None
    currency: str
    coverage: float
    counted_outage: float
    """Seconds of outage that count in this month."""
    indicators: tuple[SlaIndicator, ...]
    time: SlaTime
    outages: tuple[SlaOutage, ...]
    planned: tuple[SlaWork, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlaSheets:
    """The sheets of all systems under contract, or of one."""

    systems: tuple[SlaSheet, ...]


def build_sheet(month: ContractMonth, t: Texts) -> SlaSheet:
    """The document of one sheet."""
    localizer = Localizer.for_period(month.month, t.lang)

    def explain(remarks: Sequence[SheetRemark]) -> tuple[str, ...]:
        return tuple(localizer.format(describe_remark(one)) for one in remarks)

    total, penalty = month.total, month.penalty
    return SlaSheet(
        system=month.system,
        name=month.system_name(t.lang),
        month=f"{month.month.first_day:%Y-%m}",
        profile=month.profile.id,
        profile_digest=month.profile.digest,
        start=month.start_ms / 1000,
        end=month.end_ms / 1000,
        is_provisional=month.is_provisional,
        score=total.rounded,
        entered_weight=total.entered_weight,
        weight=total.weight,
        penalty_percent=penalty.percent,
        penalty_amount=penalty.amount,
        currency=penalty.currency,
        coverage=month.coverage,
        counted_outage=month.counted_outage_ms / 1000,
        indicators=tuple(_build_line(one, explain(one.reasons), t) for one in month.lines),
        time=_build_time(month.account),
        outages=tuple(_build_outage(one, explain(one.reasons)) for one in month.outages),
        planned=tuple(_build_work(one, explain(one.reasons)) for one in month.planned),
        remarks=explain(month.remarks),
    )


def _build_line(line: ContractLine, reasons: tuple[str, ...], t: Texts) -> SlaIndicator:
    own, evidence = line.indicator, line.evidence
    return SlaIndicator(
        id=own.id,
        name=own.name(t.lang),
        measure=own.measure.value,
        unit=own.unit,
        weight=own.weight,
        target=own.target,
        minimum=own.minimum,
        value=line.value,
        rounded=line.rounded,
        result=line.result.value,
        points=line.points,
        score=line.score,
        origin=line.origin.value,
        reasons=reasons,
        evidence=SlaEvidence(
            start=evidence.start_ms / 1000,
            end=evidence.end_ms / 1000,
            queries=evidence.queries,
            samples=evidence.samples,
            coverage=evidence.coverage,
            numerator=evidence.numerator,
            denominator=evidence.denominator,
            outages=evidence.outages,
            note=evidence.note,
            entered_by=evidence.entered_by,
        ),
    )


def _build_time(account: TimeAccount) -> SlaTime:
    return SlaTime(
        calendar=account.calendar_ms / 1000,
        outside_hours=account.outside_hours_ms / 1000,
        planned=account.planned_ms / 1000,
        unmeasured=account.unmeasured_ms / 1000,
        outage=account.outage_ms / 1000,
        not_counted=account.not_counted_ms / 1000,
        up=account.up_ms / 1000,
    )


def _build_outage(one: OutageLine, reasons: tuple[str, ...]) -> SlaOutage:
    return SlaOutage(
        ids=one.ids,
        start=one.start_ms / 1000,
        end=None if one.end_ms is None else one.end_ms / 1000,
        targets=one.targets,
        attribution=None if one.attribution is None else one.attribution.value,
        is_counted=one.is_counted,
        counted=one.counted_ms / 1000,
        restore=one.restore_ms / 1000,
        overrun=one.overrun_ms / 1000,
        reasons=reasons,
    )


def _build_work(one: PlannedLine, reasons: tuple[str, ...]) -> SlaWork:
    return SlaWork(
        approval=one.approval,
        title=one.title,
        announced=None if one.announced_ms is None else one.announced_ms / 1000,
        start=one.start_ms / 1000,
        end=one.end_ms / 1000,
        is_excluded=one.is_excluded,
        excluded=one.excluded_ms / 1000,
        reasons=reasons,
    )
