"""Stores in temporary folders with a clock that tests turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Store
from jipyo.tsdb.format import connect

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from jipyo.model.store import Queryable

T0 = 1_793_491_200_000
"""2026-11-01T00:00:00Z, the begin of a day."""
STEP = 15_000
EVER = (-(1 << 61), 1 << 61)
EVERYTHING = [Matcher("__name__", MatchOp.NE, "")]


@dataclass
class Clock:
    """The time a store believes it is."""

    t_ms: int = T0

    def __call__(self) -> int:
        return self.t_ms


@dataclass
class Connector:
    """Opens the file for writing as a store does, and keeps what it opened.

    Tests set faults and traces on the first connection, which is the writer's.
    """

    durable: bool = False
    opened: list[sqlite3.Connection] = field(default_factory=list)

    def __call__(self, path: Path) -> sqlite3.Connection:
        self.opened.append(connect(path, durable=self.durable))
        return self.opened[-1]


@dataclass
class Opened:
    """A store, its folder and its clock."""

    path: Path
    options: Options = field(default_factory=lambda: Options(durable=False))
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.store = Store.open(self.path, self.options, now_ms=self.clock)

    def again(self) -> None:
        """Close and open."""
        self.store.close()
        self.store = Store.open(self.path, self.options, now_ms=self.clock)

    def settle(self) -> int:
        """All the upkeep there is; the number of slices."""
        slices = 0
        while self.store.maintain():
            slices += 1
        return slices


def one(name: str, **labels: str) -> Labels:
    return Labels.of({"__name__": name, **labels})


def scrape(t_ms: int, *samples: tuple[Labels, float]) -> Scrape:
    return Scrape(
        t_ms, tuple(labels for labels, _ in samples), np.array([value for _, value in samples])
    )


Samples = dict[Labels, list[tuple[int, int]]]


def bits(values: npt.NDArray[np.float64]) -> list[int]:
    return [int(b) for b in np.ascontiguousarray(values).view(np.uint64)]


def everything(store: Queryable, start_ms: int = EVER[0], end_ms: int = EVER[1]) -> Samples:
    """All samples as times and bits; a series in two blocks is a mistake."""
    found: Samples = {}
    for block in store.select(EVERYTHING, start_ms, end_ms):
        assert block.values.shape == (len(block.series), len(block.t_ms))
        assert len(block.t_ms)
        assert (np.diff(block.t_ms) > 0).all()
        for labels, row in zip(block.series, block.values, strict=True):
            assert labels not in found
            found[labels] = list(zip(block.t_ms.tolist(), bits(row), strict=True))
    return found
