"""Values over time as a drawing: lines, thresholds, a band of further series, a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import find_runs
from jipyo.reports.charts.axis import choose_value_ticks
from jipyo.reports.charts.gutter import (
    LARGEST_DRAWABLE,
    PlotThreshold,
    select_near,
    write_thresholds,
)
from jipyo.reports.charts.svg import (
    Frame,
    Size,
    estimate_text_width,
    format_coordinate,
    place_points,
    shorten_text,
    write_line,
    write_rect,
    write_svg,
    write_text,
    write_time_axis,
    write_value_axis,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.model.sample import Times, Values

COLOURS = 8
"""Classes `s0` to `s7` for lines; a ninth line looks like the first."""

LEGEND_HEIGHT = 14
_MARK_HEIGHT = 11
LEFT = 43.0
"""So much room for the labels of values, that plots above one another begin at one edge."""


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
class PlotMark:
    """A moment with its label; its CSS class is `outage`, `deployment` or `change`."""

    css: str
    t_ms: int
    label: str
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PlotForecast:
    """How the first line goes on; each has the shape of `t_ms`."""

    name: str
    t_ms: Times
    middle: Values
    low: Values
    high: Values
    crossing_ms: int | None = None
    earliest_ms: int | None = None
    latest_ms: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Axes:
    """How a plot is read: its times and zone, how values are written, where worse lies."""

    t_ms: Times
    zone: ZoneInfo
    format_value: Callable[[float], str] = "{:g}".format
    """A value as a person reads it on the axis."""
    top: float | None = None
    """Values cannot be above this (100 for percent), so the axis does not go there either."""
    name_day: Callable[[date], str] = "{:%m-%d}".format
    """A day as a tick names it."""
    gutter: float = 0.0
    """The width of the room at the right, where thresholds are named."""
    extent: tuple[float, float] | None = None
    """Least and greatest value of charts that share this scale."""
    nothing: str = ""
    """What stands in a plot that has no values."""


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
    shades: Sequence[tuple[int, int]] = ()
    """Days off, from and to."""
    marks: Sequence[PlotMark] = ()
    forecast: PlotForecast | None = None


def write_time_series(plot: Plot, size: Size) -> str:
    """The plot as SVG: spikes survive thinning, gaps stay gaps, thresholds are drawn.

    It is higher by the rows of its legend but the first, so that plots are equally high.
    """
    legend = _list_legend(plot)
    rows = set_legend_rows([name for _, name in legend], size.width) if legend else []
    size = Size(size.width, size.height + LEGEND_HEIGHT * max(len(rows) - 1, 0))
    marks = _list_marks(plot)
    ticks, low, high = _choose_value_axis(plot)
    labels = [plot.axes.format_value(tick) for tick in ticks]
    start_ms, end_ms = _find_ends(plot)
    frame = Frame(
        left=max(LEFT, 8 + max(map(estimate_text_width, labels), default=0.0)),
        top=8
        + LEGEND_HEIGHT * len(rows)
        + (_MARK_HEIGHT if any(mark.label for mark in marks) else 0),
        right=size.width - max(plot.axes.gutter, 8),
        bottom=size.height - 20,
        start_ms=start_ms,
        end_ms=end_ms,
        low=low,
        high=high,
    )
    elements = [
        *_write_shades(frame, plot.shades),
        *write_value_axis(frame, ticks, labels),
        *write_time_axis(frame, plot.axes.zone, plot.axes.name_day),
        *_write_band(frame, plot),
        *_write_forecast(frame, plot),
        *_write_lines(frame, plot),
        *write_thresholds(frame, plot.thresholds, plot.axes.gutter),
        *write_marks(frame, marks),
        *write_nothing(frame, plot.axes.nothing, [line.values for line in plot.lines]),
        *write_legend(rows, legend),
    ]
    return write_svg(plot.title, plot.description, size, elements)


def write_nothing(frame: Frame, text: str, values: Sequence[Values]) -> Iterator[str]:
    """The text in the middle of a plot without values, which would look forgotten."""
    if text and not any(np.isfinite(array).any() for array in values):
        x, y = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
        yield write_text(text, x, y, "nothing", anchor="middle")


def _find_ends(plot: Plot) -> tuple[int, int]:
    """The times at the edges; a value covers the step that ends at its time."""
    t_ms = plot.axes.t_ms
    if not t_ms.size:
        return 0, 1
    step_ms = int(t_ms[1] - t_ms[0]) if t_ms.size > 1 else 60_000
    ahead = plot.forecast.t_ms if plot.forecast else t_ms
    return int(t_ms[0]) - step_ms, int(max(t_ms[-1], ahead[-1] if ahead.size else 0))


def _list_marks(plot: Plot) -> list[PlotMark]:
    """The marks within the plot, the crossing of a forecast among them, by time."""
    start_ms, end_ms = _find_ends(plot)
    marks = list(plot.marks)
    ahead = plot.forecast
    if ahead is not None and ahead.crossing_ms is not None:
        marks.append(PlotMark("crossing", ahead.crossing_ms, ahead.label))
    within = (mark for mark in marks if start_ms <= mark.t_ms <= end_ms)
    return sorted(within, key=lambda mark: mark.t_ms)


def write_sparkline(title: str, values: Values, size: Size) -> str:
    """A line without axes, to stand in a tile: how a metric moved over the period."""
    drawable = keep_drawable(values)
    low = float(drawable.min()) if drawable.size else 0.0
    high = float(drawable.max()) if drawable.size else 0.0
    if high - low <= abs(high) * 1e-9:
        _, low, high = choose_value_ticks(low, high)
    steps = np.arange(values.size, dtype=np.int64)
    last = max(values.size - 1, 1)
    frame = Frame(1, 3, size.width - 1, size.height - 3, 0, last, low, high)
    return write_svg(title, "", size, [write_line(frame, steps, values, "line s0")], stretch=True)


def keep_drawable(values: Values) -> Values:
    """The values that an axis can reach; others are drawn at its edge, as infinities are."""
    return values[np.abs(values) <= LARGEST_DRAWABLE]


def _choose_value_axis(plot: Plot) -> tuple[Sequence[float], float, float]:
    """The ticks and the lower and upper end of the axis."""
    arrays = [line.values for line in plot.lines]
    if plot.band:
        arrays += [plot.band.low, plot.band.high]
    if plot.ghost:
        arrays.append(plot.ghost.values)
    if plot.forecast:
        arrays.append(plot.forecast.middle)
    if plot.axes.extent:
        arrays.append(np.array(plot.axes.extent))
    drawable = [kept for kept in map(keep_drawable, arrays) if kept.size]
    low = min((float(kept.min()) for kept in drawable), default=math.inf)
    high = max((float(kept.max()) for kept in drawable), default=-math.inf)
    for threshold in select_near(plot.thresholds, low, high):
        low, high = min(low, threshold.value), max(high, threshold.value)
    if low > high:
        low, high = 0.0, 1.0
    return choose_value_ticks(low, high, plot.axes.top)


def _write_shades(frame: Frame, shades: Sequence[tuple[int, int]]) -> Iterator[str]:
    for start_ms, end_ms in shades:
        if start_ms < frame.end_ms and end_ms > frame.start_ms:
            left, right = frame.x_of(np.array([start_ms, end_ms])).tolist()
            yield write_rect("off", max(left, frame.left), frame.top,
                             min(right, frame.right), frame.bottom)  # fmt: skip


def _write_forecast(frame: Frame, plot: Plot) -> Iterator[str]:
    """The band, the dashed line on from the last value, and the interval of the crossing."""
    ahead = plot.forecast
    if ahead is None or not ahead.t_ms.size:
        return
    band = PlotBand("", ahead.low, ahead.high)
    yield from write_band(frame, ahead.t_ms, band, "band ahead")
    yield write_line(frame, ahead.t_ms, ahead.middle, "line s0 ahead")
    x = format_coordinate(float(frame.x_of(plot.axes.t_ms[-1:])[0]))
    top, bottom = format_coordinate(frame.top), format_coordinate(frame.bottom)
    yield f'<path class="now" d="M{x} {top}V{bottom}"/>'
    if ahead.crossing_ms is not None and ahead.earliest_ms is not None:
        ends = np.array([ahead.earliest_ms, ahead.latest_ms or frame.end_ms])
        left, right = frame.x_of(np.clip(ends, frame.start_ms, frame.end_ms)).tolist()
        y = format_coordinate(frame.bottom - 3)
        ends_at = f"M{format_coordinate(left)} {y}H{format_coordinate(max(right, left + 1))}"
        yield f'<path class="interval" d="{ends_at}"/>'


def write_marks(frame: Frame, marks: Sequence[PlotMark]) -> Iterator[str]:
    """Lines with a triangle on top and a label, which turns left where the next one is near."""
    places = [float(frame.x_of(np.array([mark.t_ms]))[0]) for mark in marks]
    free_from = frame.left
    for at, (mark, x) in enumerate(zip(marks, places, strict=True)):
        if mark.end_ms is not None:
            end = float(frame.x_of(np.array([min(mark.end_ms, frame.end_ms)]))[0])
            yield write_rect(f"span {mark.css}", x, frame.top, max(end, x + 1), frame.bottom)
        top, bottom = format_coordinate(frame.top), format_coordinate(frame.bottom)
        line = f"M{format_coordinate(x)} {top}V{bottom}"
        yield f'<path class="event {mark.css}" d="{line}"/>'
        yield f'<path class="flag {mark.css}" d="M{format_coordinate(x - 4)} {top}h8l-4 6Z"/>'
        limit = places[at + 1] if at + 1 < len(places) else frame.right
        free_from = yield from _write_mark_label(mark, x, (free_from, limit, frame))


def _write_mark_label(
    mark: PlotMark, x: float, room: tuple[float, float, Frame]
) -> Generator[str, None, float]:
    """The label beside its mark where there is room, and up to where the row is taken now."""
    free_from, limit, frame = room
    width = estimate_text_width(mark.label)
    y = frame.top - 3
    if not mark.label:
        return max(free_from, x)
    if x + 6 >= free_from and x + 6 + width <= limit:
        yield write_text(mark.label, x + 6, y, "event-label")
        return x + 12 + width
    if x - 6 - width >= free_from:
        yield write_text(mark.label, x - 6, y, "event-label", anchor="end")
        return x + 6
    return max(free_from, x + 6)


def _write_band(frame: Frame, plot: Plot) -> Iterator[str]:
    if plot.band is not None:
        yield from write_band(frame, plot.axes.t_ms, plot.band, "band")


def write_band(frame: Frame, t_ms: Times, band: PlotBand, css: str) -> Iterator[str]:
    """The area between two lines, in pieces where either is missing."""
    for start, end in find_runs(np.isfinite(band.low) & np.isfinite(band.high)):
        upper = place_points(frame, t_ms[start:end], band.high[start:end])
        lower = place_points(frame, t_ms[start:end], band.low[start:end])
        yield f'<path class="{css}" d="M{"L".join([*upper, *reversed(lower)])}Z"/>'


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
    if plot.forecast:
        entries.append(("s0 ahead", plot.forecast.name))
    return entries if len(entries) > 1 else []


def set_legend_rows(names: Sequence[str], width: float) -> list[list[tuple[float, str]]]:
    """Names in rows that end at the right edge, each with its x; too wide ones are shortened."""
    rows: list[list[tuple[float, str]]] = [[]]
    x = 0.0
    for name in names:
        label = shorten_text(name, width - 30)
        label_width = 26 + estimate_text_width(label)
        if x + label_width > width - 8 and rows[-1]:
            rows.append([])
            x = 0.0
        rows[-1].append((x, label))
        x += label_width
    return [_flush_right(row, width) for row in rows]


def _flush_right(row: list[tuple[float, str]], width: float) -> list[tuple[float, str]]:
    x, label = row[-1]
    shift = max(width - 4 - (x + 16 + estimate_text_width(label)), 0.0)
    return [(x + shift, label) for x, label in row]


def write_legend(
    rows: Sequence[Sequence[tuple[float, str]]], entries: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """The names above the plot, each beside a stroke of its line."""
    classes = iter(entries)
    for index, row in enumerate(rows):
        y = 10 + LEGEND_HEIGHT * index
        for x, name in row:
            css, _ = next(classes)
            yield f'<path class="key {css}" d="M{format_coordinate(x)} {y - 3}h12"/>'
            yield write_text(name, x + 16, y)
