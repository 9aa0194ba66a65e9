"""Scrapes that a sender cuts anywhere: few layouts, whatever the cuts, and no sample else."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreError
from jipyo.model.sample import Appended, Scrape
from jipyo.tsdb import Options, Store, check
from jipyo.tsdb.head import Head
from tsdb.support import STEP, T0, Clock, Connector, Opened, everything, one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.model.labels import Labels

TARGETS, WIDTH = 6, 150
MINUTE = 60_000


class Sender:
    """Queues of samples that are sent in requests of some size, as Prometheus' shards are."""

    def __init__(self, shards: int, seed: int, sizes: tuple[int, int]) -> None:
        self._random = random.Random(seed)
        self._sizes = sizes
        self._queues: list[list[tuple[int, Labels, float]]] = [[] for _ in range(shards)]
        self.sent: dict[Labels, list[int]] = {}

    def scrape(self, cycle: int, width: int = WIDTH) -> None:
        """Queue one scrape of every target, each at a time of its own."""
        for target in range(TARGETS):
            t_ms = T0 + cycle * STEP + 100 * target
            for n in range(width):
                labels = one("m", instance=str(target), n=str(n))
                self._queues[n % len(self._queues)].append((t_ms, labels, float(cycle * n)))

    def requests(self) -> Iterator[list[Scrape]]:
        """What the queues hold, in turns, as a receiver passes it on."""
        while any(self._queues):
            for queue in self._queues:
                size = self._random.randint(*self._sizes)
                part, queue[:size] = queue[:size], []
                yield list(self._group(part))

    def _group(self, samples: list[tuple[int, Labels, float]]) -> Iterator[Scrape]:
        for t_ms in sorted({t_ms for t_ms, _, _ in samples}):
            rows = [(labels, value) for t, labels, value in samples if t == t_ms]
            for labels, _ in rows:
                self.sent.setdefault(labels, []).append(t_ms)
            values = np.array([value for _, value in rows])
            yield Scrape(t_ms, tuple(labels for labels, _ in rows), values)


def deliver(opened: Opened, sender: Sender, cycles: range, width: int = WIDTH) -> list[int]:
    """Send cycle by cycle; how many layouts have rows after each."""
    counts = []
    for cycle in cycles:
        opened.clock.t_ms = T0 + cycle * STEP
        sender.scrape(cycle, width)
        for scrapes in sender.requests():
            samples = sum(len(scrape.series) for scrape in scrapes)
            assert opened.store.append(scrapes) == Appended(samples)
        counts.append(count_layouts(opened))
    return counts


def count_layouts(opened: Opened) -> int:
    with opened.store.snapshot() as snapshot:
        return len(snapshot.locator.list_layouts())


def get_times(opened: Opened) -> dict[Labels, list[int]]:
    found = everything(opened.store)
    return {labels: [t_ms for t_ms, _ in samples] for labels, samples in found.items()}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shards", [1, 2, 3])
def test_a_sender_that_cuts_its_requests_anywhere_makes_no_new_layouts(
    opened: Opened, shards: int, seed: int
) -> None:
    sender = Sender(shards, seed, (90, 400))
    counts = deliver(opened, sender, range(60))
    settled = counts[10]
    assert counts[-1] <= settled
    # A piece or two of what is cut at the end of a request, and those of the first cycles.
    assert settled <= 3 * shards * TARGETS + 8
    assert get_times(opened) == sender.sent
    found = everything(opened.store)
    value = dict(found[one("m", instance="3", n="7")])[T0 + 59 * STEP + 300]
    assert value == int(np.array(59.0 * 7).view(np.int64))
    opened.store.close()
    assert check(opened.path).problems == ()


def test_the_rows_of_pieces_become_one_row(opened: Opened) -> None:
    names = tuple(one("m", n=str(n)) for n in range(9))
    values = np.arange(9.0)
    opened.store.append([Scrape(T0, names, values)])
    for at, cuts in enumerate(([4], [2, 7], [1, 2, 8]), 1):
        t_ms = T0 + at * STEP
        opened.clock.t_ms = t_ms
        edges = [0, *cuts, 9]
        for a, b in reversed(list(pairwise(edges))):
            opened.store.append([Scrape(t_ms, names[a:b], values[a:b] + at)])
            assert {labels: times[-1] for labels, times in get_times(opened).items()} == {
                labels: t_ms if n >= a else t_ms - STEP for n, labels in enumerate(names)
            }
        assert count_layouts(opened) == 1
    (block,) = opened.store.select([], T0, T0 + 9 * STEP)
    assert block.values.tolist() == [[n + at for at in range(4)] for n in range(9)]


def test_series_that_are_no_longer_sent_leave_the_rest_at_home(opened: Opened) -> None:
    sender = Sender(1, 0, (10_000, 10_000))
    deliver(opened, sender, range(3))
    fewer = deliver(opened, sender, range(3, 9), WIDTH - 10)
    assert fewer == [2 * TARGETS] * 6
    sender = Sender(1, 0, (90, 400))
    cut = deliver(opened, sender, range(9, 40), WIDTH - 10)
    assert cut[-1] <= 2 * TARGETS + 2
    more = deliver(opened, sender, range(40, 50), WIDTH + 10)
    assert more[-1] <= 6 * TARGETS


@pytest.mark.parametrize(
    "interrupt",
    [
        lambda opened, _: opened.again(),
        lambda opened, _: opened.store.compact_head(),
        lambda opened, cycle: [opened.store.maintain() for _ in range(cycle % 4)],
    ],
    ids=["restart", "compaction", "slices"],
)
def test_something_may_come_between_the_pieces(
    opened: Opened, interrupt: Callable[[Opened, int], object]
) -> None:
    names = tuple(one("m", n=str(n)) for n in range(6))
    opened.store.append([Scrape(T0, names, np.zeros(6))])
    times = [T0 + cycle * 15 * MINUTE for cycle in range(60)]
    for cycle, t_ms in enumerate(times[1:]):
        opened.clock.t_ms = t_ms
        cut = 1 + cycle % 5
        opened.store.append([Scrape(t_ms, names[:cut], np.full(cut, 1.0))])
        interrupt(opened, cycle)
        opened.store.append([Scrape(t_ms, names[cut:], np.full(6 - cut, 2.0))])
        # What was moved comes once more, as a sender repeats what it got no answer for.
        opened.store.append([Scrape(t_ms, names[:cut], np.full(cut, 1.0))])
    assert get_times(opened) == dict.fromkeys(names, times)
    opened.settle()
    assert get_times(opened) == dict.fromkeys(names, times)


def test_a_piece_that_comes_again_is_stored_once(opened: Opened) -> None:
    names = tuple(one("m", n=str(n)) for n in range(6))
    opened.store.append([Scrape(T0, names, np.zeros(6))])
    opened.clock.t_ms = T0 + STEP
    for _ in range(2):
        assert opened.store.append([Scrape(T0 + STEP, names[:4], np.ones(4))]).samples == 4
    assert opened.store.append([Scrape(T0 + STEP, names, np.ones(6))]) == Appended(6)
    assert opened.store.append([Scrape(T0 + STEP, names[3:], np.ones(3))]) == Appended(3)
    assert get_times(opened) == {labels: [T0, T0 + STEP] for labels in names}


def test_a_piece_whose_row_is_damaged_leaves_the_others_alone(opened: Opened) -> None:
    names = tuple(one("m", n=str(n)) for n in range(6))
    pieces = names[:2], names[2:4], names[4:]
    times = T0 + STEP, T0 + 2 * STEP
    opened.store.append([Scrape(T0, names, np.zeros(6))])
    opened.clock.t_ms = times[1]
    for piece, at in ((0, 0), (1, 0), (0, 1)):
        opened.store.append([Scrape(times[at], pieces[piece], np.ones(2))])
    with closing(sqlite3.connect(opened.path / "samples.db")) as db, db:
        db.execute("UPDATE head SET crc = 0 WHERE t = ?", (times[1],))
    for piece, at in ((2, 0), (1, 1), (2, 1)):
        answer = opened.store.append([Scrape(times[at], pieces[piece], np.ones(2))])
        assert answer == Appended(2)
    found = get_times(opened)
    assert [len(found[labels]) for labels in names] == [2, 2, 3, 3, 3, 3]
    opened.store.append([Scrape(times[1], pieces[0], np.ones(2))])
    assert get_times(opened) == {labels: [T0, *times] for labels in names}


def test_a_scrape_of_many_pieces_is_one_row(opened: Opened) -> None:
    """Where a sender sends what has changed, homes are not worth waiting for."""
    names = tuple(one("m", n=str(n)) for n in range(60))
    for at in range(6):
        opened.store.append([Scrape(T0 + at, names[10 * at : 10 * at + 10], np.zeros(10))])
    for at in range(1, 5):
        t_ms = T0 + at * STEP
        opened.clock.t_ms = t_ms
        odd = names[1::2]
        opened.store.append([Scrape(t_ms, odd, np.ones(30))])
        assert count_layouts(opened) == 7
    assert len(get_times(opened)[names[1]]) == 5


@dataclass
class Faults:
    """Makes a write within a transaction fail, or everything from then on."""

    connector: Connector = field(default_factory=Connector)
    writes_left: int = -1
    """Until the next failure; none where negative."""
    is_gone: bool = False

    def __call__(self, path: Path) -> sqlite3.Connection:
        db = self.connector(path)
        db.create_function("count_write", 0, self._count_write)
        return db

    def arm(self) -> None:
        """Watch the writer's tables; they must exist."""
        db = self.connector.opened[0]
        for table in ("head", "layout", "series", "posting"):
            for action in ("INSERT", "DELETE"):
                db.execute(
                    f"CREATE TEMP TRIGGER {table}_{action} BEFORE {action} ON main.{table}"
                    " BEGIN SELECT count_write(); END"
                )
        db.set_authorizer(self._authorize)

    def _count_write(self) -> None:
        self.writes_left -= 1
        if self.writes_left == -1:
            raise OSError

    def _authorize(self, action: int, *_: object) -> int:
        is_denied = self.is_gone and action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT}
        return sqlite3.SQLITE_DENY if is_denied else sqlite3.SQLITE_OK


def describe(head: Head) -> object:
    """What a head knows of its file."""
    spans = {lid: (span.sids.tolist(), span.t0, span.t1) for lid, span in head.spans.items()}
    return spans, head.series_count, head.max_ms


@pytest.mark.parametrize("seed", range(4))
def test_whichever_write_fails_the_head_is_as_its_file(tmp_path: Path, seed: int) -> None:
    rng, clock, faults = random.Random(seed), Clock(), Faults()
    options = Options(durable=False)
    names = tuple(one("m", n=str(n)) for n in range(12))
    failures = 0
    with Store.open(tmp_path, options, now_ms=clock, connect=faults) as store:
        faults.arm()
        for cycle in range(50):
            clock.t_ms = T0 + cycle * STEP
            few = names[: 12 - cycle // 10]
            edges = [0, *sorted(rng.sample(range(1, len(few)), cycle % 4)), len(few)]
            pieces = [
                Scrape(clock.t_ms, few[a:b], cycle + np.arange(float(a), b))
                for a, b in pairwise(edges)
            ]
            at = rng.randrange(1, len(pieces) + 1)
            for batch in (pieces[:at], pieces[at:]):
                faults.writes_left = rng.randrange(8)
                try:
                    store.append(batch)
                except StoreError:
                    failures += 1
                    fresh = Head(faults.connector.opened[0], options, clock)
                    assert describe(store._head) == describe(fresh)
                    faults.writes_left = -1
                    store.append(batch)
            if rng.random() < 0.1:
                faults.writes_left = -1
                store.compact_head()
        found = everything(store)
    assert failures > 10
    assert check(tmp_path).problems == ()
    for n, labels in enumerate(names):
        cycles = range(50 if n < 8 else 10 * (12 - n))
        values = np.array([cycle + n for cycle in cycles], np.float64).view(np.int64)
        times = [T0 + cycle * STEP for cycle in cycles]
        assert found[labels] == list(zip(times, values.tolist(), strict=True))


def test_a_head_that_could_not_be_read_after_a_failure_is_read_before_the_next_write(
    tmp_path: Path,
) -> None:
    """As where a disk is gone for some seconds."""
    clock, faults = Clock(), Faults()
    names = tuple(one("m", n=str(n)) for n in range(6))
    with Store.open(tmp_path, Options(durable=False), now_ms=clock, connect=faults) as store:
        faults.arm()
        store.append([Scrape(T0, names, np.zeros(6))])
        clock.t_ms = T0 + STEP
        store.append([Scrape(T0 + STEP, names[:4], np.ones(4))])
        faults.is_gone = True
        for _ in range(3):
            with pytest.raises(StoreError, match=r"tsdb\.unreadable"):
                store.append([Scrape(T0 + STEP, names[4:], np.ones(2))])
        faults.is_gone = False
        assert store.append([Scrape(T0 + STEP, names[4:], np.ones(2))]) == Appended(2)
        assert {len(samples) for samples in everything(store).values()} == {2}
