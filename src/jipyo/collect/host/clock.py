"""The kernel's clock and whether something keeps it in step, by adjtimex(2)."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.family import single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.collect.host.files import Paths
    from jipyo.model.family import Family

_G = MetricType.GAUGE
_TIME_ERROR = 5
"""What adjtimex returns where the clock is not synchronised."""
_STA_NANO = 0x2000
_PPM = 65_536_000_000
"""Frequencies are in parts per million with 16 bits of fraction."""


class _Timex(ctypes.Structure):
    """`struct timex` of Linux, from its manual page adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance")),
        *((name, ctypes.c_long) for name in ("tv_sec", "tv_usec", "tick", "ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("_reserved", ctypes.c_int * 11),
    )


@dataclass(frozen=True, slots=True)
class KernelClock:
    """The answer of adjtimex, in the kernel's own units."""

    synchronised: bool
    status: int
    offset: int
    frequency: int
    maximum_error_us: int
    estimated_error_us: int
    constant: int
    tick_us: int
    tai_s: int

    @property
    def offset_s(self) -> float:
        """How far it is still to be moved, in seconds."""
        return self.offset / (1e9 if self.status & _STA_NANO else 1e6)


def read_kernel_clock() -> KernelClock:
    """Ask the kernel, changing nothing.

    Raises:
        OSError: this system has no adjtimex, or does not let us ask.
    """
    answer = _Timex()
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except AttributeError as error:
        raise OSError("adjtimex is not available") from error
    state = adjtimex(ctypes.byref(answer))
    if state < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return KernelClock(
        synchronised=state != _TIME_ERROR,
        status=answer.status,
        offset=answer.offset,
        frequency=answer.freq,
        maximum_error_us=answer.maxerror,
        estimated_error_us=answer.esterror,
        constant=answer.constant,
        tick_us=answer.tick,
        tai_s=answer.tai,
    )


class Timex:
    """The part `timex`: the kernel's clock as a time service adjusts it."""

    def __init__(self, read: Callable[[], KernelClock] = read_kernel_clock) -> None:
        """Ask `read`; it raises OSError where the kernel does not answer."""
        self._read = read

    def __call__(self, paths: Paths, t_ms: int) -> Iterator[Family]:
        """The clock at this moment."""
        clock = self._read()
        for name, text, value in (
            ("sync_status", "1 while a time source keeps the clock in step.", clock.synchronised),
            ("status", "Status bits of adjtimex.", clock.status),
            ("offset_seconds", "How far the clock is still to be moved.", clock.offset_s),
            ("maxerror_seconds", "How far it may be off at most.", clock.maximum_error_us / 1e6),
            ("estimated_error_seconds", "How far it is off by estimate.",
             clock.estimated_error_us / 1e6),
            ("frequency_adjustment_ratio", "How much faster it is made to run.",
             1 + clock.frequency / _PPM),
            ("loop_time_constant", "Time constant of the loop that steers it.", clock.constant),
            ("tick_seconds", "Time between two ticks.", clock.tick_us / 1e6),
            ("tai_offset_seconds", "Offset of International Atomic Time.", clock.tai_s),
        ):  # fmt: skip
            yield single(_G, f"node_timex_{name}", text, float(value))
