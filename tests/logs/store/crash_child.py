"""The process that the crash tests kill: it writes down what it was told is kept.

`python crash_child.py FOLDER SOURCE SEED`. Records come in two ways, as in the product:

- from a file, `SOURCE`, of numbered lines: read on from the stored position, appended with it;
- as payloads of a receiver, journalized; `PAYLOAD` is printed once each is acknowledged.

Meanwhile it flushes and merges on other threads. A line is a record whose message is the line.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from jipyo.logs.record import LogBatch, TextColumn
from jipyo.logs.store.store import LogStore, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

T0 = 1_790_000_000_000_000_000
SERVICES = ("file", "push")


def main(folder: Path, source: Path, seed: int) -> None:
    rng = random.Random(seed)
    with LogStore.open(folder, Options(flush_rows=2000)) as store:
        for entry in store.replay():
            store.append([parse("push", entry.payload.split(b"\n"))], entries=[entry.number])
        threading.Thread(target=flush_and_merge, args=(store, rng), daemon=True).start()
        threading.Thread(target=read_file, args=(store, source, rng), daemon=True).start()
        while True:
            first = rng.randrange(1 << 40)
            payload = b"\n".join(make_line(first + n) for n in range(rng.randrange(1, 20)))
            number = store.journalize(payload)
            print(payload.hex(), flush=True)
            time.sleep(0.001)  # so that there is not more to compare than a test has time for
            store.append([parse("push", payload.split(b"\n"))], entries=[number])


def make_line(number: int) -> bytes:
    """Of several skeletons, many of them with equal times."""
    kinds = (
        b"request %d done in %d ms",
        b"user u%d: \xec\x98\xa4\xeb\xa5\x98 %d",
        b"%d failed at %x\r\t",
    )
    return kinds[number % 3] % (number, number % 977)


def parse(service: str, lines: Sequence[bytes]) -> LogBatch:
    numbers = np.array([crc32(line) % 50 for line in lines], np.int64)
    return LogBatch(
        service=service,
        t_ns=T0 + numbers * 10**9,
        level=(numbers % 7).astype(np.uint8),
        fields={"length": TextColumn([b"%d" % len(line) for line in lines])},
        messages=list(lines),
    )


def read_file(store: LogStore, source: Path, rng: random.Random) -> None:
    with source.open("rb") as file:
        file.seek(int(store.positions.get("file", {}).get("offset", 0)))
        while lines := file.readlines(rng.randrange(1, 4000)):
            position = {"file": {"offset": file.tell()}}
            time.sleep(0.001)
            batch = parse("file", [line.rstrip(b"\n") for line in lines])
            store.append([batch], positions=position)


def flush_and_merge(store: LogStore, rng: random.Random) -> None:
    while True:
        store.flush()
        if rng.random() < 0.3:
            store.maintain(T0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
