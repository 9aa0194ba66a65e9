"""A contract's month: profile, system and records -> one line for each indicator."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.slo.objective import MissingData
from jipyo.model.calendar import start_of_day
from jipyo.sla.holidays import find_days_off
from jipyo.sla.month import (
    ContractLine,
    ContractMonth,
    ContractResult,
    Instant,
    Length,
    LineEvidence,
    Percentage,
    SheetRemark,
    TotalScore,
    ValueOrigin,
)
from jipyo.sla.outage_time import account_for
from jipyo.sla.penalty import add_up_penalty
from jipyo.sla.profile import Better, Measure, OutageMonth, ScoreBand
from jipyo.sla.rounding import SCORE_DECIMALS, round_exact, round_figure, to_exact
from jipyo.sla.spans import add_up, floor_second

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.calendar import Period
    from jipyo.sla.outage_time import MonthTime
    from jipyo.sla.profile import Indicator, Profile
    from jipyo.sla.records import EnteredValue, MeasuredRatio, MonthRecords
    from jipyo.sla.systems import ContractedSystem

_MINUTE_MS = 60_000


def find_window(system: ContractedSystem, month: Period, now_ms: int) -> tuple[int, int] | None:
    """The part [start, end) of a month that is under contract and over; None where none is."""
    zone = ZoneInfo(month.zone)
    start_ms, end_ms = month.start_ms, min(month.end_ms, floor_second(now_ms))
    if system.start is not None:
        start_ms = max(start_ms, start_of_day(system.start, zone))
    if system.end is not None:
        end_ms = min(end_ms, start_of_day(system.end.fromordinal(system.end.toordinal() + 1), zone))
    return (start_ms, end_ms) if start_ms < end_ms else None


def find_time(
    profile: Profile, system: ContractedSystem, month: Period, now_ms: int, records: MonthRecords
) -> MonthTime:
    """Where the time of the month went; something of it must be under contract and over.

    Raises:
        ConfigError: nothing is known of the country whose holidays are off.
    """
    window = find_window(system, month, now_ms)
    assert window is not None, "BUG: nothing of the month is under contract and over"
    zone = ZoneInfo(month.zone)
    contract_ms = 0 if system.start is None else start_of_day(system.start, zone)
    days_off = find_days_off(profile.hours.holidays, system.days_off, system.working_days)
    return account_for(profile, window, contract_ms, zone, records, days_off)


def evaluate_month(
    profile: Profile,
    system: ContractedSystem,
    month: Period,
    now_ms: int,
    records: MonthRecords,
    *,
    time: MonthTime | None = None,
) -> ContractMonth:
    """What the month came to; `time` where it was found before, in order to measure ratios.

    Raises:
        ConfigError: nothing is known of the country whose holidays are off.
    """
    window = find_window(system, month, now_ms)
    assert window is not None, "BUG: nothing of the month is under contract and over"
    time = time or find_time(profile, system, month, now_ms, records)
    lines = tuple(
        _build_line(indicator, profile, time, window, records) for indicator in profile.indicators
    )
    total = _add_up_score(lines, profile)
    is_provisional = floor_second(now_ms) < month.end_ms and window[1] == floor_second(now_ms)
    return ContractMonth(
        system=system.name,
        system_name=system.title,
        profile=profile,
        month=month,
        start_ms=window[0],
        end_ms=window[1],
        is_provisional=is_provisional,
        lines=lines,
        total=total,
        penalty=add_up_penalty(profile, lines, total, time, system),
        account=time.account,
        counted_outage_ms=time.counted_ms,
        carried_in_ms=time.carried_in_ms,
        carried_out_ms=time.carried_out_ms,
        coverage=time.coverage,
        days=time.days,
        outages=time.outages,
        planned=time.planned,
        remarks=tuple(_remark(time, window, month, is_provisional, total)),
        approvers=system.approvers,
    )


# --------------------------------------------------------------------------------------- lines


def _build_line(
    indicator: Indicator,
    profile: Profile,
    time: MonthTime,
    window: tuple[int, int],
    records: MonthRecords,
) -> ContractLine:
    entered = {one.indicator: one for one in records.entered}.get(indicator.id)
    if indicator.measure.is_of_outages:
        line = _measure_outages(indicator, profile, time, window, records)
    else:
        ratio = {one.indicator: one for one in records.ratios}.get(indicator.id)
        line = _measure_ratio(indicator, profile, ratio, window)
    return _enter(line, entered, profile) if entered is not None else line


def _measure_outages(
    indicator: Indicator,
    profile: Profile,
    time: MonthTime,
    window: tuple[int, int],
    records: MonthRecords,
) -> ContractLine:
    numerator, denominator, factor = _divide(indicator.measure, profile, time)
    evidence = LineEvidence(
        start_ms=window[0],
        end_ms=window[1],
        queries=records.queries,
        samples=records.samples,
        coverage=time.coverage,
        numerator=numerator,
        denominator=denominator,
        outages=tuple(
            one_id
            for one in time.outages
            if one.is_counted or (indicator.measure is Measure.AVAILABILITY and one.counted_ms)
            for one_id in one.ids
        ),
    )
    if time.coverage < profile.least_coverage:
        values = (
            ("coverage", Percentage(time.coverage)),
            ("least", Percentage(profile.least_coverage)),
        )
        too_little = SheetRemark("sla.reason.too_little_known", values)
        return _leave_open(indicator, ValueOrigin.OUTAGES, evidence, too_little)
    reasons = tuple(_explain_outages(indicator.measure, profile, time))
    if denominator == 0:
        if indicator.measure is Measure.AVAILABILITY:
            nothing = SheetRemark("sla.reason.nothing_promised")
            return _leave_open(indicator, ValueOrigin.OUTAGES, evidence, nothing)
        value = Fraction(100 if indicator.measure is Measure.RESTORED_IN_TIME else 0)
    else:
        value = Fraction(numerator, denominator) * factor
    return _judge(indicator, profile, ValueOrigin.OUTAGES, value, evidence, reasons)


def _divide(measure: Measure, profile: Profile, time: MonthTime) -> tuple[int, int, Fraction]:
    """Numerator and denominator of a figure from outages, and the factor of their quotient."""
    restored = [one for one in time.outages if one.is_counted]
    if measure is Measure.AVAILABILITY:
        base_ms, down_ms = add_up(time.promised), time.counted_ms
        if profile.missing is MissingData.IGNORE:
            base_ms -= time.account.unmeasured_ms
        elif profile.missing is MissingData.BAD:
            down_ms += time.account.unmeasured_ms
        return max(base_ms - down_ms, 0), base_ms, Fraction(100)
    if measure is Measure.OUTAGES:
        return len(restored), 1, Fraction(1)
    if measure is Measure.MEAN_RESTORE:
        total_ms = sum(one.restore_ms for one in restored)
        return total_ms, len(restored), Fraction(1, _MINUTE_MS)
    if measure is Measure.LONGEST_RESTORE:
        longest_ms = max((one.restore_ms for one in restored), default=0)
        return longest_ms, 1, Fraction(1, _MINUTE_MS)
    in_time = sum(one.overrun_ms == 0 for one in restored)
    return in_time, len(restored), Fraction(100)


def _explain_outages(measure: Measure, profile: Profile, time: MonthTime) -> Iterator[SheetRemark]:
    if not any(one.is_counted or one.counted_ms for one in time.outages):
        yield SheetRemark("sla.reason.no_outages")
    unmeasured_ms = time.account.unmeasured_ms
    if unmeasured_ms:
        policy = profile.missing.value if measure is Measure.AVAILABILITY else "events"
        values = (("length", Length(unmeasured_ms)), ("coverage", Percentage(time.coverage)))
        yield SheetRemark(f"sla.reason.unmeasured.{policy}", values)
    if measure is Measure.AVAILABILITY:
        if time.carried_in_ms:
            yield SheetRemark("sla.reason.carried_in", (("length", Length(time.carried_in_ms)),))
        if time.carried_out_ms:
            yield SheetRemark("sla.reason.carried_out", (("length", Length(time.carried_out_ms)),))
        if time.counted_ms > add_up(time.promised):
            yield SheetRemark("sla.reason.beyond_month")
    elif any(one.counted_ms and not one.is_counted for one in time.outages) or (
        time.carried_out_ms and profile.outage_month is OutageMonth.RECOVERY
    ):
        yield SheetRemark("sla.reason.not_restored")


def _measure_ratio(
    indicator: Indicator, profile: Profile, ratio: MeasuredRatio | None, window: tuple[int, int]
) -> ContractLine:
    start_ms, end_ms = window
    if ratio is None:
        evidence = LineEvidence(start_ms=start_ms, end_ms=end_ms)
        is_typed = indicator.measure is Measure.ENTERED
        reason = SheetRemark("sla.reason.not_entered" if is_typed else "sla.reason.no_samples")
        origin = ValueOrigin.ENTERED if is_typed else ValueOrigin.SAMPLES
        return _leave_open(indicator, origin, evidence, reason)
    evidence = LineEvidence(
        start_ms=start_ms,
        end_ms=end_ms,
        queries=ratio.queries,
        samples=ratio.samples,
        coverage=ratio.coverage,
        numerator=ratio.numerator,
        denominator=ratio.denominator,
    )
    if ratio.numerator is None or not ratio.denominator:
        no_samples = SheetRemark("sla.reason.no_samples")
        return _leave_open(indicator, ValueOrigin.SAMPLES, evidence, no_samples)
    if ratio.coverage < profile.least_coverage:
        values = (
            ("coverage", Percentage(ratio.coverage)),
            ("least", Percentage(profile.least_coverage)),
        )
        too_little = SheetRemark("sla.reason.too_little_known", values)
        return _leave_open(indicator, ValueOrigin.SAMPLES, evidence, too_little)
    value = to_exact(ratio.numerator) / to_exact(ratio.denominator) * to_exact(indicator.factor)
    return _judge(indicator, profile, ValueOrigin.SAMPLES, value, evidence, ())


def _enter(line: ContractLine, entered: EnteredValue, profile: Profile) -> ContractLine:
    """The line with a typed value; where there is a measured one, a remark has it."""
    reasons: tuple[SheetRemark, ...] = (SheetRemark("sla.reason.proof", (("note", entered.note),)),)
    if line.origin is not ValueOrigin.ENTERED:
        measured = "" if line.rounded is None else f"{line.rounded:.{line.indicator.decimals}f}"
        key = "sla.reason.entered_instead" if measured else "sla.reason.entered_unmeasured"
        reasons = (SheetRemark(key, (("measured", measured),) if measured else ()), *reasons)
    evidence = replace(line.evidence, note=entered.note, entered_by=entered.by)
    value = to_exact(entered.value)
    return _judge(line.indicator, profile, ValueOrigin.ENTERED, value, evidence, reasons)


def _judge(
    indicator: Indicator,
    profile: Profile,
    origin: ValueOrigin,
    value: Fraction,
    evidence: LineEvidence,
    reasons: tuple[SheetRemark, ...],
) -> ContractLine:
    rounded = round_figure(value, indicator, profile.rounding)
    if indicator.reaches(rounded, indicator.target):
        result = ContractResult.MET
    elif indicator.minimum is not None and indicator.reaches(rounded, indicator.minimum):
        result = ContractResult.MINIMUM
    else:
        result = ContractResult.MISSED
    bands = indicator.bands or (ScoreBand(indicator.target, 100.0),)
    band = next((one for one in bands if indicator.reaches(rounded, one.limit)), None)
    points = indicator.otherwise if band is None else band.points
    return ContractLine(
        indicator=indicator,
        origin=origin,
        value=float(value),
        rounded=rounded,
        result=result,
        band=band,
        points=points,
        score=float(to_exact(indicator.weight) * to_exact(points) / 100),
        evidence=evidence,
        reasons=reasons,
    )


def _leave_open(
    indicator: Indicator, origin: ValueOrigin, evidence: LineEvidence, reason: SheetRemark
) -> ContractLine:
    return ContractLine(
        indicator=indicator,
        origin=origin,
        value=None,
        rounded=None,
        result=ContractResult.NOT_ENTERED,
        band=None,
        points=None,
        score=None,
        evidence=evidence,
        reasons=(reason,),
    )


# --------------------------------------------------------------------------------- whole sheet


def _add_up_score(lines: Sequence[ContractLine], profile: Profile) -> TotalScore:
    """Lines without a value lower the weights entered; they never count as 0.

    Where nothing that is to be measured is known, what people typed makes no score.
    """
    entered = [(line, line.score) for line in lines if line.score is not None]
    points = sum((to_exact(score) for _, score in entered), Fraction(0))
    entered_weight = sum((to_exact(line.indicator.weight) for line, _ in entered), Fraction(0))
    weight = sum((to_exact(line.indicator.weight) for line in lines), Fraction(0))
    measured = [one for one in lines if one.indicator.measure is not Measure.ENTERED]
    is_unseen = bool(measured) and all(one.score is None for one in measured)
    percent = 100 * points / entered_weight if entered_weight and not is_unseen else None
    rounded = percent
    if percent is not None:
        rounded = round_exact(percent, SCORE_DECIMALS, profile.rounding, Better.HIGH)
    return TotalScore(
        points=float(points),
        entered_weight=float(entered_weight),
        weight=float(weight),
        percent=None if percent is None else float(percent),
        rounded=None if rounded is None else float(rounded),
    )


def _remark(
    time: MonthTime,
    window: tuple[int, int],
    month: Period,
    is_provisional: bool,
    total: TotalScore,
) -> Iterator[SheetRemark]:
    if is_provisional:
        yield SheetRemark("sla.remark.provisional", (("until", Instant(window[1])),))
    if window[0] > month.start_ms or (window[1] < month.end_ms and not is_provisional):
        values = (("start", Instant(window[0])), ("end", Instant(window[1])))
        yield SheetRemark("sla.remark.partial", values)
    if total.rounded is not None and total.entered_weight < total.weight:
        weights = (("entered", total.entered_weight), ("weight", total.weight))
        yield SheetRemark("sla.remark.weights_entered", weights)
    if n := sum(one.attribution is None for one in time.outages):
        yield SheetRemark("sla.remark.unattributed", (("n", n),))
    if any("samples" in one.sources for one in time.outages):
        yield SheetRemark("sla.remark.from_samples")
