"""CPU time of a call as the product would spend it, whether coverage is measured or not."""

import sys
import time
from collections.abc import Callable

_LOOP_STEPS = 100_000
_LOOP_S = 0.004
"""What the loop takes on the machine that the limits of the tests were set on."""


def measure_cpu_s(call: Callable[[], object]) -> float:
    """Seconds of this thread on a machine of the usual speed.

    A plain loop before and after says how fast this machine is at the moment: a shared core runs
    at half its speed for minutes. The tracer, which multiplies the time, is off meanwhile.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        before_s = _time(_loop)
        spent_s = _time(call)
        slowness = (before_s + _time(_loop)) / 2 / _LOOP_S
        return spent_s / max(slowness, 1.0)
    finally:
        sys.settrace(tracer)


def _time(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def _loop() -> None:
    total = 0
    for number in range(_LOOP_STEPS):
        total += number
