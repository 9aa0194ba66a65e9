"""What needs attention, the likely origin first, then what came with it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.incident.incident import EvidenceKind
from jipyo.alerts.incident.origin import rank_alerts
from jipyo.alerts.incident_wording import describe_place
from jipyo.analysis import wording
from jipyo.analysis.health import Reason
from jipyo.analysis.series_names import name_member
from jipyo.analysis.thresholds import Severity, State, find_threshold
from jipyo.catalogue import Direction
from jipyo.model.calendar import local_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.analysis.outages import Outage
    from jipyo.analysis.outlook import Outlook
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts

MOST = 6
"""Rows that are shown; the rest is counted."""
_ORDER = (State.CRITICAL, State.WARNING, State.UNKNOWN, State.PENDING)
_ERRORS = "app.error_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRow:
    """A metric or target that is not ok, and what to do next."""

    role: Literal["origin", "with", "other"]
    """In the open incident the likely origin or what came with it; else neither."""
    state: Literal["critical", "warning", "unknown", "pending"]
    name: str
    subject: str
    """Which series; empty where the name says it."""
    value: str
    beyond: str
    """The threshold that it is beyond, or the address of a target."""
    since: str
    pending_share: float | None
    """How much of the alert duration has passed; null where it is not pending."""
    next: str
    """What to do, or what follows; empty where nothing is known."""
    link: Literal["metric", "target", "logs"]
    metric: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things are, for who puts it into words."""

    health: Health
    open_incidents: tuple[Incident, ...]
    """Those that wait for somebody first, then the gravest."""
    grouping: IncidentGrouping | None
    catalogue: Catalogue
    instance: str
    zone: ZoneInfo
    find_outlooks: Callable[[str], Sequence[Outlook]]

    @property
    def incident(self) -> Incident | None:
        """The open incident that matters most."""
        return self.open_incidents[0] if self.open_incidents else None

    @property
    def ranked(self) -> tuple[RankedAlert, ...]:
        """Its alerts, the likely origin first."""
        if self.incident is None or self.grouping is None:
            return ()
        return rank_alerts(self.incident, self.grouping)

    @property
    def leading(self) -> tuple[RankedAlert, ...]:
        """The same; none while something else is graver than all of it.

        That is new: its own alert does not fire yet.
        """
        if self.incident is None:
            return ()
        graver = _ORDER[: _ORDER.index(self.incident.severity.state)]
        return () if any(one.state in graver for one in self.health.judged) else self.ranked


def order_incidents(
    incidents: Sequence[Incident], grouping: IncidentGrouping | None
) -> tuple[Incident, ...]:
    """Those that wait for somebody first, then the gravest, then the oldest.

    Of equally grave ones those in which a target does not answer come first, as in the verdict.
    """

    def key(one: Incident) -> tuple[bool, int, bool, int]:
        is_dead = grouping is not None and any(
            grouping.is_dead_target(alert.key) for alert in one.alerts
        )
        return one.acknowledged_ms is not None, -int(one.severity), not is_dead, one.began_ms

    return tuple(sorted(incidents, key=key))


def list_troubled(standing: Standing) -> list[MetricHealth]:
    """The judged metrics that are not ok: by the order of their incident, then the gravest first.

    What is missing in some source shows in the verdict, and in no metric of its own.
    """
    places: dict[str, int] = {}
    for place, ranked in enumerate(standing.leading):
        places.setdefault(ranked.alert.key.rule, place)
    troubled = [
        one
        for one in standing.health.judged
        if one.state in _ORDER and one.reason is not Reason.INCOMPLETE
    ]
    last = len(places)
    return sorted(
        troubled, key=lambda one: (places.get(one.metric.id, last), _ORDER.index(one.state))
    )


def build_attention(standing: Standing, t: Texts) -> tuple[AttentionRow, ...]:
    """All rows; the page shows the first few."""
    return tuple(row for one in list_troubled(standing) for row in _build_rows(one, standing, t))


def name_metric(one: MetricHealth, instance: str, t: Texts) -> tuple[str, str]:
    """A metric and its worst series, without the instance where that is this server itself."""
    subject = "" if one.worst is None else name_member(one.worst, instance)
    return one.metric.name(t.lang), subject


def _build_rows(one: MetricHealth, standing: Standing, t: Texts) -> Iterator[AttentionRow]:
    row = _build_row(one, standing, t)
    if not one.outages:
        yield row
        return
    for outage in one.outages:
        ranked = _find_ranked(standing, one, outage)
        yield replace(
            row,
            role=_find_role(standing, ranked),
            name=t("overview.attention.target", target=outage.job or outage.instance),
            subject="",
            value=t("overview.attention.no_answer")
            if outage.reason is None
            else wording.name_cause(outage.reason, t),
            beyond=outage.instance if outage.job else "",
            next="" if outage.reason is None else wording.name_remedy(outage.reason, t),
            link="target",
            labels={"job": outage.job, "instance": outage.instance},
        )


def _build_row(one: MetricHealth, standing: Standing, t: Texts) -> AttentionRow:
    ranked = _find_ranked(standing, one)
    name, subject = name_metric(one, standing.instance, t)
    pending = one.pending if one.state is State.PENDING else None
    next_step, link = _find_next(one, ranked, standing, t)
    return AttentionRow(
        role=_find_role(standing, ranked),
        state=one.state.value,  # type: ignore[arg-type]  # none of them is ok
        name=name,
        subject=subject,
        value=_describe_value(one, t),
        beyond=_describe_threshold(one, t),
        since=_describe_since(one, standing, t),
        pending_share=None
        if pending is None
        else min(pending.elapsed_ms / pending.for_ms, 1.0)
        if pending.for_ms
        else 1.0,
        next=next_step,
        link=link,
        metric=one.metric.id,
        labels={} if one.worst is None else dict(one.worst.pairs),
    )


def _find_ranked(
    standing: Standing, one: MetricHealth, outage: Outage | None = None
) -> RankedAlert | None:
    """The first of an incident's alerts that is about a metric, or about one of its targets."""
    for ranked in standing.leading:
        key = ranked.alert.key
        is_same = outage is None or (
            (key.labels.get("job", ""), key.labels.get("instance", ""))
            == (outage.job, outage.instance)
        )
        if key.rule == one.metric.id and is_same:
            return ranked
    return None


def _find_role(
    standing: Standing, ranked: RankedAlert | None
) -> Literal["origin", "with", "other"]:
    if ranked is None:
        return "other"
    return "origin" if ranked == standing.leading[0] else "with"


def _describe_value(one: MetricHealth, t: Texts) -> str:
    if one.metric.loss and one.reason is Reason.BREACH:
        return t("overview.attention.gone")
    if one.reason is Reason.REFUSED:
        return t("overview.attention.unjudged")
    if one.state is State.UNKNOWN:
        return t("overview.attention.stale")
    return t.number(one.value, one.metric.unit.value)


def describe_level(severity: Severity, threshold: float, one: MetricHealth, t: Texts) -> str:
    """`위험 1초 이상`, `at or below warning 95%`."""
    side = "low" if one.metric.direction is Direction.LOWER_IS_WORSE else "high"
    level = t(f"health.level.{severity.state.value}")
    limit = t.number(threshold, one.metric.unit.value)
    return t(f"overview.beyond.{side}", level=level, limit=limit)


def _describe_threshold(one: MetricHealth, t: Texts) -> str:
    if one.metric.loss or one.threshold is None or one.state is State.UNKNOWN:
        return ""
    pending = one.pending
    severity = one.state.severity
    if one.state is State.PENDING:
        severity = Severity.WARNING if pending is None else pending.severity
    return describe_level(severity, one.threshold, one, t)


def _describe_since(one: MetricHealth, standing: Standing, t: Texts) -> str:
    now_ms, pending = standing.health.t_ms, one.pending
    if one.state is State.PENDING and pending is not None:
        elapsed, span = t.span(pending.elapsed_ms), t.span(pending.for_ms)
        return t("overview.elapsed", elapsed=elapsed, span=span)
    if one.state is State.UNKNOWN and one.since_ms is not None:
        moment = t.recent_moment(one.since_ms, standing.zone, now_ms)
        return t("overview.gone_since", moment=moment)
    return wording.describe_duration(one, t, now_ms)


def _find_next(
    one: MetricHealth, ranked: RankedAlert | None, standing: Standing, t: Texts
) -> tuple[str, Literal["metric", "logs"]]:
    """What to do or what follows, and where that can be seen."""
    if one.state is State.PENDING and one.pending is not None:
        pending = one.pending
        level = t(f"health.level.{pending.severity.state.value}")
        left = t.span(max(pending.for_ms - pending.elapsed_ms, 0))
        return t("overview.next.pending", left=left, level=level), "metric"
    if one.reason is Reason.REFUSED:
        return one.problem, "metric"
    templates = _count_templates(standing.incident) if one.metric.id == _ERRORS else None
    if templates is not None:
        return t("overview.next.logs", n=templates[0], records=templates[1]), "logs"
    text = _describe_forecast(one, standing, t)
    if text:
        return text, "metric"
    if one.metric.loss and one.metric.remedy is not None:
        text = one.metric.remedy(t.lang)
    elif ranked is not None and len(standing.leading) > 1:
        text = describe_place(ranked, standing.catalogue, t)
    return text, "metric"


def _count_templates(incident: Incident | None) -> tuple[int, int] | None:
    """How many log templates were seen in an incident, and how many records have them."""
    if incident is None:
        return None
    found = [one for one in incident.evidence if one.kind is EvidenceKind.LOG_TEMPLATE]
    return (len(found), sum(one.count or 0 for one in found)) if found else None


def _describe_forecast(one: MetricHealth, standing: Standing, t: Texts) -> str:
    """When a metric in warning is expected to be critical, where that is known."""
    thresholds = one.metric.thresholds
    if one.state is not State.WARNING or thresholds is None or one.worst is None:
        return ""
    critical = find_threshold(thresholds, Severity.CRITICAL)
    for outlook in standing.find_outlooks(one.metric.id):
        if outlook.labels != one.worst or outlook.crossing is None or critical is None:
            continue
        for crossing in outlook.crossing.crossings:
            if crossing.threshold == critical and crossing.t_ms is not None:
                return t(
                    "overview.next.forecast",
                    day=name_day(crossing.t_ms, standing.zone, t),
                    level=t("health.level.critical"),
                    limit=t.number(critical, one.metric.unit.value),
                )
    return ""


def name_day(t_ms: int, zone: ZoneInfo, t: Texts) -> str:
    """`12월 1일`, `1 December`."""
    day = local_day(t_ms, zone)
    return t("i18n.day_of_year", month=t(f"i18n.month.{day.month}"), day=day.day)
