"""Values over time as a drawing: lines, thresholds, a band of further series, a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import find_runs
from jipyo.reports.charts.axis import choose_value_ticks
from jipyo.reports.charts.svg import (
    Frame,
    Size,
    estimate_text_width,
    format_coordinate,
    place_points,
    shorten_text,
    write_line,
    write_svg,
    write_text,
    write_time_axis,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.model.sample import Times, Values

COLOURS = 8
"""Classes `s0` to `s7` for lines; a ninth line looks like the first."""

_REACH = 3.0
"""Thresholds up to this many times the data's size still stretch the axis."""
_LABEL_HEIGHT = 10
_LARGEST_DRAWABLE = 1e150


@dataclass(frozen=True, slots=True)
class PlotLine:
    """One line; `values` has the shape of the plot's times, NaN where there is none."""

    name: str
    values: Values


@dataclass(frozen=True, slots=True)
class PlotBand:
    """The range of series that are not drawn one by one; NaN where there is none."""

    name: str
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class PlotThreshold:
    """A threshold: its CSS class (`warning`, `critical`, `objective`), its value, its label."""

    css: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Axes:
    """How a plot is read: its times and zone, how values are written, where worse lies."""

    t_ms: Times
    zone: ZoneInfo
    format_value: Callable[[float], str] = "{:g}".format
    """A value as a person reads it on the axis."""
    step_base: int = 10
    """1024 for bytes, so that ticks are round numbers of KiB and GiB."""
    worse: int = 1
    """1: high is worse; -1: low is worse; 0: neither."""
    top: float | None = None
    """Values cannot be above this (100 for percent), so the axis does not go there either."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart of series over time; the first lines are the ones that matter."""

    title: str
    description: str
    axes: Axes
    lines: Sequence[PlotLine]
    thresholds: Sequence[PlotThreshold] = ()
    band: PlotBand | None = None
    ghost: PlotLine | None = None
    """What the lines are compared with, drawn faintly behind them."""


def write_time_series(plot: Plot, size: Size) -> str:
    """The plot as SVG: spikes survive thinning, gaps stay gaps, thresholds are drawn."""
    legend = _list_legend(plot)
    legend_rows = _set_legend_rows([name for _, name in legend], size.width - 8)
    ticks, low, high = _choose_value_axis(plot)
    labels = [plot.axes.format_value(tick) for tick in ticks]
    t_ms = plot.axes.t_ms
    # A value covers the step that ends at its time.
    step_ms = int(t_ms[1] - t_ms[0]) if t_ms.size > 1 else 60_000
    start_ms, end_ms = (int(t_ms[0]) - step_ms, int(t_ms[-1])) if t_ms.size else (0, 1)
    frame = Frame(
        left=8 + max(map(estimate_text_width, labels), default=0.0),
        top=8,
        right=size.width - 8,
        bottom=size.height - 20 - 13 * (len(legend_rows) if legend else 0),
        start_ms=start_ms,
        end_ms=end_ms,
        low=low,
        high=high,
    )
    elements = [
        *_write_value_axis(frame, ticks, labels),
        *write_time_axis(frame, plot.axes.zone),
        *_write_zones(frame, plot),
        *_write_band(frame, plot),
        *_write_lines(frame, plot),
        *_write_thresholds(frame, plot.thresholds),
        *_write_legend(legend_rows, legend, size.height),
    ]
    return write_svg(plot.title, plot.description, size, elements)


def write_sparkline(title: str, values: Values, size: Size) -> str:
    """A line without axes, to stand in a tile: how a metric moved over the period."""
    drawable = _keep_drawable(values)
    low = float(drawable.min()) if drawable.size else 0.0
    high = float(drawable.max()) if drawable.size else 0.0
    if high - low <= abs(high) * 1e-9:
        _, low, high = choose_value_ticks(low, high)
    steps = np.arange(values.size, dtype=np.int64)
    last = max(values.size - 1, 1)
    frame = Frame(1, 3, size.width - 1, size.height - 3, 0, last, low, high)
    return write_svg(title, "", size, [write_line(frame, steps, values, "line s0")], stretch=True)


def _keep_drawable(values: Values) -> Values:
    """The values that an axis can reach; others are drawn at its edge, as infinities are."""
    return values[np.abs(values) <= _LARGEST_DRAWABLE]


def _choose_value_axis(plot: Plot) -> tuple[Sequence[float], float, float]:
    """The ticks and the lower and upper end of the axis."""
    arrays = [line.values for line in plot.lines]
    if plot.band:
        arrays += [plot.band.low, plot.band.high]
    if plot.ghost:
        arrays.append(plot.ghost.values)
    drawable = [kept for kept in map(_keep_drawable, arrays) if kept.size]
    low = min((float(kept.min()) for kept in drawable), default=math.inf)
    high = max((float(kept.max()) for kept in drawable), default=-math.inf)
    for threshold in _select_near(plot.thresholds, low, high):
        low, high = min(low, threshold.value), max(high, threshold.value)
    if low > high:
        low, high = 0.0, 1.0
    return choose_value_ticks(low, high, plot.axes.step_base, plot.axes.top)


def _select_near(
    thresholds: Sequence[PlotThreshold], low: float, high: float
) -> Iterator[PlotThreshold]:
    """The thresholds that the axis includes: the nearest always, others where data come close.

    A critical threshold of 1,000 above data near 0 would flatten the data and the warning
    threshold of 10; it is named at the edge instead.
    """
    if not math.isfinite(low):
        yield from thresholds
        return
    reach = max(abs(low), abs(high))
    by_distance = sorted(thresholds, key=lambda t: max(low - t.value, t.value - high, 0.0))
    for index, threshold in enumerate(by_distance):
        if index == 0 or abs(threshold.value) <= _REACH * reach:
            reach = max(reach, abs(threshold.value))
            yield threshold


def _write_value_axis(frame: Frame, ticks: Sequence[float], labels: Sequence[str]) -> Iterator[str]:
    left, right = format_coordinate(frame.left), format_coordinate(frame.right)
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.y_of_one(tick)
        yield f'<path class="grid" d="M{left} {format_coordinate(y)}H{right}"/>'
        yield write_text(label, frame.left - 5, y + 3.5, anchor="end")


def _write_zones(frame: Frame, plot: Plot) -> Iterator[str]:
    """Tints the part of the frame beyond each threshold, on the side that is worse."""
    if not plot.axes.worse:
        return
    x, width = format_coordinate(frame.left), format_coordinate(frame.right - frame.left)
    edge = frame.top if plot.axes.worse > 0 else frame.bottom
    for threshold in plot.thresholds:
        upper, lower = sorted((frame.y_of_one(threshold.value), edge))
        if threshold.css != "objective" and lower - upper > 0.05:
            yield (
                f'<rect class="zone {threshold.css}" x="{x}" y="{format_coordinate(upper)}" '
                f'width="{width}" height="{format_coordinate(lower - upper)}"/>'
            )


def _write_thresholds(frame: Frame, thresholds: Sequence[PlotThreshold]) -> Iterator[str]:
    """The lines and their labels; labels of close lines stand side by side."""
    placed: list[tuple[float, float, float]] = []
    for threshold in thresholds:
        label, y = threshold.label, frame.y_of_one(threshold.value)
        if frame.low <= threshold.value <= frame.high:
            ends = format_coordinate(frame.left), format_coordinate(frame.right)
            path = f"M{ends[0]} {format_coordinate(y)}H{ends[1]}"
            yield f'<path class="threshold {threshold.css}" d="{path}"/>'
        else:
            label += " ↑" if threshold.value > frame.high else " ↓"
        x, baseline = frame.right - 3, max(y - 3, frame.top + 8)
        for left, right, other in placed:
            if abs(other - baseline) < _LABEL_HEIGHT and left - 8 < x <= right:
                x = left - 8
        placed.append((x - estimate_text_width(label), x, baseline))
        yield write_text(label, x, baseline, f"threshold-label {threshold.css}", anchor="end")


def _write_band(frame: Frame, plot: Plot) -> Iterator[str]:
    if plot.band is None:
        return
    low, high, t_ms = plot.band.low, plot.band.high, plot.axes.t_ms
    for start, end in find_runs(np.isfinite(low) & np.isfinite(high)):
        upper = place_points(frame, t_ms[start:end], high[start:end])
        lower = place_points(frame, t_ms[start:end], low[start:end])
        yield f'<path class="band" d="M{"L".join([*upper, *reversed(lower)])}Z"/>'


def _write_lines(frame: Frame, plot: Plot) -> Iterator[str]:
    """The lines, the first one last and so on top; the comparison behind them all."""
    if plot.ghost is not None:
        yield write_line(frame, plot.axes.t_ms, plot.ghost.values, "line ghost")
    for index, line in reversed(list(enumerate(plot.lines))):
        yield write_line(frame, plot.axes.t_ms, line.values, f"line s{index % COLOURS}")


def _list_legend(plot: Plot) -> list[tuple[str, str]]:
    """Class and name of what the legend names; a lone line needs none."""
    entries = [(f"s{i % COLOURS}", line.name) for i, line in enumerate(plot.lines)]
    if plot.band:
        entries.append(("band", plot.band.name))
    if plot.ghost:
        entries.append(("ghost", plot.ghost.name))
    return entries if len(entries) > 1 else []


def _set_legend_rows(names: Sequence[str], width: float) -> list[list[tuple[float, str]]]:
    """Names in rows, each with its x; a name that is wider than a row is shortened."""
    rows: list[list[tuple[float, str]]] = [[]]
    x = 8.0
    for name in names:
        label = shorten_text(name, width - 30)
        label_width = 26 + estimate_text_width(label)
        if x + label_width > width and rows[-1]:
            rows.append([])
            x = 8.0
        rows[-1].append((x, label))
        x += label_width
    return rows


def _write_legend(
    rows: Sequence[Sequence[tuple[float, str]]], entries: Sequence[tuple[str, str]], height: int
) -> Iterator[str]:
    classes = iter(entries)
    for index, row in enumerate(rows):
        y = height - 5 - 13 * (len(rows) - 1 - index)
        for x, name in row:
            css, _ = next(classes)
            yield f'<path class="key {css}" d="M{format_coordinate(x)} {y - 3}h12"/>'
            yield write_text(name, x + 16, y)
