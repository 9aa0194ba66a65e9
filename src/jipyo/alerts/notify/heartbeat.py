"""The heartbeat to a dead man's switch: sent as long as alerts work.

Whoever watches it (healthchecks.io, Uptime Kuma's push monitor, a Prometheus elsewhere behind a
push address) raises the alarm when it stays away: then jipyo is dead, hangs, or has no network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from jipyo.alerts.notify.channels.address import read_address
from jipyo.alerts.notify.channels.request import build_client, post
from jipyo.alerts.notify.message import MessageKind
from jipyo.loops import Periodic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.alerts.options import HeartbeatOptions
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family


class Heartbeat:
    """Calls the switch at an interval, as long as rules are evaluated; see `ServerPart`."""

    def __init__(
        self, options: HeartbeatOptions, instance: str, is_alive: Callable[[], bool], clock: Clock
    ) -> None:
        """`is_alive` says whether the evaluation goes on; where it does not, nothing is sent."""
        self._options, self._instance = options, instance
        self._is_alive, self._clock = is_alive, clock
        self._client = build_client(options.timeout_s, None)
        self._loop = Periodic("heartbeat", self.beat, interval_ms=options.interval_ms, clock=clock)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop(self._options.timeout_s)

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`: of the loop, whose failures are those of the switch."""
        yield from self._loop.families()

    def beat(self) -> None:
        """Call the switch once.

        Raises:
            NotifyError: it did not take the call; the next one comes at the next interval.
        """
        if self._is_alive():
            address = read_address(self._options)
            body = {
                "kind": MessageKind.HEARTBEAT.value,
                "instance": self._instance,
                "time": self._clock.now_ms(),
            }
            headers = {"Content-Type": "application/json"}
            post(self._client, address, address.url, orjson.dumps(body), headers)
