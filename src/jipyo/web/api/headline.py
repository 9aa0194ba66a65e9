"""The verdict in one sentence, with what belongs to it and the one thing to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.duty.plan import find_next_escalation
from jipyo.alerts.incident.incident import IncidentState
from jipyo.alerts.incident_wording import describe_title
from jipyo.analysis import wording
from jipyo.analysis.health import Reason
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction, Origin
from jipyo.model.calendar import local_day
from jipyo.web.api.attention import list_troubled, name_metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.options import Escalation
    from jipyo.analysis.health import MetricHealth
    from jipyo.i18n import Texts
    from jipyo.web.api.attention import Standing
    from jipyo.web.api.targets import TargetCounts

_ERRORS = "app.error_rate"
_BEYOND = (State.WARNING, State.CRITICAL)
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict as it is read from three metres away."""

    title: str
    detail: str
    is_empty: bool
    """Whether nothing has been collected yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentIncident:
    """The open incident that matters most."""

    number: int
    title: str
    others: int
    """How many more are open."""
    acknowledged: bool
    text: str
    """How long nobody has acknowledged it and what follows, or who has and when."""


def build_headline(
    standing: Standing, targets: TargetCounts, newest: Incident | None, t: Texts
) -> Headline:
    """The verdict in words; `newest` is the incident with the highest number."""
    health = standing.health
    if len(health.absent) == len(health.metrics):
        return Headline(t("overview.headline.empty"), t("overview.detail.empty"), True)
    troubled = list_troubled(standing)
    gravest = [one for one in troubled if one.state is health.state]
    if health.state is State.OK:
        details = _describe_calm(standing, targets, newest, t)
        return Headline(t("overview.headline.ok"), " ".join(details), False)
    if health.state is State.UNKNOWN:
        title, detail = _describe_unknown(gravest, standing, t)
        return Headline(title, detail, False)
    return Headline(
        _name_gravest(gravest, standing, t), " ".join(_explain(gravest, standing, t)), False
    )


def _describe_calm(
    standing: Standing, targets: TargetCounts, newest: Incident | None, t: Texts
) -> Iterator[str]:
    health, zone = standing.health, standing.zone
    is_up = targets.up and not targets.down and not targets.unknown
    pending = health.in_state(State.PENDING)
    if pending:
        yield from _describe_pending(pending, standing, t)
    else:
        yield t(f"overview.detail.within{'_and_up' if is_up else ''}", n=targets.up)
    if standing.incident is not None:
        yield _describe_open(standing.incident, standing, t)
    elif newest is not None and newest.state is not IncidentState.OPEN:
        yield describe_last(newest, zone, health.t_ms, t)


def describe_last(incident: Incident, zone: ZoneInfo, now_ms: int, t: Texts) -> str:
    """When the last incident was, and how long it lasted."""
    moment = t.recent_moment(incident.began_ms, zone, now_ms)
    if local_day(incident.began_ms, zone) == local_day(now_ms, zone):
        moment = t("overview.today", clock=moment)
    span = t.span(incident.duration_ms(now_ms))
    return t("overview.detail.last_incident", moment=moment, span=span)


def _describe_open(incident: Incident, standing: Standing, t: Texts) -> str:
    """That an incident is open though nothing is beyond a threshold (any more)."""
    is_over = all(one.recovered_ms is not None for one in incident.alerts)
    key = f"overview.detail.incident.{'recovering' if is_over else 'open'}"
    return t(key, n=incident.number, title=describe_title(standing.ranked, standing.catalogue, t))


def _describe_pending(
    pending: Sequence[MetricHealth], standing: Standing, t: Texts
) -> Iterator[str]:
    if pending:
        key = f"overview.detail.pending.{'more' if pending[1:] else 'one'}"
        yield t(key, name=_name(pending[0], standing, t), n=len(pending) - 1)


def _describe_unknown(
    gravest: Sequence[MetricHealth], standing: Standing, t: Texts
) -> tuple[str, str]:
    """What is not known, and why."""
    health = standing.health
    if health.missing:
        return t("overview.headline.unjudged"), wording.describe_missing(health.missing, t)
    if not gravest:
        return t("overview.headline.unjudged"), wording.describe_state(health, t)
    first = gravest[0]
    if first.reason is Reason.REFUSED:
        reason = wording.describe_reason(first, t, standing.zone, health.t_ms)
        return t("overview.headline.unjudged"), f"{first.metric.name(t.lang)}: {reason}"
    key = f"overview.headline.stale.{'more' if gravest[1:] else 'one'}"
    title = t(key, name=_name(first, standing, t), n=len(gravest) - 1)
    return title, t("overview.detail.unknown", since=_describe_since(first, standing, t))


def _name_gravest(gravest: Sequence[MetricHealth], standing: Standing, t: Texts) -> str:
    """What is in the gravest state: the likely origin, else targets that do not answer."""
    first = _find_first(gravest, standing)
    if first.outages:
        # Outages of other metrics are other targets, such as a probe's.
        outages = [outage for one in gravest for outage in one.outages]
        key = f"overview.headline.outage.{'more' if outages[1:] else 'one'}"
        return t(key, target=first.outages[0].name, n=len(outages) - 1)
    if first.metric.loss:
        name, series = name_metric(first, standing.instance, t)
        return t("overview.headline.loss", name=name, series=series or name)
    side = "low" if first.metric.direction is Direction.LOWER_IS_WORSE else "high"
    key = f"overview.headline.{side}.{'more' if gravest[1:] else 'one'}"
    level = t(f"health.level.{first.state.value}")
    return t(key, name=_name(first, standing, t), level=level, n=len(gravest) - 1)


def _find_first(gravest: Sequence[MetricHealth], standing: Standing) -> MetricHealth:
    """Of what is equally grave the first: of the incident that is shown beside the verdict.

    Of several in it targets that do not answer come first, then what is gone.
    """
    rules = {ranked.alert.key.rule for ranked in standing.ranked}
    return min(
        gravest,
        key=lambda one: (one.metric.id not in rules, not one.outages, not one.metric.loss),
    )


def _explain(gravest: Sequence[MetricHealth], standing: Standing, t: Texts) -> Iterator[str]:
    """Since when, why, and what users notice of it."""
    first = _find_first(gravest, standing)
    since = _describe_since(first, standing, t)
    if first.since_ms is not None and standing.health.t_ms - first.since_ms >= _MINUTE_MS:
        elapsed = wording.describe_duration(first, t, standing.health.t_ms)
        since = t("overview.detail.since", since=since, elapsed=elapsed)
    since = since[:1].upper() + since[1:]
    if first.outages:
        reason = first.outages[0].reason
        cause = (
            t("overview.attention.no_answer") if reason is None else wording.name_cause(reason, t)
        )
        yield t("overview.detail.outage", since=since, cause=cause)
    elif first.metric.loss:
        cause = t("overview.attention.gone")
        yield t("overview.detail.outage", since=since, cause=cause)
    else:
        value = t.number(first.value, first.metric.unit.value)
        yield t("overview.detail.breach", since=since, value=value)
    yield from _describe_service(standing, t)
    yield from _describe_pending(standing.health.in_state(State.PENDING), standing, t)


def _describe_service(standing: Standing, t: Texts) -> Iterator[str]:
    """How many requests fail, or that the objectives of the specification are kept."""
    judged = standing.health.judged
    errors = next((one for one in judged if one.metric.id == _ERRORS), None)
    if errors is not None and errors.state in _BEYOND:
        share = t.number(errors.value, errors.metric.unit.value)
        yield t("overview.detail.failing", share=share)
        return
    promised = [
        one
        for one in judged
        if one.metric.objective and one.metric.objective.origin is Origin.SPECIFICATION
    ]
    if promised and all(one.state in (State.OK, State.PENDING) for one in promised):
        yield t("overview.detail.kept")


def _name(one: MetricHealth, standing: Standing, t: Texts) -> str:
    name, subject = name_metric(one, standing.instance, t)
    return t("overview.subject", name=name, subject=subject) if subject else name


def _describe_since(one: MetricHealth, standing: Standing, t: Texts) -> str:
    if one.since_ms is None:
        return ""
    key = "health.before" if one.since_open else "health.at"
    return t(key, moment=t.recent_moment(one.since_ms, standing.zone, standing.health.t_ms))


# ------------------------------------------------------------------------------------- incident


def build_open_incident(
    standing: Standing, escalations: Sequence[Escalation], t: Texts
) -> CurrentIncident | None:
    """The incident to look at, and what follows while nobody acknowledges it."""
    incident = standing.incident
    if incident is None:
        return None
    now_ms = standing.health.t_ms
    if incident.acknowledged_ms is None:
        text = _describe_waiting(incident, escalations, now_ms, t)
    else:
        moment = t.recent_moment(incident.acknowledged_ms, standing.zone, now_ms)
        text = t("overview.acknowledged", who=incident.acknowledged_by, moment=moment)
    return CurrentIncident(
        number=incident.number,
        title=describe_title(standing.ranked, standing.catalogue, t),
        others=len(standing.open_incidents) - 1,
        acknowledged=incident.acknowledged_ms is not None,
        text=text,
    )


def _describe_waiting(
    incident: Incident, escalations: Sequence[Escalation], now_ms: int, t: Texts
) -> str:
    span = t.span(max(now_ms - incident.noticed_ms, 0))
    following = find_next_escalation(incident, now_ms, escalations)
    if following is None:
        return t("overview.waiting", span=span)
    channels = ", ".join(following.channels)
    return t("overview.escalates", span=span, after=t.span(following.after_ms), channels=channels)
