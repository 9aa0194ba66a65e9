"""Periodic tasks: their rhythm, how they fail and recover, and what they count."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from jipyo.loops import Periodic
from jipyo.model.errors import CollectError, StoreFull
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable


class Steps:
    """A step that records when it ran and does what `script` says, the last entry for ever."""

    def __init__(self, clock: FakeClock, *script: float | Exception | None) -> None:
        self.clock = clock
        self.script = script or (None,)
        self.at_ms: list[int] = []

    def __call__(self) -> float | None:
        self.at_ms.append(int(self.clock.monotonic_ms()))
        act = self.script[min(len(self.at_ms), len(self.script)) - 1]
        if isinstance(act, Exception):
            raise act
        return act


def figures(task: Periodic) -> dict[str, float]:
    return {
        family.name.removeprefix("jipyo_loop_").removesuffix("_total"): family.samples[0].value
        for family in task.families()
    }


@pytest.mark.parametrize(
    ("script", "minutes", "at_s"),
    [
        ([None], 3, [60, 120, 180]),
        ([5_000, None], 3, [60, 65, 125]),  # once again after 5 s, then the interval
        ([0, 0, None], 2, [60, 60, 60, 120]),  # more to do at once
        ([180_000, None], 5, [60, 240, 300]),  # nothing to do for longer
        ([StoreFull("tsdb.full")], 2, [60, 120]),  # a failure waits the interval
    ],
)
def test_a_step_runs_every_interval_or_when_it_asked_to(
    script: list[float | Exception | None], minutes: int, at_s: list[int]
) -> None:
    clock = FakeClock()
    steps = Steps(clock, *script)
    with Periodic("task", steps, interval_ms=60_000, clock=clock):
        clock.advance(minutes * 60_000)
    assert [t_ms // 1000 for t_ms in steps.at_ms] == at_s


def test_the_first_failure_and_the_recovery_are_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    error = CollectError("net.timeout", url="u")
    steps = Steps(clock, error, error, error, None, None, error, None)
    with (
        caplog.at_level(logging.INFO),
        Periodic("upkeep", steps, interval_ms=1000, clock=clock) as task,
    ):
        clock.advance(8000)
        assert figures(task) == {
            "runs": 8,
            "failures": 4,
            "seconds": 0,
            "running": 1,
        }
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "upkeep fails: net.timeout(url='u')"),
        ("INFO", "upkeep works again"),
    ] * 2


def test_an_edge_survives_every_error() -> None:
    clock = FakeClock()
    with Periodic(
        "edge", Steps(clock, ZeroDivisionError()), interval_ms=1000, clock=clock, errors=Exception
    ) as task:
        clock.advance(3000)
        assert figures(task)["failures"] == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_ends_the_loop_and_shows() -> None:
    clock = FakeClock()
    with Periodic("task", Steps(clock, ZeroDivisionError()), interval_ms=1000, clock=clock) as task:
        clock.advance(3000)
        assert figures(task) == {
            "runs": 1,
            "failures": 0,
            "seconds": 0,
            "running": 0,
        }


def test_the_time_of_the_steps_is_counted() -> None:
    clock = FakeClock()

    def slow() -> None:
        clock.wait(task.stopping, 2500)

    task = Periodic("task", slow, interval_ms=1000, clock=clock)
    with task:
        clock.advance(7000)  # 1 s pause, 2.5 s work, 1 s pause, 2.5 s work
        assert figures(task) == {
            "runs": 2,
            "failures": 0,
            "seconds": 5,
            "running": 1,
        }


def test_a_stop_cuts_the_pause_short_and_a_step_can_see_it() -> None:
    clock = FakeClock()
    seen: list[bool] = []

    def patient() -> None:
        seen.append(clock.wait(task.stopping, 3_600_000))

    task = Periodic("task", patient, interval_ms=1000, clock=clock)
    task.start()
    clock.advance(1000)
    task.request_stop()
    task.stop()
    assert seen == [True]
    assert figures(task)["running"] == 0


@pytest.mark.parametrize("end", [Periodic.stop, Periodic.request_stop])
def test_a_loop_that_never_started_can_be_stopped(end: Callable[[Periodic], None]) -> None:
    task = Periodic("task", lambda: None, interval_ms=1, clock=FakeClock())
    end(task)
    assert figures(task) == {"runs": 0, "failures": 0, "seconds": 0, "running": 0}


def test_each_loop_counts_under_its_own_label() -> None:
    clock = FakeClock()
    names = [
        str(family.samples[0].labels)
        for name in ("a", "b")
        for family in Periodic(name, lambda: None, interval_ms=1, clock=clock).families()
    ]
    assert names[0] == 'jipyo_loop_runs_total{loop="a"}'
    assert len(set(names)) == 8
