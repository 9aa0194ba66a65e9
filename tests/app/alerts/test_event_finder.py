"""The server keeps an event that it finds once, over its own restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.events.records import read_events
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.event_finder import EventFinder
from jipyo.app.alerts.schema import STEPS
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore
from support.sources import SteadyClock

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_800_000_000_000


def test_a_reboot_is_found_once_over_restarts(tmp_path: Path) -> None:
    samples = MemoryStore()
    boot = Labels.of({"__name__": "node_boot_time_seconds", "instance": "gpu-1", "job": "node"})
    times = range(NOW_MS - 600_000, NOW_MS, 15_000)
    booted_ms = NOW_MS - 310_000
    values = [booted_ms / 1000 if t_ms > booted_ms else 1000.0 for t_ms in times]
    samples.put(boot, times, values)
    for run in range(3):
        store = AlertStore.open(tmp_path, STEPS)
        finder = EventFinder(store, SteadyClock(NOW_MS + run * 60_000))
        finder.look()  # without a source it looks for nothing
        finder.apply(Embedded(samples, Engine()))
        finder.look()
        finder.look()
        with store.reading() as db:
            (event,) = read_events(db, 0, NOW_MS)
        store.close()
        assert (event.t_ms, event.entered_ms, event.who) == (booted_ms, NOW_MS, "")
