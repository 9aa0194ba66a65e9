"""Random histories of a month: outages, planned work, gaps, in zones that move their clocks."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jipyo.analysis.slo.objective import MissingData
from jipyo.model.attribution import Attribution
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.sla.evaluate import find_window
from jipyo.sla.profile import (
    Better,
    Indicator,
    Measure,
    OutageMonth,
    Profile,
    RestoreClock,
    RestorePromise,
    ServiceHours,
    ShiftHours,
)
from jipyo.sla.records import ContractOutage, MonthRecords, PlannedWork
from jipyo.sla.spans import unite
from jipyo.sla.systems import ContractedSystem

if TYPE_CHECKING:
    from jipyo.model.calendar import Period

HOUR_MS = 3_600_000
_ZONES = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
_MONTHS = (
    date(2024, 2, 1),  # a leap day
    date(2027, 2, 1),  # 설날 and its substitute day
    date(2026, 3, 1),  # clocks go forward
    date(2026, 10, 1),  # 추석, and clocks go back
    date(2026, 11, 1),
    date(2027, 1, 1),
    date(2026, 4, 1),  # clocks of the south go back
)
NAME = Bilingual("이름", "name")


def make_indicator(measure: Measure, target: float, better: Better, **values: Any) -> Indicator:
    """An indicator with a weight of 10."""
    rest = {"unit": "%", "weight": 10.0, **values}
    return Indicator(
        id=measure.value, name=NAME, measure=measure, target=target, better=better, **rest
    )


INDICATORS = (
    make_indicator(Measure.AVAILABILITY, 99.9, Better.HIGH),
    make_indicator(Measure.OUTAGES, 1, Better.LOW, decimals=0),
    make_indicator(Measure.MEAN_RESTORE, 60, Better.LOW),
    make_indicator(Measure.LONGEST_RESTORE, 60, Better.LOW),
    make_indicator(Measure.RESTORED_IN_TIME, 100, Better.HIGH),
)
PLAIN = Profile(
    id="plain", name=NAME, based_on=NAME, indicators=INDICATORS, restore=RestorePromise(HOUR_MS)
)
SYSTEM = ContractedSystem(name="portal", title=Bilingual("포털", "Portal"))


def find_month(first: date, zone: str = "Asia/Seoul") -> Period:
    """A month of a zone."""
    return period_containing(PeriodKind.MONTH, first, ZoneInfo(zone))


@dataclass(frozen=True)
class History:
    """All that a month is worked out from."""

    profile: Profile
    system: ContractedSystem
    month: Period
    now_ms: int
    records: MonthRecords


def make_history(seed: int) -> History:
    """One of endlessly many."""
    rng = random.Random(seed)
    month = find_month(rng.choice(_MONTHS), rng.choice(_ZONES))
    system, now_ms = _choose_part(rng, month)
    window = find_window(system, month, now_ms) or (month.start_ms, month.end_ms)
    return History(_make_profile(rng), system, month, now_ms, _make_records(rng, window))


def add_late_data(history: History, seed: int) -> History:
    """What was known, and more that came later; some of it is about what was known."""
    rng = random.Random(-seed)
    late = _make_records(rng, (history.month.start_ms, history.month.end_ms))
    first = [
        replace(one, attribution=rng.choice([*Attribution, None]))
        for one in history.records.outages
    ]
    records = MonthRecords(
        outages=(*first, *late.outages),
        planned=(*history.records.planned, *late.planned),
        gaps=history.records.gaps if rng.random() < 0.5 else (),
    )
    return replace(history, records=records)


def _choose_part(rng: random.Random, month: Period) -> tuple[ContractedSystem, int]:
    """Mostly some days of the month, as contract, its end or the present cut it."""
    days = (month.end_ms - month.start_ms) // (24 * HOUR_MS)
    now_ms = month.end_ms + rng.randrange(40 * HOUR_MS)
    first, last = None, None
    if rng.random() < 0.95:
        day = rng.randrange(days - 1)
        first = month.first_day + timedelta(days=day)
        if rng.random() < 0.5:
            last = first + timedelta(days=rng.randrange(4))
        else:
            now_ms = min(month.start_ms + (day + rng.randint(2, 4)) * 24 * HOUR_MS, now_ms)
            now_ms += rng.randrange(HOUR_MS)
    days_off = frozenset(month.first_day + timedelta(days=rng.randrange(28)) for _ in range(3))
    working = frozenset(month.first_day + timedelta(days=rng.randrange(28)) for _ in range(2))
    system = replace(SYSTEM, start=first, end=last, days_off=days_off, working_days=working)
    return system, now_ms


def _make_profile(rng: random.Random) -> Profile:
    shifts = tuple(
        ShiftHours(
            frozenset(rng.sample(range(7), rng.randint(3, 7))),
            rng.choice((0, 60, 120, 540, 1320, rng.randrange(1440))),
            rng.choice((0, 90, 150, 1080, 360, rng.randrange(1440))),
        )
        for _ in range(rng.choice((0, 0, 1, 2)))
    )
    restore = RestorePromise(
        rng.choice((60_000, HOUR_MS, 3 * HOUR_MS)), rng.choice(list(RestoreClock)), 2.5
    )
    return replace(
        PLAIN,
        hours=ServiceHours(shifts, rng.choice(("", "KR", "DE-BY", "US"))),
        counted=frozenset({Attribution.OURS, rng.choice(list(Attribution))}),
        outage_month=rng.choice(list(OutageMonth)),
        missing=rng.choice(list(MissingData)),
        least_coverage=0.0,
        notice_ms=rng.choice((0, 0, 24 * HOUR_MS)),
        restore=restore,
    )


def _make_records(rng: random.Random, window: tuple[int, int]) -> MonthRecords:
    def moment() -> int:
        """Often at or around the window's ends, or at full hours; sometimes within a second."""
        edge = rng.choice((*window, None, None, None))
        t_ms = (
            rng.randrange(window[0] - 20 * HOUR_MS, window[1] + 20 * HOUR_MS)
            if edge is None
            else edge + rng.randint(-2, 2) * rng.choice((0, 1000, HOUR_MS // 2))
        )
        return t_ms // HOUR_MS * HOUR_MS if rng.random() < 0.3 else t_ms

    def span(longest_ms: int) -> tuple[int, int]:
        """Sometimes from one edge to the next."""
        start_ms = moment()
        if rng.random() < 0.2 and (end_ms := moment()) > start_ms:
            return start_ms, end_ms
        return start_ms, start_ms + rng.choice((rng.randrange(longest_ms), 1000, HOUR_MS))

    outages: list[ContractOutage] = []
    for number in range(rng.choice((0, 1, 4, 12, 30))):
        start_ms, end_ms = span(rng.choice((60_000, HOUR_MS, 30 * HOUR_MS)))
        if outages and rng.random() < 0.2:  # where the one before it ends
            length_ms, start_ms = end_ms - start_ms, outages[-1].end_ms or start_ms
            end_ms = start_ms + length_ms
        outages.append(
            ContractOutage(
                id=str(number),
                start_ms=start_ms,
                end_ms=None if rng.random() < 0.03 else end_ms,
                target=f"target {rng.randrange(3)}",
                attribution=rng.choice([*Attribution, None, Attribution.OURS]),
            )
        )
    planned = []
    for number in range(rng.choice((0, 1, 6))):
        start_ms, end_ms = span(8 * HOUR_MS)
        announced = rng.choice((None, start_ms - rng.randint(-2, 40) * HOUR_MS, start_ms))
        approval = "" if rng.random() < 0.2 else f"2026-{number}"
        planned.append(
            PlannedWork(approval=approval, start_ms=start_ms, end_ms=end_ms, announced_ms=announced)
        )
    gaps = unite(span(30 * HOUR_MS) for _ in range(rng.choice((0, 1, 8))))
    return MonthRecords(outages=tuple(outages), planned=tuple(planned), gaps=gaps)
