"""The store and its upkeep."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo import promql, tsdb
from jipyo.loops import Periodic
from jipyo.model.errors import StoreFull
from jipyo.source import Embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.config import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Queryable

_INTERVAL_MS = 1000.0
_PAUSE_MS = 5.0


def open_store(config: Config, clock: Clock) -> tsdb.Store:
    """The store in the data folder, for writing.

    Raises:
        StoreBusy: another process writes there.
        StoreError: it cannot be opened.
    """
    return tsdb.Store.open(config.data, config.settings.store, now_ms=clock.now_ms)


def build_source(config: Config, store: Queryable) -> Embedded:
    """An engine over a store, whose queries wait only for one another."""
    options = replace(config.settings.query, max_heavy=os.cpu_count() or 1)
    return Embedded(store, promql.Engine(options))


class StoreUpkeep:
    """Compacts and expires in short slices with pauses between, so that no scrape waits."""

    def __init__(self, store: tsdb.Store, clock: Clock) -> None:
        self._store = store
        self._loop = Periodic("upkeep", self._run_slice, interval_ms=_INTERVAL_MS, clock=clock)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterator[Family]:
        """The store's metrics, and those of the upkeep."""
        yield from self._store.families()
        yield from self._loop.families()

    def _run_slice(self) -> float | None:
        try:
            has_more = self._store.maintain()
        except StoreFull:
            return None  # collection logged it when its samples were rejected
        return _PAUSE_MS if has_more else None
