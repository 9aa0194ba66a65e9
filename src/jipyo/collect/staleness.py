"""Readings -> scrapes: report series beside the samples, stale markers for what has gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import NO_TIME, TargetReading
from jipyo.model.sample import STALE_BITS, Mask, Scrape, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
"""What Prometheus adds to every scrape."""


class StalenessTracker:
    """The series of one target from scrape to scrape, as Prometheus follows them.

    A series that was there and is not gets a stale marker; so do all when the target
    fails. A series whose page gives its own time is not followed.
    """

    def __init__(self, labels: Labels) -> None:
        """Follow the target of these labels."""
        self._report = tuple(labels.put({METRIC_NAME: name}) for name in REPORT)
        self._seen: tuple[Labels, ...] = ()
        self._with_report = self._report
        self._reported = False
        self._split: tuple[tuple[Labels, ...], Mask, tuple[Labels, ...]] | None = None

    def next(self, reading: TargetReading, t_ms: int, duration_s: float) -> list[Scrape]:
        """The scrapes of a reading at `t_ms`."""
        series, values, timed = self._untimed(reading)
        gone, added = self._follow(series)
        report = (1.0, duration_s, reading.scraped, len(reading.series), added)
        here = Scrape(t_ms, self._with_report, np.concatenate([values, report]))
        self._reported = True
        return [here, *timed, *_stale(gone, t_ms)]

    def failed(self, t_ms: int, duration_s: float) -> list[Scrape]:
        """The scrapes of a target that could not be read at `t_ms`."""
        gone, _ = self._follow(())
        report = np.array([0.0, duration_s, 0.0, 0.0, 0.0])
        self._reported = True
        return [Scrape(t_ms, self._report, report), *_stale(gone, t_ms)]

    def stop(self, t_ms: int) -> list[Scrape]:
        """Stale markers for all that is followed, the report series too."""
        gone, _ = self._follow(())
        report = self._report if self._reported else ()
        self._reported = False
        return _stale((*gone, *report), t_ms)

    def _follow(self, series: tuple[Labels, ...]) -> tuple[Sequence[Labels], int]:
        """The series that have gone, and how many are new."""
        if series is self._seen:
            return (), 0
        before, now = set(self._seen), set(series)
        gone = [one for one in self._seen if one not in now]
        self._seen, self._with_report = series, (*series, *self._report)
        return gone, len(now - before)

    def _untimed(self, reading: TargetReading) -> tuple[tuple[Labels, ...], Values, list[Scrape]]:
        """Samples without a time of their own, and scrapes of those with one."""
        if reading.t_ms is None:
            return reading.series, reading.values, []
        here = reading.t_ms == NO_TIME
        timed = [_at(reading, int(t_ms)) for t_ms in np.unique(reading.t_ms[~here])]
        return self._select(reading.series, here), reading.values[here], timed

    def _select(self, series: tuple[Labels, ...], here: Mask) -> tuple[Labels, ...]:
        """The series of the mask, as the same tuple as long as nothing changes."""
        kept = self._split
        if kept is None or kept[0] is not series or not np.array_equal(kept[1], here):
            chosen = tuple(series[index] for index in np.flatnonzero(here))
            kept = self._split = (series, here, chosen)
        return kept[2]


def _at(reading: TargetReading, t_ms: int) -> Scrape:
    assert reading.t_ms is not None
    chosen = np.flatnonzero(reading.t_ms == t_ms)
    return Scrape(t_ms, tuple(reading.series[i] for i in chosen), reading.values[chosen])


def _stale(series: Sequence[Labels], t_ms: int) -> list[Scrape]:
    if not series:
        return []
    markers = np.full(len(series), STALE_BITS, np.uint64).view(np.float64)
    return [Scrape(t_ms, tuple(series), markers)]
