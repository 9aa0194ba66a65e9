"""Bars: one for each local day, or one for each name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.charts.axis import choose_value_ticks
from jipyo.reports.charts.gutter import PlotThreshold, select_near, write_thresholds
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
    write_value_axis,
)
from jipyo.reports.charts.time_series import (
    LEFT,
    LEGEND_HEIGHT,
    keep_drawable,
    set_legend_rows,
    write_legend,
    write_nothing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from jipyo.model.sample import Values

_FAR_OFF = 3.0
"""A bar so many times the next one is cut, or it would flatten all others."""
_BAR_SHARE = 0.68
"""Of the width of a day."""
_NAME_HEIGHT = 17
_CUT_HEIGHT = 11
"""Room above the plot for the values of bars that are cut."""
_HATCH_PX = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlot:
    """A bar a day; arrays have the shape of `days`, NaN where there is no value."""

    title: str
    description: str
    days: Sequence[date]
    values: Values
    before: Values | None
    """What each day is compared with, drawn as a short stroke."""
    legend: tuple[str, str]
    """The names of bars and strokes."""
    days_off: frozenset[date]
    thresholds: Sequence[PlotThreshold]
    format_tick: Callable[[float], str]
    format_value: Callable[[float], str]
    """With its unit."""
    name_day: Callable[[date], str]
    gutter: float
    nothing: str = ""
    """What stands in a plot that has no values."""
    top: float | None = None


@dataclass(frozen=True, slots=True)
class PlotBar:
    """An amount by name, with what stands beside it; `css` is `bar` or `bar idle`."""

    name: str
    value: float
    label: str
    css: str


def write_day_bars(plot: DayPlot, size: Size) -> str:
    """Bars from zero; one that is far off is cut by a slash, with its value beside it."""
    cut = find_cut(plot.values)
    ticks, low, high = _choose_axis(plot, cut)
    labels = [plot.format_tick(tick) for tick in ticks]
    has_ghost = plot.before is not None
    legend = [("bar-key", plot.legend[0]), ("ghost", plot.legend[1])] if has_ghost else []
    rows = set_legend_rows([name for _, name in legend], size.width) if legend else []
    frame = Frame(
        left=max(LEFT, 8 + max(map(estimate_text_width, labels), default=0.0)),
        top=8 + LEGEND_HEIGHT * len(rows) + (0 if cut is None else _CUT_HEIGHT),
        right=size.width - max(plot.gutter, 8),
        bottom=size.height - 20,
        start_ms=0,
        end_ms=max(len(plot.days), 1),
        low=low,
        high=high,
    )
    elements = [
        *_write_days_off(frame, plot),
        *write_value_axis(frame, ticks, labels),
        *_write_bars(frame, plot, cut),
        *_write_strokes(frame, plot),
        *write_thresholds(frame, plot.thresholds, plot.gutter),
        *_write_day_ticks(frame, plot),
        *write_nothing(frame, plot.nothing, [plot.values]),
        *write_legend(rows, legend),
    ]
    return write_svg(plot.title, plot.description, size, elements)


def find_cut(values: Values) -> float | None:
    """The value above which bars are cut: one or two far above all others; None for none."""
    known = np.sort(values[np.isfinite(values)])[::-1]
    for cut in (1, 2):
        if known.size > cut + 2 and known[cut] > 0 and known[cut - 1] / _FAR_OFF > known[cut]:
            return float(known[cut])
    return None


def _choose_axis(plot: DayPlot, cut: float | None) -> tuple[Sequence[float], float, float]:
    arrays = [plot.values if cut is None else plot.values[plot.values <= cut]]
    if plot.before is not None:
        arrays.append(plot.before)
    known = np.concatenate([keep_drawable(array) for array in arrays])
    high = float(known.max()) if known.size else 0.0
    low = min(float(known.min()) if known.size else 0.0, 0.0)
    high = max([high, *(one.value for one in select_near(plot.thresholds, low, high))])
    return choose_value_ticks(low, high or 1.0, top=plot.top)


def _find_edges(frame: Frame, at: int, share: float = 1.0) -> tuple[float, float]:
    width = (frame.right - frame.left) / max(frame.end_ms, 1)
    middle = frame.left + width * (at + 0.5)
    return middle - width * share / 2, middle + width * share / 2


def _write_days_off(frame: Frame, plot: DayPlot) -> Iterator[str]:
    for at, day in enumerate(plot.days):
        if day in plot.days_off:
            left, right = _find_edges(frame, at)
            yield write_rect("off", left, frame.top, right, frame.bottom)


def _write_bars(frame: Frame, plot: DayPlot, cut: float | None) -> Iterator[str]:
    zero = frame.y_of_one(0.0)
    for at, value in enumerate(plot.values.tolist()):
        if math.isnan(value):
            continue
        left, right = _find_edges(frame, at, _BAR_SHARE)
        upper, lower = sorted((frame.y_of_one(value), zero))
        tooltip = escape_text(f"{plot.name_day(plot.days[at])}: {plot.format_value(value)}")
        rect = write_rect("bar", left, min(upper, lower - 0.6), right, lower)
        yield f"{rect.removesuffix('/>')}><title>{tooltip}</title></rect>"
        if cut is not None and value > cut and value > frame.high:
            yield from _write_cut(frame, left, right, f"{tooltip}")


def _write_cut(frame: Frame, left: float, right: float, label: str) -> Iterator[str]:
    """A white slash through the top of a bar, and the value that it stands for."""
    y = frame.top + 9
    path = f"M{format_coordinate(left - 2)} {y + 3:.1f}L{format_coordinate(right + 2)} {y - 3:.1f}"
    yield f'<path class="slash" d="{path}"/>'
    width = estimate_text_width(label)
    if left + width <= frame.right:
        yield write_text(label, left, frame.top - 3, "event-label")
    else:
        yield write_text(label, right, frame.top - 3, "event-label", anchor="end")


def _write_strokes(frame: Frame, plot: DayPlot) -> Iterator[str]:
    if plot.before is None:
        return
    for at, value in enumerate(plot.before.tolist()):
        if math.isfinite(value):
            left, right = _find_edges(frame, at, 0.96)
            y = format_coordinate(frame.y_of_one(value))
            ends = f"M{format_coordinate(left)} {y}H{format_coordinate(right)}"
            yield f'<path class="ghost stroke" d="{ends}"/>'


def _write_day_ticks(frame: Frame, plot: DayPlot) -> Iterator[str]:
    """The first day and Mondays, or each day where they are few."""
    last = -math.inf
    for at, day in enumerate(plot.days):
        left, right = _find_edges(frame, at)
        if at and len(plot.days) > 9 and day.weekday():
            continue
        label = plot.name_day(day)
        if (left + right) / 2 - estimate_text_width(label) / 2 < last + 8:
            continue
        middle = (left + right) / 2
        last = middle + estimate_text_width(label) / 2
        yield write_text(label, middle, frame.bottom + 14, anchor="middle")


def write_named_bars(title: str, description: str, bars: Sequence[PlotBar], width: int) -> str:
    """Bars from left to right, their names before and their amounts behind them."""
    size = Size(width, 8 + _NAME_HEIGHT * len(bars))
    left = min(12 + max((estimate_text_width(bar.name) for bar in bars), default=0.0), width * 0.35)
    room = max((estimate_text_width(bar.label) for bar in bars), default=0.0) + 12
    most = max((bar.value for bar in bars if math.isfinite(bar.value)), default=0.0)
    elements: list[str] = []
    for at, bar in enumerate(bars):
        y = 6 + _NAME_HEIGHT * at
        value = bar.value if math.isfinite(bar.value) else 0.0
        share = max(value, 0.0) / most if most > 0 else 0.0
        right = left + share * max(width - left - room, 1)
        elements += [
            write_text(shorten_text(bar.name, left - 10), left - 7, y + 10, anchor="end"),
            write_rect(bar.css, left, y, max(right, left + 0.6), y + 13),
            _write_hatch(left, y, right, y + 13) if "idle" in bar.css else "",
            write_text(bar.label, max(right, left) + 6, y + 10),
        ]
    return write_svg(title, description, size, elements)


def _write_hatch(left: float, top: float, right: float, bottom: float) -> str:
    """Slanted strokes within the edges: an amount that nobody used."""
    height = bottom - top
    strokes: list[str] = []
    for at in range(int((right - left + height) // _HATCH_PX) + 1):
        foot = left - height + at * _HATCH_PX
        start, end = max(foot, left), min(foot + height, right)
        if end > start:
            low, high = bottom - (start - foot), bottom - (end - foot)
            strokes.append(
                f"M{format_coordinate(start)} {format_coordinate(low)}"
                f"L{format_coordinate(end)} {format_coordinate(high)}"
            )
    return f'<path class="hatch" d="{"".join(strokes)}"/>' if strokes else ""
