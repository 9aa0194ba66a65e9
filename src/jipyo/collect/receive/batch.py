"""The content of a request, ready for the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, Scrape, Times, Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


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


Rows = dict[tuple[Labels, ...], tuple[Labels, ...]]
"""Series that came together before: the same object again lets the store know them at once."""

_MAX_ROWS = 10_000


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
    if len(rows) > _MAX_ROWS:
        rows.clear()
    return tuple(
        scrape
        for at in np.split(order, edges)
        for scrape in _split_duplicates(
            int(t_ms[at[0]]), tuple([series[i] for i in at.tolist()]), values[at], rows
        )
    )


def _split_duplicates(
    t_ms: int, series: tuple[Labels, ...], values: Values, interned: Rows
) -> Iterator[Scrape]:
    """One scrape, or several where a series has more than one of these values."""
    same = interned.get(series)
    if same is None and len(set(series)) == len(series):
        same = interned[series] = series
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
