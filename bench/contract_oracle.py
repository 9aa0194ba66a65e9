"""The months of ten thousand random histories against a count of every second.

`PYTHONPATH=tests python -m bench contract_oracle`, about 10 minutes; `JIPYO_HISTORIES=N` takes
others. The plain tests take the first few. The count shares no code with the product:
`tests/sla/reference.py`. Each history is compared as it was and with data that came late.
"""

from __future__ import annotations

import os
import time

from bench.machine import describe_machine


def main() -> None:
    from sla.histories import add_late_data, make_history  # noqa: PLC0415 - of the tests
    from sla.test_oracle import find_difference  # noqa: PLC0415

    print(describe_machine())
    count, different, started_s = int(os.environ.get("JIPYO_HISTORIES", "10000")), 0, time.time()
    for seed in range(count):
        history = make_history(seed)
        for one in (history, add_late_data(history, seed)):
            difference = find_difference(one)
            if difference:
                different += 1
                print(f"history {seed}: {difference}")
    took_s = time.time() - started_s
    print(f"{count} histories and as many with late data: {different} differ ({took_s:.0f} s)")
