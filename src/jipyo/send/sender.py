"""Sends what waits for one destination: batch by batch, and again until it is delivered."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.loops import Periodic
from jipyo.model.errors import JipyoError
from jipyo.send.blocks import (
    count_samples,
    group_blocks,
    halve,
    newest_ms,
    split_by_series,
    split_by_time,
)
from jipyo.send.delivery import BAD_REQUEST, TOO_LARGE, Delivery, deliver
from jipyo.send.metadata import MetadataTable
from jipyo.send.options import Protocol
from jipyo.send.rewrite import Rewriter
from jipyo.wire.remote_write import RemoteWriteEncoder

if TYPE_CHECKING:
    from random import Random

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.send.blocks import Blocks
    from jipyo.send.cursor import Batch, Cursor
    from jipyo.send.delivery import Outcome, Post
    from jipyo.send.options import RemoteWriteOptions

_LOG = logging.getLogger(__name__)
_FIRST_BACKOFF_MS = 100.0
_MOST_HALVES = 64
"""How often the requests of a lane are halved at most."""


@dataclass(slots=True)
class SendCounts:
    """What a destination got, since the start."""

    samples: int = 0
    """Samples of delivered requests."""
    bytes: int = 0
    """Bytes of the messages of delivered requests, before compression."""
    requests: int = 0
    failures: int = 0
    """Requests that will be sent again."""
    retried: int = 0
    """Samples that were sent again."""
    rejected: int = 0
    """Samples that the server did not store, and will not."""
    relabelled: int = 0
    """Samples that relabelling dropped."""
    repeated: int = 0
    """Samples rejected when they were sent again: nearly always those that were stored before."""
    seconds: float = 0.0
    newest_sent_ms: int = 0


@dataclass(slots=True)
class _Request:
    """A message on its way."""

    blocks: Blocks
    is_repeated: bool
    """Whether the server may have got some of it before."""

    @property
    def samples(self) -> int:
        return count_samples(self.blocks)

    def may_be_stored(self, outcome: Outcome) -> bool:
        """Whether the server may have refused it for samples that it has."""
        return self.is_repeated and outcome.status == BAD_REQUEST


@dataclass(slots=True)
class _Lane:
    """Requests that must be delivered one after the other; other lanes have other series."""

    requests: deque[_Request]
    has_delivered: bool = False
    """Whether the server has taken one of them."""
    halves_left: int = _MOST_HALVES


class Sender:
    """One destination, on a thread of its own."""

    def __init__(
        self,
        options: RemoteWriteOptions,
        cursor: Cursor,
        post: Post,
        clock: Clock,
        random: Random,
    ) -> None:
        """Nothing is sent before `start` or `step`.

        Raises:
            ConfigError: a relabelling rule is wrong.
        """
        self.options = options
        self.cursor = cursor
        self.counts = SendCounts()
        self.metadata = MetadataTable()
        self._post = post
        self._clock = clock
        self._random = random
        self._rewrite = Rewriter(options)
        self._encoder = RemoteWriteEncoder()
        self._encoding, self._counting = threading.Lock(), threading.Lock()
        self._stepping = threading.Lock()
        self._protocol = Protocol.V1 if options.protocol is Protocol.V1 else Protocol.V2
        self._lanes: list[_Lane] = []
        self._batch: Batch | None = None
        self._is_first = True
        self._failures_in_a_row = 0
        self._logged: set[str] = set()
        self._executor: ThreadPoolExecutor | None = None
        self._loop = Periodic(
            f"remote_write {options.name}",
            self.step,
            interval_ms=options.send_interval_ms,
            clock=clock,
        )

    def start(self) -> None:
        """Send what waits, now and from now on."""
        self._loop.start()

    def stop(self, timeout_s: float) -> None:
        """Send once more what waits, where the server takes it; the rest goes on waiting."""
        self._loop.request_stop()
        last = threading.Thread(target=self._finish, args=(timeout_s,), daemon=True)
        last.start()
        last.join(timeout_s)
        self.cursor.close()

    def loop_families(self) -> list[Family]:
        """The metrics of the sender's loop."""
        return self._loop.families()

    @property
    def is_failing(self) -> bool:
        """Whether the last requests were not delivered."""
        return self._failures_in_a_row > 0

    @property
    def oldest_waiting_ms(self) -> int | None:
        """The time of the oldest sample that is tried at the moment; None where none is."""
        batch = self._batch
        return None if batch is None else min(scrape.t_ms for scrape in batch.scrapes)

    @property
    def shards(self) -> int:
        """Requests that are on their way together."""
        return len(self._lanes)

    def step(self) -> float | None:
        """Send the next batch, or again what was not delivered; milliseconds until the next step.

        None stands for the interval of the options.

        Raises:
            StoreError: the queue cannot be read at the moment.
        """
        with self._stepping:
            options = self.options
            if self._batch is None:
                self._batch = self.cursor.read(options.max_samples_per_send * options.max_shards)
                if self._batch is None:
                    return None
                self._lanes = self._plan(self._batch)
            delay_ms = self._deliver()
            if self._lanes:
                return delay_ms
            self.cursor.acknowledge(self._batch)
            self._batch, self._is_first = None, False
            has_more = self.cursor.unread_samples >= options.max_samples_per_send
            return 0.0 if has_more else None

    def _finish(self, timeout_s: float) -> None:
        self._loop.stop(timeout_s)
        end_ms = self._clock.monotonic_ms() + 1000 * timeout_s
        with contextlib.suppress(JipyoError):
            while not self.is_failing and self._clock.monotonic_ms() < end_ms:
                self.step()
                if self._batch is None and not self.cursor.unread_samples:
                    break
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    def _plan(self, batch: Batch) -> list[_Lane]:
        """The requests of a batch, each with series of its own."""
        blocks = group_blocks(self._rewrite(batch.scrapes))
        samples = count_samples(blocks)
        self.counts.relabelled += batch.samples - samples
        parts = split_by_series(blocks, -(-samples // self.options.max_samples_per_send))
        # What was sent when the process was killed comes first after its start.
        return [_Lane(deque([_Request(part, self._is_first)])) for part in parts if part]

    def _deliver(self) -> float:
        """Try every lane; how long to wait before those are tried again that are left."""
        if len(self._lanes) == 1:
            failed = [self._deliver_lane(self._lanes[0])]
        else:
            if self._executor is None and self._lanes:
                self._executor = ThreadPoolExecutor(self.options.max_shards, "remote_write")
            run = self._executor.map if self._executor else map
            failed = list(run(self._deliver_lane, self._lanes))
        self._lanes = [lane for lane in self._lanes if lane.requests]
        outcomes = [outcome for outcome in failed if outcome is not None]
        if not outcomes:
            if self.is_failing:
                _LOG.info("remote write to %s works again", self.options.name)
            self._failures_in_a_row = 0
            return 0.0
        if not self.is_failing:
            _LOG.warning(
                "remote write to %s fails, samples wait on disk: %s",
                self.options.name,
                outcomes[0].error,
            )
        self._failures_in_a_row += 1
        return self._back_off(max(outcome.pause_s for outcome in outcomes))

    def _back_off(self, pause_s: float) -> float:
        doubled = math.ldexp(_FIRST_BACKOFF_MS, min(self._failures_in_a_row - 1, 20))
        backoff_ms = min(doubled, self.options.max_backoff_ms)
        return max(backoff_ms * self._random.uniform(0.5, 1.0), 1000 * pause_s)

    def _deliver_lane(self, lane: _Lane) -> Outcome | None:
        """Deliver the requests of a lane in their order, until one must be tried again later."""
        while lane.requests:
            request = lane.requests[0]
            outcome = self._send(request)
            match outcome.delivery:
                case Delivery.RETRY:
                    request.is_repeated = True
                    return outcome
                case Delivery.WITHOUT_V2 if self.options.protocol is Protocol.AUTO:
                    self._fall_back(outcome)
                    continue
                case Delivery.DELIVERED:
                    self._count_delivered(request, outcome)
                    lane.requests.popleft()
                    lane.has_delivered = True
                case _:
                    lane.requests.popleft()
                    self._handle_rejection(lane, request, outcome)
        return None

    def _send(self, request: _Request) -> Outcome:
        protocol = self._protocol
        news = self.metadata.take_news() if protocol is Protocol.V1 else []
        with self._encoding:
            if protocol is Protocol.V1:
                message = self._encoder.encode_v1(request.blocks, news)
            else:
                message = self._encoder.encode_v2(request.blocks, self.metadata.find)
        start_ms = self._clock.monotonic_ms()
        outcome = deliver(self._post, message, protocol, self._clock.now_ms() / 1000)
        if outcome.delivery is not Delivery.DELIVERED:
            self.metadata.return_news(news)
        with self._counting:
            counts = self.counts
            counts.requests += 1
            counts.seconds += (self._clock.monotonic_ms() - start_ms) / 1000
            counts.retried += request.samples if request.is_repeated and not self._is_first else 0
            counts.failures += outcome.delivery is Delivery.RETRY
            counts.bytes += len(message) if outcome.delivery is Delivery.DELIVERED else 0
        return outcome

    def _fall_back(self, outcome: Outcome) -> None:
        """Use 1.0 until the next start."""
        with self._counting:
            if self._protocol is not Protocol.V1:
                self._protocol = Protocol.V1
                _LOG.info("remote write to %s uses 1.0: %s", self.options.name, outcome.error)

    def _count_delivered(self, request: _Request, outcome: Outcome) -> None:
        samples = request.samples
        written = samples if outcome.written is None else min(outcome.written, samples)
        with self._counting:
            self.counts.samples += written
            self.counts.rejected += samples - written
            self.counts.newest_sent_ms = max(self.counts.newest_sent_ms, newest_ms(request.blocks))

    def _handle_rejection(self, lane: _Lane, request: _Request, outcome: Outcome) -> None:
        """Drop what the server does not take, after trying whether a part of it will do."""
        may_be_stored = request.may_be_stored(outcome)
        parts = _divide(lane, request, outcome)
        if len(parts) > 1:
            repeated = request.is_repeated
            lane.requests.extendleft(_Request(part, repeated) for part in reversed(parts))
            return
        written = min(outcome.written or 0, request.samples)
        with self._counting:
            self.counts.samples += written
            if may_be_stored:
                self.counts.repeated += request.samples - written
            else:
                self.counts.rejected += request.samples - written
        if not may_be_stored:
            self._log_rejection(request.samples - written, outcome)

    def _log_rejection(self, samples: int, outcome: Outcome) -> None:
        """Log each cause once; the metrics count all."""
        cause = str(outcome.status)
        with self._counting:
            if cause in self._logged:
                return
            self._logged.add(cause)
        name = self.options.name
        _LOG.error("remote write to %s: %d samples are dropped: %s", name, samples, outcome.error)


def _divide(lane: _Lane, request: _Request, outcome: Outcome) -> list[Blocks]:
    """The parts of a rejected request that are worth a try, in the order of time.

    A server of 1.0 rejects all of a request for a single sample that it has, and the others
    would be lost. What it has of a lane are the oldest times, as the lane was sent in the order
    of time: so each time is sent by itself. Halves would be tried up to their limit within what
    it has. Behind a time that it has taken, a rejection has another cause, and halves find it.
    """
    if request.may_be_stored(outcome) and outcome.written is None:
        times = split_by_time(request.blocks)
        if len(times) > 1 or not lane.has_delivered:
            return times
    elif outcome.status != TOO_LARGE:
        return []
    if not lane.halves_left:
        return []
    lane.halves_left -= 1
    return halve(request.blocks)
