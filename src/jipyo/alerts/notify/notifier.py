"""All channels of the configuration in force over one outbox; the channels may change."""

from __future__ import annotations

import threading
from random import SystemRandom
from typing import TYPE_CHECKING

from jipyo.alerts.notify.outbox import forget_before, forget_other_channels
from jipyo.alerts.notify.sender import ChannelSender
from jipyo.alerts.notify.status import RunningChannel, list_families, read_status
from jipyo.loops import Periodic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.alerts.notify.sender import ChannelSetting
    from jipyo.alerts.store import AlertStore
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

STOP_TIMEOUT_S = 5.0
_HOUR_MS = 3_600_000
KEPT_MS = 90 * 24 * _HOUR_MS
"""How long it is known what was delivered."""


class Notifier:
    """A sender for each channel; see `ServerPart`."""

    def __init__(self, store: AlertStore, clock: Clock) -> None:
        """Nothing is sent before `start`; `store` remains the caller's to close."""
        self._store, self._clock = store, clock
        self._lock = threading.RLock()
        self._settings: Mapping[str, ChannelSetting] = {}
        self._senders: dict[str, ChannelSender] = {}
        self._is_running = False
        self._cleaning = Periodic("outbox", self.clean, interval_ms=_HOUR_MS, clock=clock)

    def apply(self, settings: Mapping[str, ChannelSetting]) -> None:
        """Send through these from now on; what waits for one of the same name goes on waiting.

        What waits for a channel that is there no more is forgotten within an hour.
        """
        with self._lock:
            stop_together(self._senders)
            self._settings = settings
            self._senders = {
                name: ChannelSender(setting, self._store, self._clock, SystemRandom())
                for name, setting in settings.items()
            }
            if self._is_running:
                for sender in self._senders.values():
                    sender.start()

    def start(self) -> None:
        """Begin to send."""
        with self._lock:
            self._is_running = True
            for sender in self._senders.values():
                sender.start()
            self._cleaning.start()

    def stop(self) -> None:
        """End after the messages in progress, or after some seconds; what waits is on disk."""
        with self._lock:
            self._is_running = False
            self._cleaning.stop(STOP_TIMEOUT_S)
            stop_together(self._senders)
            self._senders = {}

    def clean(self) -> None:
        """Forget what was delivered long ago, and what waits for channels that are gone.

        Raises:
            StoreError: the outbox cannot be written.
        """
        with self._store.transaction() as db:
            forget_before(db, self._clock.now_ms() - KEPT_MS)
            forget_other_channels(db, list(self._settings))

    def families(self) -> Iterator[Family]:
        """The metrics of all channels; none where there are none."""
        with self._lock:
            senders = list(self._senders.values())
        if not senders:
            return
        with self._store.reading() as db:
            statuses = read_status(db, [sender.name for sender in senders])
        yield from list_families(
            [
                RunningChannel(status, sender.counts)
                for status, sender in zip(statuses, senders, strict=True)
            ]
        )
        for sender in senders:
            yield from sender.loop_families()


def stop_together(senders: Mapping[str, ChannelSender]) -> None:
    """Stop all of them at once: one may hang until the timeout."""
    threads = [
        threading.Thread(target=sender.stop, args=(STOP_TIMEOUT_S,), name="channel stop")
        for sender in senders.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
