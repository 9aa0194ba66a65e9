"""The upkeep of the store: slices with pauses, full disks, metrics."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.app.build_store import StoreUpkeep
from jipyo.model.errors import StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS


class SteppedClock:
    """Time passes when somebody waits, and stops after so many waits."""

    def __init__(self, waits: int) -> None:
        self.delays_ms: list[float] = []
        self.done = threading.Event()
        self._waits = waits

    def now_ms(self) -> int:
        return NOW_MS + DAY_MS

    def monotonic_ms(self) -> float:
        return sum(self.delays_ms)

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        self.delays_ms.append(delay_ms)
        if len(self.delays_ms) < self._waits:
            return stop.is_set()
        self.done.set()
        return stop.wait(10)


def test_upkeep_works_in_slices_and_then_waits_its_interval(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS) as store:
        series = (Labels.of({"__name__": "a"}),)
        for t_ms in range(NOW_MS - 3_600_000, NOW_MS, 15_000):
            store.append([Scrape(t_ms, series, np.ones(1))])
        clock = SteppedClock(20)
        upkeep = StoreUpkeep(store, clock)
        upkeep.start()
        assert clock.done.wait(10)
        names = {family.name for family in upkeep.families()}
        upkeep.stop()
        assert {"jipyo_tsdb_series", "jipyo_loop_runs_total"} <= names
    assert clock.delays_ms[:2] == [1000, 5]  # the journal was brought in, so more may be to do
    assert clock.delays_ms[-1] == 1000


class FullStore:
    """A store whose disk is full."""

    def maintain(self) -> bool:
        raise StoreFull("tsdb.full")

    def families(self) -> tuple[()]:
        return ()


def test_a_full_disk_is_no_failure_of_the_upkeep(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = SteppedClock(4)
    store: Any = FullStore()
    upkeep = StoreUpkeep(store, clock)
    upkeep.start()
    assert clock.done.wait(10)
    failures = [
        sample.value
        for family in upkeep.families()
        if family.name == "jipyo_loop_failures_total"
        for sample in family.samples
    ]
    upkeep.stop()
    assert failures == [0]
    assert clock.delays_ms == [1000] * 4
    assert not caplog.records  # collection logs it when its samples are rejected
