"""Compliance, error budget and burn rates from counts; exact where the counts are whole."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from jipyo.analysis.objectives import Result
from jipyo.analysis.slo.objective import MINUTE_MS, MissingData, SloBasis
from jipyo.analysis.slo.result import BurnRate

if TYPE_CHECKING:
    from jipyo.analysis.slo.counts import SloCounts, SloTally
    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.model.calendar import Period

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BURN_WINDOWS_MS = (
    *(5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS),
    *(6 * HOUR_MS, DAY_MS, 3 * DAY_MS),
)
"""The windows of the multi-window alerts of "The Site Reliability Workbook", chapter 5."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be bad in a period, and what is left of it."""

    allowed: Fraction
    left: Fraction
    """1: untouched, as long as nothing was counted; 0: spent, negative: overspent."""
    compliance: Fraction | None
    """None where nothing was counted."""

    @property
    def result(self) -> Result:
        """Met as long as the budget is not overspent: exactly the target is met."""
        if self.compliance is None:
            return Result.UNKNOWN
        return Result.MET if self.left >= 0 else Result.MISSED


def compute_budget(objective: ServiceLevelObjective, tally: SloTally, period: Period) -> Budget:
    """The budget of a period from its counts so far.

    Of requests a share of those so far may be bad. Of minutes a share of the whole period, less
    the minutes that are ignored: so this budget only falls, from 100% at the period's start.
    """
    counted = tally.apply(objective.missing)
    good, bad = Fraction(counted.good), Fraction(counted.bad)
    total, share = good + bad, 1 - objective.target
    allowed = share * total
    if objective.basis is SloBasis.TIME:
        is_ignored = objective.missing is MissingData.IGNORE
        ignored = Fraction(tally.missing) if is_ignored else Fraction(0)
        allowed = share * (Fraction(period.duration_ms, MINUTE_MS) - ignored)
    if not total:
        return Budget(allowed, Fraction(1), None)
    # Where every minute of a period is ignored there is no total, so something is allowed here.
    return Budget(allowed, 1 - bad / allowed, good / total)


def compute_burn_rate(
    objective: ServiceLevelObjective, tally: SloTally, window_ms: int
) -> float | None:
    """How many times faster than allowed the budget was spent in a window.

    Of minutes those that are bad by all of the window, as their budget is of a whole period. Of
    requests those that are bad by those that there were: unknown where less than half of the
    window has data, or one bad minute after a start would be three bad days.
    """
    counted, minutes = tally.apply(objective.missing), Fraction(window_ms, MINUTE_MS)
    total = Fraction(counted.good) + Fraction(counted.bad)
    is_unknown = objective.basis is SloBasis.REQUESTS and 2 * Fraction(tally.missing) > minutes
    if not total or is_unknown:
        return None
    whole = minutes if objective.basis is SloBasis.TIME else total
    return float(Fraction(counted.bad) / whole / (1 - objective.target))


def list_burn_rates(
    objective: ServiceLevelObjective, counts: SloCounts, end_ms: int
) -> tuple[BurnRate, ...]:
    """The burn rates over each window before `end_ms`, which the counts reach back for."""
    rates = []
    for window_ms in BURN_WINDOWS_MS:
        tally = counts.add_up(end_ms - window_ms, end_ms)
        rate = compute_burn_rate(objective, tally, window_ms)
        rates.append(BurnRate(window_ms, rate, tally.apply(objective.missing)))
    return tuple(rates)


def predict_exhaustion(
    objective: ServiceLevelObjective,
    budget: Budget,
    now: SloTally,
    pace: BurnRate,
    span: tuple[int, int],
) -> int | None:
    """When the budget ends if requests go on as in a window, within `span` (now, period's end).

    After a time t there are `bad + b t` of which `allowed + a t` may be; of minutes `a` is 0,
    for their budget is of the whole period.
    """
    if budget.left < 0 or pace.rate is None or not pace.tally.bad:
        return None
    bad_per_ms = Fraction(pace.tally.bad) / pace.window_ms
    allowed_per_ms = Fraction(0)
    if objective.basis is SloBasis.REQUESTS:
        allowed_per_ms = (1 - objective.target) * Fraction(pace.tally.total) / pace.window_ms
    if bad_per_ms <= allowed_per_ms:
        return None
    rest = budget.allowed - Fraction(now.bad)
    end_ms = span[0] + int(rest / (bad_per_ms - allowed_per_ms))
    return end_ms if end_ms < span[1] else None
