"""Targets read on their schedule: slow ones, failing ones, ones that come and go."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collect.helpers import of, samples
from jipyo.collect.family_builders import gauge
from jipyo.collect.loop import Loop, LoopOptions, Target, TargetState, TargetStatus
from jipyo.collect.schedule import Clock, next_due_ms, phase_ms, system_clock, timestamp_ms
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.collect.target import CollectorReader, own_target
from jipyo.model.errors import CollectError, ConfigError, StoreError, StoreFull
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import ReadingNote, TargetReading
from jipyo.model.sample import Appended, MetricMetadata, MetricType, Reject, Scrape, is_stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from jipyo.model.family import Family


class Store:
    """Keeps scrapes in a list."""

    def __init__(self) -> None:
        self.scrapes: list[Scrape] = []
        self.described: list[MetricMetadata] = []
        self.fail: Exception | None = None
        self.rejected: dict[Reject, int] = {}
        self._lock = threading.Lock()

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        if self.fail is not None:
            raise self.fail
        with self._lock:
            self.scrapes += scrapes
        return Appended(sum(len(one.series) for one in scrapes), self.rejected)

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        if self.fail is not None:
            raise self.fail
        self.described += metadata

    def values(self, metric: str, job: str = "") -> list[float]:
        """Every value of a metric in order of arrival; a stale marker as -1."""
        return [
            -1.0 if gone else float(value)
            for scrape in list(self.scrapes)
            for labels, value, gone in zip(
                scrape.series, scrape.values, is_stale(scrape.values), strict=True
            )
            if labels.metric == metric and job in ("", labels["job"])
        ]


class Scripted:
    """A reader that does what it is told."""

    def __init__(self, act: Callable[[int], TargetReading | None]) -> None:
        self.act = act

    def read(self, t_ms: int) -> TargetReading | None:
        return self.act(t_ms)

    def families(self) -> tuple[Family, ...]:
        return ()


X = (Labels.of({METRIC_NAME: "x", "job": "j"}),)
SAID = (MetricMetadata("x", MetricType.GAUGE, "A value."),)


def steady(t_ms: int) -> TargetReading:
    return TargetReading(X, np.array([7.0]), metadata=SAID, scraped=1, notes=(ReadingNote("n"),))


def target(
    act: Callable[[int], TargetReading | None] = steady, job: str = "j", interval_ms: int = 40
) -> Target:
    labels = Labels.of({"job": job, "instance": "i"})
    return Target(labels, Scripted(act), interval_ms, f"http://{job}/")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def loop(store: Store) -> Iterator[Loop]:
    loop = Loop(store, clock=system_clock(), options=LoopOptions(discover_s=0.02, stop_s=2))
    yield loop
    loop.stop()


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def status(loop: Loop) -> TargetStatus:
    (only,) = loop.targets()
    return only


def test_a_target_is_read_again_and_again(loop: Loop, store: Store) -> None:
    loop.sync([target()])
    until(lambda: len(store.values("x")) >= 3)
    now = status(loop)
    assert (now.state, now.samples, now.error, now.url) == (TargetState.UP, 1, None, "http://j/")
    assert now.notes == (ReadingNote("n"),)
    assert set(store.values("up")) == {1.0}
    assert store.described == list(SAID)


def test_times_lie_on_the_schedule(loop: Loop, store: Store) -> None:
    loop.sync([target(interval_ms=100)])
    until(lambda: len(store.scrapes) >= 5)
    phase = phase_ms('{instance="i",job="j"}http://j/', 100)
    off = [(scrape.t_ms - phase) % 100 for scrape in store.scrapes[1:]]
    assert sum(late == 0 for late in off) >= len(off) / 2
    times = [scrape.t_ms for scrape in store.scrapes]
    assert times == sorted(set(times))


def test_a_slow_target_never_delays_another(loop: Loop, store: Store) -> None:
    held = threading.Event()

    def slow(t_ms: int) -> TargetReading:
        held.wait(10)
        return steady(t_ms)

    loop.sync([target(slow, "slow"), target(job="quick")])
    until(lambda: len(store.values("up", "quick")) >= 4)
    assert store.values("up", "slow") == []
    held.set()
    until(lambda: store.values("up", "slow"))
    until(lambda: sum(of(loop.families(), "jipyo_collect_missed_total").values()) >= 1)


def test_failure_and_recovery_are_told_once(
    loop: Loop, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    failing = [True]

    def act(t_ms: int) -> TargetReading:
        if failing[0]:
            raise CollectError("collect.cut", url="u")
        return steady(t_ms)

    with caplog.at_level(logging.INFO):
        loop.sync([target(act)])
        until(lambda: store.values("up").count(0.0) >= 3)
        down = status(loop)
        assert (down.state, down.error and down.error.key) == (TargetState.DOWN, "collect.cut")
        failing[0] = False
        until(lambda: store.values("up").count(1.0) >= 3)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert of(loop.families(), "jipyo_collect_failures_total") == {
        '{scrape_instance="i",scrape_job="j"}': store.values("up").count(0.0)
    }


def test_a_reader_that_breaks_does_not_end_its_thread(loop: Loop, store: Store) -> None:
    def act(t_ms: int) -> TargetReading:
        raise ZeroDivisionError("odd")

    loop.sync([target(act)])
    until(lambda: len(store.values("up")) >= 2)
    error = status(loop).error
    assert error is not None
    assert (error.key, error.values["reason"]) == (
        "collect.unexpected",
        "ZeroDivisionError('odd')",
    )


def test_where_there_is_nothing_nothing_is_written(loop: Loop, store: Store) -> None:
    there = [False]
    loop.sync([target(lambda t_ms: steady(t_ms) if there[0] else None)])
    until(lambda: status(loop).state is TargetState.ABSENT)
    assert store.scrapes == []
    there[0] = True
    until(lambda: store.values("x") == [7.0])
    there[0] = False
    until(lambda: store.values("x")[-1] == -1.0)
    assert store.values("up")[-1] == -1.0


def test_a_target_that_is_gone_is_marked_stale_and_others_go_on(loop: Loop, store: Store) -> None:
    first, second = target(job="a"), target(job="b")
    targets = [first, second]
    loop.start(lambda: list(targets))
    until(lambda: store.values("up", "a") and store.values("up", "b"))
    targets.remove(first)
    until(lambda: store.values("up", "a")[-1] == -1.0)
    count = len(store.values("up", "b"))
    until(lambda: len(store.values("up", "b")) > count)
    assert [one.labels["job"] for one in loop.targets()] == ["b"]


def test_a_clean_stop_marks_everything_stale(loop: Loop, store: Store) -> None:
    loop.sync([target()])
    until(lambda: store.values("x"))
    loop.stop()
    assert (store.values("x")[-1], store.values("up")[-1]) == (-1.0, -1.0)
    count = len(store.scrapes)
    loop.sync([target(job="late")])
    time.sleep(0.1)
    assert len(store.scrapes) == count


def test_a_stop_does_not_wait_for_a_target_that_hangs(store: Store) -> None:
    loop = Loop(store, clock=system_clock(), options=LoopOptions(stop_s=0.1))
    held = threading.Event()
    loop.sync([target(lambda t_ms: held.wait(10) and None)])
    start = time.monotonic()
    loop.stop()
    assert time.monotonic() - start < 1
    held.set()


def test_targets_stay_as_they_are_while_they_cannot_be_asked_for(
    loop: Loop, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    calls = []

    def discover() -> list[Target]:
        calls.append(1)
        if len(calls) > 1:
            raise ConfigError("collect.not_yaml", path="p", reason="r")
        return [target()]

    loop.start(discover)
    until(lambda: len(calls) > 3)
    assert len(loop.targets()) == 1
    assert sum("targets stay" in record.message for record in caplog.records) == 1


def test_a_full_store_loses_nothing_that_fits_in_memory(loop: Loop, store: Store) -> None:
    store.fail = StoreFull("tsdb.full")
    loop.sync([target()])
    until(lambda: not loop.writable)
    until(lambda: samples(loop.families())["jipyo_collect_waiting_samples"] >= 12)
    assert samples(loop.families())["jipyo_collect_writable"] == 0
    store.fail = None
    until(lambda: len(store.values("x")) >= 3)
    until(lambda: loop.writable)
    until(lambda: store.described)
    assert samples(loop.families())["jipyo_collect_dropped_samples_total"] == 0


def test_a_store_that_fails_otherwise_stops_no_target(
    loop: Loop, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.fail = StoreError("tsdb.closed")
    loop.sync([target()])
    until(lambda: sum("samples are lost" in r.message for r in caplog.records) >= 2)
    assert status(loop).state is TargetState.UP


def test_what_the_store_refuses_is_counted(loop: Loop, store: Store) -> None:
    store.rejected = {Reject.OUT_OF_ORDER: 2}
    loop.sync([target()])
    until(lambda: len(store.scrapes) >= 2)
    until(lambda: status(loop).rejected == 2)
    counted = of(loop.families(), "jipyo_collect_rejected_samples_total")
    assert counted['{reason="out of order sample"}'] >= 2


def test_a_clock_that_is_set_back_is_counted_and_reading_goes_on(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    back = [0]
    clock = Clock(lambda: time.time_ns() // 1_000_000 - back[0], lambda: time.monotonic() * 1000)
    loop = Loop(store, clock=clock)
    loop.sync([target()])
    until(lambda: len(store.scrapes) >= 2)
    back[0] = 3_600_000
    until(lambda: sum(of(loop.families(), "jipyo_collect_clock_steps_total").values()) == 1)
    count = len(store.scrapes)
    until(lambda: len(store.scrapes) >= count + 2)
    loop.stop()
    assert sum("the clock was set" in record.message for record in caplog.records) == 1
    assert max(scrape.t_ms for scrape in store.scrapes) >= store.scrapes[0].t_ms


@pytest.mark.parametrize(
    ("now", "interval", "phase", "due"),
    [
        (1000, 100, 0, 1100),
        (1001, 100, 0, 1100),
        (1000, 100, 30, 1030),
        (1030, 100, 30, 1130),
        (1029, 100, 30, 1030),
    ],
)
def test_the_next_reading_lies_at_the_phase(now: int, interval: int, phase: int, due: int) -> None:
    assert next_due_ms(now, interval, phase) == due


@pytest.mark.parametrize(
    ("now", "due", "interval", "written"),
    [
        (1004, 1000, 1000, 1000),
        (1011, 1000, 1000, 1011),
        (15_040, 15_000, 15_000, 15_000),
        (15_060, 15_000, 15_000, 15_060),
    ],
)
def test_a_reading_that_is_hardly_late_has_the_time_planned(
    now: int, due: int, interval: int, written: int
) -> None:
    assert timestamp_ms(now, due, interval) == written


def test_phases_are_spread_and_stay_the_same() -> None:
    phases = {phase_ms(f"target {n}", 15_000) for n in range(100)}
    assert len(phases) > 90
    assert all(0 <= phase < 15_000 for phase in phases)
    assert phase_ms("a", 15_000) == phase_ms("a", 15_000)


class Fixed:
    """A collector with these values."""

    def __init__(self, *values: float) -> None:
        self.values: Sequence[float] | None = values

    def collect(self, t_ms: int) -> list[Family] | None:
        if self.values is None:
            return None
        rows = [((str(n),), value) for n, value in enumerate(self.values)]
        return [gauge("m", "Some.", ("n",), rows)]


def test_collectors_are_read_as_one_target_with_its_labels() -> None:
    one, two = Fixed(1.0, 2.0), Fixed(5.0)
    two.values = None
    made = own_target([one, two], job="node", instance="h:1", interval_ms=1000)
    first, second = made.reader.read(0), made.reader.read(1)
    assert first is not None
    assert second is not None
    assert [str(s) for s in first.series] == [
        'm{instance="h:1",job="node",n="0"}',
        'm{instance="h:1",job="node",n="1"}',
    ]
    assert first.series is second.series
    assert first.metadata is second.metadata
    assert first.metadata == (MetricMetadata("m", MetricType.GAUGE, "Some."),)
    one.values = (1.0,)
    third = made.reader.read(2)
    assert third is not None
    assert (len(third.series), third.scraped) == (1, 1)
    assert samples(made.reader.families()) == {'m{n="0"}': 1.0}
    one.values = None
    assert made.reader.read(3) is None
    assert made.reader.families() == ()


def test_what_our_collectors_gave_last_can_be_shown(loop: Loop) -> None:
    loop.sync([own_target([Fixed(3.0)], job="node", instance="h", interval_ms=50), target()])
    until(loop.latest)
    assert samples(loop.latest()) == {'m{n="0"}': 3.0}


def test_a_reader_of_collectors_that_fail_shows_nothing() -> None:
    class Broken:
        def collect(self, t_ms: int) -> list[Family]:
            raise CollectError("collect.gpu_driver")

    reader = CollectorReader([Fixed(1.0), Broken()], {"job": "j"})
    with pytest.raises(CollectError):
        reader.read(0)
    assert reader.families() == ()


def test_the_program_tells_of_itself() -> None:
    own = SelfMetrics([lambda: [gauge("part", "One.", (), [((), 1.0)])]], version="1.2.3")
    found = samples(own.collect(0))
    assert found["part"] == 1.0
    assert any('version="1.2.3"' in name for name in found if name.startswith("jipyo_build_info"))
    assert found["process_resident_memory_bytes"] > 1 << 20
    assert found["process_cpu_seconds_total"] > 0
    assert abs(found["process_start_time_seconds"] - time.time()) < 86_400
    assert 0 < found["process_open_fds"] <= found["process_max_fds"]
    assert found["process_virtual_memory_bytes"] > found["process_resident_memory_bytes"]


def test_without_proc_the_program_does_not_know_itself(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        SelfMetrics([], version="1", proc=tmp_path).collect(0)
    assert caught.value.key == "collect.proc_unreadable"
