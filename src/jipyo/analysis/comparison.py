"""A metric beside the same metric over an earlier window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.figure import Delta, Figure

if TYPE_CHECKING:
    from jipyo.analysis.summary import MetricSummary, SeriesSummary

COMPARABLE = 0.5
"""Two windows are compared where both have at least this share of their steps."""
_MANY_TIMES = 10.0
"""From here on "27 times as much" says more than "+2,600 %"."""
_ABSOLUTE_UNITS = frozenset({"celsius", "days"})


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the same figure of the earlier window."""

    before: Figure
    delta: Delta


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric over a window and over an earlier one."""

    earlier: MetricSummary
    change: Change | None
    """Of the headline's figure; None without enough data on both sides."""
    gravest: SeriesSummary | None
    """The now gravest series in the earlier window; None without enough data of it."""


def compare(now: MetricSummary, earlier: MetricSummary) -> Comparison | None:
    """The comparison of two windows; None where either has no data at all."""
    if not now.series or not (earlier.series or earlier.total):
        return None
    return Comparison(
        earlier,
        compare_series(now.headline, find_same_series(now.headline, earlier)),
        find_same_series(now.series[0], earlier),
    )


def find_same_series(series: SeriesSummary, earlier: MetricSummary) -> SeriesSummary | None:
    """The series of the same labels in the earlier window, where there is enough of it."""
    candidates = (*((earlier.total,) if earlier.total else ()), *earlier.series)
    same = next((one for one in candidates if one.labels == series.labels), None)
    return same if same is not None and same.coverage >= COMPARABLE else None


def compare_series(now: SeriesSummary, before: SeriesSummary | None) -> Change | None:
    """The figures of a series in two windows; None without enough data, or of unlike figures."""
    if before is None or now.coverage < COMPARABLE:
        return None
    if now.figure is None or before.figure is None or now.figure.fold is not before.figure.fold:
        return None
    delta = subtract(now.figure, before.figure)
    return Change(before.figure, delta) if delta is not None else None


def subtract(now: Figure, before: Figure) -> Delta | None:
    """Points for percentages, degrees for temperatures, percent or times for the rest.

    None where a value is missing, or where there was none of something and now is some.
    """
    if now.value is None or before.value is None:
        return None
    return subtract_values(now.value, before.value, now.unit)


def subtract_values(now: float, before: float, unit: str) -> Delta | None:
    """The difference of two values of a unit, as `subtract` has it."""
    if unit == "percent":
        return Delta(now - before, "point")
    if unit in _ABSOLUTE_UNITS:
        return Delta(now - before, unit)
    if before == 0:
        return Delta(0.0, "percent") if now == 0 else None
    times = now / before
    return Delta(times, "factor") if times >= _MANY_TIMES else Delta(100 * (times - 1), "percent")
