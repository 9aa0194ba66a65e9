"""Where the time of a month went: outages of the system, planned work, gaps, and the rest.

Outages of its targets that overlap or touch are one outage of the system. It belongs to the
month of its last second; so one that ends at midnight belongs to the month that ends there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.model.attribution import Attribution
from jipyo.model.calendar import range_between
from jipyo.sla.hours import find_service_time
from jipyo.sla.month import (
    DayAccount,
    Instant,
    Length,
    OutageLine,
    PlannedLine,
    SheetRemark,
    TimeAccount,
)
from jipyo.sla.profile import OutageMonth, RestoreClock
from jipyo.sla.spans import add_up, floor_second, intersect, subtract, unite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.sla.profile import Profile
    from jipyo.sla.records import ContractOutage, MonthRecords, PlannedWork
    from jipyo.sla.spans import Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTime:
    """The time of a month's part under contract."""

    promised: Spans
    """The service time without excluded work."""
    account: TimeAccount
    days: tuple[DayAccount, ...]
    outages: tuple[OutageLine, ...]
    planned: tuple[PlannedLine, ...]
    carried_in_ms: int
    carried_out_ms: int

    @property
    def counted_ms(self) -> int:
        """The outage time that counts in this month."""
        return self.account.outage_ms - self.carried_out_ms + self.carried_in_ms

    @property
    def coverage(self) -> float:
        """Share of the promised time of which something is known; 1 where nothing is promised."""
        promised_ms = add_up(self.promised)
        return 1 - self.account.unmeasured_ms / promised_ms if promised_ms else 1.0


@dataclass(frozen=True, slots=True)
class _Outage:
    """Outages of targets as one outage of the system, in whole seconds."""

    start_ms: int
    end_ms: int | None
    parts: tuple[ContractOutage, ...]

    def until(self, t_ms: int) -> tuple[int, int]:
        """The span of it before a moment."""
        return self.start_ms, t_ms if self.end_ms is None else min(self.end_ms, t_ms)

    def ends_in(self, window: tuple[int, int]) -> bool:
        """Whether its last second is in a window."""
        return self.end_ms is not None and window[0] < self.end_ms <= window[1]


@dataclass(frozen=True, slots=True)
class _Uses:
    """What the time of a month went into, each moment at most once."""

    service: Spans
    planned: Spans
    outage: Spans
    not_counted: Spans
    unmeasured: Spans

    def cut(self, start_ms: int, end_ms: int) -> TimeAccount:
        """The account of [start, end)."""
        kinds = self.service, self.planned, self.outage, self.not_counted, self.unmeasured
        window = ((start_ms, end_ms),)
        service, planned, outage, not_counted, unmeasured = (
            add_up(intersect(spans, window)) for spans in kinds
        )
        return TimeAccount(
            calendar_ms=end_ms - start_ms,
            outside_hours_ms=end_ms - start_ms - service,
            planned_ms=planned,
            unmeasured_ms=unmeasured,
            outage_ms=outage,
            not_counted_ms=not_counted,
            up_ms=service - planned - outage - not_counted - unmeasured,
        )


def account_for(
    profile: Profile,
    window: tuple[int, int],
    contract_start_ms: int,
    zone: ZoneInfo,
    records: MonthRecords,
    is_day_off: Callable[[date], bool],
) -> MonthTime:
    """The account of `window`, the month's part [start, end) under contract, to the second.

    Outage time before `contract_start_ms` is none of the contract's.
    """
    counted, others = _sort_outages(profile, records.outages, contract_start_ms, window[1])
    first_ms = min([window[0], *(one.start_ms for one in counted if one.ends_in(window))])
    service = find_service_time(profile.hours, first_ms, window[1], zone, is_day_off)
    planned = intersect(service, unite(_list_excluded(records.planned, profile.notice_ms)))
    promised = subtract(service, planned)
    uses = _find_uses(service, planned, counted, others, records.gaps, window[1])
    carried = _carry(counted, promised, window) if _is_by_recovery(profile) else (0, 0)
    lines = (
        *(_describe_outage(one, profile, promised, window) for one in counted),
        *(_describe_uncounted(one, window[1]) for one in others),
    )
    return MonthTime(
        promised=intersect(promised, (window,)),
        account=uses.cut(*window),
        days=tuple(
            DayAccount(day.first_day, is_day_off(day.first_day), uses.cut(day.start_ms, day.end_ms))
            for day in range_between(*window, zone).days()
        ),
        outages=tuple(sorted(_select(lines, window[0]), key=lambda line: line.start_ms)),
        planned=tuple(_describe_work(records.planned, profile.notice_ms, service, window)),
        carried_in_ms=carried[0],
        carried_out_ms=carried[1],
    )


def _is_by_recovery(profile: Profile) -> bool:
    return profile.outage_month is OutageMonth.RECOVERY


# ------------------------------------------------------------------------------------- outages


def _sort_outages(
    profile: Profile, outages: Iterable[ContractOutage], contract_start_ms: int, end_ms: int
) -> tuple[list[_Outage], list[_Outage]]:
    """Those that count, joined, and those that do not; each began before `end_ms`."""
    counted: list[_Outage] = []
    others: list[_Outage] = []
    for part in sorted(outages, key=lambda one: (one.start_ms, one.id)):
        start_ms = max(floor_second(part.start_ms), contract_start_ms)
        part_end_ms = None if part.end_ms is None else floor_second(part.end_ms)
        if part_end_ms is not None and part_end_ms <= start_ms:
            continue
        one = _Outage(start_ms, part_end_ms, (part,))
        if (part.attribution or Attribution.OURS) not in profile.counted:
            others.append(one)
        elif counted and (counted[-1].end_ms is None or start_ms <= counted[-1].end_ms):
            counted[-1] = _join(counted[-1], one)
        else:
            counted.append(one)
    return [one for one in counted if one.start_ms < end_ms], [
        one for one in others if one.start_ms < end_ms
    ]


def _join(one: _Outage, other: _Outage) -> _Outage:
    ends = None if one.end_ms is None or other.end_ms is None else max(one.end_ms, other.end_ms)
    return _Outage(one.start_ms, ends, one.parts + other.parts)


def _carry(counted: Iterable[_Outage], promised: Spans, window: tuple[int, int]) -> tuple[int, int]:
    """What counts in this month of earlier ones, and what of this month in later ones."""
    before = unite(one.until(window[0]) for one in counted if one.ends_in(window))
    later = unite(one.until(window[1]) for one in counted if not one.ends_in(window))
    return add_up(intersect(promised, before)), add_up(
        intersect(promised, intersect(later, (window,)))
    )


def _find_uses(
    service: Spans,
    planned: Spans,
    counted: Iterable[_Outage],
    others: Iterable[_Outage],
    gaps: Spans,
    end_ms: int,
) -> _Uses:
    """Planned work comes first, then outages that count, then those that do not, then gaps."""
    outage = unite(one.until(end_ms) for one in counted)
    not_counted = unite(one.until(end_ms) for one in others)
    unknown = unite((floor_second(start), floor_second(end)) for start, end in gaps)
    rest = subtract(service, planned)
    up_or_other = subtract(rest, outage)
    up_or_unknown = subtract(up_or_other, not_counted)
    return _Uses(
        service,
        planned,
        intersect(rest, outage),
        intersect(up_or_other, not_counted),
        intersect(up_or_unknown, unknown),
    )


def _select(lines: Iterable[OutageLine], start_ms: int) -> Iterator[OutageLine]:
    return (line for line in lines if line.end_ms is None or line.end_ms > start_ms)


def _describe_outage(
    one: _Outage, profile: Profile, promised: Spans, window: tuple[int, int]
) -> OutageLine:
    whole = intersect(promised, (one.until(window[1]),))
    ends_here, promised_ms = one.ends_in(window), add_up(whole)
    is_counted = ends_here and promised_ms > 0
    if _is_by_recovery(profile):
        counted_ms = promised_ms if ends_here else 0
    else:
        counted_ms = add_up(intersect(whole, (window,)))
    restore, restore_ms = profile.restore, promised_ms
    if restore is not None and restore.clock is RestoreClock.ELAPSED:
        restore_ms = one.until(window[1])[1] - one.start_ms
    overrun_ms = max(restore_ms - restore.allowed_ms, 0) if restore and is_counted else 0
    return replace(
        _describe_uncounted(one, window[1]),
        is_counted=is_counted,
        counted_ms=counted_ms,
        restore_ms=restore_ms,
        overrun_ms=overrun_ms,
        charged_ms=round(overrun_ms * restore.factor) if restore else 0,
        reasons=tuple(_explain_outage(one, promised_ms, profile, window)),
    )


def _describe_uncounted(one: _Outage, end_ms: int) -> OutageLine:
    start_ms, until_ms = one.until(end_ms)
    attributions = {part.attribution for part in one.parts}
    return OutageLine(
        ids=tuple(part.id for part in one.parts),
        start_ms=start_ms,
        end_ms=one.end_ms,
        targets=tuple(dict.fromkeys(part.target for part in one.parts)),
        titles=tuple(dict.fromkeys(part.title for part in one.parts if part.title)),
        attribution=attributions.pop() if len(attributions) == 1 else None,
        is_counted=False,
        counted_ms=0,
        restore_ms=until_ms - start_ms,
        overrun_ms=0,
        charged_ms=0,
        sources=tuple(dict.fromkeys(part.source for part in one.parts)),
        reasons=(SheetRemark("sla.outage.not_counted"), *_name_sources(one)),
    )


def _name_sources(one: _Outage) -> Iterator[SheetRemark]:
    """From where it is known, where the log of incidents does not have it."""
    sources = dict.fromkeys(part.source for part in one.parts)
    return (SheetRemark(f"sla.outage.from_{name}") for name in sources if name != "incidents")


def _explain_outage(
    one: _Outage, promised_ms: int, profile: Profile, window: tuple[int, int]
) -> Iterator[SheetRemark]:
    by_recovery = _is_by_recovery(profile)
    start_ms, until_ms = one.until(window[1])
    if len(one.parts) > 1:
        yield SheetRemark("sla.outage.joined", (("n", len(one.parts)),))
    if any(part.attribution is None for part in one.parts):
        yield SheetRemark("sla.outage.unattributed")
    if any(floor_second(part.start_ms) < start_ms for part in one.parts):
        yield SheetRemark("sla.outage.before_contract", (("start", Instant(start_ms)),))
    if start_ms < window[0]:
        yield SheetRemark(f"sla.outage.earlier.{'recovery' if by_recovery else 'minute'}")
    if not one.ends_in(window):
        state = "open" if one.end_ms is None else "later"
        yield SheetRemark(f"sla.outage.{state}.{'recovery' if by_recovery else 'minute'}")
    elif promised_ms == 0:
        yield SheetRemark("sla.outage.not_promised")
    elif promised_ms < until_ms - start_ms:
        outside_ms = until_ms - start_ms - promised_ms
        yield SheetRemark("sla.outage.partly_promised", (("length", Length(outside_ms)),))
    yield from _name_sources(one)


# -------------------------------------------------------------------------------- planned work


def _list_excluded(work: Iterable[PlannedWork], notice_ms: int) -> Iterator[tuple[int, int]]:
    return (_span_of(one) for one in work if not list(_refuse_work(one, notice_ms)))


def _span_of(work: PlannedWork) -> tuple[int, int]:
    return floor_second(work.start_ms), floor_second(work.end_ms)


def _refuse_work(work: PlannedWork, notice_ms: int) -> Iterator[SheetRemark]:
    """Why work is not excluded; nothing where it is."""
    start_ms = floor_second(work.start_ms)
    if not work.approval:
        yield SheetRemark("sla.planned.no_approval")
    if work.announced_ms is None:
        yield SheetRemark("sla.planned.not_announced")
    elif (announced_ms := floor_second(work.announced_ms)) >= start_ms:
        yield SheetRemark("sla.planned.announced_late", (("announced", Instant(announced_ms)),))
    elif announced_ms + notice_ms > start_ms:
        values = (("announced", Instant(announced_ms)), ("notice", Length(notice_ms)))
        yield SheetRemark("sla.planned.notice_short", values)


def _describe_work(
    works: Sequence[PlannedWork], notice_ms: int, service: Spans, window: tuple[int, int]
) -> Iterator[PlannedLine]:
    """The work that touches the window, in order of its beginning."""
    left = intersect(service, (window,))
    for work in sorted(works, key=lambda one: (one.start_ms, one.approval)):
        start_ms, end_ms = _span_of(work)
        if end_ms <= window[0] or start_ms >= window[1]:
            continue
        reasons = tuple(_refuse_work(work, notice_ms))
        excluded = () if reasons else intersect(left, unite(((start_ms, end_ms),)))
        left = subtract(left, excluded)
        if not reasons and not excluded:
            reasons = (SheetRemark("sla.planned.nothing_promised"),)
        yield PlannedLine(
            approval=work.approval,
            title=work.title,
            announced_ms=work.announced_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            is_excluded=bool(excluded),
            excluded_ms=add_up(excluded),
            reasons=reasons,
        )
