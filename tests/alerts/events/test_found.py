"""Events that are found in samples, and found only once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.alerts.events.event import EventKind
from jipyo.alerts.events.found import (
    MODELS,
    STARTS,
    find_model_changes,
    find_starts,
    read_found_events,
)
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.model.sample import Times, Values

T0_MS = 1_800_000_000_000
MINUTE_MS = 60_000
BOOT, PROCESS = STARTS[0], STARTS[1]
HOST = Labels.of({"instance": "gpu-1", "job": "node"})


def at(minute: float) -> int:
    return T0_MS + int(minute * MINUTE_MS)


def row(labels: Labels, samples: Mapping[float, float]) -> tuple[Labels, Times, Values]:
    """Samples by their minutes."""
    times = np.array([at(minute) for minute in samples], np.int64)
    return labels, times, np.array(list(samples.values()), np.float64)


def starts(samples: dict[float, float]) -> dict[float, float]:
    """Values that are start times, given in minutes."""
    return {
        minute: start if math.isnan(start) else at(start) / 1000
        for minute, start in samples.items()
    }


@pytest.mark.parametrize(
    ("samples", "minutes"),
    [
        ({0: -100, 1: -100, 2: -100}, []),
        ({0: -100, 1: -100.001, 2: -99.999}, []),  # the kernel's jitter
        ({0: -100, 1: -100, 4: 2, 5: 2}, [2]),
        ({0: -100, 1: 0.98, 2: -100}, [0.98]),
        ({0: -100, 50: 40}, [40]),  # away for long
        ({0: -100, 1: -40, 2: -40}, []),  # the clock was set forward
        ({0: -100, 1: -160}, []),  # and back
        ({0: -100, 2: 1, 4: 3}, [1, 3]),
        ({3: 2}, []),  # nothing is known before it
        ({0: -100, 1: float("nan"), 3: 2}, [2]),
        ({0: -100, 3: 3.5}, [3]),  # a clock that is ahead
    ],
)
def test_a_start_lies_after_the_sample_before_it(
    samples: dict[float, float], minutes: list[float]
) -> None:
    events = list(find_starts(BOOT, [row(HOST, starts(samples))], at(9)))
    assert [event.t_ms for event in events] == [at(minute) for minute in minutes]
    assert all(event.kind is EventKind.REBOOT for event in events)
    assert len({event.key for event in events}) == len(events)


@pytest.mark.parametrize(
    ("models", "texts"),
    [
        ({"a": range(10)}, []),
        ({"a": range(5), "b": range(5, 10)}, ["5 a → b"]),
        ({"a": range(5), "b": range(30, 40)}, ["30 a → b"]),
        ({"a": range(10), "b": range(5, 10)}, ["5 b"]),
        ({"a": [*range(5), *range(30, 40)]}, []),  # the same one again
        ({"a": [*range(5), *range(30, 40)], "b": range(10, 20)}, ["10 a → b", "30 b → a"]),
        ({"a": range(10), "b": range(10)}, []),
        ({"a": [*range(5), *range(30, 40)], "b": range(40)}, []),
        ({"a": range(5), "b": range(5), "c": range(5, 9)}, ["5 a, b → c"]),
    ],
)
def test_a_changed_model_is_an_event(models: dict[str, Iterable[int]], texts: list[str]) -> None:
    rows = [
        row(HOST.put({"model_name": name, "engine": engine}), dict.fromkeys(minutes, 0.0))
        for name, minutes in models.items()
        for engine in "01"
    ]
    events = {one.key: one for one in find_model_changes(rows, at(99))}
    found = sorted(f"{(one.t_ms - T0_MS) // MINUTE_MS} {one.text}" for one in events.values())
    assert found == sorted(texts)


def test_the_same_samples_give_the_same_events_again() -> None:
    """Looked at every minute by one jipyo and by the next: one event for each start."""
    store = MemoryStore()

    def put(name: str, minutes: range, value: float, **labels: str) -> None:
        series = HOST.put({"__name__": name, **labels})
        store.put(series, map(at, minutes), [value] * len(minutes))

    boot, process, model = "node_boot_time_seconds", "process_start_time_seconds", MODELS[0]
    seconds = {minute: at(minute) / 1000 for minute in (-1000, 40.5, -10, 80.2)}
    up = [minute for minute in range(120) if not 40 < minute < 44]
    booted = [seconds[40.5 if minute > 40 else -1000] for minute in up]
    store.put(HOST.put({"__name__": boot}), map(at, up), booted)
    started = [seconds[80.2 if minute > 80 else -10] for minute in range(120)]
    store.put(HOST.put({"__name__": process, "job": "vllm"}), map(at, range(120)), started)
    put(model, range(81), 0.0, job="vllm", model_name="llama-3")
    put(model, range(81, 120), 0.0, job="vllm", model_name="llama-4")
    source = Embedded(store, Engine())
    keys: dict[str, tuple[int, EventKind, str]] = {}
    for minute in (39, 44, 45, 81, 82, 119, 500):
        for event in read_found_events(source, at(minute)):
            known = event.t_ms, event.kind, event.text
            assert keys.setdefault(event.key, known) == known
    assert list(keys.values()) == [
        (at(40.5), EventKind.REBOOT, ""),
        (at(80.2), EventKind.RESTART, "vllm"),
        (at(81), EventKind.MODEL, "llama-3 → llama-4"),
    ]
    assert read_found_events(source, at(3000)) == ()
