"""History read in answers of bounded size: nothing is lost, doubled or invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.errors import MalformedBody, NetError, QueryError, SourceError
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import SeriesBlock, is_stale
from jipyo.promql import Engine, Options, parse_selector
from jipyo.source import Embedded
from jipyo.source.history import (
    SAMPLES,
    History,
    HistoryWindow,
    end_series,
    is_unreadable,
    select_metrics,
    shows_markers,
)
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.result import QueryResult
    from jipyo.source import Source

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
START_MS = 1_795_132_800_000
DAY = HistoryWindow(START_MS, START_MS + 24 * HOUR_MS)


@dataclass
class Counting:
    """Counts the queries of a source; with a problem it fails as one by URL does."""

    inner: Embedded
    problem: NetError | MalformedBody | None = None
    of: str = ""
    """Fails where the expression has this in it."""
    asked: int = 0

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        self.asked += 1
        if self.problem is not None and self.of in expr:
            raise SourceError("app.cannot_write", path="", reason="", problem=self.problem)
        return self.inner.instant(expr, t_ms)


def read_history(source: object, samples: int = SAMPLES) -> History:
    """History reads by instant queries only."""
    return History(cast("Source", source), shows_markers=False, samples=samples)


def fill(metrics: int, series: int, step_ms: int = MINUTE_MS) -> MemoryStore:
    store = MemoryStore()
    for metric in range(metrics):
        for nth in range(series):
            times = range(START_MS + nth + step_ms, DAY.end_ms + 1, step_ms)
            labels = {"__name__": f"m{metric}", "instance": f"h{nth}"}
            store.put(Labels.of(labels), times, np.arange(len(times)) * 0.1 + nth)
    return store


def gather(blocks: Iterable[SeriesBlock]) -> dict[Labels, list[tuple[int, int]]]:
    """The samples of each series, with the bits of their values."""
    samples: dict[Labels, list[tuple[int, int]]] = {}
    for block in blocks:
        for labels, row in zip(block.series, block.values, strict=True):
            bits = np.ascontiguousarray(row).view(np.uint64).tolist()
            samples.setdefault(labels, []).extend(zip(block.t_ms.tolist(), bits, strict=True))
    return samples


def read_all(history: History, names: list[str], window: HistoryWindow = DAY) -> list[SeriesBlock]:
    pieces = [*history.read((), names, window, window.start_ms)]
    done = [piece.done for piece in pieces]
    assert done == sorted(done)
    assert done[-1] == len(names)
    return [block for piece in pieces for block in piece.blocks]


@settings(max_examples=25, deadline=None)
@given(
    metrics=st.integers(1, 6),
    series=st.integers(1, 4),
    limit=st.integers(3_000, 40_000),
    budget=st.integers(500, 20_000),
)
def test_pieces_together_are_the_samples_however_small_an_answer_must_be(
    metrics: int, series: int, limit: int, budget: int
) -> None:
    store = fill(metrics, series)
    source = Embedded(store, Engine(Options(max_samples=limit)))
    names = [f"m{metric}" for metric in range(metrics)]
    blocks = read_all(read_history(source, budget), names)
    assert gather(blocks) == gather(store.select([], START_MS + 1, DAY.end_ms))
    assert max(block.values.size for block in blocks) <= limit


def test_a_metric_that_is_too_large_is_read_by_time_and_remembered() -> None:
    source = Counting(Embedded(fill(1, 4), Engine(Options(max_samples=2_000))))
    history = read_history(source)
    read_all(history, ["m0"])
    first, source.asked = source.asked, 0
    read_all(history, ["m0"])
    assert source.asked < first


def test_many_small_metrics_are_asked_for_together() -> None:
    source = Counting(Embedded(fill(300, 1, HOUR_MS), Engine()))
    read_all(read_history(source), [f"m{metric}" for metric in range(300)])
    assert source.asked < 12


def test_what_is_rejected_at_any_size_is_an_error() -> None:
    store = MemoryStore()
    labels = (Labels.of({"__name__": "m", "n": str(nth)}) for nth in range(20))
    for one in labels:
        store.put(one, range(START_MS + 1, START_MS + 1000, 10), [1.0] * 100)
    history = read_history(Embedded(store, Engine(Options(max_samples=500))))
    with pytest.raises(QueryError, match="too many samples"):
        read_all(history, ["m"])


@pytest.mark.parametrize(
    ("problem", "most"),
    [
        (NetError("net.timeout", url="u", seconds="1"), 3),  # a server that hangs
        (NetError("net.unreachable", url="u", reason="r"), 1),
    ],
)
def test_a_server_that_does_not_answer_is_not_asked_for_ever(problem: NetError, most: int) -> None:
    source = Counting(Embedded(MemoryStore(), Engine()), problem)
    with pytest.raises(SourceError):
        read_all(read_history(source), ["a", "b", "c"])
    assert source.asked == most


def test_a_metric_that_cannot_be_read_is_left_out_and_reported_with_its_totals() -> None:
    problem = MalformedBody("wire.not_an_answer", reason="native histograms are not supported")
    store = fill(5, 1)
    source = Counting(Embedded(store, Engine()), problem, "m2")
    history = read_history(source)
    read = gather(read_all(history, [f"m{metric}" for metric in range(5)]))
    assert sorted(labels.metric for labels in read) == ["m0", "m1", "m3", "m4"]
    with pytest.raises(SourceError) as raised:
        history.total("m2", DAY)
    assert is_unreadable(raised.value)


def test_totals_are_added_up_over_the_parts_of_a_window() -> None:
    source = Embedded(fill(1, 3), Engine(Options(max_samples=700)))
    totals = read_history(source).total("m0", DAY)
    assert {labels["instance"]: total.count for labels, total in totals.items()} == {
        "h0": 1440,
        "h1": 1439,
        "h2": 1439,
    }
    sums = np.arange(1440) * 0.1
    first = totals[Labels.of({"instance": "h0"})]
    assert first.count == 1440
    assert first.sum == pytest.approx(sums.sum())


def test_our_own_engine_shows_no_markers() -> None:
    assert not shows_markers(Embedded(MemoryStore(), Engine()), START_MS)


@pytest.mark.parametrize(
    "names",
    [["up"], ["a.b", "c|d", "요청수", "x{y}", "q\\w"], ["a:b:c", "d"]],
)
def test_a_selector_of_names_selects_those_and_no_others(names: list[str]) -> None:
    matchers = (Matcher("__name__", MatchOp.RE, ".+"), Matcher("지역", MatchOp.EQ, "서울"))
    parsed = parse_selector(select_metrics(names, matchers))
    [by_name] = [matcher for matcher in parsed if matcher.name == "__name__"]
    assert all(by_name.matches(name) for name in names)
    assert not by_name.matches("aXb")
    assert Matcher("지역", MatchOp.EQ, "서울") in parsed


MARKERS = [
    # seconds of the samples, window in seconds -> seconds of the markers
    ([15, 30, 45, 60], (0, 60), []),
    ([15, 30, 45, 60], (0, 300), []),  # within the lookback nothing is known
    ([15, 30, 45, 60], (0, 3600), [75]),
    ([15, 30, 45, 600, 615], (0, 700), [60]),  # it came back
    ([15, 30, 45, 300, 315], (0, 700), [330]),  # a short gap is none
    ([15, 30, 45, 60], (80, 3600), [75]),  # the window before could not know
    ([15, 30, 45, 60], (400, 3600), []),  # it knew
    ([600, 1200, 1800], (0, 2400), []),  # a slow series lives
    ([600, 1200, 1800], (0, 4000), [2400]),
    ([15], (0, 3600), []),  # no interval is known
]


@pytest.mark.parametrize(("samples", "window", "markers"), MARKERS)
def test_a_series_that_ends_gets_a_stale_marker(
    samples: list[int], window: tuple[int, int], markers: list[int]
) -> None:
    t_ms = np.array(samples, np.int64) * 1000
    block = SeriesBlock((Labels.of({"a": "b"}),), t_ms, np.arange(1.0, len(t_ms) + 1)[None])
    ended = end_series(block, HistoryWindow(window[0] * 1000, window[1] * 1000), 0)
    stale = is_stale(ended.values)[0]
    assert (ended.t_ms[stale] // 1000).tolist() == markers
    inside = [second for second in samples if second > window[0]]
    assert (ended.t_ms[~stale] // 1000).tolist() == inside
    assert np.isfinite(ended.values[0][~stale]).all()
    assert (np.diff(ended.t_ms) > 0).all()


def test_a_series_that_ended_before_the_import_gets_none() -> None:
    t_ms = np.array([15_000, 30_000], np.int64)
    block = SeriesBlock((Labels.of({"a": "b"}),), t_ms, np.ones((1, 2)))
    assert not len(end_series(block, HistoryWindow(40_000, 3_600_000), 40_000).t_ms)


def test_markers_that_a_server_shows_as_nan_are_markers_again() -> None:
    store = MemoryStore()
    labels = Labels.of({"__name__": "m"})
    store.put(labels, [START_MS + 1000, START_MS + 2000], [1.0, float("nan")])
    history = History(Embedded(store, Engine()), shows_markers=True)
    [block] = read_all(history, ["m"])
    assert is_stale(block.values).tolist() == [[False, True]]
