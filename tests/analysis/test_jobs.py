"""Targets by job and failures by cause."""

from __future__ import annotations

import pytest

from jipyo.analysis.jobs import (
    JobKind,
    OwnJobs,
    group_by_job,
    group_by_reason,
    read_destinations,
    read_receivers,
)
from jipyo.analysis.targets import ScrapeState, TargetNow
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

NOW_MS = 1_795_186_800_000
OWN = OwnJobs("h", frozenset({"node", "jipyo"}), {"db": JobKind.DATABASE, "app": JobKind.SCRAPE})


def build_target(
    job: str, instance: str, state: str = "up", reason: FailureReason | None = None
) -> TargetNow:
    return TargetNow(job, instance, ScrapeState(state), 0, True, reason, NOW_MS, 10)


def test_collectors_of_this_host_are_one_job_and_come_first() -> None:
    targets = [
        build_target("app", "a:1"),
        build_target("node", "h"),
        build_target("node", "other:9100"),
        build_target("jipyo", "h"),
    ]
    jobs = [(job.name, job.kind.value, job.targets) for job in group_by_job(targets, OWN)]
    assert jobs == [
        ("h", "host", 2),
        ("db", "database", 0),
        ("app", "scrape", 1),
        ("node", "scrape", 1),
    ]


@pytest.mark.parametrize(
    ("states", "counts", "is_healthy"),
    [
        (["up", "up"], (2, 0, 20), True),
        (["up", "down"], (2, 1, 20), False),
        (["up", "gone"], (1, 0, 10), True),
        (["gone"], (0, 0, 0), False),
        ([], (0, 0, 0), False),
    ],
)
def test_a_job_is_healthy_if_it_has_targets_and_none_fails(
    states: list[str], counts: tuple[int, int, int], is_healthy: bool
) -> None:
    targets = [build_target("db", str(number), state) for number, state in enumerate(states)]
    (job,) = group_by_job(targets, OwnJobs("h", frozenset(), {"db": JobKind.DATABASE}))
    assert (job.targets, job.failing, job.samples) == counts
    assert job.is_healthy is is_healthy


def test_failures_are_grouped_by_reason_that_of_most_targets_first() -> None:
    targets = [
        build_target("a", "1", "down", FailureReason.TLS),
        build_target("a", "2", "down"),
        build_target("b", "3", "down", FailureReason.TIMEOUT),
        build_target("c", "4", "down", FailureReason.TIMEOUT),
        build_target("c", "5"),
        build_target("c", "6", "gone"),
    ]
    groups = group_by_reason(targets)
    assert [(group.reason, [one.instance for one in group.targets]) for group in groups] == [
        (FailureReason.TIMEOUT, ["3", "4"]),
        (FailureReason.TLS, ["1"]),
        (None, ["2"]),
    ]


def test_protocols_that_received_nothing_within_the_hour_are_left_out() -> None:
    store = MemoryStore()
    for protocol, values in {"otlp": [5.0, 9.0], "remote_write": [7.0, 7.0]}.items():
        labels = {"__name__": "jipyo_receive_samples_total", "protocol": protocol}
        store.put(Labels.of(labels), [NOW_MS - 60_000, NOW_MS], values)
    (received,) = read_receivers(Embedded(store, Engine()), NOW_MS)
    assert (received.name, received.kind, received.samples) == ("otlp", JobKind.RECEIVER, 4)
    assert received.is_healthy


def test_destinations_are_those_of_this_host_and_fail_or_not() -> None:
    store = MemoryStore()
    for instance, name, fails, values in (
        ('서버"1', "prom", 0.0, [100.0, 160.0]),
        ('서버"1', "mimir", 1.0, [5.0, 5.0]),
        ("agent-7", "prom", 1.0, [5.0, 9.0]),  # an agent sends its own metrics here
    ):
        labels = {"job": "jipyo", "instance": instance, "remote_name": name, "url": "http://x/"}
        for metric, series in (("samples_total", values), ("failing", [fails, fails])):
            full = Labels.of({"__name__": f"jipyo_remote_write_{metric}", **labels})
            store.put(full, [NOW_MS - 3_600_000 + 1, NOW_MS], series)
    found = read_destinations(Embedded(store, Engine()), '서버"1', NOW_MS)
    assert {(one.name, one.samples, one.is_healthy) for one in found} == {
        ("prom", 60, True),
        ("mimir", 0, False),
    }
    assert {one.kind for one in found} == {JobKind.DESTINATION}
