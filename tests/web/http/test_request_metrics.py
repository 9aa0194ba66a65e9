"""Requests are counted by handler and code, their durations in cumulative buckets."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.http.metrics import BUCKETS_S, DURATION, REQUESTS, RequestMetrics


def read_samples(metrics: RequestMetrics) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        sample.labels.pairs: sample.value
        for family in metrics.families()
        for sample in family.samples
    }


def test_nothing_is_counted_at_first() -> None:
    assert [family.samples for family in RequestMetrics().families()] == [(), ()]


@given(st.lists(st.floats(0, 60), min_size=1, max_size=30))
def test_buckets_are_cumulative_and_agree_with_counting(seconds: list[float]) -> None:
    metrics = RequestMetrics()
    for duration in seconds:
        metrics.observe("/x", 200, duration)
    samples = read_samples(metrics)
    for edge in BUCKETS_S:
        key = (("__name__", f"{DURATION}_bucket"), ("handler", "/x"), ("le", str(edge)))
        assert samples[key] == sum(duration <= edge for duration in seconds)
    infinite = (("__name__", f"{DURATION}_bucket"), ("handler", "/x"), ("le", "+Inf"))
    total = (("__name__", REQUESTS), ("code", "200"), ("handler", "/x"))
    assert samples[infinite] == samples[total] == len(seconds)
    assert bisect_left(BUCKETS_S, BUCKETS_S[0]) == 0  # a bound belongs to its bucket


def test_codes_and_handlers_are_told_apart() -> None:
    metrics = RequestMetrics()
    for handler, code in (("/a", 200), ("/a", 404), ("/b", 200), ("/a", 200)):
        metrics.observe(handler, code, 0.1)
    counters = {
        (sample.labels["handler"], sample.labels["code"]): sample.value
        for sample in metrics.families()[0].samples
    }
    assert counters == {("/a", "200"): 2, ("/a", "404"): 1, ("/b", "200"): 1}
