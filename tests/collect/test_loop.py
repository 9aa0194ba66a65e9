"""Targets read on their schedule: slow ones, failing ones, ones that come and go."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collect.helpers import of, samples
from jipyo.collect.loop import Loop, LoopOptions, Target, TargetState, TargetStatus
from jipyo.collect.schedule import next_due_ms, phase_ms
from jipyo.collect.target import own_target
from jipyo.model.clock import SystemClock
from jipyo.model.errors import CollectError, ConfigError, StoreError, StoreFull
from jipyo.model.family import gauge
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import ReadingNote, TargetReading
from jipyo.model.sample import Appended, MetricMetadata, MetricType, Reject, Scrape, is_stale
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.family import Family


INTERVAL_MS = 15_000
STALE = -1.0
"""How `Store.values` shows a stale marker."""


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
        """Every value of a metric in order of arrival; a stale marker as STALE."""
        return [
            STALE if gone else float(value)
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
METADATA = (MetricMetadata("x", MetricType.GAUGE, "A value."),)


def steady(t_ms: int) -> TargetReading:
    return TargetReading(
        X, np.array([7.0]), metadata=METADATA, scraped=1, notes=(ReadingNote("n"),)
    )


def target(
    act: Callable[[int], TargetReading | None] = steady,
    job: str = "j",
    interval_ms: int = INTERVAL_MS,
) -> Target:
    labels = Labels.of({"job": job, "instance": "i"})
    return Target(labels, Scripted(act), interval_ms, f"http://{job}/")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def loop(store: Store, clock: FakeClock) -> Iterator[Loop]:
    loop = Loop(store, clock=clock, options=LoopOptions(discovery_interval_ms=1000))
    yield loop
    loop.stop()


def status(loop: Loop) -> TargetStatus:
    (only,) = loop.targets()
    return only


def test_a_target_is_scraped_every_interval(loop: Loop, store: Store, clock: FakeClock) -> None:
    loop.sync([target()])
    clock.advance(10 * INTERVAL_MS)
    assert store.values("x") == [7.0] * 11  # one at once, so that a start shows something
    assert set(store.values("up")) == {1.0}
    now = status(loop)
    assert (now.state, now.samples, now.error, now.url) == (TargetState.UP, 1, None, "http://j/")
    assert now.notes == (ReadingNote("n"),)
    assert store.described == list(METADATA)


def test_timestamps_lie_on_the_schedule(loop: Loop, store: Store, clock: FakeClock) -> None:
    loop.sync([target()])
    clock.advance(5 * INTERVAL_MS)
    phase = phase_ms('{instance="i",job="j"}http://j/', INTERVAL_MS)
    first, *rest = [scrape.t_ms for scrape in store.scrapes]
    assert first == clock.start_ms
    due = next_due_ms(first, INTERVAL_MS, phase)
    assert rest == [due + n * INTERVAL_MS for n in range(5)]


def test_a_slow_target_never_delays_another(loop: Loop, store: Store, clock: FakeClock) -> None:
    release = threading.Event()

    def slow(t_ms: int) -> TargetReading:
        clock.wait(release, 2.5 * INTERVAL_MS)
        return steady(t_ms)

    loop.sync([target(slow, "slow"), target(job="quick")])
    clock.advance(2 * INTERVAL_MS)
    assert (store.values("up", "quick"), store.values("up", "slow")) == ([1.0] * 3, [])
    clock.advance(4 * INTERVAL_MS)
    assert store.values("scrape_duration_seconds", "slow") == [37.5, 37.5]
    missed = of(loop.families(), "jipyo_collect_missed_total")
    assert missed == {
        '{scrape_instance="i",scrape_job="slow"}': 3,
        '{scrape_instance="i",scrape_job="quick"}': 0,
    }
    release.set()


def test_failure_and_recovery_are_logged_once(
    loop: Loop, store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    failing = True

    def act(t_ms: int) -> TargetReading:
        if failing:
            raise CollectError("net.cut", url="u")
        return steady(t_ms)

    with caplog.at_level(logging.INFO):
        loop.sync([target(act)])
        clock.advance(2 * INTERVAL_MS)
        down = status(loop)
        assert (down.state, down.error and down.error.key) == (TargetState.DOWN, "net.cut")
        failing = False
        clock.advance(2 * INTERVAL_MS)
    assert store.values("up") == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", """{instance="i",job="j"} cannot be scraped: net.cut(url='u')"""),
        ("INFO", '{instance="i",job="j"} is scraped again'),
    ]
    label = '{scrape_instance="i",scrape_job="j"}'
    assert of(loop.families(), "jipyo_collect_failures_total") == {label: 3.0}
    assert of(loop.families(), "jipyo_collect_scrapes_total") == {label: 5.0}


def test_a_reader_that_breaks_does_not_end_its_thread(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    def act(t_ms: int) -> TargetReading:
        raise ZeroDivisionError("odd")

    loop.sync([target(act)])
    clock.advance(INTERVAL_MS)
    assert store.values("up") == [0.0, 0.0]
    error = status(loop).error
    assert error is not None
    assert (error.key, error.values["reason"]) == (
        "collect.unexpected",
        "ZeroDivisionError('odd')",
    )


@pytest.mark.parametrize(
    ("outcomes", "since"),
    [("u", 0), ("uuu", 0), ("udd", 1), ("duu", 1), ("udu", 2), ("uaa", 1), ("dad", 2)],
)
def test_a_status_tells_since_when_its_state_has_lasted(
    loop: Loop, clock: FakeClock, outcomes: str, since: int
) -> None:
    times: list[int] = []

    def act(t_ms: int) -> TargetReading | None:
        times.append(t_ms)
        outcome = outcomes[len(times) - 1]
        if outcome == "d":
            raise CollectError("net.cut")
        return None if outcome == "a" else steady(t_ms)

    loop.sync([target(act)])
    clock.advance((len(outcomes) - 1) * INTERVAL_MS)
    assert len(times) == len(outcomes)
    assert status(loop).since_ms == times[since]


def test_where_there_is_nothing_nothing_is_written(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    is_there = False
    loop.sync([target(lambda t_ms: steady(t_ms) if is_there else None)])
    clock.advance(INTERVAL_MS)
    assert status(loop).state is TargetState.ABSENT
    assert store.scrapes == []
    is_there = True
    clock.advance(INTERVAL_MS)
    assert store.values("x") == [7.0]
    is_there = False
    clock.advance(INTERVAL_MS)
    assert store.values("x") == [7.0, STALE]
    assert store.values("up") == [1.0, STALE]


def test_a_target_that_is_removed_becomes_stale_and_others_go_on(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    first, second = target(job="a"), target(job="b")
    targets = [first, second]
    loop.start(lambda: list(targets))
    clock.advance(1)
    targets.remove(first)
    clock.advance(3 * INTERVAL_MS)
    assert store.values("up", "a")[-1] == STALE
    assert store.values("up", "b") == [1.0] * 4
    assert [one.labels["job"] for one in loop.targets()] == ["b"]
    assert of(loop.families(), "jipyo_loop_runs_total") == {'{loop="discovery"}': 45.0}


def test_a_target_that_is_added_is_scraped_at_once(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    targets: list[Target] = []
    loop.start(lambda: list(targets))
    clock.advance(500)
    targets.append(target())
    clock.advance(500)
    assert [scrape.t_ms for scrape in store.scrapes] == [clock.start_ms + 1000]


def test_a_target_in_the_place_of_another_continues_its_series(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    loop.sync([target()])
    clock.advance(2 * INTERVAL_MS)
    loop.sync([target(interval_ms=5_000)])
    clock.advance(10_000)
    loop.sync([])
    clock.settle()
    assert store.values("up") == [1.0] * 6 + [STALE]
    assert store.values("x") == [7.0] * 6 + [STALE]
    times = [scrape.t_ms for scrape in store.scrapes]
    assert times == sorted(set(times))


def test_a_target_in_the_place_of_another_keeps_its_status_and_counts(
    loop: Loop, store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(t_ms: int) -> TargetReading:
        raise CollectError("net.cut", url="u")

    loop.sync([target(refuse)])
    clock.settle()
    caplog.clear()

    def wait(t_ms: int) -> TargetReading:
        clock.wait(threading.Event(), 1000)
        return steady(t_ms)

    loop.sync([target(wait)])
    assert status(loop).state is TargetState.DOWN
    with caplog.at_level(logging.INFO):
        clock.advance(2000)
    assert caplog.messages == ['{instance="i",job="j"} is scraped again']
    label = '{scrape_instance="i",scrape_job="j"}'
    assert of(loop.families(), "jipyo_collect_scrapes_total") == {label: 2.0}


def test_a_series_that_the_next_target_does_not_have_becomes_stale(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    def empty(t_ms: int) -> TargetReading:
        return TargetReading((), np.array([]))

    loop.sync([target()])
    clock.settle()
    loop.sync([target(empty)])
    clock.settle()
    assert store.values("x") == [7.0, STALE]
    assert store.values("up") == [1.0, 1.0]


def test_a_change_returns_at_once_and_no_target_is_read_twice_at_a_time(store: Store) -> None:
    loop = Loop(store, clock=SystemClock(), options=LoopOptions(stop_timeout_s=5))
    release, reading, at_once = threading.Event(), threading.Lock(), []

    def hang(t_ms: int) -> TargetReading:
        at_once.append(reading.acquire(blocking=False))
        release.wait(10)
        reading.release()
        return steady(t_ms)

    start = time.monotonic()
    for _ in range(4):
        loop.sync([target(hang)])
    loop.sync([target(hang), target(job="other")])
    wait_until(lambda: store.values("up", "other") == [1.0])
    assert time.monotonic() - start < 8
    release.set()
    wait_until(lambda: len(store.values("up", "j")) == 2)  # the first and the last of the five
    loop.stop()
    assert at_once == [True, True]
    assert store.values("up", "j") == [1.0, 1.0, STALE]


def test_a_target_that_returns_while_its_last_scrape_hangs_continues(store: Store) -> None:
    loop = Loop(store, clock=SystemClock(), options=LoopOptions(stop_timeout_s=5))
    release = threading.Event()

    def hang(t_ms: int) -> TargetReading:
        release.wait(10)
        return steady(t_ms)

    for targets in ([target(hang)], [], [target(hang)]):
        loop.sync(targets)
    release.set()
    wait_until(lambda: len(store.values("up")) == 2)
    loop.stop()
    assert store.values("up") == [1.0, 1.0, STALE]


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    assert is_so()


def test_a_clean_stop_marks_everything_stale(loop: Loop, store: Store, clock: FakeClock) -> None:
    loop.sync([target()])
    clock.settle()
    loop.stop()
    assert store.values("x") == [7.0, STALE]
    assert store.values("up") == [1.0, STALE]
    count = len(store.scrapes)
    loop.sync([target(job="late")])
    clock.advance(INTERVAL_MS)
    assert len(store.scrapes) == count


def test_stale_markers_never_share_the_time_of_the_last_sample(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    loop.sync([target()])
    clock.settle()
    clock.set_wall_clock(-3_600_000)
    loop.stop()
    first, stale = [scrape.t_ms for scrape in store.scrapes]
    assert stale == first + 1


def test_a_stop_does_not_wait_for_a_target_that_hangs(store: Store) -> None:
    loop = Loop(store, clock=SystemClock(), options=LoopOptions(stop_timeout_s=0.1))
    release = threading.Event()

    def hang(t_ms: int) -> None:
        release.wait(10)

    loop.sync([target(hang)])
    start = time.monotonic()
    loop.stop()
    assert time.monotonic() - start < 8
    release.set()


def test_targets_stay_as_they_are_while_discovery_fails(
    loop: Loop, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    calls = 0

    def discover() -> list[Target]:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise ConfigError("collect.not_yaml", path="p", reason="r")
        return [target()]

    loop.start(discover)
    clock.advance(3000)
    assert (calls, len(loop.targets())) == (4, 1)
    assert [record.message for record in caplog.records] == [
        "discovery fails: collect.not_yaml(path='p', reason='r')"
    ]
    assert of(loop.families(), "jipyo_loop_failures_total") == {'{loop="discovery"}': 3.0}


def test_a_first_discovery_that_fails_is_an_error_of_the_start(loop: Loop) -> None:
    def discover() -> list[Target]:
        raise ConfigError("collect.not_yaml", path="p", reason="r")

    with pytest.raises(ConfigError):
        loop.start(discover)
    assert loop.targets() == ()


def test_a_full_store_loses_nothing_that_fits_in_memory(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    store.fail = StoreFull("tsdb.full", path="/data", reason="full")
    loop.sync([target()])
    clock.advance(INTERVAL_MS)
    assert not loop.writable
    figures = samples(loop.families())
    assert figures["jipyo_collect_waiting_samples"] == 12  # x and the five of the report, twice
    assert figures["jipyo_collect_writable"] == 0
    store.fail = None
    clock.advance(INTERVAL_MS)
    assert store.values("x") == [7.0] * 3
    assert loop.writable
    assert store.described == list(METADATA)
    assert samples(loop.families())["jipyo_collect_dropped_samples_total"] == 0


def test_a_store_that_fails_otherwise_stops_no_target(
    loop: Loop, store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store.fail = StoreError("tsdb.closed")
    loop.sync([target()])
    clock.advance(INTERVAL_MS)
    assert sum("samples are lost" in record.message for record in caplog.records) == 2
    assert sum("metadata is lost" in record.message for record in caplog.records) == 2
    assert status(loop).state is TargetState.UP


def test_samples_that_the_store_rejects_are_counted(
    loop: Loop, store: Store, clock: FakeClock
) -> None:
    store.rejected = {Reject.OUT_OF_ORDER: 2}
    loop.sync([target()])
    clock.advance(INTERVAL_MS)
    assert status(loop).rejected == 2
    rejected = of(loop.families(), "jipyo_collect_rejected_samples_total")
    assert rejected['{reason="out of order sample"}'] == 4
    assert sum(rejected.values()) == 4


@pytest.mark.parametrize("by_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_is_set_is_counted_and_scraping_goes_on(
    loop: Loop, store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture, by_ms: int
) -> None:
    loop.sync([target()])
    clock.advance(INTERVAL_MS)
    clock.set_wall_clock(by_ms)
    clock.advance(3 * INTERVAL_MS)
    assert sum(of(loop.families(), "jipyo_collect_clock_steps_total").values()) == 1
    assert store.values("x") == [7.0] * 5
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        f"the clock was set by {by_ms // 1000} s"
    ]


class Fixed:
    """A collector with these values."""

    def __init__(self, *values: float) -> None:
        self.values: Sequence[float] | None = values

    def collect(self, t_ms: int) -> list[Family] | None:
        if self.values is None:
            return None
        rows = [((str(n),), value) for n, value in enumerate(self.values)]
        return [gauge("m", "Some.", ("n",), rows)]


def test_the_last_result_of_our_collectors_can_be_shown(loop: Loop, clock: FakeClock) -> None:
    loop.sync([own_target([Fixed(3.0)], job="node", instance="h", interval_ms=50), target()])
    clock.settle()
    assert samples(loop.latest()) == {'m{n="0"}': 3.0}
