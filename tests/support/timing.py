"""CPU time of a call as the product would spend it, whether coverage is measured or not."""

import sys
import time
from collections.abc import Callable


def measure_cpu_s(call: Callable[[], object]) -> float:
    """Seconds of this thread; the tracer, which multiplies them, is off meanwhile."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        start = time.thread_time()
        call()
        return time.thread_time() - start
    finally:
        sys.settrace(tracer)
