"""The part of the server that looks for events in the samples, every minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.events.found import read_found_events
from jipyo.alerts.events.records import insert_events
from jipyo.loops import Periodic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.alerts.store import AlertStore
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.source.base import Source

INTERVAL_MS = 60_000


class EventFinder:
    """Runs from the start of the server to its end, by the source in force."""

    def __init__(self, store: AlertStore, clock: Clock) -> None:
        """Nothing is looked for before `start`; `store` keeps what is found."""
        self._store, self._clock = store, clock
        self._source: Source | None = None
        self._loop = Periodic("events", self.look, interval_ms=INTERVAL_MS, clock=clock)

    def apply(self, source: Source | None) -> None:
        """Look into this source from now on; None: look for nothing."""
        self._source = source

    def look(self) -> None:
        """Look for the events of the last day; those that are known are not kept again.

        Raises:
            SourceError: the source failed.
            StoreError: nothing could be kept.
        """
        source = self._source
        if source is None:
            return
        events = read_found_events(source, self._clock.now_ms())
        if events:
            with self._store.transaction() as db:
                insert_events(db, events)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterable[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()
