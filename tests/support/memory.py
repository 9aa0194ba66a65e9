"""A store that is a dictionary: simple and obviously right, the oracle of other stores."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.matcher import select_all
from jipyo.model.sample import (
    EVERY_FIGURE,
    Appended,
    HourBlock,
    HourStatistic,
    MetricMetadata,
    Reject,
    Scrape,
    SeriesBlock,
    is_stale,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from jipyo.model.labels import Labels
    from jipyo.model.store import Selector

HOUR_MS = 3_600_000


class MemoryStore:
    """`Appender` and `Queryable` over `{labels: {time: value}}`.

    Values are kept as arrays of one number, for a Python float may lose the bits of a NaN.
    """

    def __init__(self) -> None:
        self._data: dict[Labels, dict[int, np.ndarray]] = {}
        self._metadata: dict[str, MetricMetadata] = {}

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        kept, rejected = 0, 0
        for scrape in scrapes:
            for nth, labels in enumerate(scrape.series):
                value = np.array(scrape.values[nth : nth + 1], np.float64)
                series = self._data.setdefault(labels, {})
                before = series.get(scrape.t_ms)
                if before is not None and before.tobytes() != value.tobytes():
                    rejected += 1
                    continue
                series[scrape.t_ms] = value
                kept += 1
        return Appended(kept, {Reject.DUPLICATE: rejected} if rejected else {})

    def put(self, labels: Labels, t_ms: Iterable[int], values: Iterable[float]) -> None:
        """One whole series at once."""
        array = np.fromiter(values, np.float64)
        series = self._data.setdefault(labels, {})
        for nth, t in enumerate(t_ms):
            series[int(t)] = array[nth : nth + 1]

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        self._metadata.update({each.metric: each for each in metadata})

    def _samples(self, labels: Labels, start_ms: int, end_ms: int) -> dict[int, np.ndarray]:
        series = self._data[labels]
        return {t: series[t] for t in sorted(series) if start_ms <= t <= end_ms}

    def _matching(self, selectors: Sequence[Selector], start_ms: int, end_ms: int) -> list[Labels]:
        return sorted(
            labels
            for labels in self._data
            if (not selectors or any(select_all(each, labels) for each in selectors))
            and self._samples(labels, start_ms, end_ms)
        )

    def select(self, selector: Selector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        together: dict[tuple[int, ...], list[tuple[Labels, np.ndarray]]] = {}
        for labels in self._matching([selector], start_ms, end_ms):
            samples = self._samples(labels, start_ms, end_ms)
            row = np.concatenate(list(samples.values()))
            together.setdefault(tuple(samples), []).append((labels, row))
        for times, rows in together.items():
            yield SeriesBlock(
                tuple(labels for labels, _ in rows),
                np.array(times, np.int64),
                np.array([row for _, row in rows]),
            )

    def hours(
        self,
        selector: Selector,
        start_ms: int,
        end_ms: int,
        figures: AbstractSet[HourStatistic] = EVERY_FIGURE,
    ) -> Iterator[HourBlock]:
        first, last = math.ceil(start_ms / HOUR_MS), end_ms // HOUR_MS
        for labels in self._matching([selector], start_ms, end_ms):
            found = [
                (hour * HOUR_MS, block)
                for hour in range(first, last)
                if len(block := self._hour(labels, hour * HOUR_MS))
            ]
            if found:
                yield _hour_block(labels, found, figures)

    def _hour(self, labels: Labels, hour_ms: int) -> np.ndarray:
        samples = self._samples(labels, hour_ms + 1, hour_ms + HOUR_MS)
        values = np.concatenate([np.empty(0), *samples.values()])
        return values[~is_stale(values)]

    def series(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        return iter(self._matching(selectors, start_ms, end_ms)[:limit])

    def label_names(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        series = self._matching(selectors, start_ms, end_ms)
        return sorted({name for labels in series for name in labels})[:limit]

    def label_values(
        self,
        name: str,
        selectors: Sequence[Selector],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        series = self._matching(selectors, start_ms, end_ms)
        return sorted({labels[name] for labels in series if name in labels})[:limit]

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        return [each for name, each in self._metadata.items() if metric in (None, name)]


def _increase(values: np.ndarray) -> float:
    before = sum(a for a, b in pairwise(values) if b < a)
    return float(values[-1] - values[0] + before)


_FIGURES: Mapping[HourStatistic, Callable[[np.ndarray], float]] = {
    HourStatistic.FIRST: lambda values: values[0],
    HourStatistic.LAST: lambda values: values[-1],
    HourStatistic.MIN: np.fmin.reduce,
    HourStatistic.MAX: np.fmax.reduce,
    HourStatistic.SUM: sum,
    HourStatistic.INCREASE: _increase,
}


def _hour_block(
    labels: Labels, hours: list[tuple[int, np.ndarray]], figures: AbstractSet[HourStatistic]
) -> HourBlock:
    return HourBlock(
        series=(labels,),
        hour_ms=np.array([hour for hour, _ in hours], np.int64),
        count=np.array([[len(values) for _, values in hours]]),
        figures={
            figure: np.array([[_FIGURES[figure](values) for _, values in hours]])
            for figure in figures
        },
    )
