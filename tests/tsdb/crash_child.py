"""The process that the crash tests kill: it writes down what it was told is kept.

`python crash_child.py FOLDER SEED` prints one line for each acknowledged batch: its number.
Batch n is one scrape of 50 series at T0 + n * STEP whose values are all n, so that a reader can
tell a lost, a doubled and a changed sample. Half of the batches come in two pieces.
"""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Store, create_backup

T0 = 1_793_491_200_000
STEP = 120_000
SERIES = tuple(Labels.of({"__name__": "metric", "n": str(n)}) for n in range(50))
RETENTION_MS = 2 * 86_400_000


def main(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    options = Options(retention_ms=RETENTION_MS)
    clock = [T0]
    with Store.open(folder, options, now_ms=lambda: clock[0]) as store:
        n = max(0, last_batch(store) - 1)  # half of the newest may be missing, so it comes again
        threading.Thread(target=upkeep, args=(store, folder, rng), daemon=True).start()
        while True:
            n += 1
            clock[0] = T0 + n * STEP
            cut = rng.randrange(len(SERIES)) if n > 1 and rng.random() < 0.5 else 0
            for part in (SERIES[:cut], SERIES[cut:]):
                answer = store.append([Scrape(clock[0], part, np.full(len(part), float(n)))])
                assert answer.samples == len(part), answer
            sys.stdout.write(f"{n}\n")
            sys.stdout.flush()


def last_batch(store: Store) -> int:
    """The newest batch that is kept."""
    newest = 0
    for block in store.select([], -(1 << 61), 1 << 61):
        newest = max(newest, int(block.values.max()))
    return newest


def upkeep(store: Store, folder: Path, rng: random.Random) -> None:
    """Compaction, retention and backups, all the time, in their own thread."""
    number = 0
    while True:
        store.maintain()
        if rng.random() < 0.02:
            target = folder / f"backup-{number % 3}.db"
            target.unlink(missing_ok=True)
            create_backup(folder, target)
            number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
