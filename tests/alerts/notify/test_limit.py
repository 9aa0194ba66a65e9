"""The limit of messages: an hour has no more than a burst and the rate allow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.notify.limit import find_wait_ms, next_allowance_ms

HOUR_MS = 3_600_000


@given(st.integers(1, 500), st.lists(st.integers(0, 600_000), min_size=1, max_size=300))
def test_no_hour_has_more_than_a_quarter_above_the_limit(limit: int, pauses: list[int]) -> None:
    allowance_ms, now_ms = 0, 10**12
    sent: list[int] = []
    for pause in pauses:
        now_ms += pause
        if find_wait_ms(allowance_ms, now_ms, limit) == 0:
            allowance_ms = next_allowance_ms(allowance_ms, now_ms, limit)
            sent.append(now_ms)
    most = limit + limit // 4 + 2
    assert all(sum(at <= each < at + HOUR_MS for each in sent) <= most for at in sent)


@given(st.integers(1, 500), st.integers(0, 2 * 10**12))
def test_one_who_waits_as_told_may_send(limit: int, allowance_ms: int) -> None:
    now_ms = 10**12
    wait_ms = find_wait_ms(allowance_ms, now_ms, limit)
    assert wait_ms <= HOUR_MS // limit, "however wrong the clock was"
    moved = min(allowance_ms, now_ms + wait_ms + HOUR_MS)
    assert find_wait_ms(moved, now_ms + wait_ms, limit) <= HOUR_MS // limit


def test_a_burst_comes_at_once_and_then_one_a_minute() -> None:
    allowance_ms, now_ms, sent = 0, 10**12, 0
    while find_wait_ms(allowance_ms, now_ms, 60) == 0:
        allowance_ms = next_allowance_ms(allowance_ms, now_ms, 60)
        sent += 1
    assert (sent, find_wait_ms(allowance_ms, now_ms, 60)) == (15, 60_000)
