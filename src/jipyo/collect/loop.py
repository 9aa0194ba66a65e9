"""Scrapes every target on its schedule and appends the samples to the store.

One thread per target, so that a slow one never delays another. The first failure of a target
and its recovery are logged, and every scrape is counted in `jipyo_collect_*`.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.collect.buffer import Buffer
from jipyo.collect.failure import ProbeWatch, find_failure_reason
from jipyo.collect.limits import spent_cpu_s
from jipyo.collect.schedule import CLOCK_DRIFT_MS, next_due_ms, phase_ms, timestamp_ms
from jipyo.collect.staleness import StalenessTracker
from jipyo.collect.target import Target, TargetState, TargetStatus
from jipyo.loops import Periodic
from jipyo.model.errors import CollectError, JipyoError, StoreFull
from jipyo.model.family import Row, counter, gauge, single
from jipyo.model.sample import MetricMetadata, MetricType, Reject, Scrape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jipyo.model.clock import Clock
    from jipyo.model.failure import FailureReason
    from jipyo.model.family import Family
    from jipyo.model.reading import TargetReading
    from jipyo.model.store import Appender

__all__ = ["Loop", "LoopOptions", "Target", "TargetState", "TargetStatus"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOptions:
    """Intervals and limits of the loop."""

    max_waiting_samples: int = 1_000_000
    """Kept in memory while the store cannot write; beyond that the oldest are dropped."""
    discovery_interval_ms: int = 5_000
    """How often the list of targets is refreshed."""
    stop_timeout_s: float = 5.0
    """How long a stop waits for scrapes in progress."""


class Loop:
    """All targets, each scraped on its own thread."""

    def __init__(
        self, appender: Appender, *, clock: Clock, options: LoopOptions | None = None
    ) -> None:
        """Nothing runs before `start` or `sync`."""
        self._options = options or LoopOptions()
        self._clock = clock
        self._buffer = Buffer(appender, max_samples=self._options.max_waiting_samples)
        self._lock = threading.Lock()
        self._workers: dict[Target, _Worker] = {}
        self._ending: list[_Worker] = []
        self._rejected: dict[Reject, int] = {}
        self._stopping = False
        self._refreshing = threading.Lock()
        self._discover: Callable[[], Sequence[Target]] = tuple
        self._discovery: Periodic | None = None

    @property
    def writable(self) -> bool:
        """Whether the store accepts samples; while it does not they wait in memory."""
        return self._buffer.writable

    @property
    def write_error(self) -> StoreFull | None:
        """Why the store accepts no samples; None while it does."""
        return self._buffer.write_error

    def start(self, discover: Callable[[], Sequence[Target]]) -> None:
        """Scrape the targets that `discover` returns, and refresh the list periodically.

        Raises:
            ConfigError, CollectError: the first discovery failed; nothing was started.
        """
        self._discover = discover
        self.refresh()
        self._discovery = Periodic(
            "discovery",
            self.refresh,
            interval_ms=self._options.discovery_interval_ms,
            clock=self._clock,
        )
        self._discovery.start()

    def refresh(self) -> None:
        """Ask for the list of targets now; returns once each of them has a thread.

        Raises:
            ConfigError, CollectError: the discovery failed; the targets stay as they are.
        """
        with self._refreshing:
            self.sync(self._discover())

    def sync(self, targets: Iterable[Target]) -> None:
        """Scrape exactly these targets from now on; series of removed ones become stale.

        A target that takes the place of one with the same labels continues its series: nothing
        becomes stale, and the first scrape comes when that of the other has ended.
        """
        wanted = dict.fromkeys(targets)
        with self._lock:
            if self._stopping:
                return
            self._ending = [worker for worker in self._ending if worker.thread.is_alive()]
            removed = [self._workers[target] for target in self._workers if target not in wanted]
            for worker in removed:
                del self._workers[worker.target]
            for target in wanted:
                if target not in self._workers:
                    before = _find_predecessor(target, removed, self._ending)
                    self._workers[target] = _Worker(
                        target, self._clock, self._append, self._buffer.describe, before
                    )
                    self._workers[target].thread.start()
            for worker in removed:
                worker.request_stop()
            self._ending += removed

    def stop(self) -> None:
        """End all scrapes and mark every series stale."""
        with self._lock:
            self._stopping = True
            workers = [*self._workers.values(), *self._ending]
        for worker in workers:
            worker.request_stop()
        end = time.monotonic() + self._options.stop_timeout_s
        if self._discovery is not None:
            self._discovery.stop(self._options.stop_timeout_s)
        for worker in workers:
            worker.thread.join(max(end - time.monotonic(), 0))

    def targets(self) -> tuple[TargetStatus, ...]:
        """The current status of every target."""
        with self._lock:
            return tuple(worker.status for worker in self._workers.values())

    def latest(self) -> tuple[Family, ...]:
        """The last result of our own collectors, for `/metrics`."""
        with self._lock:
            readers = [target.reader for target in self._workers]
        return tuple(family for reader in readers for family in reader.families())

    def families(self) -> list[Family]:
        """The loop's own metrics."""
        with self._lock:
            workers = list(self._workers.values())
            rejected = dict(self._rejected)
        return [
            *_build_target_families(workers),
            *_build_store_families(self._buffer, rejected),
            *(self._discovery.families() if self._discovery else ()),
        ]

    def _append(self, scrapes: Sequence[Scrape]) -> int:
        """Append and return how many samples the store rejected."""
        appended = self._buffer.append(scrapes)
        if appended.rejected:
            with self._lock:
                for reason, count in appended.rejected.items():
                    self._rejected[reason] = self._rejected.get(reason, 0) + count
        return sum(appended.rejected.values())


def _find_predecessor(
    target: Target, removed: Sequence[_Worker], ending: Sequence[_Worker]
) -> _Worker | None:
    """The worker that has scraped the series of a target until now; None where none has."""
    same = [worker for worker in (*ending, *removed) if worker.target.labels == target.labels]
    return next((worker for worker in reversed(same) if worker.successor is None), None)


@dataclass(slots=True)
class _ScrapeCounts:
    """Totals of one target since it was started."""

    scrapes: int = 0
    failures: int = 0
    missed: int = 0
    clock_steps: int = 0
    cpu_s: float = 0.0


class _Worker:
    """Scrapes one target on a thread of its own, at its phase of every interval."""

    def __init__(
        self,
        target: Target,
        clock: Clock,
        append: Callable[[Sequence[Scrape]], int],
        describe: Callable[[Sequence[MetricMetadata]], None],
        before: _Worker | None = None,
    ) -> None:
        """`before` has scraped the same series until now."""
        self.target = target
        self.status = TargetStatus(target.labels, target.url, target.interval_ms)
        self.counts = _ScrapeCounts()
        self.successor: _Worker | None = None
        self.thread = threading.Thread(target=self._run, name=str(target.labels), daemon=True)
        self._clock = clock
        self._append = append
        self._describe = describe
        self._tracker = StalenessTracker(target.labels)
        self._probe = ProbeWatch(target.labels)
        self._described: tuple[MetricMetadata, ...] = ()
        self._last_ms = 0
        self._stop = threading.Event()
        self._before = before
        if before is not None:
            before.successor = self
            self._continue(before)

    def request_stop(self) -> None:
        self._stop.set()

    def _continue(self, before: _Worker) -> None:
        """Take over what is known of the series; they are the same."""
        target = self.target
        self.status = replace(before.status, url=target.url, interval_ms=target.interval_ms)
        self.counts, self._tracker = before.counts, before._tracker
        self._last_ms = before._last_ms

    def _run(self) -> None:
        if self._before is not None:
            self._before.thread.join()  # so that no series is written by two at once
            self._continue(self._before)
            self._before = None
        if not self._stop.is_set():
            self._scrape_until_stopped()
        if self.successor is None:
            self._append_scrapes(self._tracker.stop(max(self._clock.now_ms(), self._last_ms + 1)))

    def _scrape_until_stopped(self) -> None:
        interval = self.target.interval_ms
        phase = phase_ms(str(self.target.labels) + self.target.url, interval)
        # At once, so that a start shows something, but after what a predecessor has read.
        due = max(self._clock.now_ms(), self._last_ms + 1)
        while True:
            wall, steady = self._clock.now_ms(), self._clock.monotonic_ms()
            self._scrape(timestamp_ms(wall, due, interval))
            due = next_due_ms(self._clock.now_ms(), interval, phase)
            if self._clock.wait(self._stop, due - self._clock.now_ms()):
                break
            self._count_missed(self._clock.now_ms() - wall, self._clock.monotonic_ms() - steady)

    def _count_missed(self, wall_ms: float, steady_ms: float) -> None:
        """Count intervals that passed without a scrape, and steps of the wall clock."""
        self.counts.missed += max(int(steady_ms / self.target.interval_ms) - 1, 0)
        if abs(wall_ms - steady_ms) > CLOCK_DRIFT_MS:
            self.counts.clock_steps += 1
            _LOG.warning(
                "%s: the clock was set by %.0f s", self.target.labels, (wall_ms - steady_ms) / 1e3
            )

    def _scrape(self, t_ms: int) -> None:
        start_ms, cpu = self._clock.monotonic_ms(), spent_cpu_s()
        reading, error = self._read_target(t_ms)
        duration_s = (self._clock.monotonic_ms() - start_ms) / 1000
        failure: FailureReason | None = None
        if error is not None:
            failure = find_failure_reason(error)
            scrapes = self._tracker.record_failure(t_ms, duration_s, failure)
        elif reading is None:
            scrapes = self._tracker.stop(t_ms)
        else:
            failure = self._probe.find_failure(reading)
            scrapes = self._tracker.record(reading, t_ms, duration_s, failure)
        rejected = self._append_scrapes(scrapes)
        if reading is not None:
            self._describe_metrics(reading.metadata)
        self._log_change(failure, error)
        state = TargetState.UP if failure is None else TargetState.DOWN
        if reading is None and error is None:
            state = TargetState.ABSENT
        self.counts.scrapes += 1
        self.counts.failures += error is not None
        self.counts.cpu_s += spent_cpu_s() - cpu
        self._last_ms = max(t_ms, self._last_ms)
        self.status = replace(
            self.status,
            state=state,
            error=error,
            failure=failure,
            last_ms=t_ms,
            since_ms=self.status.since_ms if state is self.status.state else t_ms,
            duration_s=duration_s,
            samples=reading.scraped if reading is not None else 0,
            notes=reading.notes if reading is not None else (),
            rejected=rejected,
        )

    def _log_change(self, failure: FailureReason | None, error: JipyoError | None) -> None:
        """Log the first failure, another reason, and the recovery."""
        before = self.status.failure
        if failure is before:
            return
        if failure is None:
            _LOG.info("%s is scraped again", self.target.labels)
        elif error is not None:
            _LOG.warning("%s cannot be scraped: %s", self.target.labels, error)
        else:
            cause = CollectError(f"health.cause.{failure.value}")
            _LOG.warning("the probe %s fails: %s", self.target.labels, cause)

    def _read_target(self, t_ms: int) -> tuple[TargetReading | None, JipyoError | None]:
        try:
            return self.target.reader.read(t_ms), None
        except JipyoError as error:
            return None, error
        except Exception as error:  # noqa: BLE001 - the edge: a target never ends its thread
            _LOG.debug("%s", self.target.labels, exc_info=True)
            return None, CollectError("collect.unexpected", reason=repr(error))

    def _append_scrapes(self, scrapes: Sequence[Scrape]) -> int:
        """Append and return how many samples the store rejected."""
        if not scrapes:
            return 0
        try:
            return self._append(scrapes)
        except JipyoError as error:
            _LOG.error("%s: samples are lost: %s", self.target.labels, error)
            return 0

    def _describe_metrics(self, metadata: tuple[MetricMetadata, ...]) -> None:
        if metadata is self._described:
            return
        try:
            self._describe(metadata)
            self._described = metadata
        except StoreFull:
            pass  # tried again with the next scrape
        except JipyoError as error:
            _LOG.warning("%s: metadata is lost: %s", self.target.labels, error)


_COUNTS: tuple[tuple[str, str, Callable[[_ScrapeCounts], float]], ...] = (
    ("scrapes_total", "Scrapes of a target.", lambda counts: counts.scrapes),
    ("failures_total", "Scrapes of a target that failed.", lambda counts: counts.failures),
    ("missed_total", "Scrapes left out because one took too long.", lambda c: c.missed),
    ("clock_steps_total", "Times the clock was set between two scrapes.", lambda c: c.clock_steps),
    ("cpu_seconds_total", "CPU time spent on a target.", lambda counts: counts.cpu_s),
)


def _build_target_families(workers: Sequence[_Worker]) -> Iterable[Family]:
    names = ("scrape_job", "scrape_instance")
    for name, text, count_of in _COUNTS:
        rows: dict[tuple[str, str], float] = {}
        for worker in workers:
            key = (worker.target.job, worker.target.instance)
            rows[key] = rows.get(key, 0.0) + count_of(worker.counts)
        yield counter(f"jipyo_collect_{name}", text, names, rows.items())
    states = dict.fromkeys(TargetState, 0)
    for worker in workers:
        states[worker.status.state] += 1
    by_state: list[Row] = [((state.value,), float(count)) for state, count in states.items()]
    yield gauge("jipyo_collect_targets", "Targets by state.", ("state",), by_state)


def _build_store_families(buffer: Buffer, rejected: dict[Reject, int]) -> Iterable[Family]:
    by_reason = [((reason.value,), float(rejected.get(reason, 0))) for reason in Reject]
    text = "Samples that the store rejected."
    yield counter("jipyo_collect_rejected_samples_total", text, ("reason",), by_reason)
    for kind, name, text, value in (
        (MetricType.GAUGE, "writable", "Whether the store accepts samples.", buffer.writable),
        (
            MetricType.GAUGE,
            "waiting_samples",
            "Samples kept in memory until the store accepts them.",
            buffer.waiting_samples,
        ),
        (
            MetricType.COUNTER,
            "dropped_samples_total",
            "Samples dropped because too many waited.",
            buffer.dropped_samples,
        ),
    ):
        yield single(kind, f"jipyo_collect_{name}", text, float(value))
