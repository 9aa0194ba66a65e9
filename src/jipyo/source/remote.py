"""A source by URL as a member of several: whether it answers, and what it is known to have."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind, SourceError
from jipyo.model.family import gauge
from jipyo.model.result import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.source.base import Source
    from jipyo.source.prune import MetricNames

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_PROBE = "1"
_HEARTBEATS = ("up", "target_info")
"""Metrics that a server has samples of as long as it receives any."""
_MOST_HEARTBEATS = 50
_SINCE_WINDOW = "1d"
_AT_ONCE = 0.0
"""When a probe is due as long as none has ended since the failure."""
_VERDICTS = frozenset({QueryErrorKind.BAD_DATA, QueryErrorKind.EXECUTION})
"""Errors about the query, of a server that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOptions:
    """How patient a member of several sources is with its server."""

    workers: int = 8
    """Queries at the same time, in each lane."""
    slow_ms: float = 2000.0
    """After so long without an answer the server is asked whether it answers at all."""
    probe_ms: float = 3000.0
    """How long that may take."""
    retry_ms: float = 5000.0
    """The pause between two such probes of a server that fails."""
    grace_ms: float = 1000.0
    """How long queries wait for the first probe after a failure before they go without."""
    known_ms: float = 30_000.0
    """How long names and age of the newest sample count before they are looked up again."""
    stale_ms: int = 300_000
    """A server whose newest sample is older receives nothing any more."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a server has, as last looked up."""

    names: MetricNames
    """Of all metrics that it has ever had."""
    newest_ms: int | None
    """When its newest sample is from; None where it has none of the last day."""
    read_ms: int
    """When this was looked up, by the clock of this machine."""
    missing: tuple[JipyoError, ...] = ()
    """What the server itself could not read, so that there may be more names."""

    def lacks(self, end_ms: int, stale_ms: int) -> bool:
        """Whether samples up to `end_ms` are missing, because the server received none."""
        if self.newest_ms is None:
            return True
        return self.read_ms - self.newest_ms > stale_ms and end_ms - self.newest_ms > stale_ms


@dataclass(frozen=True, slots=True)
class _Probe:
    """A probe that is on its way."""

    began_ms: float
    done: threading.Event = field(default_factory=threading.Event)


class Remote:
    """A named source by URL, shared by all who ask it; safe to use from several threads.

    A server that fails is not asked again before a probe of it has succeeded, so that one
    that hangs does not cost its timeout at every query.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        clock: Clock,
        options: RemoteOptions | None = None,
        families: Callable[[], Iterable[Family]] = tuple,
    ) -> None:
        """Nothing is asked before the first query; `families` are the source's own metrics."""
        self.name = name
        self.source = source
        self.options = options or RemoteOptions()
        self._clock = clock
        self._lock = threading.Lock()
        self._lookup = threading.Lock()
        self._own_families = families
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._error: SourceError | None = None
        self._holdings: Holdings | None = None
        self._holdings_due_ms = 0.0
        self._probe: _Probe | None = None
        self._probe_due_ms = _AT_ONCE

    @property
    def holdings(self) -> Holdings | None:
        """What the server is known to have; None before it was ever read."""
        return self._holdings

    def find_failure(self, *, wait: bool = False) -> SourceError | None:
        """Why the server is not asked at the moment; None where it answers as far as known.

        With `wait` the first probe after a failure may take the grace before that counts.
        """
        with self._lock:
            self._give_up_slow_probe()
            if self._error is None:
                return None
            self._start_probe_when_due()
            probe, is_first = self._probe, self._probe_due_ms == _AT_ONCE
        if wait and probe is not None and is_first:
            left_ms = probe.began_ms + self.options.grace_ms - self._clock.monotonic_ms()
            probe.done.wait(max(left_ms, 0) / 1000)
        return self._error

    def find_problem(self) -> JipyoError | None:
        """What is wrong at the moment: no answer, stale samples, or parts that it cannot read."""
        problem = self.find_failure(wait=True) or self.find_staleness_now()
        missing = () if self._holdings is None else self._holdings.missing
        return problem or next(iter(missing), None)

    def find_staleness(self, end_ms: int) -> SourceError | None:
        """Why answers up to `end_ms` lack the newest samples, as far as known."""
        holdings = self._holdings
        if holdings is None or not holdings.lacks(end_ms, self.options.stale_ms):
            return None
        if holdings.newest_ms is None:
            return SourceError("source.empty", source=self.name)
        return SourceError("source.stale", source=self.name, since_ms=holdings.newest_ms)

    def find_staleness_now(self) -> SourceError | None:
        """Why answers up to now lack the newest samples, as far as known."""
        return self.find_staleness(self._clock.now_ms())

    def submit(self, ask: Callable[[], _T], lane: str = "") -> Future[_T]:
        """Ask the server on a thread of the lane's pool; failure and success count for all.

        The future raises `QueryError`, or the `SourceError` of `find_failure`.
        """
        with self._lock:
            pool = self._pools.get(lane)
            if pool is None:
                pool = ThreadPoolExecutor(self.options.workers, f"source-{self.name}-{lane}")
                self._pools[lane] = pool
        return pool.submit(self._ask, ask)

    def check_in_background(self) -> None:
        """Probe a server that is slow, unless a probe of it is on its way."""
        with self._lock:
            self._give_up_slow_probe()
            if self._error is None and self._probe is None:
                self._start_probe()

    def needs_lookup(self) -> bool:
        """Whether names and age of the newest sample are to be looked up again."""
        return self._clock.monotonic_ms() >= self._holdings_due_ms

    def look_up(self, source: Source, *, wait: bool = True) -> None:
        """Look up what the server has, unless another thread does.

        A server that rejects the queries for it is asked everything, and never called stale.

        Args:
            source: the server's source, bound to who waits for this.
            wait: for the other thread, where nothing is known yet. A query that came through
                another jipyo must not: that one may be waited for by the other thread.

        Raises:
            QueryError: nobody waits any more.
            SourceError: the server failed.
        """
        if not self._lookup.acquire(blocking=wait and self._holdings is None):
            return
        try:
            if self.needs_lookup():
                now_ms = self._clock.now_ms()
                try:
                    names = source.metric_names(now_ms)
                    missing = source.find_missing()
                    newest_ms = _find_newest(source, names, now_ms)
                    self._holdings = Holdings(names, newest_ms, now_ms, missing)
                except QueryError as error:
                    if error.kind is QueryErrorKind.CANCELED:
                        raise
                self._holdings_due_ms = self._clock.monotonic_ms() + self.options.known_ms
        finally:
            self._lookup.release()

    def families(self) -> Iterator[Family]:
        """Whether the server answers, and how old its newest sample is."""
        yield from self._own_families()
        name, names = (self.name,), ("source",)
        yield gauge(
            "jipyo_source_up",
            "Whether the source answered last.",
            names,
            [(name, float(self._error is None))],
        )
        holdings = self._holdings
        if holdings is not None and holdings.newest_ms is not None:
            age_s = (self._clock.now_ms() - holdings.newest_ms) / 1000
            yield gauge(
                "jipyo_source_newest_sample_age_seconds",
                "Age of the newest sample of the source, as last looked up.",
                names,
                [(name, age_s)],
            )

    def _ask(self, ask: Callable[[], _T]) -> _T:
        failure = self.find_failure(wait=True)
        if failure is not None:
            raise failure
        try:
            answer = ask()
        except SourceError as error:
            raise self._note_failure(error) from error
        except QueryError as error:
            if error.kind in _VERDICTS:
                self._note_success()
            raise
        self._note_success()
        return answer

    def _note_failure(self, error: JipyoError) -> SourceError:
        with self._lock:
            if self._error is None:
                self._error = SourceError(
                    "source.missing",
                    hint=error.hint,
                    source=self.name,
                    since_ms=self._clock.now_ms(),
                    reason=error.values.get("problem", error),
                )
                self._probe_due_ms = _AT_ONCE
                _LOG.warning("source %s cannot be read: %s", self.name, error)
            self._start_probe_when_due()
            return self._error

    def _note_success(self) -> None:
        with self._lock:
            if self._error is not None:
                _LOG.info("source %s answers again", self.name)
                self._holdings_due_ms = 0.0
            self._error = None

    def _start_probe_when_due(self) -> None:
        if self._probe is None and self._clock.monotonic_ms() >= self._probe_due_ms:
            self._start_probe()

    def _start_probe(self) -> None:
        self._probe = _Probe(self._clock.monotonic_ms())
        thread = threading.Thread(
            target=self._run_probe, args=(self._probe,), name=f"probe-{self.name}", daemon=True
        )
        thread.start()

    def _run_probe(self, probe: _Probe) -> None:
        try:
            self.source.instant(_PROBE, self._clock.now_ms())
        except (QueryError, SourceError) as error:
            self._end_probe(probe)
            self._note_failure(error)
        else:
            self._note_success()
        finally:
            self._end_probe(probe)
            probe.done.set()

    def _end_probe(self, probe: _Probe) -> None:
        with self._lock:
            if self._probe is probe:
                self._probe = None
                self._probe_due_ms = self._clock.monotonic_ms() + self.options.retry_ms

    def _give_up_slow_probe(self) -> None:
        """Count a probe that takes too long as a failure; it may still end as a success."""
        if self._probe is None or self._error is not None:
            return
        if self._clock.monotonic_ms() - self._probe.began_ms >= self.options.probe_ms:
            seconds = f"{self.options.probe_ms / 1000:g}"
            reason = SourceError("source.hangs", seconds=seconds)
            self._error = SourceError(
                "source.missing", source=self.name, since_ms=self._clock.now_ms(), reason=reason
            )
            _LOG.warning("source %s cannot be read: %s", self.name, reason)


def _find_newest(source: Source, names: MetricNames, now_ms: int) -> int | None:
    """When the newest sample of the heartbeats is from; None for none of the last day."""
    if not names:
        return None
    beats = [name for name in _HEARTBEATS if name in names][:1]
    some = beats or sorted(names)[:: len(names) // _MOST_HEARTBEATS + 1]
    selector = f'{{__name__=~"{"|".join(some)}"}}' if len(some) > 1 else f'{{"{some[0]}"}}'
    newest = _read_value(source, f"max(timestamp({selector}))", now_ms)
    if newest is None:
        window = f"timestamp({selector})[{_SINCE_WINDOW}:5m]"
        newest = _read_value(source, f"max(max_over_time({window}))", now_ms)
    return None if newest is None else int(newest * 1000)


def _read_value(source: Source, expr: str, now_ms: int) -> float | None:
    value = source.instant(expr, now_ms).value
    return float(value.values[0]) if isinstance(value, Vector) and value.series else None
