"""Transitions of alerts -> entries of incidents; the same live and in a replay."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.incident.grouping import find_incident
from jipyo.alerts.incident.history import add_entry
from jipyo.alerts.incident.incident import EntryKind, IncidentEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jipyo.alerts.alert import AlertKey, Transition
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident
    from jipyo.model.labels import Labels


def fold(
    incidents: Mapping[int, Incident],
    transitions: Iterable[Transition],
    grouping: IncidentGrouping,
    *,
    next_number: int,
) -> tuple[IncidentEntry, ...]:
    """The entries that the transitions of an evaluation add, in the order of time.

    Transitions of one moment are taken in the order of their rules and labels, so that a replay
    gives the same. A transition adds at most one entry: none while its alert has not fired.
    `incidents` are at least those that `is_needed`; `add_entries` gives them as they are after it.
    """
    return tuple(_fold(dict(incidents), transitions, grouping, next_number))


def _fold(
    incidents: dict[int, Incident],
    transitions: Iterable[Transition],
    grouping: IncidentGrouping,
    next_number: int,
) -> Iterator[IncidentEntry]:
    index = _Index(incidents, grouping)
    for transition in sorted(transitions, key=_find_order):
        key, is_firing = transition.alert.key, transition.alert.state is AlertState.FIRING
        interval_ms = grouping.intervals.get(key.rule, grouping.interval_ms)
        incident = index.find_holder(key)
        if incident is None and not is_firing:
            continue
        if incident is None:
            began_ms = transition.alert.active_ms - interval_ms
            candidates = index.find_candidates(key)
            incident = find_incident(candidates, key, began_ms, transition.t_ms, grouping)
        entry = IncidentEntry(
            incident=next_number if incident is None else incident.number,
            t_ms=transition.t_ms,
            kind=_find_kind(incident, transition),
            transition=transition,
            moment_ms=_find_moment(incident, transition, interval_ms),
        )
        incidents[entry.incident] = add_entry(incident, entry)
        index.add(key, entry.incident)
        next_number = max(next_number, entry.incident + 1)
        yield entry


class _Index:
    """Which incidents may have to do with an alert: of a thousand at once few have."""

    def __init__(self, incidents: Mapping[int, Incident], grouping: IncidentGrouping) -> None:
        self._incidents, self._grouping = incidents, grouping
        self._by_key: defaultdict[AlertKey, set[int]] = defaultdict(set)
        self._by_place: defaultdict[str, set[int]] = defaultdict(set)
        for incident in incidents.values():
            for alert in incident.alerts:
                self.add(alert.key, incident.number)

    def add(self, key: AlertKey, number: int) -> None:
        """An incident has an alert."""
        self._by_key[key].add(number)
        self._by_place[self._grouping.find_place(key)].add(number)

    def find_holder(self, key: AlertKey) -> Incident | None:
        """The incident in which an alert is open, closed by a person or not."""
        for number in sorted(self._by_key.get(key, ())):
            known = self._incidents[number].find_alert(key)
            if known is not None and known.state.is_open:
                return self._incidents[number]
        return None

    def find_candidates(self, key: AlertKey) -> Mapping[int, Incident]:
        """The incidents that have the alert or one of its place.

        All of them where a dependency of the configuration is about it.
        """
        if self._grouping.is_named(key):
            return self._incidents
        place = self._grouping.find_place(key)
        numbers = self._by_key.get(key, set()) | self._by_place.get(place, set())
        return {number: self._incidents[number] for number in numbers}


def _find_order(transition: Transition) -> tuple[int, str, Labels]:
    key = transition.alert.key
    return transition.t_ms, key.rule, key.labels


def is_needed(incident: Incident, t_ms: int, grouping: IncidentGrouping) -> bool:
    """Whether a fold at `t_ms` may add to an incident."""
    if incident.recovered_ms is None:
        return True
    return incident.closed_ms is None and t_ms - incident.recovered_ms <= grouping.flap_ms


def _find_moment(incident: Incident | None, transition: Transition, interval_ms: int) -> int:
    """When the condition began or ended, as `Breach` counts: a step covers what is before it."""
    alert, t_ms = transition.alert, transition.t_ms
    known = None if incident is None else incident.find_alert(alert.key)
    if alert.state is AlertState.FIRING:
        last_ms = None if known is None else known.stretches[-1][1]
        if last_ms is None or alert.active_ms > last_ms:  # else it is the same alert that goes on
            t_ms = alert.active_ms
    elif alert.ended_ms is not None:
        t_ms = alert.ended_ms
    return t_ms - interval_ms


def _find_kind(incident: Incident | None, transition: Transition) -> EntryKind:
    """What a transition does to its incident."""
    if incident is None:
        return EntryKind.OPENED
    key, is_open = transition.alert.key, transition.alert.state.is_open
    others = any(each.state.is_open for each in incident.alerts if each.key != key)
    if incident.recovered_ms is not None:
        return EntryKind.REOPENED
    if not is_open and not others:
        return EntryKind.RECOVERED
    return EntryKind.CHANGED if incident.find_alert(key) else EntryKind.JOINED
