"""Objectives and what became of them, in the reader's language.

A share is cut, not rounded, to two decimals more than its target has: 99.896% never reads as the
99.9% that it missed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    SloBasis,
    TimeIndicator,
)
from jipyo.analysis.slo.result import RefusalReason
from jipyo.model.calendar import PeriodKind
from jipyo.model.duration import format_duration

if TYPE_CHECKING:
    from fractions import Fraction
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.objective import ServiceLevelObjective, SloPeriod
    from jipyo.analysis.slo.result import BurnRate, Refusal, SloResult
    from jipyo.i18n import Texts

_MORE_DECIMALS = 2
_MOST_DECIMALS = 6


def describe_target(objective: ServiceLevelObjective) -> str:
    """The target as it was written: `99.9%`."""
    return f"{_count_decimals(objective.target)[1]}%"


def _count_decimals(share: Fraction) -> tuple[int, str]:
    """How many decimals a share has as a percentage, and that percentage."""
    percent = share * 100
    for decimals in range(_MOST_DECIMALS + 1):
        if (percent * 10**decimals).denominator == 1:
            return decimals, f"{float(percent):.{decimals}f}"
    return _MOST_DECIMALS, f"{float(percent):.{_MOST_DECIMALS}f}"


def describe_share(objective: ServiceLevelObjective, share: float | None, t: Texts) -> str:
    """A share that was reached, in per cent."""
    if share is None:
        return t("i18n.no_data")
    decimals = min(_count_decimals(objective.target)[0] + _MORE_DECIMALS, _MOST_DECIMALS)
    scale = 10**decimals
    # A share that is exact in decimals may lie a last bit below itself.
    cut = math.floor(round(share * 100 * scale, 6)) / scale
    return f"{cut:.{decimals}f}%"


def describe_period(period: SloPeriod, t: Texts) -> str:
    """`this month`, `the last 30 days`."""
    if period.kind is PeriodKind.RANGE:
        return t("slo.period.rolling", span=t.span(period.rolling_ms))
    return t(f"slo.period.{period.kind.value}")


def describe_subject(result: SloResult, t: Texts) -> str:
    """The objective, and which of its targets."""
    name = result.objective.name(t.lang)
    return f"{name} ({result.name})" if result.name else name


def describe_promise(objective: ServiceLevelObjective, t: Texts) -> str:
    """What is promised: `99.9% of requests within 2 s`."""
    target = describe_target(objective)
    indicator = objective.indicators[0]
    if isinstance(indicator, LatencyIndicator):
        return t(
            "slo.promise.latency", target=target, limit=t.number(indicator.within_s, "seconds")
        )
    if isinstance(indicator, TimeIndicator):
        return t("slo.promise.time", target=target)
    return t("slo.promise.requests", target=target)


def describe_budget_left(result: SloResult, t: Texts) -> str:
    """The share of the budget that is left, cut to a tenth of a per cent; negative: overspent."""
    left = result.budget_left
    if left is None:
        return t("i18n.no_data")
    return f"{math.floor(round(left * 1000, 6)) / 10:,.1f}%"


def describe_burn_rate(burn: BurnRate, t: Texts) -> str:
    """`2.4×`, or that nothing was counted."""
    return t("slo.burn.none") if burn.rate is None else t.number(burn.rate, "factor")


def name_window(window_ms: int) -> str:
    """A burn window, as the label of its series has it: `5m`, `1h`, `3d`."""
    return format_duration(window_ms)


def describe_counts(result: SloResult, t: Texts) -> str:
    """How many were good, of how many, and what of it is missing or estimated."""
    tally, basis = result.tally, result.objective.basis
    good, total = map(_show_amount, (tally.good, tally.total))
    text = t(f"slo.counts.{basis.value}", good=good, total=total)
    if basis is SloBasis.TIME and tally.missing:
        policy = t(f"slo.missing.{result.objective.missing.value}")
        missing = _show_amount(tally.missing)
        text = t("slo.counts.missing", text=text, missing=missing, policy=policy)
    return t("slo.counts.estimated", text=text) if result.estimated else text


def describe_bad(result: SloResult, t: Texts) -> str:
    """How many were bad, of how many: `1,546 / 3,091,230`, in minutes `17 min / 39,060 min`."""
    if result.refusal is not None:
        return t("i18n.no_data")
    bad, total = map(_show_amount, (result.tally.bad, result.tally.total))
    return t(f"slo.bad.{result.objective.basis.value}", bad=bad, total=total)


def describe_budget(result: SloResult, t: Texts) -> str:
    """How much of the budget is used."""
    bad, budget = map(_show_amount, (result.tally.bad, result.budget))
    key = f"slo.budget.{result.objective.basis.value}"
    return t(key, bad=bad, budget=budget, left=describe_budget_left(result, t))


def _show_amount(amount: float) -> str:
    """A count without rounding it up: a tenth more of a budget would not be there."""
    return f"{math.floor(round(amount * 10, 6)) / 10:,.1f}".removesuffix(".0")


def describe_end(result: SloResult, t: Texts, zone: ZoneInfo) -> str:
    """When the budget ends at the pace of the last day, that it is spent, or nothing."""
    if result.budget_left is not None and result.budget_left < 0:
        return t("slo.end.spent")
    if result.exhausted_ms is None:
        return ""
    return t("slo.end.expected", moment=t.recent_moment(result.exhausted_ms, zone, result.cut_ms))


def describe_result(result: SloResult, t: Texts) -> str:
    """`Met`, `Missed`, or why it is not known."""
    if result.refusal is not None:
        return t(f"slo.result.{result.refusal.reason.value}")
    return t(f"slo.result.{result.result.value}")


def describe_refusal(result: SloResult, refusal: Refusal, t: Texts) -> str:
    """Why there are no figures, and what to do."""
    indicator = result.objective.indicators[0]
    limit = indicator.within_s if isinstance(indicator, LatencyIndicator) else 0.0
    bounds = [one for one in (refusal.below, refusal.above) if one is not None]
    nearest = t("slo.and").join(t.number(one, "seconds") for one in bounds)
    return t(
        f"slo.refused.{refusal.reason.value}",
        where=refusal.where,
        limit=t.number(limit, "seconds"),
        nearest=nearest or t("slo.refused.no_bucket"),
    )


def describe_coverage(result: SloResult) -> str:
    """The share of the minutes with data, cut to a tenth of a per cent."""
    return f"{math.floor(round(result.coverage * 1000, 6)) / 10:.1f}%"


def list_remarks(result: SloResult, t: Texts, zone: ZoneInfo) -> list[str]:
    """What a line of a table cannot say: why it is refused, when the budget ends, an estimate."""
    refusal = result.refusal
    if refusal is not None:
        is_plain = refusal.reason is RefusalReason.NO_DATA
        return [] if is_plain else [describe_refusal(result, refusal, t)]
    lines = [] if result.exhausted_ms is None else [describe_end(result, t, zone)]
    if result.estimated or result.tally.missing:
        lines.append(describe_counts(result, t))
    return lines
