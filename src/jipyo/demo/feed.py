"""The samples of the made-up server as time goes on, for a dashboard that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import DAY_MS, STEP_MS
from jipyo.demo.write import make_blocks
from jipyo.loops import Periodic
from jipyo.model.sample import Scrape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.demo.day import Counters
    from jipyo.demo.story import Story
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.sample import SeriesBlock
    from jipyo.model.store import Appender


class Feed:
    """A part of the server that appends the samples which are due, in place of a collection."""

    def __init__(
        self,
        appender: Appender,
        clock: Clock,
        *,
        story: Story,
        seed: int,
        counters: Counters,
        since_ms: int,
    ) -> None:
        """Nothing is appended before `start`.

        Args:
            appender: takes the samples.
            clock: says which are due.
            story: of the month before.
            seed: of what is drawn by chance.
            counters: where they stood at the beginning of the day of `since_ms`.
            since_ms: up to when there are samples.
        """
        self._appender, self._clock = appender, clock
        self._story, self._seed, self._counters = story, seed, counters
        self._since_ms, self._number = since_ms, since_ms // DAY_MS - 1
        self._blocks: list[SeriesBlock] = []
        self._loop = Periodic("demo", self.tick, interval_ms=STEP_MS / 3, clock=clock)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterable[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()

    def tick(self) -> None:
        """Append what is due.

        Raises:
            StoreFull: nothing of it was kept.
        """
        now_ms = self._clock.now_ms()
        while self._number < now_ms // DAY_MS:
            self._append(self._number * DAY_MS + DAY_MS)
            self._number += 1
            days = make_blocks(self._story, self._seed, self._number, self._counters)
            self._blocks = list(days)
        self._append(now_ms)

    def _append(self, until_ms: int) -> None:
        scrapes = sorted(self._list_due(until_ms), key=lambda one: one.t_ms)
        if scrapes:
            self._appender.append(scrapes)
        self._since_ms = max(self._since_ms, until_ms)

    def _list_due(self, until_ms: int) -> Iterator[Scrape]:
        for block in self._blocks:
            due = np.flatnonzero((block.t_ms > self._since_ms) & (block.t_ms <= until_ms))
            for at in due.tolist():
                column = np.ascontiguousarray(block.values[:, at])
                yield Scrape(int(block.t_ms[at]), block.series, column)
