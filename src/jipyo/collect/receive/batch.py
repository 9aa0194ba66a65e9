"""The content of a request, ready for the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import MetricMetadata, Scrape, Times, Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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

    def get(self, series: tuple[Labels, ...]) -> tuple[Labels, ...] | None:
        """The object that was added with the same series; None where there is none."""
        key = tuple(map(id, series))
        known = self._recent.get(key)
        if known is None and (known := self._older.get(key)) is not None:
            self.add(known)
        return known

    def add(self, series: tuple[Labels, ...]) -> None:
        """Remember series that came together."""
        if self._recent_series + len(series) > self._most:
            self._older, self._recent, self._recent_series = self._recent, {}, 0
        # The row keeps its labels, so no others can get their identities.
        self._recent[tuple(map(id, series))] = series
        self._recent_series += len(series)


def build_scrapes(
    series: Sequence[Labels], t_ms: Times, values: Values, rows: Rows
) -> tuple[Scrape, ...]:
    """Samples in any order as one scrape for each time, in ascending time.

    Sample i is `values[i]` of `series[i]` at `t_ms[i]`. A series that has two values for
    one time is in two scrapes, so that the store can reject the second.
    """
    if not len(t_ms):
        return ()
    order = np.argsort(t_ms, kind="stable")
    edges = np.flatnonzero(np.diff(t_ms[order])) + 1
    return tuple(
        scrape
        for at in np.split(order, edges)
        for scrape in _split_duplicates(
            int(t_ms[at[0]]), tuple([series[i] for i in at.tolist()]), values[at], rows
        )
    )


def _split_duplicates(
    t_ms: int, series: tuple[Labels, ...], values: Values, known: Rows
) -> Iterator[Scrape]:
    """One scrape, or several where a series has more than one of these values."""
    same = known.get(series)
    if same is None and len(set(series)) == len(series):
        known.add(series)
        same = series
    if same is not None:
        yield Scrape(t_ms, same, values)
        return
    counts: dict[Labels, int] = {}
    rounds: dict[int, list[int]] = {}
    for row, labels in enumerate(series):
        counts[labels] = counts.get(labels, 0) + 1
        rounds.setdefault(counts[labels], []).append(row)
    for rows in rounds.values():
        yield Scrape(t_ms, tuple(series[row] for row in rows), values[rows])
