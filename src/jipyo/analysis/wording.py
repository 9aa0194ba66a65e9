"""Health and its reasons as sentences in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.health import Reason
from jipyo.analysis.series_names import name_series
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.i18n import Texts
    from jipyo.model.figure import ProportionEstimate

_MINUTE_MS = 60_000


def state_name(state: State, t: Texts) -> str:
    """What a state is called: `정상`, `Warning`."""
    return t(f"health.state.{state.value}")


def verdict(health: Health, t: Texts) -> str:
    """All of it in one sentence, with how much was judged and how much had no data."""
    counts = {
        "judged": 0 if _all_within(health) else len(health.judged),
        "pending": len(_pending(health)),
        "lost": 0 if health.state is State.UNKNOWN else _lost(health),
        "absent": len(health.absent),
    }
    said = [t(f"health.count.{name}", n=n) for name, n in counts.items() if n]
    return _finding(health, t) + (f" ({', '.join(said)})" if said else "")


def _pending(health: Health) -> list[MetricHealth]:
    return [one for one in health.judged if one.state is State.PENDING]


def _lost(health: Health) -> int:
    return sum(one.state is State.UNKNOWN for one in health.judged)


def _all_within(health: Health) -> bool:
    return health.state is State.OK and not _pending(health)


def _finding(health: Health, t: Texts) -> str:
    if not health.judged:
        return t("health.verdict.nothing")
    if health.state is State.OK:
        key = "health.verdict.ok" if _all_within(health) else "health.verdict.ok_pending"
        return t(key, n=len(health.judged))
    gravest = [one for one in health.judged if one.state is health.state]
    more = len(gravest) - 1
    name = gravest[0].metric.name(t.lang)
    ending = "more" if more else "one"
    return t(f"health.verdict.{health.state.value}.{ending}", name=name, more=more)


def reason(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> str:
    """Why a metric is in its state: value, threshold, since when (dated where not today)."""
    metric = one.metric
    unit = metric.unit.value
    side = "low" if metric.direction is Direction.LOWER_IS_WORSE else "high"
    key = f"health.reason.{one.reason.value}"
    if one.reason in (Reason.WITHIN, Reason.PENDING, Reason.BREACH):
        key = f"{key}.{side}"
    return t(
        key,
        name=metric.name(t.lang),
        value=t.number(one.value, unit),
        limit=t.number(one.threshold, unit),
        level=_level(one, t),
        span=t.span(metric.thresholds.for_ms) if metric.thresholds else "",
        since=_began(one, t, zone, now_ms),
        elapsed=t.span(now_ms - (one.since_ms or now_ms)),
        problem=one.problem,
    ) + "".join((_doubt(one, t), _where(one, t)))


def _doubt(one: MetricHealth, t: Texts) -> str:
    """That the cases are too few to tell on which side of the limit it is."""
    if one.proportion is None or not one.inconclusive:
        return ""
    return t("health.doubt", counted=counted(one.proportion, one.metric.unit.value, t))


def counted(proportion: ProportionEstimate, unit: str, t: Texts) -> str:
    """`n = 1,203, 95% CI 92.7–95.4%`, or that n is unknown."""
    if proportion.n is None:
        return t("health.n_unknown")
    return t(
        "health.n",
        n=t.number(proportion.n),
        low=t.number(proportion.low),
        high=t.number(proportion.high, unit),
    )


def valued(value: float | None, proportion: ProportionEstimate | None, unit: str, t: Texts) -> str:
    """A value, and with it its n and its interval where it is a share of counted cases."""
    said = t.number(value, unit)
    if value is None or proportion is None:
        return said
    return t("health.counted", value=said, counted=counted(proportion, unit, t))


def _began(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> str:
    if one.since_ms is None:
        return ""
    key = "health.before" if one.since_open else "health.at"
    return t(key, moment=t.recent_moment(one.since_ms, zone, now_ms))


def _level(one: MetricHealth, t: Texts) -> str:
    limits = one.metric.thresholds
    critical = limits is not None and one.threshold == limits.critical
    return t("health.level.critical" if critical else "health.level.warning")


def _where(one: MetricHealth, t: Texts) -> str:
    """Which series it is, where there is more to say than the metric's name."""
    if one.worst is None or one.reason in (Reason.ABSENT, Reason.REFUSED):
        return ""
    named = name_series(one.worst)
    return t("health.where", series=named) if named else ""


def since(one: MetricHealth, t: Texts, now_ms: int) -> str:
    """For how long it has been so: `3시간 5분째`; empty where nobody knows."""
    if one.since_ms is None:
        return ""
    lasted_ms = now_ms - one.since_ms
    if lasted_ms < _MINUTE_MS:
        return t("health.just_now")
    return t("health.since_open" if one.since_open else "health.since", span=t.span(lasted_ms))
