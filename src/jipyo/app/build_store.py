"""The store and its upkeep, and the sources over it and over servers by URL."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo import promql, tsdb
from jipyo.loops import Periodic
from jipyo.model.errors import StoreFull
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.prometheus import PrometheusSource
from jipyo.source.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Queryable
    from jipyo.source import Source
    from jipyo.source.prometheus_options import PrometheusOptions
    from jipyo.source.via import Via

_INTERVAL_MS = 1000.0
_PAUSE_MS = 5.0


def open_store(config: Config, clock: Clock) -> tsdb.Store:
    """The store in the data folder, for writing.

    Raises:
        StoreBusy: another process writes there.
        StoreError: it cannot be opened.
    """
    return tsdb.Store.open(config.data, config.settings.store, now_ms=clock.now_ms)


def build_embedded(config: Config, store: Queryable) -> Embedded:
    """An engine over a store, whose queries wait only for one another."""
    options = replace(config.settings.query, max_heavy=os.cpu_count() or 1)
    return Embedded(store, promql.Engine(options))


def build_source(
    local: Embedded | None, remotes: Sequence[Remote], lane: str = "", own_id: Via = ()
) -> Source:
    """The embedded source, and beside it the servers by URL.

    Args:
        local: None where there is no store.
        remotes: the servers of the configuration, of which there is one where there is no store.
        lane: queries of different lanes do not wait for one another.
        own_id: of this jipyo, where others can list it as a source.
    """
    if local is not None and not remotes:
        return local
    return CombinedSource(local, tuple(remotes), lane=lane, own_id=own_id)


class Remotes:
    """The servers by URL of a configuration; one that stays as it was keeps what is known of it."""

    def __init__(self, clock: Clock) -> None:
        """There are none yet."""
        self._clock = clock
        self._known: list[tuple[PrometheusOptions, Remote]] = []

    def select(self, options: Sequence[PrometheusOptions]) -> tuple[Remote, ...]:
        """The servers with these options, in the order of their names, and no other from now on."""
        selected: list[tuple[PrometheusOptions, Remote]] = []
        for one in sorted(options, key=lambda each: each.name):
            known = [remote for other, remote in self._known if other == one]
            selected.append((one, known[0] if known else self._build(one)))
        self._known = selected
        return tuple(remote for _, remote in selected)

    def families(self) -> Iterator[Family]:
        """Whether they answer, how old their newest samples are, and what they were asked."""
        for _, remote in self._known:
            yield from remote.families()

    def _build(self, options: PrometheusOptions) -> Remote:
        source = PrometheusSource(options, clock=self._clock)
        return Remote(options.name, source, self._clock, families=source.families)


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
