"""The part of the server that looks at logs and anomalies in the windows of incidents."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.incident.evidence import (
    add_evidence,
    find_window,
    needs_evidence,
    read_anomaly_evidence,
    read_log_evidence,
)
from jipyo.alerts.incident.records import insert_entries, read_incident, read_recent_incidents
from jipyo.app.logs import LogSources, find_logs_folder
from jipyo.loops import Periodic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.alerts.incident.incident import Incident, IncidentEvidence
    from jipyo.alerts.store import AlertStore
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.source.base import Source

INTERVAL_MS = 60_000
_RECENT_MS = 600_000
"""Of incidents that recovered so long ago the end is looked at, also after a restart."""


@dataclass(frozen=True, slots=True)
class _Setting:
    config: Config
    source: Source


class EvidenceCollector:
    """Runs from the start of the server to its end, by the configuration in force."""

    def __init__(self, store: AlertStore, clock: Clock) -> None:
        """Nothing is read before `start`; `store` gets what is found."""
        self._store, self._clock = store, clock
        self._setting: _Setting | None = None
        self._done: set[tuple[int, int | None]] = set()
        """What was looked at without finding anything: incidents with their recovery."""
        self._loop = Periodic("evidence", self.look, interval_ms=INTERVAL_MS, clock=clock)

    def apply(self, config: Config, source: Source) -> None:
        """Look into these logs and this source from now on; nowhere without alerts."""
        has_alerts = config.settings.alerts is not None
        self._setting = _Setting(config, source) if has_alerts else None

    def look(self) -> None:
        """Look at each incident that has gone on for a while or has just recovered.

        Raises:
            JipyoError: logs or samples cannot be read, or nothing can be kept.
        """
        setting, now_ms = self._setting, self._clock.now_ms()
        if setting is None:
            return
        with self._store.reading() as db:
            recent = read_recent_incidents(db, now_ms - _RECENT_MS)
        for incident in recent.values():
            place = (incident.number, incident.recovered_ms)
            if place not in self._done and needs_evidence(incident, now_ms):
                self._keep(incident.number, now_ms, _read(setting, incident, now_ms))
                self._done.add(place)

    def _keep(self, number: int, now_ms: int, found: Iterable[IncidentEvidence]) -> None:
        found = list(found)
        with self._store.transaction() as db:
            incident = read_incident(db, number)
            assert incident is not None, f"BUG: incident {number} was deleted"
            entry = add_evidence(incident, now_ms, found)
            if entry is not None:
                insert_entries(db, {number: incident}, [entry])

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterable[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()


def _read(setting: _Setting, incident: Incident, now_ms: int) -> Iterator[IncidentEvidence]:
    window = find_window(incident, now_ms)
    yield from read_anomaly_evidence(setting.source, incident, window)
    logs = setting.config.settings.logs
    with contextlib.closing(LogSources(find_logs_folder(setting.config), logs.sources)) as sources:
        if sources.exist():
            yield from read_log_evidence(sources.find(), window)
