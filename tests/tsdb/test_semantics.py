"""What a store takes and what it refuses: as Prometheus does (memSeries.appendable)."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_NAN, Appended, Reject, Scrape
from jipyo.tsdb import Options, read_stats
from tsdb.support import STEP, T0, Opened, bits, everything, one, scrape

UP, LOAD = one("up", job="node"), one("load1", host="a")
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize(
    ("t_ms", "value", "answer"),
    [
        (T0, 1.0, Appended(1)),  # the newest again, the same
        (T0, 2.0, Appended(0, {Reject.DUPLICATE: 1})),  # the newest again, another
        (T0 - 1, 2.0, Appended(1)),  # late, within the window
        (T0 - 30 * MINUTE, 2.0, Appended(1)),  # late, on the window's edge
        (T0 - 30 * MINUTE - 1, 2.0, Appended(0, {Reject.TOO_OLD: 1})),
        (T0 - STEP, 0.5, Appended(1)),  # a late one again, the same
        (T0 - STEP, 0.6, Appended(0, {Reject.DUPLICATE: 1})),  # a late one again, another
        (T0 - STEP, -0.5, Appended(0, {Reject.DUPLICATE: 1})),
        (T0 + 10 * MINUTE, 2.0, Appended(1)),
        (T0 + 10 * MINUTE + 1, 2.0, Appended(0, {Reject.TOO_FAR_IN_FUTURE: 1})),
    ],
)
def test_a_sample_is_taken_or_refused_by_its_time(
    opened: Opened, settled: bool, t_ms: int, value: float, answer: Appended
) -> None:
    opened.store.append([scrape(T0 - STEP, (UP, 0.5)), scrape(T0, (UP, 1.0))])
    if settled:
        opened.store.compact_head()
    assert opened.store.append([scrape(t_ms, (UP, value))]) == answer
    kept = dict(everything(opened.store)[UP])
    if answer.samples:
        assert kept[t_ms] == bits(np.array([value]))[0]
    assert len(kept) == 2 + (t_ms not in {T0, T0 - STEP} and answer.samples)
    again = everything(opened.store)
    opened.again()
    assert everything(opened.store) == again


def test_a_late_sample_stays_refused_over_a_restart(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    opened.store.compact_head()
    opened.again()
    answer = opened.store.append([scrape(T0 - 2 * HOUR, (UP, 1.0))])
    assert answer == Appended(0, {Reject.TOO_OLD: 1})


def test_without_a_window_late_samples_are_out_of_order(opened: Opened) -> None:
    opened.options = Options(durable=False, out_of_order_ms=0)
    opened.again()
    opened.store.append([scrape(T0, (UP, 1.0))])
    assert opened.store.append([scrape(T0 - 1, (UP, 1.0))]) == Appended(0, {Reject.OUT_OF_ORDER: 1})
    assert opened.store.append([scrape(T0, (UP, 1.0))]) == Appended(1)


def test_any_age_is_taken_where_the_window_has_no_end(opened: Opened) -> None:
    opened.options = Options(durable=False, out_of_order_ms=None)
    opened.again()
    times = [T0, -5 * HOUR, 0, 1, -1, T0 - HOUR, -(1 << 50)]
    for t_ms in times:
        assert opened.store.append([scrape(t_ms, (UP, float(t_ms)))]) == Appended(1)
    opened.store.compact_head()
    assert [t for t, _ in everything(opened.store)[UP]] == sorted(times)


def test_samples_in_order_may_have_any_age_within_the_retention(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    late = one("late")
    times = [T0 - 25 * 24 * HOUR + n * MINUTE for n in range(300)]
    for t_ms in times:
        assert opened.store.append([scrape(t_ms, (late, 1.0))]) == Appended(1)
    again = opened.store.append([scrape(times[-1] - 1, (late, 1.0))])
    assert again == Appended(0, {Reject.TOO_OLD: 1})
    older = opened.store.append([scrape(T0 - 396 * 24 * HOUR - 1, (one("older"), 1.0))])
    assert older == Appended(0, {Reject.TOO_OLD: 1})
    opened.settle()
    assert [t for t, _ in everything(opened.store)[late]] == times


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("years", [1, 3])
def test_a_clock_that_was_years_ahead_costs_nothing_once_set_right(
    opened: Opened, years: int, settled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    opened.store.append([scrape(T0 - HOUR, (UP, 1.0))])
    ahead = T0 + years * 365 * 24 * HOUR
    opened.clock.t_ms = ahead
    opened.store.append([scrape(ahead, (UP, 1.0))])
    if settled:
        opened.store.compact_head()
    before = [t for t, _ in everything(opened.store)[UP]]
    opened.clock.t_ms = T0
    opened.again()
    assert "db trim --after now" in caplog.text
    for n in range(300):
        opened.clock.t_ms = T0 + n * MINUTE
        assert opened.store.append([scrape(opened.clock.t_ms, (UP, 1.0))]) == Appended(1)
        opened.settle()
    times = sorted([*before, *(T0 + n * MINUTE for n in range(300))])
    assert [t for t, _ in everything(opened.store)[UP]] == times
    assert opened.store.delete((), opened.clock.t_ms + 1, 1 << 61) == 1
    assert [t for t, _ in everything(opened.store)[UP]] == times[:-1]
    caplog.clear()
    opened.again()
    assert not caplog.text


def test_the_window_of_a_batch_is_fixed_at_its_begin(opened: Opened) -> None:
    opened.clock.t_ms = T0 + 10 * HOUR
    batch = [scrape(T0 + n * HOUR, (UP, float(n))) for n in range(10)]
    batch += [scrape(T0 + n * HOUR, (LOAD, float(n))) for n in range(10)]
    assert opened.store.append(batch) == Appended(20)


def test_a_partly_refused_scrape_keeps_the_rest(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0)), scrape(T0 - STEP, (LOAD, 1.0))])
    answer = opened.store.append([scrape(T0, (UP, 2.0), (LOAD, 2.0))])
    assert answer == Appended(1, {Reject.DUPLICATE: 1})
    assert [t for t, _ in everything(opened.store)[LOAD]] == [T0 - STEP, T0]


@pytest.mark.parametrize(
    ("values", "answer"),
    [((1.0, 1.0), Appended(2)), ((1.0, 2.0), Appended(1, {Reject.DUPLICATE: 1}))],
)
def test_a_series_twice_in_a_scrape_counts_once(
    opened: Opened, values: tuple[float, float], answer: Appended
) -> None:
    series = (UP, Labels.of(dict(UP)))
    assert opened.store.append([Scrape(T0, series, np.array(values))]) == answer
    assert everything(opened.store) == {UP: [(T0, bits(np.array([1.0]))[0])]}


@pytest.mark.parametrize(
    "labels", [Labels(()), Labels.of({"job": "x"}), one("up", job="\ud800"), one("\udcff")]
)
def test_labels_that_name_no_series_are_refused(opened: Opened, labels: Labels) -> None:
    answer = opened.store.append([scrape(T0, (labels, 1.0), (UP, 1.0))])
    assert answer == Appended(1, {Reject.INVALID_LABELS: 1})


def test_series_beyond_the_limit_are_refused_and_old_ones_go_on(opened: Opened) -> None:
    opened.options = Options(durable=False, series_limit=2)
    opened.again()
    opened.store.append([scrape(T0, (UP, 1.0), (LOAD, 1.0))])
    answer = opened.store.append([scrape(T0 + 1, (UP, 2.0), (one("more"), 1.0))])
    assert answer == Appended(1, {Reject.SERIES_LIMIT: 1})


SPECIAL = np.array(
    [
        0x0000000000000000,
        0x8000000000000000,
        0x0000000000000001,
        0x800FFFFFFFFFFFFF,
        0x7FF0000000000000,
        0xFFF0000000000000,
        0x7FF8000000000000,
        0x7FF0000000000002,
        0xFFF8DEADBEEF0001,
        0x7FEFFFFFFFFFFFFF,
    ],
    np.uint64,
)


@pytest.mark.parametrize("settled", [False, True])
def test_every_kind_of_number_comes_out_bit_for_bit(opened: Opened, settled: bool) -> None:
    for n, value in enumerate(SPECIAL.view(np.float64)):
        opened.store.append([Scrape(T0 + n, (UP,), np.array([value]))])
    if settled:
        opened.store.compact_head()
    assert [b for _, b in everything(opened.store)[UP]] == SPECIAL.tolist()


def test_a_stale_marker_again_is_no_news(opened: Opened) -> None:
    stale = Scrape(T0, (UP,), np.array([STALE_NAN]))
    assert opened.store.append([stale]) == Appended(1)
    assert opened.store.append([stale]) == Appended(1)
    assert opened.store.append([scrape(T0, (UP, float("nan")))]) == Appended(
        0, {Reject.DUPLICATE: 1}
    )


def test_a_series_that_misses_scrapes_stands_in_a_block_of_its_own(opened: Opened) -> None:
    other = one("other")
    for n in range(100):
        t_ms = opened.clock.t_ms = T0 + n * STEP
        samples = [(UP, 1.0), (LOAD, 2.0)] + ([(other, 3.0)] if n % 3 else [])
        opened.store.append([scrape(t_ms, *samples)])
    for settle in (False, True):
        if settle:
            opened.store.compact_head()
        blocks = {block.series: len(block.t_ms) for block in _blocks(opened)}
        assert blocks == {(UP, LOAD): 100, (other,): 66}


def _blocks(opened: Opened):
    from tsdb.support import EVER, EVERYTHING  # noqa: PLC0415

    return opened.store.select(EVERYTHING, *EVER)


def test_the_clock_may_step_back_an_hour_and_forward_again(opened: Opened) -> None:
    store, clock = opened.store, opened.clock
    taken = []
    for offset in [*range(20), *(n - 240 for n in range(20, 400))]:
        clock.t_ms = T0 + offset * STEP
        answer = store.append([scrape(clock.t_ms, (UP, float(offset)))])
        taken.append((answer.samples, tuple(answer.rejected)))
    assert taken == [(1, ())] * 400
    clock.t_ms += HOUR
    assert store.append([scrape(clock.t_ms, (UP, 0.0))]) == Appended(1)


def test_late_rows_do_not_hide_newer_chunks_after_a_restart(opened: Opened) -> None:
    opened.store.append([scrape(T0, (UP, 1.0))])
    opened.store.compact_head()
    opened.store.append([scrape(T0 - MINUTE, (UP, 2.0))])
    opened.again()
    assert opened.store.append([scrape(T0, (UP, 3.0))]) == Appended(0, {Reject.DUPLICATE: 1})
    assert [t for t, _ in everything(opened.store)[UP]] == [T0 - MINUTE, T0]


def test_requests_cut_anywhere_leave_series_together(opened: Opened) -> None:
    """Remote write sends the same targets in requests that end in the midst of a scrape."""
    names = tuple(one("metric", n=str(n)) for n in range(150))
    rng = np.random.default_rng(9)
    for n in range(700):
        t_ms = opened.clock.t_ms = T0 + n * STEP
        cut = int(rng.integers(0, 151))
        parts = [part for part in (names[:cut], names[cut:]) if part]
        opened.store.append([Scrape(t_ms, part, np.full(len(part), float(n))) for part in parts])
    assert [len(block.series) for block in _blocks(opened)] == [150]
    opened.store.compact_head()
    assert [block.values.shape for block in _blocks(opened)] == [(150, 700)]
    assert read_stats(opened.path).slabs <= 2 * 3
