"""What people and programs ask of incidents, events, silences and maintenance windows.

It works beside a running server and without one: each call is a transaction of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.events.records import check_event, insert_event, read_events
from jipyo.alerts.incident.records import (
    insert_entries,
    read_incident,
    read_incidents,
    read_newest_incidents,
)
from jipyo.alerts.silence_records import (
    cancel_window,
    check_silence,
    check_window,
    expire_silence,
    insert_silence,
    insert_window,
    read_silences,
    read_windows,
)
from jipyo.model.errors import IncidentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident, IncidentEntry
    from jipyo.alerts.options import SilenceOptions
    from jipyo.alerts.silence import MaintenanceWindow, Silence
    from jipyo.alerts.store import AlertStore


class IncidentDesk:
    """Reads and adds to `alerts.db`; safe to use from several threads."""

    def __init__(self, store: AlertStore, now_ms: Callable[[], int]) -> None:
        """Use an open store; `now_ms` is when something is entered."""
        self._store, self._now_ms = store, now_ms
        self.edits = 0
        """How often a person has changed an incident through this desk."""

    # --- incidents

    def read_incident(self, number: int) -> Incident:
        """An incident by its number.

        Raises:
            IncidentError: there is none.
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            incident = read_incident(db, number)
        return _check_known(incident, number)

    def list_incidents(self, start_ms: int, end_ms: int) -> tuple[Incident, ...]:
        """The incidents that went on within [start, end), the newest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            incidents = read_incidents(db, start_ms, end_ms)
        return tuple(sorted(incidents.values(), key=lambda one: -one.number))

    def find_newest(self) -> Incident | None:
        """The incident with the highest number.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            return next(iter(read_newest_incidents(db, 1).values()), None)

    def edit(self, number: int, make: Callable[[Incident, int], IncidentEntry]) -> Incident:
        """Add the entry of a person to an incident, as one of `incident.edits` makes it.

        Args:
            number: of the incident.
            make: gets the incident as it is on disk, and the time.

        Raises:
            IncidentError: there is no such incident, or it cannot be changed so.
            StoreError: nothing was added.
        """
        with self._store.transaction() as db:
            incident = _check_known(read_incident(db, number), number)
            entry = make(incident, self._now_ms())
            after = insert_entries(db, {number: incident}, [entry])[number]
        self.edits += 1
        return after

    # --- events

    def add_event(self, event: Event) -> Event:
        """Keep an event that a person or program enters; it gets its number and its time of entry.

        Raises:
            IncidentError: it is no event.
            StoreError: it was not kept.
        """
        event = replace(event, entered_ms=self._now_ms(), key="")
        check_event(event)
        with self._store.transaction() as db:
            return insert_event(db, event)

    def list_events(self, start_ms: int, end_ms: int) -> tuple[Event, ...]:
        """The events within [start, end), in the order of time.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            return read_events(db, start_ms, end_ms)

    # --- silences and maintenance windows

    def add_silence(self, silence: Silence, options: SilenceOptions) -> Silence:
        """Keep a silence; it gets its number and its time of entry.

        Raises:
            IncidentError: it is endless, covers everything, or has nobody's name.
            StoreError: it was not kept.
        """
        silence = replace(silence, entered_ms=self._now_ms())
        check_silence(silence, options)
        with self._store.transaction() as db:
            return insert_silence(db, silence)

    def expire_silence(self, number: int, who: str) -> Silence:
        """End a silence now.

        Raises:
            IncidentError: there is none of this number, or it is over.
            StoreError: it goes on.
        """
        with self._store.transaction() as db:
            return expire_silence(db, number, self._now_ms(), who)

    def list_silences(self, since_ms: int) -> tuple[Silence, ...]:
        """The silences that were not over at a moment, by their numbers.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            return read_silences(db, since_ms)

    def add_window(self, window: MaintenanceWindow) -> MaintenanceWindow:
        """Keep a maintenance window; it gets its number and its time of entry.

        Raises:
            IncidentError: it has no name, no length, or was announced after its entry.
            StoreError: it was not kept.
        """
        window = replace(window, entered_ms=self._now_ms())
        check_window(window)
        with self._store.transaction() as db:
            return insert_window(db, window)

    def cancel_window(self, number: int, who: str) -> MaintenanceWindow:
        """Call a maintenance window off from now on.

        Raises:
            IncidentError: there is none of this number, or it is over.
            StoreError: it goes on.
        """
        with self._store.transaction() as db:
            return cancel_window(db, number, self._now_ms(), who)

    def list_windows(self, start_ms: int, end_ms: int) -> tuple[MaintenanceWindow, ...]:
        """The windows of the file that touch [start, end), by their beginning.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as db:
            return read_windows(db, start_ms, end_ms)


def _check_known(incident: Incident | None, number: int) -> Incident:
    if incident is None:
        raise IncidentError("incident.unknown", hint="incident.unknown.hint", number=number)
    return incident
