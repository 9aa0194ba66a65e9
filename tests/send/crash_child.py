"""The process that the crash tests kill: it prints the number of each acknowledged batch.

`python crash_child.py FOLDER FIRST` appends batch n as two scrapes whose values are all n. A
destination reads beside it, and acknowledges what it has printed as `sent n`.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.send.queue import Queue

T0 = 1_793_491_200_000
STEP = 15_000
SERIES = tuple(Labels.of({"__name__": "metric", "n": str(n)}) for n in range(40))
LIMIT = 1 << 30


def batch(n: int) -> list[Scrape]:
    cut = n % len(SERIES)
    return [
        Scrape(T0 + n * STEP, part, np.full(len(part), float(n)))
        for part in (SERIES[:cut], SERIES[cut:])
        if part
    ]


def send(queue: Queue, lock: threading.Lock) -> None:
    cursor = queue.set_destinations({"one": LIMIT})["one"]
    while True:
        read = cursor.read(500)
        if read is None:
            continue
        for scrape in read.scrapes:
            with lock:
                sys.stdout.write(f"sent {int(scrape.values[0])} {len(scrape.values)}\n")
                sys.stdout.flush()
        cursor.acknowledge(read)


def main(folder: Path, first: int) -> None:
    queue, lock = Queue(folder), threading.Lock()
    queue.set_destinations({"one": LIMIT})
    threading.Thread(target=send, args=(queue, lock), daemon=True).start()
    n = first
    while True:
        queue.append(batch(n))
        with lock:
            sys.stdout.write(f"kept {n}\n")
            sys.stdout.flush()
        n += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
