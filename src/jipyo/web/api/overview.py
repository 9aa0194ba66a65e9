"""`/api/jipyo/overview`: everything the first view shows."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.incident.incident import IncidentState
from jipyo.analysis import wording
from jipyo.analysis.series_names import name_member
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import LANGS
from jipyo.web.api.attention import AttentionRow, Standing, build_attention, order_incidents
from jipyo.web.api.headline import (
    CurrentIncident,
    Headline,
    build_headline,
    build_open_incident,
)
from jipyo.web.api.metrics import DirectionName, MetricThresholds, build_thresholds
from jipyo.web.api.operation import Operation
from jipyo.web.api.prepared import prepared_route
from jipyo.web.api.targets import TargetCounts, count_targets
from jipyo.web.api.verdict import (
    ConfigurationState,
    StateName,
    StorageState,
    Verdict,
    build_configuration,
    build_storage,
    build_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.analysis.outlook import Outlook
    from jipyo.catalogue import Catalogue
    from jipyo.collect.target import TargetStatus
    from jipyo.i18n import Lang, Texts
    from jipyo.model.config_state import ConfigState
    from jipyo.model.errors import JipyoError
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.server_info import ServerInfo


@dataclass(frozen=True, slots=True)
class MetricTopic:
    """Metrics that belong together, in the catalogue's order."""

    id: str
    name: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingBreach:
    """A threshold that is reached, but not yet for the alert duration."""

    severity: Literal["warning", "critical"]
    """What the metric becomes if it stays there."""
    threshold: float
    elapsed_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class ProportionNow:
    """The cases behind a share, with its 95% interval; null where they are not counted."""

    n: int | None
    low: float | None
    high: float | None
    text: str
    inconclusive: bool
    """Whether the cases are too few to tell on which side of its threshold the value is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricNow:
    """The state of a metric."""

    id: str
    topic: str
    group: str
    name: str
    description: str
    unit: str
    unit_label: str
    direction: DirectionName
    judged: bool
    """Whether thresholds were applied."""
    state: StateName
    pending: PendingBreach | None
    since: float | None
    since_text: str
    value: float | None
    text: str
    worst: Mapping[str, str] | None
    """The labels of the series that decides the state."""
    worst_text: str
    """Its name, without the instance where that is this server itself."""
    reason: str
    exporter: str | None
    required: bool
    """Whether the specification asks for this metric."""
    thresholds: MetricThresholds | None
    absent: bool
    """Whether there never was any data."""
    proportion: ProportionNow | None
    """Null for what is not a share of counted cases."""
    incomplete: bool
    """Whether a source of it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything the first view shows."""

    t: float
    lang: Literal["ko", "en"]
    timezone: str
    instance: str
    version: str
    demonstration: bool
    """Whether all of it is made up, by `jipyo demo`."""
    verdict: Verdict
    headline: Headline
    incident: CurrentIncident | None
    """The open incident that matters most."""
    attention: tuple[AttentionRow, ...]
    """What is not ok, the likely origin of the incident first."""
    storage: StorageState
    configuration: ConfigurationState
    targets: TargetCounts
    topics: tuple[MetricTopic, ...]
    metrics: tuple[MetricNow, ...]


OPERATION = Operation("/overview", Overview, "Everything the first view shows.")


def routes(  # noqa: PLR0913 - what the first view is made of
    server: ServerInfo,
    catalogue: Catalogue,
    health: Callable[[], Health],
    targets: Callable[[], Sequence[TargetStatus]],
    storage_error: Callable[[], JipyoError | None],
    config_state: Callable[[], ConfigState],
    *,
    desk: AlertDesk | None = None,
    find_outlooks: Callable[[str], Sequence[Outlook]] = lambda _: (),
) -> list[Route]:
    """The route.

    Args:
        server: this server.
        catalogue: the metrics.
        health: their state now.
        targets: what is collected.
        storage_error: why samples cannot be stored at the moment, if so.
        config_state: which configuration is in force.
        desk: what is known of incidents; None without any.
        find_outlooks: what is expected of a metric's series, as far as it has been computed.
    """
    topics = {lang: build_topics(catalogue, lang) for lang in LANGS}

    def build(t: Texts) -> Overview:
        now, counts = health(), count_targets(targets())
        standing = build_standing(server, catalogue, now, desk, find_outlooks)
        newest = None if desk is None else desk.incidents.find_newest()
        escalations = () if desk is None else desk.options.escalation
        return Overview(
            t=now.t_ms / 1000,
            lang=t.lang,
            timezone=server.zone.key,
            instance=server.instance,
            version=server.version,
            demonstration=server.is_demonstration,
            verdict=build_verdict(now, t),
            headline=build_headline(standing, counts, newest, t),
            incident=build_open_incident(standing, escalations, t),
            attention=build_attention(standing, t),
            storage=build_storage(storage_error(), t),
            configuration=build_configuration(config_state(), t),
            targets=counts,
            topics=topics[t.lang],
            metrics=tuple(build_metric(metric, t, server, now.t_ms) for metric in now.metrics),
        )

    def find_version() -> object:
        edits = 0 if desk is None else desk.incidents.edits
        return health().t_ms, edits, storage_error(), config_state()

    return [prepared_route(OPERATION, build, server.lang, find_version)]


def build_standing(
    server: ServerInfo,
    catalogue: Catalogue,
    health: Health,
    desk: AlertDesk | None,
    find_outlooks: Callable[[str], Sequence[Outlook]],
) -> Standing:
    """How things are; without a desk there are no incidents."""
    found = () if desk is None else desk.incidents.list_incidents(health.t_ms, health.t_ms + 1)
    grouping = None if desk is None else desk.grouping()
    still_open = [one for one in found if one.state is IncidentState.OPEN]
    return Standing(
        health=health,
        open_incidents=order_incidents(still_open, grouping),
        grouping=grouping,
        catalogue=catalogue,
        instance=server.instance,
        zone=server.zone,
        find_outlooks=find_outlooks,
    )


def build_topics(catalogue: Catalogue, lang: Lang) -> tuple[MetricTopic, ...]:
    """The topics in the catalogue's order, with the ids of their metrics."""
    members: dict[str, list[str]] = {}
    for metric in catalogue.metrics:
        members.setdefault(metric.topic, []).append(metric.id)
    return tuple(
        MetricTopic(topic, catalogue.topic_name(topic, lang), tuple(ids))
        for topic, ids in members.items()
    )


def build_metric(health: MetricHealth, t: Texts, server: ServerInfo, now_ms: int) -> MetricNow:
    """One tile of the dashboard."""
    metric, value, worst = health.metric, health.value, health.worst
    return MetricNow(
        id=metric.id,
        topic=metric.topic,
        group=metric.group.value,
        name=metric.name(t.lang),
        description=metric.description(t.lang),
        unit=metric.unit.value,
        unit_label=t.unit(metric.unit.value),
        direction=metric.direction.value,
        judged=health.judged,
        state=health.state.value,
        pending=build_pending(health),
        since=None if health.since_ms is None else health.since_ms / 1000,
        since_text=wording.describe_duration(health, t, now_ms),
        value=value if value is not None and math.isfinite(value) else None,
        text=t.number(value, metric.unit.value),
        worst=None if worst is None else dict(worst.pairs),
        worst_text="" if worst is None else name_member(worst, server.instance),
        reason=wording.describe_reason(health, t, server.zone, now_ms),
        exporter=health.exporter,
        required=metric.required,
        thresholds=build_thresholds(metric.thresholds),
        absent=health.is_absent,
        proportion=build_proportion(health, t),
        incomplete=bool(health.missing),
    )


def build_pending(health: MetricHealth) -> PendingBreach | None:
    """The level that fires if the value stays where it is."""
    pending = health.pending
    if pending is None:
        return None
    return PendingBreach(
        severity="critical" if pending.severity is Severity.CRITICAL else "warning",
        threshold=pending.threshold,
        elapsed_s=pending.elapsed_ms / 1000,
        for_s=pending.for_ms / 1000,
    )


def build_proportion(health: MetricHealth, t: Texts) -> ProportionNow | None:
    """The cases and the interval of a share."""
    proportion = health.proportion
    if proportion is None:
        return None
    text = wording.describe_cases(proportion, health.metric.unit.value, t)
    return ProportionNow(
        proportion.n, proportion.low, proportion.high, text, health.is_inconclusive
    )
