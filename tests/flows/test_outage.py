"""From a target that dies to the verdict that names it, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import list_metric_rules
from jipyo.analysis.health import Reason, assess_catalogue
from jipyo.analysis.targets import read_targets
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import describe_reason, describe_verdict
from jipyo.app.alerts.service import LAG_MS
from jipyo.catalogue import Catalogue, load
from jipyo.collect.loop import Loop
from jipyo.collect.target import Target, own_target
from jipyo.i18n import texts
from jipyo.model.errors import CollectError
from jipyo.model.failure import FAILURES, PROBE_FAILURE
from jipyo.model.family import Family, info, single
from jipyo.model.labels import Labels
from jipyo.model.result import Vector
from jipyo.model.sample import STALE_NAN, MetricType
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.clock import FakeClock
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.health import Health

INTERVAL_MS = 15_000
BUILTIN = load()
WATCHED = Catalogue(tuple(metric for metric in BUILTIN.metrics if metric.outage))
REFUSED = CollectError("database.unreachable", url="redis://h", reason="Connection refused")


@dataclass
class Service:
    """A collector of something that a test can stop; as a probe it reports that itself."""

    is_probe: bool = False
    error: CollectError | None = None

    def collect(self, t_ms: int) -> list[Family]:
        if not self.is_probe:
            if self.error is not None:
                raise self.error
            return [single(MetricType.GAUGE, "x", "An x.", 1.0)]
        success = single(MetricType.GAUGE, "probe_success", "s", float(self.error is None))
        why = info(PROBE_FAILURE, "Why.", {"reason": "http_status"})
        return [success] if self.error is None else [success, why]


@dataclass
class World:
    """A service, scraped into a real store under a clock of its own."""

    clock: FakeClock
    source: Embedded
    service: Service
    loop: Loop

    def assess(self) -> Health:
        return assess_catalogue(self.source, WATCHED, self.clock.now_ms())

    def count_seconds_until(self, state: State) -> int:
        """How long it takes, at most three minutes."""
        for second in range(181):
            if self.assess().state is state:
                return second
            self.clock.advance(1000)
        pytest.fail(f"it never became {state}")


@pytest.fixture(params=[False, True], ids=["target", "probe"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = FakeClock()
    service = Service(is_probe=request.param)
    labels = {"job": "redis", "instance": "10.0.0.5:6379"}
    made = own_target([service], job="redis", instance="10.0.0.5:6379", interval_ms=INTERVAL_MS)
    with Store.open(tmp_path, now_ms=clock.now_ms) as store:
        loop = Loop(store, clock=clock)
        loop.sync([Target(Labels.of(labels), made.reader, INTERVAL_MS)])
        clock.advance(5 * 60_000)
        yield World(clock, Embedded(store, Engine()), service, loop)
        loop.stop()


def test_what_dies_is_critical_within_35_seconds_and_ok_at_the_first_good_reading(
    world: World,
) -> None:
    assert world.assess().state is State.OK
    world.service.error = REFUSED
    assert 15 <= world.count_seconds_until(State.CRITICAL) <= 31
    world.clock.advance(10 * 60_000)
    assert world.assess().state is State.CRITICAL
    world.service.error = None
    assert world.count_seconds_until(State.OK) <= 15


def test_one_failed_reading_is_no_outage(world: World) -> None:
    world.clock.advance(1)
    world.service.error = REFUSED
    world.clock.advance(INTERVAL_MS)
    world.service.error = None
    for _ in range(60):
        assert world.assess().state is State.OK
        world.clock.advance(1000)


def test_the_store_and_the_server_agree_on_a_target(world: World) -> None:
    def find_states() -> tuple[str, str]:
        (stored,) = read_targets(world.source, world.clock.now_ms())
        (known,) = world.loop.targets()
        assert stored.reason is known.failure
        return stored.state.value, known.state.value

    assert find_states() == ("up", "up")
    world.service.error = REFUSED
    world.clock.advance(INTERVAL_MS)
    assert find_states() == ("down", "down")
    world.service.error = None
    world.clock.advance(INTERVAL_MS)
    assert find_states() == ("up", "up")


def test_the_verdict_names_the_target_and_the_cause(world: World) -> None:
    world.service.error = REFUSED
    world.clock.advance(60_000)
    health = world.assess()
    name, is_probe = "redis 10.0.0.5:6379", world.service.is_probe
    cause = "answered with an error status" if is_probe else "refused the connection"
    assert describe_verdict(health, texts("en")).startswith(
        f"Critical: {name} does not answer: {cause} ("
    )
    cause = "오류 상태 코드로 응답" if is_probe else "연결이 거부됨"
    assert describe_verdict(health, texts("ko")).startswith(f"위험: {name} 응답 없음({cause}) (")
    (breach,) = (one for one in health.metrics if one.reason is Reason.BREACH)
    assert breach.since_ms is not None
    assert world.clock.now_ms() - breach.since_ms <= 60_000


def test_of_several_causes_each_has_its_remedy(tmp_path: Path) -> None:
    clock = FakeClock()
    errors = [REFUSED, CollectError("net.http_status", url="u", status=404, reason="Not Found")]
    with Store.open(tmp_path, now_ms=clock.now_ms) as store:
        loop = Loop(store, clock=clock)
        loop.sync(
            own_target([Service(error=error)], job="a", instance=str(n), interval_ms=INTERVAL_MS)
            for n, error in enumerate(errors)
        )
        clock.advance(60_000)
        health = assess_catalogue(Embedded(store, Engine()), WATCHED, clock.now_ms())
        loop.stop()
    (breach,) = (one for one in health.metrics if one.reason is Reason.BREACH)
    t = texts("en")
    why = describe_reason(breach, t, ZoneInfo("UTC"), clock.now_ms())
    assert "refused the connection: Start the service, or correct its address and port." in why
    assert "answered 404 Not Found: Correct metrics_path" in why
    assert "Start the service" not in describe_verdict(health, t)


@pytest.mark.parametrize(
    ("interval_s", "states"),  # at so many seconds after the one reading that failed
    [
        (15, {14: [], 16: [], 17: [1], 24: [1]}),
        (30, {16: [], 18: [], 29: [], 38: []}),
        (60, {18: [], 59: []}),
    ],
)
def test_a_second_reading_that_hangs_counts_before_its_timeout(
    interval_s: int, states: dict[int, list[int]]
) -> None:
    failed_ms = FakeClock().now_ms()
    query, source = prepare_hang(failed_ms, interval_s)
    for second, state in states.items():
        value = source.instant(query, failed_ms + second * 1000).value
        assert isinstance(value, Vector)
        assert value.values.tolist() == state, second


@pytest.mark.parametrize("asks_servers", [False, True])
def test_what_hangs_is_named_within_35_s_however_readings_and_moments_lie(
    asks_servers: bool,
) -> None:
    """Struck right after a reading; one second is left for the evaluation itself."""
    rules = list_metric_rules(WATCHED, AlertsOptions(), asks_servers=asks_servers)
    rule_ms = next(one.interval_ms for one in rules if one.id == "system.collection.failed")
    delays = {
        phase_ms: find_named_ms(phase_ms, rule_ms) - (phase_ms - INTERVAL_MS)
        for phase_ms in range(0, rule_ms, 100)
    }
    assert max(delays.values()) <= (35_000 if asks_servers else 34_000)


def find_named_ms(phase_ms: int, rule_ms: int) -> int:
    """When the failure of a reading at `phase_ms` is judged to be an outage; the next one hangs."""
    began_ms = FakeClock().now_ms() // 60_000 * 60_000
    query, source = prepare_hang(began_ms + phase_ms, INTERVAL_MS // 1000)
    for at_ms in range(0, 60_000, rule_ms):
        value = source.instant(query, began_ms + at_ms).value
        assert isinstance(value, Vector)
        if value.values.tolist() == [1]:
            return at_ms + LAG_MS
    pytest.fail("it is never named")


def prepare_hang(failed_ms: int, interval_s: int) -> tuple[str, Embedded]:
    """The query for what is down, and a target whose reading at `failed_ms` is its last."""
    store, target = MemoryStore(), Labels.of({"job": "node", "instance": "a"})
    times = [failed_ms - back * interval_s * 1000 for back in range(20, -1, -1)]
    store.put(target.put({"__name__": "up"}), times, [1.0] * 20 + [0.0])
    failure = target.put({"__name__": FAILURES, "reason": "timeout"})
    store.put(failure, [failed_ms], [1.0])
    metric = BUILTIN.get("system.collection.failed")
    assert metric is not None
    return metric.queries[0].promql, Embedded(store, Engine())


def test_what_was_down_before_a_restart_has_not_recovered_by_it() -> None:
    """Failed readings are counted anew from the start: one of them says nothing."""
    store, start_ms = MemoryStore(), FakeClock().now_ms()
    target = Labels.of({"job": "web", "instance": "a"})
    readings = {
        0: 0,
        15: 1,
        30: 2,
        45: 3,
        105: 1,
        120: 2,
        135: 0,
    }  # by the second; away at 60 to 90
    times = [start_ms + second * 1000 for second in readings]
    store.put(target.put({"__name__": "up"}), times, [float(not n) for n in readings.values()])
    failure = target.put({"__name__": FAILURES, "reason": "timeout"})
    failed = {t_ms: n for t_ms, n in zip(times, readings.values(), strict=True) if n}
    store.put(failure, [*failed, times[-1]], [*map(float, failed.values()), STALE_NAN])
    metric = BUILTIN.get("system.collection.failed")
    assert metric is not None
    source = Embedded(store, Engine())

    def read(second: int) -> list[float]:
        value = source.instant(metric.queries[0].promql, start_ms + second * 1000).value
        assert isinstance(value, Vector)
        return value.values.tolist()

    states = {second: read(second) for second in range(0, 145, 3)}
    assert {second for second, state in states.items() if state == [0]} == {
        *range(0, 15, 3),
        *range(135, 145, 3),
    }
    assert states[33] == states[123] == [1]
