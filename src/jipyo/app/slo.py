"""The objectives, evaluated every minute while the server runs, and written as series."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.analysis.slo.wording import name_window
from jipyo.app.insight.series import SeriesWriter, merge_samples
from jipyo.loops import Periodic
from jipyo.model.family import gauge, single
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.analysis.slo.result import SloResult
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender
    from jipyo.source.base import Source

STEP_MS = 60_000
SETTLED_MS = 5_000
"""After the full minute: its samples have come by then."""
FIRST_MS = 15_000
"""After the start, and after a failure."""
OBJECTIVE = "jipyo_slo_objective"
COMPLIANCE = "jipyo_slo_compliance"
BUDGET_REMAINING = "jipyo_slo_error_budget_remaining"
BURN_RATE = "jipyo_slo_burn_rate"
GOOD, BAD = "jipyo_slo_good", "jipyo_slo_bad"
METADATA = (
    MetricMetadata(OBJECTIVE, MetricType.GAUGE, "Share that must be good, from 0 to 1."),
    MetricMetadata(COMPLIANCE, MetricType.GAUGE, "Share that was good so far in the period."),
    MetricMetadata(
        BUDGET_REMAINING,
        MetricType.GAUGE,
        "Share of the error budget that is left; 1 at the start of a period, negative: overspent.",
    ),
    MetricMetadata(
        BURN_RATE, MetricType.GAUGE, "How many times faster than allowed the budget is spent."
    ),
    MetricMetadata(GOOD, MetricType.GAUGE, "Good requests, or minutes, so far in the period."),
    MetricMetadata(BAD, MetricType.GAUGE, "Bad requests, or minutes, so far in the period."),
)


def build_slo_series(result: SloResult) -> Iterator[tuple[Labels, float]]:
    """The series of a result, with the labels of its target."""
    objective = result.objective
    about = result.labels.drop((METRIC_NAME, SOURCE)).put(
        {
            "slo": objective.id,
            "period": str(objective.period),
            "metric": objective.metric_id,
            "of_source": result.labels.get(SOURCE, ""),
        }
    )
    figures = {
        OBJECTIVE: float(objective.target),
        COMPLIANCE: result.compliance,
        BUDGET_REMAINING: result.budget_left,
        GOOD: None if result.refusal else result.tally.good,
        BAD: None if result.refusal else result.tally.bad,
    }
    for name, value in figures.items():
        if value is not None:
            yield about.put({METRIC_NAME: name}), value
    for burn in result.burn_rates:
        if burn.rate is not None:
            window = {METRIC_NAME: BURN_RATE, "window": name_window(burn.window_ms)}
            yield about.put(window), burn.rate


@dataclass(slots=True)
class SloBook:
    """The results of the last evaluation; read by the dashboard while another one runs."""

    _results: tuple[SloResult, ...] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def replace(self, results: tuple[SloResult, ...] | None) -> None:
        """Put the results of an evaluation in the place of those before."""
        with self._lock:
            self._results = results

    def list_all(self) -> tuple[SloResult, ...] | None:
        """The results; None where there was no evaluation yet."""
        with self._lock:
            return self._results


@dataclass(frozen=True, slots=True)
class _Setting:
    """What is evaluated, and what has been read for it: hours that are over are not read again."""

    objectives: tuple[ServiceLevelObjective, ...]
    zone: ZoneInfo
    reader: CountReader


class SloLoop:
    """Runs from the start of the server to its end, by the configuration in force.

    It keeps nothing of its own: after a restart the same samples give the same figures.
    """

    def __init__(self, store: Appender, clock: Clock, book: SloBook) -> None:
        """Nothing is evaluated before `start`; results are put into the `book`, too."""
        self.book = book
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._setting: _Setting | None = None
        self._writer = SeriesWriter()
        self._seconds, self._written_ms = 0.0, 0
        self._loop = Periodic("slo", self.step, interval_ms=FIRST_MS, clock=clock)

    def apply(
        self, config: Config, source: Source, objectives: tuple[ServiceLevelObjective, ...]
    ) -> None:
        """Evaluate these objectives from now on."""
        reader = CountReader(source, self._loop.stopping)
        with self._lock:
            self._setting = _Setting(objectives, config.zone, reader)
        self.book.replace(None)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._store.describe(METADATA)
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`; queries that run are abandoned."""
        self._loop.stop()

    def step(self) -> float:
        """Evaluate and write; how long until the next minute is over.

        Raises:
            SourceError: the source failed; the results before stay.
            StoreFull: nothing can be stored.
        """
        with self._lock:
            setting = self._setting
        now_ms = self._clock.now_ms()
        if setting is not None and setting.objectives:
            started_ms = self._clock.monotonic_ms()
            results = evaluate_levels(setting.reader, setting.objectives, now_ms, setting.zone)
            setting.reader.forget_unused()
            with self._lock:
                if self._setting is setting:
                    self.book.replace(results)
            self._seconds = (self._clock.monotonic_ms() - started_ms) / 1000
            self._write(results, now_ms // STEP_MS * STEP_MS)
        return STEP_MS - (self._clock.now_ms() - SETTLED_MS) % STEP_MS

    def _write(self, results: tuple[SloResult, ...], t_ms: int) -> None:
        """Store the figures at the minute that they count to; once, should a clock be set back."""
        if t_ms <= self._written_ms:
            return
        samples = merge_samples(map(build_slo_series, results))
        scrapes = self._writer.build(t_ms, samples)
        if scrapes:
            self._store.append(scrapes)
        self._written_ms = t_ms

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._loop.families()
        text = "How long the last evaluation of all objectives took."
        yield single(MetricType.GAUGE, "jipyo_slo_evaluation_seconds", text, self._seconds)
        results = self.book.list_all() or ()
        counts: dict[str, int] = {}
        for result in results:
            word = "refused" if result.refusal else result.result.value
            counts[word] = counts.get(word, 0) + 1
        rows = [((word,), float(n)) for word, n in counts.items()]
        yield gauge("jipyo_slo_results", "Objectives by result.", ("result",), rows)
