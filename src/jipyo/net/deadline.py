"""Deadlines of whole exchanges, which the timeouts of sockets and drivers do not provide.

A socket's timeout counts between two reads, so a peer that sends a byte now and then would be
waited for without end.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock, in seconds, which comes at once when it is cancelled."""

    end_s: float
    cancelled: threading.Event | None = None

    @classmethod
    def after(cls, seconds: float, cancelled: threading.Event | None = None) -> Deadline:
        """The deadline so many seconds from now, or once the event is set."""
        return cls(time.monotonic() + seconds, cancelled)

    def left_s(self) -> float:
        """The seconds left, more than 0.

        Raises:
            TimeoutError: none are left.
        """
        left = self.end_s - time.monotonic()
        if left <= 0 or (self.cancelled is not None and self.cancelled.is_set()):
            raise TimeoutError("timed out")
        return left


_NEVER = Deadline(float("inf"))
_POLL_S = 0.1
"""How often a read looks whether it was cancelled."""


class _ReadsUntilDeadline:
    """Mixin of sockets: every read may take only what is left until the deadline."""

    deadline: Deadline = _NEVER

    def recv_into(self, *args: Any) -> int:
        if self.deadline.cancelled is not None:
            return self._recv_until_cancelled(*args)
        if self.deadline is not _NEVER:
            self.settimeout(self.deadline.left_s())  # type: ignore[attr-defined]  # a socket's
        return super().recv_into(*args)  # type: ignore[misc, no-any-return]  # a socket's

    def _recv_until_cancelled(self, *args: Any) -> int:
        while True:
            slice_s = min(self.deadline.left_s(), _POLL_S)
            self.settimeout(slice_s)  # type: ignore[attr-defined]  # a socket's
            with contextlib.suppress(TimeoutError):
                return super().recv_into(*args)  # type: ignore[misc, no-any-return]  # a socket's


class DeadlineSocket(_ReadsUntilDeadline, socket.socket):
    """A socket on which reads end at its `deadline`, however slowly the bytes come."""

    @classmethod
    def adopt(cls, plain: socket.socket) -> Self:
        """Take over an open socket, with its timeout."""
        timeout = plain.gettimeout()
        adopted = cls(plain.family, plain.type, plain.proto, plain.detach())
        adopted.settimeout(timeout)
        return adopted


class DeadlineTlsSocket(_ReadsUntilDeadline, ssl.SSLSocket):
    """The same over TLS; a context makes it where it is its `sslsocket_class`."""


@contextlib.contextmanager
def cut_after(seconds: float, fileno: int) -> Iterator[threading.Event]:
    """Shut the socket down when the block takes longer; the event is set when it was.

    For drivers that read in C, without any timeout of their own.

    Raises:
        TimeoutError: the block failed on the socket after it was shut down.
    """
    cut = threading.Event()
    with socket.socket(fileno=os.dup(fileno)) as duplicate:

        def shut_down() -> None:
            cut.set()
            with contextlib.suppress(OSError):  # it is closed already
                duplicate.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(seconds, 0.0), shut_down)
        timer.daemon = True
        timer.start()
        try:
            yield cut
        except OSError as error:  # as if the server had closed it
            if cut.is_set():
                raise TimeoutError("timed out") from error
            raise
        finally:
            timer.cancel()
            timer.join()
