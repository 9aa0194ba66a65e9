"""What falling short costs, in percent of the month's fee."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from jipyo.sla.month import Length, PenaltyLine, PenaltySum, SheetRemark
from jipyo.sla.profile import Better
from jipyo.sla.rounding import to_exact
from jipyo.sla.spans import add_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.sla.month import ContractLine, TotalScore
    from jipyo.sla.outage_time import MonthTime
    from jipyo.sla.profile import PenaltyRule, Profile
    from jipyo.sla.systems import ContractedSystem


def add_up_penalty(
    profile: Profile,
    lines: Sequence[ContractLine],
    total: TotalScore,
    time: MonthTime,
    system: ContractedSystem,
) -> PenaltySum:
    """The penalty of a month, in percent of its fee and, where the fee is known, as an amount.

    What has no value costs nothing, and its line says so.
    """
    parts = [*_apply_rules(profile, lines, total), *_charge_overrun(profile, time)]
    uncapped = sum((to_exact(part.percent) for part in parts), Fraction(0))
    percent = min(uncapped, to_exact(profile.penalty.cap))
    return PenaltySum(
        lines=tuple(parts),
        uncapped=float(uncapped),
        percent=float(percent),
        cap=profile.penalty.cap,
        amount=None if system.fee is None else float(to_exact(system.fee) * percent / 100),
        currency=system.currency,
    )


def _apply_rules(
    profile: Profile, lines: Sequence[ContractLine], total: TotalScore
) -> Iterator[PenaltyLine]:
    by_id = {line.indicator.id: line for line in lines}
    for rule in profile.penalty.rules:
        if not rule.indicator:
            yield _apply(rule, total.rounded, Better.HIGH)
        else:
            line = by_id[rule.indicator]
            yield _apply(rule, line.rounded, line.indicator.better)


def _apply(rule: PenaltyRule, value: float | None, better: Better) -> PenaltyLine:
    kind = "indicator" if rule.indicator else "score"
    if value is None:
        return PenaltyLine(rule.indicator, 0.0, SheetRemark(f"sla.penalty.{kind}.open"))
    for band in rule.bands:
        if value >= band.limit if better is Better.HIGH else value <= band.limit:
            key = f"sla.penalty.{kind}.{'high' if better is Better.HIGH else 'low'}"
            values = (("value", value), ("limit", band.limit))
            return PenaltyLine(rule.indicator, band.percent, SheetRemark(key, values))
    beyond = SheetRemark(f"sla.penalty.{kind}.beyond", (("value", value),))
    return PenaltyLine(rule.indicator, rule.otherwise, beyond)


def _charge_overrun(profile: Profile, time: MonthTime) -> Iterator[PenaltyLine]:
    """Each charged minute costs its share of the month's promised time."""
    promised_ms = add_up(time.promised)
    if profile.penalty.charges_overrun and profile.restore is not None and promised_ms:
        overrun_ms = sum(one.overrun_ms for one in time.outages)
        charged_ms = sum(one.charged_ms for one in time.outages)
        values = (
            ("overrun", Length(overrun_ms)),
            ("factor", profile.restore.factor),
            ("charged", Length(charged_ms)),
            ("promised", Length(promised_ms)),
        )
        percent = float(Fraction(100 * charged_ms, promised_ms))
        yield PenaltyLine("", percent, SheetRemark("sla.penalty.overrun", values))
