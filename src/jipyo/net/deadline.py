"""Ends a connection that does not answer in time, where its own timeouts cannot."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def cut_after(seconds: float, fileno: int) -> Iterator[threading.Event]:
    """Shut the socket down when the block takes longer; the event tells that it was cut.

    A timeout of a socket counts between two reads, so that a peer which sends a byte now and
    then is waited for without end; and some drivers wait in C without any.
    """
    cut = threading.Event()
    with socket.socket(fileno=os.dup(fileno)) as copy:
        timer = threading.Timer(max(seconds, 0.0), _cut, (cut, copy))
        timer.daemon = True
        timer.start()
        try:
            yield cut
        finally:
            timer.cancel()
            timer.join()


def _cut(cut: threading.Event, connection: socket.socket) -> None:
    cut.set()
    with contextlib.suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)
