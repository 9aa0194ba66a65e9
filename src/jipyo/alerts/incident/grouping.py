"""Which alerts are of one fault: by where they are, by what depends on what, and by time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.model.matcher import select_all
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.options import Dependency
    from jipyo.model.labels import Labels

_MINUTE_MS = 60_000
_OWN = ("instance", "job", "service", "server", "model", "name")
"""Labels that say what a series is of, the most telling first."""
_HOST_JOBS = frozenset(
    ("host", "node", "node-exporter", "node_exporter", "windows", "windows_exporter", "ping")
)
"""Jobs whose targets are the hosts themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentGrouping:
    """What decides to which incident an alert belongs."""

    join_ms: int = 5 * _MINUTE_MS
    """Alerts of one place whose conditions begin so near each other are one incident."""
    flap_ms: int = 10 * _MINUTE_MS
    """An alert that comes back so soon after a recovery continues the incident."""
    interval_ms: int = 15_000
    """The distance of the evaluations of a rule that `intervals` does not have."""
    intervals: Mapping[str, int] = field(default_factory=dict)
    """The distance of the evaluations, by the id of the rule."""
    outage_rules: frozenset[str] = frozenset()
    """The ids of the rules that fire while a target does not answer."""
    loss_rules: frozenset[str] = frozenset()
    """Those that fire while a device is gone that was there."""
    load_rules: frozenset[str] = frozenset()
    """Those about what a service does for its users, which suffers from a lost device."""
    dependencies: tuple[Dependency, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Other names of a host, with the one that stands for it, such as `localhost`."""

    def find_place(self, key: AlertKey) -> str:
        """Where an alert is: the host of its instance, else what its series is of.

        Places of different sources differ. An alert without labels is a place of its own.
        """
        labels = key.labels
        name = next((name for name in _OWN if name in labels), "")
        if name == "instance":
            host = find_host(labels["instance"])
            place = f"host {self.hosts.get(host, host)}"
        else:
            place = f"{name} {labels[name]}" if name else f"rule {key.rule}"
        return f"{labels.get(SOURCE, '')}/{place}"

    def is_named(self, key: AlertKey) -> bool:
        """Whether a dependency of the configuration is about an alert, as either of the two."""
        labels = name_alert(key)
        return any(
            select_all(one.matchers, labels) or select_all(one.needs, labels)
            for one in self.dependencies
        )

    def is_dead_target(self, key: AlertKey) -> bool:
        """Whether an alert is about a target that does not answer."""
        return key.rule in self.outage_rules

    def is_dead_host(self, key: AlertKey) -> bool:
        """Whether it is about a host that does not answer."""
        return self.is_dead_target(key) and key.labels.get("job", "").lower() in _HOST_JOBS

    def depends_on(self, key: AlertKey, cause: AlertKey) -> bool:
        """Whether what one alert is about cannot work without what the other is about.

        By a dependency of the configuration; or, as seen, whatever is on a host needs the host,
        and what a service does there needs the devices.
        """
        if key == cause:
            return False
        is_needed = self.is_dead_host(cause) or (
            cause.rule in self.loss_rules and key.rule in self.load_rules
        )
        if is_needed and self.find_place(key) == self.find_place(cause):
            return not self.is_dead_host(key)
        return any(
            is_consequence(one, name_alert(key), name_alert(cause)) for one in self.dependencies
        )


def is_consequence(dependency: Dependency, labels: Labels, cause: Labels) -> bool:
    """Whether a dependency of the configuration leads from one alert's labels to another's."""
    return (
        select_all(dependency.matchers, labels)
        and select_all(dependency.needs, cause)
        and all(labels.get(name, "") == cause.get(name, "") for name in dependency.equal)
    )


def name_alert(key: AlertKey) -> Labels:
    """The labels of an alert as matchers see them: with its rule as `alertname`."""
    return key.labels.put({"alertname": key.rule})


def find_host(instance: str) -> str:
    """The host in the address of a target: `db1` of `db1:5432` and of `http://db1/health`.

    >>> find_host("[fd00::7]:9100"), find_host("https://u@web.example:8443/x?y")
    ('fd00::7', 'web.example')
    """
    host = instance.rpartition("://")[2]
    host = host.partition("/")[0].partition("?")[0].rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return (host if host.count(":") > 1 else host.partition(":")[0]).lower()


def find_incident(
    incidents: Mapping[int, Incident],
    key: AlertKey,
    began_ms: int,
    t_ms: int,
    grouping: IncidentGrouping,
) -> Incident | None:
    """The incident that an alert belongs to whose condition began then and which fires now.

    In this order: one that has the alert already; one whose dead target it depends on, or that
    depends on it and began about then; one of the same place that began about then. Of several
    the oldest.
    """
    alive = [
        one
        for one in sorted(incidents.values(), key=lambda one: one.number)
        if one.closed_ms is None
        and (one.recovered_ms is None or t_ms - one.recovered_ms <= grouping.flap_ms)
    ]
    for belongs in (_has_alert, _is_hidden, _is_near):
        for incident in alive:
            if belongs(incident, key, began_ms, grouping):
                return incident
    return None


def _has_alert(incident: Incident, key: AlertKey, _: int, __: IncidentGrouping) -> bool:
    return incident.find_alert(key) is not None


def _is_hidden(incident: Incident, key: AlertKey, _: int, grouping: IncidentGrouping) -> bool:
    """Whether something that the alert depends on is dead in the incident."""
    return any(
        each.state is not AlertState.INACTIVE and grouping.depends_on(key, each.key)
        for each in incident.alerts
        if grouping.is_dead_target(each.key)
    )


def _is_near(incident: Incident, key: AlertKey, began_ms: int, grouping: IncidentGrouping) -> bool:
    if incident.recovered_ms is not None and began_ms > incident.recovered_ms:
        return False  # it was over then
    place = grouping.find_place(key)
    return any(
        abs(start - began_ms) <= grouping.join_ms
        for each in incident.alerts
        if grouping.find_place(each.key) == place
        or grouping.depends_on(key, each.key)
        or grouping.depends_on(each.key, key)
        for start, _ in each.stretches
    )
