"""Readings -> scrapes: report series beside the samples, stale markers for series that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.failure import FAILURES
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import NO_TIME, TargetReading
from jipyo.model.sample import STALE_BITS, Mask, Scrape, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.failure import FailureReason

REPORT = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
"""The series that Prometheus adds to every scrape."""


class StalenessTracker:
    """Tracks the series of one target from scrape to scrape, as Prometheus does.

    A series that is missing gets a stale marker; so do all when the target fails. A series
    with timestamps of its own is not tracked.
    """

    def __init__(self, labels: Labels) -> None:
        """Track the target with these labels."""
        self._report = tuple(labels.put({METRIC_NAME: name}) for name in REPORT)
        self._seen: tuple[Labels, ...] = ()
        self._with_report = self._report
        self._reported = False
        self._labels = labels
        self._failure: Labels | None = None
        self._failures = 0
        self._split: tuple[tuple[Labels, ...], Mask, tuple[Labels, ...]] | None = None

    def record(
        self,
        reading: TargetReading,
        t_ms: int,
        duration_s: float,
        failure: FailureReason | None = None,
    ) -> list[Scrape]:
        """The scrapes of a reading at `t_ms`; `failure` is that of what it probes."""
        ended = self._follow_failure(failure)
        series, values, timed = self._separate_timed(reading)
        gone, added = self._compare(series)
        report = [1.0, duration_s, reading.scraped, len(reading.series), added]
        with_report = self._with_report
        if self._failure is not None:
            with_report = (*with_report, self._failure)
            report.append(self._failures)
        scrape = Scrape(t_ms, with_report, np.concatenate([values, report]))
        self._reported = True
        return [scrape, *timed, *_build_stale_markers((*gone, *ended), t_ms)]

    def record_failure(self, t_ms: int, duration_s: float, reason: FailureReason) -> list[Scrape]:
        """The scrapes of a target that could not be read at `t_ms`.

        Beside the report is the number of failed readings in a row, with the reason of the
        last as a label, so that the store alone explains the outage.
        """
        gone, _ = self._compare(())
        ended = self._follow_failure(reason)
        assert self._failure is not None, "BUG: a failure has a series"
        report = np.array([0.0, duration_s, 0.0, 0.0, 0.0, float(self._failures)])
        self._reported = True
        scrape = Scrape(t_ms, (*self._report, self._failure), report)
        return [scrape, *_build_stale_markers((*gone, *ended), t_ms)]

    def stop(self, t_ms: int) -> list[Scrape]:
        """Stale markers for all tracked series, the report series too."""
        gone, _ = self._compare(())
        report = self._report if self._reported else ()
        self._reported = False
        return _build_stale_markers((*gone, *report, *self._follow_failure(None)), t_ms)

    def _follow_failure(self, reason: FailureReason | None) -> tuple[Labels, ...]:
        """Count a failure in a row, or none; the series of another reason that this ends."""
        before = self._failure
        if reason is None:
            self._failure, self._failures = None, 0
        else:
            self._failure = self._labels.put({METRIC_NAME: FAILURES, "reason": reason.value})
            self._failures += 1
        return () if before is None or before == self._failure else (before,)

    def _compare(self, series: tuple[Labels, ...]) -> tuple[Sequence[Labels], int]:
        """The series that ended, and the number of new ones."""
        if series is self._seen:
            return (), 0
        before, now = set(self._seen), set(series)
        gone = [labels for labels in self._seen if labels not in now]
        self._seen, self._with_report = series, (*series, *self._report)
        return gone, len(now - before)

    def _separate_timed(
        self, reading: TargetReading
    ) -> tuple[tuple[Labels, ...], Values, list[Scrape]]:
        """The samples without timestamps, and scrapes of those that have one."""
        if reading.t_ms is None:
            return reading.series, reading.values, []
        untimed = reading.t_ms == NO_TIME
        timed = []
        for t_ms in np.unique(reading.t_ms[~untimed]):
            at = np.flatnonzero(reading.t_ms == t_ms)
            series = tuple(reading.series[index] for index in at)
            timed.append(Scrape(int(t_ms), series, reading.values[at]))
        return self._select_series(reading.series, untimed), reading.values[untimed], timed

    def _select_series(self, series: tuple[Labels, ...], untimed: Mask) -> tuple[Labels, ...]:
        """The series of the mask, as the same tuple as long as nothing changes."""
        kept = self._split
        if kept is None or kept[0] is not series or not np.array_equal(kept[1], untimed):
            chosen = tuple(series[index] for index in np.flatnonzero(untimed))
            kept = self._split = (series, untimed, chosen)
        return kept[2]


def _build_stale_markers(series: Sequence[Labels], t_ms: int) -> list[Scrape]:
    if not series:
        return []
    markers = np.full(len(series), STALE_BITS, np.uint64).view(np.float64)
    return [Scrape(t_ms, tuple(series), markers)]
