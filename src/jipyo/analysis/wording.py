"""Health and its reasons as sentences in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.health import Reason
from jipyo.analysis.series_names import name_member
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import Direction
from jipyo.i18n import find_short_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.analysis.outages import Outage
    from jipyo.analysis.unknown_servers import UnknownServer
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError
    from jipyo.model.failure import FailureReason
    from jipyo.model.figure import ProportionEstimate

_MINUTE_MS = 60_000
_MOST_OUTAGES = 3
_WITHOUT_PLACE = (Reason.ABSENT, Reason.REFUSED)
_WITH_THRESHOLD = (Reason.WITHIN, Reason.PENDING, Reason.BREACH)


def name_state(state: State, t: Texts) -> str:
    """What a state is called: `정상`, `Warning`."""
    return t(f"health.state.{state.value}")


def describe_verdict(health: Health, t: Texts) -> str:
    """What could not be read and why, and then the state of all: see `describe_state`."""
    return _join_sentences(describe_missing(health.missing, t), describe_state(health, t))


def describe_state(health: Health, t: Texts) -> str:
    """All of it in one sentence, with how much was judged and how much had no data.

    It begins with the name of the state. More sentences name the remedy where something does
    not answer or is gone, and warn of model servers that are not known and of samples that are
    later than now.
    """
    judged, pending = len(health.judged), len(health.in_state(State.PENDING))
    all_within = health.state is State.OK and not pending
    unknown = [one for one in health.judged if one.state is State.UNKNOWN]
    incomplete = sum(one.reason is Reason.INCOMPLETE for one in unknown)
    counts = {
        "judged": 0 if all_within else judged,
        "pending": pending,
        "stale": 0 if health.state is State.UNKNOWN else len(unknown) - incomplete,
        "absent": len(health.absent),
    }
    if health.state is State.UNKNOWN and health.missing and len(unknown) == incomplete:
        sentence = t("health.verdict.incomplete")
    elif not judged:
        sentence = t("health.verdict.nothing")
    elif health.state is State.OK:
        sentence = t("health.verdict.ok" if all_within else "health.verdict.ok_pending", n=judged)
    else:
        sentence = _describe_gravest(health, t)
    details = [t(f"health.count.{name}", n=n) for name, n in counts.items() if n]
    if health.missing:
        key = "health.count.incomplete" if incomplete else "health.reason.incomplete"
        details.append(t(key, n=incomplete, missing=name_missing(health.missing, t)))
    verdict = f"{sentence} ({', '.join(details)})" if details else sentence
    gravest = [one for one in health.judged if one.state is health.state]
    remedies = [remedy for one in gravest for remedy in _list_remedies(one, t)]
    remedy = remedies[0] if len(set(remedies)) == 1 else ""  # of several each metric has its own
    ahead = t("health.ahead") if health.is_ahead else ""
    return _join_sentences(verdict, remedy, describe_unknown_servers(health, t), ahead)


def describe_missing(missing: Sequence[JipyoError], t: Texts) -> str:
    """What could not be read and why, in one sentence; of several the first and how many more."""
    sentences = (t(error.key, **error.values).partition("\n")[0] for error in missing)
    return _name_first(tuple(dict.fromkeys(sentences)), t)


def name_missing(missing: Sequence[JipyoError], t: Texts) -> str:
    """What could not be read, in a few words: the reasons stand beside the verdict."""
    names = (t(find_short_key(error), **error.values) for error in missing)
    return _name_first(tuple(dict.fromkeys(names)), t)


def _name_first(texts: Sequence[str], t: Texts) -> str:
    """The first of some texts and how many more; empty without any."""
    if len(texts) < 2:
        return "".join(texts)
    return t("health.missing.more", text=texts[0].removesuffix("."), n=len(texts) - 1)


def describe_unknown_servers(health: Health, t: Texts) -> str:
    """That something looks like a model server and is not judged; empty where nothing does."""
    servers = health.unknown_servers
    if not servers:
        return ""
    names = ", ".join(name_unknown_server(server, t) for server in servers)
    return t("health.unknown_servers", n=sum(len(one.instances) for one in servers), names=names)


def name_unknown_server(server: UnknownServer, t: Texts) -> str:
    """Its job and its first instance, with the number of the others."""
    more = len(server.instances) - 1
    others = t("health.loss.more", n=more) if more else ""
    return f"{server.job} {server.instances[0]}{others}"


def _join_sentences(*sentences: str) -> str:
    """Sentences one after another, without those that are empty."""
    *before, last = filter(None, sentences)
    return " ".join([*(f"{sentence.removesuffix('.')}." for sentence in before), last])


def _list_remedies(one: MetricHealth, t: Texts) -> tuple[str, ...]:
    """What to do about targets that do not answer (of several causes by cause), or what is gone."""
    if one.metric.loss and one.reason is Reason.BREACH and one.metric.remedy:
        return (one.metric.remedy(t.lang),)
    found = (outage.reason for outage in one.outages[:_MOST_OUTAGES])
    reasons = list(dict.fromkeys(reason for reason in found if reason is not None))
    if len(reasons) == 1:
        return (name_remedy(reasons[0], t),)
    return tuple(
        t("health.remedy_of", cause=name_cause(reason, t), remedy=name_remedy(reason, t))
        for reason in reasons
    )


def _describe_gravest(health: Health, t: Texts) -> str:
    """What is in the gravest state: targets that do not answer before all else."""
    gravest = [one for one in health.judged if one.state is health.state]
    outages = tuple(outage for one in gravest for outage in one.outages)
    others = [one for one in gravest if not one.outages and one.reason is not Reason.INCOMPLETE]
    if outages:
        key = f"health.verdict.outage.{'more' if others else 'only'}"
        state, targets = name_state(health.state, t), describe_outages(outages, t)
        return t(key, state=state, targets=targets, more=len(others))
    losses = [one for one in others if one.metric.loss and one.reason is Reason.BREACH]
    if losses:
        first, more = losses[0], len(others) - 1
        key = f"health.verdict.loss.{'more' if more else 'only'}"
        state, series = name_state(health.state, t), _name_gravest(first, t)
        return t(key, state=state, name=first.metric.name(t.lang), series=series, more=more)
    key = f"health.verdict.{health.state.value}.{'more' if others[1:] else 'one'}"
    return t(key, name=others[0].metric.name(t.lang), more=len(others) - 1)


def _name_gravest(one: MetricHealth, t: Texts) -> str:
    """Which series of a metric are in its state; of many the first few and how many more."""
    names = [name_member(labels) for labels in one.gravest]
    more = len(names) - _MOST_OUTAGES
    return ", ".join(names[:_MOST_OUTAGES]) + (t("health.loss.more", n=more) if more > 0 else "")


def describe_outages(outages: Sequence[Outage], t: Texts) -> str:
    """Which targets do not answer and why; of many the first few and how many more."""
    parts = [
        t("health.outage", target=outage.name)
        if outage.reason is None
        else t("health.outage.why", target=outage.name, cause=name_cause(outage.reason, t))
        for outage in outages[:_MOST_OUTAGES]
    ]
    more = len(outages) - len(parts)
    return "; ".join(parts) + (t("health.outage.more", n=more) if more else "")


def name_cause(reason: FailureReason, t: Texts) -> str:
    """Why a target fails, in a few words."""
    return t(f"health.cause.{reason.value}")


def name_remedy(reason: FailureReason, t: Texts) -> str:
    """What to do about a target that fails for this reason, in a sentence."""
    return t(f"health.remedy.{reason.value}")


def describe_reason(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> str:
    """Why a metric is in its state: value, threshold, since when (dated where not today).

    What could not be read of it follows in a few words.
    """
    missing = name_missing(one.missing, t)
    incomplete = t("health.reason.incomplete", missing=missing) if missing else ""
    if one.reason is Reason.INCOMPLETE:
        return incomplete
    return _join_sentences(_describe_known(one, t, zone, now_ms), incomplete)


def _describe_known(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> str:
    metric, pending = one.metric, one.pending
    if one.outages:
        since = _describe_since(one, t, zone, now_ms)
        reason = t("health.reason.outage", targets=describe_outages(one.outages, t), since=since)
        return _join_sentences(reason, *_list_remedies(one, t))
    if metric.loss and one.reason is Reason.BREACH:
        since = _describe_since(one, t, zone, now_ms)
        reason = t("health.reason.loss", series=_name_gravest(one, t), since=since)
        return _join_sentences(reason, *_list_remedies(one, t))
    unit = metric.unit.value
    key = f"health.reason.{one.reason.value}"
    if one.reason in _WITH_THRESHOLD:
        key += ".low" if metric.direction is Direction.LOWER_IS_WORSE else ".high"
    return t(
        key,
        value=t.number(one.value, unit),
        limit=t.number(one.threshold, unit),
        level=_name_level(one, t),
        span=t.span(pending.for_ms) if pending else "",
        elapsed=t.span(pending.elapsed_ms) if pending else "",
        left=t.span(pending.for_ms - pending.elapsed_ms) if pending else "",
        since=_describe_since(one, t, zone, now_ms),
        problem=one.problem,
    ) + "".join((_describe_doubt(one, t), _describe_place(one, t)))


def _name_level(one: MetricHealth, t: Texts) -> str:
    """The level of the threshold that the reason speaks of."""
    thresholds = one.metric.thresholds
    severity = one.pending.severity if one.reason is Reason.PENDING and one.pending else None
    if severity is None:
        is_critical = thresholds is not None and one.threshold == thresholds.critical
        severity = Severity.CRITICAL if is_critical else Severity.WARNING
    return t(f"health.level.{severity.state.value}")


def _describe_since(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> str:
    if one.since_ms is None:
        return ""
    key = "health.before" if one.since_open else "health.at"
    return t(key, moment=t.recent_moment(one.since_ms, zone, now_ms))


def _describe_doubt(one: MetricHealth, t: Texts) -> str:
    """That the cases are too few to tell on which side of the threshold the value is."""
    if one.proportion is None or not one.is_inconclusive:
        return ""
    return t("health.doubt", counted=describe_cases(one.proportion, one.metric.unit.value, t))


def _describe_place(one: MetricHealth, t: Texts) -> str:
    """Which series it is, where there is more to say than the metric's name."""
    if one.worst is None or one.reason in _WITHOUT_PLACE:
        return ""
    series = name_member(one.worst)
    return t("health.where", series=series) if series else ""


def describe_duration(one: MetricHealth, t: Texts, now_ms: int) -> str:
    """For how long it has been so: `3시간 5분째`; empty where that is not known."""
    if one.since_ms is None:
        return ""
    duration_ms = now_ms - one.since_ms
    if duration_ms < _MINUTE_MS:
        return t("health.just_now")
    return t("health.since_open" if one.since_open else "health.since", span=t.span(duration_ms))


def describe_cases(proportion: ProportionEstimate, unit: str, t: Texts) -> str:
    """`n = 1,203, 95% CI 92.7–95.4%`, or that n is unknown."""
    if proportion.n is None:
        return t("health.n_unknown")
    return t(
        "health.n",
        n=t.number(proportion.n),
        low=t.number(proportion.low),
        high=t.number(proportion.high, unit),
    )


def describe_value(
    value: float | None, proportion: ProportionEstimate | None, unit: str, t: Texts
) -> str:
    """A value, and with it its n and its interval where it is a share of counted cases."""
    number = t.number(value, unit)
    if value is None or proportion is None:
        return number
    return t("health.counted", value=number, counted=describe_cases(proportion, unit, t))
