"""Charts as SVG text: the same data gives the same bytes, whoever draws.

No colour stands in the text, only classes (`s0` to `s7`, `warning`, `critical`, ...): the page
that holds a chart says what they look like in light, in dark and on paper. All that a
person reads comes in as finished text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.charts.axis import time_ticks, value_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.model.sample import Times, Values

COLOURS = 8
"""Classes `s0` to `s7` for lines; a ninth line looks like the first."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHAR_PX = 5.6
_WIDE_CHAR_PX = 9.4
_SMALL_LEVELS = 3.0
_LABEL_HEIGHT = 10
_HUGE = 1e150


@dataclass(frozen=True, slots=True)
class PlotLine:
    """One line; `values` has the shape of the plot's times, NaN where there is none."""

    name: str
    values: Values


@dataclass(frozen=True, slots=True)
class PlotBand:
    """The range of many lines that are not drawn one by one; NaN where there is none."""

    name: str
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class PlotThreshold:
    """A threshold: its class (`warning`, `critical`, `goal`), its height, its words."""

    level: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Size:
    """The drawing's own units; a page scales it to the room there is."""

    width: int = 520
    height: int = 190


@dataclass(frozen=True, slots=True)
class Axes:
    """How a plot is read: its times, its zone, how values are written, where worse lies."""

    t_ms: Times
    zone: ZoneInfo
    written: Callable[[float], str] = "{:g}".format
    """A value as a person reads it on the axis."""
    step_base: int = 10
    """1024 for bytes, so that ticks are round numbers of KiB and GiB."""
    worse: int = 1
    """1: high is worse; -1: low is worse; 0: neither."""
    top: float | None = None
    """Values cannot be above this (100 for percent), so the axis does not go there either."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A time series chart; the first lines are the ones that matter."""

    title: str
    description: str
    axes: Axes
    lines: Sequence[PlotLine]
    limits: Sequence[PlotThreshold] = ()
    band: PlotBand | None = None
    ghost: PlotLine | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where data fall on the drawing."""

    left: float
    top: float
    right: float
    bottom: float
    start_ms: int
    end_ms: int
    low: float
    high: float

    def x(self, t_ms: Times) -> Values:
        span = max(self.end_ms - self.start_ms, 1)
        share = (t_ms - self.start_ms) / span
        place: Values = np.asarray(self.left + share * (self.right - self.left), np.float64)
        return place

    def y(self, values: Values) -> Values:
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        place: Values = self.bottom - share * (self.bottom - self.top)
        return place

    def y1(self, value: float) -> float:
        return float(self.y(np.array([value]))[0])


def time_series(plot: Plot, size: Size = Size()) -> str:
    """Lines over time: spikes survive thinning, gaps stay gaps, thresholds are drawn."""
    named = _legend_items(plot)
    rows = _legend_rows([name for _, name in named], size.width - 8)
    ticks, low, high = _value_axis(plot)
    labels = [plot.axes.written(tick) for tick in ticks]
    left = 8 + max(map(text_width, labels), default=0.0)
    bottom = size.height - 20 - 13 * (len(rows) if named else 0)
    start_ms, end_ms = _time_span(plot.axes.t_ms)
    frame = _Frame(left, 8, size.width - 8, bottom, start_ms, end_ms, low, high)
    body = [
        *_grid(frame, ticks, labels),
        *_clock(frame, plot.axes.zone),
        *_zones(frame, plot),
        *_band(frame, plot),
        *_ghost(frame, plot),
        *(
            _path(frame, plot.axes.t_ms, line.values, f"line s{index % COLOURS}")
            for index, line in reversed(list(enumerate(plot.lines)))
        ),
        *_limits(frame, plot.limits),
        *_legend(rows, named, size.height),
    ]
    return svg(plot.title, plot.description, size, body)


def sparkline(title: str, values: Values, size: Size = Size(150, 30)) -> str:
    """A line without axes, to stand in a tile: its shape over the day."""
    real = _drawable(values)
    low, high = (float(real.min()), float(real.max())) if real.size else (0.0, 0.0)
    if high - low <= abs(high) * 1e-9:
        _, low, high = value_ticks(low, high)
    steps = np.arange(values.size, dtype=np.int64)
    frame = _Frame(1, 3, size.width - 1, size.height - 3, 0, max(values.size - 1, 1), low, high)
    return svg(title, "", size, [_path(frame, steps, values, "line s0")], stretched=True)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its size (NaN: none), its size in words, its class."""

    name: str
    value: float
    label: str
    level: str = "s0"


def bars(title: str, items: Sequence[Bar], width: int = 520) -> str:
    """Horizontal bars from zero, each with its name on the left and its value on the right."""
    size = Size(width, 8 + 20 * len(items))
    left = min(8 + max((text_width(bar.name) for bar in items), default=0.0), width * 0.45)
    right = width - 8 - max((text_width(bar.label) for bar in items), default=0.0)
    real = [abs(bar.value) for bar in items if math.isfinite(bar.value)]
    scale = (right - left) / (max(real, default=0.0) or 1.0)
    body: list[str] = []
    for row, bar in enumerate(items):
        y = 4 + 20 * row
        long = min(abs(bar.value) * scale, right - left) if not math.isnan(bar.value) else 0.0
        body += (
            f'<text x="{_n(left - 6)}" y="{y + 12}" text-anchor="end">'
            f"{text(shortened(bar.name, left - 8))}</text>",
            _rect("track", left, y, right - left),
            _rect(f"bar {bar.level}", left, y, long),
            f'<text x="{_n(right + 5)}" y="{y + 12}">{text(bar.label)}</text>',
        )
    return svg(title, "", size, body)


@dataclass(frozen=True, slots=True)
class TimelineMark:
    """A stretch of time on a row, with its class and what a pointer reads there."""

    start_ms: int
    end_ms: int
    level: str
    label: str


@dataclass(frozen=True, slots=True)
class TimelineTrack:
    """One row of a timeline."""

    name: str
    marks: Sequence[TimelineMark]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From when to when, and in whose clock."""

    start_ms: int
    end_ms: int
    zone: ZoneInfo


def timeline(
    title: str, rows: Sequence[TimelineTrack], period: TimeRange, width: int = 1060
) -> str:
    """When what was beyond its threshold: one row each, the day from left to right."""
    size = Size(width, 30 + 22 * len(rows))
    left = min(12 + max((text_width(row.name) for row in rows), default=0.0), width * 0.4)
    frame = _Frame(left, 6, width - 12, size.height - 20, period.start_ms, period.end_ms, 0.0, 1.0)
    body = list(_clock(frame, period.zone))
    for index, row in enumerate(rows):
        y = 8 + 22 * index
        body.append(
            f'<text x="{_n(left - 6)}" y="{y + 12}" text-anchor="end">'
            f"{text(shortened(row.name, left - 10))}</text>"
            + _rect("track", left, y, frame.right - left)
        )
        body += (_mark(frame, mark, y) for mark in row.marks)
    return svg(title, "", size, body)


@dataclass(frozen=True, slots=True)
class HeatPlot:
    """A table of colours; `values` has shape (rows, columns), NaN where there is none."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Values
    low: float
    high: float
    written: Callable[[float], str]


def heat(plot: HeatPlot, width: int = 1060) -> str:
    """Rows by columns in ten shades from `low` to `high`; an empty cell is no data."""
    left = min(12 + max(map(text_width, plot.rows), default=0.0), width * 0.3)
    across, down = max(len(plot.columns), 1), 15
    cell = (width - left - 8) / across
    size = Size(width, 24 + down * len(plot.rows))
    body: list[str] = []
    for i, row in enumerate(plot.rows):
        y = 4 + down * i
        body.append(f'<text x="{_n(left - 6)}" y="{y + 11}" text-anchor="end">{text(row)}</text>')
        for j in range(len(plot.columns)):
            value = float(plot.values[i, j])
            body.append(
                f'<rect class="{_shade(value, plot)}" x="{_n(left + j * cell)}" y="{y}" '
                f'width="{_n(cell - 1)}" height="{down - 1}">'
                f"<title>{text(f'{row}, {plot.columns[j]}: {plot.written(value)}')}</title></rect>"
            )
    every = max(1, math.ceil(max(map(text_width, plot.columns), default=1.0) * 1.3 / cell))
    body += (
        f'<text x="{_n(left + j * cell)}" y="{size.height - 6}">{text(name)}</text>'
        for j, name in enumerate(plot.columns)
        if j % every == 0
    )
    return svg(plot.title, "", size, body)


def svg(
    title: str, description: str, size: Size, body: Sequence[str], *, stretched: bool = False
) -> str:
    """The frame of a drawing; a screen reader hears the title and the description."""
    ratio = ' preserveAspectRatio="none"' if stretched else ""
    said = f"<title>{text(title)}</title>" + (
        f"<desc>{text(description)}</desc>" if description else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
        f'viewBox="0 0 {size.width} {size.height}"{ratio}>{said}{"".join(body)}</svg>'
    )


def text(raw: str) -> str:
    """Text that is safe in XML; what XML 1.0 cannot hold becomes the replacement sign."""
    return escape(_NOT_XML.sub("\ufffd", raw), quote=True)


def text_width(raw: str) -> float:
    """About how wide a text is at 10 px: Hangul and its like are nearly square."""
    return sum(_WIDE_CHAR_PX if ord(char) > 0x2E7F else _CHAR_PX for char in raw)


def shortened(raw: str, room: float) -> str:
    """The text, its middle left out where it would be wider than there is room."""
    if text_width(raw) <= room:
        return raw
    keep = len(raw)
    while (
        keep > 1 and text_width(f"{raw[: keep - keep // 3]}…{raw[len(raw) - keep // 3 :]}") > room
    ):
        keep -= 1
    return f"{raw[: keep - keep // 3]}…{raw[len(raw) - keep // 3 :]}"


def _rect(css: str, x: float, y: float, width: float) -> str:
    return f'<rect class="{css}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="16"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _time_span(t_ms: Times) -> tuple[int, int]:
    """The times drawn: a step stands for the stretch that ends at it."""
    if not t_ms.size:
        return 0, 1
    step = int(t_ms[1] - t_ms[0]) if t_ms.size > 1 else 60_000
    return int(t_ms[0]) - step, int(t_ms[-1])


def _drawable(values: Values) -> Values:
    """The values that an axis can hold; what is beyond is drawn at its edge, as infinity is."""
    return values[np.abs(values) <= _HUGE]


def _value_axis(plot: Plot) -> tuple[Sequence[float], float, float]:
    arrays = [line.values for line in plot.lines]
    arrays += [plot.band.low, plot.band.high] if plot.band else []
    arrays += [plot.ghost.values] if plot.ghost else []
    real = [a for a in map(_drawable, arrays) if a.size]
    low = min((float(a.min()) for a in real), default=math.inf)
    high = max((float(a.max()) for a in real), default=-math.inf)
    for limit in _near(plot.limits, low, high):
        low, high = min(low, limit.value), max(high, limit.value)
    if low > high:
        low, high = 0.0, 1.0
    return value_ticks(low, high, plot.axes.step_base, plot.axes.top)


def _near(limits: Sequence[PlotThreshold], low: float, high: float) -> Iterator[PlotThreshold]:
    """The limits that the axis reaches for: the nearest always, others where data come close.

    A critical line at 1,000 above data near 0 would press the warning line at 10 into the
    ground; it is then named at the edge instead.
    """
    if not math.isfinite(low):
        yield from limits
        return
    reach = max(abs(low), abs(high))
    by_distance = sorted(limits, key=lambda limit: _distance(limit.value, low, high))
    for index, limit in enumerate(by_distance):
        if index == 0 or abs(limit.value) <= _SMALL_LEVELS * reach:
            reach = max(reach, abs(limit.value))
            yield limit


def _distance(value: float, low: float, high: float) -> float:
    return max(low - value, value - high, 0.0)


def _grid(frame: _Frame, ticks: Sequence[float], labels: Sequence[str]) -> Iterator[str]:
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.y1(tick)
        yield f'<path class="grid" d="M{_n(frame.left)} {_n(y)}H{_n(frame.right)}"/>'
        place = f'x="{_n(frame.left - 5)}" y="{_n(y + 3.5)}"'
        yield f'<text {place} text-anchor="end">{text(label)}</text>'


def _clock(frame: _Frame, zone: ZoneInfo) -> Iterator[str]:
    most = max(2, int((frame.right - frame.left) / 38))
    for t_ms, label in time_ticks(frame.start_ms, frame.end_ms, zone, most):
        x = float(frame.x(np.array([t_ms]))[0])
        half = text_width(label) / 2
        middle = min(max(x, frame.left - 2 + half / 2), frame.right + 6 - half)
        yield f'<path class="tick" d="M{_n(x)} {_n(frame.top)}V{_n(frame.bottom + 3)}"/>'
        yield (
            f'<text x="{_n(middle)}" y="{_n(frame.bottom + 14)}" text-anchor="middle">'
            f"{text(label)}</text>"
        )


def _zones(frame: _Frame, plot: Plot) -> Iterator[str]:
    """The stretch of the axis that lies beyond each threshold, on the side that is worse."""
    if not plot.axes.worse:
        return
    for limit in plot.limits:
        y = frame.y1(limit.value)
        edge = frame.top if plot.axes.worse > 0 else frame.bottom
        high, low = sorted((y, edge))
        if limit.level != "goal" and low - high > 0.05:
            yield (
                f'<rect class="zone {limit.level}" x="{_n(frame.left)}" y="{_n(high)}" '
                f'width="{_n(frame.right - frame.left)}" height="{_n(low - high)}"/>'
            )


def _limits(frame: _Frame, limits: Sequence[PlotThreshold]) -> Iterator[str]:
    """The lines and their words, which stand side by side where lines are close."""
    words: list[tuple[float, float, float]] = []
    for limit in limits:
        inside = frame.low <= limit.value <= frame.high
        if inside:
            path = f"M{_n(frame.left)} {_n(frame.y1(limit.value))}H{_n(frame.right)}"
            yield f'<path class="limit {limit.level}" d="{path}"/>'
        label = limit.label + ("" if inside else " ↑" if limit.value > frame.high else " ↓")
        y = max(frame.y1(limit.value) - 3, frame.top + 8)
        x = frame.right - 3
        for left, right, baseline in words:
            if abs(baseline - y) < _LABEL_HEIGHT and left - 8 < x <= right:
                x = left - 8
        words.append((x - text_width(label), x, y))
        place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="end"'
        yield f'<text class="limit-label {limit.level}" {place}>{text(label)}</text>'


def _band(frame: _Frame, plot: Plot) -> Iterator[str]:
    if plot.band is None:
        return
    t_ms = plot.axes.t_ms
    whole = np.isfinite(plot.band.low) & np.isfinite(plot.band.high)
    columns = max(int(frame.right - frame.left), 1)
    for start, end in _runs(whole):
        top = _thin(frame.x(t_ms[start:end]), frame.y(plot.band.high[start:end]), columns)
        low = _thin(frame.x(t_ms[start:end]), frame.y(plot.band.low[start:end]), columns)
        points = [*_points(*top), *reversed(_points(*low))]
        yield f'<path class="band" d="M{"L".join(points)}Z"/>'


def _ghost(frame: _Frame, plot: Plot) -> Iterator[str]:
    if plot.ghost is not None:
        yield _path(frame, plot.axes.t_ms, plot.ghost.values, "line ghost")


def _path(frame: _Frame, t_ms: Times, values: Values, css: str) -> str:
    """One line: broken where a value is missing; infinity is drawn at the edge."""
    columns = max(int(frame.right - frame.left), 1)
    drawn: list[str] = []
    for start, end in _runs(~np.isnan(values)):
        x, y = _thin(frame.x(t_ms[start:end]), frame.y(values[start:end]), columns)
        points = _points(x, y)
        drawn.append(f"M{'L'.join(points)}" + ("h.01" if len(points) == 1 else ""))
    return f'<path class="{css}" d="{"".join(drawn)}"/>' if drawn else ""


def _points(x: Values, y: Values) -> list[str]:
    return [f"{_n(a)} {_n(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _runs(present: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """The stretches [start, end) that are present."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], present, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _thin(x: Values, y: Values, columns: int) -> tuple[Values, Values]:
    """First, lowest, highest and last point of each bucket, so that every spike is kept."""
    if x.size <= 2 * columns:
        return x, y
    width = math.ceil(x.size / columns)
    short = -x.size % width
    padded = np.concatenate((y, np.full(short, y[-1]))).reshape(-1, width)
    first = np.arange(padded.shape[0]) * width
    kept = np.concatenate((
        first, first + padded.argmin(axis=1), first + padded.argmax(axis=1), first + width - 1
    ))  # fmt: skip
    index = np.unique(np.minimum(kept, x.size - 1))
    return x[index], y[index]


def _legend_items(plot: Plot) -> list[tuple[str, str]]:
    """Class and name of what the legend names; one lone line needs none."""
    items = [(f"s{i % COLOURS}", line.name) for i, line in enumerate(plot.lines)]
    items += [("band", plot.band.name)] if plot.band else []
    items += [("ghost", plot.ghost.name)] if plot.ghost else []
    return items if len(items) > 1 else []


def _legend_rows(names: Sequence[str], width: float) -> list[list[tuple[float, str]]]:
    """Names set in rows, each with its place; a name that is wider than a row is shortened."""
    rows: list[list[tuple[float, str]]] = [[]]
    x = 8.0
    for name in names:
        fits = shortened(name, width - 30)
        wide = 26 + text_width(fits)
        if x + wide > width and rows[-1]:
            rows.append([])
            x = 8.0
        rows[-1].append((x, fits))
        x += wide
    return rows


def _legend(
    rows: Sequence[Sequence[tuple[float, str]]], items: Sequence[tuple[str, str]], height: int
) -> Iterator[str]:
    classes = iter(items)
    for index, row in enumerate(rows):
        y = height - 5 - 13 * (len(rows) - 1 - index)
        for x, name in row:
            css, _ = next(classes)
            yield f'<path class="key {css}" d="M{_n(x)} {y - 3}h12"/>'
            yield f'<text x="{_n(x + 16)}" y="{y}">{text(name)}</text>'


def _mark(frame: _Frame, mark: TimelineMark, y: int) -> str:
    start, end = frame.x(np.array([mark.start_ms, mark.end_ms]))
    return (
        f'<rect class="mark {mark.level}" x="{_n(float(start))}" y="{y}" '
        f'width="{_n(max(float(end - start), 1.5))}" height="16">'
        f"<title>{text(mark.label)}</title></rect>"
    )


def _shade(value: float, plot: HeatPlot) -> str:
    if math.isnan(value):
        return "cell none"
    share = (value - plot.low) / (plot.high - plot.low) if plot.high > plot.low else 0.0
    return f"cell h{min(max(int(min(max(share, 0.0), 1.0) * 10), 0), 9)}"
