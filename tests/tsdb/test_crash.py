"""kill -9 at random moments: nothing acknowledged is lost, doubled or changed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from jipyo.tsdb import Options, Reader, Store, check
from tsdb.crash_child import RETENTION_MS, SERIES, STEP, T0

HERE = Path(__file__).parent


@dataclass
class Counts:
    """What the rounds came to."""

    kills: int = 0
    acknowledged: int = 0
    reads: int = 0
    backups: int = 0


def audit(folder: Path) -> int:
    """Every series holds one unbroken run of batches, unchanged; the newest that all have."""
    with Reader.open(folder, threads=1) as reader:
        blocks = list(reader.select([], -(1 << 61), 1 << 61))
    assert sum(len(block.series) for block in blocks) in {0, len(SERIES)}
    newest = []
    for block in blocks:
        numbers = ((block.t_ms - T0) // STEP).tolist()
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "gap or duplicate"
        assert (block.values == numbers).all(), "changed"
        # The clock may be one batch ahead of the newest that is stored.
        first = max(1, numbers[-1] + 1 - RETENTION_MS // STEP)
        assert numbers[0] <= first, "dropped too early"
        newest.append(numbers[-1])
    return min(newest, default=0)


def round_of(folder: Path, rng: random.Random, counts: Counts, most_s: float) -> None:
    """Let a child write, read beside it, kill it, and look at what is left."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, str(HERE / "crash_child.py"), str(folder), str(rng.random())[2:]],
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert child.stdout is not None
    told = child.stdout.readline()
    end = time.monotonic() + rng.uniform(0.02, most_s)
    while time.monotonic() < end:
        audit(folder)
        counts.reads += 1
    assert child.poll() is None, "the child died by itself"
    os.kill(child.pid, signal.SIGKILL)
    acknowledged = [int(line) for line in (told + child.stdout.read()).split(b"\n")[:-1]]
    child.wait()
    child.stdout.close()
    assert audit(folder) >= acknowledged[-1], "an acknowledged batch is lost"
    counts.kills += 1
    counts.acknowledged += len(acknowledged)


def finish(folder: Path, counts: Counts) -> None:
    found = check(folder)
    assert found.problems == ()
    with Store.open(folder, Options(), now_ms=lambda: 1 << 50) as store:
        store.compact_head()
    for file in folder.glob("backup-*.db"):
        copy = folder / file.stem
        copy.mkdir()
        file.rename(copy / "samples.db")
        assert check(copy).problems == ()
        audit(copy)
        counts.backups += 1
    print(f"{counts}; check clean, {found.samples} samples")


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    counts, rng = Counts(), random.Random(11)
    for _ in range(5):
        round_of(tmp_path, rng, counts, 0.3)
    finish(tmp_path, counts)
    assert counts.reads > 0


@pytest.mark.integration
def test_200_kills_during_ingest_compaction_retention_and_backup(tmp_path: Path) -> None:
    counts, rng = Counts(), random.Random(12)
    for number in range(200):
        round_of(tmp_path, rng, counts, 1.2)
        if number % 20 == 19:
            assert check(tmp_path).problems == ()
            print(counts)
    finish(tmp_path, counts)
    assert counts.kills == 200
    assert counts.backups > 0
