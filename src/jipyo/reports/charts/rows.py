"""Drawings with a row per series: a timeline of stretches, a heat map of hourly values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.charts.svg import (
    Frame,
    Size,
    escape_text,
    estimate_text_width,
    format_coordinate,
    shorten_text,
    write_rect,
    write_svg,
    write_text,
    write_time_axis,
    write_track,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.model.sample import Values

SHADES = 10
"""Classes `h0` to `h9` for the cells of a heat map."""

_ROW_HEIGHT = 22
_CELL_HEIGHT = 13
_SMALLEST_MARK = 1.5
_NUMBERED_HEIGHT = 18
_LIGHT_FROM = "h6"
"""From this shade on, numbers are white."""


@dataclass(frozen=True, slots=True)
class TimelineMark:
    """A stretch of time on a row, with its CSS class and what a pointer reads there."""

    start_ms: int
    end_ms: int
    css: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class TimelineTrack:
    """One row of a timeline."""

    name: str
    marks: Sequence[TimelineMark]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The times that a timeline spans, and the zone of its clock."""

    start_ms: int
    end_ms: int
    zone: ZoneInfo
    name_day: Callable[[date], str] = "{:%m-%d}".format


@dataclass(frozen=True, slots=True)
class HeatPlot:
    """A table of colours; `values` has shape (rows, columns), NaN where there is none."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Values
    low: float
    """The value of the lightest shade; values below it have that shade too."""
    high: float
    """The value of the darkest shade; values above it have that shade too."""
    format_value: Callable[[float], str]
    description: str = ""


def write_timeline(
    title: str, tracks: Sequence[TimelineTrack], times: TimeRange, width: int
) -> str:
    """One row per track, time from left to right; the shortest mark can still be seen."""
    size = Size(width, 30 + _ROW_HEIGHT * len(tracks))
    names_width = max((estimate_text_width(track.name) for track in tracks), default=0.0)
    left = min(12 + names_width, width * 0.4)
    frame = Frame(left, 6, width - 12, size.height - 20, times.start_ms, times.end_ms)
    elements = list(write_time_axis(frame, times.zone, times.name_day))
    for index, track in enumerate(tracks):
        elements += _write_track(frame, track, y=8 + _ROW_HEIGHT * index)
    return write_svg(title, "", size, elements)


def _write_track(frame: Frame, track: TimelineTrack, y: float) -> Iterator[str]:
    name = shorten_text(track.name, frame.left - 10)
    yield write_text(name, frame.left - 6, y + 12, anchor="end")
    yield write_track("track", frame.left, y, frame.right - frame.left)
    for mark in track.marks:
        start, end = frame.x_of(np.array([mark.start_ms, mark.end_ms])).tolist()
        width = max(end - start, _SMALLEST_MARK)
        yield write_track(f"mark {mark.css}", start, y, width, mark.tooltip)


def write_heat_map(plot: HeatPlot, width: int) -> str:
    """Rows by columns in ten shades; an empty cell has no data."""
    left = min(12 + max(map(estimate_text_width, plot.rows), default=0.0), width * 0.3)
    cell_width = (width - left - 8) / max(len(plot.columns), 1)
    size = Size(width, 24 + _CELL_HEIGHT * len(plot.rows))
    elements: list[str] = []
    for row in range(len(plot.rows)):
        elements += _write_cells(plot, row, left, cell_width)
    label_width = max(map(estimate_text_width, plot.columns), default=1.0) * 1.3
    every = max(1, math.ceil(label_width / cell_width))
    elements += (
        write_text(name, left + column * cell_width, size.height - 6)
        for column, name in enumerate(plot.columns)
        if column % every == 0
    )
    return write_svg(plot.title, "", size, elements)


def write_numbered_heat_map(plot: HeatPlot, width: int) -> str:
    """Rows by columns in ten shades, the number in each cell; an empty cell has no data."""
    left = min(12 + max(map(estimate_text_width, plot.rows), default=0.0), width * 0.3)
    cell_width = (width - left) / max(len(plot.columns), 1)
    size = Size(width, 22 + _NUMBERED_HEIGHT * len(plot.rows))
    elements: list[str] = []
    for row, values in enumerate(plot.values.tolist()):
        y = 2 + _NUMBERED_HEIGHT * row
        elements.append(write_text(plot.rows[row], left - 6, y + 12, anchor="end"))
        for column, value in enumerate(values):
            x = left + column * cell_width
            shade = _choose_shade(value, plot)
            bottom = y + _NUMBERED_HEIGHT - 1
            elements.append(write_rect(f"cell {shade}", x, y, x + cell_width - 1, bottom))
            if not math.isnan(value):
                css = f"cell-number {'light' if shade >= _LIGHT_FROM else 'dark'}"
                text = plot.format_value(value)
                middle = x + (cell_width - 1) / 2
                elements.append(write_text(text, middle, y + 12, css, anchor="middle"))
    elements += (
        write_text(name, left + (column + 0.5) * cell_width, size.height - 6, anchor="middle")
        for column, name in enumerate(plot.columns)
    )
    return write_svg(plot.title, plot.description, size, elements)


def _write_cells(plot: HeatPlot, row: int, left: float, width: float) -> Iterator[str]:
    y = 4 + _CELL_HEIGHT * row
    yield write_text(plot.rows[row], left - 6, y + 11, anchor="end")
    for column, name in enumerate(plot.columns):
        value = float(plot.values[row, column])
        tooltip = escape_text(f"{plot.rows[row]}, {name}: {plot.format_value(value)}")
        yield (
            f'<rect class="cell {_choose_shade(value, plot)}" '
            f'x="{format_coordinate(left + column * width)}" y="{y}" '
            f'width="{format_coordinate(width - 1)}" height="{_CELL_HEIGHT - 1}">'
            f"<title>{tooltip}</title></rect>"
        )


def _choose_shade(value: float, plot: HeatPlot) -> str:
    if math.isnan(value):
        return "none"
    share = (value - plot.low) / (plot.high - plot.low) if plot.high > plot.low else 0.0
    return f"h{min(int(min(max(share, 0.0), 1.0) * SHADES), SHADES - 1)}"
