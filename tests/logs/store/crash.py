"""Kill -9 at random moments, and what is left; for the tests and `bench/logs_crash.py`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from jipyo.logs.store.store import LogStore
from logs.store.crash_child import make_line, parse
from logs.store.support import Row, read_rows

HERE = Path(__file__).parent


@dataclass
class Rounds:
    """A store that is written and killed again and again."""

    folder: Path
    source: Path
    rng: random.Random
    kills: int = 0
    acknowledged: Counter[bytes] = field(default_factory=Counter)
    """Lines that the receiver confirmed."""
    known: dict[int, Row] = field(default_factory=dict)
    """Every record that a reader saw, by its number."""
    merges: int = 0

    def run(self, most_s: float) -> None:
        """Let a child write, look beside it, kill it, and compare."""
        child = subprocess.Popen(
            [sys.executable, str(HERE / "crash_child.py"), str(self.folder), str(self.source),
             str(self.rng.randrange(1 << 30))],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert child.stdout is not None
        printed = child.stdout.readline()
        time.sleep(self.rng.uniform(0, most_s))
        self.look()
        assert child.poll() is None, "the child died by itself"
        os.kill(child.pid, signal.SIGKILL)
        printed += child.stdout.read()
        child.wait()
        child.stdout.close()
        for line in printed.split(b"\n")[:-1]:
            self.acknowledged.update(bytes.fromhex(line.decode()).split(b"\n"))
        self.kills += 1
        self.look()

    def look(self) -> None:
        """No record that a reader saw is gone or changed, or has another number."""
        found = read_rows(self.folder)
        lost = {number: row for number, row in self.known.items() if found.get(number) != row}
        assert not lost, f"{len(lost)} records are lost or changed"
        self.known = found
        self.merges = sum(file.name[:12] != file.name[13:25] for file in self.folder.glob("*.logs"))

    def finish(self) -> None:
        """Every acknowledged line is there once and to the byte, every line of the file too."""
        with LogStore.open(self.folder) as store:
            for entry in store.replay():
                store.append([parse("push", entry.payload.split(b"\n"))], entries=[entry.number])
            store.flush()
            offset = int(store.positions.get("file", {}).get("offset", 0))
            self.look()
            store.maintain(0)
            self.look()
            assert store.journal.size_bytes == 0
        pushed, read = self.count_lines("push"), self.count_lines("file")
        missing = self.acknowledged - pushed
        assert not missing, f"{missing.total()} acknowledged lines are lost"
        assert max(pushed.values(), default=1) == 1, "a line is there twice"
        # A payload may be on disk that was killed before it was acknowledged, one a kill.
        assert pushed.total() - self.acknowledged.total() <= 20 * self.kills
        lines = self.source.read_bytes()[:offset].split(b"\n")[:-1]
        assert read == Counter(lines)

    def count_lines(self, service: str) -> Counter[bytes]:
        return Counter(row[3] for row in self.known.values() if row[0] == service)


def write_source(path: Path, lines: int) -> None:
    path.write_bytes(b"".join(make_line(3 * n + n % 2) + b"\n" for n in range(lines)))


def run_rounds(folder: Path, kills: int, seed: int, most_s: float) -> Rounds:
    """So many kills of one store, and what is left at the end."""
    source = folder / "source.txt"
    write_source(source, 60_000)
    rounds = Rounds(folder / "store", source, random.Random(seed))
    for _ in range(kills):
        rounds.run(most_s)
    rounds.finish()
    return rounds
