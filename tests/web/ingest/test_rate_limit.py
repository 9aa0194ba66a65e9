"""A token bucket holds one second's worth of samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.ingest.rate_limit import RateLimiter, RateLimitError


def test_a_large_request_may_overdraw_and_is_paid_off() -> None:
    clock_ms = [0.0]
    limiter = RateLimiter(10, lambda: clock_ms[0])
    limiter.spend(25)
    for now_ms in (0.0, 1000.0, 1500.0):
        clock_ms[0] = now_ms
        with pytest.raises(RateLimitError) as error:
            limiter.spend(1)
        assert error.value.values == {"limit": 10}
    clock_ms[0] = 1600.0
    limiter.spend(1)


def test_what_is_not_spent_is_saved_for_one_second_only() -> None:
    clock_ms = [0.0]
    limiter = RateLimiter(10, lambda: clock_ms[0])
    clock_ms[0] = 60_000.0
    limiter.spend(10)
    with pytest.raises(RateLimitError):
        limiter.spend(1)


@given(st.lists(st.tuples(st.floats(0, 500), st.integers(0, 20)), max_size=60))
def test_over_any_time_no_more_is_accepted_than_it_brings(
    requests: list[tuple[float, int]],
) -> None:
    clock_ms, accepted = [0.0], 0
    limiter = RateLimiter(10, lambda: clock_ms[0])
    for pause_ms, samples in requests:
        clock_ms[0] += pause_ms
        try:
            limiter.spend(samples)
        except RateLimitError:
            continue
        accepted += samples
    largest = max((samples for _, samples in requests), default=0)
    assert accepted <= 10 + clock_ms[0] / 1000 * 10 + largest
