"""How delivery goes: for `status`, `doctor`, the API and jipyo's own metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.notify.outbox import count_rejected, count_waiting, read_channel_state
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jipyo.alerts.notify.outbox import ChannelState
    from jipyo.alerts.notify.sender import DeliveryCounts
    from jipyo.model.family import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """How delivery goes through one channel."""

    name: str
    waiting: int
    """Notifications that wait, those of quiet hours among them."""
    rejected: int
    """Notifications that the receiver did not take; they are kept, and not sent again."""
    state: ChannelState

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self.state.failures > 0


@dataclass(frozen=True, slots=True)
class RunningChannel:
    """A channel of a running server."""

    status: ChannelStatus
    counts: DeliveryCounts


def read_status(connection: sqlite3.Connection, channels: Iterable[str]) -> list[ChannelStatus]:
    """How delivery goes through these channels."""
    return [
        ChannelStatus(
            name=name,
            waiting=count_waiting(connection, name),
            rejected=count_rejected(connection, name),
            state=read_channel_state(connection, name),
        )
        for name in channels
    ]


_GAUGES: tuple[tuple[str, str, Callable[[RunningChannel], float]], ...] = (
    ("waiting", "Notifications that wait.", lambda one: one.status.waiting),
    ("rejected", "Notifications that the receiver did not take.", lambda one: one.status.rejected),
    ("failing", "Whether the last attempt failed.", lambda one: one.status.is_failing),
    (
        "last_delivery_timestamp_seconds",
        "When a message was delivered last; 0 for never.",
        lambda one: (one.status.state.delivered_ms or 0) / 1000,
    ),
)
_COUNTERS: tuple[tuple[str, str, Callable[[RunningChannel], float]], ...] = (
    ("messages_total", "Messages delivered.", lambda one: one.counts.messages),
    (
        "notifications_total",
        "Notifications delivered, with each of a combined message.",
        lambda one: one.counts.notifications,
    ),
    ("failures_total", "Attempts that failed.", lambda one: one.counts.failures),
    ("seconds_total", "Time spent on sending.", lambda one: one.counts.seconds),
)


def list_families(channels: Sequence[RunningChannel]) -> Iterator[Family]:
    """The metrics `jipyo_notify_*`, by channel."""
    for build, figures in ((gauge, _GAUGES), (counter, _COUNTERS)):
        for name, text, read in figures:
            rows = [((one.status.name,), float(read(one))) for one in channels]
            yield build(f"jipyo_notify_{name}", text, ("channel",), rows)
