"""A metric beside itself a day or a week before: which figures are compared, and how."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.plain_stats import compute_stats
from analysis.shaped import MINUTE_MS, T0_MS, metric
from jipyo.analysis.comparison import compare, find_same_series, subtract
from jipyo.analysis.summary import MetricSummary, SeriesSummary
from jipyo.analysis.thresholds import State
from jipyo.analysis.window import Window
from jipyo.catalogue import Statistic
from jipyo.model.figure import Delta, Figure, Fold
from jipyo.model.labels import EMPTY, Labels

HOUR = 3_600_000
WINDOW = Window(T0_MS, T0_MS + 4 * MINUTE_MS)


def figure(value: float | None, unit: str) -> Figure:
    return Figure(
        metric="m", value=value, unit=unit, fold=Fold.AVERAGE, expr="m", series="{}",
        exporter="e", start_ms=0, end_ms=HOUR, step_ms=60_000, samples=60, coverage=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "before", "unit", "delta"),
    [
        (54.0, 50.5, "percent", Delta(3.5, "point")),
        (60.0, 55.0, "celsius", Delta(5.0, "celsius")),
        (150.0, 100.0, "bytes", Delta(50.0, "percent")),
        (50.0, 100.0, "seconds", Delta(-50.0, "percent")),
        (270.0, 10.0, "count", Delta(27.0, "factor")),
        (0.0, 0.0, "count", Delta(0.0, "percent")),
        (3.0, 0.0, "count", None),  # no share of nothing
        (None, 1.0, "count", None),
        (1.0, None, "count", None),
    ],
)
def test_a_change_is_told_as_its_unit_wants(
    now: float | None, before: float | None, unit: str, delta: Delta | None
) -> None:
    found = subtract(figure(now, unit), figure(before, unit))
    assert found == delta or (found is not None and delta is not None
                              and found.value == pytest.approx(delta.value)
                              and found.unit == delta.unit)  # fmt: skip


def series(
    value: float, *, instance: str = "a", coverage: float = 1.0, fold: Fold = Fold.AVERAGE
) -> SeriesSummary:
    """One series that had `value` at every step."""
    values = np.full(WINDOW.steps, value)
    one = replace(figure(value, "bytes"), fold=fold)
    return SeriesSummary(
        labels=Labels.of({"instance": instance}) if instance else EMPTY,
        name=instance,
        exporter="e",
        statistic=Statistic.FULL,
        values=values,
        stats=compute_stats(WINDOW.t_ms, values),
        coverage=coverage,
        state=State.OK,
        breaches=(),
        figures={},
        figure=one,
        worst=one,
        worst_ms=T0_MS,
    )


def summary(*some: SeriesSummary, total: SeriesSummary | None = None) -> MetricSummary:
    return MetricSummary(metric(), WINDOW, series=some, total=total)


def test_the_headline_and_the_gravest_series_are_compared() -> None:
    now = summary(series(30, instance="b"), series(10), total=series(40, instance=""))
    before = summary(series(12), series(8, instance="b"), total=series(20, instance=""))
    comparison = compare(now, before)
    assert comparison is not None
    assert comparison.earlier is before
    assert comparison.change is not None
    assert comparison.change.before.value == 20
    assert comparison.change.delta == Delta(100.0, "percent")
    assert comparison.gravest is before.series[1]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (series(10), series(10, instance="b")),  # another series
        (series(10), series(10, coverage=0.49)),  # too little then
        (series(10, coverage=0.49), series(10)),  # too little now
        (series(10), series(10, fold=Fold.MAXIMUM)),  # another kind of figure
        (replace(series(10), figure=None), series(10)),
        (series(10), replace(series(10), figure=None)),
        (series(10), series(0)),  # no share of nothing
    ],
)
def test_what_is_not_comparable_has_no_change(now: SeriesSummary, before: SeriesSummary) -> None:
    comparison = compare(summary(now), summary(before))
    assert comparison is not None
    assert comparison.change is None


def test_half_of_the_steps_are_enough() -> None:
    comparison = compare(summary(series(10, coverage=0.5)), summary(series(5, coverage=0.5)))
    assert comparison is not None
    assert comparison.change is not None


def test_without_data_on_either_side_there_is_no_comparison() -> None:
    assert compare(summary(series(10)), summary()) is None
    assert compare(summary(), summary(series(10))) is None


def test_the_total_is_found_among_the_earlier_series() -> None:
    before = summary(series(1), total=series(5, instance=""))
    assert find_same_series(series(9, instance=""), before) is before.total
    assert find_same_series(series(9), before) is before.series[0]
    assert find_same_series(series(9, instance="z"), before) is None
