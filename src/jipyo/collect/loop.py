"""Reads every target on its schedule and hands the samples to the store.

One thread a target, so that a slow one never delays another. What fails is told once when
it begins and once when it ends, and is counted in `jipyo_collect_*`.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.collect.buffer import Buffer
from jipyo.collect.family_builders import Row, counter, gauge, single
from jipyo.collect.schedule import STEP_MS, Clock, next_due_ms, phase_ms, timestamp_ms
from jipyo.collect.staleness import StalenessTracker
from jipyo.collect.target import Target, TargetState, TargetStatus
from jipyo.model.errors import CollectError, JipyoError, StoreFull
from jipyo.model.sample import MetricMetadata, MetricType, Reject, Scrape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jipyo.model.family import Family
    from jipyo.model.reading import TargetReading
    from jipyo.model.store import Appender

__all__ = ["Loop", "LoopOptions", "Target", "TargetState", "TargetStatus"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOptions:
    """How the loop keeps time and what it keeps back."""

    max_waiting_samples: int = 1_000_000
    """Kept in memory while the store takes none; the oldest are dropped beyond that."""
    discover_s: float = 5.0
    """How often the list of targets is asked for anew."""
    stop_s: float = 5.0
    """How long a stop waits for readings under way."""


@dataclass(slots=True)
class _Counts:
    """What became of one target's readings since it was started."""

    readings: int = 0
    failures: int = 0
    missed: int = 0
    clock_steps: int = 0
    cpu_s: float = 0.0


class Loop:
    """All targets, each in its own thread."""

    def __init__(
        self, appender: Appender, *, clock: Clock, options: LoopOptions | None = None
    ) -> None:
        """Nothing runs before `start`."""
        self._options = options or LoopOptions()
        self._clock = clock
        self._buffer = Buffer(appender, max_samples=self._options.max_waiting_samples)
        self._lock = threading.Lock()
        self._workers: dict[Target, _Worker] = {}
        self._rejected: dict[Reject, int] = {}
        self._stopping = threading.Event()
        self._discovery: threading.Thread | None = None

    @property
    def writable(self) -> bool:
        """Whether the store takes samples; while it does not they wait in memory."""
        return self._buffer.writable

    def start(self, discover: Callable[[], Sequence[Target]]) -> None:
        """Read the targets that `discover` names, and ask it again from time to time."""
        self.sync(discover())
        self._discovery = threading.Thread(
            target=self._discover, args=(discover,), name="discovery", daemon=True
        )
        self._discovery.start()

    def sync(self, targets: Iterable[Target]) -> None:
        """Read exactly these targets from now on; those that are gone are marked stale."""
        wanted = list(targets)
        with self._lock:
            if self._stopping.is_set():
                return
            for target in [target for target in self._workers if target not in wanted]:
                self._workers.pop(target).stop()
            for target in wanted:
                if target not in self._workers:
                    self._workers[target] = _Worker(target, self._clock, self._take, self._tell)
                    self._workers[target].start()

    def stop(self) -> None:
        """End all readings and mark every series stale."""
        self._stopping.set()
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.stop()
        end = time.monotonic() + self._options.stop_s
        for thread in [self._discovery, *(worker.thread for worker in workers)]:
            if thread is not None:
                thread.join(max(end - time.monotonic(), 0))

    def targets(self) -> tuple[TargetStatus, ...]:
        """Every target as it is now."""
        with self._lock:
            return tuple(worker.status for worker in self._workers.values())

    def latest(self) -> tuple[Family, ...]:
        """What our own collectors last gave, for `/metrics`."""
        with self._lock:
            readers = [target.reader for target in self._workers]
        return tuple(family for reader in readers for family in reader.families())

    def families(self) -> list[Family]:
        """The loop's own metrics."""
        with self._lock:
            workers = list(self._workers.values())
            rejected = dict(self._rejected)
        return [*_about_targets(workers), *_about_store(self._buffer, rejected)]

    def _discover(self, discover: Callable[[], Sequence[Target]]) -> None:
        failing = False
        while not self._stopping.wait(self._options.discover_s):
            try:
                self.sync(discover())
                failing = False
            except JipyoError as error:
                if not failing:
                    _LOG.warning("targets stay as they are: %s", error)
                failing = True

    def _take(self, scrapes: Sequence[Scrape]) -> int:
        appended = self._buffer.append(scrapes)
        if appended.rejected:
            with self._lock:
                for reason, count in appended.rejected.items():
                    self._rejected[reason] = self._rejected.get(reason, 0) + count
        return sum(appended.rejected.values())

    def _tell(self, metadata: Sequence[MetricMetadata]) -> None:
        self._buffer.describe(metadata)


class _Worker:
    """One target's thread, and what it has come to."""

    def __init__(
        self,
        target: Target,
        clock: Clock,
        take: Callable[[Sequence[Scrape]], int],
        tell: Callable[[Sequence[MetricMetadata]], None],
    ) -> None:
        self.target = target
        self.status = TargetStatus(target.labels, target.url, target.interval_ms)
        self.counts = _Counts()
        self._clock = clock
        self._take = take
        self._tell = tell
        self._followed = StalenessTracker(target.labels)
        self._told: tuple[MetricMetadata, ...] = ()
        self._last_ms = 0
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name=str(target.labels), daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        interval = self.target.interval_ms
        phase = phase_ms(str(self.target.labels) + self.target.url, interval)
        due = self._clock.now_ms()  # at once, so that a start shows something
        while True:
            wall, steady = self._clock.now_ms(), self._clock.monotonic_ms()
            self._tick(timestamp_ms(wall, due, interval))
            due = next_due_ms(self._clock.now_ms(), interval, phase)
            if self._stopped.wait((due - self._clock.now_ms()) / 1000):
                break
            self._account(self._clock.now_ms() - wall, self._clock.monotonic_ms() - steady)
        self._hand_on(self._followed.stop(max(self._clock.now_ms(), self._last_ms + 1)))

    def _account(self, wall_ms: float, steady_ms: float) -> None:
        """Count what went by unread, and the clock being set."""
        self.counts.missed += max(int(steady_ms / self.target.interval_ms) - 1, 0)
        if abs(wall_ms - steady_ms) > STEP_MS:
            self.counts.clock_steps += 1
            _LOG.warning(
                "%s: the clock was set by %.0f s", self.target.labels, (wall_ms - steady_ms) / 1e3
            )

    def _tick(self, t_ms: int) -> None:
        start, cpu = time.perf_counter(), time.thread_time()
        reading, error = self._read(t_ms)
        duration = time.perf_counter() - start
        self._say(error)
        scrapes = self._scrapes(reading, error, t_ms, duration)
        rejected = self._hand_on(scrapes)
        if reading is not None:
            self._describe(reading.metadata)
        self.counts.readings += 1
        self.counts.failures += error is not None
        self.counts.cpu_s += time.thread_time() - cpu
        self._last_ms = max(t_ms, self._last_ms)
        self.status = replace(
            self.status,
            state=_state(reading, error),
            error=error,
            last_ms=t_ms,
            duration_s=duration,
            samples=reading.scraped if reading is not None else 0,
            notes=reading.notes if reading is not None else (),
            rejected=rejected,
        )

    def _read(self, t_ms: int) -> tuple[TargetReading | None, JipyoError | None]:
        try:
            return self.target.reader.read(t_ms), None
        except JipyoError as error:
            return None, error
        except Exception as error:  # noqa: BLE001 - the edge: a target never ends its thread
            _LOG.debug("%s", self.target.labels, exc_info=True)
            return None, CollectError("collect.unexpected", reason=repr(error))

    def _scrapes(
        self, reading: TargetReading | None, error: JipyoError | None, t_ms: int, duration_s: float
    ) -> list[Scrape]:
        if error is not None:
            return self._followed.failed(t_ms, duration_s)
        if reading is None:
            return self._followed.stop(t_ms)
        return self._followed.next(reading, t_ms, duration_s)

    def _hand_on(self, scrapes: Sequence[Scrape]) -> int:
        if not scrapes:
            return 0
        try:
            return self._take(scrapes)
        except JipyoError as error:
            _LOG.error("%s: samples are lost: %s", self.target.labels, error)
            return 0

    def _describe(self, metadata: tuple[MetricMetadata, ...]) -> None:
        if metadata is self._told:
            return
        try:
            self._tell(metadata)
            self._told = metadata
        except StoreFull:
            pass  # said again with the next reading
        except JipyoError as error:
            _LOG.warning("%s: metadata is lost: %s", self.target.labels, error)

    def _say(self, error: JipyoError | None) -> None:
        """Log the first failure and the first success after it."""
        if error is not None and self.status.error is None:
            _LOG.warning("%s cannot be read: %s", self.target.labels, error)
        if error is None and self.status.error is not None:
            _LOG.info("%s is read again", self.target.labels)


def _state(reading: TargetReading | None, error: JipyoError | None) -> TargetState:
    if error is not None:
        return TargetState.DOWN
    return TargetState.ABSENT if reading is None else TargetState.UP


_PER_TARGET: tuple[tuple[str, str, Callable[[_Counts], float]], ...] = (
    ("scrapes_total", "Readings of a target.", lambda counts: counts.readings),
    ("failures_total", "Readings of a target that failed.", lambda counts: counts.failures),
    ("missed_total", "Readings left out because one took too long.", lambda c: c.missed),
    ("clock_steps_total", "Times the clock was set between two readings.", lambda c: c.clock_steps),
    ("cpu_seconds_total", "CPU time spent on a target.", lambda counts: counts.cpu_s),
)


def _about_targets(workers: Sequence[_Worker]) -> Iterable[Family]:
    names = ("scrape_job", "scrape_instance")
    for name, text, value in _PER_TARGET:
        rows: dict[tuple[str, str], float] = {}
        for worker in workers:
            key = (worker.target.job, worker.target.instance)
            rows[key] = rows.get(key, 0.0) + value(worker.counts)
        yield counter(f"jipyo_collect_{name}", text, names, rows.items())
    states = dict.fromkeys(TargetState, 0)
    for worker in workers:
        states[worker.status.state] += 1
    by_state: list[Row] = [((state.value,), float(count)) for state, count in states.items()]
    yield gauge("jipyo_collect_targets", "Targets by state.", ("state",), by_state)


def _about_store(buffer: Buffer, rejected: dict[Reject, int]) -> Iterable[Family]:
    by_reason = [((reason.value,), float(rejected.get(reason, 0))) for reason in Reject]
    text = "Samples that the store refused."
    yield counter("jipyo_collect_rejected_samples_total", text, ("reason",), by_reason)
    for kind, name, text, value in (
        (MetricType.GAUGE, "writable", "Whether the store takes samples.", buffer.writable),
        (
            MetricType.GAUGE,
            "waiting_samples",
            "Samples kept in memory until the store takes them.",
            buffer.waiting_samples,
        ),
        (
            MetricType.COUNTER,
            "dropped_samples_total",
            "Samples given up because too many waited.",
            buffer.dropped_samples,
        ),
    ):
        yield single(kind, f"jipyo_collect_{name}", text, float(value))
