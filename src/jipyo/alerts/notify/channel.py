"""The promise of a channel: a message is delivered, or an error says what to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.notify.message import Message, Notification


class Channel(Protocol):
    """A way to people, or to a system that reaches them. One thread at a time uses it."""

    @property
    def name(self) -> str:
        """As the configuration calls it."""
        ...

    def send(self, message: Message) -> None:
        """Deliver a message; returns once the receiver has confirmed it.

        Raises:
            MessageRejected: the receiver refuses this message; the next one may pass.
            NotifyError: it was not delivered, or nothing is known; send it again later.
        """
        ...


@runtime_checkable
class RepeatingChannel(Protocol):
    """A channel whose receiver must hear again and again of what goes on."""

    @property
    def repeat_ms(self) -> int:
        """How often."""
        ...

    def repeat(self, notifications: Sequence[Notification]) -> None:
        """Send once more the last notification of each open incident.

        Raises:
            NotifyError: see `Channel.send`.
        """
        ...
