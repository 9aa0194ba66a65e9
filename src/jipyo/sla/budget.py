"""The outage time that a month's target of availability leaves, and where the month is heading."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.slo.objective import MissingData
from jipyo.sla.evaluate import find_window
from jipyo.sla.holidays import find_days_off
from jipyo.sla.hours import find_service_time
from jipyo.sla.profile import Measure
from jipyo.sla.rounding import to_exact
from jipyo.sla.spans import add_up

if TYPE_CHECKING:
    from jipyo.sla.month import ContractLine, ContractMonth
    from jipyo.sla.systems import ContractedSystem


@dataclass(frozen=True, slots=True)
class OutageBudget:
    """Outage time of a month, in milliseconds."""

    allowed_ms: int
    """With so much in the whole month the target is just reached."""
    used_ms: int
    projected_ms: int | None
    """At the month's end, if outages go on as so far; None of a month that is over."""

    @property
    def left_ms(self) -> int:
        """What may still be used; negative: overspent."""
        return self.allowed_ms - self.used_ms


def find_availability(month: ContractMonth) -> ContractLine | None:
    """The line of availability; None where the contract has none."""
    lines = (one for one in month.lines if one.indicator.measure is Measure.AVAILABILITY)
    return next(lines, None)


def measure_budget(month: ContractMonth, system: ContractedSystem) -> OutageBudget | None:
    """What availability may cost in the whole month, and does; None where it has no figure.

    Work that is planned for the days to come is not taken out: nobody knows yet whether it will be.

    Raises:
        ConfigError: nothing is known of the country whose holidays are off.
    """
    line, account = find_availability(month), month.account
    window = find_window(system, month.month, month.month.end_ms)
    if line is None or line.value is None or window is None:
        return None
    hours = month.profile.hours
    days_off = find_days_off(hours.holidays, system.days_off, system.working_days)
    zone = ZoneInfo(month.month.zone)
    whole_ms = add_up(find_service_time(hours, *window, zone, days_off)) - account.planned_ms
    if whole_ms <= 0:
        return None
    used_ms, passed_ms = month.counted_outage_ms, account.service_ms - account.planned_ms
    if month.profile.missing is MissingData.BAD:
        used_ms += account.unmeasured_ms
    elif month.profile.missing is MissingData.IGNORE:
        whole_ms, passed_ms = (ms - account.unmeasured_ms for ms in (whole_ms, passed_ms))
    share = 1 - to_exact(line.indicator.target) / 100
    projected_ms = used_ms * whole_ms // passed_ms if month.is_provisional and passed_ms else None
    return OutageBudget(int(Fraction(whole_ms) * share), used_ms, projected_ms)
