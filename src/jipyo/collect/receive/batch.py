"""The content of a request, ready for the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import MetricMetadata, Scrape, Times, Values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.model.labels import Labels


@dataclass(frozen=True, slots=True)
class ReceivedBatch:
    """The samples of a request by their times, its metadata, and what is not kept of it."""

    scrapes: tuple[Scrape, ...]
    metadata: tuple[MetricMetadata, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Counts of what is not kept (native histograms, exemplars), by its name in the format."""
    invalid: int = 0
    """Samples of series whose labels break the rules."""
    example: str = ""
    """The labels of the first such series."""

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return sum(len(scrape.series) for scrape in self.scrapes)


_MAX_SERIES = 65_536


class Rows:
    """Series that came together before: the same object again lets the store know them at once.

    They are known by the identities of their labels, which costs a tenth of comparing them. At
    most `max_series` are kept in all rows together, and half as many of those that came last.
    """

    def __init__(self, max_series: int = _MAX_SERIES) -> None:
        """Know none."""
        self._most = max_series // 2
        self._recent: dict[tuple[int, ...], tuple[Labels, ...]] = {}
        self._older = self._recent
        self._recent_series = 0

    def intern(self, series: tuple[Labels, ...]) -> tuple[Labels, ...]:
        """The first object that came with the same series."""
        key = tuple(map(id, series))
        known = self._recent.get(key)
        if known is not None:
            return known
        known = self._older.get(key, series)
        if self._recent_series + len(known) > self._most:
            self._older, self._recent, self._recent_series = self._recent, {}, 0
        # The row keeps its labels, so no others can get their identities.
        self._recent[key] = known
        self._recent_series += len(known)
        return known


def build_scrapes(
    series: Sequence[Labels], t_ms: Times, values: Values, rows: Rows
) -> tuple[Scrape, ...]:
    """Samples in any order as one scrape for each time, in ascending time.

    Sample i is `values[i]` of `series[i]` at `t_ms[i]`. A series that has two values for
    one time is in the scrape twice, and the store judges the second.
    """
    if not len(t_ms):
        return ()
    order = np.argsort(t_ms, kind="stable")
    edges = np.flatnonzero(np.diff(t_ms[order])) + 1
    return tuple(
        Scrape(int(t_ms[at[0]]), rows.intern(tuple([series[i] for i in at.tolist()])), values[at])
        for at in np.split(order, edges)
    )
