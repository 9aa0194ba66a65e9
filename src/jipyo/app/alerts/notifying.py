"""Messages within the server: what is planned in each evaluation, queued and delivered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.duty.plan import Duty, Occasion, plan_notifications
from jipyo.alerts.duty.rota import find_on_call, parse_rota
from jipyo.alerts.events.records import read_events
from jipyo.alerts.incident.origin import EVENT_BEFORE_MS, find_event_before
from jipyo.alerts.incident.records import read_recent_incidents
from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.compose import compose
from jipyo.alerts.notify.curve import Curve
from jipyo.alerts.notify.facts import FactSources, build_notification, describe_incident
from jipyo.alerts.notify.heartbeat import Heartbeat
from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.notifier import Notifier
from jipyo.alerts.notify.outbox import add_notification, list_queued
from jipyo.alerts.notify.report_message import attach_nothing, compose_report, read_attachments
from jipyo.alerts.notify.sender import ChannelSetting
from jipyo.alerts.notify.wording import Site
from jipyo.alerts.options import ChannelKind
from jipyo.alerts.rule import ExpressionRule
from jipyo.alerts.silence_records import read_silences, read_windows
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError
from jipyo.schema import read_text
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.duty.rota import Rota
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.notify.message import Message, Notification
    from jipyo.alerts.notify.report_message import Attach
    from jipyo.alerts.options import AlertsOptions, ChannelOptions
    from jipyo.alerts.rule import Rule
    from jipyo.alerts.store import AlertStore
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.source.base import Source

_RECENT_MS = 900_000
_CURVE_MS, _CURVE_STEP_MS = 3_600_000, 15_000
_ALERTS_KEY = "alerts"
_OCCASIONS = frozenset(occasion.value for occasion in Occasion)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the configuration in force asks for."""

    config: Config
    options: AlertsOptions
    catalogue: Catalogue
    rota: Rota | None


class Notifying:
    """Plans messages in the transaction of each evaluation, and delivers them; a `ServerPart`."""

    def __init__(
        self,
        store: AlertStore,
        clock: Clock,
        rules: Callable[[], Sequence[Rule]],
        grouping: Callable[[], IncidentGrouping],
        is_evaluating: Callable[[], bool],
    ) -> None:
        """Nothing is sent before `start`.

        Args:
            store: has incidents and the outbox.
            clock: of the senders.
            rules: gives those in force.
            grouping: gives the one in force.
            is_evaluating: whether rules are evaluated, for the heartbeat.
        """
        self._store, self._clock = store, clock
        self._rules, self._grouping, self._is_evaluating = rules, grouping, is_evaluating
        self._notifier = Notifier(store, clock)
        self._heartbeat: Heartbeat | None = None
        self._setting: _Setting | None = None
        self._is_running = False

    def apply(
        self, config: Config, source: Source, catalogue: Catalogue, rota: Rota | None
    ) -> None:
        """Notify by this configuration from now on; what waits goes on waiting."""
        options = config.settings.alerts
        self._setting = None if options is None else _Setting(config, options, catalogue, rota)
        channels = () if options is None else options.channels
        self._notifier.apply(
            {
                one.name: build_setting(one, config, source, catalogue, self._clock)
                for one in channels
            }
        )
        self._apply_heartbeat(config, options)

    def find_on_call(self, t_ms: int) -> tuple[str, ...]:
        """The names of those who are on call at a moment; none without a rota."""
        setting = self._setting
        if setting is None or setting.rota is None:
            return ()
        people = find_on_call(setting.rota, t_ms, setting.config.zone)
        return tuple(one.name for one in people)

    def follow(self, db: sqlite3.Connection, t_ms: int, transitions: Sequence[Transition]) -> None:
        """See `Alerting`: queue what the incidents of this moment ask for."""
        setting = self._setting
        if setting is None or not setting.options.channels:
            return
        incidents = read_recent_incidents(db, t_ms - _RECENT_MS)
        if not incidents:
            return
        duty = self._build_duty(db, t_ms, setting)
        rules = {one.id: one for one in self._rules() if isinstance(one, ExpressionRule)}
        sources = FactSources(setting.catalogue, setting.options, self._grouping(), rules)
        for incident in incidents.values():
            _queue(db, incident, t_ms, duty, sources)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._is_running = True
        self._notifier.start()
        if self._heartbeat is not None:
            self._heartbeat.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._is_running = False
        if self._heartbeat is not None:
            self._heartbeat.stop()
        self._notifier.stop()

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._notifier.families()
        if self._heartbeat is not None:
            yield from self._heartbeat.families()

    def _apply_heartbeat(self, config: Config, options: AlertsOptions | None) -> None:
        if self._heartbeat is not None:
            if self._is_running:
                self._heartbeat.stop()
            self._heartbeat = None
        if options is not None and options.heartbeat is not None:
            self._heartbeat = Heartbeat(
                options.heartbeat, config.instance, self._is_evaluating, self._clock
            )
            if self._is_running:
                self._heartbeat.start()

    def _build_duty(self, db: sqlite3.Connection, t_ms: int, setting: _Setting) -> Duty:
        zone, planned = setting.config.zone, setting.options.maintenance
        return Duty(
            options=setting.options,
            zone=zone,
            rota=setting.rota,
            silences=read_silences(db, t_ms),
            windows=(
                *read_windows(db, t_ms, t_ms + 1),
                *expand_maintenance(planned, t_ms, t_ms + 1, zone),
            ),
        )


def read_rota(config: Config) -> Rota | None:
    """The on-call rota that the configuration names.

    Raises:
        ConfigError: it cannot be read, or makes no sense.
    """
    options = config.settings.alerts
    if options is None or options.on_call is None:
        return None
    return parse_rota(read_text(options.on_call), str(options.on_call))


def _queue(
    db: sqlite3.Connection,
    incident: Incident,
    t_ms: int,
    duty: Duty,
    sources: FactSources,
) -> None:
    """Queue what is planned about an incident, and its changed alerts for each Alertmanager."""
    queued = list_queued(db, incident.number)
    known = [key for key in queued if key.split("/", 2)[1] in _OCCASIONS]
    planned = plan_notifications(incident, known, t_ms, duty)
    reached = frozenset().union(*queued.values())
    event = None
    if planned:
        began_ms = incident.began_ms
        events = read_events(db, began_ms - EVENT_BEFORE_MS, began_ms + 1)
        event = find_event_before(incident, events)
    for one in planned:
        notification = build_notification(one, incident, event, t_ms, sources)
        # Who got to know of it gets to know of its end, and nobody else.
        is_over = notification.kind is MessageKind.RESOLVED
        for channel in sorted(reached) if is_over else one.channels:
            add_notification(db, channel, notification, one.due_ms)
    last = incident.entries[-1]
    if planned or last.t_ms != t_ms or last.transition is None:
        return
    key = f"{incident.number}/{_ALERTS_KEY}/{t_ms}"
    changed = describe_incident(incident, MessageKind.CHANGED, key, t_ms, sources)
    for options in sources.options.channels:
        if options.kind is ChannelKind.ALERTMANAGER and options.name in reached:
            add_notification(db, options.name, changed, t_ms)


def build_setting(
    options: ChannelOptions, config: Config, source: Source, catalogue: Catalogue, clock: Clock
) -> ChannelSetting:
    """A channel with all that it needs to put notifications into words."""
    lang = options.language or config.lang
    alerts = config.settings.alerts
    site = Site(
        instance=config.instance,
        zone=config.zone,
        external_url="" if alerts is None else alerts.external_url,
    )
    draw = partial(read_curve, source, catalogue) if options.charts else _draw_nothing
    attach = read_attachments if options.kind is ChannelKind.MAIL else attach_nothing
    return ChannelSetting(
        channel=build_channel(options, lang, config.zone, clock),
        compose=_build_compose(texts(lang), site, draw, clock, attach),
        t=texts(lang),
        max_per_hour=options.max_per_hour,
    )


def read_curve(source: Source, catalogue: Catalogue, notification: Notification) -> Curve | None:
    """The last hour of the first alert's value; None where it has none or cannot be read."""
    alert = notification.alerts[0] if notification.alerts else None
    metric = None if alert is None else catalogue.get(alert.rule)
    if alert is None or metric is None or metric.outage or metric.loss:
        return None
    end_ms = notification.t_ms // _CURVE_STEP_MS * _CURVE_STEP_MS
    t_ms = np.arange(end_ms - _CURVE_MS, end_ms + 1, _CURVE_STEP_MS, dtype=np.int64)
    try:
        data = read_series(source, metric, t_ms, _CURVE_STEP_MS, only=[alert.labels])
    except JipyoError:  # the message goes without its chart
        return None
    if not len(data.matrix.values):
        return None
    values = np.where(data.matrix.present[0], data.matrix.values[0], np.nan)
    return Curve(t_ms, values, alert.threshold, alert.unit)


def _build_compose(
    t: Texts,
    site: Site,
    draw: Callable[[Notification], Curve | None],
    clock: Clock,
    attach: Attach,
) -> Callable[[str, Sequence[Notification]], Message]:
    def write(key: str, batch: Sequence[Notification]) -> Message:
        if batch[0].kind is MessageKind.REPORT:
            return compose_report(key, batch[0], t, site, attach)
        return compose(key, batch, t, site, draw, clock.now_ms())

    return write


def _draw_nothing(_notification: Notification) -> Curve | None:
    return None
