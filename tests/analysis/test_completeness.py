"""What was received of what was expected, from the samples of `up`."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.analysis.completeness import Gap, TargetCompleteness, measure_completeness, total_share
from jipyo.analysis.window import Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.recording import RecordingSource
from support.memory import MemoryStore

START = 1_795_186_800_000
MINUTE = 60_000
WINDOW = Window(START, START + 60 * MINUTE)


def measure(**targets: list[tuple[int, float]]) -> tuple[TargetCompleteness, ...]:
    """Each target's samples as (seconds from the start, value of `up`)."""
    store = MemoryStore()
    for instance, samples in targets.items():
        labels = Labels.of({"__name__": "up", "job": "node", "instance": instance})
        times = [START + second * 1000 for second, _ in samples]
        store.put(labels, times, [value for _, value in samples])
    return measure_completeness(WindowReader(Embedded(store, Engine()), WINDOW))


def every(seconds: int, first: int, last: int, value: float = 1.0) -> list[tuple[int, float]]:
    return [(at, value) for at in range(first, last + 1, seconds)]


def test_a_target_without_pause_is_complete() -> None:
    (target,) = measure(a=every(15, 15, 3600))
    assert (target.received, target.expected, target.interval_ms) == (240, 240, 15_000)
    assert (target.gaps, target.longest_gap, target.down_ms) == ((), None, 0)
    assert target.share.value == 1.0
    assert (target.share.unit, target.share.samples) == ("ratio", 240)
    assert target.share.expr == "up[3600s]"


def test_a_pause_of_more_than_two_and_a_half_intervals_is_a_gap() -> None:
    (target,) = measure(a=every(60, 60, 600) + every(60, 750, 1200) + every(60, 1351, 3600))
    assert target.gaps == (Gap(START + 1_170_000, START + 1_351_000),)
    assert target.longest_gap == target.gaps[0]
    assert target.gaps[0].duration_ms == 181_000


def test_gaps_at_both_ends_of_the_window_count() -> None:
    (target,) = measure(a=every(60, 600, 1800))
    assert target.gaps == (
        Gap(START, START + 600_000),
        Gap(START + 1_800_000, START + 3_600_000),
    )
    assert target.share.value == pytest.approx(21 / 60)
    assert target.longest_gap == target.gaps[1]


def test_failed_scrapes_are_received_but_down() -> None:
    (target,) = measure(a=every(60, 60, 3000) + every(60, 3060, 3600, 0.0))
    assert (target.received, target.down, target.down_ms) == (60, 10, 10 * MINUTE)
    assert target.share.value == 1.0


def test_more_samples_than_expected_are_not_more_than_all() -> None:
    """The interval is the usual one; a burst of scrapes adds samples."""
    (target,) = measure(a=sorted({*every(60, 60, 3600), *every(10, 1800, 1900)}))
    assert target.received > target.expected
    assert target.share.value == 1.0
    assert total_share((target,)) == 1.0


def test_a_single_sample_is_taken_as_one_of_a_minute() -> None:
    (target,) = measure(a=[(1800, 1.0)])
    assert (target.interval_ms, target.expected, target.received) == (MINUTE, 60, 1)


def test_targets_are_sorted_and_share_what_all_should_have() -> None:
    b, a = measure(b=every(60, 60, 3600), a=every(60, 60, 1800))[::-1]
    assert [one.labels["instance"] for one in (a, b)] == ["a", "b"]
    assert total_share((a, b)) == pytest.approx(90 / 120)


def test_without_targets_there_is_no_share() -> None:
    assert measure() == ()
    assert total_share(()) is None


def test_samples_at_the_edges_belong_to_the_window_before_and_to_this_one() -> None:
    (target,) = measure(a=every(60, 0, 3600))
    assert target.received == 60
    assert np.isclose(target.share.coverage, 1.0)


def test_samples_are_read_only_of_targets_that_lack_some() -> None:
    store = MemoryStore()
    for instance, seconds in (("whole", every(15, 15, 3600)), ("cut", every(15, 15, 900))):
        labels = Labels.of({"__name__": "up", "job": "node", "instance": instance})
        store.put(labels, [START + at * 1000 for at, _ in seconds], [one for _, one in seconds])
    source = RecordingSource(Embedded(store, Engine()), now_s=lambda: 0.0)
    cut, whole = measure_completeness(WindowReader(source, WINDOW))
    assert (whole.received, cut.received) == (240, 60)
    assert cut.gaps == (Gap(START + 900_000, START + 3_600_000),)
    raw = [query.expr for query in source.queries if query.points > query.series]
    assert raw == ["up[600s]", 'up{instance="cut",job="node"}[1h]']


def test_a_few_targets_are_measured_as_by_all_of_their_samples() -> None:
    """Whatever is counted by the source is what the samples themselves give."""
    random = np.random.default_rng(5)
    for _ in range(50):
        interval = int(random.choice([10, 15, 30, 60]))
        samples = [
            (at, float(random.random() > 0.1))
            for at in range(interval // 2, 3600, interval)
            if random.random() > random.choice([0.0, 0.02])
        ]
        (target,) = measure(a=samples)
        times = np.array([START, *(START + at * 1000 for at, _ in samples), WINDOW.end_ms])
        late = np.flatnonzero(np.diff(times) > 2500 * interval)
        assert target.interval_ms == interval * 1000
        assert target.received == len(samples)
        assert target.down == sum(value == 0 for _, value in samples)
        assert target.gaps == tuple(Gap(int(times[i]), int(times[i + 1])) for i in late)
        assert target.share.value == min(len(samples) / (3600 // interval), 1.0)
