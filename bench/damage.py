"""Flipped bits anywhere in a store's file: is every change that a reader can see found?

A store with chunks, head rows, metadata and an import's position is written, and its file is
changed by one bit at a time. What all queries answer is compared with what they answered
before: a flip is *unseen* when an answer differs and `jipyo db check` finds nothing. Nothing but
an error of ours may be raised. `BENCH_DAMAGE=500` makes so many flips.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import StoreError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import MetricMetadata, MetricType, Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store, check

if TYPE_CHECKING:
    from collections.abc import Sequence

FLIPS = 1500
_REPORTED = 100
"""Flips between two lines of progress; all of them take minutes."""
T0 = 1_793_491_200_000
DAY_MS = 86_400_000
STEP_MS = 15_000
SPAN = (-(1 << 61), 1 << 61)
EVERYTHING = (Matcher(METRIC_NAME, MatchOp.NE, ""),)
_ZEROS = 64
"""Runs of zeros as long as this are unused, and no place for a flip."""


def main() -> None:
    flips = int(os.environ.get("BENCH_DAMAGE", FLIPS))
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as folder:
        sound = write_store(Path(folder) / "sound")
        results = flip_bits(sound, Path(folder) / "damaged", flips, seed=1)
    logging.disable(logging.NOTSET)
    counts = Counter(result.verdict for result in results)
    print("| flips | found | changed nothing | unseen | crashes |\n|---|---|---|---|---|")
    verdicts = ("found", "harmless", "unseen", "crash")
    print("| " + " | ".join(str(n) for n in (flips, *(counts[v] for v in verdicts))) + " |")
    for result in results:
        if result.verdict in {"unseen", "crash"}:
            print(f"{result.verdict} at byte {result.at}, bit {result.bit}\n{result.detail}")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one flip."""

    at: int
    bit: int
    verdict: str
    """`found` by the check, `harmless`, `unseen`, or `crash`."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the queries of a store answer; floats as their bits."""

    samples: frozenset[tuple[Labels, bytes, bytes]]
    by_label: dict[tuple[str, str], frozenset[Labels]]
    single: dict[Labels, tuple[bytes, bytes]]
    hours: frozenset[tuple[Labels, bytes, bytes]]
    labels: dict[str, list[str]]
    series: tuple[Labels, ...]
    metadata: tuple[MetricMetadata, ...]


def write_store(path: Path) -> bytes:
    """A store with something in every table; its file's bytes once it is closed."""
    clock = [T0]
    targets = [
        tuple(
            Labels.of({METRIC_NAME: f"metric_{n % 7}", "n": str(n), "host": host})
            for n in range(40)
        )
        for host in ("a", "b", "c")
    ]
    rng = np.random.default_rng(4)
    with Store.open(path, Options(durable=False), now_ms=lambda: clock[0]) as store:
        for offset, names in enumerate(targets):
            t_ms = T0 - 3 * DAY_MS + offset * 1000 + DAY_MS // 40 * np.arange(1, 115)
            values = rng.normal(size=(len(names), len(t_ms)))
            store.load([SeriesBlock(names, t_ms, values)])
        for n in range(60):
            for offset, names in enumerate(targets):
                clock[0] = T0 + n * STEP_MS + offset * 1000
                store.append([Scrape(clock[0], names, rng.normal(size=len(names)))])
        store.describe(
            [
                MetricMetadata(f"metric_{n}", MetricType.GAUGE, f"What metric {n} is.", "bytes")
                for n in range(7)
            ]
        )
        store.save_import_position("file:1", 4096)
    return (path / "samples.db").read_bytes()


def flip_bits(sound: bytes, folder: Path, flips: int, seed: int) -> list[Result]:
    """Flip so many bits of the file, one at a time, and look at each."""
    whole = write_copy(sound, folder)
    assert check(whole).problems == ()
    expected = read_answers(whole)
    used = find_used(sound)
    rng = random.Random(seed)
    results = []
    for done, at in enumerate(rng.sample(used, flips)):
        if done % _REPORTED == 0:
            print(f"  {done} of {flips} flips", file=sys.stderr, flush=True)
        bit = rng.randrange(8)
        changed = bytearray(sound)
        changed[at] ^= 1 << bit
        verdict, detail = judge(bytes(changed), folder, expected)
        results.append(Result(at, bit, verdict, detail))
    return results


def find_used(file: bytes) -> Sequence[int]:
    """The bytes that are not in long runs of zeros."""
    array = np.frombuffer(file, np.uint8)
    near = np.convolve(array != 0, np.ones(_ZEROS), "same") > 0
    return np.flatnonzero(near).tolist()


def write_copy(file: bytes, folder: Path) -> Path:
    """A store's folder with this file in it."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "samples.db").write_bytes(file)
    return folder


def judge(file: bytes, folder: Path, expected: Answers) -> tuple[str, str]:
    """The verdict on a changed file, and what went wrong."""
    problems: Sequence[object]
    answers: Answers | str
    try:
        try:
            problems = check(write_copy(file, folder)).problems
        except StoreError as error:
            problems = [error]
        try:
            answers = read_answers(folder)
        except StoreError as error:
            answers = repr(error)
        with suppress(StoreError):
            append_and_maintain(folder)
    except Exception:  # noqa: BLE001 - to find them is what this is for
        return "crash", traceback.format_exc()
    if problems:
        return "found", ""
    if answers == expected:
        return "harmless", ""
    return "unseen", answers if isinstance(answers, str) else compare(answers, expected)


def read_answers(folder: Path) -> Answers:
    """Ask everything that can be asked."""
    with Reader.open(folder, threads=1) as reader:
        series = tuple(reader.series([EVERYTHING], *SPAN))
        names = reader.label_names([], *SPAN)
        pairs = [(name, value) for name in names for value in reader.label_values(name, [], *SPAN)]
        singles = [labels for labels in series if labels.get("n", "") in {"3", "17"}]
        return Answers(
            samples=read_samples(reader, EVERYTHING),
            by_label={
                pair: frozenset(
                    labels
                    for labels, *_ in read_samples(reader, (Matcher(pair[0], MatchOp.EQ, pair[1]),))
                )
                for pair in pairs
            },
            single={
                labels: next(
                    (row[1:] for row in read_samples(reader, select_exactly(labels))), (b"", b"")
                )
                for labels in singles
            },
            hours=frozenset(
                (labels, block.hour_ms.tobytes(), figures.tobytes())
                for block in reader.hours(EVERYTHING, *SPAN)
                for column in (block.count, *block.figures.values())
                for labels, figures in zip(block.series, column, strict=True)
            ),
            labels={name: reader.label_values(name, [EVERYTHING], *SPAN) for name in names},
            series=series,
            metadata=tuple(reader.metadata()),
        )


def read_samples(
    reader: Reader, selector: Sequence[Matcher]
) -> frozenset[tuple[Labels, bytes, bytes]]:
    return frozenset(
        (labels, block.t_ms.tobytes(), row.tobytes())
        for block in reader.select(selector, *SPAN)
        for labels, row in zip(block.series, block.values, strict=True)
    )


def select_exactly(labels: Labels) -> tuple[Matcher, ...]:
    return tuple(Matcher(name, MatchOp.EQ, value) for name, value in labels.pairs)


def append_and_maintain(folder: Path) -> None:
    """What `jipyo up` does with a store: open it, append, compact, expire, report."""
    clock = [T0 + DAY_MS // 24]
    with Store.open(folder, Options(durable=False), now_ms=lambda: clock[0]) as store:
        names = list(store.series([EVERYTHING], *SPAN)) or [Labels.of({METRIC_NAME: "up"})]
        new = Labels.of({METRIC_NAME: "new", "n": "1"})
        store.append([Scrape(clock[0], (*names, new), np.ones(len(names) + 1))])
        store.append([Scrape(T0 + STEP_MS, tuple(names), np.ones(len(names)))])
        store.get_import_position("file:1")
        list(store.families())
        store.compact_head()
        while store.maintain():
            pass
        store.delete(EVERYTHING[:1], T0 - DAY_MS, T0 - DAY_MS // 2)
        read_samples(store, EVERYTHING)


def compare(found: Answers, expected: Answers) -> str:
    """Which of the answers differ."""
    differing = [
        name for name in Answers.__slots__ if getattr(found, name) != getattr(expected, name)
    ]
    return "differs: " + ", ".join(differing)


if __name__ == "__main__":
    main()
