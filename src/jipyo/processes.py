"""Work divided between this process and a fork of it, where one processor is not enough."""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import sys
import termios
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, TypeVar

from jipyo.model.progress import Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_T = TypeVar("_T")
_R = TypeVar("_R")
MOST_ITEMS = 4096
"""Of one division: the bytes that a pipe holds on every system."""


def can_divide() -> bool:
    """Whether a fork of this process would have a processor of its own."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def map_in_two(
    work: Callable[[_T], _R], items: Sequence[_T], progress: Progress = ignore_progress
) -> list[_R]:
    """Like `list(map(work, items))`, with the last items done by a fork of this process.

    This process begins with the first item and its fork with the last one, until they meet: so
    neighbours share what a process keeps in memory. The fork sees all that this process has, and
    what it could not do is done here.

    Args:
        work: what is done to each. It uses no connection that was open before and changes
            nothing that others need, and its results can be pickled.
        items: at most `MOST_ITEMS`.
        progress: called with how many are begun after each that is done here.

    Raises:
        Exception: what `work` raises.
    """
    tickets = _draw_tickets(len(items))
    receiving, sending = os.pipe()
    pid = _fork()
    if pid == 0:
        backwards = ((len(items) - 1 - nth, items[-1 - nth]) for nth in _take(tickets))
        _finish_fork(work, backwards, sending)
    os.close(sending)
    results: dict[int, _R] = {}
    try:
        for nth in _take(tickets):
            results[nth] = work(items[nth])
            progress(len(items) - _count_left(tickets), len(items))
        with open(receiving, "rb", closefd=False) as file:
            results |= _read_results(file.read())
    finally:
        os.close(receiving)
        os.close(tickets)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return [results[nth] if nth in results else work(item) for nth, item in enumerate(items)]


def _draw_tickets(count: int) -> int:
    """The reading end of a pipe with a byte for each item; reading a byte takes an item."""
    if count > MOST_ITEMS:
        raise ValueError(f"BUG: {count} items, at most {MOST_ITEMS} can be divided")
    reading, writing = os.pipe()
    os.write(writing, bytes(count))
    os.close(writing)
    return reading


def _take(tickets: int) -> Iterator[int]:
    """How many were taken by this process before, as long as any are left."""
    nth = 0
    while os.read(tickets, 1):
        yield nth
        nth += 1


def _count_left(tickets: int) -> int:
    answer = fcntl.ioctl(tickets, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns where other threads run: those of numpy, which outlive a fork.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _finish_fork(
    work: Callable[[_T], _R], items: Iterator[tuple[int, _T]], sending: int
) -> NoReturn:
    """Do the items, send the results, and end without anything that ends a process otherwise."""
    results: dict[int, _R] = {}
    try:
        for index, item in items:
            results[index] = work(item)
    finally:
        # An error is raised by the process that asked, which does the rest once more.
        try:
            with open(sending, "wb") as file:
                pickle.dump(results, file, pickle.HIGHEST_PROTOCOL)
        finally:
            os._exit(0)


def _read_results(sent: bytes) -> Mapping[int, _R]:
    """By index; none where the fork was ended before it had sent them all."""
    with suppress(EOFError, pickle.UnpicklingError):
        found: Mapping[int, _R] = pickle.loads(sent)  # noqa: S301 - from a fork of this process
        return found
    return {}
