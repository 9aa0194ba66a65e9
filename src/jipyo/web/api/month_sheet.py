"""The sheet of a month in words: its lines, its days, its outages and the budget that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.model.calendar import local_day
from jipyo.reports.document import Phrase
from jipyo.reports.sections.contract import (
    build_verdict,
    describe_remark,
    name_outage,
)
from jipyo.reports.wording import Localizer
from jipyo.sla.budget import measure_budget
from jipyo.sla.month import ContractResult, ValueOrigin
from jipyo.sla.profile import Better, Measure
from jipyo.sla.wording import name_unit, write_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts
    from jipyo.sla.budget import OutageBudget
    from jipyo.sla.entries import MonthEntry
    from jipyo.sla.month import ContractLine, ContractMonth, DayAccount, OutageLine, PlannedLine
    from jipyo.sla.profile import Indicator
    from jipyo.sla.systems import ContractedSystem

_MINUTE_MS = 60_000
LONG_MS = 10 * _MINUTE_MS
"""A day with so much outage, or more, stands out in the calendar."""
ResultName = Literal["met", "minimum", "missed", "not_entered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEntryInfo:
    """What a person typed."""

    t: float
    when_text: str
    who: str
    value_text: str
    """A dash where it took earlier entries back."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """A line of the sheet."""

    id: str
    name: str
    weight_text: str
    target_text: str
    value_text: str
    """As it is printed; empty before anything is known."""
    result: ResultName
    grade_text: str
    score_text: str
    evidence_text: str
    reasons: tuple[str, ...]
    incidents: tuple[int, ...]
    """The incidents that the value was found from."""
    queries: tuple[str, ...]
    """PromQL that gives it again."""
    is_typed: bool
    """Whether the contract wants it typed by hand."""
    unit_text: str
    decimals: int
    entries: tuple[MonthEntryInfo, ...]
    """What was typed about it, the newest first."""


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """The foot of the sheet."""

    weight_text: str
    score_text: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDay:
    """A day of the calendar."""

    day: str
    number: int
    state: Literal["clear", "short", "long", "planned", "unknown", "future", "outside"]
    """`long` with 10 min of outage or more; `unknown` where most of it was not read."""
    text: str
    """What is written in its cell; empty for a clear day."""
    label: str
    """The whole of it in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOutage:
    """An outage, or planned work, that touches the month."""

    day_text: str
    title: str
    length_text: str
    incident: int | None
    is_counted: bool
    is_planned: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOutages:
    """The outages of the month, and what of its budget they leave."""

    left_text: str
    """What is left, or by how much it is overspent; empty without a target of availability."""
    allowed_text: str
    used_share: float
    """Of what is allowed, 0 to 1 and beyond."""
    is_overspent: bool
    projection: str
    """Where the month is heading; empty of one that is over."""
    list: tuple[MonthOutage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictWords:
    """What the sheet came to, in words."""

    title: str
    state: Literal["ok", "warning", "critical", "unknown"]
    text: str
    details: tuple[str, ...]
    until_text: str


def describe_verdict(month: ContractMonth, t: Texts) -> VerdictWords:
    """The month, its one score, and what has to be known beside it."""
    localizer = Localizer.for_period(month.month, t.lang)
    box = build_verdict(month)
    provisional = [one for one in month.remarks if one.key == "sla.remark.provisional"]
    until = [localizer.format(describe_remark(one)) for one in provisional]
    shown_beside = ("contract.approvers", "contract.penalty.amount", "sla.remark.weights_entered")
    details = [
        localizer.format(one)
        for one in box.details
        if not (isinstance(one, Phrase) and one.key in shown_beside)
    ]
    return VerdictWords(
        title=localizer.format_period(),
        state=box.state.value,  # type: ignore[arg-type]  # never pending
        text=localizer.format(box.text),
        details=tuple(one for one in details if one not in until),
        until_text="".join(until),
    )


# --------------------------------------------------------------------------------------- lines


def _write(value: float, indicator: Indicator, t: Texts) -> str:
    number = f"{value:,.{indicator.decimals}f}"
    return t.join(number, name_unit(indicator.unit, t, value))


def describe_value(line: ContractLine, t: Texts) -> str:
    """The figure as it is printed; empty where there is none."""
    return "" if line.rounded is None else _write(line.rounded, line.indicator, t)


def build_rows(
    month: ContractMonth, entries: Sequence[MonthEntry], zone: ZoneInfo, now_ms: int, t: Texts
) -> tuple[MonthRow, ...]:
    """A row for each indicator, with what was typed about it."""

    def list_own(indicator: Indicator) -> Iterator[MonthEntryInfo]:
        for one in reversed(entries):
            if one.indicator == indicator.id:
                yield MonthEntryInfo(
                    t=one.entered_ms / 1000,
                    when_text=t.recent_moment(one.entered_ms, zone, now_ms),
                    who=one.who,
                    value_text="–" if one.value is None else _write(one.value, indicator, t),
                    note=one.note,
                )

    return tuple(
        _build_row(line, month, tuple(list_own(line.indicator)), t) for line in month.lines
    )


def _build_row(
    line: ContractLine, month: ContractMonth, entries: tuple[MonthEntryInfo, ...], t: Texts
) -> MonthRow:
    indicator, evidence = line.indicator, line.evidence
    localizer = Localizer.for_period(month.month, t.lang)
    target = _write(indicator.target, indicator, t)
    if indicator.better is Better.LOW:
        target = t("months.at_most", value=target)
    is_typed = line.origin is ValueOrigin.ENTERED
    return MonthRow(
        id=indicator.id,
        name=indicator.name(t.lang),
        weight_text=write_plain(indicator.weight),
        target_text=target,
        value_text=describe_value(line, t),
        result=line.result.value,
        grade_text=_name_grade(line, t),
        score_text="" if line.score is None else write_plain(line.score),
        evidence_text=_describe_evidence(line, month, localizer),
        reasons=tuple(localizer.format(describe_remark(one)) for one in line.reasons),
        incidents=tuple(dict.fromkeys(int(one) for one in evidence.outages if one.isdigit())),
        queries=() if is_typed else evidence.queries,
        is_typed=indicator.measure is Measure.ENTERED,
        unit_text=name_unit(indicator.unit, t),
        decimals=indicator.decimals,
        entries=entries,
    )


def _name_grade(line: ContractLine, t: Texts) -> str:
    if line.band is not None and line.band.grade is not None:
        return line.band.grade(t.lang)
    return t(f"sla.result.{line.result.value}")


def _describe_evidence(line: ContractLine, month: ContractMonth, localizer: Localizer) -> str:
    """What a value rests on, in a few words."""
    evidence, t = line.evidence, localizer.texts
    if line.result is ContractResult.NOT_ENTERED:
        return " · ".join(localizer.format(describe_remark(one)) for one in line.reasons)
    if line.origin is ValueOrigin.ENTERED:
        return " · ".join(filter(None, (evidence.note, evidence.entered_by)))
    if line.origin is ValueOrigin.OUTAGES:
        if not evidence.outages:
            return t("months.no_outages")
        counted = [one for one in month.outages if set(one.ids) & set(evidence.outages)]
        if line.indicator.measure is Measure.AVAILABILITY:
            length = t.span(month.counted_outage_ms)
            return t("months.evidence.length", n=len(counted), length=length)
        return t("months.evidence.outages", n=len(counted))
    over, under = (round(one or 0) for one in (evidence.numerator, evidence.denominator))
    return f"{over:,} / {under:,}"


def build_total(month: ContractMonth, t: Texts) -> MonthTotal:
    """The sums, and what is missing of them."""
    total, penalty = month.total, month.penalty
    open_weight = total.weight - total.entered_weight
    points = write_plain(round(total.points, 2))
    parts = []
    if open_weight and total.rounded is not None:
        entered, score = write_plain(total.entered_weight), f"{total.rounded:.2f}"
        parts.append(t("months.total.scored", points=points, entered=entered, score=score))
    if open_weight:
        parts.append(t("months.total.open", weight=write_plain(open_weight)))
    if not penalty.percent:
        parts.append(t("months.total.no_penalty"))
    elif penalty.amount is None:
        parts.append(t("months.total.penalty", percent=write_plain(penalty.percent)))
    else:
        amount = f"{penalty.amount:,.0f} {penalty.currency}"
        percent = write_plain(penalty.percent)
        parts.append(t("months.total.penalty_amount", percent=percent, amount=amount))
    return MonthTotal(write_plain(total.weight), points, " · ".join(parts))


# ----------------------------------------------------------------------------- days and outages


def build_days(month: ContractMonth, t: Texts) -> tuple[MonthDay, ...]:
    """Every day of the month."""
    known = {one.day: one for one in month.days}
    last = max(known, default=None)

    def build(day: DayAccount | None, *, is_future: bool) -> tuple[str, str]:
        if day is None:
            return ("future" if is_future else "outside"), ""
        account = day.account
        if account.outage_ms:
            minutes = max(1, round(account.outage_ms / _MINUTE_MS))
            return ("long" if account.outage_ms >= LONG_MS else "short"), t.span(
                minutes * _MINUTE_MS
            )
        if account.planned_ms:
            return "planned", t("months.day.planned")
        if account.unmeasured_ms * 2 > account.service_ms:
            return "unknown", ""
        return "clear", ""

    days: list[MonthDay] = []
    for period in month.month.days():
        first = period.first_day
        is_future = last is not None and first > last and month.is_provisional
        state, text = build(known.get(first), is_future=is_future)
        words = text if state == "planned" else t(f"months.day.label.{state}", length=text)
        label = t("months.day.label", day=t.short_day(first), text=words)
        days.append(
            MonthDay(
                day=first.isoformat(),
                number=first.day,
                state=state,  # type: ignore[arg-type]  # one of the words above
                text=text,
                label=label,
            )
        )
    return tuple(days)


def build_outages(month: ContractMonth, system: ContractedSystem, t: Texts) -> MonthOutages:
    """What is left of the budget, each outage, and the planned work."""
    localizer = Localizer.for_period(month.month, t.lang)
    budget = measure_budget(month, system)
    rows = (
        *(_describe_outage(one, localizer) for one in month.outages),
        *(_describe_work(one, localizer) for one in month.planned),
    )
    if budget is None:
        return MonthOutages(
            left_text="",
            allowed_text="",
            used_share=0.0,
            is_overspent=False,
            projection="",
            list=rows,
        )
    is_overspent = budget.left_ms < 0
    return MonthOutages(
        left_text=_write_minutes(abs(budget.left_ms), t),
        allowed_text=_write_minutes(budget.allowed_ms, t),
        used_share=budget.used_ms / budget.allowed_ms if budget.allowed_ms else float(is_overspent),
        is_overspent=is_overspent,
        projection=_describe_projection(month, budget, t),
        list=rows,
    )


def _write_minutes(ms: int, t: Texts) -> str:
    return t.join(f"{ms / 60_000:,.1f}", t.unit("minute", ms / 60_000))


def _describe_projection(month: ContractMonth, budget: OutageBudget, t: Texts) -> str:
    if budget.projected_ms is None:
        return ""
    left_ms = budget.allowed_ms - budget.projected_ms
    name = t(f"i18n.month.{month.month.first_day.month}")
    key = "months.projection.left" if left_ms >= 0 else "months.projection.overspent"
    return t(key, month=name, length=_write_minutes(abs(left_ms), t))


def _describe_outage(one: OutageLine, localizer: Localizer) -> MonthOutage:
    t = localizer.texts
    start = t.brief_day(local_day(one.start_ms, localizer.zone))
    length = t.span(one.counted_ms) if one.counted_ms else t("contract.outage.not_counted")
    if one.end_ms is None:
        length = t("months.outage.open", length=length)
    number = next((int(name) for name in one.ids if name.isdigit()), None)
    return MonthOutage(
        day_text=start,
        title=localizer.format(name_outage(one)),
        length_text=length,
        incident=number,
        is_counted=bool(one.counted_ms) or one.is_counted,
        is_planned=False,
        reasons=tuple(localizer.format(describe_remark(reason)) for reason in one.reasons),
    )


def _describe_work(one: PlannedLine, localizer: Localizer) -> MonthOutage:
    t = localizer.texts
    approval = t("months.work.approval", approval=one.approval) if one.approval else ""
    title = " · ".join(filter(None, (one.title, approval))) or t("contract.section.planned")
    key = "months.work.excluded" if one.is_excluded else "months.work.not_excluded"
    return MonthOutage(
        day_text=t.brief_day(local_day(one.start_ms, localizer.zone)),
        title=title,
        length_text=t(key, length=t.span(one.excluded_ms)),
        incident=None,
        is_counted=False,
        is_planned=True,
        reasons=tuple(localizer.format(describe_remark(reason)) for reason in one.reasons),
    )
