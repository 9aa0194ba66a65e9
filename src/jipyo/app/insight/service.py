"""The part of the server that looks ahead: every hour all series, every minute what is unusual."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.forecast import Forecast
from jipyo.analysis.outlook import DAY_MS, OutlookOptions
from jipyo.app.insight.anomalies import AnomalyWatch
from jipyo.app.insight.histories import Histories
from jipyo.app.insight.series import METADATA, SeriesWriter, build_outlook_series, merge_samples
from jipyo.app.insight.workers import WorkerCounts, Workers
from jipyo.loops import Periodic
from jipyo.model.errors import JipyoError
from jipyo.model.family import gauge, single
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType
from jipyo.source.hourly import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.outlook import Outlook
    from jipyo.app.insight.book import OutlookBook
    from jipyo.catalogue import Catalogue
    from jipyo.config.insight import InsightOptions
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender
    from jipyo.source.base import Source

FIRST_RUN_MS = 60_000.0
"""After the start: first what is collected and shown, then what is computed from it."""
WRITE_MS = 60_000.0
"""Results are written so often that no query finds a series without a recent value."""
_AFTER_HOUR_MS = 120_000
"""After the full hour: its last samples have come by then."""


@dataclass(slots=True)
class RunCounts:
    """What the last run did."""

    seconds: float = 0.0
    finished_ms: int = 0
    series: dict[str, int] = field(default_factory=dict)
    """By outcome."""
    rejected: int = 0
    """Metrics whose query the source rejected."""
    succeeded: bool = True


class Insight:
    """Runs from the start of the server to its end, by the configuration in force."""

    def __init__(self, store: Appender, clock: Clock, folder: Path, book: OutlookBook) -> None:
        """Nothing is computed before `start`; `folder` has what must survive a restart.

        The outlooks of each run are put into the `book`.
        """
        self.book = book
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._options: InsightOptions | None = None
        self._own = Labels(())
        self._histories: Histories | None = None
        self._workers = WorkerCounts()
        self._counts = RunCounts()
        self._writer = SeriesWriter()
        self._watch = AnomalyWatch(clock, folder / "anomalies.state")
        self._run_loop = Periodic("insight", self.run, interval_ms=FIRST_RUN_MS, clock=clock)
        self._write_loop = Periodic("insight-series", self.write, interval_ms=WRITE_MS, clock=clock)

    def apply(self, config: Config, source: Source, catalogue: Catalogue) -> None:
        """Compute by this configuration from now on, beginning with the next run."""
        options = config.settings.insight
        with self._lock:
            self._options = options
            self._own = Labels.of({"job": "jipyo", "instance": config.instance})
            self._histories = None
            if options is not None:
                most = options.max_series
                hours = _find_settings(options).history_hours
                self._histories = Histories(source, catalogue, config.zone, most, hours)
                self._watch.apply((source, catalogue, config.zone, most))
        if options is None:
            self._watch.apply(None)
            self.book.replace(())

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._store.describe(METADATA)
        self._watch.start()
        self._run_loop.start()
        self._write_loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`; a run in progress ends with the batch that it computes."""
        self._run_loop.request_stop()
        self._write_loop.stop()
        self._run_loop.stop()
        self._watch.stop()

    def run(self) -> float | None:
        """Compute the outlook of every series, and return when the next run is due.

        Raises:
            SourceError: the source failed; the outlooks before stay.
        """
        with self._lock:
            options, histories = self._options, self._histories
        if options is None or histories is None:
            return FIRST_RUN_MS
        started_ms = self._clock.monotonic_ms()
        try:
            outlooks = self._compute(options, histories)
        except JipyoError:
            self._counts.succeeded = False
            raise
        if not self._run_loop.stopping.is_set():
            self.book.replace(outlooks)
            self._counts = RunCounts(
                seconds=(self._clock.monotonic_ms() - started_ms) / 1000,
                finished_ms=self._clock.now_ms(),
                series=_count_outcomes(outlooks, histories),
                rejected=histories.rejected,
            )
        return find_delay_ms(self._clock.now_ms(), options.interval_ms)

    def _compute(self, options: InsightOptions, histories: Histories) -> list[Outlook]:
        settings, stopping = _find_settings(options), self._run_loop.stopping
        with Workers(settings, options.workers, self._workers, stopping=stopping) as workers:
            found = [one for part in histories.read(self._clock.now_ms()) for one in part]
            return workers.compute(found)

    def write(self) -> None:
        """Store what is known now.

        Raises:
            StoreFull: nothing can be stored.
        """
        with self._lock:
            own = self._own
        now_ms = self._clock.now_ms()
        parts = [build_outlook_series(one, now_ms, own) for one in self.book.list_all()]
        parts.append(self._watch.list_samples(own))
        scrapes = self._writer.build(now_ms, merge_samples(parts))
        if scrapes:
            self._store.append(scrapes)

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._run_loop.families()
        yield from self._write_loop.families()
        yield from self._watch.families()
        counts, workers = self._counts, self._workers
        for kind, name, text, value in (
            (MetricType.GAUGE, "run_seconds", "How long the last run took.", counts.seconds),
            (
                MetricType.GAUGE,
                "last_run_timestamp_seconds",
                "When the last run ended.",
                counts.finished_ms / 1000,
            ),
            (
                MetricType.GAUGE,
                "last_run_successful",
                "Whether the last run came to its end.",
                float(counts.succeeded),
            ),
            (
                MetricType.GAUGE,
                "rejected_metrics",
                "Metrics of the last run whose query the source rejected.",
                float(counts.rejected),
            ),
            (
                MetricType.COUNTER,
                "workers_died_total",
                "Worker processes that ended before they gave their results.",
                float(workers.died),
            ),
        ):
            yield single(kind, f"jipyo_insight_{name}", text, value)
        rows = [((outcome,), float(n)) for outcome, n in counts.series.items()]
        text = "Series of the last run by outcome."
        yield gauge("jipyo_insight_series", text, ("outcome",), rows)


def _find_settings(options: InsightOptions) -> OutlookOptions:
    return OutlookOptions(
        forecast_hours=options.horizon_ms // HOUR_MS,
        crossing_days=options.crossing_horizon_ms // DAY_MS,
    )


def find_delay_ms(now_ms: int, interval_ms: int) -> float:
    """Until the next run: at whole intervals, a little later so that the hour is complete."""
    due_ms = (now_ms // interval_ms + 1) * interval_ms
    return due_ms - now_ms + min(_AFTER_HOUR_MS, interval_ms // 2)


def _count_outcomes(outlooks: list[Outlook], histories: Histories) -> dict[str, int]:
    forecast = sum(isinstance(one.forecast, Forecast) for one in outlooks)
    crossing = sum(
        any(each.state is CrossingState.EXPECTED for each in one.crossing.crossings)
        for one in outlooks
        if one.crossing is not None
    )
    return {
        "forecast": forecast,
        "no_forecast": len(outlooks) - forecast,
        "crossing": crossing,
        "left_out": histories.left_out,
    }
