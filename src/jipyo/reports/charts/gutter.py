"""Thresholds of a chart: lines across it, and their labels in the gutter at its right.

Inside the plot a label would collide with the data and with other labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.charts.svg import format_coordinate, shorten_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.charts.svg import Frame

LABEL_HEIGHT = 11.0
_APART = 5
LARGEST_DRAWABLE = 1e150
"""A number beyond is drawn at the edge, as infinities are: an axis cannot reach it."""
_REACH = 3.0
"""Thresholds up to this many times the data's size still stretch the axis."""


@dataclass(frozen=True, slots=True)
class PlotThreshold:
    """A threshold: its CSS class (`warning`, `critical`, `objective`), its value, its label."""

    css: str
    value: float
    label: str


def select_near(
    thresholds: Sequence[PlotThreshold], low: float, high: float
) -> Iterator[PlotThreshold]:
    """The thresholds that the axis includes: the nearest always, others where data come close.

    A critical threshold of 1,000 above data near 0 would flatten the data and the warning
    threshold of 10; it is named at the edge instead.
    """
    thresholds = [one for one in thresholds if abs(one.value) <= LARGEST_DRAWABLE]
    if not math.isfinite(low):
        yield from thresholds
        return
    reach = max(abs(low), abs(high))
    by_distance = sorted(thresholds, key=lambda t: max(low - t.value, t.value - high, 0.0))
    for index, threshold in enumerate(by_distance):
        if index == 0 or abs(threshold.value) <= _REACH * reach:
            reach = max(reach, abs(threshold.value))
            yield threshold


def write_thresholds(
    frame: Frame, thresholds: Sequence[PlotThreshold], room: float
) -> Iterator[str]:
    """The lines, and beside each its label; `room` is the width of the gutter."""
    ordered = sorted(thresholds, key=lambda one: -one.value)
    wanted = [frame.y_of_one(one.value) for one in ordered]
    places = push_apart(wanted, frame.top, max(frame.bottom, frame.top), LABEL_HEIGHT)
    for threshold, line, y in zip(ordered, wanted, places, strict=True):
        label = threshold.label
        if frame.low <= threshold.value <= frame.high:
            left, right = format_coordinate(frame.left), format_coordinate(frame.right)
            path = f"M{left} {format_coordinate(line)}H{right}"
            yield f'<path class="threshold {threshold.css}" d="{path}"/>'
        else:
            label += " ↑" if threshold.value > frame.high else " ↓"
        shown = shorten_text(label, room - _APART)
        css = f"threshold-label {threshold.css}"
        yield write_text(shown, frame.right + _APART, y + 3.5, css)


def push_apart(wanted: Sequence[float], top: float, bottom: float, gap: float) -> list[float]:
    """Places as near to the wanted ones as they can be while `gap` apart; `wanted` ascends.

    Least squares under an order: neighbours that would overlap are pooled around their mean
    (pool adjacent violators). What does not fit between top and bottom goes over the bottom.
    """
    pools: list[list[float]] = []
    for at, place in enumerate(wanted):
        pools.append([place - at * gap])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    least, most = top, bottom - (len(wanted) - 1) * gap
    shifted = [min(max(_mean(pool), least), max(most, least)) for pool in pools for _ in pool]
    return [place + at * gap for at, place in enumerate(shifted)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
