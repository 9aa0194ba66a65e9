"""What is kept of random histories that are read in pieces, beside all of their values at once.

`make histories` has 10,000 of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from analysis.plain_stats import average_hours, compute_stats
from analysis.shaped import FULL, MINUTE_MS, T0_MS, levels, metric
from jipyo.analysis.metric_fold import begin_fold
from jipyo.analysis.thresholds import Severity, find_breaches, judge_history
from jipyo.analysis.window import Window, cut_piece
from jipyo.catalogue import Across, Direction, Summary
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix
from jipyo.source.metric_data import MetricData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.metric_fold import MetricFold
    from jipyo.analysis.thresholds import Severities
    from jipyo.analysis.window import WindowPiece
    from jipyo.catalogue import Metric, Thresholds
    from jipyo.model.sample import Times, Values

HISTORIES = int(os.environ.get("JIPYO_HISTORIES", "60"))
LEVELS: tuple[Thresholds | None, ...] = (
    levels(),
    levels(minutes=5),
    levels(minutes=30),
    levels(70, None, minutes=2),
    levels(None, 85, minutes=1),
    levels(minutes=3, recover_warning=60),
    levels(minutes=2, recover_warning=65, recover_critical=75),
    levels(recover_critical=60),
    None,
)
SUMMARIES = (Summary.AVG, Summary.P95, Summary.MAX, Summary.MIN, Summary.LAST, Summary.CHANGE)


@dataclass
class History:
    """Some series over some days of any length, and what they were before."""

    of: Metric
    window: Window
    lead: Values
    """The steps before the window, shape (series, steps)."""
    values: Values
    """NaN where absent; shape (series, steps)."""
    first: Sequence[int] = ()
    """The series in the first piece: only of them what was before is read."""

    @property
    def t_ms(self) -> Times:
        return self.window.t_ms

    def read(self, piece: WindowPiece) -> MetricData:
        """What a source gives of a piece: only the series that have a value in it."""
        first = (piece.window.start_ms - self.window.start_ms) // MINUTE_MS
        values = self.values[:, first : first + piece.window.steps]
        rows = np.flatnonzero(~np.isnan(values).all(axis=1))
        return measure(self.of, piece.window, values[rows], rows.tolist())

    def fold(self, random: np.random.Generator) -> MetricFold:
        """All pieces, cut anywhere."""
        fold = begin_fold(self.of, self.window, is_judged=True, is_total=True)
        first_day = 0
        while first_day < self.window.day_count:
            piece = cut_piece(self.window, first_day, int(random.integers(1, 300)))
            data = self.read(piece)
            series = [int(labels["instance"]) for labels in data.matrix.series]
            if first_day == 0:
                self.first = series
            is_known = first_day == 0 and self.of.thresholds is not None
            fold.add(piece, data, dict(enumerate(self.lead[series])) if is_known else {})
            first_day = piece.days.stop
        return fold


def measure(of: Metric, window: Window, values: Values, names: list[int]) -> MetricData:
    series = tuple(Labels.of({"instance": str(name)}) for name in names)
    matrix = Matrix(series, window.t_ms, values, ~np.isnan(values))
    return MetricData(of, matrix, (FULL,) * len(names), ())


def make_history(seed: int) -> History:
    random = np.random.default_rng(seed)
    low = random.random() < 0.3
    thresholds = LEVELS[random.integers(len(LEVELS))]
    if thresholds is not None and low:
        thresholds = turn(thresholds)
    of = metric(
        thresholds=thresholds,
        direction=Direction.LOWER_IS_WORSE if low else Direction.HIGHER_IS_WORSE,
        report=replace(metric().report, summaries=SUMMARIES, across=(Across.SUM,)),
    )
    lengths = random.integers(1, 90, random.integers(1, 9))
    edges = np.cumsum(lengths) * MINUTE_MS + T0_MS
    drawn_ms = int(random.choice([1, 7, 60, 1440])) * MINUTE_MS
    window = Window(T0_MS, int(edges[-1]), drawn_ms=drawn_ms, day_ends_ms=tuple(edges.tolist()))
    shape = (int(random.integers(1, 4)), 100 + window.steps)
    values = (-1 if low else 1) * draw(random, shape)
    return History(of, window, values[:, :100], values[:, 100:])


def turn(thresholds: Thresholds) -> Thresholds:
    """The same where low is worse."""
    names = ("warning", "critical", "recover_warning", "recover_critical")
    turned = {name: getattr(thresholds, name) for name in names}
    return replace(thresholds, **{name: value and -value for name, value in turned.items()})


def draw(random: np.random.Generator, shape: tuple[int, int]) -> Values:
    """Values that stay for a while, with single missing steps and long gaps."""
    values = np.empty(shape)
    for row in values:
        lengths = random.integers(1, random.choice([3, 12, 60]), row.size)
        levels_of = random.choice([50.0, 62.0, 66.0, 72.0, 80.0, 90.0, 99.5], row.size)
        row[:] = np.repeat(levels_of + random.random(row.size), lengths)[: row.size]
        row[random.random(row.size) < random.choice([0, 0.02, 0.3])] = np.nan
        for start in random.integers(0, row.size, random.integers(3)):
            row[start : start + random.integers(1, 150)] = np.nan
    return values


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_history_in_pieces_is_what_all_of_its_values_at_once_are(seed: int) -> None:
    history = make_history(seed)
    fold = history.fold(np.random.default_rng(seed + 10**6))
    found = {int(one.labels["instance"]): one for one in fold.list_series()}
    there = ~np.isnan(history.values).all(axis=1)
    assert sorted(found) == np.flatnonzero(there).tolist()
    for name, one in found.items():
        check_series(history, fold, history.values[name], one.row)
        if history.of.thresholds is not None:
            check_breaches(history, fold, name, one.row)
    assert fold.seen == (~np.isnan(history.values)).any(axis=0).sum()
    if fold.rows:
        total = np.where(
            np.isnan(history.values).all(axis=0), np.nan, np.nansum(history.values, axis=0)
        )
        assert fold.total is not None
        assert np.array_equal(fold.total.extremes[0], list_extremes(total))


def list_extremes(values: Values) -> list[float]:
    real = values[~np.isnan(values)]
    return [real.max(), real.min(), real[0], real[-1]]


def check_series(history: History, fold: MetricFold, values: Values, row: int) -> None:
    window, series = history.window, fold.series
    plain, stats = compute_stats(history.t_ms, values), series.build_stats(row)
    assert stats == replace(plain, average=stats.average, p95=stats.p95)
    assert stats.average == pytest.approx(plain.average, rel=1e-12)
    assert stats.p95 == plain.p95
    hours = average_hours(values, MINUTE_MS)
    assert np.allclose(series.average_hours(row), hours, rtol=1e-12, equal_nan=True)
    is_low = history.of.direction is Direction.LOWER_IS_WORSE
    ends = ((window.drawn_t_ms - window.start_ms) // MINUTE_MS).tolist()
    for drawn, part in zip(series.drawn[row], cut(values, ends), strict=True):
        real = part[~np.isnan(part)]
        assert np.isnan(drawn) == (not real.size)
        assert not real.size or drawn == (real.min() if is_low else real.max())
    days = cut(values, [(end - window.start_ms) // MINUTE_MS for end in window.day_ends_ms])
    for at, part in enumerate(days):
        day = compute_stats(np.arange(part.size), part)
        assert series.count[row, at] == day.steps
        assert series.average_days(row)[at] == pytest.approx(day.average, rel=1e-12, nan_ok=True)
        expected = {
            Summary.P95: day.p95,
            Summary.MAX: day.maximum,
            Summary.MIN: day.minimum,
            Summary.LAST: day.last,
            Summary.CHANGE: day.last - day.first,
        }
        got = {name: series.days[name][row, at] for name in expected}
        assert np.array_equal(list(got.values()), list(expected.values()), equal_nan=True)


def cut(values: npt.NDArray[Any], ends: list[int]) -> list[npt.NDArray[Any]]:
    return [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def check_breaches(history: History, fold: MetricFold, name: int, row: int) -> None:
    """The judge over all steps at once, those before the window included."""
    of, window, lead = history.of, history.window, history.lead.shape[1]
    assert of.thresholds is not None
    assert fold.breaches is not None
    before = history.lead[name]
    if name not in history.first:
        before = np.full(lead, np.nan)
    whole = np.concatenate((before, history.values[name]))[None]
    present = ~np.isnan(whole)
    t_ms = window.start_ms + MINUTE_MS * np.arange(1 - lead, window.steps + 1)
    judged = judge_history(t_ms, whole, present, of.thresholds, of.direction)
    assert fold.breaches.breaches.get(row, []) == list(find_breaches(judged, 0, MINUTE_MS, lead))
    ends = [(end - window.start_ms) // MINUTE_MS for end in window.day_ends_ms]
    check_days(fold, row, cut(judged.reached[0, lead:], ends), cut(judged.severity[0, lead:], ends))


def check_days(
    fold: MetricFold, row: int, reached: list[Severities], states: list[Severities]
) -> None:
    assert fold.breaches is not None
    days = fold.breaches.days.get(row)
    for at, (levels_of, severities) in enumerate(zip(reached, states, strict=True)):
        known = severities[severities != Severity.UNKNOWN]
        expected = (
            int((levels_of == Severity.WARNING).sum()) * MINUTE_MS,
            int((levels_of == Severity.CRITICAL).sum()) * MINUTE_MS,
            int(known.max(initial=0)),
        )
        if days is None:
            assert expected == (0, 0, 0)
        else:
            got = (days.warning_ms[at], days.critical_ms[at], days.severity[at])
            assert got == expected
