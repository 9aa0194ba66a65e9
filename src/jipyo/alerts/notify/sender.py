"""Sends what waits for one channel, on a thread of its own: in order, until it is confirmed."""

from __future__ import annotations

import logging
import math
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.notify.channel import RepeatingChannel
from jipyo.alerts.notify.limit import find_wait_ms, next_allowance_ms
from jipyo.alerts.notify.outbox import (
    has_more_due,
    list_open,
    mark_delivered,
    mark_failed,
    mark_rejected,
    mark_working,
    read_channel_state,
    take_apart,
    take_batch,
)
from jipyo.loops import Periodic
from jipyo.model.errors import JipyoError, MessageRejected, NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from jipyo.alerts.notify.channel import Channel
    from jipyo.alerts.notify.message import Message, Notification
    from jipyo.alerts.notify.outbox import ChannelState, OutboxBatch
    from jipyo.alerts.store import AlertStore
    from jipyo.i18n import Texts
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

    Compose = Callable[[str, Sequence[Notification]], Message]
    """The message of a batch with this key."""

_LOG = logging.getLogger(__name__)
POLL_MS = 500.0
"""How long a message waits at most before it is looked at."""
_FIRST_BACKOFF_MS, _LONGEST_BACKOFF_MS = 1000.0, 120_000.0
_MOST_REFUSALS = 3
"""After so many refusals of one message it is set aside, lest it hold up all that follow."""
_MOST_SINGLE = 5
"""What waits beyond this goes as one message."""
_MOST_TOGETHER = 100


@dataclass(slots=True)
class DeliveryCounts:
    """What a channel got, since the start."""

    messages: int = 0
    notifications: int = 0
    """With each of a combined message."""
    failures: int = 0
    """Attempts that will be made again."""
    rejected: int = 0
    """Notifications that the receiver does not take."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting:
    """A channel, and how it is used."""

    channel: Channel
    compose: Compose
    """Puts a batch into the channel's words."""
    t: Texts
    """The language of its errors, which people see in `status`."""
    max_per_hour: int
    """Messages; what is more goes together. A channel that repeats has no limit."""


class ChannelSender:
    """One channel."""

    def __init__(
        self, setting: ChannelSetting, store: AlertStore, clock: Clock, random: Random
    ) -> None:
        """Nothing is sent before `start` or `step`; `store` has the outbox."""
        self.name = setting.channel.name
        self.counts = DeliveryCounts()
        self._channel, self._compose = setting.channel, setting.compose
        self._t, self._max_per_hour = setting.t, setting.max_per_hour
        self._store, self._clock, self._random = store, clock, random
        self._repeats = isinstance(setting.channel, RepeatingChannel)
        self._repeated_ms = -math.inf
        self._refusals = 0
        self._singles_left = 0
        self._failures = 0
        self._loop = Periodic(
            f"channel {self.name}", self._step_unless_closed, interval_ms=POLL_MS, clock=clock
        )

    def start(self) -> None:
        """Send what waits, now and from now on."""
        self._loop.start()

    def stop(self, timeout_s: float) -> None:
        """End after the message in progress; the rest goes on waiting on disk."""
        self._loop.stop(timeout_s)

    def loop_families(self) -> list[Family]:
        """The metrics of the loop."""
        return self._loop.families()

    def step(self) -> float | None:
        """Send the next message; milliseconds until the next step, None for the interval.

        Raises:
            StoreError: the outbox cannot be read or written.
        """
        if self._repeats and self._is_repetition_due():
            delay_ms = self._repeat()
            if delay_ms:
                return delay_ms
        now_ms = self._clock.now_ms()
        with self._store.reading() as db:
            if not has_more_due(db, self.name, now_ms, 0):
                return None
            state = read_channel_state(db, self.name)
            wait_ms = 0 if self._repeats else self._find_wait_ms(state, now_ms)
            most = self._choose_size(state, has_more_due(db, self.name, now_ms, _MOST_SINGLE))
        if wait_ms:
            return min(float(wait_ms), 60_000.0)
        with self._store.transaction() as db:
            batch = take_batch(db, self.name, now_ms, most)
        return None if batch is None else self._send(batch, state)

    def _step_unless_closed(self) -> float | None:
        """A step; one that a receiver held up beyond the end of the server comes to nothing."""
        try:
            return self.step()
        except sqlite3.ProgrammingError:
            if not self._loop.stopping.is_set():
                raise
            return None

    def _is_repetition_due(self) -> bool:
        assert isinstance(self._channel, RepeatingChannel), "BUG: nothing to repeat"
        return self._clock.monotonic_ms() - self._repeated_ms >= self._channel.repeat_ms

    def _find_wait_ms(self, state: ChannelState, now_ms: int) -> int:
        return find_wait_ms(state.allowance_ms, now_ms, self._max_per_hour)

    def _choose_size(self, state: ChannelState, is_much: bool) -> int:
        """How many notifications go together: one, unless many wait or the next must wait."""
        if self._repeats or self._singles_left:
            return 1
        now_ms = self._clock.now_ms()
        after_ms = next_allowance_ms(state.allowance_ms, now_ms, self._max_per_hour)
        is_last = find_wait_ms(after_ms, now_ms, self._max_per_hour) > 0
        return _MOST_TOGETHER if is_much or is_last else 1

    def _send(self, batch: OutboxBatch, state: ChannelState) -> float:
        error = self._try(lambda: self._deliver(batch))
        now_ms = self._clock.now_ms()
        if error is None:
            allowance_ms = next_allowance_ms(state.allowance_ms, now_ms, self._max_per_hour)
            with self._store.transaction() as db:
                mark_delivered(db, self.name, batch, now_ms, allowance_ms)
            self.counts.messages += 1
            self.counts.notifications += len(batch.ids)
            self._refusals = 0
            self._singles_left = max(self._singles_left - 1, 0)
            return 0.0
        with self._store.transaction() as db:
            mark_failed(db, self.name, now_ms, self._t.error(error))
            if self._refusals:
                self._handle_refusal(db, batch, now_ms, error)
        return self._back_off(error)

    def _handle_refusal(
        self, db: sqlite3.Connection, batch: OutboxBatch, now_ms: int, error: NotifyError
    ) -> None:
        """Take a combined message apart at once; set a single one aside in the end."""
        if len(batch.ids) > 1:
            take_apart(db, batch)
            self._singles_left, self._refusals = len(batch.ids), 0
        elif self._refusals >= _MOST_REFUSALS:
            _LOG.error("channel %s does not take message %s: %s", self.name, batch.key, error)
            mark_rejected(db, batch, now_ms)
            self.counts.rejected += 1
            self._singles_left, self._refusals = max(self._singles_left - 1, 0), 0

    def _deliver(self, batch: OutboxBatch) -> None:
        self._channel.send(self._compose(batch.key, batch.notifications))

    def _repeat(self) -> float:
        """Repeat what is open; 0 where it succeeded, else how long to wait."""
        channel = self._channel
        assert isinstance(channel, RepeatingChannel), "BUG: nothing to repeat"
        with self._store.reading() as db:
            going_on = list_open(db, self.name)
        error = self._try(lambda: channel.repeat(going_on))
        if error is None:
            self._repeated_ms = self._clock.monotonic_ms()
            with self._store.transaction() as db:
                mark_working(db, self.name)
            return 0.0
        with self._store.transaction() as db:
            mark_failed(db, self.name, self._clock.now_ms(), self._t.error(error))
        self._refusals = 0
        return self._back_off(error)

    def _try(self, run: Callable[[], None]) -> NotifyError | None:
        """Run it; why it failed. Its beginning and its end are logged once."""
        started_ms = self._clock.monotonic_ms()
        try:
            run()
        except NotifyError as problem:
            error = problem
        except JipyoError as problem:
            error = problem.as_kind(NotifyError)
        except Exception as problem:  # noqa: BLE001 - an edge: one message must not stop the others
            _LOG.error("channel %s", self.name, exc_info=problem)
            error = MessageRejected("notify.bug", reason=type(problem).__name__)
        else:
            if self._failures:
                _LOG.info("channel %s works again", self.name)
            self._failures = 0
            return None
        finally:
            self.counts.seconds += (self._clock.monotonic_ms() - started_ms) / 1000
        if not self._failures:
            _LOG.warning("channel %s fails, messages wait on disk: %s", self.name, error)
        self._failures += 1
        self._refusals = self._refusals + 1 if isinstance(error, MessageRejected) else 0
        self.counts.failures += 1
        return error

    def _back_off(self, error: NotifyError) -> float:
        doubled = math.ldexp(_FIRST_BACKOFF_MS, min(self._failures - 1, 20))
        backoff_ms = min(doubled, _LONGEST_BACKOFF_MS) * self._random.uniform(0.5, 1.0)
        return max(backoff_ms, 1000 * error.pause_s)
