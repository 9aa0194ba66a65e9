"""The capacity answer as sentences in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.capacity.answer import Broken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from jipyo.analysis.capacity.answer import (
        Capacity,
        Remark,
        ResourceLimit,
        Seen,
        Split,
        TargetAnswer,
    )
    from jipyo.analysis.capacity.history import CapacityObjective
    from jipyo.i18n import Texts

_RATES = frozenset({"rate", "low", "median", "high", "highest", "full", "proven"})
_SECONDS = frozenset({"limit", "last", "latency"})


def describe_capacity(capacity: Capacity, t: Texts, zone: ZoneInfo) -> tuple[str, ...]:
    """Sentences, the most important first: the break or the refusal, what held, from what."""
    lines = [describe_break(capacity, t), describe_proven(capacity, t)]
    if capacity.seen is not None:
        lines.append(_describe_seen(capacity, capacity.seen, t, zone))
    lines += [_describe_split(one, t, zone) for one in capacity.splits]
    lines += [_describe_resource(one, t) for one in capacity.resources]
    lines += [fill_remark(one, t) for one in capacity.remarks]
    return tuple(lines)


def describe_break(capacity: Capacity, t: Texts) -> str:
    """Where the objective breaks, or why that is not known and what is likely held."""
    objective = capacity.objective
    names = _name_objective(objective, t)
    if capacity.refusal is not None:
        reason = fill_remark(capacity.refusal, t)
        text = t("capacity.refused", objective=describe_objective(objective, t), reason=reason)
        if capacity.likely_above is None:
            return text
        return f"{text} {t('capacity.refused.likely', low=_rate(capacity.likely_above, t))}"
    breaking = capacity.breaking
    assert breaking is not None, "BUG: neither an answer nor a refusal"
    rates = {"low": breaking.low, "median": breaking.median, "high": breaking.high}
    shown = {name: _rate(rate, t) for name, rate in rates.items()}
    text = t(f"capacity.breaks.{capacity.broken.value}", **shown, **names)
    if capacity.broken is Broken.ERRORS or capacity.limiting is None:
        return t("capacity.breaks.alone", text=text)
    return t("capacity.breaks.limiting", text=text, resource=capacity.limiting)


def describe_proven(capacity: Capacity, t: Texts) -> str:
    """The load that was held, which no model stands behind."""
    proven = capacity.proven
    if proven is None:
        return t("capacity.proven.none")
    return t(
        "capacity.proven",
        rate=_rate(proven.rate, t),
        span=t.span(round(proven.duration_s * 1000)),
        quantile=_name_quantile(capacity.objective),
        latency=t.number(proven.latency_s, "seconds"),
        errors=_percent(proven.error_share, t),
    )


def describe_target(answer: TargetAnswer, t: Texts) -> str:
    """Whether the wanted rate is served, and why."""
    values = {**answer.reason.values, "rate": answer.rate}
    return t(answer.reason.key, **_show(values, t))


def describe_objective(objective: CapacityObjective, t: Texts) -> str:
    """`p95 ≤ 2 s with at most 1% errors`."""
    return t("capacity.objective", **_name_objective(objective, t))


def fill_remark(remark: Remark, t: Texts) -> str:
    """A remark's text with its rates, times and shares in their units."""
    return t(remark.key, **_show(remark.values, t))


def _show(values: Mapping[str, object], t: Texts) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in values.items():
        if name in _RATES and isinstance(value, float):
            shown[name] = _rate(value, t)
        elif name in _SECONDS and isinstance(value, float):
            shown[name] = t.number(value, "seconds")
        elif name == "duration_s" and isinstance(value, float):
            shown["span"] = t.span(round(value * 1000))
        else:
            shown[name] = value
    return shown


def _describe_seen(capacity: Capacity, seen: Seen, t: Texts, zone: ZoneInfo) -> str:
    return t(
        "capacity.seen",
        basis=t(f"capacity.basis.{capacity.basis.value}"),
        hours=round(seen.hours),
        begin=t.moment(seen.begin_ms, zone),
        end=t.moment(seen.end_ms, zone),
        highest=_rate(seen.highest_rate, t),
    )


def _describe_split(split: Split, t: Texts, zone: ZoneInfo) -> str:
    moment, shift = t.moment(split.t_ms, zone), _percent(abs(split.shift), t)
    way = "slower" if split.shift > 0 else "faster"
    if split.is_known:
        change = t(f"capacity.change.{way}", shift=shift)
        return t("capacity.split.known", moment=moment, change=change)
    return t(f"capacity.split.{way}", moment=moment, shift=shift)


def _describe_resource(limit: ResourceLimit, t: Texts) -> str:
    if limit.unusable is not None:
        reason = fill_remark(limit.unusable, t)
        return t("capacity.resource.unusable", resource=limit.name, reason=reason)
    assert limit.full_rate is not None, "BUG: neither a limit nor why there is none"
    full = _rate(limit.full_rate, t)
    if limit.is_configured or limit.peak_busy is None:
        return t("capacity.resource.limit", resource=limit.name, full=full)
    peak = _percent(limit.peak_busy, t)
    return t("capacity.resource.full", resource=limit.name, peak=peak, full=full)


def _name_objective(objective: CapacityObjective, t: Texts) -> dict[str, str]:
    return {
        "quantile": _name_quantile(objective),
        "limit": t.number(objective.latency_s, "seconds"),
        "errors": _percent(objective.most_errors, t),
    }


def _name_quantile(objective: CapacityObjective) -> str:
    return f"p{objective.quantile * 100:g}"


def _rate(rate: float, t: Texts) -> str:
    return t.number(rate, "requests_per_second")


def _percent(share: float, t: Texts) -> str:
    return t.number(share * 100, "percent")
